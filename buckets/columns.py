"""Records as columns from the first moment: a shard grows by appending values, not by keeping a dict a row."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import polars as pl

from buckets.frame import MESSAGE, SCHEMA, empty_frame, message_lists
from buckets.record import Draft, content_hash, dumps, record_id

_TEXTS = ("id", "content_hash", "format", "tools", "reference", "tests", "schema", "meta")
_FIELDS = tuple(field.name for field in MESSAGE.fields)
_turn = attrgetter(*_FIELDS)


class Columns:
    """Records of one source in one format, in order; `frame()` has SCHEMA, later stages' columns null."""

    def __init__(self, *, source: str, format: str, licence: str | None = None) -> None:
        self._source = source
        self._format = format
        self._licence = licence
        self._texts: list[tuple[str | None, ...]] = []
        self._rows: list[int] = []
        self._paths: list[str] = []
        self._turns: list[tuple[str | None, ...]] = []
        self._counts: list[int] = []

    def add(self, drafts: Sequence[Draft], *, row: int, place: tuple[str, str]) -> None:
        """All records of one raw row, or none: RowError when one of them has no JSON form.

        `place` names the row's file: in its id, and to people.
        """
        name, shown = place
        several = len(drafts) > 1  # one raw row, many examples: the part keeps equal ones apart
        texts = [self._flat(name, row, draft, f".{part}" if several else "") for part, draft in enumerate(drafts)]
        self._texts += texts
        for draft in drafts:
            self._rows.append(row)
            self._paths.append(shown)
            self._counts.append(len(draft.messages))
            self._turns.extend(map(_turn, draft.messages))

    def _flat(self, file: str, row: int, draft: Draft, part: str) -> tuple[str | None, ...]:
        digest = content_hash(draft)
        id = record_id(self._source, file, row, digest) + part
        meta = dumps(draft.meta) if draft.meta else None
        return (id, digest, self._format, draft.tools, draft.reference, draft.tests, draft.schema, meta)

    def frame(self) -> pl.DataFrame:
        if not self._rows:
            return empty_frame()
        height = len(self._rows)
        flat = _frame(_TEXTS, self._texts)
        empty = {name: dtype for name, dtype in SCHEMA.items() if name not in (*_TEXTS, *_NESTED, "source", "licence")}
        return flat.with_columns(
            pl.lit(self._source, pl.String()).alias("source"),
            pl.lit(self._licence, pl.String()).alias("licence"),
            pl.struct(
                pl.Series("file", self._paths, pl.String(), strict=True),
                pl.Series("row", self._rows, pl.Int64(), strict=True),
            ).alias("origin"),
            message_lists(_frame(_FIELDS, self._turns), self._counts),
            *(pl.Series(name, [None], dtype).new_from_index(0, height) for name, dtype in empty.items()),
        ).select(SCHEMA.names())


_NESTED = ("origin", "messages")


def _frame(names: Sequence[str], rows: Sequence[tuple[str | None, ...]]) -> pl.DataFrame:
    """Text columns; by column, since polars reads rows many times slower."""
    values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(names)
    columns = (pl.Series(name, column, pl.String(), strict=True) for name, column in zip(names, values, strict=True))
    return pl.DataFrame(list(columns))
