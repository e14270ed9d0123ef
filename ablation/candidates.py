"""Which candidate to keep, the same core for a campaign's arms and for a table of checkpoints.

The leader has the highest value of the deciding signal. The choice is the cheapest candidate that is *shown* to be less
than the margin under the leader on every signal measured of both (non-inferiority, one-sided at alpha): among equals
less SFT costs less, keeps more entropy and leaves RL more to do. A candidate with a reason against it is never chosen
while another is left. Ties are declared, because nothing in the evidence separates them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ablation.gain import Candidate, CandidateKind
from ablation.stats import Estimate, t_quantile

Contrast = Callable[[str, str, str], Estimate]
"""(treated, control, signal) -> treated minus control; n = 0 and an infinite error when it was not measured."""


@dataclass(frozen=True)
class Preference:
    """`chosen` and `leader` are "" without a candidate."""

    chosen: str
    leader: str
    ties: tuple[str, ...]
    """Every candidate within the margin of the leader, in the order given, the chosen one included."""
    candidates: tuple[Candidate, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Limit:
    """One signal and the loss on it that counts as none; `margin` in the signal's own units."""

    signal: str
    margin: float


def bound_above(value: Estimate, alpha: float) -> float:
    """Upper end of the one-sided (1 - alpha) bound."""
    return value.mean + value.se * t_quantile(1.0 - alpha, value.df) if math.isfinite(value.se) else math.inf


def measured(value: Estimate) -> bool:
    return math.isfinite(value.mean)


def prefer(
    scores: Mapping[str, float],
    kinds: Mapping[str, CandidateKind],
    tests: Sequence[Limit],
    contrast: Contrast,
    alpha: float,
    barred: Mapping[str, str],
) -> Preference:
    """`scores`: the deciding signal of each candidate, cheapest candidate first; `tests[0]` is the deciding signal.

    `barred` says in words why a candidate may not be chosen; when all are barred the bars fall, and the table says why.
    A candidate without a score has no value to compare and is not eligible.
    """
    scored = [name for name, value in scores.items() if math.isfinite(value)]
    free = [name for name in scored if name not in barred] or scored
    if not free:
        lines = [Candidate(name, kinds[name], value, False, "no score") for name, value in scores.items()]
        return Preference("", "", (), tuple(lines))
    leader = max(free, key=lambda name: scores[name])
    lacks = {name: _lacks(name, leader, tests, contrast, alpha) for name in free}
    ties = tuple(name for name in free if not lacks[name])
    lines = []
    for name, value in scores.items():
        if name not in scored:
            lines.append(Candidate(name, kinds[name], value, False, "no score"))
        elif name not in free:
            lines.append(Candidate(name, kinds[name], value, False, barred[name]))
        else:
            why = lacks[name] or ("highest" if name == leader else f"tied with {leader} within the margin")
            lines.append(Candidate(name, kinds[name], value, name not in barred, why, name in ties))
    return Preference(ties[0], leader, ties, tuple(lines))


def _lacks(name: str, leader: str, tests: Sequence[Limit], contrast: Contrast, alpha: float) -> str:
    """What keeps `name` from being as good as the leader; "" when nothing does."""
    if name == leader:
        return ""
    for index, test in enumerate(tests):
        value = contrast(leader, name, test.signal)
        if not measured(value):
            if index == 0:
                return f"not comparable with {leader}"
            continue
        if bound_above(value, alpha) >= test.margin:
            shown = "is behind" if value.p_above() < alpha else "may be behind"
            return f"{shown} {leader} on {test.signal} by {value.mean:.3g} (margin {test.margin:.3g})"
    return ""
