"""Rows of JSON Lines, in blocks: checks that read every byte run once a block, not once a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import orjson

from buckets.raw import (
    BOM,
    MAX_ROW_BYTES,
    Raw,
    doubled,
    fault_of,
    has_long_digits,
    may_be_deep,
    not_an_object,
    raw_of,
    risk,
)

_BLOCK = 1 << 20


def line_rows(stream: BinaryIO, damage: Callable[[], str | None]) -> Iterator[Raw]:
    """Rows numbered by line; `damage` says, once the stream has ended, why it may have ended early."""
    row, offset, tail, after = 0, 0, b"", b""
    while block := after or stream.read(_BLOCK):
        after = b""
        if offset == 0 and not tail and block.startswith(BOM):
            block, offset = block[len(BOM) :], len(BOM)
        block = tail + block if tail else block
        cut = block.rfind(b"\n") + 1
        tail = block[cut:]
        if cut:
            yield from _block_rows(block[: cut - 1], row, offset)
            row += block.count(b"\n", 0, cut)
            offset += cut
        elif len(tail) > MAX_ROW_BYTES:
            skipped, after = _to_line_end(stream)
            tail = b""
            detail = f"the line has more than {MAX_ROW_BYTES >> 20} MiB"
            yield Raw(row, None, fault_of("row_too_long", detail, block))
            row, offset = row + 1, offset + len(block) + skipped
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


def _block_rows(block: bytes, row: int, offset: int) -> Iterator[Raw]:
    careful = has_long_digits(block)
    loads = orjson.loads
    for row, line in enumerate(block.split(b"\n"), row):  # noqa: B020  # counts on from the row it was given
        try:
            value = loads(line)
        except orjson.JSONDecodeError:
            raw = raw_of(row, line, offset)
            if raw:
                yield raw
        else:
            if type(value) is not dict:
                yield not_an_object(row, line, value)
            elif ((careful or may_be_deep(line)) and (fault := risk(line, value, offset))) or (
                fault := doubled(line, value)
            ):
                yield Raw(row, None, fault)
            else:
                yield Raw(row, value)
        offset += len(line) + 1


def _to_line_end(stream: BinaryIO) -> tuple[int, bytes]:
    """Skip the rest of a line; the bytes skipped, and the start of the next line."""
    skipped = 0
    while block := stream.read(_BLOCK):
        line, end, rest = block.partition(b"\n")
        skipped += len(line) + len(end)
        if end:
            return skipped, rest
    return skipped, b""
