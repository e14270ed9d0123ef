"""xxHash32 over a span of bytes, compiled: bit for bit what the `xxhash` package gives.

The algorithm is Yann Collet's, from its published specification (xxHash fast digest algorithm, 32-bit variant).
Places are unsigned and values are cut to 32 bits at once: then the compiler needs no test for negative indices and
uses 32-bit instructions, which more than halves the time.
"""

from __future__ import annotations

import numpy as np
from numba import njit

P1, P2, P3, P4, P5 = (np.uint32(p) for p in (2654435761, 2246822519, 3266489917, 668265263, 374761393))
ONE, TWO, THREE, FOUR, EIGHT, TWELVE, SIXTEEN = (np.uint64(step) for step in (1, 2, 3, 4, 8, 12, 16))
B8, B16, B24 = (np.uint32(b) for b in (8, 16, 24))
L1, L7, L11, L12, L13, L17, L18 = (np.uint32(bits) for bits in (1, 7, 11, 12, 13, 17, 18))
R1, R7, R11, R12, R13, R17, R18 = (np.uint32(32 - bits) for bits in (1, 7, 11, 12, 13, 17, 18))
B15 = np.uint32(15)


@njit(nogil=True)
def _rotated(value, left, right):
    return np.uint32((value << left) | (value >> right))


@njit(nogil=True)
def _word(data, at):
    low = data[at] | (np.uint32(data[at + ONE]) << B8)
    return np.uint32(low | (np.uint32(data[at + TWO]) << B16) | (np.uint32(data[at + THREE]) << B24))


@njit(nogil=True)
def xxh32(data, start, stop, seed):
    """The hash (uint32) of data[start:stop]; `data` is uint8, start and stop uint64, `seed` uint32."""
    at = start
    if stop - start >= SIXTEEN:
        one, two, three, four = np.uint32(seed + P1 + P2), np.uint32(seed + P2), np.uint32(seed), np.uint32(seed - P1)
        while at + SIXTEEN <= stop:
            one = np.uint32(_rotated(np.uint32(one + _word(data, at) * P2), L13, R13) * P1)
            two = np.uint32(_rotated(np.uint32(two + _word(data, at + FOUR) * P2), L13, R13) * P1)
            three = np.uint32(_rotated(np.uint32(three + _word(data, at + EIGHT) * P2), L13, R13) * P1)
            four = np.uint32(_rotated(np.uint32(four + _word(data, at + TWELVE) * P2), L13, R13) * P1)
            at += SIXTEEN
        value = _rotated(one, L1, R1) + _rotated(two, L7, R7) + _rotated(three, L12, R12) + _rotated(four, L18, R18)
    else:
        value = seed + P5
    value = np.uint32(value + (stop - start))
    while at + FOUR <= stop:
        value = np.uint32(_rotated(np.uint32(value + _word(data, at) * P3), L17, R17) * P4)
        at += FOUR
    while at < stop:
        value = np.uint32(_rotated(np.uint32(value + data[at] * P5), L11, R11) * P1)
        at += ONE
    value = np.uint32((value ^ (value >> B15)) * P2)
    value = np.uint32((value ^ (value >> L13)) * P3)
    return np.uint32(value ^ (value >> B16))
