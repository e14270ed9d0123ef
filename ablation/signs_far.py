"""Signs of "gone too far": memorising, templates, a single mode, lost diversity, less left for RL."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ablation.signs import LARGE, Bucket, LossCurve, Reading, unmeasured
from ablation.signs_done import SAMPLES
from ablation.standing import unlearned
from ablation.stats import Estimate, holm
from ablation.template import excess
from ablation.worth import spent

_FIFTH = 5
_MANY = 32
"""Samples a prompt to ask for: pass@16 is then estimated from twice as many answers."""


def memory(bucket: Bucket) -> Reading:
    """Training loss still falls while no split rises by the margin: the rows are learned, what they teach is not.

    The loss is the run's (all buckets together): the mean of the last fifth of the steps against the fifth before, over
    seeds. With a decay of the learning rate it nearly always falls, so it counts only together with flat scores.
    """
    falls = _falls(bucket.losses, bucket.arm)
    voters = bucket.evidence.voters
    if falls is None:
        return unmeasured("no training loss of this arm was handed over", "the loss curves of the trials' results")
    if not voters:
        return unmeasured("no eval split can inform, or there is no dose step", "a dose arm and informative items")
    if not any(step.split == "dev" for step in voters) or unlearned(bucket.evidence, bucket.margins):
        return unmeasured(
            "the dev score is at the floor or at 1, where flat is no sign", "dev items that some arm half solves"
        )
    margin = bucket.margins.margin
    flat = [step.value.p_below(margin) for step in voters]
    rises = any(step.inner.low > 0 and step.comparison == "improved" for step in voters)
    room = [step for step in voters if not spent(step, bucket.margins)]
    splits = "; ".join(step.words() for step in voters)
    why = (
        f"training loss changes by {-falls.mean:+.4f} nats over the last fifth of the steps ({falls.seeds} seeds); "
        f"last dose step {splits}; margin {margin:g}"
    )
    if not room:
        return Reading(f"{why}; every split is solved within the margin, so nothing could rise", excluded=True)
    p = max(falls.p_above(), *flat)
    open_ones = [step for step in voters if step.value.p_below(margin) >= bucket.margins.alpha]
    asked = bucket.more(open_ones[0].value, margin, open_ones[0].split) if open_ones else "at least 2 more seeds"
    fewest = min(falls.seeds, *(step.seeds for step in voters))
    return Reading(why, p, rises or bucket.high(falls) < 0, asked, seeds=fewest)


def _falls(losses: Sequence[LossCurve], arm: str | None) -> Estimate | None:
    """Mean over seeds of (loss of the last but one fifth - loss of the last fifth); None without curves."""
    drops = []
    for curve in losses:
        values = [loss for _, loss in curve.points]
        size = len(values) // _FIFTH
        if curve.arm == arm and size:
            drops.append(float(np.mean(values[-2 * size : -size]) - np.mean(values[-size:])))
    if not drops:
        return None
    count = len(drops)
    se = float(np.std(drops, ddof=1)) / count**0.5 if count > 1 else float("inf")
    return Estimate(float(np.mean(drops)), se, max(count - 1.0, 1.0), count, count, count, 0.0, 0.0, 0.0)


def template(bucket: Bucket) -> Reading:
    """Answers open alike more often than the references do, and more often than the base model's."""
    table, margin = bucket.scores.openings, bucket.margin
    found = None if table is None or bucket.arm is None else excess(table, bucket.name, bucket.arm)
    if found is None:
        return unmeasured("the score table keeps no openings", "grade the stored answers again (no training)")
    over, base = found.over_reference, found.over_base
    if base.n == 0:
        return unmeasured("no base model to compare with", "the base arm on the same prompts")
    why = f"two answers open alike with chance {found.arm:.3f}: over the base {bucket.words(base)}; margin {margin:g}"
    if over.n == 0:
        tame = bucket.high(base) < margin
        why += "; the references are too short to open in some way, so what is right to repeat is not known"
        return Reading(why, 1.0, tame, "whole reference answers for the eval items", seeds=base.seeds)
    why += f"; over the references {bucket.words(over)}"
    p = max(over.p_above(margin), base.p_above(margin))
    tame = bucket.high(over) < margin or bucket.high(base) < margin
    nearer = over if over.mean < base.mean else base
    return Reading(why, p, tame, bucket.more(nearer, margin), seeds=over.seeds)


def narrowing(bucket: Bucket) -> Reading:
    """pass@1 up with pass@k down, or with the gain of voting down while the vote itself is not better.

    maj@k - pass@1 falls by itself as pass@1 nears 1; only where the vote gains nothing is the mass merely moved to it.
    """
    k, margin = bucket.samples, bucket.margin
    up, wide = bucket.step("pass@1"), bucket.step("pass@k")
    if k < 2 or up.n == 0 or wide.n == 0:
        return unmeasured("fewer than two answers a prompt, or no dose step", SAMPLES)
    why = f"last dose step on dev: pass@1 {bucket.words(up)}; pass@{k} {bucket.words(wide)}"
    vote, gained = bucket.step("maj@k"), bucket.step("self-consistency")
    p_values, voted = [wide.p_below()], True
    if gained.n:
        why += f"; voting over {k} adds {bucket.words(gained)}, the vote itself {bucket.words(vote)}"
        p_values.append(max(gained.p_below(), vote.p_below(margin)))
        voted = bucket.low(gained) > -margin or bucket.low(vote) > 0
    kept = bucket.low(wide) > -margin and voted
    p = max(up.p_above(), min(holm(p_values)))
    no_rise = bucket.high(up) < margin
    if no_rise:
        why += "; pass@1 is not up by the margin"
    excluded = no_rise or (kept and k >= LARGE)
    cost = f"{up.n} prompts x {_MANY} samples x {up.seeds} seeds, no training"
    asked = f"{_MANY} answers a prompt on the same trials ({cost})"
    if k >= LARGE:
        asked = bucket.more(wide, -margin)
    elif kept and not excluded:
        why += f"; not at {k} answers a prompt, which say little about {LARGE} or more"
    return Reading(why, p, excluded, asked, gain=bucket.gain("pass@k"), seeds=up.seeds)


def entropy(bucket: Bucket) -> Reading:
    """Entropy of the model's own answers is low, and distinct right answers fall: diversity is lost, not doubt."""
    level, right = bucket.level("entropy"), bucket.step("distinct-correct")
    if level.n == 0:
        return unmeasured("no entropy of sampled answers", SAMPLES)
    if right.n == 0:
        return unmeasured("no distinct right answers over a dose step", f"{SAMPLES}, and a dose arm")
    bound = bucket.low_entropy
    inner = f"{level.mean:.3f} [{bucket.low(level):.3f}, {bucket.high(level):.3f}] ({100 * bucket.margins.tested:.3g}%)"
    why = (
        f"entropy is {inner} nats a token (low: under {bound:g}); distinct right answers a prompt change by "
        f"{bucket.words(right)}; a fall of the entropy alone is no sign"
    )
    words = bucket.step("distinct-2")
    if words.n:
        why += f"; distinct word pairs at equal length change by {bucket.words(words)}"
    p = max(level.p_below(bound), right.p_below())
    excluded = level.p_above(bound) < bucket.margins.alpha or bucket.low(right) > -bucket.margin
    nearer = bucket.more(right, -bucket.margin)
    return Reading(why, p, excluded, nearer, gain=bucket.gain("distinct-correct"), seeds=right.seeds)


def rl(bucket: Bucket) -> Reading:
    """Smaller gain from RL and a lower level after it; a smaller gain alone is mechanical when the score rose."""
    pair = bucket.scores.step()
    arms = f"{pair[1]} and {pair[0]}" if pair is not None else "two checkpoints"
    runs = max(bucket.evidence.dev.seeds, 2) if bucket.evidence.dev is not None else 3
    scored = "scored on the same dev prompts at two horizons"
    how = f"a short RL run from {arms}, {runs} seeds each ({2 * runs} runs), {scored}"
    return unmeasured("no RL probe in this run", how)
