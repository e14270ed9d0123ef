"""All pairs of vectors at or above a cosine: exact by blocks with a provable bound, or by faiss lists when many.

Exact: the vectors are rotated so that few coordinates carry most of their length. With p the first coordinates and r
the length of the rest, x.y <= px.py + rx ry (Cauchy-Schwarz), so one product of short vectors rules out nearly every
pair, and what is left is computed in full. Nothing is lost, whatever the data; only the saving depends on it.
Not covered: vectors that are not of length one (they are made so), and vectors of length zero (they are near nothing).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from buckets import cores
from curate.cosine_loops import checked, scanned

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

STRIP = 512
"""Rows of one product, and columns: the result (1 MiB) stays in the cache of a core until it is scanned."""
SLACK = 2e-5
"""Rounding of a product of unit vectors in single precision: what a bound may be short by."""
HOLD = 4_000_000
"""Pairs that a strip holds before it cuts down to the nearest."""
SAMPLE = 768
"""Rows on which the number of coordinates is chosen; four times as many choose the axes."""
_PRODUCT, _DOT = 0.012, 30.0
"""Nanoseconds of one coordinate of one pair in a product, and of one full cosine: measured, their ratio matters."""


@dataclass(frozen=True)
class Neighbours:
    """For each row the rows before it at or above the cosine: other[offsets[i]:offsets[i+1]], nearest first."""

    offsets: I64
    other: I32
    cosine: F32
    counts: I64
    """(n,) all of them, also those beyond `most`."""
    notes: dict[str, Any] = field(default_factory=dict)

    def of(self, row: int) -> Iterator[tuple[int, float]]:
        span = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        yield from zip(self.other[span].tolist(), self.cosine[span].tolist(), strict=True)

    def row(self) -> I32:
        """The row of each pair, beside `other` and `cosine`."""
        return np.repeat(np.arange(len(self.counts), dtype=np.int32), np.diff(self.offsets))


@dataclass(frozen=True)
class Pairs:
    """Pairs in no order: other < row."""

    row: I32
    other: I32
    cosine: F32

    def __len__(self) -> int:
        return len(self.row)


def unit(vectors: F32) -> F32:
    """Rows of length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def exact_pairs(vectors: F32, threshold: float, most: int | None = None) -> Neighbours:
    """Every pair at or above `threshold`; with `most`, the nearest of each row, and how many there were.

    The cosine of a pair is computed in one fixed order, so neither the order of the rows nor the number of threads
    changes a bit of it. Memory: the vectors, a rotated part of them, and n x most pairs.
    """
    vectors = unit(vectors)
    short = _short(vectors, threshold)
    starts = range(0, len(vectors), STRIP)

    def strip(start: int) -> Held:
        held = Held(start, min(start + STRIP, len(vectors)), most)
        product = np.empty(STRIP * STRIP, np.float32)
        for first in range(0, held.stop, STRIP):
            held.add(_tile(vectors, short, start, held.stop, first, min(first + STRIP, held.stop), threshold, product))
        held.cut()
        return held

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(cores()) as pool:
        # The last strips are the longest: they go first, so that no thread waits long at the end.
        strips = list(pool.map(strip, reversed(starts)))[::-1]
    return joined(strips, {"method": "exact", "coordinates_compared_first": int(short.shape[1])})


def exact_with(vectors: F32, rows: I64, threshold: float) -> set[tuple[int, int]]:
    """(row, other) of every pair of one of `rows` with any other row, both ways round; vectors of length one."""
    found: set[tuple[int, int]] = set()
    for first in range(0, len(rows), STRIP):
        some = rows[first : first + STRIP]
        for start in range(0, len(vectors), 8 * STRIP):
            product = vectors[some] @ vectors[start : start + 8 * STRIP].T
            at, other = np.nonzero(product >= threshold - SLACK)
            row, near, _ = checked(
                vectors, some[at].astype(np.int32), (other + start).astype(np.int32), np.float32(threshold)
            )
            found.update((a, b) for a, b in zip(row.tolist(), near.tolist(), strict=True) if a != b)
    return found


def _tile(
    vectors: F32, short: F32, start: int, stop: int, first: int, last: int, threshold: float, product: F32
) -> Pairs:
    bound = product[: (stop - start) * (last - first)].reshape(stop - start, last - first)
    np.dot(short[start:stop], short[first:last].T, out=bound)
    row, other = scanned(bound, np.float32(threshold - SLACK), start, first)
    return Pairs(*checked(vectors, row, other, np.float32(threshold)))


def _short(vectors: F32, threshold: float) -> F32:
    """(n, k + 1): the first k rotated coordinates and the length of the rest; products of two rows bound the cosine."""
    rows, width = vectors.shape
    if rows < 2 * SAMPLE or width <= 32:
        return vectors
    order = np.random.default_rng(0).permutation(rows)
    fitted, held_out = vectors[order[SAMPLE : 5 * SAMPLE]], vectors[order[:SAMPLE]]
    _, axes = np.linalg.eigh(fitted.T @ fitted)
    axes = np.ascontiguousarray(axes[:, ::-1], dtype=np.float32)
    turned = held_out @ axes  # on the rows that the axes were fitted to, any rotation looks good
    costs = {k: _cost(turned, k, threshold) for k in range(15, min(width, 256), 16)}
    best = min(costs, key=lambda k: costs[k])
    if costs[best] >= width * _PRODUCT:
        return vectors
    part = vectors @ axes[:, :best]
    rest = np.sqrt(np.maximum(0, 1 - (part * part).sum(axis=1, keepdims=True)) + 1e-6)
    return np.ascontiguousarray(np.concatenate([part, rest], axis=1), dtype=np.float32)


def _cost(turned: F32, k: int, threshold: float) -> float:
    """Expected nanoseconds a pair when the first k coordinates are compared first."""
    part = turned[:, :k]
    rest = np.sqrt(np.maximum(0, 1 - (part * part).sum(axis=1)))
    passing = part @ part.T + np.outer(rest, rest) >= threshold
    np.fill_diagonal(passing, False)
    return float(k * _PRODUCT + passing.mean() * _DOT)


class Held:
    """The pairs of a strip of rows, cut down to the nearest of each row whenever they grow too many."""

    def __init__(self, start: int, stop: int, most: int | None) -> None:
        self.start, self.stop = start, stop
        self.counts = np.zeros(stop - start, np.int64)
        self.pairs = Pairs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
        self._most = most
        self._parts: list[Pairs] = []
        self._size = 0

    def add(self, part: Pairs) -> None:
        if len(part):
            self._parts.append(part)
            self._size += len(part)
            self.counts += np.bincount(part.row - self.start, minlength=len(self.counts))
            if self._most is not None and self._size > HOLD:
                self.cut()

    def cut(self) -> None:
        """Sorted by row, then nearest first, then the earlier row first; at most `most` of each row."""
        parts = [self.pairs, *self._parts]
        row, other, cosine = (np.concatenate([getattr(p, n) for p in parts]) for n in ("row", "other", "cosine"))
        order = np.lexsort((other, -cosine, row))
        if self._most is not None and len(order):
            ordered = row[order]
            place = np.arange(len(order)) - np.searchsorted(ordered, ordered)
            order = order[place < self._most]
        self.pairs = Pairs(row[order], other[order], cosine[order])
        self._parts, self._size = [], len(order)


def joined(strips: list[Held], notes: dict[str, Any]) -> Neighbours:
    """Strips in order of their rows, as one."""
    empty = Held(0, 0, None)
    held = [*strips, empty]
    row, other, cosine = (np.concatenate([getattr(h.pairs, n) for h in held]) for n in ("row", "other", "cosine"))
    counts = np.concatenate([h.counts for h in held])
    offsets = np.searchsorted(row, np.arange(len(counts) + 1)).astype(np.int64)
    return Neighbours(offsets, other, cosine, counts, notes | {"pairs": int(counts.sum())})
