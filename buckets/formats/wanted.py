"""What a mapping does to a row before it looks for turns: constants, and which rows are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import compact
from buckets.formats.format import Row
from buckets.formats.template import lookup

NOT_WANTED = "not_wanted"
"""Reason of a row that `only` leaves out: dropped by the recipe's own word, not quarantined as unreadable."""


def with_constants(row: Row, constants: Mapping[str, Any]) -> Row:
    """RowError("constant_exists") where the row has the key already: neither value may vanish."""
    taken = sorted(set(row) & set(constants))
    if taken:
        raise RowError("constant_exists", f"the row has {taken[0]!r} already; call the constant otherwise")
    return {**row, **constants}


def check_wanted(row: Row, only: Mapping[str, Any]) -> None:
    """RowError("not_wanted") with the value that was found. A list is any of its values; true is not 1."""
    for path, wanted in only.items():
        try:
            value = lookup(row, path)
        except RowError:
            value = None
        choices = wanted if isinstance(wanted, list) else [wanted]
        if not any(_same(value, choice) for choice in choices):
            raise RowError(NOT_WANTED, f"{path!r} is {compact(value)[:80]}, wanted is {compact(wanted)[:80]}")


def _same(value: object, wanted: object) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
