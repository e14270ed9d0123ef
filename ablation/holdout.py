"""Held-out talks for data without tasks: chosen by a hash of their first user turn, scored by NLL.

Not covered: prompts that say the same in other words; dedup takes those out before.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import polars as pl

from buckets import Draft, EvalItem, Message, Record, records

_RANGE = 2**64
_CROWD = 10
"""Rows that may open alike in any bucket without being taken for a form letter."""


def hold_out(pool: pl.DataFrame, fraction: float, most: int) -> tuple[pl.DataFrame, list[EvalItem]]:
    """(rows left for training, NLL items): about `fraction` of each bucket's openings, at most `most` items a bucket.

    An opening is the first user turn. All rows that share one leave the training together, in every bucket: a talk and
    its continuation, and the same question under another system prompt. One item is made per opening and bucket (the
    row with the smallest id), cut behind its last answer. An opening that more than `fraction` of a bucket's rows share
    is a form letter, not a prompt, and stays in training. Row order changes nothing.
    """
    if fraction <= 0 or pool.is_empty():
        return pool, []
    candidates: dict[str, list[tuple[int, str, Record]]] = {}
    rows: dict[int, list[str]] = {}
    sizes, crowds = Counter[str](), Counter[tuple[str, int]]()
    for record in records(pool):
        bucket, key = record.bucket or "", opening_hash(record.messages)
        sizes[bucket] += 1
        if key < fraction * _RANGE:
            rows.setdefault(key, []).append(record.id)
            crowds[bucket, key] += 1
            if record.bucket and record.answer:
                candidates.setdefault(bucket, []).append((key, record.id, record))
    common = {key for (bucket, key), count in crowds.items() if count > max(_CROWD, fraction * sizes[bucket])}
    items, held = [], set[int]()
    for bucket in sorted(candidates):
        first: dict[int, Record] = {}
        for key, _, record in sorted(candidates[bucket], key=lambda c: c[:2]):
            if key not in common and (key in first or len(first) < most):
                first.setdefault(key, record)
        held |= set(first)
        items += [
            EvalItem(f"holdout/{record.id}", bucket, "dev", f"{key:016x}", _answered(record.draft))
            for key, record in first.items()
        ]
    names = sorted(name for key in held for name in rows[key])
    return pool.filter(~pl.col("id").is_in(names)), items


def not_held_out(
    dropped: Mapping[str, pl.DataFrame], withheld: Collection[int], held: Collection[str]
) -> tuple[dict[str, pl.DataFrame], Counter[str]]:
    """Dropped rows that may be trained on, and how many may not: a copy of a held-out talk would give it away.

    `withheld` are the `opening_hash`es of eval items and held-out talks, `held` the ids of rows held out. A duplicate
    goes with its `witness`, whatever it opens with.
    """
    kept, leaks = {}, Counter[str]()
    gone = pl.Series("gone", sorted(held), dtype=pl.String)
    for rule, frame in dropped.items():
        shut = {record.id for record in records(frame) if opening_hash(record.messages) in withheld}
        closed = pl.col("id").is_in(pl.Series(sorted(shut), dtype=pl.String).implode())
        if "witness" in frame.columns:
            closed = closed | pl.col("witness").is_in(gone.implode()).fill_null(value=False)
        kept[rule] = frame.filter(~closed)
        if lost := frame.height - kept[rule].height:
            leaks[f"dropped by {rule}, but it opens like a held-out talk or an eval item"] = lost
    return kept, leaks


def opening_hash(messages: Sequence[Message]) -> int:
    """64 bits over the first user turn (else the first turn), whatever its case and white space.

    The system prompt is left out: the same question under another one has the same answer.
    """
    turns = sorted(messages, key=lambda m: m.role != "user")
    text = " ".join(turns[0].content.split()).casefold() if turns else ""
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


def _answered(draft: Draft) -> Draft:
    """The talk up to its last answer: only that is scored, and a prompt behind it would have no reference."""
    last = max(index for index, m in enumerate(draft.messages) if m.role == "assistant")
    return replace(draft, messages=draft.messages[: last + 1])
