"""Calls written as Python, [f(a=1, b="x"), g()]: taken apart by hand, values as literals, nothing evaluated.

Names may hold spaces, dots, slashes and (where the tool is declared) brackets, and arguments may be called
`from` or `sort-by`, which is why Python's own parser does not do. Positional arguments, `**kwargs` and
computed values are no calls that can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from buckets.formats.literals import after_space, json_at, literal

_NAME = re.compile(r"[^\s()\[\]{}\"'=,][^()\[\]{}\"'=,\n]*")
_ARGUMENT = re.compile(r"([^\s()\[\]{}\"'=,][^()\[\]{}\"'=,\n]*)=(?!=)")
_OPEN, _CLOSE = "([{", ")]}"


def read_calls(text: str, declared: Sequence[str] = ()) -> list[dict[str, Any]] | None:
    """[{"name", "arguments"}] when the whole text is a list of calls, else None.

    A call without arguments counts only when its tool is declared: "[see below()]" is talk.
    """
    place = after_space(text, 0)
    if not text.startswith("[", place) or not text.rstrip().endswith(")]"):
        return None
    longest = sorted(declared, key=len, reverse=True)
    calls: list[dict[str, Any]] = []
    try:
        while True:
            name, place = _name(text, after_space(text, place + 1), longest)
            arguments, place = _arguments(text, place)
            if not arguments and name not in declared:
                return None
            calls.append({"name": name, "arguments": arguments})
            place = after_space(text, place)
            if not text.startswith(",", place):
                break
    except ValueError:
        return None
    return calls if text[place:].rstrip() == "]" else None


def _name(text: str, start: int, longest: Sequence[str]) -> tuple[str, int]:
    """A name and the place behind its opening bracket."""
    for name in longest:
        if text.startswith(name, start) and text.startswith("(", after_space(text, start + len(name))):
            return name, after_space(text, start + len(name)) + 1
    found = _NAME.match(text, start)
    if found is None or not text.startswith("(", found.end()):
        raise ValueError("no name with a bracket behind it")
    return found[0].strip(), found.end() + 1


def _arguments(text: str, place: int) -> tuple[dict[str, Any], int]:
    """name=value pairs and the place behind the closing bracket. Raises ValueError."""
    made: dict[str, Any] = {}
    place = after_space(text, place)
    while not text.startswith(")", place):
        found = _ARGUMENT.match(text, place)
        if found is None or found[1].strip() in made:
            raise ValueError("no argument with a name of its own")
        made[found[1].strip()], place = _value(text, after_space(text, found.end()))
        place = after_space(text, place)
        if text.startswith(",", place):
            place = after_space(text, place + 1)
        elif not text.startswith(")", place):
            raise ValueError("something stands behind a value")
    return made, place + 1


def _value(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at `start` and the place behind it: JSON, else Python."""
    try:
        value, end = json_at(text, start)
        if text.startswith((",", ")"), after_space(text, end)):
            return value, end
    except ValueError:
        end = start
    end = _end(text, start)
    return literal(text[start:end]), end


def _end(text: str, start: int) -> int:
    """The first comma or closing bracket from `start` on that is in no brackets and no quotes. Raises ValueError."""
    depth, quote, place = 0, "", start
    while place < len(text):
        letter = text[place]
        if quote:
            if letter == "\\":
                place += 1
            elif letter == quote:
                quote = ""
        elif letter in "\"'":
            quote = letter
        elif letter in _OPEN:
            depth += 1
        elif depth and letter in _CLOSE:
            depth -= 1
        elif letter in _CLOSE or (letter == "," and not depth):
            return place
        place += 1
    raise ValueError("a value is not closed")


def written_calls(calls: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """The text of calls (name, arguments); whether it reads back the same is for the caller to see."""
    return "[" + ", ".join(f"{name}({_pairs(arguments)})" for name, arguments in calls) + "]"


def _pairs(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_literal(value)}" for name, value in arguments.items())


def _literal(value: Any) -> str:
    """Python's words for JSON's values; text in double quotes, escaped as in JSON, which Python reads the same."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value) if value is None or isinstance(value, bool) else orjson.dumps(value).decode()
