"""A file in parts that can be read apart: planned by counting line ends, parsed wherever the part is read.

Only JSON Lines in UTF-8 is cut without being parsed. Of a packed file the bytes are unpacked once, here, and sent
along. All other kinds are parsed here too and their rows sent along: a quoted cell or an array element may hold any
line end.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from buckets.errors import InputError
from buckets.files import Layout, is_plain_lines, opened, read_rows
from buckets.jsonl import Stream, line_count, line_rows
from buckets.raw import MAX_ROW_BYTES, Raw
from buckets.unpack import Unpacked

_BLOCK = 1 << 20
_SPAN_BYTES = MAX_ROW_BYTES  # a part of long rows ends here, so that memory has a bound


@dataclass(frozen=True, slots=True)
class FileLines:
    """Whole lines of a file that is not packed; the worker opens it."""

    path: Path
    start: int
    size: int
    row: int

    def rows(self) -> Iterator[Raw]:
        with self._open() as stream:
            yield from line_rows(stream, _no_damage, row=self.row, offset=self.start)

    def count(self) -> int:
        """Rows by a count of lines that parses nothing."""
        with self._open() as stream:
            return line_count(stream, _no_damage)

    def _open(self) -> _Part:
        file = opened(self.path)
        file.seek(self.start)
        return _Part(file, self.path, self.size)


@dataclass(frozen=True, slots=True)
class HeldLines:
    """Whole lines out of a packed file; `damage` says why they may be its last ones."""

    data: bytes
    start: int
    row: int
    damage: str | None

    def rows(self) -> Iterator[Raw]:
        yield from line_rows(io.BytesIO(self.data), lambda: self.damage, row=self.row, offset=self.start)

    def count(self) -> int:
        return line_count(io.BytesIO(self.data), lambda: self.damage)


@dataclass(frozen=True, slots=True)
class HeldRows:
    """Rows that are parsed already."""

    values: list[Raw]

    def rows(self) -> Iterator[Raw]:
        return iter(self.values)

    def count(self) -> int:
        return len(self.values)


Span = FileLines | HeldLines | HeldRows


def spans(path: Path, layout: Layout, rows: int, *, inside: Callable[[str], bool] | None = None) -> Iterator[Span]:
    """The file in parts of at most `rows` rows, in order; together they give what `read_rows` gives.

    The parts depend on the file and on `rows` alone. Lines of JSON Lines count as rows here, blank ones too, and a
    part ends with the line that fills 64 MiB. Raises InputError when the file as a whole cannot be read.
    """
    if is_plain_lines(path, layout):
        with opened(path) as stream:
            raw = getattr(stream, "raw", None)
            yield from _held(stream, raw, rows) if isinstance(raw, Unpacked) else _in_file(path, stream, rows)
        return
    values = read_rows(
        path,
        layout.kind,
        layout.member,
        encoding=layout.encoding,
        columns=layout.columns,
        header=layout.header,
        inside=inside,
    )
    while block := list(islice(values, rows)):
        yield HeldRows(block)


def _in_file(path: Path, stream: BinaryIO, rows: int) -> Iterator[Span]:
    place = path.absolute()  # a worker may stand elsewhere
    cutter = _Cutter(rows)
    while block := stream.read(_BLOCK):
        for _ in cutter.cuts(block):
            yield FileLines(place, cutter.start, cutter.end - cutter.start, cutter.row)
    if cutter.end > cutter.start:
        yield FileLines(place, cutter.start, cutter.end - cutter.start, cutter.row)


def _held(stream: BinaryIO, source: Unpacked, rows: int) -> Iterator[Span]:
    cutter = _Cutter(rows)
    held = _Held()
    while block := stream.read(_BLOCK):
        done = 0
        for stop in cutter.cuts(block):
            held.add(block[done:stop])
            done = stop
            yield HeldLines(held.take(), cutter.start, cutter.row, None)
        held.add(block[done:])
    if cutter.end > cutter.start or source.damage:
        yield HeldLines(held.take(), cutter.start, cutter.row, source.damage)


class _Cutter:
    """Finds where a part ends. While `cuts` waits, `start`, `end` (bytes) and `row` are of the part that ended."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._lines = 0
        self.start = self.end = self.row = 0

    def cuts(self, block: bytes) -> Iterator[int]:
        """Indices in the block behind the last line of a part."""
        at, position = self.end, 0
        while stop := self._stop(block, position, self.start + _SPAN_BYTES - at):
            self.end = at + stop
            yield stop
            self.start, self.row, self._lines = self.end, self.row + self._lines, 0
            position = stop
        self.end = at + len(block)

    def _stop(self, block: bytes, position: int, full: int) -> int:
        """Index behind the first line end that fills the part, by rows or by bytes; 0 when the part goes on."""
        found = block.count(b"\n", position)
        if self._lines + found < self._rows and len(block) < full:
            self._lines += found
            return 0
        while position := block.find(b"\n", position) + 1:
            self._lines += 1
            if self._lines == self._rows or position >= full:
                return position
        return 0


class _Held:
    """Bytes of the part in hand; of a line that is too long to be a row, only as much as shows that."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._line = 0  # where the line in hand starts

    def add(self, data: bytes) -> None:
        first, end, rest = data.partition(b"\n")
        room = MAX_ROW_BYTES + 1 - (len(self._data) - self._line)
        self._data += first[: max(0, room)] + end + rest
        if end:
            self._line = len(self._data) - len(rest) + rest.rfind(b"\n") + 1

    def take(self) -> bytes:
        data, self._data, self._line = bytes(self._data), bytearray(), 0
        return data


class _Part:
    """The next `size` bytes of a file; InputError when the file has become shorter."""

    def __init__(self, file: BinaryIO, path: Path, size: int) -> None:
        self._file = file
        self._path = path
        self._left = size

    def read(self, size: int, /) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        if self._left and not data:
            raise InputError(f"{self._path}: became shorter while it was read; run again when it is complete")
        return data

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _no_damage() -> None:
    return None
