"""New data beside what stood before: an earlier run, a corpus in files, and datasketch's own index."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from buckets import InputError, RecipeError, read_json
from curate.dedup import Dedup
from curate.earlier import EarlierRun, earlier
from curate.index import Index
from curate.job import Run
from curate.life import life
from curate.life_text import life_text
from curate.pipeline import run
from curate.recipe import load
from curate.report.build import build
from curate.versions import code_digest

LONG = "Describe the old harbour of the town, its light, its boats, and why people like to walk there in spring, "


def row(number: int, answer: str = "") -> dict[str, str]:
    answer = answer or f"The harbour number {number} lies behind the hill, and its {number} boats come home at night."
    return {"prompt": f"{LONG}for guide number {number}.", "response": answer}


def recipe(folder: Path, name: str, rows: list[dict[str, str]], **dedup: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    said = {
        "read": {"shard_rows": 7, "sources": [{"name": name, "files": [f"{name}.jsonl"]}]},
        "bucket": None,
        "dedup": dedup,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(said))
    return path


def walk(path: Path, out: Path) -> pl.DataFrame:
    """The ledger of a run."""
    run(Run(load(path), path.parent.resolve(), out, 1))
    return pl.read_parquet(out / "ledger.parquet")


OLD = [row(number) for number in range(20)]
NEW = [row(3), row(40), row(41), {"prompt": row(5)["prompt"].upper(), "response": row(5)["response"]}, row(40)]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    walk(recipe(tmp_path / "w", "old", OLD), tmp_path / "w" / "runs" / "old")
    return tmp_path / "w"


def test_new_rows_fall_to_an_earlier_run_and_its_rows_are_named(old: Path) -> None:
    out = old / "runs" / "new"
    fell = walk(recipe(old, "new", NEW, against=["runs/old"]), out)
    rows = dict(fell.select(pl.col("origin").struct.field("row"), "witness").iter_rows())
    assert set(rows) == {0, 3, 4} or set(rows) == {0, 3, 1}
    assert rows[0].startswith("runs/old#old/old.jsonl:3:")
    assert rows[3].startswith("runs/old#old/old.jsonl:5:")
    (dedup,) = [line for line in read_json(out / "run.json")["stages"] if line["stage"] == "dedup"]
    assert dedup["notes"]["earlier_rows"] == 20
    assert dedup["counts"]["rows_in"] == 5
    found = life(out, fell.filter(pl.col("witness") == rows[0])["id"][0])
    assert "guide number 3." in life_text(found)
    texts = [pair.witness.text for pair in build(out).duplicates]
    assert any("guide number 5." in text for text in texts)


def test_a_near_copy_of_an_earlier_row_falls_even_if_the_earlier_row_has_a_twin_there(tmp_path: Path) -> None:
    """b stands in the corpus beside its own near twin a; c is near b alone. All of the corpus stays, so c falls."""
    words = [f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(90)]
    a, b, c = (list(words) for _ in range(3))
    for place in (20, 35, 50):
        b[place] = c[place] = "changed"
    for place in (27, 42, 57):
        c[place] = "altered"
    rows = [{"prompt": "Tell a story", "response": " ".join(text)} for text in (a, b, c)]
    recipe(tmp_path, "corpus", rows[:2])
    fell = walk(recipe(tmp_path, "new", rows[2:], against=["corpus.jsonl"]), tmp_path / "run")
    assert fell.select("rule", "witness").rows() == [("near_duplicate", fell["witness"][0])]
    assert fell["witness"][0].startswith("corpus.jsonl#corpus/corpus.jsonl:1:")


def test_a_corpus_in_files_gives_the_same_as_a_run_over_them(old: Path) -> None:
    by_run = walk(recipe(old, "new", NEW, against=["runs/old"]), old / "a")
    by_files = walk(recipe(old, "new", NEW, against=["old.jsonl"]), old / "b")
    assert by_run["id"].to_list() == by_files["id"].to_list()
    tails = [frame["witness"].str.split(":").list.tail(2) for frame in (by_run, by_files)]
    assert tails[0].to_list() == tails[1].to_list()


def test_stored_sketches_serve_and_others_are_made_again(old: Path) -> None:
    (one,) = earlier(["runs/old"], old)
    assert isinstance(one, EarlierRun)
    near = Dedup()
    made = []

    def sketch(frame: pl.DataFrame) -> pl.DataFrame:
        made.append(frame.height)
        return near.sketch(frame)

    stored = pl.concat(list(one.sketches(sketch, near.index())))
    assert made == []
    fresh = pl.concat(list(one.sketches(sketch, "another key")))
    assert sum(made) == 20
    assert stored.equals(fresh)


def test_a_changed_earlier_run_makes_dedup_run_again(old: Path) -> None:
    out = old / "runs" / "new"
    path = recipe(old, "new", NEW, against=["runs/old"])
    assert walk(path, out).height == 3
    walk(recipe(old, "old", OLD[:4]), old / "runs" / "old")
    assert walk(path, out).height == 2


def test_what_is_neither_run_nor_files_is_said_before_anything_runs(old: Path) -> None:
    with pytest.raises(RecipeError, match=r"dedup\.against\.0: runs/odl: neither a run folder"):
        load(recipe(old, "new", NEW, against=["runs/odl"]))
    with pytest.raises(RecipeError, match=r"dedup\.against\.1: 'runs/old' is named twice"):
        load(recipe(old, "new", NEW, against=["runs/old", "runs/old"]))
    shutil.rmtree(next((old / "runs" / "old" / "stages").glob("dedup-*")))
    with pytest.raises(RecipeError, match=r"dedup\.against\.0: .* is gone; run it again first"):
        load(recipe(old, "new", NEW, against=["runs/old"]))


def test_a_witness_whose_run_has_gone_is_said_so(old: Path) -> None:
    out = old / "runs" / "new"
    fell = walk(recipe(old, "new", NEW, against=["runs/old"]), out)
    shutil.rmtree(old / "runs" / "old")
    witness = next(w for w in fell["witness"] if "#" in w)
    id = fell.filter(pl.col("witness") == witness)["id"][0]
    assert "cannot be shown" in life_text(life(out, id))


def queried(index: Index, lsh: object, old: Path) -> set[bytes]:
    """What datasketch answers for the row 3 of the earlier run."""
    frame = next(iter(EarlierRun("x", old / "runs" / "old").frames()))
    (minhash,) = index.minhashes(frame[3:4])
    return set(lsh.query(minhash))  # type: ignore[attr-defined]


def test_the_index_answers_in_datasketch(old: Path) -> None:
    index = Index.of(old / "runs" / "old")
    assert index.facts()["rows"] == 20
    lsh, filled = index.lsh()
    assert filled == 20
    assert any(key.startswith(b"old/old.jsonl:3:") for key in queried(index, lsh, old))


def test_a_run_without_near_duplicates_keeps_no_index(tmp_path: Path) -> None:
    walk(recipe(tmp_path, "plain", OLD[:2], near=None), tmp_path / "run")
    with pytest.raises(InputError, match="no duplicate index"):
        Index.of(tmp_path / "run")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server)")
    pytest.importorskip("redis")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [server, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_the_index_goes_into_redis_once(old: Path, redis: str) -> None:
    index = Index.of(old / "runs" / "old")
    assert index.into_redis(redis, "t") == 20
    assert index.into_redis(redis, "t") == 0
    host, port = redis.split(":")
    lsh, filled = index.lsh({"type": "redis", "basename": b"t", "redis": {"host": host, "port": int(port)}})
    assert filled == 0
    assert any(key.startswith(b"old/old.jsonl:3:") for key in queried(index, lsh, old))


def test_a_wrong_address_is_a_sentence(old: Path) -> None:
    pytest.importorskip("redis")
    index = Index.of(old / "runs" / "old")
    with pytest.raises(InputError, match="write it as HOST:PORT"):
        index.into_redis("localhost", "t")
    with pytest.raises(InputError, match="is a server running there"):
        index.into_redis("127.0.0.1:1", "t")


def test_another_polars_makes_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sketch keys are hashes of polars: those of another version would silently miss every copy."""
    before, code = Dedup().index(), code_digest("buckets")
    monkeypatch.setattr(pl, "__version__", "0.0.1")
    code_digest.cache_clear()
    try:
        assert Dedup().index() != before
        assert code_digest("buckets") != code
    finally:
        code_digest.cache_clear()
