"""The ledger filtered and counted, by us and by DuckDB; two runs whose difference is planted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from buckets import InputError
from curate.compare import compare, recipe_differences
from curate.compare_text import compare_text
from curate.job import Run
from curate.ledger import Wanted, law, ledger_text, looked_up
from curate.pipeline import run
from curate.recipe import load
from curate.verbs import app


def row(number: int, answer: str | None = None) -> dict[str, str]:
    return {"prompt": f"Say where town {number} lies.", "response": answer or f"It lies {number * 13} miles north."}


def walk(folder: Path, rows: list[dict[str, str]], **tables: Any) -> Path:
    folder.mkdir()
    (folder / "mine.jsonl").write_text("".join(json.dumps(line) + "\n" for line in rows), encoding="utf-8")
    read = {"sources": [{"name": "mine", "files": ["mine.jsonl"]}], "shard_rows": 30}
    (folder / "recipe.yaml").write_text(json.dumps({"read": read, "check": {}, **tables}))
    until = "dedup" if "dedup" in tables else "check"
    run(Run(load(folder / "recipe.yaml"), folder, folder / "out", 1), until=until)
    return folder / "out"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The second run: 2 gone blank, 3 no longer blank, 5 edited, 70 and 79 swapped, 95 another one, 101 new."""
    folder = tmp_path_factory.mktemp("compare")
    first = [row(n) for n in range(96)]
    first[3] = row(3, " ")
    first[40] = first[41]
    second = [*first[:95], row(100), row(101)]
    second[2], second[3], second[5] = row(2, " "), row(3), row(5, "It lies far away, beyond the hills.")
    second[70], second[79] = first[79], first[70]
    one = walk(folder / "one", first, dedup={"near": None})
    two = walk(folder / "two", second, dedup={"near": None, "prefer": ["mine"]})
    return one, two


def test_the_ledger_counts_what_duckdb_counts(runs: tuple[Path, Path]) -> None:
    duckdb = pytest.importorskip("duckdb")
    out = runs[1]
    assert law(out) == {"inputs": 97, "kept": 95, "dropped": 2, "quarantined": 0}
    found = looked_up(out, Wanted(), ["rule", "stage"], 2)
    counted = duckdb.sql(f"select rule, count(*) from '{out / 'ledger.parquet'}' group by rule").fetchall()
    assert found["by"]["rule"] == dict(counted) == {"exact_duplicate": 1, "empty_answer": 1}
    nested = duckdb.sql(
        f"select origin.row, fate from '{out / 'ledger.parquet'}' where rule = 'empty_answer'"
    ).fetchall()
    assert nested == [(2, "dropped")]
    assert len(found["first"]) == 2
    only = looked_up(out, Wanted(rule="empty_answer", contains="NO TEXT"), [], 5)
    assert only["matching"] == 1
    assert looked_up(out, Wanted(contains="nowhere to be found"), [], 5)["matching"] == 0
    assert "97 inputs = 95 kept + 2 dropped + 0 quarantined" in ledger_text(found)
    with pytest.raises(InputError, match="did you mean 'empty_answer'"):
        looked_up(out, Wanted(rule="empty_anser"), [], 5)


def test_a_planted_difference_is_told_row_by_row(runs: tuple[Path, Path]) -> None:
    found = compare(*runs, 3)
    assert found["changes"] == {"entered": 1, "fell": 1, "came back": 1, "moved": 2, "edited": 2}
    assert found["same"] + sum(found["changes"].values()) == 97
    moved = found["examples"]["moved"]
    assert [(line["id"].split(":")[1], line["id_there"].split(":")[1]) for line in moved] == [
        ("70", "79"),
        ("79", "70"),
    ]
    assert found["by_rule"]["fell"] == {"empty_answer": 1}
    assert found["recipe"] == [{"key": "dedup.prefer", "first": [], "second": ["mine"]}]
    told = compare_text(found)
    assert 'dedup.prefer: [] -> ["mine"]' in told
    assert "came back: kept in the second run, not in the first" in told
    same = compare(runs[0], runs[0], 3)
    assert same["changes"] == {}
    assert "all 96 rows are the same in both" in compare_text(same)
    back = compare(runs[1], runs[0], 3)["changes"]
    assert back == {"left": 1, "fell": 1, "came back": 1, "moved": 2, "edited": 2}


def test_recipes_are_compared_key_by_key() -> None:
    first = {"a": {"b": 1, "c": [1, 2]}, "d": None, "e": 5}
    second = {"a": {"b": 2, "c": [1, 3]}, "f": {"g": 1}, "e": 5}
    keys = [line["key"] for line in recipe_differences(first, second)]
    assert keys == ["a.b", "a.c.1", "f"]


def test_the_verbs_print_json_for_programs(runs: tuple[Path, Path]) -> None:
    verb = CliRunner()
    listed = verb.invoke(app, ["ledger", str(runs[0]), "--by", "source", "--stage", "check", "--json", "--limit", "0"])
    assert json.loads(listed.stdout)["by"] == {"source": {"mine": 1}}
    assert json.loads(verb.invoke(app, ["diff", *map(str, runs), "--json"]).stdout)["changes"]["entered"] == 1
    assert verb.invoke(app, ["ledger", str(runs[0]), "--by", "colour"]).exit_code == 2
