"""Tool items by the calls that answer them: the same functions with the same arguments, by value.

Not covered: answers that are programs of many turns, and calls whose arguments say nothing (no argument, or only
booleans and single digits): those are everybody's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from buckets import Call

Made = tuple[str, dict[str, Any]]
_PLAIN = re.compile(r"[\W_]+")


def calls_of(text: str | None) -> list[Made]:
    """(name, arguments) of each call in an OpenAI list, a JSON string; what does not parse gives none."""
    try:
        listed = orjson.loads(text) if text else []
    except orjson.JSONDecodeError:
        return []
    made = []
    for each in listed if isinstance(listed, list) else ():
        function = each.get("function") if isinstance(each, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            arguments = function.get("arguments")
            if isinstance(arguments, str):
                try:
                    arguments = orjson.loads(arguments)
                except orjson.JSONDecodeError:
                    continue
            if isinstance(arguments, dict):
                made.append((function["name"], arguments))
    return made


def answers(made: Sequence[Made], wanted: Sequence[Call]) -> bool:
    """Whether the calls made are those wanted, in any order: each wanted one is met by another call made."""
    left = list(made)
    for want in wanted:
        met = next((call for call in left if meets(call, want)), None)
        if met is None:
            return False
        left.remove(met)
    return not left


def meets(made: Made, want: Call) -> bool:
    """Same function; every argument has an allowed value, and one that is left out may be left out."""
    name, arguments = made
    if plain(name) != plain(want.name):
        return False
    allowed = dict(want.arguments)
    if any(key not in allowed for key in arguments):
        return False
    for key, values in allowed.items():
        if key not in arguments:
            if values and '""' not in values:
                return False
        elif plain(arguments[key]) not in {plain(orjson.loads(value)) for value in values}:
            return False
    return True


def telling(want: Sequence[Call]) -> bool:
    """Whether the arguments are of the kind that two people do not write by chance."""
    return sum(len(plain(orjson.loads(values[0]))) > 1 for call in want for _, values in call.arguments if values) >= 1


def plain(value: Any) -> str:
    """A value as text without case, spaces and punctuation; 5, 5.0 and "5" are one value, and so are one-item lists."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    if isinstance(value, list):
        return "|".join(plain(each) for each in value)
    if isinstance(value, dict):
        return "|".join(f"{key}={plain(value[key])}" for key in sorted(value))
    text = str(value).strip()
    try:
        return plain(float(text)) if text and text[-1].isdigit() else _PLAIN.sub("", text.lower())
    except (ValueError, OverflowError):
        return _PLAIN.sub("", text.lower())
