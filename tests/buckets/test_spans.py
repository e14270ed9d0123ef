"""A file read in parts against the same file read in one piece: the same rows, faults, numbers and digests."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import InputError, Layout, Raw, read_rows, spans
from buckets import files as files_module
from buckets import held as held_module
from buckets import jsonl as jsonl_module
from buckets import salvage as salvage_module

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
spans_module = sys.modules["buckets.spans"]

LINES = st.lists(
    st.sampled_from(
        [
            b'{"a": 1}',
            b'{"a": "\xc3\xa9"}',
            b"",
            b"  \t",
            b"\xef\xbb\xbf",
            b"\xef\xbb",
            b'\xef\xbb\xbf{"a": 2}',
            b"[1, 2]",
            b'{"a": ',
            b"\xff",
            b'{"n": 12345678901234567890123}',
            b'{"n": 0.1234567890123456789012}',
            b'{"a": NaN}',
            b'{"a": 1}\r',
            b"null",
            b"[" * 300 + b"]" * 300,
            b'{"a": ' + b'{"a": ' * 300 + b"1" + b"}" * 301,
            b'{"text": "' + b"x" * 60 + b'"}',
        ]
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks, parts and the longest row of a few bytes, so that their borders fall everywhere."""
    monkeypatch.setattr(jsonl_module, "_BLOCK", 7)
    monkeypatch.setattr(spans_module, "_BLOCK", 11)


def parts(path: Path, rows: int) -> list[Raw]:
    found = []
    for span in spans(path, Layout("jsonl"), rows):
        here = list(span.rows())
        assert span.count() == len(here)
        assert len(here) <= rows or here[-1].fault is not None  # damage may add its note
        found += here
    return found


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=LINES, rows=st.integers(1, 5), end=st.booleans(), packed=st.booleans(), cut=st.integers(0, 30))
def test_parts_give_the_rows_of_the_whole(
    small: None,
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    rows: int,
    end: bool,
    packed: bool,
    cut: int,
) -> None:
    data = b"\n".join(lines) + (b"\n" if end else b"")
    if not data.strip():
        data += b"{}"
    path = tmp_path_factory.mktemp("s") / "f.jsonl"
    path.write_bytes(gzip.compress(data)[: -cut or None] if packed else data)
    try:
        whole = list(read_rows(path, "jsonl"))
    except InputError:
        return  # nothing of it can be unpacked
    assert parts(path, rows) == whole


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(
        st.sampled_from([b"{}", b'{"a": 1}', b"", b"x" * 39, b"x" * 40, b"x" * 41, b" " * 45, b"y" * 99]), min_size=1
    ),
    rows=st.integers(1, 9),
    size=st.integers(1, 37),
    packed=st.booleans(),
)
def test_long_lines_fall_alone_wherever_blocks_end(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    rows: int,
    size: int,
    packed: bool,
) -> None:
    """Against a plain split: a line of more than 40 bytes is a row by itself, all others are as they would be alone.

    A block is shorter than the longest row, as it is outside of tests.
    """
    for module, name in (
        (jsonl_module, "MAX_ROW_BYTES"),
        (spans_module, "MAX_ROW_BYTES"),
        (spans_module, "_SPAN_BYTES"),
    ):
        monkeypatch.setattr(module, name, 40)
    monkeypatch.setattr(jsonl_module, "_BLOCK", size)
    monkeypatch.setattr(spans_module, "_BLOCK", size + 3)
    data = b"{}\n" + b"\n".join(lines) + b"\n"
    path = tmp_path_factory.mktemp("l") / "f.jsonl"
    path.write_bytes(gzip.compress(data) if packed else data)
    expected = [
        (row, "row_too_long" if len(line) > 40 else "invalid_json" if b"x" in line else None)
        for row, line in enumerate(data.split(b"\n"))
        if line.strip() or len(line) > 40
    ]
    found = parts(path, rows)
    assert [(raw.row, raw.fault.reason if raw.fault else None) for raw in found] == expected
    assert found == list(read_rows(path, "jsonl"))


def test_a_part_is_full_by_bytes_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spans_module, "_SPAN_BYTES", 100)
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"a": "0123456789"}\n' * 50)  # 20 bytes each
    found = list(spans(path, Layout(), 1000))
    assert [span.count() for span in found] == [5] * 10


def test_other_kinds_come_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b\n" + 'x,"1\n2"\n' * 7)
    found = list(spans(path, Layout(), 3))
    assert [span.count() for span in found] == [3, 3, 1]
    assert [raw for span in found for raw in span.rows()] == list(read_rows(path))


def test_a_file_that_shrinks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 10)
    first, second = spans(path, Layout(), 5)
    os.truncate(path, 60)
    assert len(list(first.rows())) == 5
    with pytest.raises(InputError, match=r"f\.jsonl: became shorter"):
        list(second.rows())


ELEMENT = st.sampled_from(
    [
        b'{"a": 1, "b": [{"a": 2}, {"a": 3}]}',
        b'{"a": "}, {\\"a\\": 1}"}',
        b'{ "a" : 1 }',
        b'{"b": 2, "a": 1}',
        b"{}",
        b"7",
        b'{"a": 12345678901234567890123}',
        b'{"a": 1',
        b'{"a": tru}',
        b'{"a": "',
        b"",
    ]
)


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    elements=st.lists(ELEMENT, max_size=12),
    window=st.integers(1, 80),
    comma=st.sampled_from([b",", b" ,\n  "]),
    end=st.sampled_from([b"]", b"", b"] x", b"\n]\n"]),
)
def test_windows_give_what_single_elements_give(
    monkeypatch: pytest.MonkeyPatch, elements: list[bytes], window: int, comma: bytes, end: bytes
) -> None:
    data = b"[" + comma.join(elements) + end
    monkeypatch.setattr(salvage_module, "_WINDOW", 0)  # nothing is sound: element by element
    slow = list(salvage_module.array_rows(data, 0, None))
    monkeypatch.setattr(salvage_module, "_WINDOW", window)
    assert list(salvage_module.array_rows(data, 0, None)) == slow
    monkeypatch.setattr(salvage_module, "_WINDOW", 1 << 20)
    assert list(salvage_module.array_rows(data, 0, None)) == slow


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_array_is_mapped_and_reads_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, packed: bool
) -> None:
    rows = [{"instruction": f"Say {i}", "output": "}, {" * (i % 5)} for i in range(3000)]
    data = b"\xef\xbb\xbf" + json.dumps(rows).encode()
    path = tmp_path / "f.json"
    path.write_bytes(gzip.compress(data) if packed else data)
    monkeypatch.setattr(held_module, "_SMALL", 1000)
    monkeypatch.setattr(salvage_module, "_WINDOW", 4096)
    with files_module.opened(path) as stream:
        assert not isinstance(held_module.held(stream), bytes)
    assert [raw.value for raw in read_rows(path)] == rows


_PEAK = """
import re, sys
from pathlib import Path
from buckets import read_rows
count = sum(1 for raw in read_rows(Path(sys.argv[1])) if raw.value is not None)
print(count, int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_for_an_array_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Twice the file, the same memory: 90 MB and 180 MB, of which some 64 MiB may be held."""
    row = json.dumps({"instruction": "Say it", "output": "word " * 400}).encode()
    peaks = []
    for rows in (45_000, 90_000):
        path = tmp_path / f"{rows}.json"
        path.write_bytes(b"[" + b",\n".join([row] * rows) + b"]")
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        count, peak = map(int, done.stdout.split())
        assert count == rows
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 40, peaks


def test_real_files_read_in_parts() -> None:
    """Every line file of the shared data up to 30 MB, in parts of 777 rows."""
    if not SHARED.exists():
        pytest.skip("the shared data sets are not here")
    chosen = [path for path in sorted(SHARED.rglob("*.jsonl*")) if path.stat().st_size < 3 << 20][:15]
    for path in chosen:
        assert [raw for span in spans(path, Layout(), 777) for raw in span.rows()] == list(read_rows(path)), path
