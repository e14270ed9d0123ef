"""What a format is: how to know it, read it, and write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from buckets.errors import RowError
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
    many: Callable[[Row], list[Draft]] | None = None
    """For nested sets: all examples of one row, at least one. None where a row is one example."""

    def drafts(self, row: Row) -> list[Draft]:
        """All examples of a row, in its order; RowError when one of them cannot be read."""
        return self.many(row) if self.many else [self.read(row)]


def single(drafts: list[Draft]) -> Draft:
    """The only example of a nested row: what `read` of a nested format gives. RowError("many_examples") else."""
    if len(drafts) != 1:
        raise RowError("many_examples", f"the row holds {len(drafts)} examples; Format.drafts gives them all")
    return drafts[0]
