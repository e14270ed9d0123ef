"""Rule arms: what a filter rule dropped is put back, taken out at random instead, or trained on alone.

A gain of filtered over unfiltered data mixes two things: which rows went, and that fewer are left. The random control
takes as many trained tokens out at random, so that the difference to it is due to the rule's choice alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ablation.mixture import Ints, Pool, Portion, repeat, seeded

Kind = Literal["random", "unfiltered", "only"]
Dropped = Mapping[str, Mapping[str, Ints]]
"""Rule -> bucket -> row numbers of what it dropped."""


def kind_and_rule(arm: str) -> tuple[str, str]:
    """("random", "near_duplicate") of the arm "random:near_duplicate"."""
    kind, _, rule = arm.partition(":")
    return kind, rule


def put_back(pool: Pool, bucket: str, seed: int, rule: str, full: Ints, fell: Ints) -> Ints:
    """The first rows of a seeded permutation of `fell`, as many to `full` as all of them are to the whole bucket.

    A bucket that is drawn in part gets its dropped rows back in part: the unfiltered bucket in small.
    """
    share = len(full) / len(pool.members[bucket])
    count = min(len(fell), max(1, round(share * len(fell))))
    return fell[seeded(seed, "dropped", rule, bucket).permutation(len(fell))[:count]]


def without_at_random(pool: Pool, rows: Ints, tokens: int, rng: np.random.Generator) -> Ints:
    """`rows` less a random part whose trained tokens come nearest to `tokens`; at least one row stays."""
    order = rows[rng.permutation(len(rows))]
    gone = np.concatenate([[0], np.cumsum(pool.trained[order])])[:-1]
    return order[int(np.argmin(np.abs(gone - tokens))) :]


def rule_portion(
    pool: Pool, bucket: str, seed: int, arm: tuple[str, str], full: Ints, fell: Ints, tokens: float, max_epochs: float
) -> Portion | None:
    """One bucket of a rule arm, trained for `tokens`; `full` are its rows in the arm "full", `fell` what the rule took.

    `arm` is (kind, rule). None where the arm leaves the bucket as it is: nothing fell, or, for "only", what fell would
    have to be repeated more than `max_epochs`.
    """
    kind, rule = arm
    if not len(fell):
        return None
    if kind == "only":
        rows = fell[seeded(seed, "dropped", rule, bucket).permutation(len(fell))[: len(full)]]
        if tokens > max_epochs * float(pool.trained[rows].sum()):
            return None
        return Portion(rows, repeat(pool, bucket, rows, tokens, seed))
    back = put_back(pool, bucket, seed, rule, full, fell)
    rows = np.concatenate([full, back])
    if kind == "random":
        taken = int(pool.trained[back].sum())
        rows = without_at_random(pool, rows, taken, seeded(seed, "random", rule, bucket))
    return Portion(rows, repeat(pool, bucket, rows, tokens, seed))
