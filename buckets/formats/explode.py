"""One row as many: a list in the row (or an object, or lists in lists) gives a row an item, with names for the item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from buckets.errors import RowError
from buckets.formats.format import Row
from buckets.formats.template import lookup

ITEM, NUMBER, KEY = "_", "_i", "_k"
NAME = re.compile(r"_[ik]?\d*\Z")
"""`_`, `_i` and `_k` are the innermost item, its number and its key; `_0`, `_i0`, `_k0` are those of the first list."""
EVERY = "*"
_MOST = 100_000


def exploded(row: Row, paths: Sequence[str]) -> list[dict[str, Any]]:
    """The row once an item, the item's names added. RowError("nothing_to_explode") where there is none."""
    rows: list[dict[str, Any]] = [dict(row)]
    for level, path in enumerate(paths):
        rows = [named for outer in rows for named in _level(outer, path, level)]
        if len(rows) > _MOST:
            raise RowError("too_many_examples", f"{path!r} gives more than {_MOST} records from one row")
    if not rows:
        raise RowError("nothing_to_explode", f"{paths[-1]!r} holds no item")
    return rows


def _level(row: dict[str, Any], path: str, level: int) -> Iterator[dict[str, Any]]:
    value = {k: v for k, v in row.items() if k != "_key" and not NAME.match(k)} if path == EVERY else at(row, path)
    if not isinstance(value, list | dict) or (level == 0 and not value):
        raise RowError("nothing_to_explode", f"{path!r} is not a list or an object with items")
    pairs: Iterable[tuple[str | None, Any]] = value.items() if isinstance(value, dict) else ((None, v) for v in value)
    for number, (key, item) in enumerate(pairs):
        yield row | {
            ITEM: item, NUMBER: number, KEY: key,
            f"{ITEM}{level}": item, f"{NUMBER}{level}": number, f"{KEY}{level}": key,
        }  # fmt: skip


def at(row: Row, path: str) -> Any:
    """The value at a path in which `_i` (or `_i0`, `_k1`, ...) picks from a list or object beside the exploded one."""
    if ITEM in row and path not in row:
        path = ".".join(_step(row, step, place) for place, step in enumerate(path.split(".")))
    return lookup(row, path)


def _step(row: Row, step: str, place: int) -> str:
    picks = place > 0 and step.startswith((NUMBER, KEY)) and NAME.match(step) is not None and step in row
    return str(row[step]) if picks else step
