"""The first stage: raw files become shards of records; a row that cannot be read is quarantined."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from buckets import (
    FIRST_ROWS,
    FORMATS,
    NOT_WANTED,
    Columns,
    Draft,
    Raw,
    RowError,
    Sorted,
    Span,
    digest,
    fallen_frame,
    measure,
    record_id,
    spans,
)
from curate.inputs import InputFile


@dataclass(frozen=True)
class Chunk:
    """A part of one file: one job, one shard."""

    file: InputFile
    index: int
    span: Span

    def count(self) -> int:
        """Raw rows in it."""
        return self.span.count()


@dataclass(frozen=True)
class Tried:
    """How the first rows of a file read in the format that was found or declared for it."""

    rows: int
    readable: int
    """Rows that could be read, also those that `only` does not want."""
    not_wanted: int
    fault: str
    """The first row that could not be read, and why; empty when all could."""


def try_rows(file: InputFile) -> Tried:
    """Read the first rows of a file as a run would."""
    rows = readable = not_wanted = 0
    fault = ""
    for raw in islice(file.rows(), FIRST_ROWS):
        rows += 1
        try:
            _drafts(file, raw)
            readable += 1
        except RowError as error:
            if error.reason == NOT_WANTED:
                readable += 1
                not_wanted += 1
                continue
            fault = fault or " ".join(f"row {raw.row} is {error}".split())
    return Tried(rows, readable, not_wanted, fault)


def chunks(file: InputFile, shard_rows: int) -> Iterator[Chunk]:
    """The file in parts of at most `shard_rows` rows; the parts do not depend on who reads them."""
    how = file.source.layout
    for index, span in enumerate(spans(file.path, how, shard_rows, inside=file.inside)):
        yield Chunk(file, index, span)


def read_chunk(chunk: Chunk) -> Sorted:
    """Records of one chunk with their measures, and its unreadable rows with file, row and reason."""
    file = chunk.file
    good = Columns(source=file.source.name, format=file.format, licence=file.source.licence)
    bad: list[dict[str, Any]] = []
    with _no_collection():
        for raw in chunk.span.rows():
            try:
                good.add(_drafts(file, raw), row=raw.row, place=file.place(raw))
            except RowError as error:
                bad.append(_quarantined(file, raw, error))
    return Sorted(measure(good.frame()), fallen_frame(bad))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Rows are trees, freed as they go: looking for cycles among the texts of a part finds none, in a tenth of the
    time. A part is small, and what cycles it did leave are found behind it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _drafts(file: InputFile, raw: Raw) -> list[Draft]:
    """The records of one raw row: one, or with a mapping that explodes a list, several."""
    mapping = file.source.mapping
    if mapping is not None and raw.bare is not None:
        return mapping.read(raw.bare)
    if raw.fault is not None:
        raise RowError(raw.fault.reason, raw.fault.detail)
    value = raw.value or {}
    return FORMATS[file.format].drafts(value) if mapping is None else mapping.read(value)


def _quarantined(file: InputFile, raw: Raw, error: RowError) -> dict[str, Any]:
    mark = raw.fault.digest if raw.fault is not None else digest([repr(raw.value)])
    name, shown = file.place(raw)
    return {
        "id": record_id(file.source.name, name, raw.row, mark),
        "source": file.source.name,
        "bucket": file.source.bucket,
        "origin": {"file": shown, "row": raw.row},
        "fate": "dropped" if error.reason == NOT_WANTED else "quarantined",
        "stage": "read",
        "rule": error.reason,
        "reason": error.detail or error.reason,
        "evidence": _excerpt(raw),
        "witness": None,
    }


def _excerpt(raw: Raw) -> str:
    return raw.fault.excerpt if raw.fault is not None else repr(raw.value)[:2000]
