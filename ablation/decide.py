"""From evidence to an answer: bare rule, guarded verdict, signs and boundary of each bucket, and those of the run."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ablation import looks
from ablation.analyse_settings import LOW_ENTROPY, VERIFIABLE
from ablation.attribution import attribution
from ablation.boundary import BEFORE_RL, boundary
from ablation.case import Case
from ablation.checkpoint import choose
from ablation.curve import Curve
from ablation.evidence import Evidence, Margins, gather
from ablation.gain import BucketDecision, Decision, Interval, Verdict, Watched
from ablation.gains import decompose
from ablation.label import label_of
from ablation.next_step import bucket_step, flips, ready_for_rl, run_step
from ablation.planned import flat_plan
from ablation.rule import bare_rule, signals
from ablation.run_boundary import run_boundary
from ablation.scores import Scores, read_scores
from ablation.signs import LossCurve
from ablation.standing import Corrected, corrected, guarded
from ablation.watch import watch
from ablation.worth import worth, worthwhile


def decide(
    scores: pl.DataFrame | Scores,
    margins: Margins | None = None,
    curves: Sequence[Curve] = (),
    *,
    verifiable: frozenset[str] = VERIFIABLE,
    losses: Sequence[LossCurve] = (),
    low_entropy: float = LOW_ENTROPY,
) -> Decision:
    """Where each bucket stands and what to do next. `margins` must be fixed before the scores are seen.

    `losses` are the training losses of the trials; without them one sign of `watch` is not measured.
    """
    margins = margins or Margins()
    table = scores if isinstance(scores, Scores) else read_scores(scores)
    names = sorted({*table.buckets, *table.left_out})
    found = {name: gather(table, name, margins) for name in names}
    forecast = {curve.bucket: curve.next_doubling for curve in curves if curve.split == "dev"}
    claims = corrected(found)
    signs = watch(table, found, margins, losses, low_entropy)
    buckets = tuple(
        _bucket(table, found[name], margins, claims[name], forecast.get(name), signs[name], name in verifiable)
        for name in names
    )
    verdict, reasons = overall(buckets)
    move, rl_reason = ready_for_rl(verdict, buckets, margins, verifiable)
    checkpoint = choose(table, margins)
    reasons += _over_all(table, margins)
    step = run_step(verdict, buckets, forecast, move, checkpoint.arm, checkpoint.last)
    side = run_boundary(verdict, buckets, step)
    if verdict == "DONE" and side is not None and side.move in BEFORE_RL:
        move, step, rl_reason = "no", side.says, f"first {side.says}: {side.because[0]}"
    plan = flat_plan(found, margins) if verdict == "UNDECIDED" else ""
    reasons += [plan] if plan else []
    if margins.looks > 1:
        reasons.append(looks.words(1.0 - margins.level, margins.look, margins.looks, margins.spending))
    return Decision(
        verdict=verdict,
        headline=_headline(verdict, buckets),
        reasons=tuple(reasons),
        next=step,
        move_to_rl=move,
        rl_reason=rl_reason,
        buckets=buckets,
        checkpoint=checkpoint.arm,
        checkpoint_reason=checkpoint.reason,
        boundary=side,
        candidates=checkpoint.candidates,
        last=checkpoint.last,
        highest=checkpoint.highest,
    )


def _over_all(table: Scores, margins: Margins) -> list[str]:
    """The last dose step and full - base with the dev prompts of all buckets in one cell."""
    pool, step = table.pooled.get("dev"), table.step()
    if pool is None:
        return []
    wanted = {"the last dose step gave": step, "full against the base model is": ("full", "base")}
    found = {
        what: pool.contrast({pair[0]: 1.0, pair[1]: -1.0}, margins.metric) for what, pair in wanted.items() if pair
    }
    return [
        f"over all buckets {what} {value.interval(margins.level).words()}, {value.n} dev prompts x {value.seeds} seeds"
        for what, value in found.items()
        if value.n
    ]


def _bucket(
    table: Scores,
    evidence: Evidence,
    margins: Margins,
    claims: Corrected,
    forecast: Interval | None,
    signs: tuple[Watched, ...],
    verifiable: bool,
) -> BucketDecision:
    found = signals(evidence, margins)
    standing = worth(guarded(evidence, margins, claims), evidence, margins, forecast)
    label = label_of(evidence, standing, margins, claims)
    step = evidence.dev
    folk: tuple[str, ...] = ()
    if step is not None and standing.verdict != "DONE" and step.comparison == "unknown":
        folk = ("the usual rule (stop when the last step is not significant) would stop here; it proves no zero",)
    turns = flips(evidence, standing, label, margins, claims)
    next_step = bucket_step(evidence, standing, label, margins, claims, forecast)
    cell, pair = table.cells.get((evidence.bucket, "dev")), table.step()
    last = [arm for arm in table.doses if cell is not None and arm in cell.arms]
    made = attribution(cell, *pair, margins.two_sided) if cell is not None and pair is not None else None
    case = Case(
        evidence,
        standing,
        label.word,
        signs,
        margins,
        verifiable,
        next_step,
        turns,
        worthwhile(evidence, margins, forecast),
        decompose(cell, last[-1]) if cell is not None and last else None,
        label.reasons if label.word == "harmful" else (),
    )
    side = boundary(case)
    if standing.verdict == "DONE" and label.word not in ("redundant", "harmful") and side.move in BEFORE_RL:
        next_step = "; ".join((side.says, *label.flips[:1]))
    return BucketDecision(
        bucket=evidence.bucket,
        verdict=standing.verdict,
        label=label.word,
        rule=bare_rule(found),
        signals=found,
        reasons=(*standing.reasons, *folk, *label.reasons),
        flips=turns,
        next=next_step,
        readiness=evidence.readiness,
        watch=signs,
        boundary=side,
        made_of="" if made is None else made.words(margins.margin),
    )


def overall(buckets: Sequence[BucketDecision]) -> tuple[Verdict, list[str]]:
    """CONTINUE when any bucket does, DONE when all are; OVER only when no bucket still gains."""
    named: dict[Verdict, list[str]] = {"CONTINUE": [], "DONE": [], "OVER": [], "UNDECIDED": []}
    for bucket in buckets:
        named[bucket.verdict].append(bucket.bucket)
    over = [f"over-trained: {', '.join(named['OVER'])}"] if named["OVER"] else []
    sunk = [bucket.bucket for bucket in buckets if bucket.label == "below the base"]
    others = [name for name in named["UNDECIDED"] if name not in sunk]
    waiting = [f"worse than the base model: {', '.join(sunk)}"] if sunk else []
    waiting += [f"not decided: {', '.join(others)}"] if others else []
    if named["CONTINUE"]:
        gaining = f"still gaining (Holm over {len(buckets)} buckets): {', '.join(named['CONTINUE'])}"
        return "CONTINUE", [gaining, *over, *waiting]
    if over:
        return "OVER", [*over, "no bucket is seen to gain", *waiting]
    if buckets and not waiting:
        return "DONE", ["every bucket is flat within the margin, or has less than that left to gain"]
    return "UNDECIDED", waiting or ["no eval scores"]


def _headline(verdict: Verdict, buckets: Sequence[BucketDecision]) -> str:
    named = {label: [b.bucket for b in buckets if b.label == label] for label in _TELLING}
    counted = {label: sum(b.label == label for b in buckets) for label in ("not learned", "undecided")}
    parts = [f"{label}: {', '.join(names)}" for label, names in named.items() if names]
    parts += [f"{count} {label}" for label, count in counted.items() if count]
    return f"{verdict}: {'; '.join(parts) or 'no eval scores'}"


_TELLING = ("still gaining", "below the base", "over-trained", "harmful", "saturated", "redundant")
"""Labels that say something, loudest first; the others are only counted in the headline."""
