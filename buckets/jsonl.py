"""Rows of JSON Lines, in blocks: checks that read every byte run once a block, not once a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import orjson

from buckets.raw import (
    BOM,
    MAX_ROW_BYTES,
    Raw,
    doubled,
    fault_of,
    long_digits,
    may_be_deep,
    not_an_object,
    raw_of,
    risk,
)

_BLOCK = 1 << 20


class Stream(Protocol):
    """A file, or a part of one, that is read from front to end."""

    def read(self, size: int, /) -> bytes: ...


def line_rows(stream: Stream, damage: Callable[[], str | None], *, row: int = 0, offset: int = 0) -> Iterator[Raw]:
    """Rows numbered by line; `damage` says, once the stream has ended, why it may have ended early.

    `row` and `offset` say where in the file the stream starts: at its start, or behind the end of a line. Cut at any
    line ends, a file gives the same rows and faults as in one piece.
    """
    tail = b""
    while block := stream.read(_BLOCK):
        if offset == 0 and not tail and block.startswith(BOM):
            block, offset = block[len(BOM) :], len(BOM)
        block = tail + block if tail else block
        if len(block) > MAX_ROW_BYTES and (end := _long_end(block)):
            detail = f"the line has more than {MAX_ROW_BYTES >> 20} MiB"
            yield Raw(row, None, fault_of("row_too_long", detail, block[:MAX_ROW_BYTES]))
            length, block = _to_line_end(block, end, stream)
            row, offset = row + 1, offset + length
        cut = block.rfind(b"\n") + 1
        tail = block[cut:]
        if cut:
            yield from _block_rows(block[: cut - 1], row, offset)
            row += block.count(b"\n", 0, cut)
            offset += cut
    last = raw_of(row, tail, offset)
    damaged = damage()
    if last and last.fault and (damaged or last.fault.reason == "invalid_json"):
        detail = damaged or f"the last line has no end and does not parse ({last.fault.detail})"
        last = Raw(row, None, fault_of("truncated_file", detail, tail))
        damaged = None
    if last:
        yield last
    if damaged:
        yield Raw(row + (last is not None), None, fault_of("truncated_file", damaged, b""))


def line_count(stream: Stream, damage: Callable[[], str | None]) -> int:
    """How many rows `line_rows` must give, counted in another way: lines with something in them, not parsed."""
    rows, tail, long = 0, b"", False
    while block := stream.read(_BLOCK):
        lines = (tail + block).split(b"\n")
        tail = lines.pop()
        if long and lines:
            rows, long = rows + 1, False
            del lines[0]
        rows += len(lines) - sum(map(_is_blank, lines))
        if long or len(tail) > MAX_ROW_BYTES:
            tail, long = b"", True
    if long:
        return rows + 1 + bool(damage())
    if not damage():
        return rows + (not _is_blank(tail))
    last = raw_of(0, tail, 0)
    return rows + (2 if last and last.fault is None else 1)  # a whole last row, and the note that the file broke off


def _is_blank(line: bytes) -> bool:
    """Whether a line is no row: white space, also behind a byte order mark."""
    if len(line) > MAX_ROW_BYTES:
        return False
    while line.strip():
        if not line.startswith(BOM):
            return False
        line = line[len(BOM) :]
    return True


def _block_rows(block: bytes, row: int, offset: int) -> Iterator[Raw]:
    loads = orjson.loads
    base, digits = offset, long_digits(block)
    long = next(digits, -1)
    for row, line in enumerate(block.split(b"\n"), row):  # noqa: B020  # counts on from the row it was given
        try:
            value = loads(line)
        except orjson.JSONDecodeError:
            raw = raw_of(row, line, offset)
            if raw:
                yield raw
        else:
            is_long = long >= 0 and long < offset - base + len(line)
            if type(value) is not dict:
                yield not_an_object(row, line, value)
            elif ((is_long or may_be_deep(line)) and (fault := risk(line, value, offset))) or (
                fault := doubled(line, value)
            ):
                yield Raw(row, None, fault)
            else:
                yield Raw(row, value)
        offset += len(line) + 1
        while 0 <= long < offset - base:
            long = next(digits, -1)


def _long_end(block: bytes) -> int:
    """Where the first line of the block ends (or the block), if it is longer than a row may be; else 0."""
    end = block.find(b"\n")
    end = len(block) if end < 0 else end
    return end if end > MAX_ROW_BYTES else 0


def _to_line_end(block: bytes, end: int, stream: Stream) -> tuple[int, bytes]:
    """The length, its end included, of a line that is known up to `end` of the block, and what was read behind it."""
    length, rest = end, block[end:]
    while not rest:
        more = stream.read(_BLOCK)
        if not more:
            return length, b""
        line, mark, after = more.partition(b"\n")
        length, rest = length + len(line), mark + after
    return length + 1, rest[1:]
