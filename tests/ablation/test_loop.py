from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ablation import SCORE_SCHEMA, AblationSettings, Arm, Result, SavedModel, Trial, campaign, run_trials
from ablation.grading import Grades, score_trial
from ablation.loop import Forked, Spawned, finished
from buckets import EvalItem, IncompleteError, InputError, read_json
from verifiers import Verdict, abstained, failed, passed


@dataclass(frozen=True)
class Graded:
    parsed: bool
    verdict: Verdict
    canonical: str


def exact(item: EvalItem, reply: str) -> Graded:
    verdict = passed("exact") if reply == item.draft.reference else failed("exact", "another word")
    return Graded(bool(reply), verdict, reply)


WRONG = Graded(True, failed("exact", "never right"), "x")


def settings(world: Any, **changes: Any) -> AblationSettings:
    quick = {"k": 2, "max_new_tokens": 6}
    base = {"model": world.model, "doses": (), "leave_one_out": False, "seeds": (1,), "epochs": 4.0, "sample": quick}
    return AblationSettings(**(base | {"train": {"batch_tokens": 128, "learning_rate": 6e-3}} | changes))


@pytest.fixture(scope="module")
def done(world: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[tuple[int, int]]]:
    folder = tmp_path_factory.mktemp("campaign")
    told: list[tuple[int, int]] = []
    outcome = campaign(
        settings(world, holdout=0.2, holdout_max=4),
        world.pool,
        world.items,
        folder,
        workers=2,
        progress=lambda now, total: told.append((now, total)),
        grader=exact,
    )
    return folder, outcome, told


def test_a_campaign_leaves_one_row_per_trial_and_item(done: Any, world: Any) -> None:
    folder, outcome, told = done
    scores = pl.read_parquet(folder / "scores.parquet")
    assert scores.schema == SCORE_SCHEMA
    held = scores.filter(pl.col("item").str.starts_with("holdout/"))
    assert scores.height == 2 * len(world.items) + held.height
    assert 0 < held.height <= 2 * 8
    assert scores.n_unique(["trial", "item"]) == scores.height
    sampled = scores.filter(pl.col("samples") > 0)
    assert sampled["item"].n_unique() == 12
    assert sampled["nll"].is_nan().all()
    assert held["entropy"].is_nan().all()
    assert outcome["status"] == {"ok": 2}
    assert outcome["plan"]["trials"] == 2
    assert read_json(folder / "plan.json") == outcome["plan"] | {
        "arms": read_json(folder / "plan.json")["arms"],
        "seeds": [1],
    }
    assert told[0] == (0, 2)
    assert told[-1] == (2, 2)


def test_training_on_the_task_helps(done: Any) -> None:
    scores = pl.read_parquet(done[0] / "scores.parquet").filter(pl.col("samples") == 0)
    nll = dict(scores.group_by("arm").agg(pl.col("nll").mean()).iter_rows())
    assert nll["full"] < nll["base"] - 0.3


def test_rows_trained_are_never_held_out(done: Any) -> None:
    trained = sum(share["rows"] for share in read_json(done[0] / "trials/full_s1/trial.json")["mixture"].values())
    held = pl.read_parquet(done[0] / "scores.parquet").filter(pl.col("samples") == 0)["item"].n_unique()
    assert trained + held <= 80


def test_a_second_run_does_nothing_again(done: Any, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, outcome, _ = done
    before = (folder / "scores.parquet").read_bytes()
    monkeypatch.setattr("ablation.loop._launcher", None)  # starting any process would fail
    monkeypatch.setattr("ablation.tiny._train_base", None)
    again = campaign(
        settings(world, holdout=0.2, holdout_max=4),
        world.pool.sample(fraction=1, shuffle=True, seed=3),  # the order of the input is not in the outcome
        world.items,
        folder,
        workers=1,
        grader=exact,
    )
    assert again["status"] == outcome["status"]
    assert (folder / "scores.parquet").read_bytes() == before


def test_one_more_seed_trains_that_seed_alone(done: Any, world: Any, tmp_path: Path) -> None:
    """In a folder of its own, as a changed recipe gets one: results are taken over, grades are made again."""
    folder, _, _ = done
    asked = settings(world, holdout=0.2, holdout_max=4, seeds=(1, 2), timeout_minutes=7.0)
    given = {"workers": 2, "models": folder / "models", "earlier": [tmp_path / "none", folder]}
    outcome = campaign(asked, world.pool, world.items, tmp_path, grader=lambda *_: WRONG, **given)
    assert outcome["status"] == {"ok": 4}
    for name in ("base_s1", "full_s1"):  # seconds and all: the very same result
        assert (tmp_path / "trials" / name / "result.json").read_bytes() == (
            folder / "trials" / name / "result.json"
        ).read_bytes()
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    assert set(scores["seed"]) == {1, 2}
    assert scores["correct"].sum() == 0
    other = settings(world, holdout=0.2, holdout_max=4, train={"batch_tokens": 64, "learning_rate": 6e-3})
    campaign(other, world.pool, world.items, tmp_path / "other", grader=exact, **given)
    changed = tmp_path / "other/trials/full_s1/result.json"
    assert changed.read_bytes() != (folder / "trials/full_s1/result.json").read_bytes()


def test_the_plan_counts_what_the_full_arm_drew_and_all_that_could_be_encoded(done: Any, world: Any) -> None:
    plan = read_json(done[0] / "plan.json")
    shares = read_json(done[0] / "trials/full_s1/trial.json")["mixture"]
    for bucket, share in shares.items():
        assert plan["buckets"][bucket]["trained_tokens"] == share["unique_tokens"]
        assert plan["available_tokens"][bucket] == share["unique_tokens"]  # no caps, and every row fits


def test_a_changed_trial_is_not_taken_for_done(done: Any) -> None:
    trial = Trial.read(done[0] / "trials/full_s1/trial.json")
    assert finished(trial, done[0] / "trials")
    assert finished(replace(trial, fingerprint="other"), done[0] / "trials") is None
    assert finished(replace(trial, name="nowhere"), done[0] / "trials") is None


def test_processes_that_crash_hang_or_are_killed_leave_results(done: Any, tmp_path: Path) -> None:
    home = done[0] / "trials/full_s1"
    good = Trial.read(home / "trial.json")
    absolute: dict[str, Any] = {
        "model": str(home / good.model),
        "data": str(home / "data.npz"),
        "eval": str(home / good.eval),
    }
    trials = [
        replace(good, name="good", **absolute),
        replace(good, name="broken", **(absolute | {"model": str(tmp_path / "none")})),
        # so many samples that only the clock ends it
        replace(good, name="endless", **absolute, sample=good.sample | {"k": 400_000, "batch": 1}),
    ]
    seen: list[str] = []
    results = run_trials(trials, tmp_path, 2, lambda trial, _: seen.append(trial.name), timeout=6)
    assert [r.status for r in results] == ["ok", "crash", "timeout"]
    assert "none" in results[1].error
    assert "stopped after" in results[2].error
    assert sorted(seen) == ["broken", "endless", "good"]
    assert all((tmp_path / t.name / "result.json").exists() for t in trials)
    assert (tmp_path / "good/samples.jsonl").read_bytes() == (home / "samples.jsonl").read_bytes()


def test_a_killed_process_is_a_crash(done: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed:
        def __init__(self, _: Path) -> None:
            self.paths: list[Path] = []

        def start(self, trial: Path) -> None:
            trial.with_name("log.txt").write_text("last words")
            self.paths.append(trial)

        def wait(self, _: float) -> list[tuple[Path, int]]:
            ended, self.paths = self.paths, []
            return [(path, -signal.SIGKILL) for path in ended]

        def kill(self, _: Path) -> None: ...
        def close(self) -> None: ...

    monkeypatch.setattr("ablation.loop.Forked", Killed)
    trial = Trial.read(done[0] / "trials/full_s1/trial.json")
    (result,) = run_trials([trial], tmp_path, 1)
    assert result.status == "crash"
    assert "code -9" in result.error
    assert "last words" in result.error
    assert Result.read(tmp_path / trial.name / "result.json") == result
    assert finished(trial, tmp_path) is None  # tried again by the next run


def test_no_child_outlives_its_parent(done: Any, tmp_path: Path) -> None:
    home = done[0] / "trials/full_s1"
    good = Trial.read(home / "trial.json")
    path = tmp_path / "long" / "trial.json"
    path.parent.mkdir()
    absolute: dict[str, Any] = {
        "model": str(home / good.model),
        "data": str(home / "data.npz"),
        "eval": str(home / good.eval),
    }
    replace(good, **absolute, sample=good.sample | {"k": 400_000, "batch": 1}).write(path)
    launcher = Forked(tmp_path / "log")
    launcher.start(path)
    deadline = time.monotonic() + 60
    children: list[str] = []
    while not children and time.monotonic() < deadline:
        launcher.wait(0.1)
        tasks = Path(f"/proc/{launcher.process.pid}/task")
        children = [pid for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    assert children
    launcher.close()  # what the end of this process does to the pipe
    while os.path.exists(f"/proc/{children[0]}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{children[0]}")
    assert not (path.parent / "result.json").exists()


def test_a_trial_starts_without_forking_too(done: Any, tmp_path: Path) -> None:
    home = done[0] / "trials/base_s1"
    good = Trial.read(home / "trial.json")
    path = tmp_path / "trial.json"
    replace(good, model=str(home / good.model), eval=str(home / good.eval)).write(path)
    launcher = Spawned()
    launcher.start(path)
    ended: list[tuple[Path, int]] = []
    deadline = time.monotonic() + 120
    while not ended and time.monotonic() < deadline:
        ended = launcher.wait(1)
    launcher.close()
    assert ended == [(path, 0)]
    assert (tmp_path / "samples.jsonl").read_bytes() == (home / "samples.jsonl").read_bytes()


def test_grades_count_what_the_verifier_says(tmp_path: Path, world: Any) -> None:
    item = world.items[0]
    (tmp_path / "nll.json").write_text("{}")
    (tmp_path / "samples.jsonl").write_text(
        '{"item": "code-0", "texts": ["a", "a", "b", "x", "?", "c"],'
        ' "terminated": [true, true, true, true, true, false],'
        ' "lengths": [1, 1, 1, 1, 1, 7], "entropy": [0.5, 0.5, 0.5, 0.5, 0.5, 1.1]}\n'
    )
    asked: list[str] = []

    def grader(_: EvalItem, reply: str) -> Graded:
        asked.append(reply)
        if reply == "?":
            return Graded(False, abstained("slow", "took too long"), "")
        return Graded(True, passed("ok") if reply in "abc" else failed("ok", "no"), reply)

    trial = Trial("t", Arm("loo:code", "leave_one_out", "code"), 3, "m", None, "e")
    (row,) = score_trial(trial, tmp_path, Grades({item.id: item}, grader)).to_dicts()
    assert {
        name: row[name] for name in ("samples", "terminated", "parsed", "correct", "distinct_correct", "abstained")
    } == {
        "samples": 6,
        "terminated": 5,
        "parsed": 4,
        "correct": 3,
        "distinct_correct": 2,
        "abstained": 1,
    }
    assert (row["length"], row["entropy"]) == (2.0, pytest.approx(0.6))
    assert (row["left_out"], row["seed"], row["cluster"]) == ("code", 3, "code-0")
    assert asked == ["a", "b", "x", "?"]  # equal replies once, cut ones never
    assert row["majority"] == 1.0  # "a" twice, "b" and "x" once; what cannot be read forms no cluster
    assert len(row["openings"].split()) == 6
    assert len(set(row["openings"].split())) == 5
    assert row["reference_opening"] == ""  # one word opens nothing
    assert row["distinct_2"] != row["distinct_2"]  # not every sample has the length that is compared


def test_a_proposed_mixture_is_trained_from_a_saved_model(world: Any, tmp_path: Path) -> None:
    saved = settings(world, model=SavedModel(path=world.base.name), train={"batch_tokens": 128})
    outcome = campaign(
        saved,
        world.pool,
        world.items,
        tmp_path,
        workers=2,
        base=world.base.parent,
        mixtures={"mine": {"code": 60, "math_reasoning": 20}},
        grader=exact,
    )
    shares = read_json(tmp_path / "trials/mix-mine_s1/trial.json")["mixture"]
    assert shares["code"]["trained_tokens"] == pytest.approx(60, abs=5)
    assert shares["math_reasoning"]["trained_tokens"] == pytest.approx(20, abs=5)
    assert outcome["plan"]["tokens"] == 80
    assert outcome["status"] == {"ok": 2}


def test_input_that_cannot_work_is_named(world: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no eval item"):
        campaign(settings(world), world.pool, [], tmp_path, grader=exact)
    with pytest.raises(InputError, match="no row can be trained on"):
        campaign(settings(world), world.pool.head(0), world.items, tmp_path, grader=exact)
    with pytest.raises(InputError, match="names no files"):
        campaign(AblationSettings(), world.pool, world.items, tmp_path, grader=exact)
    with pytest.raises(InputError, match="no config"):
        campaign(
            AblationSettings(model=SavedModel(path="x")), world.pool, world.items, tmp_path, grader=exact, base=tmp_path
        )


def test_a_campaign_without_a_single_score_says_so(world: Any, tmp_path: Path) -> None:
    hot = settings(world, train={"learning_rate": 1e30, "batch_tokens": 128})
    from ablation.experiment import _collect

    trial = Trial("t", Arm("full", "full"), 1, "m", None, "e")
    with pytest.raises(IncompleteError, match="none of 1 trials"):
        _collect([trial], [Result("t", trial.arm, 1, "nan", "not finite")], tmp_path)
    assert hot.train.learning_rate == 1e30
