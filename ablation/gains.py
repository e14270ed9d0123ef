"""Paired gains of a campaign: leave-one-out matrix, dose steps, full against base, and what a score is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import polars as pl

from ablation.gain import Gain, Readiness
from ablation.scores import METRICS, Cell, Scores, read_scores
from ablation.stats import Estimate, estimate, mde, within
from buckets import InputError


def pairs(scores: Scores, base: str = "base") -> list[tuple[str, str]]:
    """(treated, control) of every gain: full - base, each dose step, full - loo:b, each trained mixture - full."""
    arms = {arm for cell in scores.cells.values() for arm in cell.arms}
    found: list[tuple[str, str]] = []
    if "full" in arms:
        if base in arms:
            found.append(("full", base))
        found += [("full", arm) for _, arm in sorted(scores.left_out.items())]
        found += [(arm, "full") for arm in scores.mixtures]
    doses = list(scores.doses)
    steps = list(zip(doses[1:], doses[:-1], strict=True))
    return found[:1] + steps + found[1:] if found and found[0][1] == base else steps + found


def gains(
    scores: pl.DataFrame | Scores, metric: str = "pass@1", level: float = 0.95, *, only: Iterable[str] | None = None
) -> list[Gain]:
    """Every paired gain on every eval bucket and split, treated minus control.

    metric: one of `METRICS` ("nll" has its sign flipped, so that higher is better; "entropy" is a difference in nats;
    "learnable" is L_g at g = samples). `only` keeps eval splits. Pairs with no common seed and item are left out.
    """
    if metric not in METRICS:
        raise InputError(f"unknown metric {metric!r}; known: {', '.join(METRICS)}")
    table = scores if isinstance(scores, Scores) else read_scores(scores)
    wanted = None if only is None else set(only)
    found: list[Gain] = []
    for treated, control in pairs(table):
        for (bucket, split), cell in table.cells.items():
            if wanted is None or split in wanted:
                value = cell.contrast({treated: 1.0, control: -1.0}, metric)
                if value.n:
                    found.append(gain_of(value, treated, control, bucket, split, metric, level))
    return found


def gain_of(
    value: Estimate, treated: str, control: str, bucket: str, split: str, metric: str, level: float = 0.95
) -> Gain:
    return Gain(treated, control, bucket, split, metric, value.interval(level), mde(value, level))


@dataclass(frozen=True)
class Decomposition:
    """S = P(terminates) x P(parses | terminates) x P(correct | parses), pooled over prompts and seeds of one arm."""

    arm: str
    bucket: str
    split: str
    score: float
    terminates: float
    parses: float
    correct: float


def decompose(cell: Cell, arm: str) -> Decomposition:
    """Ratios of sums, so that the product is the score exactly; a factor whose condition never occurs is NaN."""
    index = cell.arms.index(arm)
    seen = np.isfinite(cell.raw["samples"][index]) & np.isfinite(cell.raw["correct"][index])
    total = {
        name: float(np.nansum(np.where(seen, cell.raw[name][index], 0.0)))
        for name in ("samples", "terminated", "parsed", "correct")
    }
    return Decomposition(
        arm,
        cell.bucket,
        cell.split,
        score=_over(total["correct"], total["samples"]),
        terminates=_over(total["terminated"], total["samples"]),
        parses=_over(total["parsed"], total["terminated"]),
        correct=_over(total["correct"], total["parsed"]),
    )


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else math.nan


def attribute(before: Decomposition, after: Decomposition) -> Mapping[str, float]:
    """Parts of S_after - S_before due to stopping, format and capability; they add up to it.

    Shapley values of the three factors of the product: the mean over the six orders of switching them. A factor that is
    undefined on one side (nothing parsed) takes the other side's value: the change is then put on the earlier factors.
    """
    names = ("terminates", "parses", "correct")
    old = {name: _either(getattr(before, name), getattr(after, name)) for name in names}
    new = {name: _either(getattr(after, name), getattr(before, name)) for name in names}
    parts = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        current = dict(old)
        for name in order:
            start = math.prod(current.values())
            current[name] = new[name]
            parts[name] += (math.prod(current.values()) - start) / 6.0
    return parts


def _either(first: float, second: float) -> float:
    if math.isfinite(first):
        return first
    return second if math.isfinite(second) else 0.0


def readiness(cell: Cell, arm: str = "full", level: float = 0.95) -> Readiness | None:
    """L_g, headroom and pass rate of one arm from stored samples; None with fewer than two samples a prompt.

    All three are rates: their intervals end at 0 and 1.
    """
    if arm not in cell.arms:
        return None
    samples = cell.raw["samples"][cell.arms.index(arm)]
    usual = float(np.nanmedian(samples)) if np.isfinite(samples).any() else 0.0
    if usual < 2:
        return None
    rate, learnable, headroom = (
        within(estimate(cell.arm(arm, metric), cell.clusters, bounded=1.0).interval(level), 0.0, 1.0)
        for metric in ("pass@1", "learnable", "headroom")
    )
    return Readiness(int(usual), rate, learnable, headroom) if learnable.n else None
