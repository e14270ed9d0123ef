"""What a format is: how to know it, read it, and write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from buckets.record import Draft, Record

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """One family of raw rows.

    `sniff` gives a reason for a person when a row looks like this format, else None. `read` makes a
    draft of a row and raises RowError, never anything else, for a row that it cannot read. `write` is
    the way back for a record; None when the format is read only.
    """

    name: str
    doc: str
    sniff: Callable[[Row], str | None]
    read: Callable[[Row], Draft]
    write: Callable[[Record], dict[str, Any]] | None = None
