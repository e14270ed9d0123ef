"""The move of the whole run, from the verdict of the run and the moves of its buckets."""

from __future__ import annotations

from collections.abc import Sequence

from ablation.boundary import ROWS
from ablation.gain import Boundary, BucketDecision, Verdict

_ALONE = {
    "rlvr": "RL with a verifier",
    "preference tuning": "preference tuning",
    "fix the mode": "fix the mode",
    "sft other rows": "other rows or another training",
    "sft more": "more SFT",
    "stop": "stop",
    "new base": "a new base or harder items",
    "measure": "measure first",
}
_DONE = ("sft other rows", "fix the mode", "sft more", "rlvr", "preference tuning", "measure", "new base", "stop")
"""Where every bucket is flat: what must come before RL first, then what is left to do."""


def run_boundary(verdict: Verdict, buckets: Sequence[BucketDecision], next_step: str) -> Boundary | None:
    """None without buckets. A bucket still worth more SFT keeps the run in SFT; RL waits until all are done."""
    told = [(bucket, bucket.boundary) for bucket in buckets if bucket.boundary is not None]
    if not told:
        return None
    moves = {move: [(b, x) for b, x in told if x.move == move] for move in _ALONE}
    if verdict == "CONTINUE":
        first = [(b, x) for b, x in told if b.verdict == "CONTINUE"]
    elif verdict == "OVER":
        first = [(b, x) for b, x in told if b.verdict == "OVER"]
    elif verdict == "DONE":
        first = next(moves[move] for move in _DONE if moves[move])
    else:
        first = moves["measure"] or moves["sft other rows"] or told
    lead = next((x for b, x in first if b.next == next_step), first[0][1])
    same = [(b, x) for b, x in first if x.move == lead.move]
    kinds = {x.kind: [b.bucket for b, other in same if other.kind == x.kind] for _, x in same}
    led = [f"{ROWS[kind]} in {', '.join(names)}" if kind else ", ".join(names) for kind, names in kinds.items()]
    if lead.move != "sft more":
        led = [", ".join(b.bucket for b, _ in same)]
    others = [
        f"{words} in {_named([b.bucket for b, _ in rest])}"
        for move, words in _ALONE.items()
        if move != lead.move and (rest := [pair for pair in moves[move] if pair not in first])
    ]
    says = f"{_ALONE[lead.move]}: {'; '.join(led)}" + (f". Beside it: {'; '.join(others)}" if others else "")
    cheapest = next_step if verdict == "UNDECIDED" else lead.cheapest
    return Boundary(lead.move, lead.kind, says, lead.because, lead.flips, cheapest)


def _named(buckets: Sequence[str]) -> str:
    return ", ".join(buckets) if len(buckets) <= _FEW else f"{len(buckets)} buckets"


_FEW = 3
"""More buckets than this are counted: each has its own line elsewhere."""
