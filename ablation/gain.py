"""The nouns of the analysis: a paired difference with its interval, a signal, a decision, a mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["CONTINUE", "DONE", "OVER", "UNDECIDED"]
State = Literal["holds", "fails", "unknown"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its two-sided interval at `level`, over `n` prompts (in `clusters`) and `seeds`."""

    estimate: float
    low: float
    high: float
    level: float
    n: int
    clusters: int
    seeds: int
    """1: the interval is conditional on that run, seeds are not in it."""
    se: float = math.nan
    """Standard error, so that the interval can be read at another level."""
    df: float = math.inf
    """Degrees of freedom of the t behind it."""

    def words(self) -> str:
        """ "+0.031 [-0.010, +0.072] (90%)": never without the level."""
        return f"{self.estimate:+.3f} [{self.low:+.3f}, {self.high:+.3f}] ({100 * self.level:.3g}%)"


@dataclass(frozen=True)
class Gain:
    """score(treated) - score(control) on one eval bucket and split, paired by item and seed."""

    treated: str
    """Arm name."""
    control: str
    bucket: str
    """The eval bucket the score was read on."""
    split: str
    metric: str
    """"pass@1", "nll" (sign flipped: higher is better), "entropy", "learnable" ..."""
    interval: Interval
    mde: float
    """Smallest true effect this design would have detected with 80% power."""


@dataclass(frozen=True)
class Signal:
    """One of the four conditions of the rule for one bucket."""

    name: Literal["dS_dev", "dS_OOD", "dH_policy", "dG_RL"]
    condition: str
    """In words: "dS_dev ~ 0 within +-0.05"."""
    state: State
    why: str
    gain: Gain | None = None
    margin: float | None = None
    needs: str = ""
    """What would settle an unknown state, with a number: "about 340 more dev prompts"."""


@dataclass(frozen=True)
class Readiness:
    """What already drawn samples say about RL on one eval bucket; it costs nothing, and it is not an RL probe."""

    group: int
    """Group size g of L_g: the samples stored per prompt."""
    pass_rate: Interval
    learnable: Interval
    """L_g = 1 - E[(1-p)^g + p^g]: share of groups with both right and wrong samples."""
    headroom: Interval
    """pass@g - pass@1: about what sharpening alone could claim."""


@dataclass(frozen=True)
class BucketDecision:
    """Where one bucket stands."""

    bucket: str
    verdict: Verdict
    label: str
    """Word for people: still gaining | saturated | redundant | harmful | over-trained | below the base | not learned |
    undecided."""
    rule: Literal["done", "not done", "undecided"]
    """What the bare four-signal rule says, before the guards."""
    signals: tuple[Signal, ...]
    reasons: tuple[str, ...]
    flips: tuple[str, ...]
    """What evidence would change the verdict."""
    next: str
    """Cheapest next step."""
    readiness: Readiness | None = None


@dataclass(frozen=True)
class Decision:
    """The answer of a run."""

    verdict: Verdict
    headline: str
    reasons: tuple[str, ...]
    next: str
    move_to_rl: Literal["yes", "no", "unknown"]
    rl_reason: str
    buckets: tuple[BucketDecision, ...]
    checkpoint: str = ""
    checkpoint_reason: str = ""


@dataclass(frozen=True)
class Weight:
    """One bucket's line in a proposed mixture."""

    bucket: str
    weight: float
    low: float
    high: float
    tokens: int
    epochs: float
    available_tokens: int
    proportional: float
    uniform: float
    why: str


@dataclass(frozen=True)
class Forecast:
    """What the response surfaces expect of one mixture: the proposal, or a baseline beside it. 95% intervals."""

    name: str
    """proposal | current | proportional | uniform."""
    weights: dict[str, float]
    score: float
    """Weighted score over the eval buckets, higher is better (a loss with its sign turned)."""
    low: float
    high: float
    change: float
    """Against the current (full) mixture."""
    change_low: float
    change_high: float
    no_regression: float
    """Chance that no eval bucket falls by more than the margin, or under its score floor."""


@dataclass(frozen=True)
class Mixture:
    """A proposal: what this analysis expects, not yet trained against the baselines."""

    budget_tokens: int
    weights: tuple[Weight, ...]
    status: Literal["proposal", "confirmed"] = "proposal"
    """ "confirmed" is for a mixture trained beside the baselines; no command does that yet, so nothing writes it."""
    notes: tuple[str, ...] = field(default_factory=tuple)
    method: Literal["curves", "surface"] = "curves"
    """Dose curves and leave-one-out arms, or response surfaces over all arms with known tokens."""
    forecasts: tuple[Forecast, ...] = ()
    """The proposal, then the current, proportional and uniform mixtures; empty from curves."""
