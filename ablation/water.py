"""Water-filling: the split of a budget that a weighted sum of logs likes most, within bounds; and whole tokens."""

from __future__ import annotations

import numpy as np

from ablation.stats import Array


def water_fill(wish: Array, low: Array, high: Array, budget: float) -> Array:
    """argmax sum wish_b log t_b with low <= t <= high and sum t = budget: t = clip(wish / price, low, high).

    Returns `high` (sum below budget) when the caps cannot hold the budget, `low` when the floors already fill it.
    """
    if high.sum() <= budget:
        return high.copy()
    if low.sum() >= budget:
        return low.copy()
    wish = np.maximum(wish, 1e-12)
    bottom, top = 0.0, float((high / wish).max())
    for _ in range(200):
        scale = (bottom + top) / 2
        placed = np.clip(wish * scale, low, high)
        bottom, top = (scale, top) if placed.sum() < budget else (bottom, scale)
    result: Array = np.clip(wish * top, low, high)
    return result * (budget / result.sum()) if abs(result.sum() - budget) < 1e-6 * budget else result


def whole_tokens(tokens: Array, total: int) -> Array:
    """Whole tokens with the largest remainders rounded up, adding to `total`."""
    down = np.floor(tokens)
    left = int(total - down.sum())
    order = np.argsort(-(tokens - down), kind="stable")
    for i in order[: max(left, 0)]:
        down[i] += 1
    return down
