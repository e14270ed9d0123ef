"""Which arm to keep: chosen on one half of the dev prompts, reported on the other, so that luck is not reported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from ablation.evidence import Margins
from ablation.gain import Interval
from ablation.scores import Cell, Scores
from ablation.stats import NOTHING, Mask, at, holm, non_superior


@dataclass(frozen=True)
class Checkpoint:
    """`report` is the full dose minus the chosen one, on the half that did not choose; None when full is chosen."""

    arm: str
    reason: str
    report: Interval | None = None


def choosing_half(cell: Cell, prefix: str = "") -> Mask:
    """True for prompts that choose; whole clusters go to one half, by a hash of their name."""
    digests = [hashlib.blake2b((prefix + label).encode(), digest_size=1).digest()[0] for label in cell.labels]
    return np.array([digest % 2 == 0 for digest in digests], dtype=np.bool_)


def choose(scores: Scores, margins: Margins) -> Checkpoint:
    """The arm of `_choose`; its reason says so where the untrained base model is clearly better than that arm."""
    found, pool = _choose(scores, margins), scores.pooled.get("dev")
    value = NOTHING if pool is None else pool.contrast({found.arm: 1.0, "base": -1.0}, margins.metric)
    inner = at(value.interval(margins.level), 1.0 - 2.0 * margins.alpha)
    if found.arm and value.n and inner.high < 0:
        return replace(found, reason=f"{found.reason}; but the base model is better: {inner.words()} against it")
    return found


def _choose(scores: Scores, margins: Margins) -> Checkpoint:
    """The smallest dose that the best dose beats by less than the margin (one-sided at a), pooled over buckets.

    A dose on which some bucket still loses more than the margin (Holm over buckets) is not eligible. Only doses are
    candidates: earlier steps of a run are not in the score table.
    """
    pool = scores.pooled.get("dev")
    names = [name for name in scores.doses if pool is not None and name in pool.arms]
    if pool is None or not names:
        return Checkpoint("", "no dev scores of a trained arm")
    if len(names) == 1:
        return Checkpoint(names[0], "the only trained dose")
    half = choosing_half(pool)
    if half.sum() < 8 or (~half).sum() < 8:
        return Checkpoint(names[-1], "too few dev prompts to choose on one half and report on the other")
    means = {name: _mean(pool, name, margins.metric, half) for name in names}
    best = max(names, key=lambda name: means[name])
    for name in names:
        if name == best:
            why = f"highest score on one half of dev ({means[best]:.3f})"
            return _report(pool, name, names[-1], why, margins, ~half)
        value = pool.contrast({best: 1.0, name: -1.0}, margins.metric, half)
        inner = at(value.interval(margins.level), 1.0 - 2.0 * margins.alpha)
        if value.seeds > 1 and non_superior(inner, margins.margin) and not _loses(scores, best, name, margins):
            why = f"least data within {margins.margin:g} of the best dose ({best}) on one half of dev"
            return _report(pool, name, names[-1], why, margins, ~half)
    return Checkpoint(best, "highest score on one half of dev")


def _mean(pool: Cell, name: str, metric: str, half: Mask) -> float:
    block = pool.arm(name, metric)[:, half]
    seen = np.isfinite(block)
    return float(block[seen].mean()) if seen.any() else float("-inf")


def _loses(scores: Scores, best: str, name: str, margins: Margins) -> bool:
    cells = [
        (cell, choosing_half(cell, f"{bucket}/")) for (bucket, split), cell in scores.cells.items() if split == "dev"
    ]
    values = [cell.contrast({best: 1.0, name: -1.0}, margins.metric, half) for cell, half in cells]
    adjusted = holm([value.p_above() for value in values])
    return any(p < margins.alpha and v.mean > margins.margin for p, v in zip(adjusted, values, strict=True))


def _report(pool: Cell, name: str, full: str, why: str, margins: Margins, other: Mask) -> Checkpoint:
    if name == full:
        return Checkpoint(name, f"{why}; {_mean(pool, name, margins.metric, other):.3f} on the other half")
    report = pool.contrast({full: 1.0, name: -1.0}, margins.metric, other).interval(margins.level)
    spread = f"{report.words()}, n={report.n}"
    return Checkpoint(name, f"{why}; on the other half {full} minus {name} is {spread}", report)
