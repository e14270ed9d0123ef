"""One number over all eval buckets: the mean of their differences, each bucket counting the same.

Seeds are shared by all buckets of a trained model, so intervals of buckets may not be combined as if independent. The
mean of bucket means is instead written as a mean over prompts that has the same value under every seed and the
stratified variance over prompts, and goes through the estimator of a single bucket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ablation.scores import BOUNDED, Cell
from ablation.stats import NOTHING, Array, Estimate, Mask, estimate, seed_ratio


def macro(cell: Cell, weights: Mapping[str, float], metric: str) -> Estimate:
    """sum_a w_a score_a, paired by prompt and seed, as the mean over eval buckets; `cell` is one of `Scores.pooled`.

    Seed variance is pooled over all trained arms of the cell when there are three or more.
    """
    if any(name not in cell.arms for name in weights):
        return NOTHING
    trained = [name for name, yes in zip(cell.arms, cell.trained, strict=True) if yes]
    names = sorted({*trained, *weights})
    stack = np.stack([cell.arm(name, metric) for name in names])
    seeds, prompts = _whole(stack[[names.index(name) for name in weights]])
    if not prompts.any() or not seeds.any():
        return NOTHING
    buckets = np.array([item.split("/", 1)[0] for item in cell.items])
    total = sum(weight * stack[names.index(name)] for name, weight in weights.items())
    flat = _flattened(total[seeds][:, prompts][None], buckets[prompts])[0]
    widest = sum(abs(weight) for weight in weights.values()) / 2.0 if metric in BOUNDED else 0.0
    ratio = None
    complete = [name for name in trained if _covers(stack[names.index(name)], seeds, prompts)]
    if len(complete) >= 3:
        block = stack[[names.index(name) for name in complete]][:, seeds][:, :, prompts]
        ratio = seed_ratio(_flattened(block, buckets[prompts]), cell.clusters[prompts])
    return estimate(flat, cell.clusters[prompts], ratio=ratio, bounded=widest)


def _whole(stack: Array) -> tuple[Mask, Mask]:
    """Seeds with at least half of the prompts in every arm, then prompts without a gap in them."""
    seen = np.isfinite(stack)
    prompts: Mask = np.asarray(seen.any(axis=(0, 1)))
    if not prompts.any():
        return np.zeros(stack.shape[1], np.bool_), prompts
    seeds: Mask = np.asarray((seen[:, :, prompts].mean(axis=2) >= 0.5).all(axis=0))
    kept: Mask = np.asarray(seen[:, seeds].all(axis=(0, 1))) if seeds.any() else np.zeros_like(prompts)
    return seeds, kept


def _covers(block: Array, seeds: Mask, prompts: Mask) -> bool:
    return bool(np.isfinite(block[seeds][:, prompts]).all())


def _flattened(blocks: Array, buckets: Sequence[str] | np.ndarray) -> Array:
    """y = M + w_b (x - m_b), w_b = N / (K n_b): the mean of y over prompts is the mean over the K bucket means of x.

    blocks: arms x seeds x prompts; m_b is an arm's mean in a bucket, M the mean of its m_b. The prompt deviations keep
    the weight 1 / (K n_b) that they have in the mean of bucket means, so a clustered sum of squares is the stratified
    one (its factor C / (C - 1) is taken over all clusters, not by bucket: too small by about 1 / C_b).
    """
    out = np.zeros_like(blocks)
    names = np.unique(buckets)
    centre = np.zeros((blocks.shape[0], 1, 1))
    for name in names:
        mine = np.asarray(buckets == name)
        mean = blocks[:, :, mine].mean(axis=(1, 2), keepdims=True)
        out[:, :, mine] = (blocks[:, :, mine] - mean) * (blocks.shape[2] / (len(names) * mine.sum()))
        centre += mean / len(names)
    return np.asarray(out + centre)
