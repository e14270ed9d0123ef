"""Rows out of any raw file: what kind it is by its content, and each row or its fault, none lost."""

from __future__ import annotations

import glob
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from buckets.cells import is_plain, plain_row
from buckets.delimited import delimited_rows
from buckets.errors import InputError
from buckets.held import held
from buckets.jsonl import line_rows
from buckets.kind import KINDS, SUFFIXES, Kind, kind_of_file, suffix_of
from buckets.raw import BOM, Raw, fault_of
from buckets.salvage import array_rows, member_span, object_rows
from buckets.unpack import Unpacked, packing

_BLOCK = 1 << 20
_HEAD_LIMIT = 64 << 20
_BATCH = 8192


@dataclass
class _Source:
    """An open file, unpacked where needed."""

    stream: BinaryIO
    unpacked: Unpacked | None

    @property
    def damage(self) -> str | None:
        return self.unpacked.damage if self.unpacked else None


def read_rows(path: Path, kind: Kind | None = None, member: str | None = None) -> Iterator[Raw]:
    """Every row of a file in order, each with a value or a fault.

    `kind` is found from the content unless it is given. `member` names the key of a JSON object whose
    list holds the rows. Row numbers count from 0: lines for JSON Lines (blank lines are counted but
    give no row), elements for JSON arrays and objects, records without the header for CSV and TSV.
    An object keyed by id gives each value as a row, its key added as "_key". Files may be packed with
    gz, bz2 or zst; a file that ends early gives its good rows and then one `truncated_file` fault.
    Raises InputError when the file as a whole cannot be read.
    """
    return _rows(path, kind_of(path, kind), member)


def kind_of(path: Path, kind: Kind | None = None) -> Kind:
    """The kind of a file by its content, or the declared one once the file is seen to hold something."""
    if kind is not None and kind not in KINDS:
        raise InputError(f"{path}: kind {kind!r} is not one of {', '.join(KINDS)}")
    with opened(path) as stream:
        return _kind(path, _Source(stream, _raw(stream)), kind)


def expand(patterns: Sequence[str], base: Path) -> list[Path]:
    """The files that the patterns name, sorted, each once; relative patterns start at `base`.

    A folder stands for all data files below it (by suffix, hidden ones left out). Raises InputError
    for a pattern that matches nothing.
    """
    found: set[Path] = set()
    for pattern in patterns:
        whole = base / Path(pattern).expanduser()
        matches = [whole] if whole.exists() else [Path(name) for name in glob.glob(str(whole), recursive=True)]
        files = [file for match in matches for file in (_inside(match) if match.is_dir() else [match])]
        if not files:
            what = "holds no data file" if whole.is_dir() else "matches no file"
            raise InputError(f"{pattern!r} {what} (looked in {base.resolve()}); name a file, a folder or a glob")
        found.update(files)
    return sorted(found)


def _inside(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not hidden and suffix_of(file) in SUFFIXES and file.is_file():
            yield file


def opened(path: Path) -> BinaryIO:
    """The file, unpacked where its first bytes say that it is packed."""
    try:
        file = path.open("rb")
        start = packing(file.read(4))
        file.seek(0)
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; name the files in it, or a pattern such as {path}/*.jsonl") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error
    return io.BufferedReader(Unpacked(file, start), _BLOCK) if start else file


def _raw(stream: BinaryIO) -> Unpacked | None:
    raw = getattr(stream, "raw", None)
    return raw if isinstance(raw, Unpacked) else None


def _head(source: _Source) -> bytes:
    """The start of the file, up to the end of its first line with text where that can be had."""
    head = source.stream.read(_BLOCK)
    while len(head) < _HEAD_LIMIT and b"\n" not in head.lstrip() and (more := source.stream.read(_BLOCK)):
        head += more
    return head.removeprefix(BOM)


def _kind(path: Path, source: _Source, declared: Kind | None) -> Kind:
    head = _head(source)
    if not head.strip():
        raise InputError(f"{path}: {source.damage or 'is empty'}; download or write the file again")
    return kind_of_file(path, head, whole=not source.stream.read(1), declared=declared)


def _rows(path: Path, kind: Kind, member: str | None) -> Iterator[Raw]:
    if kind in ("parquet", "arrow"):
        yield from _table_rows(path, kind)
        return
    with opened(path) as stream:
        source = _Source(stream, _raw(stream))
        if kind == "jsonl":
            yield from line_rows(source.stream, lambda: source.damage)
        elif kind in ("csv", "tsv"):
            yield from _cell_rows(path, source, "\t" if kind == "tsv" else None)
        else:
            yield from _json_rows(path, source, kind, member)


def _json_rows(path: Path, source: _Source, kind: Kind, member: str | None) -> Iterator[Raw]:
    data = held(source.stream)
    start = len(BOM) if data[: len(BOM)] == BOM else 0
    if kind == "json_array":
        yield from array_rows(data, 0, source.damage, start)
        return
    if member is None:
        yield from object_rows(data, 0, source.damage, start)
        return
    span = member_span(data, member)
    if span is None:
        raise InputError(f"{path}: has no key {member!r} at its top; name the key that holds the rows")
    start, end = span
    rows = array_rows if data[start : start + 1] == b"[" else object_rows
    yield from rows(data[start:end], start, source.damage if end == len(data) else None)


def _cell_rows(path: Path, source: _Source, delimiter: str | None) -> Iterator[Raw]:
    cut: list[bytes] = []
    row = -1
    for raw in delimited_rows(_whole_lines(source, cut), str(path), delimiter):
        row = raw.row
        yield raw
    if source.damage:
        yield Raw(row + 1, None, fault_of("truncated_file", source.damage, b"".join(cut)))


def _whole_lines(source: _Source, cut: list[bytes]) -> Iterator[bytes]:
    """The lines of the stream; a last line that damage cut short goes to `cut`, it would read as a good row."""
    for line in source.stream:
        if source.damage and not line.endswith(b"\n"):
            cut.append(line)
        else:
            yield line


def _table_rows(path: Path, kind: Kind) -> Iterator[Raw]:
    try:
        for start, batch in _batches(path, kind):
            clean = all(is_plain(dtype) for dtype in batch.dtypes)
            for row, value in enumerate(batch.iter_rows(named=True), start):
                yield Raw(row, value) if clean else plain_row(row, value)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{path}: cannot be read as {kind} ({str(error)[:200]}); write or download it again"
        ) from error


def _batches(path: Path, kind: Kind) -> Iterator[tuple[int, pl.DataFrame]]:
    with opened(path) as stream:
        packed = _raw(stream) is not None
        if kind == "arrow" or packed:
            data = stream.read()
            frame = pl.read_parquet(io.BytesIO(data)) if kind == "parquet" else _arrow(data)
            yield from ((start, frame.slice(start, _BATCH)) for start in range(0, frame.height, _BATCH))
            return
    lazy = pl.scan_parquet(path, glob=False)
    height = lazy.select(pl.len()).collect().item()
    for start in range(0, height, _BATCH):
        yield start, lazy.slice(start, _BATCH).collect()


def _arrow(data: bytes) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(data)) if data.startswith(b"ARROW1") else pl.read_ipc_stream(io.BytesIO(data))
