"""Files that were read wrongly once: rows that went without a word, or that a neighbour's fault took along."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import buckets.delimited
import buckets.raw
from buckets import DAMAGE, InputError, Layout, archive_members, located, read_rows, spans

ROW = {"instruction": "a", "output": "b"}
PRETTY = json.dumps(ROW, indent=2) + "\n"


def read(path: Path, data: bytes | str, **how: Any) -> list[Any]:
    """Values, or the reasons of faults; the parts must give the same rows."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    rows = list(read_rows(path, **how))
    assert [raw.row for raw in rows] == list(range(len(rows)))
    layout = Layout(how.get("kind"), how.get("member"))
    assert [raw for span in spans(path, layout, 2) for raw in span.rows()] == rows
    return [raw.value if raw.fault is None else raw.fault.reason for raw in rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PRETTY, [ROW]),
        (PRETTY * 3, [ROW] * 3),
        (json.dumps(ROW) * 2, [ROW] * 2),
        (PRETTY + '{\n "instruction": "a",\n' + PRETTY * 2, [ROW, "invalid_json", ROW, ROW]),
        (PRETTY + PRETTY[:20], [ROW, "truncated_file"]),
        (PRETTY + "xx\n" + PRETTY, [ROW, "invalid_json", ROW]),
        ('{\n"messages": [{}],\n"meta": {"a": 1}\n}', [{"messages": [{}], "meta": {"a": 1}}]),
        ('{\n"k": {"a": 1},\n"l": {"a": 2}\n}', [{"_key": "k", "a": 1}, {"_key": "l", "a": 2}]),
    ],
)
def test_an_object_on_many_lines_is_one_row_and_several_are_several(
    tmp_path: Path, text: str, found: list[Any]
) -> None:
    assert read(tmp_path / "rows.json", text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"v": 1, "data": [{"a": 1}, {"a": 2}]}', [{"a": 1}, {"a": 2}]),
        ('{"data": [{"a": 1}], "data": [{"a": 2}]}', [{"a": 1}, {"a": 2}]),
        ('{"data": [{"a": 1}]}\n{"data": [{"a": 2}]}\n', [{"a": 1}, {"a": 2}]),
        ('{"data": [{"a": 1}]} and more', [{"a": 1}, "invalid_json"]),
        ('{"data": [{"a": 1}], bad, "b": 1}', [{"a": 1}, "invalid_json"]),
        ('{"d\\u0061ta": {"k": {"a": 1}}}', [{"_key": "k", "a": 1}]),
    ],
)
def test_all_that_a_member_holds_is_read_and_what_is_left_over_is_a_row(
    tmp_path: Path, text: str, found: list[Any]
) -> None:
    for name in ("rows.json", "rows.jsonl"):
        assert read(tmp_path / name, text, member="data") == found
    with pytest.raises(InputError, match="no key 'other'"):
        read(tmp_path / "rows.json", text, member="other")


LINE = json.dumps(ROW).encode() + b"\n"


def tarred(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["x.zip", "x.tar"])
def test_two_members_of_one_name_would_share_ids_and_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "x.tar":
        path.write_bytes(tarred(("a.jsonl", LINE), ("a.jsonl", LINE)))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.jsonl", LINE)
            archive.writestr("a.jsonl", LINE)
    for walk in (lambda: list(read_rows(path)), lambda: list(archive_members(path, Layout()))):
        with pytest.raises(InputError, match=r"two members called 'a.jsonl'"):
            walk()


def test_a_colon_in_a_name_is_no_drive_letter(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tarred(("2024:01/a.jsonl", LINE)))
    assert [raw.part for raw in read_rows(tmp_path / "x.tar")] == ["2024:01/a.jsonl"]


def test_a_tar_behind_a_tar_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(tarred(("a.jsonl", LINE)) + tarred(("b.jsonl", LINE)))
    rows = list(read_rows(path))
    assert [(raw.part, raw.fault and raw.fault.reason) for raw in rows] == [("a.jsonl", None), ("", "truncated_file")]
    assert [name for name, _ in archive_members(path, Layout())] == ["a.jsonl", DAMAGE]
    assert len(list(read_rows(path, inside={"a.jsonl"}.__contains__))) == 1  # read for a second time, in another format


def test_a_member_that_is_cut_short_gives_the_rows_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(tarred(("a.jsonl", LINE * 100))[: 512 + 50 * len(LINE) + 3])
    faults = [raw.fault and raw.fault.reason for raw in read_rows(path)]
    assert faults[-2:] == ["truncated_file"] * 2
    assert faults.count(None) >= 50 - 512 // len(LINE) - 1


def test_rows_behind_zero_padding_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(LINE) + b"\0" * (1 << 20))
    assert [raw.value for raw in read_rows(path)] == [ROW]
    path.write_bytes(gzip.compress(LINE) + b"\0" * (64 << 10) * 3 + gzip.compress(LINE))
    assert [raw.fault and raw.fault.reason for raw in read_rows(path)] == [None, "truncated_file"]


def test_a_line_of_excel_names_the_delimiter_and_is_no_header(tmp_path: Path) -> None:
    for start in ("", "\ufeff"):
        assert read(tmp_path / "a.csv", f"{start}sep=;\r\nq;a\r\n1,5;2\r\n") == [{"q": "1,5", "a": "2"}]


def test_many_broken_quotes_cost_their_own_lines_only(tmp_path: Path) -> None:
    text = "q,a\n" + "".join(f'"open {n},x\nfine {n},y\n' for n in range(1500))
    rows = read(tmp_path / "a.csv", text)
    assert rows.count("invalid_csv") == 1500
    assert [row for row in rows if isinstance(row, dict)] == [{"q": f"fine {n}", "a": "y"} for n in range(1500)]


def test_an_open_quote_does_not_hold_the_rest_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = csv.field_size_limit()
    monkeypatch.setattr(buckets.delimited, "MAX_ROW_BYTES", 1 << 12)
    try:
        rows = read(tmp_path / "a.csv", 'q,a\n"open,x\n' + "fine,y\n" * 5000)
    finally:
        csv.field_size_limit(limit)
    assert rows == ["invalid_csv", *[{"q": "fine", "a": "y"}] * 5000]


def test_a_time_without_a_value_in_python_costs_its_row(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": ["x", "y", "z"], "at": pl.Series([0, 2**62, 1], dtype=pl.Int64).cast(pl.Datetime("us"))})
    frame.write_parquet(tmp_path / "a.parquet")
    rows = list(read_rows(tmp_path / "a.parquet"))
    assert [raw.fault and raw.fault.reason for raw in rows] == [None, "not_json", None]
    day = pl.DataFrame({"at": pl.Series([2**31 - 10, 0], dtype=pl.Int32).cast(pl.Date)})
    day.write_parquet(tmp_path / "b.parquet")
    rows = list(read_rows(tmp_path / "b.parquet"))
    assert [raw.value or (raw.fault and raw.fault.reason) for raw in rows] == [
        "not_json",
        {"at": date(1970, 1, 1).isoformat()},
    ]


def test_one_file_under_several_names_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.jsonl").write_bytes(LINE)
    (tmp_path / "a.jsonl").symlink_to("b.jsonl")
    patterns = ["*.jsonl", "sub/../b.jsonl", str(tmp_path)]
    assert [named.path for named in located(patterns, tmp_path)] == [tmp_path / "b.jsonl"]
