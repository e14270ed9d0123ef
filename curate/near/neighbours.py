"""The kept rows near a row, one row after the other: for callers that decide themselves who falls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.near.meet import enter, near_kept
from curate.near.sketch import Sets

CROWD = 1024
"""Kept rows of one group that a row is compared with, the latest first; those that it meets only beyond are counted
in `skipped`."""


class Neighbours:
    """Rows 0..n-1 in order of preference. Ask `of(row)`, then `keep(row)` unless it falls."""

    def __init__(self, sets: Sets, groups: npt.NDArray[np.int32], threshold: float) -> None:
        """`groups`: (n, bands) numbers of the groups that each row is in, or -1."""
        rows, bands = groups.shape
        self._sets = sets
        self._groups = np.ascontiguousarray(groups)
        self._heads = np.full(int(groups.max(initial=-1)) + 1, -1, dtype=np.int64)
        self._entries = np.empty((2, max(1, rows * bands)), dtype=np.int64)
        self._used = 0
        self._seen = np.full(rows, -1, dtype=np.int64)
        self._rest = np.empty(bands, dtype=np.int64)
        self._found = np.empty(max(1, rows), dtype=np.int64)
        self._scores = np.empty(max(1, rows), dtype=np.float64)
        self._threshold = threshold
        self.compared = 0
        self.skipped = 0
        """Pairs that were not compared, because both stand in crowds and met nowhere else."""
        self.unread = 0
        """Similar pairs, compared, beyond the `most` that the caller asked for."""

    def of(self, row: int, most: int) -> list[tuple[int, float]]:
        """The `most` most similar kept rows with Jaccard at or above the threshold: (row, Jaccard), best first."""
        found, compared, skipped = near_kept(
            self._sets.values, self._sets.offsets, self._groups, self._heads, self._entries, self._seen, self._rest,
            row, self._threshold, CROWD, self._found, self._scores,
        )  # fmt: skip
        self.compared += compared
        self.skipped += skipped
        self.unread += max(0, found - most)
        pairs = zip(self._found[:found].tolist(), self._scores[:found].tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:most]

    def keep(self, row: int) -> None:
        """Let later rows meet this one."""
        self._used = enter(self._groups, self._heads, self._entries, self._used, row)
