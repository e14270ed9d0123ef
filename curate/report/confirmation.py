"""The confirmation's part of the report: the proposal beside the baselines, trained with fresh seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from buckets import read_json
from curate.report.part import Maybe, Part, Text

Status = Literal["confirmed", "not shown better", "worse"]


class Difference(Part):
    """proposal - baseline on one eval bucket ("all": the mean over buckets) and split."""

    baseline: Text
    bucket: Text
    split: Text
    estimate: Maybe
    low: Maybe
    high: Maybe
    level: float
    n: int
    seeds: int
    mde: Maybe
    regression: Literal["none", "open", "shown"]


class Contender(Part):
    """One mixture that was trained."""

    name: Text
    score: Maybe
    """Mean over dev buckets."""
    tokens: int
    shares: dict[Text, float]


class Confirmation(Part):
    """What training the proposal beside the baselines showed."""

    status: Status
    headline: Text
    best: Text
    metric: Text
    margin: float
    seeds: tuple[int, ...]
    attempt: int
    contenders: tuple[Contender, ...]
    differences: tuple[Difference, ...]
    notes: tuple[Text, ...] = ()

    @property
    def overall(self) -> tuple[Difference, ...]:
        return tuple(line for line in self.differences if line.bucket == "all")

    @property
    def beside_best(self) -> tuple[Difference, ...]:
        """Per bucket on dev, against the best baseline."""
        return tuple(
            line
            for line in self.differences
            if line.bucket != "all" and line.baseline == self.best and line.split == "dev"
        )


def confirmation_part(out: Path) -> Confirmation | None:
    """From confirmation.json of a run folder; None when nothing was confirmed."""
    path = out / "confirmation.json"
    if not path.exists():
        return None
    found: dict[str, Any] = read_json(path)
    plain = {name: found[name] for name in ("status", "headline", "best", "metric", "margin", "attempt")}
    return Confirmation(
        **plain,
        seeds=tuple(found["seeds"]),
        contenders=tuple(
            Contender(
                name=name,
                score=score,
                tokens=found["trained_tokens"][f"mix:{name}"],
                shares={b: n / sum(found["mixtures"][name].values()) for b, n in found["mixtures"][name].items()},
            )
            for name, score in found["scores"].items()
        ),
        differences=tuple(_difference(line) for line in found["differences"]),
        notes=tuple(found["notes"]),
    )


def _difference(line: dict[str, Any]) -> Difference:
    interval = {key: line["interval"][key] for key in ("estimate", "low", "high", "level", "n", "seeds")}
    about = {key: line[key] for key in ("baseline", "bucket", "split", "mde", "regression")}
    return Difference(**about, **interval)
