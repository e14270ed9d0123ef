"""Plain data between the program under test and its tests: values rebuilt as exact builtin types, never unpickled.

A message is a length and JSON. Containers carry a number, so aliases and cycles survive and a change that a call made
to its arguments can be written back into the very objects of the caller. Anything that is not plain data goes through
`export` (an object that stays on its side) and comes back through `adopt`.
"""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_MESSAGE = 96 << 20
_EXACT = 1 << 53
_SCALARS = frozenset({type(None), bool, float, str})
_SHADOWED = (str, int, float, tuple, bytes, complex)


class GoneError(Exception):
    """The other side hung up, or what it sent is no message."""


class Wire:
    """Whole messages over one socket, blocking."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def send(self, message: Any) -> None:
        try:
            body = json.dumps(message, separators=(",", ":")).encode()
        except (RecursionError, ValueError, MemoryError) as error:
            raise ValueError("a value is nested too deeply or too big to hand over") from error
        if len(body) > MAX_MESSAGE:
            raise ValueError("a value is too big to hand over")
        data = memoryview(len(body).to_bytes(4, "big") + body)
        try:
            while data:
                data = data[os.write(self.fd, data) :]
        except OSError as error:
            raise GoneError("hung up") from error

    def receive(self) -> Any:
        size = int.from_bytes(self._exactly(4), "big")
        if size > MAX_MESSAGE:
            raise GoneError("no message")
        body = self._exactly(size)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise GoneError("no message") from error

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            try:
                part = os.read(self.fd, min(size, 1 << 20))
            except OSError as error:
                raise GoneError("hung up") from error
            if not part:
                raise GoneError("hung up")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class Packer:
    """Values to JSON for one message. `kept` holds the numbered containers, `shown` those already written in full."""

    def __init__(self, export: Callable[[Any], Any], kept: list[Any] | None = None) -> None:
        self.export = export
        self.kept: list[Any] = list(kept or ())
        self.numbers = {id(value): number for number, value in enumerate(self.kept)}
        self.shown: set[int] = set()

    def pack(self, value: Any) -> Any:
        kind = type(value)
        if kind in _SCALARS:
            return value
        if kind is int:
            return value if -_EXACT < value < _EXACT else ["i", hex(value)]
        if kind is tuple:
            return ["t", self._items(value)]
        if kind in _CONTAINERS:
            return self._container(kind, value)
        packed = _immutable(kind, value, self.pack)
        if packed is not None:
            return packed
        if kind is frozenset:
            return ["f", self._items(value)]
        for base in _SHADOWED:
            if isinstance(value, base):
                return ["b", self.pack(_bare(base, value)), self.export(value)]
        return self.export(value)

    def _items(self, values: Any) -> list[Any]:
        return [self.pack(value) for value in values]

    def _container(self, kind: type, value: Any) -> Any:
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = len(self.kept)
            self.kept.append(value)
        elif number in self.shown:
            return ["@", number]
        self.shown.add(number)
        name = _CONTAINERS[kind]
        if name == "Y":
            return ["Y", number, value.hex()]
        if name in _PAIRED:
            pairs = [[self.pack(key), self.pack(item)] for key, item in dict.items(value)]
            return [name, number, pairs, *([self.pack(value.default_factory)] if kind is defaultdict else ())]
        packed = [name, number, self._items(value)]
        return [*packed, value.maxlen] if kind is deque else packed


_CONTAINERS: dict[type, str] = {
    list: "l", dict: "d", set: "S", bytearray: "Y", deque: "q", OrderedDict: "o", Counter: "C", defaultdict: "dd",
}  # fmt: skip
_PAIRED = frozenset({"d", "o", "C", "dd"})
_MAKERS: dict[str, Callable[[], Any]] = {
    "l": list, "d": dict, "S": set, "Y": bytearray, "o": OrderedDict, "C": Counter, "dd": defaultdict,
}  # fmt: skip


def _bare(base: type, value: Any) -> Any:
    """The plain value under an instance of a subclass, asked of the base class and not of the object."""
    if base is str:
        return str.__str__(value)
    if base is int:
        return int.__int__(value)
    if base is float:
        return float.__float__(value)
    if base is tuple:
        return tuple(tuple.__iter__(value))
    if base is bytes:
        return bytes.__add__(value, b"")
    return complex(complex.real.__get__(value), complex.imag.__get__(value))


def _immutable(kind: type, value: Any, pack: Callable[[Any], Any]) -> Any:
    if kind is complex:
        return ["c", value.real, value.imag]
    if kind is bytes:
        return ["y", value.hex()]
    if kind is range:
        return ["r", *map(pack, (value.start, value.stop, value.step))]
    if kind is slice:
        return ["s", *map(pack, (value.start, value.stop, value.step))]
    if value is Ellipsis:
        return ["e"]
    if kind is Decimal:
        return ["D", str(value)]
    if kind is Fraction:
        return ["F", pack(value.numerator), pack(value.denominator)]
    if kind is timedelta:
        return ["td", value.days, value.seconds, value.microseconds]
    if kind is date:
        return ["da", value.isoformat()]
    if kind is datetime and type(value.tzinfo) in (type(None), timezone):
        return ["dt", value.isoformat()]
    if kind is time and type(value.tzinfo) in (type(None), timezone):
        return ["ti", value.isoformat()]
    return None


class Unpacker:
    """JSON to values. `table` begins with the receiver's own containers, which are then written into in place."""

    def __init__(self, adopt: Callable[[list[Any]], Any], table: list[Any] | None = None) -> None:
        self.adopt = adopt
        self.nan: float | None = None
        """What a NaN becomes (None: itself), and how many there were."""
        self.nans = 0
        self.table: dict[int, Any] = dict(enumerate(table or ()))

    def unpack(self, packed: Any) -> Any:
        """Raises GoneError for anything that a Packer cannot have written."""
        try:
            return self._value(packed)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise GoneError("no message") from error

    def _value(self, packed: Any) -> Any:
        if type(packed) is not list:
            if type(packed) is dict:
                raise GoneError("no message")
            if packed != packed and self.nan is not None:
                self.nans += 1
                return self.nan
            return packed
        tag = packed[0]
        if tag == "@":
            return self.table[packed[1]]
        if tag in _MAKERS or tag == "q":
            return self._container(packed)
        if tag in ("t", "f"):
            return (tuple if tag == "t" else frozenset)(self._many(packed[1]))
        if tag in _READERS:
            return (
                _READERS[tag](*map(self._value, packed[1:])) if tag in ("r", "s", "F") else _READERS[tag](*packed[1:])
            )
        if tag == "b":
            return self.adopt(["b", self._value(packed[1]), packed[2]])
        return self.adopt(packed)

    def _many(self, parts: list[Any]) -> list[Any]:
        return [self._value(part) for part in parts]

    def _container(self, packed: list[Any]) -> Any:
        tag, number, body = packed[:3]
        made: Any = deque(maxlen=packed[3]) if tag == "q" else _MAKERS[tag]()
        if tag == "dd":
            made.default_factory = self._value(packed[3])
        known = self.table.setdefault(number, made)
        if type(known) is not type(made):
            raise GoneError("no message")
        if tag == "Y":
            known[:] = bytes.fromhex(body)
        elif tag in _PAIRED:
            pairs = [(self._value(key), self._value(value)) for key, value in body]
            dict.clear(known)
            for key, value in pairs:
                dict.__setitem__(known, key, value) if tag != "o" else OrderedDict.__setitem__(known, key, value)
        else:
            items = self._many(body)
            known.clear()
            known.update(items) if tag == "S" else known.extend(items)
        return known


_READERS: dict[str, Callable[..., Any]] = {
    "i": lambda text: int(text, 16),
    "c": complex,
    "y": bytes.fromhex,
    "r": range,
    "s": slice,
    "e": lambda: Ellipsis,
    "D": Decimal,
    "F": Fraction,
    "td": timedelta,
    "da": date.fromisoformat,
    "dt": datetime.fromisoformat,
    "ti": time.fromisoformat,
}
