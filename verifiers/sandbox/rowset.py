"""Do two results of a query hold the same rows? As multisets, or in order; NULLs, duplicates and near floats included.

Does NOT decide whether order or the order of columns matters: who asks says so.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import permutations
from typing import Any

Rows = list[list[Any]]
_MOST_COLUMNS = 6
"""Permutations of more columns are not tried."""
_MOST_MATCHED = 300
"""Rows with floats are matched one by one up to this many; above, in sorted order only."""


def in_order(due: Rows, got: Rows, tolerance: float) -> bool:
    return len(due) == len(got) and all(_row(one, other, tolerance) for one, other in zip(due, got, strict=True))


def as_bags(due: Rows, got: Rows, tolerance: float) -> bool:
    """Equal as multisets."""
    if len(due) != len(got):
        return False
    if Counter(map(_key, due)) == Counter(map(_key, got)):
        return True
    if in_order(sorted(due, key=_order), sorted(got, key=_order), tolerance):
        return True
    return len(due) <= _MOST_MATCHED and _matched(due, list(got), tolerance)


def as_bags_of_columns(due: Rows, got: Rows, tolerance: float) -> bool:
    """Equal as multisets once the columns of `got` are put into another order."""
    width = len(due[0]) if due else 0
    if not got or width < 2 or width > _MOST_COLUMNS or len(got[0]) != width:
        return False
    return any(
        as_bags(due, [[row[at] for at in order] for row in got], tolerance) for order in permutations(range(width))
    )


def _matched(due: Rows, left: Rows, tolerance: float) -> bool:
    """Floats that are equal within the tolerance have no common key, so each row looks for its own."""
    for row in due:
        at = next((at for at, other in enumerate(left) if _row(row, other, tolerance)), None)
        if at is None:
            return False
        left.pop(at)
    return True


def _row(due: list[Any], got: list[Any], tolerance: float) -> bool:
    return len(due) == len(got) and all(_cell(one, other, tolerance) for one, other in zip(due, got, strict=True))


def _cell(due: Any, got: Any, tolerance: float) -> bool:
    if isinstance(due, int | float) and isinstance(got, int | float):
        if isinstance(due, int) and isinstance(got, int):
            return due == got
        return math.isclose(due, got, rel_tol=tolerance, abs_tol=tolerance)
    return type(due) is type(got) and bool(due == got)


def _key(row: list[Any]) -> str:
    """1 and 1.0 are one value to SQLite."""
    return repr([int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in row])


def _order(row: list[Any]) -> list[tuple[int, float, str]]:
    return [
        (0, float(cell), "") if isinstance(cell, int | float) else (1, 0.0, repr(cell)) for cell in row
    ]  # fmt: skip
