"""A proposed mixture for the next run: tokens per bucket, with intervals and what would be expected of it.

From a response surface per eval bucket when the campaign trained enough different mixtures (`from_surface`), else from
dose curves and leave-one-out arms (`from_curves`). A proposal never re-run is a guess: train it, and the proportional
and uniform mixtures beside it, with fresh seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from ablation.evidence import Margins
from ablation.from_surface import from_surface
from ablation.gain import Decision, Mixture
from ablation.limits import Limits, normal, refuse
from ablation.scores import Scores, read_scores
from ablation.slopes import from_curves
from ablation.trained_arms import trained_arms
from ablation.water import water_fill

__all__ = ["Limits", "recommend", "water_fill"]


def recommend(
    scores: pl.DataFrame | Scores,
    decision: Decision,
    available: Mapping[str, int],
    budget_tokens: int | None = None,
    prior: Mapping[str, float] | None = None,
    *,
    trained: Mapping[str, int] | None = None,
    margins: Margins | None = None,
    limits: Limits | None = None,
    arm_tokens: Mapping[str, Mapping[str, int]] | None = None,
) -> Mixture:
    """Tokens per bucket of `available` for the next run.

    available: unique trainable tokens per bucket. trained: unique tokens of the full arm (default: all available).
    budget_tokens: default one pass over everything. prior: default proportional to `available`.
    arm_tokens: arm -> bucket -> trained tokens, repeats included; without it, or with fewer than twice as many usable
    arms as buckets (and two), the mixture comes from the curves.
    Raises RefusedError when the budget needs more than `repetition_cap` epochs of everything, or floors exceed it.
    """
    margins, limits = margins or Margins(), limits or Limits()
    table = scores if isinstance(scores, Scores) else read_scores(scores)
    names = [name for name in sorted(available) if available[name] > 0]
    size = np.array([available[name] for name in names], dtype=np.float64)
    budget = int(size.sum()) if budget_tokens is None else budget_tokens
    refuse(names, size, budget, limits)
    share = size / size.sum()
    pull_to = share if prior is None else normal(np.array([max(prior.get(n, 0.0), 0.0) for n in names]), share)
    toward = dict(zip(names, pull_to.tolist(), strict=True))
    label = {bucket.bucket: bucket.label for bucket in decision.buckets}
    arms, note = trained_arms(table, names, arm_tokens, margins.metric)
    if arms is not None:
        found = from_surface(arms, available, budget, toward, margins, limits)
        return replace(found, notes=(*found.notes, *_at_odds(found, label, limits)))
    found = from_curves(table, label, available, trained or available, budget, toward, margins, limits)
    ignored = "score floors and eval weights need response surfaces: this mixture does not keep them"
    asked = limits.score_floors or limits.eval_weights
    return replace(found, notes=(*found.notes, *([note] if note else []), *([ignored] if asked else [])))


def _at_odds(mixture: Mixture, label: Mapping[str, str], limits: Limits) -> list[str]:
    """Labels rest on leave-one-out arms and are tested; a surface reads all arms. Where they differ a person looks."""
    return [
        f"{line.bucket} is labelled harmful, and the surface gives it {line.weight:.1%}: look at both first"
        for line in mixture.weights
        if label.get(line.bucket) == "harmful" and line.weight > limits.floor(line.bucket) + 0.005
    ]
