"""The cheapest next step, per bucket and for the run: more rows, more prompts or seeds, RL, step back, or stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ablation.after_sft import SIGNAL
from ablation.evidence import Difference, Evidence, Margins
from ablation.gain import BucketDecision, Interval, Verdict
from ablation.label import Label
from ablation.needs import gain, gain_or_flat, loss, score_above
from ablation.scores import BOUNDED
from ablation.standing import Corrected, Standing, below_base
from ablation.worth import spent, worthwhile


def bucket_step(
    evidence: Evidence,
    standing: Standing,
    label: Label,
    margins: Margins,
    claims: Corrected,
    forecast: Interval | None,
) -> str:
    """One sentence, for what stands in the way and not for what usually does."""
    name = evidence.bucket
    if label.word == "harmful":
        return f"leave {name} out, or cut it to its floor, and confirm with fresh seeds"
    if label.word == "below the base":
        return _below_step([name])
    if standing.verdict == "CONTINUE":
        return f"more rows of {name}{_where(evidence, margins, forecast)}"
    if standing.verdict == "OVER":
        control = evidence.dev.control if evidence.dev is not None else "the last dose"
        bar = ", and compare that with the base model" if below_base(evidence, margins, claims) else ""
        return f"step back to {control} for {name}{bar}"
    if label.word == "redundant":
        return f"cut {name} to a floor share and confirm that nothing is lost"
    if standing.verdict == "DONE":
        open_question = f"; {label.flips[0]}" if label.flips else ""
        return f"no more rows of {name}; spend its tokens elsewhere{open_question}"
    return _undecided(evidence, standing, margins, claims)[1]


def _below_step(names: Sequence[str]) -> str:
    it = "it ends" if len(names) == 1 else "they end"
    return (
        f"add no rows of {', '.join(names)} yet: with these rows and this training {it} below the base model, and more "
        "of the same is not shown to help; try fewer epochs, a lower learning rate or other rows, and compare with the "
        "base model again"
    )


def _where(evidence: Evidence, margins: Margins, forecast: Interval | None) -> str:
    """What the rows should buy; on other splits where dev itself has less than the margin left."""
    dev = evidence.dev
    pays = [step for step in worthwhile(evidence, margins, forecast) if step.split != "dev"]
    if dev is None or not pays or not spent(dev, margins):
        return _expected_words(evidence, margins, forecast)
    gained = " and ".join(f"{step.split} ({step.inner.words()})" for step in pays)
    return (
        f", for {gained}; dev itself has at most {1 - dev.score:.3f} left, less than the margin of {margins.margin:g}"
    )


def _expected_words(evidence: Evidence, margins: Margins, forecast: Interval | None) -> str:
    if forecast is None:
        return ""
    top = margins.metric in BOUNDED and evidence.dev is not None and evidence.dev.score + forecast.estimate >= 1 - 1e-6
    if not top:
        return f"; the next doubling should give {forecast.words()}"
    small = f", less than the margin of {margins.margin:g}" if forecast.estimate < margins.margin else ""
    return f"; the score ends at 1, so the next doubling can give {forecast.estimate:+.3f} at most{small}"


def flips(evidence: Evidence, standing: Standing, label: Label, margins: Margins, claims: Corrected) -> tuple[str, ...]:
    """What evidence would change the verdict, and the label where leave-one-out leaves it open."""
    return (*_verdict_flips(evidence, standing, margins, claims), *label.flips)


def _verdict_flips(evidence: Evidence, standing: Standing, margins: Margins, claims: Corrected) -> tuple[str, ...]:
    dev, m = evidence.dev, margins.margin
    if dev is None or standing.verdict == "UNDECIDED":
        return _undecided(evidence, standing, margins, claims)[0]
    if standing.verdict == "CONTINUE":
        gained = evidence.rising(margins.alpha)[0]
        return (f"DONE if the next step's interval fits within +-{m:g} (now {gained.words()})",)
    if standing.block == "spent":
        return (f"not DONE if fresh dev prompts put the score under {1 - m:g} (now {dev.score:.3f})",)
    if standing.verdict == "DONE":
        rise, fall = f"its upper end above {m:+g}", f"its lower end below {-m:+g}"
        return (f"not DONE if a re-run of the last dose step puts {rise} or {fall} (now {dev.words()})",)
    return (f"not OVER if fresh seeds put the last dose step's interval across 0 (now {dev.words()})",)


def _undecided(
    evidence: Evidence, standing: Standing, margins: Margins, claims: Corrected
) -> tuple[tuple[str, ...], str]:
    """(what would change it, cheapest next step) for each thing that can stand in the way."""
    name, steps = evidence.bucket, standing.steps
    splits = claims.buckets * max(len(evidence.voters), 1)
    if standing.block == "one dose":
        return (
            "a dose arm with half of the rows, on the same seeds",
        ), f"a dose arm at half of the rows, scored on {name} dev"
    if standing.block == "below the base":
        change = f"another verdict once other rows or another training put full - base above 0 (now {steps[0].words()})"
        return (change,), f"compare {name} with the base model again after a change of rows or training"
    if standing.block == "little left":
        worth_it = f"CONTINUE if a larger dose gains more than {margins.margin:g}"
        change = f"{worth_it}, or DONE if it gains less (now {steps[0].words()})"
        return (change,), f"one dose arm with twice the rows of {name}, to see what the next doubling gives"
    if standing.block == "splits disagree":
        up, down = _sides(steps)
        change = f"CONTINUE if fresh seeds put the loss on {down} across 0, or OVER if they put the gain on {up} there"
        return (
            change,
        ), f"read what {name} gained on {up} beside what it lost on {down}, and settle which of them counts"
    if standing.block == "not learned":
        return _learn(name, steps[0], margins)
    if standing.block == "one seed":
        return ("at least 2 more seeds would decide, if the estimate stays",), f"at least 2 more seeds for {name}"
    if standing.block == "open splits":
        asks = [gain_or_flat(step, margins, splits, one_sided=True) for step in steps]
    elif standing.block == "open step" and not steps[0].informative:
        change = f"{steps[0].split} items that some arm solves about half of the time"
        return (change,), f"{name} {change}"
    elif standing.block == "gain alone":
        asks = [min((gain(step, margins, splits) for step in steps), key=lambda ask: ask.cost)]
    elif standing.block == "open step":
        asks = [gain_or_flat(steps[0], margins, splits)]
    else:  # "loss alone", "base alone"
        what = "" if standing.block == "loss alone" else " against the base model"
        ask = loss(steps[0], margins, claims.buckets)
        asks = [replace(ask, shows=ask.shows.replace("the loss", f"the loss{what}"))]
    return tuple(ask.flip() for ask in asks), asks[0].step(name)


def _sides(steps: Sequence[Difference]) -> tuple[str, str]:
    up = ", ".join(step.split for step in steps if step.value.mean > 0)
    return up, ", ".join(step.split for step in steps if step.value.mean <= 0)


def _learn(name: str, dev: Difference, margins: Margins) -> tuple[tuple[str, ...], str]:
    """A score at the floor needs a better model or easier items; one above it, but not clearly, needs more numbers."""
    ask = score_above(dev, margins)
    if ask is not None:
        return (ask.flip(),), ask.step(name)
    change = f"a dev score clearly above the margin {margins.margin:g} (now {dev.score:.3f})"
    remedy = f"a larger model, more epochs or rows, or easier items for {name}"
    return (change,), f"{remedy}: at a score of {dev.score:.3f}, more prompts or seeds decide nothing"


def run_step(
    verdict: Verdict,
    buckets: Sequence[BucketDecision],
    forecast: Mapping[str, Interval | None],
    move_to_rl: Literal["yes", "no", "unknown"],
    checkpoint: str,
    last: str,
) -> str:
    """`checkpoint` is the arm to keep over all buckets, `last` the one with the most data.

    A bucket that went too far is stepped back also where the whole is best kept at the last arm, or was not comparable.
    """
    if verdict == "OVER":
        if checkpoint not in ("", last):
            return f"step back to {checkpoint}"
        return "; ".join(bucket.next for bucket in buckets if bucket.verdict == "OVER")
    if verdict == "DONE":
        if move_to_rl == "yes":
            return "move to RL on the buckets whose answers can be verified, after a small RL probe"
        return (
            "stop SFT on this data" if move_to_rl == "no" else "stop SFT on this data; an RL probe would say what next"
        )
    rising = [bucket for bucket in buckets if bucket.verdict == "CONTINUE"]
    if verdict == "CONTINUE" and rising:
        return max(rising, key=lambda bucket: _expected(forecast.get(bucket.bucket))).next
    sunk = [bucket.bucket for bucket in buckets if bucket.label == "below the base"]
    waiting = [bucket.next for bucket in buckets if bucket.verdict == "UNDECIDED" and bucket.bucket not in sunk]
    steps = [*([_below_step(sunk)] if sunk else []), *waiting]
    return "; ".join(steps[:3]) or "fresh seeds for the buckets named above"


def _expected(interval: Interval | None) -> float:
    return interval.estimate if interval is not None else float("-inf")


def ready_for_rl(
    verdict: Verdict, buckets: Sequence[BucketDecision], margins: Margins, verifiable: frozenset[str]
) -> tuple[Literal["yes", "no", "unknown"], str]:
    """Readiness from stored samples: enough groups with signal and enough headroom. It is not an RL probe.

    L_g = 1 - E[(1-p)^g + p^g]; most groups are degenerate below p* = 1 - 2^(-1/g).
    """
    if verdict == "CONTINUE":
        return "no", "SFT still gains; RL from an unfinished start is not recommended by default"
    if verdict == "OVER":
        return "no", "step back first: RL would start from an over-trained model"
    candidates = [(b.bucket, b.readiness) for b in buckets if b.bucket in verifiable and b.readiness is not None]
    if not candidates:
        return "unknown", "no bucket with verifiable answers has two or more samples a prompt"
    words = "; ".join(
        f"{name}: L_{r.group} = {r.learnable.estimate:.2f}, headroom {r.headroom.estimate:.2f}, pass@1 "
        f"{r.pass_rate.estimate:.2f} (p* = {1 - 2 ** (-1 / r.group):.2f})"
        for name, r in candidates
    )
    ready = [n for n, r in candidates if r.learnable.low >= SIGNAL and r.headroom.low >= margins.rate]
    if verdict == "DONE" and ready:
        return (
            "yes",
            f"SFT is flat and {', '.join(ready)} carry signal ({words}); no RL probe was run, so start with one",
        )
    if all(r.learnable.high < SIGNAL or r.headroom.high < margins.rate for _, r in candidates):
        return "no", f"no verifiable bucket has signal and headroom left ({words})"
    if verdict == "UNDECIDED":
        return "unknown", f"SFT is not decided yet ({words})"
    return "unknown", f"readiness is within its error ({words})"
