"""The `decide` table of a recipe: margins, level and looks of the analysis, fixed before the scores are seen.

Apart from what reads it, so that a recipe is checked without loading statistics.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ablation.tasks import TASKS

Spending = Literal["equal", "pocock", "obrien-fleming"]
LOW_ENTROPY = 0.18
"""Nats a token under which sampling had collapsed in arXiv:2606.18487. One model family's number: the order of
checkpoints carries over, the cutoff need not, so a recipe can set its own and no sign rests on it alone."""
VERIFIABLE = frozenset(bucket for bucket, task in TASKS.items() if task.verifiable)
"""Buckets whose answers a program can check, so that GRPO-like RL has a reward."""


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
