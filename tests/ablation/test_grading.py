"""What could not be run is no zero: such samples are taken out and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablation.grading import Grades, default_grader, score_trial
from ablation.item_metrics import METRICS
from ablation.trial import Arm, Trial
from buckets import Draft, EvalItem, Message
from verifiers import isolation

CLASSY = "class Add:\n    def __call__(s, a, b): return a {} b\nadd = Add()"
PLAIN = "def add(a, b):\n    return a {} b"


def scored(tmp_path: Path, texts: list[str], sandbox: str, terminated: list[bool] | None = None) -> dict[str, Any]:
    draft = Draft((Message("user", "Write add."),), tests="assert add(2, 3) == 5")
    item = EvalItem("i", "code", "dev", "c", draft)
    ended = terminated or [True] * len(texts)
    line = {
        "item": "i",
        "texts": texts,
        "terminated": ended,
        "entropy": [0.0] * len(texts),
        "lengths": [1] * len(texts),
    }
    (tmp_path / "samples.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    (tmp_path / "nll.json").write_text("{}", encoding="utf-8")
    trial = Trial("t", Arm("full", "full"), 1, "m", None, "e")
    (row,) = score_trial(trial, tmp_path, Grades({"i": item}, default_grader(sandbox))).to_dicts()
    return row


def rate(row: dict[str, Any]) -> float:
    return float(METRICS["pass@1"]({name: np.array([float(row[name])]) for name in ("samples", "correct")})[0])


@pytest.mark.parametrize("sandbox", ["off", "no such tier"])
def test_what_cannot_be_run_is_not_graded(tmp_path: Path, sandbox: str) -> None:
    row = scored(tmp_path, [CLASSY.format("+"), CLASSY.format("-")], sandbox)
    assert (row["samples"], row["correct"], row["abstained"]) == (0, 0, 2)
    assert np.isnan(rate(row))
    row = scored(
        tmp_path, [CLASSY.format("+"), PLAIN.format("+"), PLAIN.format("-"), "cut"], sandbox, [True] * 3 + [False]
    )
    assert (row["samples"], row["correct"], row["abstained"], row["terminated"]) == (3, 1, 1, 2)
    assert rate(row) == pytest.approx(1 / 3)


def test_with_a_sandbox_every_program_is_graded(tmp_path: Path) -> None:
    if isolation("auto") not in ("namespaces", "bubblewrap"):
        pytest.skip("nothing isolates here")
    row = scored(tmp_path, [CLASSY.format("+"), CLASSY.format("-"), PLAIN.format("+")], "auto")
    assert (row["samples"], row["correct"], row["abstained"]) == (3, 2, 0)
    assert rate(row) == pytest.approx(2 / 3)
