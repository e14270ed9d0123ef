"""Scores in, answer out: gains, curves, decision and proposed mixture of one campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ablation.curve import Curve, curves
from ablation.decide import decide
from ablation.evidence import Margins
from ablation.gain import Decision, Gain, Mixture
from ablation.gains import Decomposition, decompose, gains
from ablation.jsonable import plain as plain_of
from ablation.looks import Spending
from ablation.next_step import VERIFIABLE
from ablation.recommend import Limits, recommend
from ablation.scores import METRICS, read_scores
from ablation.signs import LOW_ENTROPY, LossCurve
from buckets import InputError

_BESIDE = ("entropy", "learnable", "headroom", "terminates", "parses")
"""Diagnostics read next to the metric that decides."""


class AnalyseSettings(BaseModel):
    """What is fixed before the scores are seen."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    margin: float = Field(0.05, gt=0)
    """Largest change of the metric that counts as none: a rate for pass@1, nats for nll."""
    level: float = Field(0.95, gt=0.5, lt=1)
    """Two-sided level of printed gains and curves; 1 - level is the error of each one-sided test. Signals and reasons
    print the interval that they are tested on: two-sided at 1 - 2a, a being the error that this look has."""
    metric: Literal["pass@1", "nll"] | None = None
    """What decides: "pass@1" (verified samples) or "nll" (likelihood of the reference, sign flipped); none: what
    the ablation was planned on."""
    entropy_margin: float = Field(0.02, gt=0)
    """Nats of policy entropy that count as no change."""
    entropy_low: float = Field(LOW_ENTROPY, gt=0)
    """Nats a token under which the model's own answers are called low in entropy (only together with fewer distinct
    right answers)."""
    looks: int = Field(1, ge=1, le=1000)
    """How often this campaign will be looked at as data or checkpoints grow: fixed before the first scores are seen."""
    look: int = Field(1, ge=1)
    """Which of the planned looks this is; every look counts, also one on the same arms with more prompts or seeds."""
    spending: Spending = "equal"
    """How the error 1 - level is shared out over the looks: "equal", "pocock" (a little more at first) or
    "obrien-fleming" (nearly all at the end)."""
    budget_tokens: int | None = Field(None, gt=0)
    """Tokens of the next run; default: one pass over everything available."""
    repetition_cap: float = Field(4.0, gt=0)
    """Most epochs of any bucket's rows in the proposal."""
    floors: dict[str, float] = Field(default_factory=dict)
    """Smallest share of the budget per bucket, e.g. {"safety_refusal": 0.02}."""
    eval_weights: dict[str, float] = Field(default_factory=dict)
    """What each eval bucket counts in the weighted score that the mixture maximises; default: all the same. Used by
    response surfaces."""
    score_floors: dict[str, float] = Field(default_factory=dict)
    """Least acceptable dev score per eval bucket, e.g. {"safety_refusal": 0.9}, kept with 95% probability. Used by
    response surfaces."""
    verifiable: tuple[str, ...] = tuple(sorted(VERIFIABLE))
    """Buckets whose answers can be verified, so that RL has a reward."""
    draws: int = Field(200, ge=20)
    """Bootstrap draws behind the intervals of the weights."""
    seed: int = 0

    @model_validator(mode="after")
    def _look_was_planned(self) -> AnalyseSettings:
        if self.look > self.looks:
            raise ValueError(f"look {self.look} is beyond the {self.looks} planned: looks must be fixed beforehand")
        return self

    @model_validator(mode="after")
    def _weights_weigh(self) -> AnalyseSettings:
        weights = self.eval_weights.values()
        if weights and (min(weights) < 0 or sum(weights) <= 0):
            raise ValueError("eval_weights must be 0 or more, and not all 0")
        return self


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
