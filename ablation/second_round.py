"""A second, smaller round of arms where the first round's surfaces put the best mixture.

Random mixtures spread over everything, so the surface is least sure just where the proposal wants to go, and the
guarantee of no regression then holds it back. Arms trained around the optimum that the fitted means suggest (the margin
asked with even chance, not with .95: the second round is to find out whether the margin holds there) shrink that
doubt: sequential design about the current best point (Box & Wilson 1951). Count these arms as part of the campaign; a
half of the random mixtures can be given up for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from ablation.evidence import Margins
from ablation.from_surface import posed
from ablation.limits import Limits, refuse
from ablation.propose import fitted, solve
from ablation.scores import Scores, read_scores
from ablation.trained_arms import trained_arms
from ablation.water import whole_tokens
from buckets import RefusedError

_CLOSENESS = 60.0
"""Concentration of the gamma draws around the optimum: a share of .1 varies by about .04."""
_LEAST = 0.02
"""Added to every share in those draws (of the concentration), so that a bucket at nil is tried a little above it."""


def second_round(
    scores: pl.DataFrame | Scores,
    available: Mapping[str, int],
    arm_tokens: Mapping[str, Mapping[str, int]],
    count: int = 12,
    budget_tokens: int | None = None,
    *,
    margins: Margins | None = None,
    limits: Limits | None = None,
) -> dict[str, dict[str, int]]:
    """`count` arms to train next: arm -> bucket -> tokens, each within the budget, floors and repetition cap.

    The first is the optimum of the fitted means under the margin, the second the proposal that keeps it with the asked
    chance, the others are drawn around the first. Train them like the first round (same base, prompts and seeds), and
    give all arms together to `recommend`. Raises RefusedError when the arms are too few for surfaces.
    """
    margins, limits = margins or Margins(), limits or Limits()
    table = scores if isinstance(scores, Scores) else read_scores(scores)
    names = [name for name in sorted(available) if available[name] > 0]
    size = np.array([available[name] for name in names], dtype=np.float64)
    budget = int(size.sum()) if budget_tokens is None else budget_tokens
    refuse(names, size, budget, limits)
    arms, note = trained_arms(table, names, arm_tokens, margins.metric)
    if arms is None:
        raise RefusedError(note or "a second round needs the trained tokens of the first round's arms")
    share = dict(zip(names, (size / size.sum()).tolist(), strict=True))
    problem, starts = posed(arms, available, budget, share, margins, limits)
    even = solve(replace(problem, probability=0.5), starts, draws=0).amounts
    sure = solve(problem, np.vstack([even, arms.current]), draws=0).amounts
    rng = np.random.default_rng(limits.seed)
    around = [fitted(rng.gamma(_CLOSENESS * even / even.sum() + _LEAST), problem) for _ in range(max(count - 2, 0))]
    rows = [even, sure, *around][:count]
    return {
        f"around:{i}": dict(zip(names, whole_tokens(row, round(float(row.sum()))).tolist(), strict=True))
        for i, row in enumerate(rows)
    }
