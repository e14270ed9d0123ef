"""Rows of CSV and TSV text, with quoted line ends, going on behind a broken quote."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from buckets.errors import InputError
from buckets.raw import BOM, MAX_ROW_BYTES, Raw, fault_of

_DELIMITERS = (",", ";", "\t", "|")
_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # Excel's own first line
_AGAIN = 32  # a broken quote re-reads the lines that it swallowed: all of them at most this many times the file,
_FREE = 256 << 20  # beyond the first 256 MiB


class _Lines:
    """Feeds lines to csv.reader and remembers which ones the current row took."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._back: deque[bytes] = deque()
        self._offset = 0
        self.seen = 0
        """Bytes of the file up to here."""
        self.again = 0
        """Bytes that were given back."""
        self.taken: list[bytes] = []
        self.bad: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._back:
            line = self._back.popleft()
        else:
            line = next(self._lines)
            self.seen += len(line)
        self.taken.append(line)
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            self.bad = f"byte 0x{line[error.start]:02x} at offset {self._offset + error.start} of the file is not UTF-8"
            text = line.decode("utf-8", "backslashreplace")
        self._offset += len(line)
        return text

    def next_row(self) -> None:
        self.taken.clear()
        self.bad = None

    def unread(self) -> None:
        """All lines of the row are to be read again."""
        self._back.extendleft(reversed(self.taken))
        self._offset -= sum(map(len, self.taken))
        self.next_row()

    def give_back(self) -> bytes:
        """Return all lines of the row but the first, to be read again; the first one is the result."""
        first, rest = self.taken[0], self.taken[1:]
        size = sum(map(len, rest))
        self._back.extendleft(reversed(rest))
        self._offset -= size
        self.again += size
        return first


def delimited_rows(
    stream: Iterable[bytes],
    where: str,
    delimiter: str | None,
    *,
    columns: Sequence[str] | None = None,
    header: bool = True,
) -> Iterator[Raw]:
    """Rows of a file with a header line or without; rows are counted without the header, all cells are strings.

    `columns` names the cells in place of the header; without both they are column_0, column_1, ..., as many as the
    first row has.

    `stream` gives lines with their ends; `delimiter` None finds it in the header. A row whose cells do
    not match these names is a fault, and so is a quote that is never closed (only its first line).
    Raises InputError when the header cannot be used.
    """
    csv.field_size_limit(MAX_ROW_BYTES)  # a document in one cell is normal here, the rest of the file is not
    feed = _Lines(_without_bom(stream))
    header_line = next(feed, "")
    if sep := _SEP.fullmatch(header_line):
        delimiter = sep[1]
        feed.next_row()
        header_line = next(feed, "")
    delimiter = delimiter or max(_DELIMITERS, key=header_line.count)
    names: list[str] = []
    if header:
        names = _header(header_line, feed, where, delimiter, renamed=columns is not None)
    else:
        feed.unread()
    names = list(columns) if columns is not None else names
    row = 0
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.next_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raw = b"".join(feed.taken)
            if feed.again <= _FREE + _AGAIN * feed.seen:
                raw = feed.give_back()
                reader = csv.reader(feed, delimiter=delimiter, strict=True)
            cells = _unquoted(raw, delimiter, len(names)) if delimiter == "\t" else []
            if not cells:
                yield Raw(row, None, fault_of("invalid_csv", f"a quote is open or misplaced: {error}", raw))
                row += 1
                continue
        if not cells:
            continue
        names = names or [f"column_{index}" for index in range(len(cells))]
        yield _row(row, names, cells, feed)
        row += 1


def _row(row: int, names: list[str], cells: list[str], feed: _Lines) -> Raw:
    if feed.bad:
        return Raw(row, None, fault_of("not_utf8", feed.bad, b"".join(feed.taken)))
    if len(cells) != len(names):
        detail = f"{len(cells)} cells where there are {len(names)} columns"
        return Raw(row, None, fault_of("wrong_cell_count", detail, b"".join(feed.taken)))
    return Raw(row, dict(zip(names, cells, strict=True)))


def _header(first: str, feed: _Lines, where: str, delimiter: str, *, renamed: bool) -> list[str]:
    try:
        names = next(csv.reader(_chain(first, feed), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise InputError(f"{where}: the header line is not valid CSV ({error}); repair the first line") from error
    if renamed:
        return names
    if feed.bad:
        raise InputError(f"{where}: the header line is not UTF-8 ({feed.bad}); declare its `encoding`")
    names = [name or f"column_{index}" for index, name in enumerate(names)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{where}: the header names {', '.join(twice)} twice; give each column its own name")
    return names


def _chain(first: str, rest: _Lines) -> Iterator[str]:
    if first:
        yield first
        yield from rest


def _unquoted(raw: bytes, delimiter: str, width: int) -> list[str]:
    """The cells of a TSV line that uses quotes as plain characters; empty when they do not fit."""
    cells = raw.decode("utf-8", "backslashreplace").rstrip("\r\n").split(delimiter)
    return cells if len(cells) == width else []


def _without_bom(stream: Iterable[bytes]) -> Iterator[bytes]:
    for index, line in enumerate(stream):
        yield line.removeprefix(BOM) if index == 0 else line
