"""The word for people: what a bucket's verdict and its leave-one-out arm say together."""

from __future__ import annotations

from dataclasses import dataclass

from ablation.evidence import Difference, Evidence, Margins
from ablation.needs import loss_elsewhere
from ablation.standing import Corrected, Standing, below_base, unlearned


@dataclass(frozen=True)
class Label:
    word: str
    reasons: tuple[str, ...] = ()
    flips: tuple[str, ...] = ()
    """What would change the word, where the leave-one-out arm leaves it open."""


def label_of(evidence: Evidence, standing: Standing, margins: Margins, claims: Corrected) -> Label:
    """Leaving the bucket out is heard first, then the base model, then the verdict."""
    own, verdict = evidence.own, standing.verdict
    buys = own is not None and own.comparison == "improved"
    hurts = [] if buys else evidence.hurts(margins)
    if hurts:
        beyond = f"more than {margins.margin:g}, Holm over eval buckets"
        return Label(
            "harmful", tuple(f"without it {x.bucket} is {-x.value.mean:+.3f} better ({beyond})" for x in hurts)
        )
    if verdict == "OVER":
        return Label("over-trained")
    if below_base(evidence, margins, claims):
        return Label("below the base")
    if verdict == "UNDECIDED" and unlearned(evidence, margins):
        return Label("not learned")
    helps = evidence.helps(margins)
    lost = tuple(f"without it {x.bucket} loses {x.value.mean:.3f}" for x in helps)
    nothing = own is not None and own.comparison == "equivalent" and own.seeds > 1 and not helps
    if verdict == "CONTINUE":
        note = ("but leaving its own rows out costs nothing: the gain comes from other buckets",) if nothing else ()
        return Label("still gaining", note + lost)
    if nothing and own is not None:
        return _redundant(
            evidence, f"leaving it out changes its own eval by {-own.value.mean:+.3f}, within the margin", margins
        )
    base = evidence.base
    if verdict == "DONE" and base is not None and base.comparison == "equivalent" and own is None:
        return _redundant(evidence, "training on everything leaves its eval where the base model had it", margins)
    rose = any(step.comparison == "improved" for step in evidence.earlier)
    if verdict == "DONE" and (buys or rose or standing.block == "spent"):
        why = "earlier doses rose" if rose else "it rose until less than the margin was left"
        why = f"its own rows buy {own.value.mean:+.3f}" if buys and own is not None else why
        return Label("saturated", (why, *lost))
    return Label("undecided", lost)


def _redundant(evidence: Evidence, why: str, margins: Margins) -> Label:
    """Redundant when every other eval bucket that can inform is shown to lose less than the margin without it."""
    silent = (f"no vote, as every arm fails or solves it: {', '.join(evidence.mute)}",) if evidence.mute else ()
    if evidence.unread:
        names = ", ".join(evidence.unread)
        unknown = f"what its rows do for {names} is not known: leaving it out was not measured there"
        return Label(
            "undecided", (why, unknown, *silent), ("redundant or not: a leave-one-out arm, scored on all buckets",)
        )
    losers = evidence.may_lose(margins)
    if not losers:
        return Label("redundant", (why, *silent))
    shown = losers[:_NAMED]
    doubts = tuple(_unknown(x, margins) for x in shown)
    more = (f"and {len(losers) - _NAMED} other eval buckets",) if len(losers) > _NAMED else ()
    return Label(
        "undecided",
        (why, *doubts, *more, *silent),
        tuple(f"redundant or not: {loss_elsewhere(x, margins).flip()}" for x in shown),
    )


_NAMED = 3
"""Eval buckets named one by one; the rest is counted."""


def _unknown(x: Difference, margins: Margins) -> str:
    return f"but {x.bucket} may lose more than {margins.margin:g} without it: {x.inner.words()}"
