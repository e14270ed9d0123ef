"""Word 5-gram shingles and their MinHash signatures (datasketch, affine32), a shard at a time.

Not covered here: languages without spaces are shingled by character, which is coarser than a real
segmenter; signatures of rows under five words hold a single shingle, the whole row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import xxhash
from datasketch import MinHash

U64 = npt.NDArray[np.uint64]
U32 = npt.NDArray[np.uint32]

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"

WORD = rf"[{_UNSPACED}]|[\w--[{_UNSPACED}]]+"
"""A word, or one character where a script writes no spaces."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Shingles:
    """64-bit shingle hashes of n rows in one flat array; row i is values[offsets[i]:offsets[i+1]], sorted, unique."""

    values: U64
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> U64:
        return self.values[self.offsets[row] : self.offsets[row + 1]]


def shingles(texts: pl.Series, width: int = 5) -> Shingles:
    """The set of word `width`-grams of each lower-cased text; the whole word list when it is shorter."""
    words = texts.fill_null("").str.to_lowercase().str.extract_all(WORD)
    counts = words.list.len().to_numpy().astype(np.int64)
    flat = words.explode(empty_as_null=False, keep_nulls=False) if len(words) else words
    hashes = _word_hashes(flat)
    values, owners = _grams(hashes, counts, width)
    return _sorted_sets(values, owners, len(texts))


def _word_hashes(words: pl.Series) -> U64:
    """xxh64 of each word, computed once for each distinct word."""
    unique = words.drop_nulls().unique(maintain_order=True)
    table = np.fromiter((xxhash.xxh64_intdigest(w.encode()) for w in unique), dtype=np.uint64, count=len(unique))
    if not len(unique):
        return table
    codes = words.cast(pl.Enum(unique)).to_physical().to_numpy()
    return np.asarray(table[codes], dtype=np.uint64)


def _grams(hashes: U64, counts: npt.NDArray[np.int64], width: int) -> tuple[U64, npt.NDArray[np.int64]]:
    """Rolling polynomial over the word hashes; a row of fewer than `width` words gives one gram of all."""
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else np.zeros(0, dtype=np.int64)
    grams = np.maximum(counts - width + 1, np.minimum(counts, 1))
    owners = np.repeat(np.arange(len(counts)), grams)
    within = np.arange(len(owners)) - np.repeat(np.cumsum(grams) - grams, grams)
    position = np.repeat(starts, grams) + within
    length = np.minimum(np.repeat(counts, grams), width)
    value = np.zeros(len(owners), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for step in range(width):
            inside = step < length
            word = hashes[np.minimum(position + step, len(hashes) - 1)] if len(hashes) else value
            value = np.where(inside, (value ^ word) * _MULTIPLIER + np.uint64(step + 1), value)
    return value, owners


def _sorted_sets(values: U64, owners: npt.NDArray[np.int64], rows: int) -> Shingles:
    order = np.lexsort((values, owners))
    values, owners = values[order], owners[order]
    if len(values):
        fresh = np.ones(len(values), dtype=bool)
        fresh[1:] = (values[1:] != values[:-1]) | (owners[1:] != owners[:-1])
        values, owners = values[fresh], owners[fresh]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=rows))]).astype(np.int64)
    return Shingles(values, offsets)


def signatures(sets: Shingles, num_perm: int = 128, seed: int = 1) -> U32:
    """MinHash signatures, shape (rows, num_perm): datasketch's affine32 over the folded shingle hashes."""
    folded = (sets.values ^ (sets.values >> np.uint64(32))).astype(np.uint32)
    empty = MinHash(num_perm=num_perm, seed=seed, scheme="affine32", hashfunc=int)
    out = np.empty((len(sets), num_perm), dtype=np.uint32)
    for row in range(len(sets)):
        sketch = empty.copy()
        sketch.update_batch(folded[sets.offsets[row] : sets.offsets[row + 1]])
        out[row] = sketch.hashvalues
    return out


def jaccard(left: U64, right: U64) -> float:
    """|A and B| / |A or B| of two sorted unique arrays; 1.0 when both are empty."""
    if not len(left) and not len(right):
        return 1.0
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


def banding(threshold: float, num_perm: int, recall: float = 0.995) -> tuple[int, int, float]:
    """(bands, rows, recall at the threshold): the longest rows whose recall is still at least `recall`.

    A pair of Jaccard s shares a band with probability 1 - (1 - s^r)^b (Leskovec, Rajaraman, Ullman,
    Mining of Massive Datasets, 3.4.2). Retrieval is wide on purpose: every candidate is verified.
    """
    for rows in range(num_perm, 0, -1):
        bands = num_perm // rows
        found = 1.0 - (1.0 - threshold**rows) ** bands
        if found >= recall:
            return bands, rows, found
    return num_perm, 1, 1.0 - (1.0 - threshold) ** num_perm
