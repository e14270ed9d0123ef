from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ablation import Arm, Result, Trial
from ablation.pack import Rows
from ablation.scorer import row_nll
from ablation.train import fit, load_model, run, schedule
from buckets import Message

HOW = {
    "learning_rate": 5e-3,
    "batch_tokens": 200,
    "micro_tokens": 4096,
    "warmup_fraction": 0.1,
    "decay_fraction": 0.3,
    "weight_decay": 0.01,
}


@pytest.fixture
def trial(world: Any, tmp_path: Path) -> Path:
    """A trial on 20 rows, made by hand as any other program could make it."""
    from ablation.experiment import load_encoder
    from ablation.trials import write_items

    encoder, context = load_encoder(world.base)
    rows = []
    for record in world.pool.head(20)["messages"]:
        encoded = encoder.encode([Message(m["role"], m["content"]) for m in record], None)
        rows.append((encoded.ids, encoded.trained))
    arrays: dict[str, Any] = Rows.of(rows).arrays("row") | {"order": np.arange(20).repeat(3)}
    np.savez(tmp_path / "data.npz", **arrays)
    write_items(world.items, encoder, context, tmp_path / "eval.npz")
    shutil.copytree(world.base, tmp_path / "model")
    sampling = {"k": 2, "temperature": 1.0, "max_new_tokens": 8, "batch": 16, "splits": ["dev"]}
    made = Trial("t", Arm("full", "full"), 1, "model", "data.npz", "eval.npz", {}, HOW, sampling, "abc")
    path = tmp_path / "trial.json"
    made.write(path)
    return path


def test_training_lowers_the_loss_of_trained_tokens_only(world: Any) -> None:
    rows = Rows.of([([5, 20, 30, 40, 50, 60], [False, False, True, True, False, False])])
    model = load_model(world.base, "cpu")
    flipped = Rows(rows.tokens, ~rows.trained, rows.starts)
    before, prompt_before = row_nll(model, rows, 4096)[0], row_nll(model, flipped, 4096)[0]
    done = fit(model, rows, np.zeros(60, np.int64), HOW | {"batch_tokens": 6})
    assert len(done.curve) == 60
    assert done.trained_tokens == 120
    assert row_nll(model, rows, 4096)[0] < 0.2 < before
    assert row_nll(model, flipped, 4096)[0] > prompt_before - 1.5


def test_micro_batches_do_not_change_the_step(world: Any) -> None:
    rng = np.random.default_rng(0)
    rows = Rows.of([(rng.integers(5, 200, n).tolist(), [False] + [True] * (n - 1)) for n in rng.integers(3, 40, 24)])
    found = []
    for micro in (10_000, 60):
        model = load_model(world.base, "cpu")
        done = fit(model, rows, np.arange(24), HOW | {"batch_tokens": 200, "micro_tokens": micro})
        found.append([loss for _, loss in done.curve])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)


def test_row_nll_is_the_loss_of_transformers(world: Any) -> None:
    model = load_model(world.base, "cpu").eval()
    ids, flags = [5, 20, 30, 40, 50, 60], [False, False, True, True, False, True]
    labels = torch.tensor([[t if f else -100 for t, f in zip(ids, flags, strict=True)]])
    with torch.inference_mode():
        expected = float(model(input_ids=torch.tensor([ids]), labels=labels).loss)
    padded = Rows.of([(ids, flags), (ids * 3, [False] * 17 + [True])])
    assert row_nll(model, padded, 4096)[0] == pytest.approx(expected, abs=1e-5)


def test_schedule_warms_up_stays_and_decays() -> None:
    rates = [schedule(step, 100, 0.1, 0.3) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:70] == [1.0] * 60
    assert all(a > b > 0 for a, b in pairwise(rates[70:]))
    assert rates[-1] < 0.05
    assert schedule(0, 1, 0.05, 0.3) > 0.5  # a run of one step still learns


def test_the_same_trial_twice_gives_the_same_bytes(trial: Path) -> None:
    assert run(trial).status == "ok"
    first = [(trial.parent / name).read_bytes() for name in ("samples.jsonl", "nll.json")]
    assert run(trial).status == "ok"
    assert first == [(trial.parent / name).read_bytes() for name in ("samples.jsonl", "nll.json")]
    lines = [json.loads(line) for line in first[0].splitlines()]
    assert len(lines) == 12
    assert all(len(line["texts"]) == len(line["terminated"]) == 2 for line in lines)
    assert not any("<|end|>" in text for line in lines for text in line["texts"])


def test_a_trial_runs_with_torch_transformers_and_numpy_alone(trial: Path) -> None:
    hide = "import sys\nfor m in ('polars', 'pydantic', 'orjson', 'buckets', 'verifiers'): sys.modules[m] = None\n"
    code = hide + f"from ablation.train import main\nsys.exit(main([{str(trial)!r}]))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, cwd=Path(__file__).parents[2])
    result = Result.read(trial.parent / "result.json")
    assert (result.status, result.fingerprint) == ("ok", "abc")
    assert result.trained_tokens > 0
    assert result.environment["torch"] == torch.__version__
    assert result.cost["peak_mb"] > 50


def test_a_loss_that_is_not_finite_is_a_result(trial: Path) -> None:
    replace(Trial.read(trial), train=HOW | {"learning_rate": 1e30}).write(trial)
    result = run(trial)
    assert result.status == "nan"
    assert "not finite at step" in result.error
    assert Result.read(trial.parent / "result.json") == result
    assert not (trial.parent / "samples.jsonl").exists()


@pytest.mark.parametrize(("change", "words"), [({"model": "nowhere"}, "nowhere"), ({"data": "gone.npz"}, "gone.npz")])
def test_a_trial_that_cannot_run_is_a_result(trial: Path, change: dict[str, str], words: str) -> None:
    replace(Trial.read(trial), **change).write(trial)  # type: ignore[arg-type]  # mypy cannot see into **change
    result = run(trial)
    assert result.status == "crash"
    assert words in result.error


def test_out_of_memory_is_told_apart(trial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: Any) -> None:
        raise torch.OutOfMemoryError("no room for 9 GiB")

    monkeypatch.setattr("ablation.train.fit", no_room)
    result = run(trial)
    assert (result.status, "no room" in result.error) == ("oom", True)


def test_the_base_arm_trains_nothing(trial: Path) -> None:
    replace(Trial.read(trial), arm=Arm("base", "base"), data=None).write(trial)
    result = run(trial)
    assert (result.status, result.steps, result.trained_tokens) == ("ok", 0, 0)
    assert (trial.parent / "samples.jsonl").exists()
