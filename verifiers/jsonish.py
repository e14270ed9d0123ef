"""Strict reading of JSON text: no duplicate keys, no NaN, no deep nests; and equality by value."""

from __future__ import annotations

import json
from typing import Any

import orjson


class NotJsonError(ValueError):
    """The text is not JSON as a strict parser reads it; the message says why."""


MAX_DEPTH = 100
"""Deeper values are refused, so that everything that walks them may recurse."""


def strict(text: str) -> Any:
    """The value of a JSON text. Raises NotJsonError for duplicate keys, NaN, Infinity and anything unparsable."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise NotJsonError("nested too deeply") from error
    except ValueError as error:
        raise NotJsonError(str(error)) from error
    if too_deep(value):
        raise NotJsonError("nested too deeply")
    return value


def lenient(text: str | None) -> Any:
    """The value of a JSON column, or None when it is absent, too deep, or does not parse."""
    if not text:
        return None
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    return None if too_deep(value) else value


def too_deep(value: Any) -> bool:
    """Does the value nest deeper than MAX_DEPTH? Without recursion."""
    if not isinstance(value, dict | list):
        return False
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for outer in level
            for part in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True


def same(left: Any, right: Any) -> bool:
    """Equal JSON values: key order is free, 1 equals 1.0, true does not equal 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(*pair) for pair in zip(left, right, strict=True))
    return type(left) is type(right) and bool(left == right)


def canonical(value: Any) -> str:
    """One text for equal values: sorted keys, whole floats as integers."""
    return json.dumps(_whole(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is out of range")
    return value
