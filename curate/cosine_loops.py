"""The loops of `cosine`, compiled by numba: which entries of a product pass, and the full cosine of a few pairs."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def scanned(bound, least, start, first):
    """(row, other) of the entries of `bound` at or above `least` whose column stands before their row.

    bound: the product of rows start.. with rows first.. .
    """
    rows, columns = bound.shape
    counts = np.zeros(rows, np.int64)
    total = 0
    for i in range(rows):
        stop = min(columns, start + i - first)
        found = 0
        for j in range(stop):
            found += bound[i, j] >= least
        counts[i] = found
        total += found
    row, other = np.empty(total, np.int32), np.empty(total, np.int32)
    at = 0
    for i in range(rows):
        if counts[i] == 0:
            continue
        for j in range(min(columns, start + i - first)):
            if bound[i, j] >= least:
                row[at], other[at] = start + i, first + j
                at += 1
    return row, other


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def cosine_of(vectors, a, b):
    total = np.float32(0)
    for k in range(vectors.shape[1]):
        total += vectors[a, k] * vectors[b, k]
    return total


@njit(nogil=True, cache=True)
def checked(vectors, row, other, threshold):
    """Those of the pairs whose cosine is at or above the threshold, with it."""
    cosine = np.empty(len(row), np.float32)
    keep = np.empty(len(row), np.bool_)
    for place in range(len(row)):
        cosine[place] = cosine_of(vectors, row[place], other[place])
        keep[place] = cosine[place] >= threshold
    return row[keep], other[keep], cosine[keep]
