"""One SFT+eval run: what to do (Trial), what it gave (Result), and the long table of scores.

Only the standard library: a trial runs on machines that have torch and transformers and nothing else.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

ArmKind = Literal["base", "full", "leave_one_out", "dose", "mixture", "rule", "mask"]
Status = Literal["ok", "nan", "oom", "crash", "timeout"]


@dataclass(frozen=True)
class Arm:
    """What one trial trains on. `bucket` is the one left out; `dose` scales every bucket's unique rows."""

    name: str
    """"base", "full", "loo:<bucket>", "dose:<fraction>", "mix:<name>", "<random|unfiltered|only>:<rule>" or
    "mask:<name>"."""
    kind: ArmKind
    bucket: str | None = None
    dose: float = 1.0


@dataclass(frozen=True)
class Share:
    """One bucket's part of an arm."""

    rows: int
    """Unique rows drawn."""
    unique_tokens: int
    """Trained (assistant) tokens in those rows."""
    trained_tokens: int
    """Trained tokens over all repetitions; trained_tokens / unique_tokens = epochs."""


@dataclass(frozen=True)
class Trial:
    """A JSON file beside packed arrays; all paths are relative to the file."""

    name: str
    arm: Arm
    seed: int
    model: str
    """Folder with config.json, tokenizer and safetensors to start from."""
    data: str | None
    """npz with packed training sequences; None for the base arm (no training)."""
    eval: str
    """npz with tokenised eval prompts (and answers for NLL)."""
    mixture: dict[str, Share] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    sample: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Trial:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["arm"] = Arm(**raw["arm"])
        raw["mixture"] = {bucket: Share(**share) for bucket, share in raw["mixture"].items()}
        return cls(**raw)


@dataclass(frozen=True)
class Result:
    """What a trial left: also for a crash, which is data, not an exception."""

    name: str
    arm: Arm
    seed: int
    status: Status
    error: str = ""
    steps: int = 0
    trained_tokens: int = 0
    seconds: float = 0.0
    loss_curve: tuple[tuple[int, float], ...] = ()
    """(step, mean training NLL per trained token, nats)."""
    environment: dict[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    cost: dict[str, float] = field(default_factory=dict)
    """train_seconds, train_tokens (all turns), eval_seconds, sampled_tokens, cpu_seconds, peak_mb."""

    def write(self, path: Path) -> None:
        """Whole or absent: a result that exists is finished."""
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")
        aside.replace(path)

    @classmethod
    def read(cls, path: Path) -> Result:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["arm"] = Arm(**raw["arm"])
        raw["loss_curve"] = tuple((int(step), float(loss)) for step, loss in raw["loss_curve"])
        return cls(**raw)


SCORE_COLUMNS: dict[str, str] = {
    "trial": "str",
    "arm": "str",  # Arm.name
    "kind": "str",  # Arm.kind
    "left_out": "str",  # Arm.bucket
    "dose": "float",
    "seed": "int",
    "item": "str",
    "bucket": "str",  # the eval bucket
    "split": "str",  # dev | ood | hard
    "cluster": "str",
    "samples": "int",  # k drawn at the RL temperature, less those that could not be graded here
    "terminated": "int",  # samples that ended by themselves
    "parsed": "int",  # samples whose answer could be read
    "correct": "int",  # samples that the bucket's verifier passed
    "distinct_correct": "int",
    "entropy": "float",  # mean over own sampled tokens of the full softmax entropy, nats
    "length": "float",  # mean sampled tokens
    "nll": "float",  # mean NLL per reference assistant token, nats (NaN where there is no reference turn)
    "abstained": "int",  # samples that the verifier could not judge: not correct, or (no sandbox) not among `samples`
}
"""The long table `scores.parquet`: one row per (trial, item). All gains are computed from it."""

WATCH_COLUMNS: dict[str, str] = {
    "majority": "float",  # chance that the commonest of the k answers is correct, ties at random; NaN without samples
    "distinct_2": "float",  # distinct word 2-grams over all, samples cut to one length; NaN when any is shorter
    "openings": "str",  # names of the k samples' masked first words, separated by spaces
    "reference_opening": "str",  # the same of the reference, where it is long enough to have an opening
}
"""Further columns of the long table, for signs of a narrowed model; a table without them is read as "not measured"."""
