"""What the fitted surfaces expect of named mixtures: the proposal, and the baselines that it has to beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ablation.gain import Forecast
from ablation.propose import Problem
from ablation.stats import Array


def forecast(named: Mapping[str, Array], problem: Problem, buckets: tuple[str, ...]) -> tuple[Forecast, ...]:
    """What the surfaces expect of each mixture, with 95% intervals."""
    at = np.array(list(named.values()), dtype=np.float64)
    level, level_sd = problem.level(at)
    change, change_sd = problem.change(at)
    chance = problem.chance(at)
    found = []
    for i, name in enumerate(named):
        shares = at[i] / at[i].sum()
        found.append(
            Forecast(
                name=name,
                weights=dict(zip(buckets, shares.tolist(), strict=True)),
                score=float(level[i]),
                low=float(level[i] - 1.96 * level_sd[i]),
                high=float(level[i] + 1.96 * level_sd[i]),
                change=float(change[i]),
                change_low=float(change[i] - 1.96 * change_sd[i]),
                change_high=float(change[i] + 1.96 * change_sd[i]),
                no_regression=float(chance[i]),
            )
        )
    return tuple(found)
