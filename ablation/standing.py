"""The guarded verdict of one bucket from its own eval sets, and what stands in the way of a plainer one.

The guards: equivalence instead of "not significant", eval sets that cannot inform do not vote, two OOD-type splits
before "over-trained" on their word alone, Holm for any-of claims, no DONE or OVER from a single seed, and nothing good
said of a bucket that training leaves below the base model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ablation.evidence import Difference, Evidence, Margins
from ablation.gain import Verdict
from ablation.rule import ONE_SEED
from ablation.stats import flat, holm, non_superior

Block = Literal[
    "nothing",
    "one dose",  # no last step to read
    "below the base",  # shown worse than the base model
    "base alone",  # worse than the base model, but not after Holm over buckets
    "splits disagree",
    "not learned",
    "gain alone",  # a gain, but not after Holm over splits and buckets
    "loss alone",  # a loss, but not after Holm over buckets
    "open step",  # dev: gain, loss or nothing
    "open splits",  # dev is flat, another split is not known to be
    "one seed",
    "spent",  # DONE because a rate ends at 1 (`worth`)
    "little left",  # a gain, but the next one is surely under the margin (`worth`)
]
"""Why a bucket is undecided: each asks for another remedy (`next_step`)."""


@dataclass(frozen=True)
class Corrected:
    """p-values of the any-of claims about one bucket, Holm-adjusted over all of them; DONE of the run needs none."""

    rising: float
    falling: float
    below: float
    """That the full arm is worse than the base model."""
    buckets: int


@dataclass(frozen=True)
class Standing:
    verdict: Verdict
    reasons: tuple[str, ...]
    block: Block = "nothing"
    steps: tuple[Difference, ...] = ()
    """What the block is about."""


def corrected(found: Mapping[str, Evidence]) -> dict[str, Corrected]:
    """Holm over buckets for "still gains", "loses" and "is below the base"."""
    falls = holm([_p_falling(evidence) for evidence in found.values()])
    rises = holm([evidence.p_rising() for evidence in found.values()])
    sinks = holm([1.0 if evidence.base is None else evidence.base.value.p_below() for evidence in found.values()])
    columns = zip(found, rises, falls, sinks, strict=True)
    return {name: Corrected(rise, fall, sink, len(found)) for name, rise, fall, sink in columns}


def guarded(evidence: Evidence, margins: Margins, claims: Corrected) -> Standing:
    """Verdict of one bucket with the reasons in words.

    A full arm below the base model forbids CONTINUE and DONE: the last step then only climbs back to, or stays, where
    no SFT at all was better. It is not OVER either, unless the last step lost: no other dose is shown to be better.
    """
    standing = _from_steps(evidence, margins, claims)
    base = evidence.base
    if base is None or base.inner.high >= 0:
        return standing
    lone = (ONE_SEED,) if base.seeds < 2 else ()
    said = f"full - base is {base.words()}"
    climbed = (f"the last dose step gained, but only to there: {_words(evidence.rising(margins.alpha))}",)
    besides = climbed if standing.verdict == "CONTINUE" else standing.reasons
    if below_base(evidence, margins, claims):
        why = f"worse than no SFT: {said}"
        if standing.verdict == "OVER":
            return Standing("OVER", (*standing.reasons, why))
        return Standing("UNDECIDED", tuple(dict.fromkeys((why, *besides, *lone))), "below the base", (base,))
    if standing.verdict == "CONTINUE" or (standing.verdict == "DONE" and base.comparison == "worse"):
        why = f"{said}: below the base model if looked at alone, not after Holm over buckets"
        if base.comparison == "equivalent":
            why = f"{said}: the last dose step only climbed back to the base model"
        return Standing("UNDECIDED", (why, *besides), "base alone", (base,))
    return standing


def below_base(evidence: Evidence, margins: Margins, claims: Corrected) -> bool:
    """Shown worse than the base model: by more than nothing, not within the margin, Holm over buckets."""
    base = evidence.base
    return base is not None and base.comparison == "worse" and claims.below < margins.alpha


def _from_steps(evidence: Evidence, margins: Margins, claims: Corrected) -> Standing:
    dev = evidence.dev
    if dev is None:
        why = "no dose increment on this bucket's dev set: one dose says nothing about the next"
        return Standing("UNDECIDED", (why,), "one dose")
    mute = tuple(f"{step.split}: {_SILENT}" for step in evidence.steps.values() if not step.informative)
    rising = evidence.rising(margins.alpha)
    worse = [step for step in evidence.voters if step.comparison == "worse" and step.seeds > 1]
    off_dev_worse = [step for step in worse if step.split != "dev"]
    rest = (*((ONE_SEED,) if dev.seeds < 2 else ()), *mute)
    if claims.falling < margins.alpha and (len(off_dev_worse) >= 2 or (dev in worse and not rising)):
        return Standing("OVER", (*(f"the last dose step lost score: {step.words()}" for step in worse), *mute))
    if rising and worse:
        why = f"splits disagree: {_words(rising)} is up, {_words(worse)} is down"
        return Standing("UNDECIDED", (why, *mute), "splits disagree", (*rising, *worse))
    if rising and claims.rising >= margins.alpha:
        why = f"a gain if looked at alone, not after Holm over buckets: {_words(rising)}"
        return Standing("UNDECIDED", (why, *rest), "gain alone", tuple(rising))
    if rising:
        return Standing("CONTINUE", (*(f"still gaining: {step.words()}" for step in rising), *rest))
    if unlearned(evidence, margins):
        floor = f"the dev score is {dev.score:.3f}, not clearly above the margin {margins.margin:g}"
        why = f"{floor}: a flat line at the floor is no saturation"
        return Standing("UNDECIDED", (why, *mute), "not learned", (dev,))
    if dev.comparison == "worse":
        if dev.seeds < 2:
            return Standing("UNDECIDED", (f"a loss: {dev.words()}", *rest), "one seed", (dev,))
        why = f"a loss if looked at alone, not after Holm over buckets: {dev.words()}"
        return Standing("UNDECIDED", (why, *rest), "loss alone", (dev,))
    if dev.comparison == "improved":
        why = f"a gain if looked at alone, not after Holm over splits: {dev.words()}"
        return Standing("UNDECIDED", (why, *rest), "gain alone", (dev,))
    if not flat(dev.inner.low, dev.inner.high, [step.inner.high for step in evidence.off_dev], margins.margin):
        if dev.comparison != "equivalent":
            why = f"the last dose step may be a gain or nothing: {dev.words()}"
            return Standing("UNDECIDED", (why, *rest), "open step", (dev,))
        unsettled = [step for step in evidence.off_dev if not non_superior(step.inner, margins.margin)]
        risers = [f"dev is flat but {step.split} may still rise: {step.words()}" for step in unsettled]
        return Standing("UNDECIDED", (*risers, *rest), "open splits", tuple(unsettled))
    why = f"flat within +-{margins.margin:g}: {dev.words()}"
    if dev.seeds < 2:
        return Standing("UNDECIDED", (why, *rest), "one seed", (dev,))
    return Standing("DONE", (why, *mute))


_SILENT = "every arm fails or every arm solves it, no vote"


def unlearned(evidence: Evidence, margins: Margins) -> bool:
    """The whole score may be no larger than the difference that counts as none: equivalence would be empty."""
    dev = evidence.dev
    return margins.metric == "pass@1" and dev is not None and dev.floor(margins.confidence) <= margins.margin


def _p_falling(evidence: Evidence) -> float:
    p_values = sorted(step.value.p_below() for step in evidence.voters)
    off_dev = sorted(step.value.p_below() for step in evidence.off_dev)
    dev = [step.value.p_below() for step in evidence.voters if step.split == "dev"]
    both = off_dev[1] if len(off_dev) > 1 else 1.0
    return min([*dev, both], default=1.0) if p_values else 1.0


def _words(steps: Sequence[Difference]) -> str:
    return "; ".join(step.words() for step in steps)
