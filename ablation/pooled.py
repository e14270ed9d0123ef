"""How much seeds vary, pooled over the trained arms of an eval cell: a pair of arms says little about it."""

from __future__ import annotations

import math

import numpy as np

from ablation.crossed import Array, Codes, SeedRatio, cluster_sums


def running_ratios(sums: Array, sizes: Array) -> Array:
    """F over the first 2, 3, ... arms from cluster sums (... x arms x seeds x C) -> (... x arms - 1); NaN without rest.

    F of the arm x seed means against the arm x seed x prompt rest. Sums of squares about the mean of a growing set of
    arms grow by m/(m+1) (x - mean of the m before)^2 (Welford 1962), so that each prefix costs one arm.
    """
    arms, _, count = sums.shape[-3:]
    n = float(sizes.sum())
    by_seed = sums.sum(axis=-1) / n
    means = by_seed - by_seed.mean(axis=-1, keepdims=True)
    rest = sums - sizes * means[..., None] - sums.mean(axis=-2, keepdims=True)
    before = np.arange(1.0, arms)
    weight = before / (before + 1.0)
    between = weight * np.square(_steps(means, -2)).sum(axis=-1)
    steps = _steps(rest, -3)
    within = weight * np.einsum("...sc,...sc->...", steps, steps)
    expected = np.cumsum(within, axis=-1) * count / max(count - 1, 1) / n**2
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = np.where(expected > 0, np.cumsum(between, axis=-1) / expected, np.nan)
    return found


def _steps(values: Array, axis: int) -> Array:
    """Each entry along `axis`, from the second, minus the mean of those before it."""
    moved = np.moveaxis(values, axis, 0)
    counts = np.arange(1.0, len(moved)).reshape(-1, *[1] * (moved.ndim - 1))
    found: Array = np.moveaxis(moved[1:] - np.cumsum(moved[:-1], axis=0) / counts, 0, axis)
    return found


def seed_ratio(scores: Array, clusters: Codes) -> SeedRatio | None:
    """F pooled over all trained arms of one eval cell.

    scores: arms x seeds x prompts. None with fewer than three arms or two seeds: the pair's own F is then all there is.
    """
    arms, seeds, _ = scores.shape
    _, codes = np.unique(clusters, return_inverse=True)
    if arms < 3 or seeds < 2 or not codes.size or int(codes.max()) < 1:
        return None
    f = float(running_ratios(*cluster_sums(scores, codes))[-1])
    return SeedRatio(f, (arms - 1.0) * (seeds - 1.0)) if math.isfinite(f) else None
