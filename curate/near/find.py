"""Near duplicates among sketched rows: exact copies collapse, then a greedy pass over the rows that share a band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from curate.near.bands import groups_of
from curate.near.kernels import greedy
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


def find(keys: U64, whole: U64, words: npt.NDArray[np.int32], sets_of: SetsOf, threshold: float) -> Found:
    """Rows in order of preference: row i falls when a kept row before it has Jaccard >= threshold.

    keys: (n, bands) band keys; whole: (n,) hashes of the texts; words: (n,) their lengths. A row without words equals
    only other rows without words. Retrieval has the recall of the bands; everything that falls is exact.
    """
    _, first, back = np.unique(whole, return_index=True, return_inverse=True)
    keeper = first[back]  # return_index gives the first occurrence
    unique = np.flatnonzero((keeper == np.arange(len(whole))) & (words > 0))
    groups, count = groups_of(keys[unique])
    grouped = np.flatnonzero((groups >= 0).any(axis=1))
    sets = sets_of(unique[grouped])
    witness, score = np.empty(len(grouped), np.int64), np.empty(len(grouped), np.float64)
    heads, seen = np.full(count, -1, dtype=np.int64), np.full(len(grouped), -1, dtype=np.int64)
    met = np.ascontiguousarray(groups[grouped])
    entries = np.empty((2, max(1, int((met >= 0).sum()))), dtype=np.int64)
    compared = greedy(sets.values, sets.offsets, met, heads, entries, seen, threshold, witness, score)
    fell = witness >= 0
    places = unique[grouped]
    near = np.full(len(whole), -1, dtype=np.int64)
    near[places[fell]] = places[witness[fell]]
    scores = np.ones(len(whole))
    scores[places[fell]] = score[fell]
    return _joined(keeper, near, scores, {"rows_in_bands": len(grouped), "pairs_compared": int(compared)})


def _joined(keeper: I64, near: I64, scores: npt.NDArray[np.float64], notes: dict[str, int]) -> Found:
    """A copy whose keeper fell as a near duplicate falls with it, to the same witness."""
    copies = keeper != np.arange(len(keeper))
    witness = np.where(near[keeper] >= 0, near[keeper], np.where(copies, keeper, -1))
    row = np.flatnonzero(witness >= 0)
    notes |= {"exact": int(copies.sum()), "near": int((near >= 0).sum())}
    return Found(row, witness[row], scores[keeper[row]], notes)
