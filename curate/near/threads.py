"""Shares rows out over threads: for loops that let go of the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from buckets import cores

PIECE = 2048
"""Rows of one call: small enough to even out long rows, large enough to cost nothing."""

Part = TypeVar("Part")


def in_threads(work: Callable[[int, int], Part], rows: int) -> list[Part]:
    """`work(first, last)` of all rows in pieces of at most PIECE, in order, on every usable core.

    The first error is raised.
    """
    pieces = [(start, min(rows, start + PIECE)) for start in range(0, rows, PIECE)]
    if len(pieces) < 2 or cores() == 1:
        return [work(first, last) for first, last in pieces]
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(lambda piece: work(*piece), pieces))
