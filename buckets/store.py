"""Whole-or-absent files: everything a run leaves on disk is written aside and renamed into place."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import xxhash

from buckets.errors import IncompleteError, InputError

ROW_GROUP = 2_048
"""Rows of a parquet row group: a single row is read without unpacking a whole shard; costs neither bytes nor time."""
_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, or leave it as it was.

    Raises IncompleteError naming the file when the disk is full or the folder is not writable: the
    run can be resumed after room is made.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise IncompleteError(f"{path}: cannot write ({error.strerror}); make room and run again to resume") from error


def write_json(path: Path, value: Any) -> None:
    write_bytes(path, orjson.dumps(value, option=_PRETTY))


def read_json(path: Path) -> Any:
    """The parsed file; InputError when it is absent or damaged."""
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: not found; was this stage run?") from error
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); delete it and run again") from error


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """One parquet file (zstd), whole or absent; the same frame gives the same bytes."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(aside, compression="zstd", compression_level=1, statistics=True, row_group_size=ROW_GROUP)
        aside.replace(path)
    except (OSError, pl.exceptions.ComputeError) as error:
        aside.unlink(missing_ok=True)
        raise IncompleteError(f"{path}: cannot write ({error}); make room and run again to resume") from error


def read_frame(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """A parquet file as a frame; InputError when it is absent or damaged."""
    try:
        return pl.read_parquet(path, columns=columns, glob=False, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: cannot be read ({error}); delete it and run again") from error


def rows_of(path: Path) -> int:
    """Number of rows, from the parquet footer alone."""
    return int(pl.scan_parquet(path, glob=False, hive_partitioning=False).select(pl.len()).collect().item())


def digest(parts: Iterable[str | bytes]) -> str:
    """32 hex digits over the parts, order and borders included (xxh3-128: a name, not a signature)."""
    state = xxhash.xxh3_128()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        state.update(len(raw).to_bytes(8, "little"))
        state.update(raw)
    return state.hexdigest()


def digest_file(path: Path) -> str:
    """32 hex digits over a file's bytes, read in blocks."""
    state = xxhash.xxh3_128()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return state.hexdigest()
