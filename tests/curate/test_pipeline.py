"""The road on a small world: the row law, same bytes for any worker count, and kill -9 at any moment."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from buckets import InputError, RefusedError, Sorted, no_fallen
from curate.check import Check
from curate.job import Run
from curate.life import life
from curate.pipeline import run
from curate.recipe import load
from curate.stored import stored_recipe

ROOT = Path(__file__).parents[2]


def walk(recipe: Path, out: Path, *, workers: int = 1, changes: tuple[str, ...] = (), **how: Any) -> dict[str, Any]:
    return run(Run(load(recipe, changes), recipe.parent.resolve(), out, workers), **how)


def exported(out: Path) -> dict[str, str]:
    files = sorted(path for path in (out / "export").rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_stage_keeps_the_row_law_and_the_ledger_holds_every_fall(world: Path, tmp_path: Path) -> None:
    entry = walk(world, tmp_path / "run")
    before = None
    for line in entry["stages"]:
        counts = line["counts"]
        assert counts["rows_in"] == counts["kept"] + counts["dropped"] + counts["quarantined"]
        assert before is None or counts["rows_in"] == before
        before = counts["kept"]
    ledger = pl.read_parquet(tmp_path / "run" / "ledger.parquet")
    fell = sum(line["counts"]["dropped"] + line["counts"]["quarantined"] for line in entry["stages"])
    assert ledger.height == fell
    assert ledger["id"].n_unique() == fell
    counts = dict(ledger.group_by("rule").len().iter_rows())
    assert counts["invalid_json"] == 1
    assert counts["not_utf8"] == 1
    assert counts["empty_answer"] == 1
    assert (
        counts["exact_duplicate"] == 20 + 1 - 1
    )  # twenty repeats and one inside alpaca; one repeat is the broken line
    raw_rows = 120 + 141 + 120 + 120
    assert entry["stages"][0]["counts"]["rows_in"] == raw_rows


def test_a_stage_that_loses_a_row_is_refused_and_leaves_nothing(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(self: Check, frame: pl.DataFrame) -> Sorted:
        return Sorted(frame[1:], no_fallen())

    monkeypatch.setattr(Check, "__call__", careless)
    with pytest.raises(RefusedError, match="'check' lost rows"):
        walk(world, tmp_path / "run")
    assert not list((tmp_path / "run" / "stages").glob("check-*/*.kept.parquet"))


def test_a_stage_that_swaps_one_row_for_another_is_refused(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forger(self: Check, frame: pl.DataFrame) -> Sorted:
        return Sorted(pl.concat([frame[1:], frame[1:2]]), no_fallen())

    monkeypatch.setattr(Check, "__call__", forger)
    with pytest.raises(RefusedError, match="changed row ids"):
        walk(world, tmp_path / "run")


def test_one_or_two_workers_and_any_shard_size_export_the_same_bytes(world: Path, tmp_path: Path) -> None:
    walk(world, tmp_path / "one")
    walk(world, tmp_path / "two", workers=2)
    assert exported(tmp_path / "one") == exported(tmp_path / "two")
    walk(world, tmp_path / "big", changes=("read.shard_rows=1000",))
    for name in ("data/curated.messages.jsonl", "data/curated.sharegpt.jsonl"):
        assert (tmp_path / "one/export" / name).read_bytes() == (tmp_path / "big/export" / name).read_bytes()
    one, big = (pl.read_parquet(tmp_path / n / "export/data/curated.parquet") for n in ("one", "big"))
    assert one.equals(big)


def test_a_second_run_does_nothing_again_and_a_changed_recipe_redoes_only_what_follows(
    world: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    walk(world, out)
    stamps = {path: path.stat().st_mtime_ns for path in (out / "stages").rglob("*.parquet")}
    walk(world, out)
    assert {path: path.stat().st_mtime_ns for path in (out / "stages").rglob("*.parquet")} == stamps
    walk(world, out, changes=("balance.max_rows=50",))
    after = {path: path.stat().st_mtime_ns for path in (out / "stages").rglob("*.parquet")}
    same = {path for path in stamps if after.get(path) == stamps[path]}
    assert {path.parent.name.split("-")[0] for path in same} == {"read", "bucket", "check", "dedup"}


def test_the_stored_recipe_stands_for_the_written_one(world: Path, tmp_path: Path) -> None:
    changes = ("balance.max_rows={math_reasoning: 90, code: 5, general_instruction: 300}",)
    first = walk(world, tmp_path / "run", changes=changes)
    recipe, base = stored_recipe(tmp_path / "run", [])
    again = run(Run(recipe, base, tmp_path / "run", 1), only="report")
    assert [s["fingerprint"] for s in again["stages"]] == [s["fingerprint"] for s in first["stages"]]


def test_only_and_until(world: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has not been run"):
        walk(world, tmp_path / "run", only="dedup")
    entry = walk(world, tmp_path / "run", until="check")
    assert [line["stage"] for line in entry["stages"]] == ["read", "bucket", "check"]
    assert not (tmp_path / "run" / "export").exists()
    entry = walk(world, tmp_path / "run", only="dedup")
    assert [line["stage"] for line in entry["stages"]] == ["read", "bucket", "check", "dedup"]
    with pytest.raises(InputError, match="no stage 'dedupe'"):
        walk(world, tmp_path / "run", only="dedupe")
    with pytest.raises(InputError, match="no `ablate:` table"):
        walk(world, tmp_path / "run", only="ablate")


def test_two_runs_in_one_folder_are_refused(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import fcntl, time; f = open({str(out / '.lock')!r}, 'w');"
            "fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(RefusedError, match="another run"):
            walk(world, out)
    finally:
        holder.kill()
        holder.wait()
    walk(world, out, until="read")  # a dead holder holds nothing


def test_show_tells_a_life(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    walk(world, out)
    ledger = pl.read_parquet(out / "ledger.parquet")
    twin = ledger.filter(pl.col("rule") == "exact_duplicate").row(0, named=True)
    found = life(out, twin["id"])
    assert found["fell"]["rule"] == "exact_duplicate"
    assert found["record"]["messages"][0]["content"] == found["witness"]["messages"][0]["content"]
    assert [stage["stage"] for stage in found["stages"]] == ["read", "bucket", "check", "dedup"]
    broken = ledger.filter(pl.col("rule") == "invalid_json").row(0, named=True)
    assert life(out, broken["id"])["fell"]["origin"] == {"file": "raw/chat.jsonl.gz", "row": 7}
    with pytest.raises(InputError, match="no record"):
        life(out, "nobody")


def _start(recipe: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "curate.cli", "run", str(recipe), "--out", str(out), "--workers", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


@pytest.mark.slow
def test_killed_at_random_moments_it_resumes_to_the_same_bytes(world: Path, tmp_path: Path) -> None:
    started = time.perf_counter()
    straight = _start(world, tmp_path / "straight")
    assert straight.wait() == 0
    whole = time.perf_counter() - started
    want = exported(tmp_path / "straight")
    rng = random.Random(0)
    out = tmp_path / "killed"
    for _ in range(6):
        process = _start(world, out)
        try:
            process.wait(timeout=rng.uniform(0.3, 0.95) * whole)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    last = _start(world, out)
    _, errors = last.communicate()
    assert last.returncode == 0, errors.decode()
    assert exported(out) == want
    assert not [path for path in out.rglob(".*") if path.name not in (".lock",) and path.is_dir()]


ABLATION = {
    "model": {"hidden": 32, "layers": 1, "vocab": 300, "corpus": ["raw/alpaca.json"], "base_tokens": 4000},
    "holdout": 0.2,
    "metric": "nll",
    "doses": [0.5],
    "seeds": [1, 2],
    "epochs": 1.0,
}


def concluded(out: Path) -> dict[str, str]:
    """Everything that the second half of the road says, but for clocks."""
    names = ("analysis.json", "decision.json", "mixture.json", "ledger.parquet")
    said = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}
    (scores,) = out.glob("stages/ablate-*/scores.parquet")
    return {**exported(out), **said, "scores": hashlib.sha256(scores.read_bytes()).hexdigest()}


@pytest.mark.slow
def test_killed_inside_the_ablation_and_after_it_ends_with_the_same_bytes(world: Path, tmp_path: Path) -> None:
    """A kill at each milestone of the second half, in turn of the whole group and of the parent alone."""
    pytest.importorskip("torch")
    recipe = yaml.safe_load(world.read_text()) | {"ablate": ABLATION, "decide": {"margin": 0.05}}
    world.write_text(yaml.safe_dump(recipe, sort_keys=False))
    straight = _start(world, tmp_path / "straight")
    _, errors = straight.communicate()
    assert straight.returncode == 0, errors.decode()
    want = concluded(tmp_path / "straight")
    out = tmp_path / "killed"
    milestones = (
        ("models/*/config.json", 1),
        ("stages/ablate-*/trials/*/trial.json", 1),
        ("stages/ablate-*/trials/*/result.json", 2),
        ("stages/ablate-*/trials/*/scores-*.parquet", 5),
        ("stages/ablate-*/scores.parquet", 1),
        ("decision.json", 1),
        ("export/data", 1),
    )
    struck = [_kill_at(_start(world, out), out, *milestone, bool(n % 2)) for n, milestone in enumerate(milestones)]
    assert sum(struck) >= 5, "most milestones must have been met while the run was alive"
    last = _start(world, out)
    _, errors = last.communicate()
    assert last.returncode == 0, errors.decode()
    assert concluded(out) == want


def _kill_at(process: subprocess.Popen[bytes], out: Path, pattern: str, count: int, parent_alone: bool) -> bool:
    """SIGKILL as soon as `count` paths match; False when the run ended before that."""
    while len(list(out.glob(pattern))) < count:
        if process.poll() is not None:
            return False
        time.sleep(0.002)
    if parent_alone:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return True
