"""Shares rows out over threads: for loops that let go of the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from buckets import cores

_PIECE = 2048
"""Rows of one call: small enough to even out long rows, large enough to cost nothing."""


def in_threads(work: Callable[[int, int], None], rows: int) -> None:
    """`work(first, last)` over all rows, in pieces, on every usable core; the first error is raised."""
    starts = range(0, rows, _PIECE)
    if len(starts) < 2 or cores() == 1:
        work(0, rows)
        return
    with ThreadPoolExecutor(cores()) as pool:
        for done in [pool.submit(work, start, min(rows, start + _PIECE)) for start in starts]:
            done.result()
