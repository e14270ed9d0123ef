"""Held-out talks for data without tasks: chosen by a hash of their first user turn, scored by NLL.

Not covered: prompts that say the same in other words; dedup takes those out before.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
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
