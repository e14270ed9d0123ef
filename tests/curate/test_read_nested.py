"""Nested rows and unwanted rows on the road: every one is counted, named and found again."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import yaml

from curate.job import Run
from curate.pipeline import run
from curate.recipe import load


def walked(folder: Path, rows: list[object], source: dict[str, object]) -> Path:
    """A run over one file of rows, nothing dropped by rules."""
    (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    recipe = {"read": {"sources": [{"name": "mine", "files": ["mine.jsonl"], **source}]}, "check": {"skip": ["rules"]}}
    (folder / "my.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    run(Run(load(folder / "my.yaml"), folder, folder / "run", 1, command="curate run my.yaml"))
    return folder / "run"


def test_nested_rows_give_numbered_records_by_sniffing_alone(tmp_path: Path) -> None:
    pairs = [{"input": "Bonn", "output": "Germany"}, {"input": "Lyon", "output": "France"}]
    rows: list[object] = [
        {"instruction": "Which country is the town in?", "instances": pairs},
        {"instruction": "Name a red fruit.", "instances": [{"input": "", "output": "A cherry."}]},
        {"instruction": "Broken.", "instances": [{"input": ["x"], "output": "y"}]},
    ]
    out = walked(tmp_path, rows, {})
    read = json.loads((out / "run.json").read_text(encoding="utf-8"))["stages"][0]
    assert read["counts"] == {"rows_in": 4, "kept": 3, "dropped": 0, "quarantined": 1}
    kept = pl.concat([pl.read_parquet(path) for path in sorted((out / "stages").glob("read-*/*.kept.parquet"))])
    assert [id.rsplit(":", 1)[1].partition(".")[2] for id in kept["id"]] == ["0", "1", ""]
    assert kept["origin"].struct.field("row").to_list() == [0, 0, 1]


def test_rows_that_only_leaves_out_are_dropped_with_their_value(tmp_path: Path) -> None:
    rows: list[object] = [
        {"traj": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}], "reward": n % 2}
        for n in range(4)
    ]
    out = walked(tmp_path, rows, {"mapping": {"messages": "traj", "only": {"reward": 1}}})
    read = json.loads((out / "run.json").read_text(encoding="utf-8"))["stages"][0]
    assert read["counts"] == {"rows_in": 4, "kept": 2, "dropped": 2, "quarantined": 0}
    fell = pl.read_parquet(out / "ledger.parquet").filter(stage="read")
    assert set(fell["rule"]) == {"not_wanted"}
    assert fell["reason"].to_list() == ["'reward' is 0, wanted is 1"] * 2
