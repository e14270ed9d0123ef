"""From one trial's samples to rows of the score table: each sample is graded by the verifiers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import nan
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from ablation.metrics import distinct_n, maj_at_k
from ablation.openings import WORDS, opening, words_of
from ablation.trial import SCORE_COLUMNS, WATCH_COLUMNS, Trial
from buckets import EvalItem

_DTYPES = {"str": pl.String(), "int": pl.Int64(), "float": pl.Float64()}
SCORE_SCHEMA = pl.Schema({name: _DTYPES[kind] for name, kind in {**SCORE_COLUMNS, **WATCH_COLUMNS}.items()})


class _Verdict(Protocol):
    @property
    def outcome(self) -> str: ...
    @property
    def rule(self) -> str: ...


class GradedReply(Protocol):
    """What a grader says of one reply; `canonical` names the answer, equal answers have equal names."""

    @property
    def parsed(self) -> bool: ...
    @property
    def verdict(self) -> _Verdict: ...
    @property
    def canonical(self) -> str: ...


Grader = Callable[[EvalItem, str], GradedReply]


@dataclass
class Grades:
    """Grades replies and remembers them: arms often give the same reply to the same item."""

    items: Mapping[str, EvalItem]
    grader: Grader
    seen: dict[tuple[str, str], tuple[bool, str, str]] = field(default_factory=dict)

    def __call__(self, item: str, reply: str) -> tuple[bool, str, str]:
        """(parsed, outcome, canonical answer); the outcome is UNGRADED where the reply could not be run here."""
        key = (item, reply)
        if key not in self.seen:
            from verifiers import UNGRADED as NOT_RUN

            graded = self.grader(self.items[item], reply)
            outcome = UNGRADED if graded.verdict.rule in NOT_RUN else str(graded.verdict.outcome)
            self.seen[key] = (graded.parsed, outcome, graded.canonical)
        return self.seen[key]


UNGRADED = "ungraded"


def default_grader(sandbox: str = "off", files: str | None = None) -> Grader:
    """The verifiers' own `grade`, with programs run in `sandbox` (off, auto, or a tier)."""
    from verifiers import grade

    return partial(grade, sandbox=sandbox, files=files)


def score_trial(trial: Trial, folder: Path, grades: Grades) -> pl.DataFrame:
    """The trial's rows of `scores.parquet`, from samples.jsonl and nll.json in `folder`.

    A sample that did not end by itself is neither parsed nor correct: its answer is cut. A sample that the verifier
    could not judge is not correct and is counted in `abstained`; one that could not be run here (no sandbox) is counted
    there and taken out of `samples`, for it says nothing of the model. An item with a reference and no samples has
    samples = 0 and NaN entropy and length.
    """
    head: dict[str, Any] = {
        "trial": trial.name,
        "arm": trial.arm.name,
        "kind": trial.arm.kind,
        "left_out": trial.arm.bucket,
        "dose": trial.arm.dose,
        "seed": trial.seed,
    }
    nll = json.loads((folder / "nll.json").read_text(encoding="utf-8"))
    with (folder / "samples.jsonl").open(encoding="utf-8", errors="surrogatepass") as file:
        sampled = {line["item"]: line for line in map(json.loads, file)}
    rows = []
    for name in [*sampled, *(name for name in nll if name not in sampled)]:
        item = grades.items[name]
        about = {"item": name, "bucket": item.bucket, "split": item.split, "cluster": item.cluster}
        about["reference_opening"] = _reference_opening(item.draft.reference)
        counts = _counts(sampled[name], grades) if name in sampled else _NO_SAMPLES
        value = nll.get(name)
        rows.append(head | about | counts | {"nll": nan if value is None else float(value)})
    return pl.DataFrame(rows, schema=SCORE_SCHEMA, orient="row")


_NO_SAMPLES: dict[str, Any] = {
    "samples": 0,
    "terminated": 0,
    "parsed": 0,
    "correct": 0,
    "distinct_correct": 0,
    "entropy": nan,
    "length": nan,
    "abstained": 0,
    "majority": nan,
    "distinct_2": nan,
    "openings": "",
}


def _reference_opening(reference: str | None) -> str:
    """Empty where the reference is a bare final answer, as "42": no reply can be held against how that opens."""
    return opening(reference) if reference is not None and len(words_of(reference)) >= WORDS else ""


def _counts(line: Mapping[str, Any], grades: Grades) -> dict[str, Any]:
    texts, ended = line["texts"], line["terminated"]
    cut = (False, "fail", "")
    every = [grades(line["item"], text) if end else cut for text, end in zip(texts, ended, strict=True)]
    judged = [one for one in every if one[1] != UNGRADED]
    if not judged and every:
        return _NO_SAMPLES | {"abstained": len(every)}
    correct = [answer for _, outcome, answer in judged if outcome == "pass"]
    return {
        "samples": len(judged),
        "terminated": sum(ended) - (len(every) - len(judged)),
        "parsed": sum(parsed for parsed, _, _ in judged),
        "correct": len(correct),
        "distinct_correct": len(set(correct)),
        "entropy": sum(line["entropy"]) / len(texts),
        "length": sum(line["lengths"]) / len(texts),
        "abstained": sum(outcome in ("abstain", UNGRADED) for _, outcome, _ in every),
        "majority": _majority(judged),
        "distinct_2": _distinct(texts),
        "openings": " ".join(opening(text) for text in texts),
    }


def _majority(judged: list[tuple[bool, str, str]]) -> float:
    answers = [answer if parsed else None for parsed, _, answer in judged]
    return maj_at_k(answers, [outcome == "pass" for _, outcome, _ in judged], len(judged))


def _distinct(texts: list[str]) -> float:
    """Distinct 2-grams fall with length by themselves, so every sample gives its first `_BUDGET` words or none does."""
    words = [words_of(text)[:_BUDGET] for text in texts]
    return distinct_n(words, 2) if all(len(line) == _BUDGET for line in words) else nan


_BUDGET = 16
