"""What one bucket's scores say, before any verdict: the last doubling on each split, and leaving the bucket out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ablation.analyse_settings import Spending
from ablation.gain import Gain, Interval, Readiness
from ablation.gains import gain_of, readiness
from ablation.looks import look_alpha
from ablation.scores import BOUNDED, Scores
from ablation.stats import NOTHING, Comparison, Estimate, estimate, holm, non_superior, tost

RATE_MARGIN = 0.05
"""Where the deciding metric is a loss in nats: one reply in twenty."""


@dataclass(frozen=True)
class Margins:
    """What was fixed before the run. With one look a = 1 - level is the error of each one-sided test."""

    margin: float = 0.05
    level: float = 0.95
    metric: str = "pass@1"
    entropy: float = 0.02
    """Nats: an entropy change within this is no change."""
    looks: int = 1
    look: int = 1
    spending: Spending = "equal"

    @property
    def alpha(self) -> float:
        """Error of each one-sided test at this look; over all planned looks they add up to 1 - level."""
        return look_alpha(1.0 - self.level, self.look, self.looks, self.spending)

    @property
    def confidence(self) -> float:
        """1 - alpha: the level that claims of this look are made at; `level` is that of printed intervals."""
        return 1.0 - self.alpha

    @property
    def tested(self) -> float:
        """1 - 2 alpha: two-sided level of the interval that two one-sided tests at alpha are read off."""
        return 1.0 - 2.0 * self.alpha

    @property
    def two_sided(self) -> float:
        """Of printed intervals whose ends are claims: `level`, or what this look asks for where that is more."""
        return max(self.level, self.tested)

    @property
    def rate(self) -> float:
        """Margin of rates beside the score (protocol, headroom, openings): a margin in nats says nothing about them."""
        return self.margin if self.metric in BOUNDED else RATE_MARGIN


@dataclass(frozen=True)
class Difference:
    """One paired difference on one eval cell, with its (1 - 2a) interval and the three-way comparison."""

    treated: str
    control: str
    bucket: str
    split: str
    metric: str
    value: Estimate
    scored: Estimate
    """The score of the treated arm itself."""
    inner: Interval
    comparison: Comparison
    informative: bool

    @property
    def seeds(self) -> int:
        return self.value.seeds

    @property
    def score(self) -> float:
        return self.scored.mean

    def floor(self, level: float) -> float:
        """Lower end of the interval of the treated arm's score."""
        return self.scored.interval(level).low

    def gain(self, level: float) -> Gain:
        return gain_of(self.value, self.treated, self.control, self.bucket, self.split, self.metric, level)

    def words(self) -> str:
        return f"{self.inner.words()} on {self.split}"


@dataclass(frozen=True)
class Evidence:
    """Differences of one bucket; absent ones (no such arm, split or common seed) are None or missing."""

    bucket: str
    steps: Mapping[str, Difference]
    """Split -> full minus the last dose."""
    entropy: Difference | None
    earlier: tuple[Difference, ...]
    """Dose steps on dev before the last one, and full - base."""
    own: Difference | None
    """full - loo:bucket on the bucket's own dev."""
    others: tuple[Difference, ...]
    """full - loo:bucket on the dev of every other eval bucket that can vote."""
    mute: tuple[str, ...]
    """Other eval buckets that every arm fails or every arm solves on dev: they have no vote."""
    unread: tuple[str, ...]
    """Other eval buckets that could vote, but on which leaving this one out was not measured."""
    readiness: Readiness | None

    @property
    def dev(self) -> Difference | None:
        return self.steps.get("dev")

    @property
    def base(self) -> Difference | None:
        """full - base on dev."""
        return next((step for step in self.earlier if step.control == "base"), None)

    @property
    def voters(self) -> list[Difference]:
        return [step for step in self.steps.values() if step.informative]

    @property
    def off_dev(self) -> list[Difference]:
        return [step for step in self.voters if step.split != "dev"]

    def p_rising(self) -> float:
        """Holm over the splits that vote: p of "some split still rises"; equivalence within the margin is no rise."""
        adjusted = holm([step.value.p_above() for step in self.voters])
        rising = [p for p, step in zip(adjusted, self.voters, strict=True) if step.comparison != "equivalent"]
        return min(rising, default=1.0)

    def rising(self, alpha: float) -> list[Difference]:
        adjusted = holm([step.value.p_above() for step in self.voters])
        pairs = zip(adjusted, self.voters, strict=True)
        return [step for p, step in pairs if p < alpha and step.comparison != "equivalent"]

    def hurts(self, margins: Margins) -> list[Difference]:
        """Other eval buckets shown better by more than the margin without this one: against -margin, Holm over them."""
        adjusted = holm([other.value.p_below(-margins.margin) for other in self.others])
        pairs = zip(adjusted, self.others, strict=True)
        return [x for p, x in pairs if p < margins.alpha and x.seeds > 1]

    def helps(self, margins: Margins) -> list[Difference]:
        """Other eval buckets shown to lose more than the margin without this one: against +margin, Holm over them."""
        adjusted = holm([other.value.p_above(margins.margin) for other in self.others])
        pairs = zip(adjusted, self.others, strict=True)
        return [x for p, x in pairs if p < margins.alpha]

    def may_lose(self, margins: Margins) -> list[Difference]:
        """Other eval buckets not shown to lose less than the margin without this one, the widest open first.

        "No other bucket loses" is an intersection of claims, so each is tested at its own level and needs no Holm.
        """
        safe = [x for x in self.others if x.seeds > 1 and non_superior(x.inner, margins.margin)]
        return sorted((x for x in self.others if x not in safe), key=lambda x: -x.inner.high)


def gather(scores: Scores, bucket: str, margins: Margins) -> Evidence:
    step = scores.step()
    splits = [split for split in scores.splits if (bucket, split) in scores.cells]
    steps: dict[str, Difference] = {}
    if step is not None:
        found = {split: _difference(scores, *step, bucket, split, margins) for split in splits}
        steps = {split: value for split, value in found.items() if value is not None}
    doses = list(scores.doses)
    before = [*zip(doses[1:-1], doses[:-2], strict=True), ("full", "base")]
    earlier = [_difference(scores, treated, control, bucket, "dev", margins) for treated, control in before]
    cell = scores.cells.get((bucket, "dev"))
    left_out = scores.left_out.get(bucket)
    own = None if left_out is None else _difference(scores, "full", left_out, bucket, "dev", margins)
    elsewhere = [name for name in scores.buckets if name != bucket and (name, "dev") in scores.cells]
    mute = [name for name in elsewhere if not scores.cells[name, "dev"].informative(margins.metric)]
    read = {
        name: None if left_out is None else _difference(scores, "full", left_out, name, "dev", margins)
        for name in elsewhere
        if name not in mute
    }
    return Evidence(
        bucket=bucket,
        steps=steps,
        entropy=None if step is None else _difference(scores, *step, bucket, "dev", margins, "entropy"),
        earlier=tuple(value for value in earlier if value is not None),
        own=own,
        others=tuple(value for value in read.values() if value is not None),
        mute=tuple(mute),
        unread=tuple(name for name, value in read.items() if value is None),
        readiness=None if cell is None else readiness(cell, "full", margins.two_sided),
    )


def _difference(
    scores: Scores, treated: str, control: str, bucket: str, split: str, margins: Margins, metric: str | None = None
) -> Difference | None:
    name = metric or margins.metric
    value = scores.contrast({treated: 1.0, control: -1.0}, bucket, split, name)
    if value is NOTHING or value.n == 0 or not math.isfinite(value.mean):
        return None
    inner = value.interval(margins.tested)
    margin = margins.entropy if name == "entropy" else margins.margin
    cell = scores.cells[bucket, split]
    score = estimate(cell.arm(treated, name), cell.clusters, bounded=1.0 if name in BOUNDED else 0.0)
    return Difference(
        treated,
        control,
        bucket,
        split,
        name,
        value,
        score,
        inner,
        tost(inner, margin),
        cell.informative(name),
    )
