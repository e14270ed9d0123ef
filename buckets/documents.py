"""JSON objects that stand one behind the other in a file, each on any number of lines: rows themselves, or what holds
the rows under one key (`member`).

Not covered: a damaged object is one row up to the next line that begins with a bracket, even if it swallowed another.
"""

from __future__ import annotations

from collections.abc import Iterator

from buckets.errors import InputError
from buckets.held import Buffer
from buckets.raw import MAX_ROW_BYTES, Raw, fault_of, raw_of
from buckets.salvage import COMMA, KEY, SPACE, array_rows, key_name, object_rows, value_end

_LOOK = 8
_RESCANS = 32  # objects that never end are looked through at most this many times the file


def is_keyed(data: Buffer, start: int = 0) -> bool:
    """Whether the values of an object are rows: of its first pairs, most are objects themselves."""
    pairs = objects = 0
    position = data.find(b"{", start) + 1
    while pairs < _LOOK and (key := KEY.match(data, position)):
        pairs += 1
        objects += data[key.end() : key.end() + 1] == b"{"
        end = value_end(data, key.end())
        comma = None if end is None else COMMA.match(data, end)
        if comma is None:
            break
        position = comma.end()
    return 2 * objects > pairs


def document_rows(data: Buffer, damage: str | None, start: int = 0) -> Iterator[Raw]:
    """One row for each object of the file, counted from 0."""
    row, budget = 0, _RESCANS * len(data)
    position = _skip(data, start)
    while position < len(data):
        end = value_end(data, position) if budget > 0 else None
        budget -= (len(data) if end is None else end) - position
        stop = len(data) if end is None else max(end, position + 1)
        raw = None if end is None else _row(row, data, position, stop)
        if raw is None or (raw.fault is not None and raw.fault.reason == "invalid_json"):
            again = data.find(b"\n{", position + 1, stop) if budget > 0 else -1
            cut_off = raw is None and again < 0
            stop = stop if again < 0 else again
            if cut_off:
                said = damage or "the file ends inside this object"
                yield Raw(row, None, fault_of("truncated_file", said, data[position:stop]))
                return
            raw = _row(row, data, position, stop)
        yield raw
        row += 1
        position = _skip(data, stop)
    if damage:
        yield Raw(row, None, fault_of("truncated_file", damage, b""))


def _row(row: int, data: Buffer, start: int, stop: int) -> Raw:
    if stop - start > MAX_ROW_BYTES:
        detail = f"the object has more than {MAX_ROW_BYTES >> 20} MiB; if it holds the rows, declare `member`"
        return Raw(row, None, fault_of("row_too_long", detail, data[start : start + MAX_ROW_BYTES]))
    raw = raw_of(row, data[start:stop], start)
    return raw or Raw(row, None, fault_of("invalid_json", "nothing where a value should be", b""))


def member_rows(data: Buffer, member: str, where: str, damage: str | None, start: int = 0) -> Iterator[Raw]:
    """The rows of every list or object that stands under `member` at the top of the file's objects, counted through.

    Text that belongs to no object is a row of its own, so that nothing behind the first one is lost without a word.
    Raises InputError when no object has the key.
    """
    row, found = 0, False
    position = data.find(b"{", start) + 1
    while position > 0:
        key = KEY.match(data, position)
        end = value_end(data, key.end()) if key else None
        if key and key_name(key[1]) == member and data[key.end() : key.end() + 1] in (b"[", b"{"):
            found = True
            rows = array_rows if data[key.end() : key.end() + 1] == b"[" else object_rows
            stop = len(data) if end is None else end
            last = row - 1
            for raw in rows(data[key.end() : stop], key.end(), damage if stop == len(data) else None):
                last = raw.row = raw.row + row
                yield raw
            row = last + 1
            if end is None:
                return
        position, rest = _next_key(data, position if end is None else end)
        if rest is not None and found:
            detail = f"text that is part of no object, at offset {rest}"
            yield Raw(row, None, fault_of("invalid_json", detail, data[rest:]))
    if not found:
        raise InputError(
            f"{where}: has no key {member!r} at its top that holds a list or an object; name the key of the rows"
        )


def _next_key(data: Buffer, end: int) -> tuple[int, int | None]:
    """Where the key behind a value starts, in this object or the next one; 0 and where text is left over, or None."""
    if comma := COMMA.match(data, end):
        return comma.end(), None
    position = _skip(data, end)
    if data[position : position + 1] == b"}":
        position = _skip(data, position + 1)
        if data[position : position + 1] == b"{":
            return position + 1, None
    return 0, position if position < len(data) else None


def _skip(data: Buffer, position: int) -> int:
    space = SPACE.match(data, position)
    return space.end() if space else position
