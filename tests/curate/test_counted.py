"""What each check said of how many rows reaches journal, closing lines and page, however the work was cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from curate.closing import closing
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from curate.report import Report
from curate.report.build import build


def checks(recipe: Path, out: Path, *, workers: int = 1, changes: tuple[str, ...] = ()) -> tuple[dict[str, Any], Any]:
    """(the journal, the counts of the check stage without their seconds)."""
    entry = run(Run(load(recipe, changes), recipe.parent.resolve(), out, workers), until="check")
    notes = next(line["notes"] for line in entry["stages"] if line["stage"] == "check")
    counts = ("passed", "failed", "abstained")
    return entry, {one["check"]: {name: one[name] for name in counts} for one in notes["checks"]}


def test_counts_are_those_of_the_rows_that_came_whatever_the_workers_and_shards(world: Path, tmp_path: Path) -> None:
    entry, one = checks(world, tmp_path / "one")
    line = next(line for line in entry["stages"] if line["stage"] == "check")
    left = line["counts"]["rows_in"]
    fell = pl.read_parquet(tmp_path / "one/ledger.parquet").filter(pl.col("stage") == "check").height
    assert sum(each["failed"] for each in one.values()) == fell > 0
    for each in one.values():
        assert sum(each.values()) == left  # a row that fell is not asked again
        left -= each["failed"]
    assert left == line["counts"]["kept"]
    assert one["answers"]["passed"] == 120  # the sums with a gold answer
    assert one["tools"] == {"passed": 0, "failed": 0, "abstained": one["tools"]["abstained"]}
    assert line["notes"]["untimed_shards"] == 0
    assert checks(world, tmp_path / "two", workers=2)[1] == one
    assert checks(world, tmp_path / "big", changes=("read.shard_rows=1000",))[1] == one


def test_a_run_that_was_cut_off_loses_no_count_and_says_that_seconds_are_missing(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    _, whole = checks(world, out)
    (folder,) = (out / "stages").glob("check-*")
    shards = sorted(folder.glob("*.kept.parquet"))
    (folder / "manifest.json").unlink()
    shards[0].unlink()
    entry, again = checks(world, out)
    assert again == whole
    assert list(again) == list(whole)
    notes = next(line["notes"] for line in entry["stages"] if line["stage"] == "check")
    assert notes["untimed_shards"] == len(shards) - 1
    assert all(b"seconds" not in path.read_bytes() for path in folder.glob("*.counted.json"))


def test_closing_lines_and_page_tell_them(world: Path, tmp_path: Path) -> None:
    entry, one = checks(world, tmp_path / "run")
    said = closing(entry, tmp_path / "run")
    judged = one["rules"]["passed"] + one["rules"]["failed"]
    assert f"failed: rules {one['rules']['failed']:,} of {judged:,} (" in said
    assert "no row to judge: tools, schema, execution" in said
    report: Report = build(tmp_path / "run")
    assert report.checks is not None
    told = {check.check: (check.passed, check.failed, check.abstained) for check in report.checks.checks}
    assert told == {name: (each["passed"], each["failed"], each["abstained"]) for name, each in one.items()}
    assert list(told)[:2] == ["rules", "chat"]
