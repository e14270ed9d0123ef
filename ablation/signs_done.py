"""Signs of "not yet done": the protocol is not stable, hard or OOD items still rise, even k tries rarely succeed."""

from __future__ import annotations

from ablation.needs import gain_or_flat
from ablation.signs import REACHED, Bucket, Reading, unmeasured
from ablation.stats import holm, non_superior

SAMPLES = "sample two or more answers a prompt on items that a verifier can judge"


def protocol(bucket: Bucket) -> Reading:
    """Answers lost to not stopping or to format are more than the margin, so that format alone could buy a gain."""
    value = bucket.level("parses")
    if value.n == 0:
        return unmeasured("no answer was sampled", SAMPLES)
    limit = 1.0 - bucket.margin
    stops = bucket.level("terminates")
    why = (
        f"{bucket.rate(value)} of the answers end and can be read, {stops.mean:.3f} end; stable is above {limit:.2f}, "
        f"where what is lost is less than the margin"
    )
    shown = value.p_above(limit) < bucket.margins.alpha
    return Reading(why, value.p_below(limit), shown, bucket.more(value, limit), seeds=value.seeds)


def rising(bucket: Bucket) -> Reading:
    """Some split other than dev still rises; Holm over the splits that can inform."""
    off_dev, margins = bucket.evidence.off_dev, bucket.margins
    if not off_dev:
        silent = [step.split for step in bucket.evidence.steps.values() if step.split != "dev"]
        if silent:
            why = f"every arm fails or every arm solves {' and '.join(silent)}"
            return unmeasured(why, "hard or OOD items that some arm solves about half of the time")
        return unmeasured("no hard or OOD items, or no dose step", "a hard and an OOD eval set, on the same trials")
    p_values = holm([step.value.p_above() for step in off_dev])
    pairs = sorted(zip(p_values, off_dev, strict=True), key=lambda pair: pair[0])
    p, first = next(
        ((p, step) for p, step in pairs if step.comparison != "equivalent"), (1.0, pairs[0][1])
    )  # a rise within the margin is none
    open_ones = [step for step in off_dev if not non_superior(step.inner, margins.margin)]
    asked = gain_or_flat(open_ones[0], margins, len(off_dev), one_sided=True).flip() if open_ones else ""
    why = f"last dose step {'; '.join(step.words() for step in off_dev)}; margin {margins.margin:g}"
    return Reading(why, p, not open_ones, asked, gain=first.gain(margins.tested), seeds=first.seeds)


def reach(bucket: Bucket) -> Reading:
    """pass@k is under one half: most groups of k answers hold no right one."""
    k, value = bucket.samples, bucket.level("pass@k")
    if k < 2 or value.n == 0:
        return unmeasured("fewer than two answers a prompt", SAMPLES)
    bound = 1 - 2 ** (-1 / k)
    low = f"low is under {REACHED:g}, that is pass@1 under p* = {bound:.2f} on one prompt"
    why = f"pass@{k} is {bucket.rate(value)}; {low}"
    above = value.p_above(REACHED) < bucket.margins.alpha
    return Reading(why, value.p_below(REACHED), above, bucket.more(value, REACHED), seeds=value.seeds)
