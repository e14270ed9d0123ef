"""Score against dose per eval bucket and split, and what the next doubling should buy.

The line through the last doses is the baseline, and another law is used only when it has predicted held-out doses
better (`ablation/dose_fit.py`). On published fine-tuning curves a local line is hard to beat until the data reach past
the knee (`docs/curves.md`).
Not covered: dose arms scale all buckets together, so the slope on a bucket's eval is not the slope in that bucket's
rows alone (the leave-one-out gain says how much of it is its own); repeated epochs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ablation.dose_fit import Kind, fit_doses, line_points, slope_weights
from ablation.gain import Interval
from ablation.scores import BOUNDED, Cell, Scores
from ablation.stats import within

__all__ = ["Curve", "Point", "curve", "curves", "line_points", "slope_weights"]


@dataclass(frozen=True)
class Point:
    """One dose: the score itself and its paired gain over the base arm (None without a base)."""

    arm: str
    dose: float
    tokens: int | None
    """Unique trained tokens of this bucket at this dose, when the full arm's are known."""
    score: float
    gain: Interval | None


@dataclass(frozen=True)
class Curve:
    bucket: str
    split: str
    metric: str
    points: tuple[Point, ...]
    fit: Kind
    why: str
    """Why this fit and not another."""
    next_doubling: Interval | None
    """Prediction interval of the gain of doubling every bucket's rows once more; a rate's score + gain is in 0 to 1."""
    asymptote: float | None = None
    """Score that a power or rectified law levels off at."""
    base: float | None = None
    """Score of the untrained base model; None without a base arm."""


def curves(
    scores: Scores,
    metric: str = "pass@1",
    level: float = 0.95,
    *,
    tokens: Mapping[str, int] | None = None,
    draws: int = 400,
    seed: int = 0,
) -> list[Curve]:
    """One curve per (eval bucket, split). `tokens` is unique trained tokens per bucket in the full arm."""
    return [
        curve(cell, scores.doses, metric, level, tokens=(tokens or {}).get(bucket), draws=draws, seed=seed)
        for (bucket, _), cell in scores.cells.items()
    ]


def curve(
    cell: Cell,
    doses: Mapping[str, float],
    metric: str = "pass@1",
    level: float = 0.95,
    *,
    tokens: int | None = None,
    draws: int = 400,
    seed: int = 0,
) -> Curve:
    names = [name for name in doses if name in cell.arms and math.isfinite(cell.score(name, metric))]
    base = cell.score("base", metric) if "base" in cell.arms else math.nan
    points = tuple(_point(cell, name, doses[name], metric, level, tokens, base) for name in names)
    fit = fit_doses(cell, {name: doses[name] for name in names}, metric, level, draws, seed)
    ahead = fit.ahead
    why = fit.why
    if ahead is not None and metric in BOUNDED:
        cut = within(ahead, -points[-1].score, 1.0 - points[-1].score)
        why += "; cut off where the score would leave 0 to 1" if cut != ahead else ""
        ahead = cut
    return Curve(
        bucket=cell.bucket,
        split=cell.split,
        metric=metric,
        points=points,
        fit=fit.kind,
        why=why,
        next_doubling=ahead,
        asymptote=fit.asymptote,
        base=base if math.isfinite(base) else None,
    )


def _point(cell: Cell, name: str, dose: float, metric: str, level: float, tokens: int | None, base: float) -> Point:
    value = cell.contrast({name: 1.0, "base": -1.0}, metric) if "base" in cell.arms else None
    gain = value.interval(level) if value is not None and value.n else None
    if gain is not None and metric in BOUNDED and math.isfinite(base):
        gain = within(gain, -base, 1.0 - base)
    return Point(name, dose, None if tokens is None else round(tokens * dose), cell.score(name, metric), gain)
