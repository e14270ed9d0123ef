"""Scores in, answer out: gains, curves, decision and proposed mixture of one campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from ablation.analyse_settings import AnalyseSettings
from ablation.curve import Curve, curves
from ablation.decide import decide
from ablation.evidence import Margins
from ablation.gain import Decision, Gain, Mixture
from ablation.gains import Decomposition, decompose, gains
from ablation.jsonable import plain as plain_of
from ablation.recommend import Limits, recommend
from ablation.scores import METRICS, read_scores
from ablation.signs import LossCurve
from buckets import InputError

_BESIDE = ("entropy", "learnable", "headroom", "terminates", "parses")
"""Diagnostics read next to the metric that decides."""


@dataclass(frozen=True)
class Analysis:
    """The whole answer; `to_json` gives plain dicts."""

    gains: tuple[Gain, ...]
    """On the deciding metric first, then the diagnostics of full - base and of the last dose step."""
    curves: tuple[Curve, ...]
    decomposition: tuple[Decomposition, ...]
    """What each arm's dev score is made of: stopping, format, capability."""
    decision: Decision
    mixture: Mixture | None
    """None when no tokens are available."""

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and finite numbers; what is not finite is None."""
        plain: dict[str, Any] = plain_of(asdict(self))
        return plain


def analyse(
    scores: pl.DataFrame,
    available_tokens: Mapping[str, int],
    settings: AnalyseSettings | None = None,
    *,
    trained_tokens: Mapping[str, int] | None = None,
    prior: Mapping[str, float] | None = None,
    losses: Sequence[LossCurve] = (),
    arm_tokens: Mapping[str, Mapping[str, int]] | None = None,
) -> Analysis:
    """Analyse one campaign.

    scores: the long table of SCORE_COLUMNS, with or without WATCH_COLUMNS. available_tokens: unique trainable tokens
    per bucket. trained_tokens: the same in the full arm, default all that is available. losses: training loss of the
    trials. arm_tokens: arm -> bucket -> trained tokens, repeats included; with enough arms the mixture comes from
    response surfaces (see `recommend`). Raises InputError when columns or the deciding metric are missing and
    RefusedError when the budget or the floors cannot be met.
    """
    settings = settings or AnalyseSettings()
    metric = settings.metric or "pass@1"
    table = read_scores(scores)
    if not any(np.isfinite(cell.arm(arm, metric)).any() for cell in table.cells.values() for arm in cell.arms):
        raise InputError(f"no score on {metric!r} in this campaign: set decide.metric to what it measured")
    margins = Margins(
        settings.margin,
        settings.level,
        metric,
        settings.entropy_margin,
        settings.looks,
        settings.look,
        settings.spending,
    )
    used = trained_tokens or available_tokens
    fitted = curves(table, metric, settings.level, tokens=used, draws=settings.draws, seed=settings.seed)
    decision = decide(
        table,
        margins,
        fitted,
        verifiable=frozenset(settings.verifiable),
        losses=losses,
        low_entropy=settings.entropy_low,
    )
    limits = Limits(
        settings.repetition_cap,
        settings.floors,
        draws=settings.draws,
        seed=settings.seed,
        eval_weights=settings.eval_weights or None,
        score_floors=settings.score_floors or None,
    )
    mixture = None
    if any(count > 0 for count in available_tokens.values()):
        budget = settings.budget_tokens
        mixture = recommend(
            table,
            decision,
            available_tokens,
            budget,
            prior,
            trained=used,
            margins=margins,
            limits=limits,
            arm_tokens=arm_tokens,
        )
    found = gains(table, metric, settings.level)
    step = table.step()
    beside = [
        gain
        for other in _BESIDE
        if other in METRICS
        for gain in gains(table, other, settings.level, only=("dev",))
        if gain.control == "base" or (gain.treated, gain.control) == step
    ]
    parts = [decompose(cell, arm) for (_, split), cell in table.cells.items() if split == "dev" for arm in cell.arms]
    return Analysis((*found, *beside), tuple(fitted), tuple(parts), decision, mixture)
