"""A gain must be worth something: CONTINUE is withheld where less than the margin is left to gain.

Two ways to be sure of it. *Spent*: a rate ends at 1, so a score shown above 1 - margin cannot rise by the margin,
whatever is trained next; where every split is spent or flat, that is DONE by arithmetic, and not by equivalence.
*Little left*: the fitted next doubling lies surely under the margin; a forecast is no measurement, so that is
UNDECIDED. A forecast that is merely small withholds nothing.
"""

from __future__ import annotations

from dataclasses import replace

from ablation.evidence import Difference, Evidence, Margins
from ablation.gain import Interval
from ablation.scores import BOUNDED
from ablation.standing import Standing, unlearned
from ablation.stats import at, non_superior


def spent(step: Difference, margins: Margins) -> bool:
    """The treated arm's score is shown above 1 - margin, one-sided at a, from more than one seed."""
    bound = 1.0 - margins.margin
    return margins.metric in BOUNDED and step.seeds > 1 and step.scored.p_above(bound) < margins.alpha


def little_left(forecast: Interval | None, margins: Margins) -> bool:
    """The upper one-sided bound of the next doubling's gain is under the margin; one seed cannot show it."""
    return forecast is not None and forecast.seeds > 1 and at(forecast, margins.tested).high < margins.margin


def worthwhile(evidence: Evidence, margins: Margins, forecast: Interval | None) -> list[Difference]:
    """Rising splits whose next gain may still be worth the margin."""
    return [
        step
        for step in evidence.rising(margins.alpha)
        if not spent(step, margins) and not (step.split == "dev" and little_left(forecast, margins))
    ]


def worth(standing: Standing, evidence: Evidence, margins: Margins, forecast: Interval | None) -> Standing:
    """The standing of `guarded`, with CONTINUE kept only where a further gain can be worth the margin."""
    dev = evidence.dev
    gained = standing.verdict == "CONTINUE" or standing.block == "gain alone"
    if dev is None or not gained:
        return standing
    ended = [step for step in evidence.voters if spent(step, margins)]
    used_up = tuple(_spent_words(step, margins) for step in ended)
    if worthwhile(evidence, margins, forecast):
        return replace(standing, reasons=(*standing.reasons, *used_up)) if standing.verdict == "CONTINUE" else standing
    flat = [step for step in evidence.voters if step.seeds > 1 and _settled(step, margins)]
    settled = {step.split for step in (*ended, *flat)}
    if all(step.split in settled for step in (dev, *evidence.off_dev)) and not _barred(evidence, margins):
        return Standing("DONE", (*used_up, *standing.reasons), "spent", (dev,))
    if standing.verdict != "CONTINUE":
        return standing
    why = used_up
    if forecast is not None and little_left(forecast, margins):
        ahead = at(forecast, margins.tested).words()
        why = (*used_up, f"the next doubling should give {ahead}, surely less than the margin {margins.margin:g}")
    return Standing("UNDECIDED", (*why, *standing.reasons), "little left", (dev,))


def _settled(step: Difference, margins: Margins) -> bool:
    """Flat; an off-dev split needs only not to rise."""
    return step.comparison == "equivalent" or (step.split != "dev" and non_superior(step.inner, margins.margin))


def _barred(evidence: Evidence, margins: Margins) -> bool:
    """What forbids DONE in `guarded` forbids it here: a dev score at the floor, or one below the base model's."""
    return unlearned(evidence, margins) or (evidence.base is not None and evidence.base.comparison == "worse")


def _spent_words(step: Difference, margins: Margins) -> str:
    low = step.scored.interval(margins.tested).low
    return (
        f"{step.split} is {step.score:.3f} (above {low:.3f} at {100 * margins.confidence:.3g}%) and ends at 1: "
        f"less than the margin {margins.margin:g} is left to gain there"
    )
