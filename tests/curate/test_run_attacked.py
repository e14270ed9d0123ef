"""Runs over awkward files: the raw text that `show` gives is the row's own, and damaged folders give a sentence."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from buckets import InputError, RefusedError, read_frame
from curate.compare import compare
from curate.guard import Guard
from curate.ids import NAME
from curate.job import Run
from curate.ledger import Wanted, looked_up
from curate.life import life
from curate.pipeline import run
from curate.recipe import load
from curate.stored import last_stage


def row(n: int) -> dict[str, Any]:
    return {"instruction": f"What is Möhre {n} of the field?", "output": f"It is carrot 'C{n}', of {n * 7} grams."}


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in rows)


def csv(*rows: dict[str, Any]) -> str:
    return "".join(";".join(one.values()) + "\r\n" for one in rows)


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def files() -> dict[str, bytes]:
    """Ten rows a file, numbered through, each laid out in another way."""
    parts = [[row(n) for n in range(start, start + 10)] for start in range(0, 90, 10)]
    talk = [{"prompt": one["instruction"], "response": one["output"]} for one in parts[8]]
    array = ",\n".join(json.dumps(one) for one in parts[6])
    return {
        "member.json": json.dumps({"version": "1", "data": parts[0]}).encode(),
        "keyed.json": json.dumps({f"k{n}": one for n, one in enumerate(parts[1])}).encode(),
        "wide.jsonl": lines(*parts[2]).encode("utf-16"),
        "bare.csv": csv(*parts[3]).encode("latin-1"),
        "packed.jsonl.gz": gzip.compress(lines(*parts[4]).encode()),
        "pretty.json": "\n".join(json.dumps(one, indent=1) for one in parts[5]).encode(),
        "odd.json": f'[{array[:400]},,{{"instruction": broken, }},\n{array}]'.encode(),
        "x.tar": tarred({"dir::e/a.jsonl": lines(*parts[7]).encode(), "b.jsonl": lines(*talk).encode()}) + b"more",
    }


def recipe(folder: Path, sources: list[dict[str, Any]], **tables: Any) -> Run:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({"read": {"sources": sources, "shard_rows": 4}, **tables}))
    return Run(load(path), folder, folder / "out", 1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attacked")
    for name, data in files().items():
        (folder / name).write_bytes(data)
    declared: dict[str, dict[str, Any]] = {
        "member.json": {"member": "data"},
        "bare.csv": {"encoding": "latin-1", "columns": ["instruction", "output"]},
    }
    sources = [{"name": name.split(".")[0], "files": [name], **declared.get(name, {})} for name in files()]
    run(recipe(folder, sources), until="read")
    return folder


def test_the_raw_text_of_every_row_is_its_own(world: Path) -> None:
    at = last_stage(world / "out")
    kept = pl.concat([read_frame(at.kept(name), ["id", "origin", "messages"]) for name in at.names()])
    assert kept["id"].n_unique() == kept.height >= 90
    for id, origin, messages in kept.iter_rows():
        told = life(world / "out", id, raw=True)["raw"]
        found = json.loads(told["text"])
        assert [found.get("instruction", found.get("prompt")), found.get("output", found.get("response"))] == [
            turn["content"] for turn in messages
        ], (origin, told)


def test_no_two_rows_that_fell_share_an_id_and_each_has_its_text(world: Path) -> None:
    ledger = read_frame(world / "out" / "ledger.parquet")
    assert ledger["id"].n_unique() == ledger.height
    assert ledger.filter(pl.col("origin").struct.field("file") == "x.tar")["rule"].to_list() == ["truncated_file"]
    for id, evidence in ledger.filter(source="odd").select("id", "evidence").iter_rows():
        assert life(world / "out", id, raw=True)["raw"]["text"] == evidence


def test_an_archive_that_changed_is_said(world: Path) -> None:
    id = "x/x.tar::b.jsonl:0"
    at = last_stage(world / "out")
    ids = pl.concat([read_frame(at.kept(name), ["id"]) for name in at.names()])["id"]
    (full,) = ids.filter(ids.str.starts_with(id + ":"))
    before = (world / "x.tar").read_bytes()
    assert "--raw reads" in life(world / "out", full)["raw"]["note"]
    (world / "x.tar").write_bytes(before + b"x")
    try:
        assert "x.tar has changed since the run" in life(world / "out", full, raw=True)["raw"]["note"]
    finally:
        (world / "x.tar").write_bytes(before)


def test_files_without_a_row_stop_a_run_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("instruction,output\n")
    (tmp_path / "b.json").write_text("[]")
    for name in ("a.csv", "b.json"):
        with pytest.raises(InputError, match="not one file holds a row"):
            run(recipe(tmp_path, [{"name": "a", "files": [name], "format": "alpaca"}]), until="read")


def test_answers_that_are_labelled_bad_do_not_trip_the_guard(tmp_path: Path) -> None:
    def kto(good: int) -> str:
        return lines(*({"prompt": f"q {n}", "completion": f"a {n}", "label": n < good} for n in range(20)))

    (tmp_path / "a.jsonl").write_text(kto(5))
    job = recipe(tmp_path, [{"name": "a", "files": ["a.jsonl"]}], guard={"min_rows": 10})
    assert run(job, until="read")["stages"][0]["counts"]["kept"] == 5
    (tmp_path / "a.jsonl").write_text(kto(0))  # nothing is left: that is no choice any more
    with pytest.raises(RefusedError, match=r"read\.rejected_answer took 20 of 20 rows"):
        run(job, until="read")
    assert Guard().limit("read", "rejected_answer", "a") == 0.5


def damage_of(what: str, out: Path) -> None:
    if what == "no stages":
        shutil.rmtree(out / "stages")
    elif what == "short index":
        (out / NAME).write_bytes((out / NAME).read_bytes()[:200])
    elif what == "short columns":
        (out / NAME).write_bytes((out / NAME).read_bytes()[:-64])
    elif what == "a cut shard":
        for path in (out / "stages").rglob("*.kept.parquet"):
            path.write_bytes(path.read_bytes()[:-30])
    else:
        (out / what).write_text("{}" if what == "run.json" else "{")


@pytest.mark.parametrize(
    "what",
    ["run.json", "recipe.json", "no stages", "short index", "short columns", "a cut shard"],
)
def test_a_damaged_run_folder_gives_a_sentence(world: Path, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(world / "out", out)
    id = read_frame(out / "ledger.parquet")["id"][0]
    at = last_stage(out)
    kept = read_frame(at.kept(at.names()[0]), ["id"])["id"][0]
    damage_of(what, out)
    errors = []
    looks: tuple[Callable[[], object], ...] = (
        lambda: life(out, id),
        lambda: life(out, kept),
        lambda: compare(out, world / "out", 3),
        lambda: looked_up(out, Wanted(), ["rule"], 3),
    )
    for look in looks:
        try:
            look()
        except InputError as error:
            errors.append(str(error))
    assert errors or what.startswith("short")
