"""MinHash sketches of many texts, a block at a time, and the exact shingle sets of a few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.near.kernels import shingle_rows, sketch_rows
from curate.near.texts import Bytes, Mode, bytes_of
from curate.near.threads import in_threads

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """How texts become signatures."""

    mode: Mode = "split"
    width: int = 5
    """Words in a shingle; a text of fewer words is one shingle."""
    num_perm: int = 128
    seed: int = 1


@dataclass(frozen=True)
class Sketch:
    """n rows, 4 x num_perm + 12 bytes each."""

    signatures: U32
    """(n, num_perm): `MinHash(num_perm, seed, hashfunc=xxh32, scheme="affine32")` of datasketch, bit for bit."""
    whole: U64
    """64-bit hash of all words of a row: equal for equal texts."""
    words: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Sets:
    """64-bit shingle hashes of n rows: row i is values[offsets[i]:offsets[i+1]], sorted, distinct."""

    values: U64
    offsets: I64

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> U64:
        return self.values[self.offsets[row] : self.offsets[row + 1]]


def permutations(num_perm: int, seed: int) -> tuple[U32, U32]:
    """The a (odd) and b of datasketch's affine32 permutations h -> a h + b mod 2^32."""
    random = np.random.RandomState(seed)
    a = random.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, random.randint(0, 1 << 32, num_perm, dtype=np.uint32)


def sketch(texts: pl.Series, shape: Shape) -> Sketch:
    """Signatures of each text; a text without words has the empty signature (all 2^32 - 1)."""
    a, b = (_rounded(part) for part in permutations(shape.num_perm, shape.seed))
    signatures = np.empty((len(texts), shape.num_perm), dtype=np.uint32)
    whole = np.empty(len(texts), dtype=np.uint64)
    words = np.empty(len(texts), dtype=np.int32)

    def work(first: int, last: int) -> None:
        rows = bytes_of(texts[first:last], shape.mode)
        scratch = (*_scratch(rows), np.empty(len(a), dtype=np.uint32))
        out = (signatures[first:last], whole[first:last], words[first:last])
        sketch_rows(rows.data, rows.starts, rows.stops, np.uint64(shape.width), a, b, *scratch, *out)

    in_threads(work, len(texts))
    return Sketch(signatures, whole, words)


def shingle_sets(texts: pl.Series, shape: Shape) -> Sets:
    """The exact sets that signatures stand for (up to a collision of 64-bit hashes)."""

    def work(first: int, last: int) -> tuple[U64, I64]:
        rows = bytes_of(texts[first:last], shape.mode)
        most = (rows.stops - rows.starts) // 2 + 1  # one-letter words and single spaces
        values, counts = np.empty(int(most.sum()), dtype=np.uint64), np.empty(len(rows), dtype=np.int64)
        scratch = (*_scratch(rows), *np.empty((2, int(most.max()) + 1), dtype=np.uint64))
        filled = shingle_rows(rows.data, rows.starts, rows.stops, np.uint64(shape.width), *scratch, values, counts)
        return values[:filled].copy(), counts

    parts = in_threads(work, len(texts))
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.concatenate([np.zeros(0, np.int64), *(counts for _, counts in parts)]), out=offsets[1:])
    return Sets(np.concatenate([np.zeros(0, np.uint64), *(values for values, _ in parts)]), offsets)


def _rounded(part: U32) -> U32:
    """Zeros behind it to a multiple of 16, so that the compiled loop has no rest to take one by one."""
    return np.concatenate([part, np.zeros(-len(part) % 16, dtype=np.uint32)])


def _scratch(rows: Bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], U64, U32, U32]:
    """Room for the longest row (twice, and for three times 64 bytes beyond it), for the borders of its words, and for
    their hashes in the making."""
    size = int((rows.stops - rows.starts).max(initial=0))
    words = size // 2 + 8
    low, out = np.empty((2, size + 192), dtype=np.uint8)
    return low, out, np.empty(words, np.uint64), np.empty((5, words), np.uint32), np.empty(words, np.uint32)


def jaccard(left: U64, right: U64) -> float:
    """|A and B| / |A or B| of two sorted distinct arrays; 1.0 when both are empty."""
    if not len(left) and not len(right):
        return 1.0
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


def keys_of(signatures: U32, bands: int, per_band: int) -> U64:
    """(n, bands) keys: equal where all entries of a band are equal."""
    keys = np.repeat(np.arange(1, bands + 1, dtype=np.uint64)[:, None], len(signatures), axis=1)  # a band in one piece
    for place in range(per_band):
        keys ^= signatures[:, place : bands * per_band : per_band].T
        keys *= np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys.T
