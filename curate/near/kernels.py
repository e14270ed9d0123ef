"""The loops over bytes and shingles, compiled by numba and cached on disk.

A row is normalised once into scratch (ASCII lower case, single spaces); each shingle is then one span of it.
Every result depends on its own row alone, and the loops let go of the interpreter, so that plain threads can share
the rows out: numba's own parallel loops would cost seconds of compilation.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from curate.near.xxh32 import xxh32

_FIRST, _SECOND = np.uint64(0), np.uint64(0x9E3779B1)
"""Seeds of the two hashes that together make 64 bits; the first is datasketch's."""
_B32 = np.uint64(32)
_EMPTY = np.uint32(0xFFFFFFFF)
_M32 = np.uint64(0xFFFFFFFF)


_LOWER = np.array(
    [255 if byte in b"\t\n\v\f\r\x1c\x1d\x1e\x1f " else byte + 32 if 65 <= byte <= 90 else byte for byte in range(256)],
    dtype=np.uint8,
)
"""ASCII lower case of each byte; 255, which UTF-8 never holds, for white space."""


@njit(nogil=True)
def _normalised(data, start, stop, out, begins, ends):
    """Words of a row into `out`, joined by single spaces; their borders into begins and ends. Returns their number."""
    at, words, inside = 0, 0, False
    for place in range(start, stop):
        byte = _LOWER[data[place]]
        if byte == 255:
            if inside:
                ends[words] = at
                words += 1
                inside = False
            continue
        if not inside:
            if at:
                out[at] = 32
                at += 1
            begins[words] = at
            inside = True
        out[at] = byte
        at += 1
    if inside:
        ends[words] = at
        words += 1
    return words


@njit(nogil=True)
def _grams(words, width):
    """Shingles of a row: one for a row of `width` words or fewer, none for a row without words."""
    if words == 0:
        return 0
    return words - width + 1 if words > width else 1


@njit(nogil=True)
def _fmix(value):
    """The MurmurHash3 finalizer, with which datasketch mixes a hash before it permutes it."""
    value = ((value ^ (value >> np.uint64(16))) * np.uint64(0x85EBCA6B)) & _M32
    value = ((value ^ (value >> np.uint64(13))) * np.uint64(0xC2B2AE35)) & _M32
    return value ^ (value >> np.uint64(16))


@njit(nogil=True, cache=True)
def sketch_rows(data, offsets, first, last, width, a, b, out, begins, ends, line, signatures, whole, words):
    """Fills rows first..last of signatures (uint32), whole (uint64 hash of the normalised row) and words (int32).

    out (bytes of the longest row and one more), begins, ends (half of that and two more), line (as long as a) are
    scratch: handed in, because numba would spend half a second on compiling an allocation.
    """
    perms = len(a)
    for row in range(first, last):
        count = _normalised(data, offsets[row], offsets[row + 1], out, begins, ends)
        words[row] = count
        for perm in range(perms):
            line[perm] = _EMPTY
        stop = ends[count - 1] if count else 0
        whole[row] = (xxh32(out, 0, stop, _FIRST) << _B32) | xxh32(out, 0, stop, _SECOND)
        for gram in range(_grams(count, width)):
            end = ends[gram + width - 1 if count > width else count - 1]
            mixed = np.uint32(_fmix(xxh32(out, begins[gram], end, _FIRST)))
            for perm in range(perms):
                value = np.uint32(a[perm] * mixed + b[perm])
                line[perm] = value if value < line[perm] else line[perm]
        for perm in range(perms):
            signatures[row, perm] = line[perm]


@njit(nogil=True, cache=True)
def shingle_rows(data, offsets, first, last, width, out, begins, ends, starts, values, counts):
    """Fills values[starts[row]:] with the sorted distinct 64-bit shingle hashes of rows first..last; counts them."""
    for row in range(first, last):
        count = _normalised(data, offsets[row], offsets[row + 1], out, begins, ends)
        grams = _grams(count, width)
        start = starts[row]
        for gram in range(grams):
            end = ends[gram + width - 1 if count > width else count - 1]
            low = xxh32(out, begins[gram], end, _SECOND)
            values[start + gram] = (xxh32(out, begins[gram], end, _FIRST) << _B32) | low
        _sort(values, start, start + grams)
        distinct = 0
        for gram in range(grams):
            if gram == 0 or values[start + gram] != values[start + distinct - 1]:
                values[start + distinct] = values[start + gram]
                distinct += 1
        counts[row] = distinct


@njit(nogil=True)
def _sort(values, start, stop):
    """Shell sort with the gaps h -> 3 h + 1 of Knuth: short rows, in place, and it compiles in no time."""
    gap = 1
    while gap < (stop - start) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for place in range(start + gap, stop):
            value, hole = values[place], place
            while hole - gap >= start and values[hole - gap] > value:
                values[hole] = values[hole - gap]
                hole -= gap
            values[hole] = value
        gap //= 3


@njit(nogil=True, cache=True)
def band_keys(signatures, bands, per_band, keys):
    """Fills keys (rows x bands, uint64) with a mix of each band's entries."""
    for row in range(len(signatures)):
        for band in range(bands):
            key = np.uint64(band + 1)
            for place in range(band * per_band, (band + 1) * per_band):
                key = (key ^ np.uint64(signatures[row, place])) * np.uint64(0x9E3779B97F4A7C15)
                key ^= key >> np.uint64(29)
            keys[row, band] = key


@njit(nogil=True)
def _shared(values, a, a_stop, b, b_stop, least):
    """Size of the intersection of two sorted spans; gives up (and returns 0) when `least` is out of reach."""
    found = 0
    while a < a_stop and b < b_stop:
        left = a_stop - a if a_stop - a < b_stop - b else b_stop - b
        if found + left < least:
            return 0
        x, y = values[a], values[b]
        found += x == y
        a += x <= y
        b += y <= x
    return found


@njit(nogil=True, cache=True)
def enter(groups, heads, entries, used, row):
    """Puts a kept row at the head of its groups; returns the entries used."""
    for band in range(groups.shape[1]):
        group = groups[row, band]
        if group >= 0:
            entries[0, used], entries[1, used] = row, heads[group]
            heads[group] = used
            used += 1
    return used


@njit(nogil=True, cache=True)
def greedy(values, offsets, groups, heads, entries, seen, threshold, witness, score):
    """Rows in order: each falls to the most similar kept row of its groups at or above the threshold, or is kept.

    groups: rows x bands, the number of the row's group or -1. heads: one entry a group, -1. entries (2 x memberships)
    and seen (one a row, -1) are scratch. Fills witness (-1 for kept) and score; returns the number of pairs compared.
    A row that falls leaves the groups, so a crowd of near-identical rows costs no square.
    """
    rows, bands = groups.shape
    used, compared = 0, 0
    for row in range(rows):
        best, best_score = -1, 0.0
        size = offsets[row + 1] - offsets[row]
        for band in range(bands):
            group = groups[row, band]
            entry = heads[group] if group >= 0 else -1
            while entry >= 0:
                other = entries[0, entry]
                entry = entries[1, entry]
                if seen[other] == row:
                    continue
                seen[other] = row
                sizes = size + offsets[other + 1] - offsets[other]
                bound = best_score if best_score > threshold else threshold
                least = int(bound * sizes / (1.0 + bound))
                compared += 1
                shared = _shared(values, offsets[row], offsets[row + 1], offsets[other], offsets[other + 1], least)
                similarity = shared / (sizes - shared)
                if similarity >= threshold and (similarity > best_score or (similarity == best_score and other < best)):
                    best, best_score = other, similarity
        witness[row], score[row] = best, best_score
        if best < 0:
            used = enter(groups, heads, entries, used, row)
    return compared


@njit(nogil=True, cache=True)
def near_kept(values, offsets, groups, heads, entries, seen, rest, row, threshold, crowd, found, scores):
    """Kept rows of the row's groups at or above the threshold, into found and scores; rest (one a band) is scratch.

    Returns (how many, pairs compared, pairs that met only beyond the first `crowd` kept rows of a group and were
    therefore not compared).
    """
    count, compared, skipped = 0, 0, 0
    size = offsets[row + 1] - offsets[row]
    for band in range(groups.shape[1]):
        group = groups[row, band]
        entry = heads[group] if group >= 0 else -1
        met = 0
        while entry >= 0 and met < crowd:
            other = entries[0, entry]
            entry = entries[1, entry]
            met += 1
            if seen[other] == row:
                continue
            seen[other] = row
            compared += 1
            sizes = size + offsets[other + 1] - offsets[other]
            least = int(threshold * sizes / (1.0 + threshold))
            shared = _shared(values, offsets[row], offsets[row + 1], offsets[other], offsets[other + 1], least)
            similarity = shared / (sizes - shared) if sizes else 1.0
            if similarity >= threshold:
                found[count], scores[count] = other, similarity
                count += 1
        rest[band] = entry
    for band in range(groups.shape[1]):  # all bands are compared by now: what is new here met nowhere else
        entry = rest[band]
        while entry >= 0:
            other = entries[0, entry]
            entry = entries[1, entry]
            if seen[other] != row:
                seen[other] = row
                skipped += 1
    return count, compared, skipped


@njit(nogil=True, cache=True)
def packed(values, starts, offsets, out):
    """The used part of each row's stretch of `values`, moved together into `out`."""
    for row in range(len(offsets) - 1):
        for place in range(offsets[row + 1] - offsets[row]):
            out[offsets[row] + place] = values[starts[row] + place]
