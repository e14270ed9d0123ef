"""What trainers get: complete, checked by sums, loadable, and honest about rows a format cannot hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import yaml

from curate.job import Run
from curate.pipeline import run
from curate.recipe import load


def test_files_agree_with_each_other_with_the_sums_and_with_the_counts(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    entry = run(Run(load(world), world.parent, out, 1))
    kept = entry["stages"][-1]["counts"]["kept"]
    folder = out / "export"
    messages = [json.loads(line) for line in (folder / "data/curated.messages.jsonl").read_text().splitlines()]
    sharegpt = (folder / "data/curated.sharegpt.jsonl").read_text().splitlines()
    table = pl.read_parquet(folder / "data/curated.parquet")
    assert len(messages) == len(sharegpt) == table.height == kept
    assert [row["id"] for row in messages] == table["id"].to_list()
    assert all(row["messages"][-1]["role"] == "assistant" for row in messages)
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert on_disk == listed | {"SHA256SUMS"}


def test_the_card_has_front_matter_and_the_counts(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(Run(load(world), world.parent, out, 1))
    text = (out / "export/README.md").read_text()
    _, front, body = text.split("---\n", 2)
    meta = yaml.safe_load(front)
    assert meta["configs"][0]["data_files"] == "data/curated.parquet"
    assert meta["size_categories"] == ["n<1K"]
    assert "| dedup | exact_duplicate | 20 |" in body
    assert str(tmp_path) not in text


def test_no_date_and_no_machine_in_the_export(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    entry = run(Run(load(world), world.parent, out, 1))
    everything = b"".join(path.read_bytes() for path in (out / "export").rglob("*") if path.is_file())
    assert entry["created"][:10].encode() not in everything
    assert str(tmp_path).encode() not in everything
