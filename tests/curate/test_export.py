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
from curate.trainers import write_configs


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
    assert {config["config_name"]: config["data_files"] for config in meta["configs"]} == {
        "default": "data/curated.messages.jsonl",
        "sharegpt": "data/curated.sharegpt.jsonl",
        "canonical": "data/curated.parquet",
    }
    assert meta["size_categories"] == ["n<1K"]
    assert "| dedup | exact_duplicate | 20 |" in body
    assert str(tmp_path) not in text


def test_no_date_and_no_machine_in_the_export(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    entry = run(Run(load(world), world.parent, out, 1))
    everything = b"".join(path.read_bytes() for path in (out / "export").rglob("*") if path.is_file())
    assert entry["created"][:10].encode() not in everything
    assert str(tmp_path).encode() not in everything


def test_configs_of_trainers_name_files_and_columns_that_are_there(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(Run(load(world), world.parent, out, 1))
    folder = out / "export"
    trl, axolotl, factory = (yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in TRAINERS)
    rows = [json.loads(line) for line in (folder / trl["datasets"][0]["data_files"]).read_text().splitlines()]
    assert axolotl["datasets"][0]["path"] == trl["datasets"][0]["data_files"]
    assert all(isinstance(row.get("tools", ""), str) for row in rows)
    info = json.loads((folder / factory["dataset_dir"] / "dataset_info.json").read_text())[factory["dataset"]]
    turns = [json.loads(line) for line in (folder / "data" / info["file_name"]).read_text().splitlines()]
    assert set(info["columns"].values()) <= set().union(*turns)
    assert ("tools" in info["columns"]) == any("tools" in row for row in turns)


TRAINERS = ("trl", "axolotl", "llamafactory")


def test_a_config_is_written_only_for_files_that_were_exported(tmp_path: Path) -> None:
    for formats, wanted in (
        (("parquet",), set()),
        (("messages", "parquet"), {"trl.yaml", "axolotl.yaml"}),
        (("sharegpt",), {"llamafactory.yaml"}),
    ):
        folder = tmp_path / "-".join(formats)
        (folder / "data").mkdir(parents=True)
        write_configs(folder, "x", formats, with_tools=False)
        assert {path.name for path in folder.glob("*.yaml")} == wanted
        info = folder / "data" / "dataset_info.json"
        assert info.exists() == ("sharegpt" in formats)
        assert not info.exists() or "tools" not in json.loads(info.read_text())["x"]["columns"]
