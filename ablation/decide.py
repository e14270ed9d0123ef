"""From evidence to a verdict: the bare rule's answer, the guarded verdict per bucket, and the answer of the run.

The guards: equivalence instead of "not significant", eval sets that cannot inform do not vote, two OOD-type splits
before "over-trained" on their word alone, Holm for any-of claims, and no DONE or OVER from a single seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ablation.checkpoint import choose
from ablation.curve import Curve
from ablation.evidence import Difference, Evidence, Margins, gather
from ablation.gain import BucketDecision, Decision, Interval, Verdict
from ablation.next_step import VERIFIABLE, bucket_step, ready_for_rl, run_step
from ablation.rule import ONE_SEED, bare_rule, needs, signals
from ablation.scores import Scores, read_scores
from ablation.stats import holm, non_superior


def decide(
    scores: pl.DataFrame | Scores,
    margins: Margins | None = None,
    curves: Sequence[Curve] = (),
    *,
    verifiable: frozenset[str] = VERIFIABLE,
) -> Decision:
    """Where each bucket stands and what to do next. `margins` must be fixed before the scores are seen."""
    margins = margins or Margins()
    table = scores if isinstance(scores, Scores) else read_scores(scores)
    names = sorted({*table.buckets, *table.left_out})
    found = {name: gather(table, name, margins) for name in names}
    forecast = {curve.bucket: curve.next_doubling for curve in curves if curve.split == "dev"}
    falls = dict(zip(names, holm([_p_falling(found[name]) for name in names]), strict=True))
    rises = dict(zip(names, holm([found[name].p_rising() for name in names]), strict=True))
    buckets = tuple(_bucket(found[name], margins, forecast.get(name), rises[name], falls[name]) for name in names)
    verdict, reasons = overall(buckets)
    move, rl_reason = ready_for_rl(verdict, buckets, margins, verifiable)
    checkpoint = choose(table, margins)
    pool = table.pooled.get("dev")
    step = table.step()
    if pool is not None and step is not None:
        value = pool.contrast({step[0]: 1.0, step[1]: -1.0}, margins.metric)
        if value.n:
            both = value.interval(margins.level)
            reasons.append(
                f"over all buckets the last dose step gave {both.estimate:+.3f} [{both.low:+.3f}, {both.high:+.3f}]"
                f" on {both.n} dev prompts x {both.seeds} seeds"
            )
    return Decision(
        verdict=verdict,
        headline=_headline(verdict, buckets),
        reasons=tuple(reasons),
        next=run_step(verdict, buckets, forecast, move, checkpoint.arm),
        move_to_rl=move,
        rl_reason=rl_reason,
        buckets=buckets,
        checkpoint=checkpoint.arm,
        checkpoint_reason=checkpoint.reason,
    )


def _bucket(
    evidence: Evidence, margins: Margins, forecast: Interval | None, p_rising: float, p_falling: float
) -> BucketDecision:
    found = signals(evidence, margins)
    verdict, reasons = guarded(evidence, margins, p_rising, p_falling)
    label, because = label_of(evidence, verdict, margins)
    step = evidence.dev
    if step is not None and verdict != "DONE" and step.comparison == "unknown":
        reasons.append("the usual rule (stop when the last step is not significant) would stop here; it proves no zero")
    return BucketDecision(
        bucket=evidence.bucket,
        verdict=verdict,
        label=label,
        rule=bare_rule(found),
        signals=found,
        reasons=(*reasons, *because),
        flips=_flips(evidence, verdict, margins),
        next=bucket_step(evidence, verdict, label, margins, forecast),
        readiness=evidence.readiness,
    )


def guarded(evidence: Evidence, margins: Margins, p_rising: float, p_falling: float) -> tuple[Verdict, list[str]]:
    """Verdict of one bucket from its own eval sets, with the reasons in words.

    p_rising, p_falling: that the last dose step gained or lost score here, Holm-adjusted over all buckets, because
    CONTINUE and OVER are any-of claims; DONE of the run needs every bucket and no correction.
    """
    dev = evidence.dev
    if dev is None:
        return "UNDECIDED", ["no dose increment on this bucket's dev set: one dose says nothing about the next"]
    reasons = [f"{step.split}: every arm fails or every arm solves it, no vote" for step in _mute(evidence)]
    rising = evidence.rising(margins.alpha)
    worse = [step for step in evidence.voters if step.comparison == "worse" and step.seeds > 1]
    off_dev_worse = [step for step in worse if step.split != "dev"]
    lone = [ONE_SEED] if dev.seeds < 2 else []
    if p_falling < margins.alpha and (len(off_dev_worse) >= 2 or (dev in worse and not rising)):
        return "OVER", [f"the last dose step lost score: {step.words()}" for step in worse] + reasons
    if rising and not worse and p_rising >= margins.alpha:
        alone = f"a gain if looked at alone, not after Holm over buckets: {_words(rising)}"
        return "UNDECIDED", [alone, *lone, *reasons]
    if rising and not worse:
        return "CONTINUE", [*(f"still gaining: {step.words()}" for step in rising), *lone, *reasons]
    if rising:
        return "UNDECIDED", [f"splits disagree: {_list(rising)} up, {_list(worse)} down", *reasons]
    if unlearned(evidence, margins):
        floor = f"the dev score is {dev.score:.3f}, not clearly above the margin {margins.margin:g}"
        return "UNDECIDED", [f"{floor}: a flat line at the floor is no saturation", *reasons]
    if dev.comparison == "worse":
        alone = f"a loss if looked at alone, not after Holm over buckets: {dev.words()}"
        return "UNDECIDED", [alone, *lone, *reasons]
    if dev.comparison != "equivalent":
        return "UNDECIDED", [f"the last dose step may be a gain or nothing: {dev.words()}", *lone, *reasons]
    open_splits = [step for step in evidence.off_dev if not non_superior(step.inner, margins.margin)]
    if open_splits:
        words = [f"dev is flat but {step.split} may still rise: {step.words()}" for step in open_splits]
        return "UNDECIDED", words + lone + reasons
    if lone:
        return "UNDECIDED", [f"flat within the margin: {dev.words()}", *lone, *reasons]
    return "DONE", [f"flat within +-{margins.margin:g}: {dev.words()}", *reasons]


def unlearned(evidence: Evidence, margins: Margins) -> bool:
    """The whole score may be no larger than the difference that counts as none: equivalence would be empty."""
    return margins.metric == "pass@1" and evidence.dev is not None and evidence.dev.floor <= margins.margin


def _mute(evidence: Evidence) -> list[Difference]:
    return [step for step in evidence.steps.values() if not step.informative]


def label_of(evidence: Evidence, verdict: Verdict, margins: Margins) -> tuple[str, list[str]]:
    """The word for people. Leaving the bucket out is heard first, then the verdict."""
    own = evidence.own
    buys = own is not None and own.comparison == "improved"
    hurts = [] if buys else evidence.hurts(margins)
    if hurts:
        return "harmful", [
            f"without it {x.bucket} is {-x.value.mean:+.3f} better (Holm over eval buckets)" for x in hurts
        ]
    if verdict == "OVER":
        return "over-trained", []
    if verdict == "UNDECIDED" and unlearned(evidence, margins):
        return "not learned", []
    helps = evidence.helps(margins)
    nothing = own is not None and own.comparison == "equivalent" and own.seeds > 1 and not helps
    lost = [f"without it {x.bucket} loses {x.value.mean:.3f}" for x in helps]
    if verdict == "CONTINUE":
        note = ["but leaving its own rows out costs nothing: the gain comes from other buckets"] if nothing else []
        return "still gaining", note + lost
    if nothing and own is not None:
        return "redundant", [f"leaving it out changes its own eval by {-own.value.mean:+.3f}, within the margin"]
    base = next((step for step in evidence.earlier if step.control == "base"), None)
    if verdict == "DONE" and base is not None and base.comparison == "equivalent" and own is None:
        return "redundant", ["training on everything leaves its eval where the base model had it"]
    rose = any(step.comparison == "improved" for step in evidence.earlier)
    if verdict == "DONE" and (buys or rose):
        why = f"its own rows buy {own.value.mean:+.3f}" if buys and own is not None else "earlier doses rose"
        return "saturated", [why, *lost]
    return "undecided", lost


def overall(buckets: Sequence[BucketDecision]) -> tuple[Verdict, list[str]]:
    """CONTINUE when any bucket does, DONE when all are; OVER only when no bucket still gains."""
    named: dict[Verdict, list[str]] = {"CONTINUE": [], "DONE": [], "OVER": [], "UNDECIDED": []}
    for bucket in buckets:
        named[bucket.verdict].append(bucket.bucket)
    over = [f"over-trained: {', '.join(named['OVER'])}"] if named["OVER"] else []
    waiting = [f"not decided: {', '.join(named['UNDECIDED'])}"] if named["UNDECIDED"] else []
    if named["CONTINUE"]:
        gaining = f"still gaining (Holm over {len(buckets)} buckets): {', '.join(named['CONTINUE'])}"
        return "CONTINUE", [gaining, *over, *waiting]
    if over:
        return "OVER", [*over, "no bucket is seen to gain", *waiting]
    if buckets and not waiting:
        return "DONE", ["every bucket is flat within the margin"]
    return "UNDECIDED", waiting or ["no eval scores"]


def _p_falling(evidence: Evidence) -> float:
    p_values = sorted(step.value.p_below() for step in evidence.voters)
    off_dev = sorted(step.value.p_below() for step in evidence.off_dev)
    dev = [step.value.p_below() for step in evidence.voters if step.split == "dev"]
    both = off_dev[1] if len(off_dev) > 1 else 1.0
    return min([*dev, both], default=1.0) if p_values else 1.0


def _flips(evidence: Evidence, verdict: Verdict, margins: Margins) -> tuple[str, ...]:
    dev = evidence.dev
    if dev is None:
        return ("a dose arm with half of the rows, on the same seeds",)
    m, low, high = margins.margin, dev.inner.low, dev.inner.high
    if verdict == "CONTINUE":
        return (f"DONE if the next step's interval fits within +-{m:g} (now [{low:+.3f}, {high:+.3f}] on dev)",)
    if verdict == "DONE":
        rise, fall = f"its upper end above {m:+g} (now {high:+.3f})", f"its lower end below {-m:+g} (now {low:+.3f})"
        return (f"not DONE if a re-run of the last dose step puts {rise} or {fall}",)
    if verdict == "OVER":
        return (f"not OVER if fresh seeds put the last dose step's interval across 0 (now [{low:+.3f}, {high:+.3f}])",)
    open_steps = [s for s in evidence.off_dev if not non_superior(s.inner, m)] if dev.comparison == "equivalent" else []
    steps = open_steps or [dev]
    return tuple(f"{step.split}: {needs(step, margins)} would decide, if the estimate stays" for step in steps)


def _headline(verdict: Verdict, buckets: Sequence[BucketDecision]) -> str:
    named = {label: [b.bucket for b in buckets if b.label == label] for label in _TELLING}
    counted = {label: sum(b.label == label for b in buckets) for label in ("not learned", "undecided")}
    parts = [f"{label}: {', '.join(names)}" for label, names in named.items() if names]
    parts += [f"{count} {label}" for label, count in counted.items() if count]
    return f"{verdict}: {'; '.join(parts) or 'no eval scores'}"


_TELLING = ("still gaining", "over-trained", "harmful", "saturated", "redundant")
"""Labels that say something, loudest first; the others are only counted in the headline."""


def _words(steps: Sequence[Difference]) -> str:
    return "; ".join(step.words() for step in steps)


def _list(steps: Sequence[Difference]) -> str:
    return ", ".join(step.split for step in steps)
