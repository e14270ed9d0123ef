"""Rows of a JSON array or of an object keyed by id, element by element, past the damaged ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from buckets.doubled import may_lose
from buckets.held import Buffer, let_go
from buckets.raw import Raw, fault_of, has_long_digits, raw_of, too_deep

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_STRING + rb'|[\[\]{},"]', re.DOTALL)
KEY = re.compile(rb"\s*(" + _STRING + rb")\s*:\s*", re.DOTALL)
COMMA = re.compile(rb"\s*,")
SPACE = re.compile(rb"\s*")
_NEXT_ITEM = re.compile(rb",\s*(?=\{)")
_NEXT_PAIR = re.compile(rb",\s*(?=" + _STRING + rb"\s*:\s*\{)", re.DOTALL)
_FIRST_KEY = re.compile(rb"\{\s*(" + _STRING + rb")\s*:", re.DOTALL)
_ITEM_START = re.compile(rb",\s*\{\s*\Z")
_WINDOW = 1 << 20
_FIRST_KEYS = 8
_GUESSES = 4
_INDENT = 256  # bytes between the comma before an element and its first key
_RESCANS = 32  # looking for the next good element reads at most this many times the file


def array_rows(data: Buffer, offset: int, damage: str | None, start: int = 0) -> Iterator[Raw]:
    """Rows of a JSON array; `offset` is where `data` starts in the file, `damage` why it may be short.

    The array begins at `start` of the data. It is parsed a window at a time where it is sound, else element by element.
    """
    return Salvage(data, offset, keyed=False, damage=damage).rows(start)


def object_rows(data: Buffer, offset: int, damage: str | None, start: int = 0) -> Iterator[Raw]:
    """Rows of an object keyed by id; pair by pair, since a parser would lose the first of two equal keys."""
    return Salvage(data, offset, keyed=True, damage=damage).rows(start)


def value_end(data: Buffer, start: int) -> int | None:
    """Index behind the value at `start`: behind its own last bracket, else at the comma or bracket that
    follows it; None when the value never ends."""
    depth = 0
    for token in _TOKEN.finditer(data, start):
        first = token[0][:1]
        if first == b'"':
            if len(token[0]) == 1:
                return None
        elif first in b"[{":
            depth += 1
        elif depth == 0:
            return token.start()
        elif first in b"]}":
            depth -= 1
            if depth == 0:
                return token.end()
    return None


class Salvage:
    """A walk over the elements of one container, which goes on behind a damaged element."""

    def __init__(self, data: Buffer, offset: int, *, keyed: bool, damage: str | None) -> None:
        self.data = data
        self.offset = offset
        self.keyed = keyed
        self.closer = b"}" if keyed else b"]"
        self.damage = damage
        self.slow_until = 0  # up to here, elements are looked at one by one
        self.budget = _RESCANS * len(data)
        # The first key of the rows tells them from objects inside a damaged row.
        first = _FIRST_KEY.search(data, data.find(b"{") + 1 if keyed else 0)
        self.first_keys: set[bytes] = {first[1]} if first else set()

    def rows(self, start: int = 0) -> Iterator[Raw]:
        data, row = self.data, 0
        position = self._skip(start) + 1
        while (position := self._skip(position)) < len(data):
            mark = data[position : position + 1]
            if mark == b",":
                position += 1
                continue
            if mark == self.closer:
                yield from self._after(row, self._skip(position + 1))
                return
            items, end = self._sound(position) if mark == b"{" and position >= self.slow_until else ([], position)
            if items:
                for row, item in enumerate(items, row):  # noqa: B020  # counts on from the row it was given
                    yield Raw(row, item)
                row, position = row + 1, end
                continue
            raw, position = self._element(row, position)
            yield raw
            row += 1
            if raw.fault and raw.fault.reason == "truncated_file":
                return
        yield Raw(row, None, fault_of("truncated_file", self.damage or "the file ends before its last bracket", b""))

    def _sound(self, start: int) -> tuple[list[dict[str, Any]], int]:
        """The elements from `start` on that parse in one go, and where they end; none where one may be at fault."""
        let_go(self.data, start)
        window = self.data[start : start + _WINDOW]
        for stop in [] if self.keyed else self._stops(window, start + len(window) == len(self.data)):
            items = _plain_items(window[:stop])
            if items:
                self._learn_all(items)
                return items, start + stop
        self.slow_until = start + len(window)
        return [], start

    def _learn_all(self, items: list[dict[str, Any]]) -> None:
        """As `_learn` would, element by element: what a later fault comes to must not depend on the windows."""
        for item in items:
            if len(self.first_keys) == _FIRST_KEYS:
                break
            if item:
                self.first_keys.add(orjson.dumps(next(iter(item))))

    def _stops(self, window: bytes, last: bool) -> Iterator[int]:
        """Where in the window, from its end on, an element may end that another one, or the last bracket, follows.

        A guess: whether what stands before is whole elements, parsing it must show. Only a few are worth that.
        """
        if last and (whole := window.rstrip()).endswith(b"]"):
            yield len(whole) - 1
        for key in self.first_keys:
            place = len(window)
            for _ in range(_GUESSES):
                place = window.rfind(key, 0, place)
                if place < 0:
                    break
                before = _ITEM_START.search(window, max(0, place - _INDENT), place)
                if before:
                    yield before.start()

    def _after(self, row: int, position: int) -> Iterator[Raw]:
        if position < len(self.data):
            detail = f"text after the closing bracket, at offset {self.offset + position}"
            yield Raw(row, None, fault_of("invalid_json", detail, self.data[position:]))
        elif self.damage:
            yield Raw(row, None, fault_of("truncated_file", self.damage, b""))

    def _skip(self, position: int) -> int:
        space = SPACE.match(self.data, position)
        return space.end() if space else position

    def _element(self, row: int, start: int) -> tuple[Raw, int]:
        """The row at `start` and where to go on."""
        raw, end = self._try(row, start)
        if raw and raw.value is not None and end is not None:
            self._learn(start)
            return raw, end
        reason = raw.fault.reason if raw and raw.fault else None
        if raw and end is not None and reason != "invalid_json":
            return raw, end  # the brackets match: only this element is at fault
        stop = self._resync(start, end)
        if stop is None and end is None:
            detail = self.damage or "the file ends inside this element"
            return Raw(row, None, fault_of("truncated_file", detail, self.data[start:])), len(self.data)
        stop = max(start + 1, stop if stop is not None else end or len(self.data))  # a stray bracket is a row
        if self.data[stop - 1 : stop] == self.closer and stop - 1 > start and self._skip(stop) == len(self.data):
            stop -= 1  # the file's last bracket closes the file, whatever this element lacks
        detail = raw.fault.detail if raw and raw.fault else "the element does not end where it should"
        detail = f"{detail} (element at offset {self.offset + start})"
        return Raw(row, None, fault_of("invalid_json", detail, self.data[start:stop])), stop

    def _try(self, row: int, start: int) -> tuple[Raw | None, int | None]:
        key = KEY.match(self.data, start) if self.keyed else None
        if self.keyed and not key:
            return None, None
        begin = key.end() if key else start
        end = value_end(self.data, begin)
        if end is None:
            return None, None
        raw = raw_of(row, self.data[begin:end], self.offset + begin)
        if raw is None:
            return Raw(row, None, fault_of("invalid_json", "nothing where a value should be", b"")), end
        if key and (raw.value is not None or raw.bare is not None):
            name = key_name(key[1])
            if name is None:
                return Raw(row, None, fault_of("invalid_json", "the key is damaged", self.data[start:end])), end
            if raw.value is None:
                raw.bare = {"_key": name, **(raw.bare or {})}
                return raw, end
            field = "_key" if "_key" not in raw.value else "_key_of_row"
            raw.value = {field: name, **raw.value}
        return raw, end

    def _learn(self, start: int) -> None:
        if len(self.first_keys) < _FIRST_KEYS:
            key = KEY.match(self.data, start) if self.keyed else None
            first = _FIRST_KEY.match(self.data, key.end() if key else start)
            if first:
                self.first_keys.add(first[1])

    def _resync(self, start: int, end: int | None) -> int | None:
        """Index of the comma before the next element that reads well and starts like the others."""
        pattern = _NEXT_PAIR if self.keyed else _NEXT_ITEM
        for comma in pattern.finditer(self.data, start, len(self.data) if end is None else end):
            first = _FIRST_KEY.search(self.data, comma.end())
            if self.first_keys and (not first or first[1] not in self.first_keys):
                continue
            raw, stop = self._try(0, comma.end())
            self.budget -= (stop or len(self.data)) - comma.end()
            if raw and raw.value is not None:
                return comma.start()
            if self.budget < 0:
                return None
        return None


def _plain_items(text: bytes) -> list[dict[str, Any]]:
    """Elements that parse together and hold nothing that needs a second look; else none."""
    try:
        items = orjson.loads(b"[%b]" % text)
    except orjson.JSONDecodeError:
        return []
    good = all(type(item) is dict for item in items) and not has_long_digits(text) and not too_deep(items)
    return items if good and not may_lose(text, items) else []


def key_name(key: bytes) -> str | None:
    try:
        name = orjson.loads(key)
    except orjson.JSONDecodeError:
        return None
    return name if isinstance(name, str) else None
