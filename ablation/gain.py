"""The nouns of the analysis: a paired difference with its interval, a signal, a decision, a mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["CONTINUE", "DONE", "OVER", "UNDECIDED"]
State = Literal["holds", "fails", "unknown"]
CandidateKind = Literal["base", "checkpoint", "dose", "average"]


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
class Watched:
    """One sign of "not yet done" or of "gone too far" for one bucket, read beside the verdict."""

    name: str
    """Key: "protocol", "rising", "reach", "memory", "template", "narrowing", "entropy", "rl"."""
    side: Literal["not yet done", "gone too far"]
    says: str
    """What it means when it is seen, in a person's words."""
    state: Literal["seen", "not seen", "cannot tell"]
    why: str
    """The numbers behind the state: interval with level, n, margin; or what was not measured."""
    needs: str = ""
    """What would settle "cannot tell": how to measure it, or how many more prompts, seeds or samples."""
    measured: bool = True
    gain: Gain | None = None
    """The difference that the state hangs on most, where it is one."""


@dataclass(frozen=True)
class Boundary:
    """What to do with a bucket, or the run, once its verdict is known: which side of "more SFT" it is on."""

    move: Literal[
        "sft more", "sft other rows", "preference tuning", "rlvr", "fix the mode", "stop", "new base", "measure"
    ]
    kind: Literal["", "same", "format", "hard", "long", "diverse"]
    """Kind of rows, where the move is more SFT."""
    says: str
    """One sentence: what to do."""
    because: tuple[str, ...]
    """At most three reasons, the strongest first, each with its evidence."""
    flips: str
    """What would put it on another side."""
    cheapest: str
    """The cheapest measurement that could, with what it costs in prompts, samples, seeds or trials."""


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
    watch: tuple[Watched, ...] = ()
    """Signs of "not yet done" first, then of "gone too far"; they stand beside the verdict and steer the boundary."""
    boundary: Boundary | None = None
    made_of: str = ""
    """What the last dose step is made of: stopping, format, capability."""


@dataclass(frozen=True)
class Candidate:
    """One checkpoint that could be kept. Values are in the units of the score table."""

    name: str
    kind: CandidateKind
    score: float
    """The deciding signal, on the evidence that chooses."""
    eligible: bool
    why: str
    """What bars it, what it loses to the leader, or that it is a tie."""
    tied: bool = False
    """Shown within the margin of the leader on every signal (the leader is)."""
    regret: Interval | None = None
    """How much the chosen one is ahead of it on evidence that did not choose; below 0: it would have been better."""


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
    boundary: Boundary | None = None
    """The move of the run; each bucket has its own."""
    candidates: tuple[Candidate, ...] = ()
    """Every checkpoint that could be kept, least data first, with what taking it instead would cost."""
    last: str = ""
    """The checkpoint that the rule "keep the last" takes."""
    highest: str = ""
    """The one that "keep the highest score" takes, read on the half of the prompts that chooses."""


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
    status: Literal["proposal", "confirmed", "not shown better", "worse"] = "proposal"
    """Anything but "proposal" is what training it beside the baselines showed (`curate confirm`)."""
    notes: tuple[str, ...] = field(default_factory=tuple)
    method: Literal["curves", "surface"] = "curves"
    """Dose curves and leave-one-out arms, or response surfaces over all arms with known tokens."""
    forecasts: tuple[Forecast, ...] = ()
    """The proposal, then the current, proportional and uniform mixtures; empty from curves."""
