"""The table of the public data: right counts pass, every kind of wrong one is named, and the small folders hold."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.read_facts import Read, not_alternating
from benchmarks.read_known import ACROSS, FACTS
from benchmarks.read_page import page
from benchmarks.read_table import SOURCES, run, wrongs
from buckets import Columns, Draft, Message

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
ROW = {"instruction": "Say one.", "input": "", "output": "One."}
SMALL = (
    "bbh", "cruxeval", "humaneval", "json_schema_test_suite", "longalign", "mlx_wikisql", "mtbench",
    "parquet_reasoning", "pubmedqa", "red_instruct", "safety_tuned_llamas", "self_instruct_eval", "tau_bench",
    "toolalpaca",
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two folders: three rows, one of them twice and one broken, and an eval set."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own/rows.jsonl").write_text("\n".join([json.dumps(ROW), json.dumps(ROW), "{oops"]) + "\n")
    (tmp_path / "test").mkdir()
    with gzip.open(tmp_path / "test/items.jsonl.gz", "wt") as file:
        file.write(json.dumps({"question": "How many?", "answer": "#### 4"}) + "\n")
    manifest = [
        {"folder": "own", "file": "rows.jsonl", "rows": 3, "exact_duplicate_rows": 1},
        {"folder": "own", "file": "LICENSE", "rows": None, "exact_duplicate_rows": None},
        {"folder": "test", "file": "items.jsonl.gz", "rows": 1, "exact_duplicate_rows": 0},
    ]
    (tmp_path / "MANIFEST.json").write_text(json.dumps(manifest))
    return tmp_path


def declared(**changes: Any) -> list[dict[str, Any]]:
    rows = {"file": "rows.jsonl", "rows": 3, "format": "alpaca", "records": 2, "quarantined": {"invalid_json": 1}}
    return [
        {"folder": "own", "by": "sniffing", "files": [rows | changes]},
        {
            "folder": "test",
            "by": "sniffing",
            "files": [{"file": "items.jsonl.gz", "rows": 1, "eval": {"reader": "gsm8k", "items": 1}}],
        },
    ]


def test_right_counts_are_told_and_written(data: Path) -> None:
    result = run(data, declared())
    assert wrongs(result) == []
    own, items = result["entries"]
    assert (own["rows"], own["records"], own["quarantined"]) == (3, 2, {"invalid_json": 1})
    assert (own["duplicate_rows"], own["equal_records"]) == (1, 1)
    assert (items["items"], items["read_as"]) == (1, "eval gsm8k")
    written = page({**result, "command": "c", "date": "d", "cpu_seconds": 1.0})
    assert "| own | sniffing | alpaca | 3 | 2 |  | invalid_json 1 | 1 |" in written
    assert "Say one" not in json.dumps(result) + written


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rows": 4}, "rows: 3, not 4"),
        ({"format": "sharegpt"}, "format: ['alpaca'], not ['sharegpt']"),
        ({"records": 3}, "records: 2, not 3"),
        ({"quarantined": {}}, "quarantined: {'invalid_json': 1}, not {}"),
        ({"refused": "no known format"}, "was read, though it is no data"),
    ],
)
def test_a_count_that_is_not_as_declared_is_named(data: Path, changes: dict[str, Any], told: str) -> None:
    assert f"own/rows.jsonl: {told}" in wrongs(run(data, declared(**changes)))


def test_a_manifest_that_says_otherwise_is_named(data: Path) -> None:
    listed = json.loads((data / "MANIFEST.json").read_text())
    listed[0] |= {"rows": 5, "exact_duplicate_rows": 2}
    listed.append({"folder": "test", "file": "more.jsonl", "rows": 7, "exact_duplicate_rows": 0})
    (data / "MANIFEST.json").write_text(json.dumps(listed))
    assert wrongs(run(data, declared())) == [
        "own/rows.jsonl: rows in MANIFEST: 3, not 5",
        "own/rows.jsonl: exact duplicate rows: 1, not 2",
        "test/more.jsonl: is in MANIFEST.json, but was not read",
    ]


def test_what_does_not_alternate() -> None:
    columns = Columns(source="s", format="f", licence=None)
    for n, roles in enumerate(("su", "ua", "sua", "uaua", "uau", "au", "uua", "uaa")):
        names = {"s": "system", "u": "user", "a": "assistant"}
        columns.add([Draft(tuple(Message(names[role], "x") for role in roles))], row=n, place=("f", "f"))  # type: ignore[arg-type]
    assert not_alternating(Read(columns.frame())) == 5


def test_the_committed_table_has_all_folders_and_no_difference_that_is_not_explained() -> None:
    result = json.loads((ROOT / "benchmarks/results/read_table.json").read_text(encoding="utf-8"))
    assert wrongs(result) == []
    assert [one["folder"] for one in result["folders"]] == [
        one["folder"] for one in yaml.safe_load(SOURCES.read_text(encoding="utf-8"))
    ]
    assert len(result["folders"]) == 39
    assert sum(one["by"] == "sniffing" for one in result["folders"]) >= 30
    assert len(result["facts"]) == sum(map(len, FACTS.values())) + len(ACROSS) >= 25
    assert all(one["why"] for one in result["facts"] if one["found"] != one["expected"])
    mapped = {one["folder"] for one in result["entries"] if one["how"] == "mapping"}
    assert mapped == {one["folder"] for one in result["folders"] if one["by"] == "mapping"}
    assert page(result) == (ROOT / "docs/read-table.md").read_text(encoding="utf-8")


@pytest.mark.shared
def test_small_folders_read_as_the_table_says() -> None:
    if not SHARED.is_dir():
        pytest.skip("the real data sets are not beside the checkout")
    folders = [one for one in yaml.safe_load(SOURCES.read_text(encoding="utf-8")) if one["folder"] in SMALL]
    result = run(SHARED, folders)
    assert len(folders) == len(SMALL)
    assert [one["folder"] for one in yaml.safe_load(SOURCES.read_text(encoding="utf-8"))] == sorted(
        path.name for path in SHARED.iterdir() if path.is_dir()
    )
    assert wrongs(result) == []
    committed = json.loads((ROOT / "benchmarks/results/read_table.json").read_text(encoding="utf-8"))
    assert result["entries"] == [one for one in committed["entries"] if one["folder"] in SMALL]
