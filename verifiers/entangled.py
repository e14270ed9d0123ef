"""Which side of a comparison in the tests the program under test has decided: results, and arguments that it changed.

`assert f(a) == sorted(a)` proves nothing when f empties `a` and returns []; `assert f(1) == f(1)` never does.
Does not cover: values that reach a comparison through loops, parameters or closures of the tests; those count as
independent of the program.
"""

from __future__ import annotations

from typing import Any


class Entangled:
    """Marks of one run of the tests. `met` counts each meeting with the program: a call, a read of what it made."""

    def __init__(self) -> None:
        self.met = self.decided = self.independent = 0
        self.inside = 0
        """Calls of the program that are running: nothing that it does on its own is a test."""
        self.spoiled = False
        """A comparison held in which the program had decided one side and changed the data of the other."""
        self._changed: dict[int, Any] = {}
        self._changed_read = 0
        self._made: set[tuple[Any, str]] = set()

    def enter(self, args: list[Any]) -> list[tuple[Any, Any]]:
        """A call of the program begins: its arguments and copies of them. The caller has paid for their size."""
        self.met += 1
        self.inside += 1
        return [(arg, _copied(arg)) for arg in args if type(arg) in (list, dict, set)]

    def leave(self, before: list[tuple[Any, Any]]) -> None:
        self.inside -= 1
        self._changed.update((id(arg), arg) for arg, was in before if arg != was)

    def wrote(self, scope: Any, name: str, met: int) -> None:
        """The tests assign a value in whose making the program was met more than `met` times, or not."""
        if self.met > met:
            self._made.add((scope, name))
        else:
            self._made.discard((scope, name))

    def read(self, scope: Any, name: str, value: Any) -> None:
        changed = bool(self._changed) and self._is_changed(value)
        self._changed_read += changed
        self.met += changed or (scope, name) in self._made

    def _is_changed(self, value: Any) -> bool:
        parts = value[:1000] if type(value) in (list, tuple) else ()
        return id(value) in self._changed or any(id(part) in self._changed for part in parts)

    def compared(self, sides: list[bool], read_before: int) -> None:
        """A comparison of the tests; each side: whether the program was met in its making."""
        if not all(sides):
            self.independent += 1
            return
        self.decided += 1
        self.spoil(sides, read_before)

    def spoil(self, sides: list[bool], read_before: int) -> None:
        """Sides that meet in any way: all decided by the program, one of them through what it changed."""
        self.spoiled = self.spoiled or (len(sides) > 1 and all(sides) and self._changed_read > read_before)

    @property
    def changed_read(self) -> int:
        return self._changed_read


def _copied(value: Any) -> Any:
    """Of plain data, whose depth is bounded; anything else is itself."""
    if type(value) in (list, tuple, set):
        return type(value)(_copied(part) for part in value)
    return {key: _copied(part) for key, part in value.items()} if type(value) is dict else value
