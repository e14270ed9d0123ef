"""A small world of raw files for the road: three formats, duplicates, faults."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml


def qa(number: int) -> tuple[str, str]:
    """A question and its answer, no two alike."""
    names = ["river", "market", "garden", "school", "harbour", "museum", "castle"]
    place = names[number % 7]
    question = f"Describe the {place} number {number} of the old town and say why people like to visit it in spring."
    answer = f"The {place} number {number} lies near the hill, and visitors enjoy item {number * 7 % 1000} there."
    return question, answer


def write_world(folder: Path, rows: int = 120) -> Path:
    """Raw files under folder/raw and a cleaning recipe; returns the recipe's path."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    alpaca = [{"instruction": q, "input": "", "output": a} for q, a in map(qa, range(rows))]
    alpaca[3]["output"] = "  "
    alpaca[4] = dict(alpaca[5])  # an exact duplicate inside the file
    (raw / "alpaca.json").write_text(json.dumps(alpaca))
    lines = [
        json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]})
        for q, a in map(qa, range(rows - 20, 2 * rows))
    ]  # twenty rows repeat the alpaca file
    lines[7] = '{"messages": [{"role": "user", "content": '
    data = "\n".join(lines).encode() + b'\n{"messages": [{"role": "user", "content": "caf\xe9"}]}\n'
    (raw / "chat.jsonl.gz").write_bytes(gzip.compress(data, mtime=0))
    with (raw / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prompt", "response"])
        writer.writerows(map(qa, range(2 * rows, 3 * rows)))
    pl.DataFrame(
        {
            "question": [f"What is {n} + {n}?" for n in range(rows)],
            "answer": [f"{n} + {n} = {2 * n}\n#### {2 * n}" for n in range(rows)],
        }
    ).write_parquet(raw / "math.parquet")
    recipe = {
        "title": "Small world",
        "read": {
            "shard_rows": 40,
            "sources": [
                {"name": "alpaca", "files": ["raw/alpaca.json"]},
                {"name": "chat", "files": ["raw/chat.jsonl.gz"]},
                {"name": "table", "files": ["raw/table.csv"], "bucket": "general_instruction"},
                {"name": "math", "files": ["raw/math.parquet"], "bucket": "math_reasoning"},
            ],
        },
        "bucket": None,
        "check": None,
        "dedup": None,
        "balance": {"max_rows": 200},
        "export": {"formats": ["messages", "sharegpt", "parquet"]},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return write_world(tmp_path / "world")


@pytest.fixture
def item_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes an eval item, changed as asked, behind a good one."""

    def write(**changes: Any) -> Path:
        good = {"id": "a", "bucket": "math_reasoning", "split": "dev", "reference": "4"}
        good["messages"] = [{"role": "user", "content": "What is two and two?"}]  # type: ignore[assignment]
        path = tmp_path / "eval" / "items.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(json.dumps(row) for row in (good, good | {"id": "b"} | changes)))
        return path

    return write
