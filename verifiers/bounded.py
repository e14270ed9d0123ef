"""JSON Schema validators that cannot hang: every keyword costs a step, and patterns run on a linear-time engine.

A schema is dataset text, so it may be hostile: `$ref` fans that double, `(a+)+$` on a long string, `uniqueItems`
on a huge list. Patterns use Rust regex syntax: look-around and back references count as a broken schema.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import polars as pl
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

MAX_STEPS = 200_000
"""Keyword applications in one validation: about a second."""

MAX_ERRORS = 20

Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]


class TooCostlyError(Exception):
    """The validation used up its steps."""


class _Steps(threading.local):
    left = 0
    error = 1


_steps = _Steps()


def errors_of(validator: Any, value: Any) -> list[ValidationError]:
    """The first violations, within a fresh allowance of steps. Raises TooCostlyError if none is found within it."""
    _steps.left = MAX_STEPS
    _steps.error = 1 + len(repr(value)) // 100  # a message quotes what it is about
    errors: list[ValidationError] = []
    try:
        for error in validator.iter_errors(value):
            errors.append(error)
            if len(errors) == MAX_ERRORS:
                break
    except TooCostlyError:
        if not errors:
            raise
    return errors


@lru_cache(maxsize=64)
def bounded_kind(kind: Any) -> Any:
    """The validator class with all its keywords counted and those that use patterns replaced."""
    own: dict[str, Keyword] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    }
    return extend(  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        kind, {name: _counted(own.get(name, keyword), name) for name, keyword in kind.VALIDATORS.items()}
    )


def _counted(keyword: Keyword, name: str) -> Keyword:
    def run(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        _spend(1 + _extra(name, value, instance))
        for error in keyword(validator, value, instance, schema) or ():
            _spend(_steps.error)
            yield error

    return run


def _extra(name: str, value: Any, instance: Any) -> int:
    """Steps of keywords whose work is not linear in what they look at."""
    if name == "uniqueItems" and isinstance(instance, list):
        return len(instance) ** 2 // 100
    if name == "enum" and isinstance(value, list):
        return len(value) // 10
    if name in ("$ref", "$dynamicRef", "$recursiveRef"):
        return 9  # a look-up in the registry costs as much as ten other keywords
    if name.startswith("unevaluated") and isinstance(instance, dict | list):
        return 20 * len(instance)
    return 0


def _spend(steps: int) -> None:
    _steps.left -= steps
    if _steps.left < 0:
        raise TooCostlyError


def found(pattern: str, text: str) -> bool:
    """Does the pattern occur in the text? Linear time. Raises polars' ComputeError for a pattern it cannot read."""
    _spend(len(text) // 1000)
    return bool(pl.Series([text]).str.contains(pattern)[0])


_REPEATED = re.compile(r"\)[*+{?]|(?:[*+{].*){3}", re.DOTALL)


def python_patterns(schema: Any) -> str | None:
    """A key pattern that jsonschema itself would run on Python's engine, and that may be slow there; else None.

    `unevaluatedProperties` looks at `patternProperties` inside the package, where our engine cannot be put.
    """
    patterns: list[str] = []
    unevaluated = False
    level = [schema]
    while level:
        part = level.pop()
        if isinstance(part, dict):
            unevaluated = unevaluated or "unevaluatedProperties" in part
            inner = part.get("patternProperties")
            patterns += inner if isinstance(inner, dict) else ()
            level += part.values()
        elif isinstance(part, list):
            level += part
    return next((one for one in patterns if _REPEATED.search(one)), None) if unevaluated else None


def _pattern(_validator: Any, pattern: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, inner in patterns.items():
            for key, part in instance.items():
                _spend(1)
                if found(pattern, key):
                    yield from validator.descend(part, inner, path=key, schema_path=pattern)


def _additional_properties(validator: Any, rest: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    named, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    extras = [key for key in instance if key not in named and not any(found(one, key) for one in patterns)]
    if isinstance(rest, dict):
        for key in extras:
            yield from validator.descend(instance[key], rest, path=key)
    elif rest is False and extras:
        names = ", ".join(repr(key) for key in sorted(extras))
        yield ValidationError(f"additional properties are not allowed ({names})")
