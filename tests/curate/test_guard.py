"""The guard: stops with evidence, goes on without doing anything again, and says what it let through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from buckets import RecipeError, RefusedError, read_json
from curate.closing import closing
from curate.guard import Guard
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load


def recipe_of(folder: Path, rows: list[dict[str, Any]], **tables: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    other = [{"prompt": f"Name town {n} of the valley.", "response": f"It is number {n}."} for n in range(20)]
    (folder / "few.jsonl").write_text("".join(json.dumps(row) + "\n" for row in other), encoding="utf-8")
    sources = [{"name": "mine", "files": ["rows.jsonl"]}, {"name": "few", "files": ["few.jsonl"]}]
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({"read": {"sources": sources, "shard_rows": 50}, "check": None, **tables}))
    return path


def blank(rows: int, share: float) -> list[dict[str, Any]]:
    """Rows of which a share has an empty answer."""
    return [
        {"prompt": f"Say something of number {n}, please.", "response": " " if n < share * rows else f"It is odd: {n}."}
        for n in range(rows)
    ]


def walk(recipe: Path, out: Path, *changes: str) -> dict[str, Any]:
    return run(Run(load(recipe, changes), recipe.parent.resolve(), out, 1), until="check")


def test_a_rule_that_empties_a_source_stops_the_run_and_resumes_when_it_is_allowed(tmp_path: Path) -> None:
    recipe, out = recipe_of(tmp_path / "w", blank(200, 0.7)), tmp_path / "out"
    with pytest.raises(RefusedError) as stopped:
        walk(recipe, out)
    told = str(stopped.value)
    assert "check.empty_answer took 140 of 200 rows (70.0%) of 'mine'; the recipe allows 50%" in told
    assert told.count("mine/rows.jsonl:") == 5
    assert "guard: {allow: {check.empty_answer@mine: 0.71}}" in told
    assert stopped.value.exit_code == 4
    assert read_json(out / "run.json")["stopped"] == told
    with pytest.raises(RefusedError):  # not let through by asking twice
        walk(recipe, out)
    stamps = {path: path.stat().st_mtime_ns for path in (out / "stages").rglob("*.parquet")}
    entry = walk(recipe, out, "guard.allow={check.empty_answer@mine: 0.71}")
    assert {path: path.stat().st_mtime_ns for path in (out / "stages").rglob("*.parquet")} == stamps
    (allowed,) = entry["allowed"]
    assert (allowed["rule"], allowed["source"], allowed["rows"], allowed["of"]) == ("empty_answer", "mine", 140, 200)
    assert "stopped" not in read_json(out / "run.json")
    assert "ALLOWED: check.empty_answer took 140 of 200 rows (70.0%) of 'mine'; the recipe allows 71%." in closing(
        entry, out
    )


def test_half_is_not_more_than_half_and_a_small_source_does_not_count(tmp_path: Path) -> None:
    assert walk(recipe_of(tmp_path / "half", blank(200, 0.5)), tmp_path / "a")["allowed"] == []
    with pytest.raises(RefusedError):
        walk(recipe_of(tmp_path / "half", blank(200, 0.505)), tmp_path / "b")
    assert walk(recipe_of(tmp_path / "small", blank(99, 0.9)), tmp_path / "c")["allowed"] == []
    with pytest.raises(RefusedError):
        walk(recipe_of(tmp_path / "small", blank(99, 0.9)), tmp_path / "c", "guard.min_rows=99")


def test_quarantine_at_reading_counts_also_when_its_reasons_are_many(tmp_path: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"prompt": "Who?", "response": [7]},
        {"question": "Who?"},
        {"prompt": "Who?", "response": "I."},
    ]
    rows = [odd[0]] * 40 + [odd[1]] * 40 + [odd[2]] * 20
    recipe = recipe_of(tmp_path / "w", rows)
    tables = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    tables["read"]["sources"][0]["format"] = "prompt_response"
    recipe.write_text(yaml.safe_dump(tables), encoding="utf-8")
    with pytest.raises(RefusedError, match=r"read\.any rule took 80 of 100 rows \(80\.0%\) of 'mine'"):
        walk(recipe, tmp_path / "out")
    entry = walk(recipe, tmp_path / "out", "guard.allow={read@mine: 0.8}")
    assert [line["rule"] for line in entry["allowed"]] == ["any rule"]


def test_the_narrowest_allowance_holds() -> None:
    guard = Guard(allow={"check": 0.6, "empty_answer": 0.7, "check@mine": 0.8, "check.empty_answer@mine": 0.9})
    assert guard.limit("check", "empty_answer", "mine") == 0.9
    assert guard.limit("check", "other", "mine") == 0.8
    assert guard.limit("check", "empty_answer", "few") == 0.7
    assert guard.limit("check", "other", "few") == 0.6
    assert guard.limit("dedup", "near_duplicate", "few") == 0.5
    assert guard.limit("balance", "over_quota", "few") == 1.0


def test_an_allowance_for_nobody_is_a_mistake(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path / "w", blank(3, 0))
    with pytest.raises(RecipeError) as wrong:
        load(recipe, ["guard.allow={empty_answer@mien: 0.8, '@mine': 0.9, check: 7}"])
    assert [mistake.split(":")[0] for mistake in wrong.value.mistakes] == [
        "guard.allow.empty_answer@mien", "guard.allow", "guard.allow.check",
    ]  # fmt: skip
