"""Bands: how many, how long, and which rows share one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from buckets import cores

I32 = npt.NDArray[np.int32]
U64 = npt.NDArray[np.uint64]


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


def groups_of(keys: U64, rows: npt.NDArray[np.int64] | None = None) -> tuple[I32, int]:
    """(rows x bands numbers of groups of two and more, -1 where a row is alone; how many groups).

    `rows`: those of `keys` to look at; all of them without it. Sorts each band's keys: no table of sets, no square of a
    group. Numbers follow the bands and the keys, so they do not depend on the threads that sort.
    """
    chosen = slice(None) if rows is None else rows
    groups = np.full((len(keys) if rows is None else len(rows), keys.shape[1]), -1, dtype=np.int32)
    used = 0
    with ThreadPoolExecutor(min(cores(), 4)) as pool:  # each holds a sorted copy of one band
        found = pool.map(lambda band: _shared(keys[chosen, band]), range(keys.shape[1]))
        for band, (places, numbers) in enumerate(found):
            groups[places, band] = numbers + used
            used += int(numbers[-1]) + 1 if len(numbers) else 0
    return groups, used


_ODD = np.uint64(0x9E3779B97F4A7C15)
"""Multiplied by it, keys that differ in their low bits alone differ in the high ones."""


def _shared(keys: U64) -> tuple[npt.NDArray[np.int64], I32]:
    """Rows whose key another row has too, in order of the key, and the number of each one's group from 0.

    A row's number replaces the low bits of its key, so that one plain sort does it, many times faster than an argsort;
    of a million rows 44 bits of the key are left, and rows that meet by chance are told apart later.
    """
    if not len(keys):
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    bits = np.uint64(max(1, (len(keys) - 1).bit_length()))
    low = (np.uint64(1) << bits) - np.uint64(1)
    packed = (keys * _ODD & ~low) | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    ordered = packed >> bits
    same = ordered[1:] == ordered[:-1]
    shared = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    starts = np.concatenate([[True], ~same])[shared]
    return (packed & low)[shared].astype(np.int64), (np.cumsum(starts) - 1).astype(np.int32)
