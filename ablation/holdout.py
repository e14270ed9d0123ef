"""Held-out prompts for data without tasks: chosen by a hash of the prompt, scored by NLL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import polars as pl

from buckets import EvalItem, Message, Record, dumps, records

_RANGE = 2**64


def hold_out(pool: pl.DataFrame, fraction: float, most: int) -> tuple[pl.DataFrame, list[EvalItem]]:
    """(rows left for training, NLL items): about `fraction` of each bucket's prompts, at most `most` items a bucket.

    The choice depends on the prompt's content alone: rows that share a prompt go together, and neither
    row order nor other rows change it. One item is made per prompt (the row with the smallest id).
    """
    if fraction <= 0 or pool.is_empty():
        return pool, []
    candidates: dict[str, list[tuple[int, str, Record]]] = {}
    for record in records(pool):
        if record.bucket and record.answer:
            key = prompt_hash(record.prompt, record.draft.tools)
            if key < fraction * _RANGE:
                candidates.setdefault(record.bucket, []).append((key, record.id, record))
    items, held = [], set[str]()
    for bucket in sorted(candidates):
        found = sorted(candidates[bucket], key=lambda c: c[:2])
        chosen = dict.fromkeys(sorted({key for key, _, _ in found})[:most])
        seen = set[int]()
        for key, name, record in found:
            if key not in chosen:
                continue
            held.add(name)
            if key not in seen:
                seen.add(key)
                items.append(EvalItem(f"holdout/{name}", bucket, "dev", f"{key:016x}", record.draft))
    return pool.filter(~pl.col("id").is_in(sorted(held))), items


def prompt_hash(messages: Sequence[Message], tools: str | None) -> int:
    """64 bits over roles and contents of the prompt and the tools."""
    text = dumps([[[m.role, m.content] for m in messages], tools])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
