"""Word 5-gram shingles and their MinHash signatures (datasketch, affine32), a shard at a time.

Not covered here: languages without spaces are shingled by character, which is coarser than a real
segmenter; signatures of rows under five words hold a single shingle, the whole row.
"""

from __future__ import annotations

from collections.abc import Iterator
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

_CROWD = 128
"""Rows of one band compared all with all; in a larger band each row meets this many, and the rest is counted."""

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


def candidates(
    matrix: U32, bands: int, width: int, blocks: U32 | None = None, crowd: int = _CROWD
) -> tuple[npt.NDArray[np.int64], int]:
    """Row pairs (i < j), shape (pairs, 2), that share a band, from sorted band keys; and how many were skipped.

    With `blocks` (one number a row) only rows of the same block meet.

    Bands with more than `crowd` rows are not squared: each row meets the first crowd/2 rows of the band
    (the ones most likely to survive) and its crowd/2 predecessors.
    """
    found = [np.zeros((0, 2), dtype=np.int64)]
    skipped = 0
    for band in range(bands):
        part = matrix[:, band * width : (band + 1) * width]
        part = np.ascontiguousarray(part if blocks is None else np.column_stack([part, blocks]))
        keys = part.view(np.dtype((np.void, part.dtype.itemsize * part.shape[1]))).ravel()
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        for start, stop in _runs(same):
            members = np.sort(order[start:stop])
            pairs = _pairs(members, crowd)
            skipped += len(members) * (len(members) - 1) // 2 - len(pairs)
            found.append(pairs)
    return np.unique(np.concatenate(found), axis=0), skipped


def _runs(same: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """[start, stop) of each run of equal neighbours in a sorted array of len(same) + 1 keys."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield int(start), int(stop) + 1


def _pairs(members: npt.NDArray[np.int64], crowd: int) -> npt.NDArray[np.int64]:
    size = len(members)
    if size <= crowd:
        left, right = np.triu_indices(size, k=1)
        return np.stack([members[left], members[right]], axis=1)
    half = crowd // 2
    pairs = [np.stack([np.broadcast_to(members[k], size - k - 1), members[k + 1 :]], axis=1) for k in range(half)]
    pairs += [np.stack([members[half:-k], members[half + k :]], axis=1) for k in range(1, half + 1)]
    return np.unique(np.concatenate(pairs), axis=0)
