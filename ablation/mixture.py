"""Exact seeded draws of training rows per bucket: nested doses, counted in trained tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ablation.trial import Share
from buckets import CurateError

Ints = NDArray[np.int64]
Control = Literal["fixed_tokens", "fixed_epochs"]


@dataclass(frozen=True)
class Pool:
    """What can be drawn: for each bucket its row numbers, and the trained tokens of every row."""

    members: Mapping[str, Ints]
    trained: Ints

    @classmethod
    def of(cls, ids: Sequence[str], buckets: Sequence[str], trained: Sequence[int] | Ints) -> Pool:
        """Rows are sorted by id first, so that a draw does not depend on the order of the input."""
        if len(set(ids)) != len(ids):
            raise CurateError(f"{len(ids) - len(set(ids))} row ids occur twice: a draw by id is not defined")
        by_bucket: dict[str, list[int]] = {}
        for row in sorted(range(len(ids)), key=ids.__getitem__):
            by_bucket.setdefault(buckets[row], []).append(row)
        members = {bucket: np.array(by_bucket[bucket], np.int64) for bucket in sorted(by_bucket)}
        return cls(members, np.asarray(trained, np.int64))


@dataclass(frozen=True)
class Portion:
    """One bucket of a draw: `rows` the unique rows, `sequence` the rows as trained, with repeats."""

    rows: Ints
    sequence: Ints


@dataclass(frozen=True)
class Draw:
    """`order`: row numbers in training order; `shares`: what each bucket got."""

    order: Ints
    shares: dict[str, Share]


def seeded(seed: int, *words: str) -> np.random.Generator:
    """A generator of its own for each purpose, so that one draw never moves another."""
    digest = hashlib.blake2b("\0".join(words).encode(), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])


def choose(pool: Pool, bucket: str, seed: int, rows: int) -> Ints:
    """The first `rows` of the bucket's seeded permutation; smaller counts are subsets of larger ones.

    Raises CurateError when the bucket has fewer rows.
    """
    members = pool.members.get(bucket, np.zeros(0, np.int64))
    if rows > len(members):
        raise CurateError(f"bucket {bucket!r}: {rows} rows asked, {len(members)} available")
    return members[seeded(seed, "rows", bucket).permutation(len(members))[:rows]]


def available(pool: Pool, bucket: str, seed: int, rows: int | None, tokens: int | None) -> Ints:
    """The bucket's unique rows at dose 1: all, or up to a cap in rows or in trained tokens (at least one row)."""
    everything = choose(pool, bucket, seed, len(pool.members[bucket]))
    count = len(everything) if rows is None else min(rows, len(everything))
    if tokens is not None:
        within = int(np.searchsorted(np.cumsum(pool.trained[everything]), tokens, side="right"))
        count = min(count, max(1, within))
    return everything[:count]


def repeat(pool: Pool, bucket: str, rows: Ints, tokens: float, seed: int) -> Ints:
    """`rows` in freshly shuffled passes until the trained tokens come nearest to `tokens` (at least one row)."""
    per_pass = int(pool.trained[rows].sum())
    passes = int(np.ceil(tokens / per_pass)) + 1
    sequence = np.concatenate(
        [rows[seeded(seed, "pass", bucket, str(p)).permutation(len(rows))] for p in range(passes)]
    )
    running = np.cumsum(pool.trained[sequence])
    return sequence[: int(np.argmin(np.abs(running - tokens))) + 1]


def portion(pool: Pool, bucket: str, seed: int, full: Ints, dose: float, epochs: float, control: Control) -> Portion:
    """One bucket at one dose: round(dose x rows) unique rows (at least one), repeated as `control` says."""
    rows = full[: max(1, round(dose * len(full)))]
    counted = full if control == "fixed_tokens" else rows
    return Portion(rows, repeat(pool, bucket, rows, epochs * float(pool.trained[counted].sum()), seed))


def portion_of_tokens(
    pool: Pool, bucket: str, seed: int, tokens: int, max_epochs: float, among: Ints | None = None
) -> Portion:
    """`tokens` trained tokens of a bucket from as many unique rows as that takes, repeated at most `max_epochs`.

    `among` are the rows to take from, in order; default all of the bucket in seeded order. Raises CurateError with the
    numbers when they cannot give that many.
    """
    everything = choose(pool, bucket, seed, len(pool.members.get(bucket, ()))) if among is None else among
    have = int(pool.trained[everything].sum())
    if tokens > have * max_epochs:
        raise CurateError(
            f"bucket {bucket!r}: {tokens} trained tokens asked, {have} available x {max_epochs:g} epochs "
            f"= {have * max_epochs:.0f}"
        )
    needed = int(np.searchsorted(np.cumsum(pool.trained[everything]), tokens)) + 1
    rows = everything[:needed]
    return Portion(rows, repeat(pool, bucket, rows, tokens, seed))


def interleave(pool: Pool, portions: Mapping[str, Portion], seed: int) -> Draw:
    """Spread every bucket evenly over the run.

    The position of a row depends on its own bucket alone: without one bucket, the others keep exactly
    their rows, their repeats and their order.
    """
    keys, rows, shares = [], [], {}
    for bucket in sorted(portions):
        part = portions[bucket]
        count = len(part.sequence)
        keys.append((np.arange(count) + seeded(seed, "place", bucket).random(count)) / max(count, 1))
        rows.append(part.sequence)
        unique = int(pool.trained[part.rows].sum())
        shares[bucket] = Share(len(part.rows), unique, int(pool.trained[part.sequence].sum()))
    if not rows:
        return Draw(np.zeros(0, np.int64), {})
    return Draw(np.concatenate(rows)[np.argsort(np.concatenate(keys), kind="stable")], shares)
