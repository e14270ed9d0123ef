"""The kill -9 benchmark in small, and whether it would notice a difference."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.kills import outcome, run_kills, summary


def test_killed_runs_come_to_the_same_bytes(tmp_path: Path) -> None:
    record = run_kills(tmp_path, kills=1, rows=1200, shard_rows=200, workers=2, seed=4)
    found = summary(record)
    assert found["kills"] == 1
    assert found["different_files"] == []
    assert found["files_compared"] > 30
    ledger = pl.read_parquet(tmp_path / "killed" / "ledger.parquet")
    rules = dict(ledger.group_by("rule").len().iter_rows())
    assert rules["invalid_json"] == 1 + 1 + 1  # the damage in each of the three files was there to be read
    shard = next((tmp_path / "killed" / "stages").glob("read-*/00000-000001.kept.parquet"))
    shard.unlink()
    assert outcome(tmp_path / "killed") != outcome(tmp_path / "reference")
