"""The loops in which rows of shared bands meet and are compared, compiled by numba and cached on disk.

They let go of the interpreter, so that plain threads can share the rows out.
"""

from __future__ import annotations

import numpy as np

from curate.near.lanes import inner, ones, outer

_NONE, _ONE, _SIX, _B32, _LAST, _LOW32 = (np.uint64(number) for number in (0, 1, 6, 32, 63, 0xFFFFFFFF))


@inner
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


@outer
def enter(groups, heads, entries, used, row):
    """Puts a kept row at the head of its groups; returns the entries used."""
    for band in range(groups.shape[1]):
        group = groups[row, band]
        if group >= 0:
            entries[0, used], entries[1, used] = row, heads[group]
            heads[group] = used
            used += 1
    return used


@outer
def settle(values, offsets, groups, starts, ends, members, bits, seen, first, last, threshold, witness, scores, keeps):
    """Rows first..last in order: the most similar of what witness and scores hold and of members[starts[g]:ends[g]] of
    the row's groups g; ties go to the earlier row.

    With `keeps`, a row without a witness enters its groups. Without it, nothing is written but witness, scores and
    bits of these rows, so that pieces of a block may go in parallel, each with its own `seen`. One loop for both,
    because compiling a second one would cost a second.

    bits (rows x words, uint64) marks a place for each shingle of a row. A place that the other row has not marked is a
    shingle that it lacks: a bound on what they share that rules nearly all pairs out, and none at the threshold.
    Returns pairs compared in full.
    """
    compared = 0
    places = np.uint64(64 * bits.shape[1])
    for row in range(first, last):
        begin, end = offsets[row], offsets[row + 1]
        if not keeps:
            for at in range(begin, end):
                place = ((values[at] & _LOW32) * places) >> _B32
                bits[row, place >> _SIX] |= _ONE << (place & _LAST)
        best, score = witness[row], scores[row]
        for band in range(groups.shape[1]):
            group = groups[row, band]
            if group < 0:
                continue
            for entry in range(starts[group], ends[group]):
                other = members[entry]
                if seen[other] == row:
                    continue
                seen[other] = row
                a, a_end, b, b_end = begin, end, offsets[other], offsets[other + 1]
                sizes = a_end - a + b_end - b
                bound = score if score > threshold else threshold
                least = int(bound * sizes / (1.0 + bound))
                lacks = _NONE
                for word in range(bits.shape[1]):
                    lacks += ones(bits[row, word] & ~bits[other, word])
                if end - begin - np.int64(lacks) < least:
                    continue
                compared += 1
                shared, most = 0, end - least  # the row may lack no more than this, or `least` is out of reach
                while a < a_end and b < b_end and a - shared <= most:
                    x, y = values[a], values[b]
                    shared += x == y
                    a += x <= y
                    b += y <= x
                similarity = shared / (sizes - shared)
                if similarity >= threshold and (similarity > score or (similarity == score and other < best)):
                    best, score = other, similarity
        witness[row], scores[row] = best, score
        if keeps and best < 0:
            for band in range(groups.shape[1]):
                group = groups[row, band]
                if group >= 0:
                    members[ends[group]] = row
                    ends[group] += 1
    return compared


@outer
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
