"""A fast first search for the best mixture: sequential quadratic programming on smooth surfaces.

The chance of no regression enters per eval bucket as mean - z sd >= -margin, which is smooth even where the chance is
nearly 0; the climb in `propose.py` then brings the joint chance up. Slopes are forward differences, all in one batch of
predictions. Not covered: trees, whose slopes are nil (the climb alone handles them).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from ablation.stats import Array

_STEP = 1e-4
"""Difference of the slopes, as a share of the budget."""
_ITERATIONS = 60
_SCALE = 100.0
"""Scores are multiplied by this, so that the solver's tolerance is far below any difference that matters."""


def best_smooth(
    start: Array, low: Array, high: Array, budget: float, judge: Callable[[Array], tuple[Array, Array]]
) -> Array:
    """From `start` (within the bounds, adding to the budget) to a local optimum, in the unit of `start`.

    judge: points x buckets -> worth (points) and slack (points x constraints, at least 0 where kept).
    """
    count = len(start)
    seen: dict[bytes, tuple[Array, Array]] = {}

    def look(shares: Array) -> tuple[Array, Array]:
        key = shares.tobytes()
        if key not in seen:
            seen.clear()
            at = np.vstack([shares[None], shares + _STEP * np.eye(count)]) * budget
            seen[key] = judge(at)
        return seen[key]

    def slope(values: Array) -> Array:
        found: Array = ((values[1:] - values[0]) / _STEP).T
        return found

    found = minimize(
        lambda x: -_SCALE * float(look(x)[0][0]),
        start / budget,
        jac=lambda x: -_SCALE * slope(look(x)[0]),
        bounds=list(zip(low / budget, high / budget, strict=True)),
        constraints=[
            {"type": "eq", "fun": lambda x: x.sum() - 1.0, "jac": lambda _: np.ones(count)},
            {
                "type": "ineq",
                "fun": lambda x: _SCALE * look(x)[1][0],
                "jac": lambda x: _SCALE * slope(look(x)[1]),
            },
        ],
        method="SLSQP",
        options={"maxiter": _ITERATIONS, "ftol": 1e-5},
    )
    ended: Array = np.asarray(found.x) * budget
    return ended if np.isfinite(ended).all() else start
