"""Near duplicates among sketched rows: exact copies collapse, then a greedy pass over the rows that share a band."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from buckets import cores
from curate.near.bands import groups_of
from curate.near.meet import settle
from curate.near.sketch import I64, U64, Sets

SetsOf = Callable[[I64], Sets]
"""The shingle sets of some rows (numbers in rising order), in that order."""


@dataclass(frozen=True)
class Found:
    """Rows that fall, in rising order, each with the kept row it repeats and their exact Jaccard."""

    row: I64
    witness: I64
    jaccard: npt.NDArray[np.float64]
    notes: dict[str, int] = field(default_factory=dict)


BLOCK = 4096
"""Rows that look back together before they settle one after the other; a constant, so that threads change nothing."""
BIT_WORDS = 8
"""Words of 64 bits that sum a row's shingles up, to rule pairs out."""


def find(keys: U64, whole: U64, words: npt.NDArray[np.int32], sets_of: SetsOf, threshold: float) -> Found:
    """Rows in order of preference: row i falls when a kept row before it has Jaccard >= threshold.

    keys: (n, bands) band keys; whole: (n,) hashes of the texts; words: (n,) their lengths. A row without words equals
    only other rows without words. Retrieval has the recall of the bands; everything that falls is exact.
    """
    _, first, back = np.unique(whole, return_index=True, return_inverse=True)
    keeper = first[back]  # return_index gives the first occurrence
    unique = np.flatnonzero((keeper == np.arange(len(whole))) & (words > 0))
    groups, count = groups_of(keys, unique)
    grouped = np.flatnonzero((groups >= 0).any(axis=1))
    places = unique[grouped]
    groups = np.ascontiguousarray(groups[grouped])
    witness, score, compared = greedy(sets_of(places), groups, count, threshold)
    fell = witness >= 0
    near = np.full(len(whole), -1, dtype=np.int64)
    near[places[fell]] = places[witness[fell]]
    scores = np.ones(len(whole))
    scores[places[fell]] = score[fell]
    return _joined(keeper, near, scores, {"rows_in_bands": len(grouped), "pairs_compared": int(compared)})


def greedy(
    sets: Sets, groups: npt.NDArray[np.int32], count: int, threshold: float
) -> tuple[I64, npt.NDArray[np.float64], int]:
    """(witness or -1, Jaccard, pairs compared): rows in order fall to the most similar kept row of their groups.

    groups: (n, bands) numbers below `count`, or -1. A row that falls leaves the groups, so a crowd of near-identical
    rows costs no square. A block of rows looks back at the kept rows before it on all cores, then its rows settle
    among themselves.
    """
    rows = len(groups)
    witness, score = np.full(rows, -1, np.int64), np.zeros(rows)
    sizes = np.bincount(groups[groups >= 0], minlength=count)
    begins = np.cumsum(sizes) - sizes
    ends, members = begins.copy(), np.empty(max(1, int(sizes.sum())), np.int32)
    bits, compared = np.zeros((rows, BIT_WORDS), np.uint64), 0
    table = (sets.values, sets.offsets, groups)
    share = -(-BLOCK // cores())
    seens = [np.full(rows, -1, np.int32) for _ in range(cores())]
    with ThreadPoolExecutor(cores()) as pool:
        for first in range(0, rows, BLOCK):
            last = min(rows, first + BLOCK)
            cuts = range(first, last, share)
            done = pool.map(
                lambda start, seen, last=last: settle(
                    *table, begins, ends, members, bits, seen, start, min(last, start + share),
                    threshold, witness, score, False,
                ),
                cuts, seens[: len(cuts)],
            )  # fmt: skip
            compared += sum(done)
            before = ends.copy()
            compared += settle(
                *table, before, ends, members, bits, seens[0], first, last, threshold, witness, score, True
            )
    return witness, score, compared


def _joined(keeper: I64, near: I64, scores: npt.NDArray[np.float64], notes: dict[str, int]) -> Found:
    """A copy whose keeper fell as a near duplicate falls with it, to the same witness."""
    copies = keeper != np.arange(len(keeper))
    witness = np.where(near[keeper] >= 0, near[keeper], np.where(copies, keeper, -1))
    row = np.flatnonzero(witness >= 0)
    notes |= {"exact": int(copies.sum()), "near": int((near >= 0).sum())}
    return Found(row, witness[row], scores[keeper[row]], notes)
