"""Rows of tables of columns, in batches: parquet and Arrow files, each cell as the JSON value it stands for."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl

from buckets.cells import is_plain, plain_row
from buckets.errors import InputError
from buckets.kind import Kind
from buckets.raw import Raw
from buckets.source import Source

_BATCH = 8192
_MAX_TABLE = 2 << 30


def table_rows(source: Source, kind: Kind) -> Iterator[Raw]:
    try:
        for start, batch in _batches(source, kind):
            clean = all(is_plain(dtype) for dtype in batch.dtypes)
            for row, value in enumerate(batch.iter_rows(named=True), start):
                yield Raw(row, value) if clean else plain_row(row, value)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{source.where}: cannot be read as {kind} ({str(error)[:200]}); write or download it again"
        ) from error


def _batches(source: Source, kind: Kind) -> Iterator[tuple[int, pl.DataFrame]]:
    if kind == "arrow" or source.path is None:
        data = source.stream.read(_MAX_TABLE + 1)
        if len(data) > _MAX_TABLE:
            raise InputError(f"{source.where}: is a packed table of more than {_MAX_TABLE >> 30} GiB; unpack it first")
        frame = pl.read_parquet(io.BytesIO(data)) if kind == "parquet" else _arrow(data)
        yield from ((start, frame.slice(start, _BATCH)) for start in range(0, frame.height, _BATCH))
        return
    lazy = pl.scan_parquet(source.path, glob=False)
    height = lazy.select(pl.len()).collect().item()
    for start in range(0, height, _BATCH):
        yield start, lazy.slice(start, _BATCH).collect()


def _arrow(data: bytes) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(data)) if data.startswith(b"ARROW1") else pl.read_ipc_stream(io.BytesIO(data))
