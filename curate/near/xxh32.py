"""xxHash32 over a span of bytes, compiled: bit for bit what the `xxhash` package gives.

The algorithm is Yann Collet's, from its published specification (xxHash fast digest algorithm, 32-bit variant).
"""

from __future__ import annotations

import numpy as np
from numba import njit

P1, P2, P3, P4, P5 = (np.uint64(p) for p in (2654435761, 2246822519, 3266489917, 668265263, 374761393))
MASK = np.uint64(0xFFFFFFFF)


R1, R7, R11, R12, R13, R17, R18 = (np.uint64(r) for r in (1, 7, 11, 12, 13, 17, 18))
BITS = np.uint64(32)
B8, B15, B16, B24 = (np.uint64(b) for b in (8, 15, 16, 24))


@njit(nogil=True)
def _rotated(value, bits):
    return ((value << bits) | (value >> (BITS - bits))) & MASK


@njit(nogil=True)
def _word(data, at):
    low = np.uint64(data[at]) | (np.uint64(data[at + 1]) << B8)
    return low | (np.uint64(data[at + 2]) << B16) | (np.uint64(data[at + 3]) << B24)


@njit(nogil=True)
def xxh32(data, start, stop, seed):
    """The hash (as uint64, below 2^32) of data[start:stop]; `data` is uint8, `seed` uint64 below 2^32."""
    at = start
    if stop - start >= 16:
        one, two, three, four = (seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK
        while at + 16 <= stop:
            one = (_rotated((one + _word(data, at) * P2) & MASK, R13) * P1) & MASK
            two = (_rotated((two + _word(data, at + 4) * P2) & MASK, R13) * P1) & MASK
            three = (_rotated((three + _word(data, at + 8) * P2) & MASK, R13) * P1) & MASK
            four = (_rotated((four + _word(data, at + 12) * P2) & MASK, R13) * P1) & MASK
            at += 16
        value = (_rotated(one, R1) + _rotated(two, R7) + _rotated(three, R12) + _rotated(four, R18)) & MASK
    else:
        value = (seed + P5) & MASK
    value = (value + np.uint64(stop - start)) & MASK
    while at + 4 <= stop:
        value = (_rotated((value + _word(data, at) * P3) & MASK, R17) * P4) & MASK
        at += 4
    while at < stop:
        value = (_rotated((value + np.uint64(data[at]) * P5) & MASK, R11) * P1) & MASK
        at += 1
    value = ((value ^ (value >> B15)) * P2) & MASK
    value = ((value ^ (value >> R13)) * P3) & MASK
    return value ^ (value >> B16)
