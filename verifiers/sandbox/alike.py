"""Has a call changed a container? Compared by identity and plain values, so that no object is asked what it equals.

Does NOT look into nested containers: each is compared by itself.
"""

from __future__ import annotations

from typing import Any

_PLAIN = (int, float, str, bool, bytes, complex, type(None))


def items_of(value: Any) -> list[Any]:
    return [part for pair in value.items() for part in pair] if isinstance(value, dict) else list(value)


def alike(before: list[Any], after: list[Any]) -> bool:
    """The same things in the same places, without asking an object whether it is equal."""
    return len(before) == len(after) and all(map(_one, before, after))


def _one(one: Any, other: Any) -> bool:
    if one is other or type(one) is not type(other):
        return one is other
    if type(one) is tuple:
        return alike(list(one), list(other))
    return type(one) in _PLAIN and (one == other or (one != one and other != other))
