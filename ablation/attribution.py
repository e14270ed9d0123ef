"""What a gain is made of: stopping, format or capability, each with an interval.

S = P(terminates) P(parses | terminates) P(correct | parses); the change between two arms is shared out by Shapley
values of the three factors (`gains.attribute`). Intervals are a bootstrap over seeds x prompt clusters, widened by
sqrt(R/(R-1)) for R resampled seeds: they read a function of six means, for which there is no formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ablation.gain import Interval
from ablation.scores import Cell
from ablation.stats import Array, Mask, resample, t_quantile

PARTS = ("terminates", "parses", "correct")
NAMES = {"terminates": "stopping", "parses": "format", "correct": "capability"}
_METRICS = ("terminates", "parses", "pass@1")


@dataclass(frozen=True)
class Attribution:
    """score(treated) - score(control) and its three parts, which add up to it."""

    total: float
    parts: dict[str, Interval]
    """Keys are `PARTS`."""
    protocol: Interval
    """Stopping and format together."""

    def verdict(self, margin: float) -> str:
        """What the gain is, as far as the intervals say."""
        capability = self.parts["correct"]
        if self.total <= 0:
            return "no gain to share out"
        if capability.seeds < 2:
            return "one seed cannot tell whether it is capability"
        if capability.low > 0:
            return "a gain in capability"
        if self.protocol.low > 0 and capability.high < margin:
            return "a gain in stopping and format, not in capability"
        return "cannot tell whether it is capability"

    def words(self, margin: float) -> str:
        each = "; ".join(f"{NAMES[name]} {self.parts[name].words()}" for name in PARTS)
        return f"{self.total:+.3f} on dev is {each}: {self.verdict(margin)}"


def attribution(
    cell: Cell, treated: str, control: str, level: float = 0.95, draws: int = 300, seed: int = 0
) -> Attribution | None:
    """None where an arm is missing or no prompt was sampled in both."""
    if treated not in cell.arms or control not in cell.arms:
        return None
    stack = np.stack([cell.arm(arm, metric) for arm in (control, treated) for metric in _METRICS])
    seen: Mask = np.asarray(np.isfinite(stack).all(axis=0))
    if not seen.any():
        return None
    seeds = seen[:, seen.any(axis=0)].mean(axis=1) >= 0.5
    kept = seen[seeds].all(axis=0) if seeds.any() else np.zeros(seen.shape[1], dtype=np.bool_)
    if kept.sum() < 2:
        return None
    block, clusters = stack[:, seeds][:, :, kept], cell.clusters[kept]
    drawn = resample(block.shape[1], clusters, draws, seed).means(block)
    table, point = _parts(drawn), _parts(block.mean(axis=(1, 2))[None])[0]
    count = block.shape[1]
    widen = math.sqrt(count / (count - 1)) if count > 1 else 1.0
    about = (level, block.shape[2], len(np.unique(clusters)), count)
    parts = {
        name: _interval(float(point[i]), float(table[:, i].std(ddof=1)) * widen, *about) for i, name in enumerate(PARTS)
    }
    spread = float((table[:, 0] + table[:, 1]).std(ddof=1)) * widen
    return Attribution(float(point.sum()), parts, _interval(float(point[0] + point[1]), spread, *about))


def _parts(means: Array) -> Array:
    """Shapley values [draws, 3] from means [draws, 6]: the three rates of the control, then of the treated arm.

    The same as `gains.attribute` for a whole bootstrap at once: for factors a, b, c the part of a is
    (a1 - a0) (b0 c0 / 3 + (b1 c0 + b0 c1) / 6 + b1 c1 / 3). A factor that is undefined on one side takes the other's.
    """
    old, new = _factors(means[:, :3]), _factors(means[:, 3:])
    old, new = np.where(np.isfinite(old), old, new), np.where(np.isfinite(new), new, old)
    old, new = np.nan_to_num(old), np.nan_to_num(new)
    found = np.empty_like(old)
    for i, (j, k) in enumerate(((1, 2), (0, 2), (0, 1))):
        ends = (old[:, j] * old[:, k] + new[:, j] * new[:, k]) / 3
        found[:, i] = (new[:, i] - old[:, i]) * (ends + (new[:, j] * old[:, k] + old[:, j] * new[:, k]) / 6)
    return found


def _factors(rates: Array) -> Array:
    """terminates, parses | terminates, correct | parses from terminates, parses, correct; NaN where undefined."""
    top, bottom = rates[:, 1:], rates[:, :2]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
    return np.column_stack([rates[:, 0], ratios])


def _interval(mean: float, se: float, level: float, n: int, clusters: int, seeds: int) -> Interval:
    half = se * t_quantile(0.5 + level / 2, math.inf)
    return Interval(mean, mean - half, mean + half, level, n, clusters, seeds, se)
