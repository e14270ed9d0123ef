"""The half of report.json that an ablation gives: plan, curves, gains, scores, decision, mixture.

`Decision` and `Mixture` read `dataclasses.asdict` of their namesakes in `ablation` as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from curate.report.part import Maybe, Part, Text

Verdict = Literal["CONTINUE", "DONE", "OVER", "UNDECIDED"]
State = Literal["holds", "fails", "unknown"]

_INTERVAL = ("estimate", "low", "high", "level", "n", "clusters", "seeds")


class Plan(Part):
    """What was trained."""

    trials: int
    seeds: int
    tokens: int | None = None
    """Trained tokens over all trials."""
    flops: Maybe = None
    mde: Maybe = None
    """Smallest true gain the design detects with 80% power, in score units."""
    model: Text = ""
    notes: tuple[Text, ...] = ()


class Point(Part):
    """Score of one dose."""

    dose: float = Field(ge=0, le=1e6)
    """Fraction of each bucket's unique rows; 0 is the base model."""
    rows: int | None = None
    tokens: int | None = None
    score: Maybe
    low: Maybe = None
    high: Maybe = None
    n: int | None = None


class Step(Part):
    """A difference with its interval."""

    estimate: Maybe
    low: Maybe = None
    high: Maybe = None


class Fit(Part):
    """What the fitted law says about the next doubling of the data: S(2D) - S(D)."""

    kind: Text
    next_doubling: Step


class Curve(Part):
    """Score against dose on one eval bucket and split."""

    bucket: Text
    split: Text
    metric: Text = "pass@1"
    points: tuple[Point, ...]
    fit: Fit | None = None
    level: float = 0.95


class Cell(Part):
    """score(full) - score(full without `row`), read on the eval bucket `col`."""

    row: Text
    col: Text
    estimate: Maybe
    low: Maybe = None
    high: Maybe = None
    n: int | None = None

    @property
    def clear(self) -> bool:
        """The interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


class GainMatrix(Part):
    """Left-out buckets against eval buckets."""

    rows: tuple[Text, ...]
    cols: tuple[Text, ...]
    cells: tuple[Cell, ...]
    level: float = 0.95
    split: Text = ""
    metric: Text = "pass@1"

    def at(self, row: str, col: str) -> Cell | None:
        return next((cell for cell in self.cells if cell.row == row and cell.col == col), None)


class Score(Part):
    """score = P(terminates) x P(parses | terminates) x P(correct | parses)."""

    arm: Text
    bucket: Text
    split: Text
    score: Maybe
    terminates: Maybe = None
    parses: Maybe = None
    correct: Maybe = None


class Ablation(Part):
    """All that the trials gave."""

    plan: Plan
    curves: tuple[Curve, ...] = ()
    gain_matrix: GainMatrix | None = None
    scores: tuple[Score, ...] = ()


class Signal(Part):
    """One of the four conditions of the rule."""

    name: Text
    condition: Text
    state: State
    why: Text = ""
    metric: Text = ""
    estimate: Maybe = None
    low: Maybe = None
    high: Maybe = None
    level: Maybe = None
    n: int | None = None
    clusters: int | None = None
    seeds: int | None = None
    mde: Maybe = None
    margin: Maybe = None
    needs: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, raw: Any) -> Any:
        """Lift the numbers out of the nested gain that `ablation` keeps them in."""
        if not isinstance(raw, Mapping) or "gain" not in raw:
            return raw
        flat = {key: value for key, value in raw.items() if key != "gain"}
        gain = raw["gain"]
        if gain is None:
            return flat
        interval = {key: gain["interval"][key] for key in _INTERVAL}
        return {**flat, **interval, "metric": gain["metric"], "mde": gain["mde"]}


class Interval(Part):
    """An estimate with what stands behind it."""

    estimate: Maybe
    low: Maybe = None
    high: Maybe = None
    level: Maybe = None
    n: int | None = None
    clusters: int | None = None
    seeds: int | None = None
    se: Maybe = None
    df: Maybe = None


class Readiness(Part):
    """What the samples that were drawn anyway say about RL; not an RL probe."""

    group: int
    """GRPO group size g."""
    pass_rate: Interval
    learnable: Interval
    headroom: Interval


class Watched(Part):
    """One sign beside the verdict; seen, not seen, or not to be told."""

    name: Text
    side: Literal["not yet done", "gone too far"]
    says: Text
    state: Literal["seen", "not seen", "cannot tell"]
    why: Text = ""
    needs: Text = ""
    measured: bool = True
    estimate: Maybe = None
    low: Maybe = None
    high: Maybe = None
    level: Maybe = None
    n: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, raw: Any) -> Any:
        """Lift the numbers out of the nested gain that `ablation` keeps them in."""
        if not isinstance(raw, Mapping) or "gain" not in raw:
            return raw
        flat = {key: value for key, value in raw.items() if key != "gain"}
        if raw["gain"] is None:
            return flat
        return {**flat, **{key: raw["gain"]["interval"][key] for key in ("estimate", "low", "high", "level", "n")}}


class Boundary(Part):
    """Which side of "more SFT" a bucket, or the run, is on."""

    move: Literal[
        "sft more", "sft other rows", "preference tuning", "rlvr", "fix the mode", "stop", "new base", "measure"
    ]
    kind: Literal["", "same", "format", "hard", "long", "diverse"] = ""
    says: Text = ""
    because: tuple[Text, ...] = ()
    flips: Text = ""
    cheapest: Text = ""


class BucketDecision(Part):
    """Where one bucket stands."""

    bucket: Text
    verdict: Verdict
    label: Text
    rule: Literal["done", "not done", "undecided"]
    signals: tuple[Signal, ...] = ()
    reasons: tuple[Text, ...] = ()
    flips: tuple[Text, ...] = ()
    next: Text = ""
    readiness: Readiness | None = None
    watch: tuple[Watched, ...] = ()
    boundary: Boundary | None = None
    made_of: Text = ""

    @property
    def gained(self) -> Signal | None:
        """The last dose step on dev."""
        return next((signal for signal in self.signals if signal.name == "dS_dev"), None)


class Candidate(Part):
    """One checkpoint that could be kept."""

    name: Text
    kind: Text = ""
    score: Maybe = None
    """On the half of the prompts that chooses."""
    eligible: bool = True
    why: Text = ""
    tied: bool = False
    regret: Interval | None = None
    """How much the chosen one is ahead of it on the half that did not choose."""


class Decision(Part):
    """The answer of the run."""

    verdict: Verdict
    headline: Text
    reasons: tuple[Text, ...] = ()
    next: Text = ""
    move_to_rl: Literal["yes", "no", "unknown"] = "unknown"
    rl_reason: Text = ""
    buckets: tuple[BucketDecision, ...] = ()
    checkpoint: Text = ""
    checkpoint_reason: Text = ""
    boundary: Boundary | None = None
    candidates: tuple[Candidate, ...] = ()
    last: Text = ""
    highest: Text = ""

    @property
    def simple_rules(self) -> tuple[tuple[str, Candidate], ...]:
        """What people usually keep, where it is not the chosen one, with its line in the table of candidates."""
        named = {line.name: line for line in self.candidates}
        if self.last == self.highest:
            rules = {"the last, which has the highest score": self.last}
        else:
            rules = {"the last": self.last, "the highest score": self.highest}
        return tuple((rule, named[arm]) for rule, arm in rules.items() if arm in named and arm != self.checkpoint)


class Weight(Part):
    """One bucket's line in the proposed mixture; weights are shares of trained tokens."""

    bucket: Text
    weight: float
    low: Maybe = None
    high: Maybe = None
    tokens: int
    epochs: Maybe = None
    available_tokens: int
    proportional: Maybe = None
    uniform: Maybe = None
    why: Text = ""


class Forecast(Part):
    """What the response surfaces expect of one mixture, with 95% intervals; changes are against the current one."""

    name: Text
    weights: dict[str, Maybe]
    score: Maybe
    low: Maybe
    high: Maybe
    change: Maybe
    change_low: Maybe
    change_high: Maybe
    no_regression: Maybe


class Mixture(Part):
    """A proposal until it has been trained against the baselines."""

    budget_tokens: int
    weights: tuple[Weight, ...]
    status: Literal["proposal", "confirmed", "not shown better", "worse"] = "proposal"
    notes: tuple[Text, ...] = ()
    method: Literal["curves", "surface"] = "curves"
    forecasts: tuple[Forecast, ...] = ()
