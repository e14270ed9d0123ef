"""The loops over bytes and shingles, compiled by numba and cached on disk.

A row is normalised once into scratch (ASCII lower case, single spaces); each shingle is then one span of it.
Every result depends on its own row alone, and the loops let go of the interpreter, so that plain threads can share
the rows out: numba's own parallel loops would cost seconds of compilation.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from curate.near.xxh32 import xxh32

_FIRST, _SECOND = np.uint32(0), np.uint32(0x9E3779B1)
"""Seeds of the two hashes that together make 64 bits; the first is datasketch's."""
_B32 = np.uint64(32)
_EMPTY = np.uint32(0xFFFFFFFF)
_NONE, _ONE = np.uint64(0), np.uint64(1)
_SPACE, _GAP = np.uint8(32), np.uint8(255)
_M16, _M13 = np.uint32(16), np.uint32(13)
_LOW7, _ONES = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x0101010101010101)
_SEVEN, _TOP = np.uint64(7), np.uint64(56)
_F1, _F2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)


_LOWER = np.array(
    [255 if byte in b"\t\n\v\f\r\x1c\x1d\x1e\x1f " else byte + 32 if 65 <= byte <= 90 else byte for byte in range(256)],
    dtype=np.uint8,
)
"""ASCII lower case of each byte; 255, which UTF-8 never holds, for white space."""


@njit(nogil=True)
def _normalised(data, start, stop, out, begins, ends):
    """Words of a row into `out`, joined by single spaces; their borders into begins and ends. Returns their number.

    Writes at every byte and moves on only where something counts: words are short, and a branch at each of their
    borders would be mispredicted.
    """
    at, begun, ended, gap = _NONE, _NONE, _NONE, True
    for place in range(start, stop):
        byte = _LOWER[data[place]]
        now = byte == _GAP
        begins[begun] = at
        ends[ended] = at
        begun += np.uint64(gap and not now)
        ended += np.uint64(now and not gap)
        out[at] = _SPACE if now else byte
        at += np.uint64(not (now and gap))
        gap = now
    if not gap:
        ends[ended] = at
    return begun


@njit(nogil=True)
def _last(words, width):
    """Number of shingles less one of a row with words: one shingle for `width` words or fewer."""
    return words - width if words > width else _NONE


@njit(nogil=True)
def _fmix(value):
    """The MurmurHash3 finalizer, with which datasketch mixes a hash before it permutes it."""
    value = np.uint32((value ^ (value >> _M16)) * _F1)
    value = np.uint32((value ^ (value >> _M13)) * _F2)
    return np.uint32(value ^ (value >> _M16))


@njit(nogil=True, cache=True)
def sketch_rows(data, starts, stops, width, a, b, out, begins, ends, line, signatures, whole, words):
    """Fills signatures (uint32), whole (uint64 hash of the normalised row) and words (int32).

    starts, stops, begins, ends and width are uint64. out (bytes of the longest row and one more), begins, ends (half of
    that and two more), line (as long as a) are scratch: handed in, because numba would spend half a second on compiling
    an allocation.
    """
    perms = len(a)
    for row in range(len(starts)):
        count = _normalised(data, starts[row], stops[row], out, begins, ends)
        words[row] = count
        for perm in range(perms):
            line[perm] = _EMPTY
        stop = ends[count - _ONE] if count > _NONE else _NONE
        whole[row] = (np.uint64(xxh32(out, _NONE, stop, _FIRST)) << _B32) | xxh32(out, _NONE, stop, _SECOND)
        if count > _NONE:
            step = (width if count > width else count) - _ONE
            for gram in range(_NONE, _last(count, width) + _ONE):
                mixed = _fmix(xxh32(out, begins[gram], ends[gram + step], _FIRST))
                for perm in range(perms):
                    value = np.uint32(a[perm] * mixed + b[perm])
                    line[perm] = value if value < line[perm] else line[perm]
        for perm in range(perms):
            signatures[row, perm] = line[perm]


@njit(nogil=True, cache=True)
def shingle_rows(data, starts, stops, width, out, begins, ends, spare, heads, values, counts):
    """The sorted distinct 64-bit shingle hashes of all rows, one row behind the other, into `values`.

    Fills counts; returns how many in all. spare and heads (two more than the words of the longest row)
    are scratch.
    """
    filled = _NONE
    for row in range(len(starts)):
        count = _normalised(data, starts[row], stops[row], out, begins, ends)
        size = _NONE
        if count > _NONE:
            step = (width if count > width else count) - _ONE
            size = _last(count, width) + _ONE
            for gram in range(_NONE, size):
                begin, end = begins[gram], ends[gram + step]
                high = np.uint64(xxh32(out, begin, end, _FIRST)) << _B32
                spare[gram] = high | xxh32(out, begin, end, _SECOND)
            size = _distinct(spare, size, heads, values, filled)
        counts[row] = size
        filled += size
    return filled


@njit(nogil=True)
def _distinct(spare, size, heads, values, start):
    """The `size` hashes of `spare`, sorted and once each, into values[start:]; returns how many.

    Hashes are spread evenly, so as many buckets as hashes leave next to nothing to sort.
    """
    for bucket in range(size + _ONE):
        heads[bucket] = start
    for place in range(_NONE, size):
        heads[(((spare[place] >> _B32) * size) >> _B32) + _ONE] += _ONE
    for bucket in range(_NONE, size):
        heads[bucket + _ONE] += heads[bucket] - start
    for place in range(_NONE, size):
        bucket = ((spare[place] >> _B32) * size) >> _B32
        hole = heads[bucket]
        heads[bucket] = hole + _ONE
        values[hole] = spare[place]
    for place in range(start + _ONE, start + size):
        value, hole = values[place], place
        while hole > start and values[hole - _ONE] > value:
            values[hole] = values[hole - _ONE]
            hole -= _ONE
        values[hole] = value
    kept = start
    for place in range(start, start + size):
        if place == start or values[place] != values[kept - _ONE]:
            values[kept] = values[place]
            kept += _ONE
    return kept - start


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


@njit(nogil=True)
def _alike(marks, row, other):
    """How many of the bytes of two rows of marks (words of eight bytes) are equal."""
    found = _NONE
    for place in range(marks.shape[1]):
        bits = marks[row, place] ^ marks[other, place]
        equal = ~(((bits & _LOW7) + _LOW7) | bits | _LOW7)  # the high bit of every byte that is zero
        found += ((equal >> _SEVEN) * _ONES) >> _TOP
    return found


@njit(nogil=True)
def _nearest(values, offsets, groups, begins, ends, members, marks, cut, seen, row, threshold, best, score):
    """(best kept row, its Jaccard, pairs compared) of `row`, among members[begins[g]:ends[g]] of its groups g and the
    one found so far; ties go to the earlier row."""
    compared = 0
    size = offsets[row + 1] - offsets[row]
    for band in range(groups.shape[1]):
        group = groups[row, band]
        if group < 0:
            continue
        for entry in range(begins[group], ends[group]):
            other = members[entry]
            if seen[other] == row:
                continue
            seen[other] = row
            if _alike(marks, row, other) < cut:
                continue
            compared += 1
            sizes = size + offsets[other + 1] - offsets[other]
            bound = score if score > threshold else threshold
            least = int(bound * sizes / (1.0 + bound))
            shared = _shared(values, offsets[row], offsets[row + 1], offsets[other], offsets[other + 1], least)
            similarity = shared / (sizes - shared)
            if similarity >= threshold and (similarity > score or (similarity == score and other < best)):
                best, score = other, similarity
    return best, score, compared


@njit(nogil=True, cache=True)
def settle(
    values, offsets, groups, starts, ends, members, marks, cut, seen, first, last, threshold, witness, scores, keeps
):
    """Rows first..last in order: the best of what witness and scores hold and of members[starts[g]:ends[g]].

    With `keeps`, a row without a witness enters its groups. Without it, nothing is written but witness and scores of
    these rows, so that pieces of a block may go in parallel, each with its own `seen`. One loop for both, because
    compiling a second one would cost a second. Returns pairs compared.
    """
    compared = 0
    for row in range(first, last):
        witness[row], scores[row], count = _nearest(
            values, offsets, groups, starts, ends, members, marks, cut, seen, row, threshold, witness[row], scores[row]
        )
        compared += count
        if keeps and witness[row] < 0:
            for band in range(groups.shape[1]):
                group = groups[row, band]
                if group >= 0:
                    members[ends[group]] = row
                    ends[group] += 1
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
