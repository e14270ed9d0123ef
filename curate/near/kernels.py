"""The loops over bytes and shingles, compiled by numba and cached on disk.

A row is normalised once into scratch (ASCII lower case, single spaces); each shingle is then one span of it.
Every result depends on its own row alone, and the loops let go of the interpreter, so that plain threads can share
the rows out: numba's own parallel loops would cost seconds of compilation.
"""

from __future__ import annotations

import numpy as np

from curate.near.lanes import blanks_at, copy_lanes, folded, inner, lowest, outer
from curate.near.xxh32 import xxh32

_FIRST, _SECOND = np.uint32(0), np.uint32(0x9E3779B1)
"""Seeds of the two hashes that together make 64 bits; the first is datasketch's."""
_B32 = np.uint64(32)
_EMPTY = np.uint32(0xFFFFFFFF)
_NONE, _ONE, _TWO, _THREE, _LANES, _LAST = (np.uint64(number) for number in (0, 1, 2, 3, 64, 63))
_SPACE, _TAB, _SEPARATOR, _A, _LETTERS = (np.uint8(byte) for byte in (32, 9, 28, 65, 26))
_M16, _M13 = np.uint32(16), np.uint32(13)
_F1, _F2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)


@inner
def _normalised(data, start, stop, low, out, borders):
    """Words of a row into `out`, in ASCII lower case and joined by single spaces. Returns their number.

    Word k is out[borders[k] : borders[k+1] - 1]. `low` is scratch. Sixty-four bytes at a time: words are short, and a
    branch at each of their borders would be mispredicted.
    """
    size = stop - start
    for place in range(size):
        byte = data[start + place]
        byte = np.uint8(byte + _SPACE) if np.uint8(byte - _A) < _LETTERS else byte
        white = (np.uint8(byte - _TAB) < np.uint8(5)) | (np.uint8(byte - _SEPARATOR) < np.uint8(4))
        low[place] = _SPACE if white else byte
    for place in range(size, size + _LANES):
        low[place] = _SPACE
    at, place, before = _NONE, _NONE, _ONE
    while place < size:
        blank = blanks_at(low, place)
        spare = blank & ((blank << _ONE) | before)  # spaces behind a space
        before = blank >> _LAST
        source = place
        while spare:
            hole = place + lowest(spare)
            copy_lanes(out, at, low, source)  # too much; the next copy begins where this one should have ended
            at += hole - source
            source = hole + _ONE
            spare &= spare - _ONE
        copy_lanes(out, at, low, source)
        place += _LANES
        at += place - source
    if at > _NONE and out[at - _ONE] == _SPACE:
        at -= _ONE
    words, place = _NONE, _NONE
    borders[words] = _NONE
    while place < at:
        blank = blanks_at(out, place)
        if at - place < _LANES:
            blank &= (_ONE << (at - place)) - _ONE
        while blank:
            words += _ONE
            borders[words] = place + lowest(blank) + _ONE
            blank &= blank - _ONE
        place += _LANES
    if at > _NONE:
        words += _ONE
        borders[words] = at + _ONE
    return words


@outer
def sketch_rows(data, starts, stops, width, a, b, low, out, borders, tails, hashes, line, signatures, whole, words):
    """Fills signatures (uint32), whole (uint64 hash of the normalised row) and words (int32).

    starts, stops, borders and width are uint64. low, out, borders, tails, hashes (see `sketch._scratch`) and line (as
    long as a) are scratch: handed in, because numba would spend half a second on compiling an allocation. a and b may
    be longer than a signature, for the compiler's sake.
    """
    for row in range(len(starts)):
        count = _normalised(data, starts[row], stops[row], low, out, borders)
        words[row] = count
        if count == _NONE:
            whole[row] = _NONE
            signatures[row] = _EMPTY
            continue
        xxh32(out, borders, _ONE, count, _FIRST, tails, hashes)
        high = np.uint64(hashes[0]) << _B32
        xxh32(out, borders, _ONE, count, _SECOND, tails, hashes)
        whole[row] = high | hashes[0]
        step = width if count > width else count
        size = count - step + _ONE
        xxh32(out, borders, size, step, _FIRST, tails, hashes)
        for gram in range(size):  # MurmurHash3's finalizer, with which datasketch mixes a hash before it permutes it
            value = hashes[gram]
            value = folded(value, _M16, _F1)
            value = folded(value, _M13, _F2)
            hashes[gram] = value ^ (value >> _M16)
        for gram in range(size, size + _THREE):  # to a multiple of four: a minimum may see a value twice
            hashes[gram] = hashes[size - _ONE]
        for perm in range(len(a)):
            line[perm] = _EMPTY
        for four in range((size + _THREE) >> _TWO):
            at = four << _TWO
            one, two, three, last = hashes[at], hashes[at + _ONE], hashes[at + _TWO], hashes[at + _THREE]
            for perm in range(len(a)):
                times, plus = a[perm], b[perm]
                left, right = np.uint32(times * one + plus), np.uint32(times * two + plus)
                left = left if left < right else right
                right, other = np.uint32(times * three + plus), np.uint32(times * last + plus)
                right = right if right < other else other
                left = left if left < right else right
                line[perm] = left if left < line[perm] else line[perm]
        for perm in range(signatures.shape[1]):
            signatures[row, perm] = line[perm]


@outer
def shingle_rows(data, starts, stops, width, low, out, borders, tails, hashes, spare, heads, values, counts):
    """The sorted distinct 64-bit shingle hashes of all rows, one row behind the other, into `values`.

    Fills counts; returns how many in all. spare and heads (two more than the words of the longest row)
    are scratch. Hashes are spread evenly, so as many buckets as hashes leave next to nothing to sort.
    """
    filled = _NONE
    for row in range(len(starts)):
        count = _normalised(data, starts[row], stops[row], low, out, borders)
        kept = filled
        if count > _NONE:
            step = width if count > width else count
            size = count - step + _ONE
            xxh32(out, borders, size, step, _FIRST, tails, hashes)
            for place in range(size):
                spare[place] = np.uint64(hashes[place]) << _B32
                heads[place] = filled
            heads[size] = filled
            xxh32(out, borders, size, step, _SECOND, tails, hashes)
            for place in range(size):
                value = spare[place] | np.uint64(hashes[place])
                spare[place] = value
                heads[(((value >> _B32) * size) >> _B32) + _ONE] += _ONE
            for bucket in range(size):
                heads[bucket + _ONE] += heads[bucket] - filled
            for place in range(size):
                value = spare[place]
                bucket = ((value >> _B32) * size) >> _B32
                hole = heads[bucket]
                heads[bucket] = hole + _ONE
                values[hole] = value
            for place in range(filled, filled + size):
                value, hole = values[place], place
                while hole > filled and values[hole - _ONE] > value:
                    values[hole] = values[hole - _ONE]
                    hole -= _ONE
                values[hole] = value
            for place in range(filled, filled + size):
                if place == filled or values[place] != values[kept - _ONE]:
                    values[kept] = values[place]
                    kept += _ONE
        counts[row] = kept - filled
        filled = kept
    return filled
