"""Score against dose per eval bucket and split, and what the next doubling should buy.

The baseline to beat is the line through the last points in log2(dose): on published fine-tuning curves a power law with
a floor beats it only once the data reach past the knee. A power law is used only with four or more doses and when it
predicts the held-out last point better.
Not covered: dose arms scale all buckets together, so the slope on a bucket's eval is not the slope in that bucket's
rows alone (the leave-one-out gain says how much of it is its own); repeated epochs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from ablation.gain import Interval
from ablation.scores import BOUNDED, Cell, Scores
from ablation.stats import Array, Estimate, resample, t_quantile, within

LINE_POINTS = 3
_BETAS = np.linspace(0.05, 1.0, 20)
_BETTER = 0.8
"""The power law must cut the held-out error to this share of the line's: near ties go to the simpler fit."""


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
    fit: Literal["line", "power", "none"]
    why: str
    """Why this fit and not the other."""
    next_doubling: Interval | None
    """Predicted gain of doubling every bucket's rows once more. For a rate, score + gain stays within 0 to 1."""
    asymptote: float | None = None
    """Score the power law levels off at."""
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
    fit = _fit(cell, {name: doses[name] for name in names}, metric, level, draws, seed)
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


@dataclass(frozen=True)
class _Fit:
    kind: Literal["line", "power", "none"]
    why: str
    ahead: Interval | None = None
    asymptote: float | None = None


def _fit(cell: Cell, doses: Mapping[str, float], metric: str, level: float, draws: int, seed: int) -> _Fit:
    names = list(doses)
    line = line_step(cell, doses, metric)
    if line is None or line.n == 0:
        return _Fit(
            "none", "one dose only: no slope" if len(names) < 2 else "no common prompts and seeds over the doses"
        )
    used = len(line_points(cell, doses, metric))
    bend = ", because the curve bends down before them" if used < min(len(names), LINE_POINTS) else ""
    if len(names) < 4:
        why = f"line through the last {used} doses{bend}; a power law needs at least 4"
        return _Fit("line", why, line.interval(level))
    x = np.array([doses[name] for name in names])
    block, clusters = cell.block(tuple(names), metric)
    boot = resample(block.shape[1], clusters, draws, seed).means(block)
    top = 1.0 if metric in BOUNDED else math.inf
    line_error, power_error = _held_out(x, boot, top)
    if power_error >= _BETTER * line_error:
        errors = f"held-out last dose: line within {line_error:.3f}, power law within {power_error:.3f}"
        return _Fit("line", f"line through the last {used} doses{bend}; {errors}", line.interval(level))
    why = f"power law: predicts the held-out last dose within {power_error:.3f}, the line within {line_error:.3f}"
    fitted = fit_power(x, block.mean(axis=(1, 2))[None], top)
    spread = float(fit_power(x, boot, top).gain(x[-1]).std(ddof=1)) * math.sqrt(_inflate(block.shape[1]))
    predicted = _widened(fitted.gain(x[-1])[0], spread, line, level)
    return _Fit("power", why, predicted, asymptote=float(fitted.asymptote[0]))


def _point(cell: Cell, name: str, dose: float, metric: str, level: float, tokens: int | None, base: float) -> Point:
    value = cell.contrast({name: 1.0, "base": -1.0}, metric) if "base" in cell.arms else None
    gain = value.interval(level) if value is not None and value.n else None
    if gain is not None and metric in BOUNDED and math.isfinite(base):
        gain = within(gain, -base, 1.0 - base)
    return Point(name, dose, None if tokens is None else round(tokens * dose), cell.score(name, metric), gain)


def slope_weights(doses: Sequence[float]) -> list[float]:
    """Least-squares slope in log2(dose) as weights on the points; the slope is the gain of one doubling."""
    x = np.log2(np.asarray(doses, dtype=np.float64))
    centred = x - x.mean()
    return [float(w) for w in centred / float(centred @ centred)]


def line_points(cell: Cell, doses: Mapping[str, float], metric: str, alpha: float = 0.05) -> list[str]:
    """The doses of the line: the last three, or the last two when the curve is seen to bend down over three.

    A straight line through a bend promises a next doubling that the last one already did not give.
    """
    names = list(doses)[-LINE_POINTS:]
    if len(names) < 3:
        return names
    steps = [math.log2(doses[b] / doses[a]) for a, b in pairwise(names)]
    weights = {names[0]: 1 / steps[0], names[1]: -1 / steps[0] - 1 / steps[1], names[2]: 1 / steps[1]}
    return names[-2:] if cell.contrast(weights, metric).p_below() < alpha else names


def line_step(cell: Cell, doses: Mapping[str, float], metric: str) -> Estimate | None:
    """Slope per doubling through the last doses: a contrast of arms, so it has the same paired interval as any gain."""
    names = line_points(cell, doses, metric)
    if len(names) < 2:
        return None
    weights = dict(zip(names, slope_weights([doses[name] for name in names]), strict=True))
    return cell.contrast(weights, metric)


@dataclass(frozen=True)
class Power:
    """S(D) = asymptote - drop * D^-beta, one row per curve; drop >= 0, beta in [.05, 1]."""

    asymptote: Array
    drop: Array
    beta: Array

    def at(self, dose: float) -> Array:
        value: Array = self.asymptote - self.drop * dose**-self.beta
        return value

    def gain(self, dose: float) -> Array:
        """S(2D) - S(D)."""
        return self.at(2 * dose) - self.at(dose)


def fit_power(x: Array, y: Array, top: float = math.inf) -> Power:
    """Least squares by variable projection: linear in (asymptote, drop) on a grid of beta. y: curves x doses."""
    best = np.full(len(y), math.inf)
    fitted = np.zeros((3, len(y)))
    for beta in _BETAS:
        z = x**-beta
        centred = z - z.mean()
        drop = np.maximum(-(y - y.mean(axis=1, keepdims=True)) @ centred / float(centred @ centred), 0.0)
        level = y.mean(axis=1) + drop * z.mean()
        over = level > top
        capped = np.maximum(((top - y) @ z) / float(z @ z), 0.0) if math.isfinite(top) else drop
        drop, level = np.where(over, capped, drop), np.minimum(level, top)
        error = ((level[:, None] - drop[:, None] * z - y) ** 2).sum(axis=1)
        better = error < best
        best = np.where(better, error, best)
        fitted[:, better] = np.stack([level, drop, np.full_like(level, beta)])[:, better]
    return Power(fitted[0], fitted[1], fitted[2])


def _held_out(x: Array, boot: Array, top: float) -> tuple[float, float]:
    """Root mean squared error at the last dose, predicted from the doses before it, over the bootstrap draws."""
    before = boot[:, :-1]
    recent = np.log2(x[:-1][-LINE_POINTS:])
    weights = (recent - recent.mean()) / float(((recent - recent.mean()) ** 2).sum())
    last = before[:, -LINE_POINTS:]
    line = last.mean(axis=1) + (last @ weights) * (math.log2(x[-1]) - recent.mean())
    power = fit_power(x[:-1], before, top).at(float(x[-1]))
    return _rms(line - boot[:, -1]), _rms(power - boot[:, -1])


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _inflate(seeds: int) -> float:
    """Resampling R seeds shows (R-1)/R of their variance."""
    return seeds / (seeds - 1) if seeds > 1 else 1.0


def _widened(mean: float, se: float, line: Estimate, level: float) -> Interval:
    half, mean = float(se * t_quantile(0.5 + level / 2, line.df)), float(mean)
    return Interval(mean, mean - half, mean + half, level, line.n, line.clusters, line.seeds, se, line.df)
