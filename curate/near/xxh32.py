"""xxHash32 over many spans of bytes, compiled: bit for bit what the `xxhash` package gives.

The algorithm is Yann Collet's, from its published specification (xxHash fast digest algorithm, 32-bit variant).
Places are unsigned and values are cut to 32 bits at once: then the compiler needs no test for negative indices and
uses 32-bit instructions, which more than halves the time.
"""

from __future__ import annotations

import numpy as np

from curate.near.lanes import folded, inner, rotated, stirred, word_at

P1, P2, P3, P4, P5 = (np.uint32(p) for p in (2654435761, 2246822519, 3266489917, 668265263, 374761393))
ONE, FOUR, EIGHT, TWELVE, SIXTEEN = (np.uint64(step) for step in (1, 4, 8, 12, 16))
REST, WORDS = np.uint64(15), np.uint64(12)
ONE32, TWO32, THREE32, FOUR32, EIGHT32, TWELVE32 = (np.uint32(left) for left in (1, 2, 3, 4, 8, 12))
L1, L7, L11, L12, L13, L17, L18 = (np.uint32(bits) for bits in (1, 7, 11, 12, 13, 17, 18))
B8, B15, B16, BYTE = (np.uint32(b) for b in (8, 15, 16, 255))


@inner
def xxh32(data, borders, count, step, seed, tails, hashes):
    """hashes[k] (uint32) of data[borders[k] : borders[k + step] - 1], for k below count.

    `data` is uint8 with 16 spare bytes at its end; borders, count and step are uint64, `seed` uint32; tails (5 x count,
    uint32) is scratch. Up to fifteen bytes remain behind the last stripe of a span: a branch for each would be
    mispredicted, so a second loop takes them as numbers, many spans in one instruction.
    """
    for span in range(count):
        at, stop = borders[span], borders[span + step] - ONE
        length = stop - at
        if length >= SIXTEEN:
            one, two = np.uint32(seed + P1 + P2), np.uint32(seed + P2)
            three, four = np.uint32(seed), np.uint32(seed - P1)
            while at + SIXTEEN <= stop:
                one = stirred(one, word_at(data, at), P2, L13, P1)
                two = stirred(two, word_at(data, at + FOUR), P2, L13, P1)
                three = stirred(three, word_at(data, at + EIGHT), P2, L13, P1)
                four = stirred(four, word_at(data, at + TWELVE), P2, L13, P1)
                at += SIXTEEN
            value = rotated(one, L1) + rotated(two, L7) + rotated(three, L12) + rotated(four, L18)
        else:
            value = seed + P5
        hashes[span] = value + length
        rest = length & REST
        tails[0, span] = word_at(data, at)
        tails[1, span], tails[2, span] = word_at(data, at + FOUR), word_at(data, at + EIGHT)
        tails[3, span], tails[4, span] = word_at(data, at + (rest & WORDS)), rest
    for span in range(count):
        value, rest, last = hashes[span], tails[4, span], tails[3, span]
        value = stirred(value, tails[0, span], P3, L17, P4) if rest >= FOUR32 else value
        value = stirred(value, tails[1, span], P3, L17, P4) if rest >= EIGHT32 else value
        value = stirred(value, tails[2, span], P3, L17, P4) if rest >= TWELVE32 else value
        rest &= THREE32
        value = stirred(value, last & BYTE, P5, L11, P1) if rest >= ONE32 else value
        last >>= B8
        value = stirred(value, last & BYTE, P5, L11, P1) if rest >= TWO32 else value
        last >>= B8
        value = stirred(value, last & BYTE, P5, L11, P1) if rest >= THREE32 else value
        value = folded(value, B15, P2)
        value = folded(value, L13, P3)
        hashes[span] = value ^ (value >> B16)
