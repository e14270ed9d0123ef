"""Values out of raw rows: text, gold, tests, schemas, and everything left over as meta."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from buckets.errors import RowError
from buckets.formats.format import Row
from buckets.raw import has_long_digits

TESTS = ("tests", "test_list")
REFERENCES = ("reference", "gold")


@dataclass(frozen=True, slots=True)
class Extras:
    """What any row may carry beside its turns, and the keys it was found under."""

    reference: str | None = None
    tests: str | None = None
    schema: str | None = None
    keys: tuple[str, ...] = ()


# The last five are names of other languages that rows use.
_TYPES = frozenset("object array string number integer boolean null dict list float int any".split())  # noqa: SIM905

_EXTRA_KEYS = frozenset({*REFERENCES, *TESTS, "schema"})
_NO_EXTRAS = Extras()


def text(row: Row, key: str) -> str:
    """The text under `key`: null is empty, numbers and booleans become JSON, lists and objects are refused."""
    value = row.get(key)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return compact(value)
    raise RowError("not_text", f"{key!r} is {'a list' if isinstance(value, list) else 'an object'}, not text")


def compact(value: object) -> str:
    """Compact JSON that keeps the order of keys; RowError where JSON cannot hold the value."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError) as error:
        raise RowError("not_json", str(error)) from error


def parsed(value: str) -> Any:
    """The JSON value in a string; None when it does not parse. Integers are exact, of any size."""
    try:
        loaded = orjson.loads(value)
        return json.loads(value) if has_long_digits(value.encode()) else loaded
    except (ValueError, RecursionError):
        return None


def first_key(row: Row, keys: Iterable[str]) -> str | None:
    """The first of `keys` that the row has with a value, else the first that it has at all."""
    first = None
    for key in keys:
        if key in row:
            if row[key] is not None:
                return key
            first = first or key
    return first


def filled_key(row: Row, keys: tuple[str, ...]) -> str | None:
    """The first of `keys` whose value is not blank, else as `first_key`: joined sets fill one of two."""
    filled = (key for key in keys if not (row.get(key) is None or (isinstance(row[key], str) and not row[key].strip())))
    return next(filled, None) or first_key(row, keys)


def extras(row: Row) -> Extras:
    """Gold, tests and answer schema where the row has them in a readable form; else they stay in meta."""
    if _EXTRA_KEYS.isdisjoint(row):
        return _NO_EXTRAS
    found: dict[str, str] = {}
    keys: list[str] = []
    takers: tuple[tuple[str, tuple[str, ...], Callable[[object], str | None]], ...] = (
        ("reference", REFERENCES, as_reference),
        ("tests", TESTS, as_tests),
        ("schema", ("schema",), found_schema),
    )
    for name, names, take in takers:
        for key in names:
            value = take(row.get(key))
            if value is not None:
                found[name] = value
                keys.append(key)
                break
    return Extras(found.get("reference"), found.get("tests"), found.get("schema"), tuple(keys))


def as_reference(value: object) -> str | None:
    """Gold as text; numbers and booleans become JSON."""
    if isinstance(value, str):
        return value
    return compact(value) if isinstance(value, bool | int | float) else None


def as_tests(value: object) -> str | None:
    """Tests as text: a list of strings becomes lines; printed cases, queries and tool replays (docs/verifiers.md,
    execution) become a JSON string, whether they stand in the row as one or as the object itself."""
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if _declares(value) or (isinstance(value, list) and value and all(_is_case(case) for case in value)):
        return compact(value)
    return value if isinstance(value, str) and value.strip() else None


def _declares(value: object) -> bool:
    return isinstance(value, dict) and (
        value.get("kind") in ("stdio", "sql", "tools") or _is_case(value) or {"inputs", "outputs"} <= value.keys()
    )


def _is_case(value: object) -> bool:
    return isinstance(value, dict) and {"input", "output"} <= value.keys()


def as_schema(value: object) -> str | None:
    """A JSON Schema as a JSON string, from an object or from a string that holds one."""
    if isinstance(value, dict):
        return compact(value)
    return value if isinstance(value, str) and isinstance(parsed(value), dict) else None


def found_schema(value: object) -> str | None:
    """What a row holds under `schema` when it is a JSON Schema, and not a database's."""
    schema = as_schema(value)
    return schema if schema is not None and speaks_schema(parsed(schema)) else None


def speaks_schema(value: object) -> bool:
    """Whether an object has a word of JSON Schema with a value of its kind: a table may be called `items`, too."""
    if not isinstance(value, dict):
        return False
    types = value.get("type")
    named = types if isinstance(types, list) else [types]
    parts = value.get("properties")
    return (
        (bool(named) and all(isinstance(name, str) and name in _TYPES for name in named))
        or (isinstance(parts, dict) and all(isinstance(part, dict | bool) for part in parts.values()))
        or any(isinstance(value.get(word), str) for word in ("$schema", "$ref"))
        or any(_alternatives(value.get(word)) for word in ("anyOf", "oneOf", "allOf"))
        or any(isinstance(value.get(word), list) for word in ("enum", "required"))
        or speaks_schema(value.get("items"))
        or "const" in value
    )


def _alternatives(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict | bool) for part in value)


def leftovers(row: Row, consumed: Iterable[str], **notes: object) -> dict[str, Any]:
    """Meta: all keys not consumed as they are, and the reader's own notes (those that are not None)."""
    used = set(consumed)
    meta = {key: value for key, value in row.items() if key not in used}
    for name, note in notes.items():
        if note is not None:
            key = name
            while key in meta:
                key += "_"
            meta[key] = note
    return meta
