"""Every pair of rows at or above a Jaccard over word 5-grams, exactly: the truth for near-duplicate removal.

Set similarity join with prefix and length filters (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007):
in any order of the shingles, two sets of Jaccard >= t share one among the first n - ceil(t n) + 1 of each. Shingles
are 64-bit hashes of word hashes; a collision inside a pair (about n / 2^64) is the only way to be inexact. Rows with
equal sets are joined once and listed as twins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import xxhash

WORDS = 5
_CHUNK = 20_000
_CELLS = 1 << 24
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5, 0x85EBCA77C2B2AE63])
_U64 = npt.NDArray[np.uint64]
_I64 = npt.NDArray[np.int64]
Texts = Sequence[str] | pl.Series


def word5(text: str) -> frozenset[tuple[str, ...]]:
    """The 5-grams of `text.lower().split()`; the whole token list when there are fewer than five."""
    words = text.lower().split()
    return frozenset(tuple(words[at : at + WORDS]) for at in range(max(1, len(words) - WORDS + 1)))


def jaccard(left: str, right: str) -> float:
    """Exact Jaccard of two texts over `word5`."""
    a, b = word5(left), word5(right)
    return len(a & b) / len(a | b)


@dataclass(frozen=True)
class Joined:
    """`twin[row]` is the first row with the same set; `pairs` (n, 2), left < right, are rows with twin[row] == row."""

    twin: _I64
    pairs: _I64
    jaccard: npt.NDArray[np.float64]


@dataclass
class Shingler:
    """Rows to sets of hashed shingles; keeps one hash for each word it has met."""

    words: dict[str, int]

    def sets(self, texts: Texts) -> tuple[_U64, _I64]:
        """Sorted distinct shingles of all rows, one after the other, and the offsets (rows + 1) of each row."""
        tokens = [text.lower().split() for text in texts]
        lengths = np.array([len(words) for words in tokens], dtype=np.int64)
        ids = np.fromiter((self._id(word) for words in tokens for word in words), dtype=np.uint64, count=lengths.sum())
        starts = np.concatenate([[0], np.cumsum(lengths)])
        row, hashes = _windows(ids, starts, lengths)
        order = np.lexsort((hashes, row))
        row, hashes = row[order], hashes[order]
        fresh = np.ones(len(row), dtype=bool)
        fresh[1:] = (row[1:] != row[:-1]) | (hashes[1:] != hashes[:-1])
        return hashes[fresh], np.searchsorted(row[fresh], np.arange(len(texts) + 1))

    def _id(self, word: str) -> int:
        found = self.words.get(word)
        if found is None:
            found = self.words[word] = xxhash.xxh64_intdigest(word.encode())
        return found


def _windows(ids: _U64, starts: _I64, lengths: _I64) -> tuple[_I64, _U64]:
    """Row and hash of each window: one of min(length, 5) words at every place; a row without words has one, empty."""
    count = np.maximum(1, lengths - WORDS + 1)
    row = np.repeat(np.arange(len(lengths)), count)
    at = starts[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    width = np.minimum(lengths, WORDS)[row]
    padded = np.concatenate([ids, np.zeros(WORDS, dtype=np.uint64)])
    mixed = width.astype(np.uint64) * np.uint64(0x2545F4914F6CDD1D)
    for step in range(WORDS):
        word = np.where(step < width, padded[at + step], np.uint64(0))
        mixed = _mix((mixed ^ word) * np.uint64(int(_ODD[step])))
    return row, mixed


def _mix(values: _U64) -> _U64:
    values = (values ^ (values >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return values ^ (values >> np.uint64(29))


def join(texts: Texts, threshold: float) -> Joined:
    """All pairs of `texts` with exact Jaccard >= threshold (0 < threshold <= 1)."""
    shingler = Shingler({})
    twin, counts = _first_pass(texts, shingler)
    hashes, rows, sizes = _prefixes(texts, twin, counts, shingler, threshold)
    pairs = _meeting(hashes, rows, sizes, threshold)
    exact = _verified(texts, pairs, shingler)
    good = exact >= threshold
    return Joined(twin, pairs[good], exact[good])


def _chunks(texts: Texts) -> Iterator[tuple[int, Texts]]:
    for start in range(0, len(texts), _CHUNK):
        yield start, texts[start : start + _CHUNK]


def _first_pass(texts: Texts, shingler: Shingler) -> tuple[_I64, npt.NDArray[np.uint16]]:
    """First row with the same set, by two independent 64-bit sums; and about how common each shingle is."""
    counts = np.zeros(_CELLS, dtype=np.int64)
    keys = np.zeros((len(texts), 3), dtype=np.uint64)
    for start, part in _chunks(texts):
        hashes, offsets = shingler.sets(part)
        counts += np.bincount((hashes & np.uint64(_CELLS - 1)).astype(np.int64), minlength=_CELLS)
        rows = slice(start, start + len(part))
        keys[rows, 0] = np.add.reduceat(hashes, offsets[:-1])
        keys[rows, 1] = np.add.reduceat(_mix(hashes * np.uint64(int(_ODD[1]))), offsets[:-1])
        keys[rows, 2] = np.diff(offsets)
    _, first, member = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first[member.ravel()], np.minimum(counts, 65_535).astype(np.uint16)


def _prefixes(
    texts: Texts, twin: _I64, counts: npt.NDArray[np.uint16], shingler: Shingler, threshold: float
) -> tuple[_U64, _I64, _I64]:
    """Of every first row, its rarest shingles up to the prefix length: hash and row; and the set size of each row."""
    found: list[tuple[_U64, _I64]] = []
    sizes = np.zeros(len(texts), dtype=np.int64)
    for start, part in _chunks(texts):
        hashes, offsets = shingler.sets(part)
        n = np.diff(offsets)
        sizes[start : start + len(part)] = n
        row = np.repeat(np.arange(len(part)), n)
        order = np.lexsort((hashes, counts[(hashes & np.uint64(_CELLS - 1)).astype(np.int64)], row))
        rank = np.arange(len(hashes)) - offsets[row]
        head = (rank < (n - np.ceil(threshold * n - 1e-9) + 1)[row]) & (twin[start + row] == start + row)
        found.append((hashes[order][head], start + row[head]))
    return np.concatenate([h for h, _ in found]), np.concatenate([r for _, r in found]), sizes


def _meeting(hashes: _U64, rows: _I64, sizes: _I64, threshold: float) -> _I64:
    """Distinct row pairs that share a prefix shingle and whose sizes allow the threshold."""
    order = np.lexsort((sizes[rows], hashes))
    hashes, rows = hashes[order], rows[order]
    found = [np.zeros((0, 2), dtype=np.int64)]
    active, step = np.arange(len(rows)), 1
    while len(active):
        active = active[active + step < len(rows)]
        active = active[hashes[active] == hashes[active + step]]
        left, right = rows[active], rows[active + step]
        fits = sizes[left] >= threshold * sizes[right] - 1e-9
        active, left, right = active[fits], left[fits], right[fits]
        found.append(np.stack([np.minimum(left, right), np.maximum(left, right)], axis=1))
        if step % 64 == 0:
            found = [np.unique(np.concatenate(found), axis=0)]
        step += 1
    return np.unique(np.concatenate(found), axis=0)


def _verified(texts: Texts, pairs: _I64, shingler: Shingler) -> npt.NDArray[np.float64]:
    """Exact Jaccard of each pair; pairs must be sorted by their left row."""
    out = np.empty(len(pairs))
    for start in range(0, len(pairs), _CHUNK):
        block = pairs[start : start + _CHUNK]
        needed, place = np.unique(block, return_inverse=True)
        hashes, offsets = shingler.sets([texts[int(row)] for row in needed])
        for k, (a, b) in enumerate(place.reshape(-1, 2)):
            left, right = hashes[offsets[a] : offsets[a + 1]], hashes[offsets[b] : offsets[b + 1]]
            common = int(np.isin(left, right, assume_unique=True).sum())
            out[start + k] = common / (len(left) + len(right) - common)
    return out
