"""Rows of tables of columns, in batches: parquet and Arrow files, each cell as the JSON value it stands for."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl

from buckets.cells import is_plain, plain_row
from buckets.errors import InputError
from buckets.kind import Kind
from buckets.raw import Raw, fault_of
from buckets.source import Source

_BATCH = 8192
_MAX_TABLE = 2 << 30
_NO_VALUE = (ValueError, OverflowError, pl.exceptions.PanicException)  # polars panics at dates, of all things


def table_rows(source: Source, kind: Kind) -> Iterator[Raw]:
    try:
        for start, batch in _batches(source, kind):
            clean = all(is_plain(dtype) for dtype in batch.dtypes)
            if clean:
                yield from (Raw(row, value) for row, value in enumerate(batch.iter_rows(named=True), start))
            else:
                yield from _plain_rows(start, batch)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(
            f"{source.where}: cannot be read as {kind} ({str(error)[:200]}); write or download it again"
        ) from error


def _plain_rows(start: int, batch: pl.DataFrame) -> Iterator[Raw]:
    """One by one where a cell of the batch has no value in Python (a year beyond 9999): only its row falls."""
    try:
        values = batch.rows(named=True)
    except _NO_VALUE:
        yield from (_one_row(start + place, batch.slice(place, 1)) for place in range(batch.height))
        return
    yield from (plain_row(row, value) for row, value in enumerate(values, start))


def _one_row(row: int, frame: pl.DataFrame) -> Raw:
    try:
        return plain_row(row, frame.row(0, named=True))
    except _NO_VALUE as error:
        return Raw(row, None, fault_of("not_json", f"a cell has no JSON form: {error}", b"row %d" % row))


def _batches(source: Source, kind: Kind) -> Iterator[tuple[int, pl.DataFrame]]:
    if kind == "arrow" or source.path is None:
        data = source.stream.read(_MAX_TABLE + 1)
        if len(data) > _MAX_TABLE:
            size = f"{_MAX_TABLE >> 30} GiB"
            raise InputError(f"{source.where}: is an Arrow file or a packed table of over {size}; write it as parquet")
        frame = pl.read_parquet(io.BytesIO(data)) if kind == "parquet" else _arrow(data)
        yield from ((start, frame.slice(start, _BATCH)) for start in range(0, frame.height, _BATCH))
        return
    lazy = pl.scan_parquet(source.path, glob=False)
    height = lazy.select(pl.len()).collect().item()
    for start in range(0, height, _BATCH):
        yield start, lazy.slice(start, _BATCH).collect()


def _arrow(data: bytes) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(data)) if data.startswith(b"ARROW1") else pl.read_ipc_stream(io.BytesIO(data))
