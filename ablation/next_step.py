"""The cheapest next step, per bucket and for the run: more rows, more prompts or seeds, RL, step back, or stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ablation.evidence import Evidence, Margins
from ablation.gain import BucketDecision, Interval, Verdict
from ablation.rule import needs
from ablation.stats import non_superior
from ablation.tasks import TASKS

VERIFIABLE = frozenset(bucket for bucket, task in TASKS.items() if task.verifiable)
"""Buckets whose answers a program can check, so that GRPO-like RL has a reward."""
SIGNAL = 0.2
"""Smallest share of groups with both right and wrong samples worth calling a signal."""


def bucket_step(evidence: Evidence, verdict: Verdict, label: str, margins: Margins, forecast: Interval | None) -> str:
    name = evidence.bucket
    if label == "harmful":
        return f"leave {name} out, or cut it to its floor, and confirm with fresh seeds"
    if verdict == "CONTINUE":
        expected = ""
        if forecast is not None:
            expected = (
                f"; the next doubling should give {forecast.estimate:+.3f} [{forecast.low:+.3f}, {forecast.high:+.3f}]"
            )
        return f"more rows of {name}{expected}"
    if verdict == "OVER":
        control = evidence.dev.control if evidence.dev is not None else "the last dose"
        return f"step back to {control} for {name}"
    if label == "redundant":
        return f"cut {name} to a floor share and confirm that nothing is lost"
    if verdict == "DONE":
        return f"no more rows of {name}; spend its tokens elsewhere"
    dev = evidence.dev
    if dev is None:
        return f"a dose arm at half of the rows, scored on {name} dev"
    if not dev.informative:
        return f"{name} dev items that some arm half solves"
    waiting = [step for step in evidence.off_dev if not non_superior(step.inner, margins.margin)]
    return f"{needs(waiting[0] if dev.comparison == 'equivalent' and waiting else dev, margins)} for {name}"


def run_step(
    verdict: Verdict,
    buckets: Sequence[BucketDecision],
    forecast: Mapping[str, Interval | None],
    move_to_rl: Literal["yes", "no", "unknown"],
    checkpoint: str,
) -> str:
    if verdict == "OVER":
        return f"step back to {checkpoint}" if checkpoint else "step back to the last dose"
    if verdict == "DONE":
        if move_to_rl == "yes":
            return "move to RL on the buckets whose answers can be verified, after a small RL probe"
        return (
            "stop SFT on this data" if move_to_rl == "no" else "stop SFT on this data; an RL probe would say what next"
        )
    rising = [bucket for bucket in buckets if bucket.verdict == "CONTINUE"]
    if verdict == "CONTINUE" and rising:
        return max(rising, key=lambda bucket: _expected(forecast.get(bucket.bucket))).next
    waiting = [bucket for bucket in buckets if bucket.verdict == "UNDECIDED"]
    return "; ".join(bucket.next for bucket in waiting[:3]) or "fresh seeds for the buckets named above"


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
    ready = [n for n, r in candidates if r.learnable.low >= SIGNAL and r.headroom.low >= margins.margin]
    if verdict == "DONE" and ready:
        return (
            "yes",
            f"SFT is flat and {', '.join(ready)} carry signal ({words}); no RL probe was run, so start with one",
        )
    if all(r.learnable.high < SIGNAL or r.headroom.high < margins.margin for _, r in candidates):
        return "no", f"no verifiable bucket has signal and headroom left ({words})"
    if verdict == "UNDECIDED":
        return "unknown", f"SFT is not decided yet ({words})"
    return "unknown", f"readiness is within its error ({words})"
