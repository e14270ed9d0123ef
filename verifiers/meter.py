"""What a small interpreter may spend, and the values it may hold: every step, size and depth is counted here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class OutsideError(Exception):
    """The program uses something outside the subset; the message names it."""


class OutOfLimitsError(Exception):
    """The program used up a limit; the message names it."""


class ProgramError(Exception):
    """The program raised: what Python would have shown."""


@dataclass(frozen=True)
class Limits:
    steps: int = 200_000
    depth: int = 220
    """Nested evaluations: about 50 nested calls of an ordinary function, far below the interpreter's own limit."""
    bits: int = 8192
    size: int = 100_000
    keys: int = 10_000
    nest: int = 40


@dataclass(eq=False)
class Function:
    """A function or lambda of the program, with the scope it was made in."""

    name: str
    parameters: tuple[str, ...]
    defaults: dict[str, Any]
    body: list[ast.stmt] | ast.expr
    locals: frozenset[str]
    scope: Scope


@dataclass(eq=False)
class Builtin:
    """A builtin from the allow list, as a value."""

    name: str


class Stream:
    """What zip, map, enumerate and the like give: can be gone through once and nothing else."""

    __slots__ = ("items",)

    def __init__(self, items: list[Any]) -> None:
        self.items = items


class Scope:
    """Names of one call. `names` are local throughout, as in Python: reading one too early is an error."""

    __slots__ = ("names", "parent", "values")

    def __init__(self, parent: Scope | None, names: frozenset[str] = frozenset()) -> None:
        self.values: dict[str, Any] = {}
        self.parent = parent
        self.names = names


EXACT = (int, float, bool, str, type(None), list, tuple, dict, set, range)
VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


def names(text: str) -> frozenset[str]:
    """A set of names written with spaces between."""
    return frozenset(text.split())


class Meter:
    """The counters of one check, and the operations on values that must be paid for before they are done."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.steps = 0
        self.depth = 0

    def spend(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > self.limits.steps:
            raise OutOfLimitsError(f"more than {self.limits.steps} steps")

    def sized(self, size: int) -> None:
        """Room for a new sequence of this size."""
        if size > self.limits.size:
            raise OutOfLimitsError(f"a sequence of more than {self.limits.size}")
        self.spend(size >> 3)

    def fit(self, value: Any) -> Any:
        """The value, when it is of a type of the subset and within the limits."""
        kind = type(value)
        if kind is int:
            bits = value.bit_length()
            if bits > self.limits.bits:
                raise OutOfLimitsError(f"an integer of more than {self.limits.bits} bits")
            if bits > 64:
                self.spend(bits >> 6)
        elif kind in (str, list, tuple):
            self.sized(len(value))
        elif kind in (set, dict):
            if len(value) > self.limits.keys:
                raise OutOfLimitsError(f"more than {self.limits.keys} keys")
            self.spend(len(value) >> 2)
        elif kind not in EXACT and kind not in VIEWS and not isinstance(value, Function | Builtin | Stream):
            raise OutsideError(f"a value of type {kind.__name__}")
        return value

    def walk(self, value: Any, keys: int = 0) -> Any:
        """Pay for everything inside a value before it is compared, hashed or printed as a whole.

        Bounds what shared or cyclic nesting costs. With `keys` (size of a dict or set) big numbers pay for the
        collisions that they could have been chosen for.
        """
        kind = type(value)
        if kind is bool or value is None:
            return value
        if kind is int or kind is float:
            if keys and abs(value) >= 1 << 60:
                self.spend(keys)
            return value
        level = [value]
        for _ in range(self.limits.nest):
            inner: list[Any] = []
            for part in level:
                kind = type(part)
                if kind is str:
                    self.spend(len(part) >> 3)
                elif kind is int or kind is float:
                    self.spend(keys + 1 if abs(part) >= 1 << 60 else 1)
                elif kind is dict:
                    self.spend(2 * len(part) + 1)
                    inner += part.keys()
                    inner += part.values()
                elif kind in (list, tuple, set) or kind in VIEWS:
                    self.spend(len(part) + 1)
                    inner += part
            if not inner:
                return value
            level = inner
        raise OutOfLimitsError(f"values nested deeper than {self.limits.nest}")

    def enter(self) -> None:
        self.depth += 1
        if self.depth > self.limits.depth:
            raise OutOfLimitsError(f"nested deeper than {self.limits.depth}")

    def iterate(self, value: Any) -> Iterator[Any]:
        """The elements one by one, each at the price of a step."""
        kind = type(value)
        if kind is set and any(type(part) not in (int, bool) for part in value) and len(value) > 1:
            raise OutsideError("the order of a set")
        if kind is Stream:
            items, value.items = value.items, []
            value = items
        elif kind not in (list, tuple, str, dict, range, set) and kind not in VIEWS:
            if kind in EXACT or isinstance(value, Function | Builtin):
                raise TypeError(f"{kind.__name__!r} object is not iterable")
            raise OutsideError(f"iteration over {kind.__name__}")
        for part in value:
            self.spend()
            yield part
