"""Records as columns from the first moment: a shard grows by appending values, not by keeping a dict a row."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from buckets.frame import MESSAGE, SCHEMA, empty_frame, message_lists
from buckets.record import Draft, Turn, dumps, hash_of, record_id, turns_of

_TEXTS = ("id", "content_hash", "format", "tools", "reference", "tests", "schema", "meta")
_FIELDS = tuple(field.name for field in MESSAGE.fields)


class Columns:
    """Records of one source in one format, in order; `frame()` has SCHEMA, later stages' columns null."""

    def __init__(self, *, source: str, format: str, licence: str | None = None) -> None:
        self._source = source
        self._format = format
        self._licence = licence
        self._texts: list[tuple[str | None, ...]] = []
        self._rows: list[int] = []
        self._paths: list[str] = []
        self._turns: list[Turn] = []
        self._counts: list[int] = []

    def add(self, drafts: Sequence[Draft], *, row: int, place: tuple[str, str]) -> None:
        """All records of one raw row, or none: RowError when one of them has no JSON form.

        `place` names the row's file: in its id, and to people.
        """
        name, shown = place
        several = len(drafts) > 1  # one raw row, many examples: the part keeps equal ones apart
        turns = [turns_of(draft) for draft in drafts]
        texts = [
            self._flat(name, row, draft, mine, f".{part}" if several else "")
            for part, (draft, mine) in enumerate(zip(drafts, turns, strict=True))
        ]
        self._texts += texts
        for mine in turns:
            self._rows.append(row)
            self._paths.append(shown)
            self._counts.append(len(mine))
            self._turns += mine

    def _flat(self, file: str, row: int, draft: Draft, turns: Sequence[Turn], part: str) -> tuple[str | None, ...]:
        digest = hash_of(turns, draft.tools)
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
    values: Sequence[Sequence[str | None]] = list(zip(*rows, strict=True)) or [()] * len(names)
    return pl.DataFrame([_text_column(name, column) for name, column in zip(names, values, strict=True)])


def _text_column(name: str, values: Sequence[str | None]) -> pl.Series:
    if values.count(None) == len(values):  # a third of the columns of most data, and ten times as fast
        return pl.Series(name, [None], pl.String()).new_from_index(0, len(values))
    return pl.Series(name, values, pl.String(), strict=True)
