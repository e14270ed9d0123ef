"""Raw files: every kind and packing, every damage, and no row lost."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl
import pytest
import yaml
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets import KINDS, InputError, Kind, Raw, expand, read_rows
from buckets.raw import has_long_digits, long_digits

ROWS: list[dict[str, Any]] = [
    {"instruction": 'say "hi", {[', "output": "first\nsecond, third"},
    {"instruction": "ünï → 中文 🙂", "output": "\\ end]"},
    {"instruction": "", "output": "x" * 300},
]


def _csv(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows).write_parquet(out)
    return out.getvalue()


def _arrow(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows).write_ipc(out)
    return out.getvalue()


def _xml(rows: list[dict[str, Any]]) -> bytes:
    items = ("".join(f"<{key}>{escape(text)}</{key}>" for key, text in row.items()) for row in rows)
    return ("<?xml version='1.0'?>\n<rows>" + "".join(f"<row>{item}</row>\n" for item in items) + "</rows>").encode()


WRITERS: dict[Kind, Callable[[list[dict[str, Any]]], bytes]] = {
    "json_array": lambda rows: json.dumps(rows, indent=2).encode(),
    "json_object": lambda rows: json.dumps({f"id{i}": row for i, row in enumerate(rows)}).encode(),
    "jsonl": lambda rows: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(),
    "csv": _csv,
    "tsv": lambda rows: _csv(rows, "\t"),
    "parquet": _parquet,
    "arrow": _arrow,
    "yaml": lambda rows: yaml.safe_dump(rows, allow_unicode=True, sort_keys=False).encode(),
    "xml": _xml,
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": lambda data: gzip.compress(data),
    ".bz2": lambda data: bz2.compress(data),
    ".zst": lambda data: zstandard.compress(data),
    ".xz": lambda data: lzma.compress(data),
    ".gz (two members)": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
}


def write(folder: Path, data: bytes | str, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def values(raws: list[Raw]) -> list[dict[str, Any]]:
    return [raw.value for raw in raws if raw.value is not None]


def faults(raws: list[Raw]) -> list[tuple[int, str]]:
    return [(raw.row, raw.fault.reason) for raw in raws if raw.fault is not None]


def read(folder: Path, data: bytes | str, name: str = "data.jsonl", **more: Any) -> list[Raw]:
    raws = list(read_rows(write(folder, data, name), **more))
    assert all((raw.value is None) != (raw.fault is None) for raw in raws)
    assert len({raw.row for raw in raws}) == len(raws), "two rows share a number"
    return raws


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["data", "data.json", "right"])
def test_every_kind_in_every_packing_gives_the_same_rows(tmp_path: Path, kind: Kind, packing: str, name: str) -> None:
    if name == "data.json" and kind in ("csv", "tsv"):
        name = "data.txt"  # text that is not JSON in a .json file is a broken JSON Lines file
    suffix = {"json_array": ".json", "json_object": ".json"}.get(kind, f".{kind}")
    name = f"data{suffix}{packing[:4].strip()}" if name == "right" else name
    more: dict[str, Any] = {"kind": kind} if kind in ("yaml", "xml") and name[-4:] not in ("yaml",) else {}
    more |= {"kind": "xml", "member": "row"} if kind == "xml" else {}
    raws = read(tmp_path, PACKERS[packing](WRITERS[kind](ROWS)), name, **more)
    expected = [{"_key": f"id{i}", **row} for i, row in enumerate(ROWS)] if kind == "json_object" else ROWS
    assert values(raws) == expected
    assert [raw.row for raw in raws] == [0, 1, 2]


def test_byte_order_mark_is_no_part_of_the_data(tmp_path: Path) -> None:
    for kind in ("json_array", "jsonl", "csv"):
        raws = read(tmp_path, b"\xef\xbb\xbf" + WRITERS[kind](ROWS), f"{kind}.txt", kind=kind)
        assert values(raws) == ROWS
        assert values(read(tmp_path, b"\xef\xbb\xbf" + WRITERS[kind](ROWS), f"{kind}")) == ROWS


def test_line_numbers_count_blank_lines(tmp_path: Path) -> None:
    raws = read(tmp_path, '{"a":1}\n\n  \r\n{"a":2}\r\n\n{"a":3}')
    assert [(raw.row, raw.value) for raw in raws] == [(0, {"a": 1}), (3, {"a": 2}), (5, {"a": 3})]


def test_blocks_do_not_cut_rows(tmp_path: Path) -> None:
    rows = [{"n": n, "text": "y" * random.Random(n).randrange(90_000)} for n in range(120)]
    assert values(read(tmp_path, WRITERS["jsonl"](rows))) == rows


BAD_ROWS = {
    b'{"a": "\xff\xfe"}': "not_utf8",
    b'{"a": NaN}': "not_finite",
    b'{"a": -Infinity}': "not_finite",
    b'{"a": 1e999}': "not_finite",
    b'{"a": "\\ud800"}': "lone_surrogate",
    b'{"a": 123456789012345678901234567890}': "huge_integer",
    b'{"a": ' + b"9" * 6000 + b"}": "huge_integer",
    b'{"a": ' + b"[" * 250 + b"]" * 250 + b"}": "too_deep",
    b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}": "too_deep",
    b'{"a": 1,}': "invalid_json",
    b'{"a" 1}': "invalid_json",
    b'["a"]': "not_an_object",
    b'"text"': "not_an_object",
    b"null": "not_an_object",
    b"12": "not_an_object",
}


@pytest.mark.parametrize("bad", BAD_ROWS, ids=lambda bad: bad[:24].decode("ascii", "replace"))
@pytest.mark.parametrize("shape", ["lines", "array", "keyed"])
def test_one_bad_row_costs_no_other_row(tmp_path: Path, bad: bytes, shape: str) -> None:
    good = [b'{"a": %d}' % n for n in range(4)]
    items = [*good[:2], bad, *good[2:]]
    if shape == "lines":
        raws = read(tmp_path, b"\n".join(items) + b"\n")
    elif shape == "array":
        raws = read(tmp_path, b"[" + b",\n".join(items) + b"]", "data.json")
    else:
        raws = read(tmp_path, b"{" + b",\n".join(b'"k%d": %s' % pair for pair in enumerate(items)) + b"}", "data.json")
    assert [value["a"] for value in values(raws)] == [0, 1, 2, 3]
    assert faults(raws) == [(2, BAD_ROWS[bad])]
    fault = raws[2].fault
    assert fault
    assert fault.detail
    assert len(fault.digest) == 32
    shown = bad.decode("utf-8", "backslashreplace")[:2000]
    assert fault.excerpt in (shown, f'"k2": {shown}')


def test_bad_byte_is_named_by_its_offset_in_the_file(tmp_path: Path) -> None:
    for name, data in (
        ("a.jsonl", b'\xef\xbb\xbf{"a": "\xc3\xa4"}\n\n{"b": "ok \xe9!"}\n'),
        ("b.json", b'[{"a": "\xc3\xa4"}, {"b": "ok \xe9!"}]'),
        ("c.csv", b'a,b\n1,"x\ny"\n2,\xe9\n3,4\n'),
    ):
        raws = read(tmp_path, data, name)
        fault = next(raw.fault for raw in raws if raw.fault)
        assert fault.reason == "not_utf8"
        place = data.index(b"\xe9")
        assert f"offset {place} " in fault.detail


def test_64_bit_integers_are_exact(tmp_path: Path) -> None:
    rows = [{"a": 2**64 - 1, "b": -(2**63), "c": 0.1234567890123456789, "d": "1" * 40}]
    for name, data in (("a.jsonl", WRITERS["jsonl"](rows)), ("b.json", WRITERS["json_array"](rows))):
        assert values(read(tmp_path, data, name)) == rows


def test_equal_digests_mean_equal_bytes(tmp_path: Path) -> None:
    raws = read(tmp_path, "{bad\n{bad\n{bae\n")
    digests = [raw.fault.digest for raw in raws if raw.fault]
    assert digests[0] == digests[1] != digests[2]


# --- salvage of JSON arrays -------------------------------------------------------------------

DAMAGES: dict[str, Callable[[str], str]] = {
    "quote lost at the end of a text": lambda item: item.replace('one"', "one", 1),
    "quote lost before a key": lambda item: item.replace('"out', "out", 1),
    "quote inside a text": lambda item: item.replace("one", 'o"ne', 1),
    "closing brace lost": lambda item: item[:-1],
    "a bracket too many": lambda item: item.replace('"turns": [', '"turns": [[', 1),
    "a comma lost": lambda item: item.replace(', "out', ' "out', 1),
    "cut in the middle": lambda item: item[: len(item) // 2],
    "control character": lambda item: item.replace("one", "o\x00ne", 1),
    "backslash": lambda item: item.replace("one", "o\\qne", 1),
}


_UNCLOSED = ("quote lost at the end of a text", "quote lost before a key", "quote inside a text", "cut in the middle")


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", [0, 3, 6])
@pytest.mark.parametrize("joint", [", ", ",\n    "])
def test_salvage_goes_on_behind_a_damaged_element(tmp_path: Path, damage: str, place: int, joint: str) -> None:
    turns = [{"role": "{[,", "ask": 1}, {"role": "]}"}]
    texts = [json.dumps({"ask": f"number {n}", "turns": turns, "out": "one", "n": n}) for n in range(7)]
    broken = DAMAGES[damage](texts[place])
    assert broken != texts[place]
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    texts[place] = broken
    raws = read(tmp_path, "[" + joint.join(texts) + "]", "data.json")
    assert [value["n"] for value in values(raws)] == [n for n in range(7) if n != place]
    unclosed = place == 6 and damage in _UNCLOSED  # nothing behind it tells where it ends
    assert faults(raws) == [(place, "truncated_file" if unclosed else "invalid_json")]


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("indent", [None, 1])
def test_cut_at_every_byte_keeps_exactly_the_whole_elements(tmp_path: Path, keyed: bool, indent: int | None) -> None:
    items = [{"a": f'{n} "q" ä', "b": {"e": [1, {"c": None}], "d": "]}"}} for n in range(4)]
    document: object = {f"k{n}": item for n, item in enumerate(items)} if keyed else items
    whole = json.dumps(document, indent=indent, ensure_ascii=False).encode()
    ends = []
    for n in range(4):
        part: object = {f"k{i}": item for i, item in enumerate(items[: n + 1])} if keyed else items[: n + 1]
        text = json.dumps(part, indent=indent, ensure_ascii=False).encode()
        ends.append(len(text[:-1].rstrip()))
    for cut in range(2, len(whole)):
        raws = list(read_rows(write(tmp_path, whole[:cut], "a.json"), kind="json_object" if keyed else "json_array"))
        sound = sum(end <= cut for end in ends)
        assert len(values(raws)) == sound, cut
        assert [reason for _, reason in faults(raws)] == ["truncated_file"], cut
        assert [raw.row for raw in raws] == list(range(len(raws)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5), st.recursive(st.none() | st.text(max_size=8), lambda s: st.lists(s, max_size=3))
        ),
        max_size=6,
    )
)
def test_salvage_reads_what_a_json_parser_reads(items: list[dict[str, Any]]) -> None:
    from buckets.salvage import Salvage

    data = json.dumps(items).encode()
    assert values(list(Salvage(data, 0, keyed=False, damage=None).rows())) == json.loads(data)


def test_hostile_arrays_end_in_reasonable_time(tmp_path: Path) -> None:
    for data in ('[{"a":1,' * 20_000, "[" + '{"a":"' * 20_000, "[" * 200_000, '[{"a":1}' + ',{"a":"' * 20_000):
        raws = read(tmp_path, data, "data.json", kind="json_array")
        assert faults(raws)


def test_equal_keys_of_an_object_are_two_rows(tmp_path: Path) -> None:
    raws = read(tmp_path, '{"k": {"a": 1},\n "k": {"a": 2}, "l": 3}', "data.json")
    assert values(raws) == [{"_key": "k", "a": 1}, {"_key": "k", "a": 2}]
    assert faults(raws) == [(2, "not_an_object")]


def test_text_behind_the_array_is_kept_as_a_fault(tmp_path: Path) -> None:
    raws = read(tmp_path, '[{"a": 1}]\n{"a": 2}', "data.json", kind="json_array")
    assert values(raws) == [{"a": 1}]
    assert faults(raws) == [(1, "invalid_json")]
    assert raws[1].fault
    assert raws[1].fault.excerpt == '{"a": 2}'


def test_member_names_the_list_that_holds_the_rows(tmp_path: Path) -> None:
    text = json.dumps({"version": "2", "note": {"data": [9]}, "data": ROWS, "more": [1]}, indent=1)
    assert values(read(tmp_path, text, "data.json", member="data")) == ROWS
    with pytest.raises(InputError, match="no key 'rows'"):
        list(read_rows(tmp_path / "data.json", member="rows"))


# --- packed files that end early --------------------------------------------------------------


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("kind", ["jsonl", "json_array", "csv"])
def test_truncated_packed_file_keeps_its_rows_and_says_so_once(tmp_path: Path, packing: str, kind: Kind) -> None:
    rng = random.Random(7)
    rows = [{"n": str(n), "text": "".join(rng.choices("abcdefgh ", k=60))} for n in range(3000)]
    data = WRITERS[kind](rows)
    whole = bz2.compress(data, 1) if packing == ".bz2" else PACKERS[packing](data)
    kept = []
    for share in (0.2, 0.5, 0.9, 0.999):
        cut = whole[: int(len(whole) * share)]
        try:
            raws = read(tmp_path, cut, f"data{packing}", kind=kind)
        except InputError:
            kept.append(0)  # bz2 gives nothing before its first block is whole
            continue
        assert values(raws) == rows[: len(values(raws))]
        assert [reason for _, reason in faults(raws)] == ["truncated_file"]
        assert raws[-1].fault
        kept.append(len(values(raws)))
    assert kept == sorted(kept)
    assert kept[-1] > {".gz": 2900, ".bz2": 1000, ".xz": 2900, ".zst": 1000}[packing]  # two pack in large blocks


@pytest.mark.parametrize("copies", [1, 40_000])
def test_wrong_checksum_costs_no_row(tmp_path: Path, copies: int) -> None:
    rows = [{"n": n, "h": n * 7919**3 % 2**40} for n in range(copies)]
    data = bytearray(gzip.compress(b"") + gzip.compress(WRITERS["jsonl"](rows)))
    data[-6] ^= 0xFF
    raws = read(tmp_path, bytes(data), "data.jsonl.gz")
    assert values(raws) == rows
    assert faults(raws) == [(copies, "truncated_file")]


def test_last_line_without_its_end(tmp_path: Path) -> None:
    raws = read(tmp_path, '{"a": 1}\n{"a": "cut he')
    assert faults(raws) == [(1, "truncated_file")]


# --- CSV --------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6), min_size=2)
    )
)
def test_csv_agrees_with_the_csv_module(table: list[list[str]]) -> None:
    from buckets.delimited import delimited_rows

    rows = [{"a": cells[0], "b": cells[1]} for cells in table]
    if rows:
        data = _csv(rows)
        expected = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
        assert values(list(delimited_rows(io.BytesIO(data), "x", ","))) == expected == rows


def test_csv_rows_with_wrong_cells(tmp_path: Path) -> None:
    raws = read(tmp_path, "a,b\n1,2\n1\n\n1,2,3\n3,4\n", "data.csv")
    assert values(raws) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert faults(raws) == [(1, "wrong_cell_count"), (2, "wrong_cell_count")]


@pytest.mark.parametrize(
    ("lines", "good", "bad"),
    [
        (["1,x", '2,"open', "3,y", "4,z"], ["1", "3", "4"], [1]),  # never closed: would swallow the rest
        (["1,x", '2,"open', '3,"y"', "4,z"], ["1", "3", "4"], [1]),  # closed by the next row's quote
        (["1,x", '2,"a"b', "3,y"], ["1", "3"], [1]),
        (['1,5" tall', "2,x"], ["1", "2"], []),
    ],
)
def test_broken_quotes_cost_one_line(tmp_path: Path, lines: list[str], good: list[str], bad: list[int]) -> None:
    raws = read(tmp_path, "\n".join(["n,text", *lines]) + "\n", "data.csv")
    assert [value["n"] for value in values(raws)] == good
    assert faults(raws) == [(row, "invalid_csv") for row in bad]


def test_csv_dialects_and_headers(tmp_path: Path) -> None:
    assert values(read(tmp_path, "a;b\n1,5;2\n", "data.csv")) == [{"a": "1,5", "b": "2"}]
    assert values(read(tmp_path, 'a\tb\n"so" he said\tx\n', "data.tsv")) == [{"a": '"so" he said', "b": "x"}]
    assert values(read(tmp_path, ",b\n0,x\n", "data.csv")) == [{"column_0": "0", "b": "x"}]
    assert values(read(tmp_path, '"a\nb",c\n1,2\n', "data.csv")) == [{"a\nb": "1", "c": "2"}]
    long = "w" * 300_000
    assert values(read(tmp_path, f"a,b\n{long},2\n", "data.csv")) == [{"a": long, "b": "2"}]
    with pytest.raises(InputError, match="names a twice"):
        read(tmp_path, "a,a\n1,2\n", "data.csv")


# --- parquet ----------------------------------------------------------------------------------


def test_parquet_cells_become_json_values(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame(
        {
            "turns": [[{"role": "user", "n": 1}], None, []],
            "day": [date(2024, 1, 2), None, None],
            "at": [datetime(2024, 1, 2, 3), None, None],
            "raw": [b"text", b"\xff", None],
            "score": [0.5, float("nan"), None],
        }
    ).write_parquet(path)
    raws = list(read_rows(path))
    assert raws[0].value == {
        "turns": [{"role": "user", "n": 1}],
        "day": "2024-01-02",
        "at": "2024-01-02T03:00:00",
        "raw": "text",
        "score": 0.5,
    }
    assert faults(raws) == [(1, "not_finite")]
    assert raws[2].value == {"turns": [], "day": None, "at": None, "raw": None, "score": None}


def test_parquet_batches_keep_order_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({"n": range(20_000)}).write_parquet(path, row_group_size=3000)
    assert all(raw.value == {"n": raw.row} for raw in read_rows(path))
    assert sum(1 for _ in read_rows(path)) == 20_000


# --- files that cannot be read at all ---------------------------------------------------------

HOPELESS = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n ", "is empty"),
    "page": (b"\n<!DOCTYPE html><html><body>404</body></html>", "web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "xml": (b"<?xml version='1.0'?><rows><row/></rows>", "declare `kind: xml`"),
    "zip": (b"PK\x03\x04\x00\x00\x00", "the archive is damaged"),
    "elf": (b"\x7fELF\x02\x01\x01\0\0\0\0\0", "binary file"),
    "prose": (b"just some words", "declare one of"),
    "parquet": (b"PAR1 and then nothing that could be parquet", "cannot be read as parquet"),
    "gzip": (gzip.compress(b"x")[:8], "damaged|end mark"),
}


@pytest.mark.parametrize("case", HOPELESS)
def test_hopeless_files_are_input_errors_that_say_what_to_do(tmp_path: Path, case: str) -> None:
    data, message = HOPELESS[case]
    path = write(tmp_path, data, "thing")
    with pytest.raises(InputError, match=message) as caught:
        list(read_rows(path))
    assert str(path) in str(caught.value)


def test_missing_file_and_folder_are_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_rows(tmp_path / "nothing.jsonl")
    with pytest.raises(InputError, match="is a folder"):
        read_rows(tmp_path)
    with pytest.raises(InputError, match="is not one of"):
        read_rows(write(tmp_path, "{}"), kind="excel")  # type: ignore[arg-type]  # a mistake on purpose


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=80) | st.text('[]{}",:\\n1aé\n \ud800'[:-1], max_size=60).map(str.encode))
def test_no_bytes_make_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz"
    magics = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\0", b"PK\3\4", b"\xff\xfe", b"\xfe\xff")
    starts: list[tuple[bytes, Kind | None]] = [(prefix, None) for prefix in (b"", b"[", b"{", b"a,b\n", *magics)]
    for prefix, kind in [*starts, (b"", "yaml"), (b"- a: &x", "yaml"), (b"<a><row>", "xml")]:
        path.write_bytes(prefix + data)
        try:
            raws = list(read_rows(path, kind, member="row" if kind == "xml" else None))
        except InputError:
            continue
        assert len({raw.row for raw in raws}) == len(raws)


# --- patterns ---------------------------------------------------------------------------------


def test_expand(tmp_path: Path) -> None:
    names = ["b.jsonl", "a.json.gz", "deep/c.csv", "deep/.hidden.csv", "deep/README.md", "odd[1].jsonl"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")

    def found(*patterns: str) -> list[str]:
        return [str(path.relative_to(tmp_path)) for path in expand(patterns, tmp_path)]

    assert found("*.jsonl") == ["b.jsonl", "odd[1].jsonl"]
    assert found(".") == ["a.json.gz", "b.jsonl", "deep/c.csv", "odd[1].jsonl"]
    assert found("**/*.csv", "b.jsonl", "b.*") == ["b.jsonl", "deep/c.csv"]
    assert found("odd[1].jsonl") == ["odd[1].jsonl"]
    assert found(str(tmp_path / "deep")) == ["deep/c.csv"]
    with pytest.raises(InputError, match=r"'x\*.json' matches no file"):
        found("b.jsonl", "x*.json")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no data file"):
        found("none")


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(st.sampled_from(["a", "1" * 18, "2" * 19, "-", "3" * 40, ".", "0"]), max_size=5), max_size=8))
def test_long_digits_of_a_block_are_found_in_their_lines(parts: list[list[str]]) -> None:
    lines = ["".join(line).encode() for line in parts]
    places = list(long_digits(b"\n".join(lines)))
    start = 0
    for line in lines:
        assert any(start <= place < start + len(line) for place in places) == has_long_digits(line)
        start += len(line) + 1


def test_a_huge_integer_is_found_behind_others_in_one_block(tmp_path: Path) -> None:
    wide = b'{"a": 0.0012345678901234567, "b": 0.0012345678901234567}'
    rows = [wide, b'{"a": 1}', b'{"a": 123456789012345678901}', wide, b'{"a": 2}', b'{"a": 98765432109876543210987}']
    (tmp_path / "x.jsonl").write_bytes(b"\n".join(rows))
    found = [raw.fault.reason if raw.fault else None for raw in read_rows(tmp_path / "x.jsonl")]
    assert found == [None, None, "huge_integer", None, None, "huge_integer"]
