"""How many more prompts or seeds would decide, for each thing that can be open, at the level it is tested at."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ablation.evidence import Difference, Margins
from ablation.stats import Need, n_for, n_until

_SEEDS = "at least 2 more seeds"
"""From one run the seeds cannot be seen; no count of prompts makes up for that."""


@dataclass(frozen=True)
class Ask:
    """What to buy and what it would show, if the estimate stays."""

    what: str
    shows: str
    cost: float = 0.0

    def flip(self) -> str:
        if self.cost == math.inf:
            return f"{self.what}, to begin with: neither alone would {self.shows}"
        return f"{self.what} would {self.shows}, if the estimate stays"

    def step(self, bucket: str) -> str:
        if self.cost == math.inf:
            return f"{self.what} for {bucket}, to begin with: neither alone would {self.shows}"
        return f"{self.what} for {bucket}, to {self.shows}"


def signal_need(step: Difference, margins: Margins, *, one_sided: bool = False) -> str:
    """For an unknown signal, which is read alone: until the interval excludes 0 or fits the margin."""
    if step.seeds < 2:
        return _SEEDS
    if one_sided:
        half = max(step.value.mean, margins.margin - step.value.mean)
        return n_until(step.value, half, margins.confidence).words(step.split)
    return n_for(step.value, margins.margin, margins.confidence).words(step.split)


def gain_or_flat(step: Difference, margins: Margins, claims: int, *, one_sided: bool = False) -> Ask:
    """The cheaper of showing a gain (or, on both sides, a loss) after Holm over `claims`, and showing no change."""
    mean = step.value.mean
    room = margins.margin - (mean if one_sided else abs(mean))
    asks = []
    if room > 0:
        need = n_until(step.value, room, margins.confidence)
        asks.append(_ask(step, need, f"show {step.split} flat within {margins.margin:g}"))
    if mean > 0:
        asks.append(gain(step, margins, claims))
    elif not one_sided:
        asks.append(loss(step, margins, claims))
    if abs(mean) > room:
        asks.reverse()  # where nothing tells them apart, the nearer end is named
    return min(asks, key=lambda ask: ask.cost)


def gain(step: Difference, margins: Margins, claims: int) -> Ask:
    """Bonferroni over the claims: enough for Holm whatever the other claims turn out to be."""
    need = n_until(step.value, step.value.mean, 1.0 - margins.alpha / max(claims, 1))
    shows = f"show the gain on {step.split} {_after(claims)}"
    return Ask(need.words(step.split), shows, need.cost)  # a gain may be claimed from one seed


def loss(step: Difference, margins: Margins, claims: int) -> Ask:
    need = n_until(step.value, -step.value.mean, 1.0 - margins.alpha / max(claims, 1))
    return _ask(step, need, f"show the loss on {step.split} {_after(claims)}")


def _after(claims: int) -> str:
    return f"after Holm over {claims} claims" if claims > 1 else "beyond noise"


def score_above(step: Difference, margins: Margins) -> Ask | None:
    """Until the score itself is clearly above the margin; None where the score is not above it at all."""
    over = step.score - margins.margin
    if over <= 0:
        return None
    need = n_until(replace(step.scored, mean=over), over, 0.5 + margins.confidence / 2)
    return _ask(step, need, f"show the {step.split} score clearly above the margin {margins.margin:g}")


def loss_elsewhere(step: Difference, margins: Margins) -> Ask:
    """Whether an eval bucket loses more than the margin when another bucket is left out; step is full - left out."""
    room = abs(margins.margin - step.value.mean)
    under = step.value.mean < margins.margin
    shows = f"show that {step.bucket} {'loses less' if under else 'loses more'} than {margins.margin:g} without it"
    return _ask(step, n_until(step.value, room, margins.confidence), shows, f"{step.bucket} {step.split}")


def _ask(step: Difference, need: Need, shows: str, unit: str = "") -> Ask:
    if step.seeds < 2:
        return Ask(_SEEDS, shows)
    return Ask(need.words(unit or step.split), shows, need.cost)
