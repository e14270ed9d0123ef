"""Schemas that no value can satisfy: min over max, an enum of another type, a required property that may not be there.

Sound, not complete: what it tells is certain; schemas that it cannot follow (`$ref`, patterns) count as satisfiable.
"""

from __future__ import annotations

import math
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema_specifications import REGISTRY as METASCHEMAS
from polars.exceptions import PolarsError
from referencing.exceptions import Unresolvable

from verifiers.bounded import TooCostlyError, bounded_kind, errors_of

MAX_DEPTH = 30
_ALL = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_RANGES: dict[str, tuple[str, str]] = {
    "object": ("minProperties", "maxProperties"),
    "array": ("minItems", "maxItems"),
    "string": ("minLength", "maxLength"),
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
}


def contradiction(schema: Any, path: str = "$") -> str | None:
    """Where and why no value satisfies the schema, or None when that is not certain.

    None also for what is no 2020-12 schema: `exclusiveMaximum: true` of draft 4 means something else.
    """
    try:
        fits = not errors_of(_validator(Draft202012Validator.META_SCHEMA), schema)
    except (TooCostlyError, RecursionError, PolarsError):
        return None
    return _contradiction(schema, path, 0) if fits else None


def _contradiction(schema: Any, path: str, depth: int) -> str | None:
    if schema is False:
        return f"{path}: allows nothing"
    if not isinstance(schema, dict) or "$ref" in schema or depth > MAX_DEPTH:
        return None
    if schema.get("not") is True or schema.get("not") == {}:
        return f"{path}: not anything"
    return _values(schema, path) or _kinds(schema, path, depth) or _branches(schema, path, depth)


def _validator(schema: Any) -> Any:
    # With its own registry jsonschema would download a remote $ref; this one cannot retrieve.
    return bounded_kind(Draft202012Validator)(schema, registry=METASCHEMAS)


def _values(schema: dict[str, Any], path: str) -> str | None:
    """None of the listed values satisfies the rest of the schema."""
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(listed, list) or len(listed) > 1000:
        return None
    validator = _validator(schema)
    try:
        if any(not errors_of(validator, value) for value in listed):
            return None
    except (Unresolvable, TooCostlyError, ValidationError, PolarsError, RecursionError):
        return None
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError):
        return None  # a malformed keyword: no judgement
    return f"{path}: none of the values {listed!r} fits the rest of the schema"[:300]


def _kinds(schema: dict[str, Any], path: str, depth: int) -> str | None:
    """Every type that the schema allows is impossible."""
    kinds = _types(schema)
    for part in _list(schema, "allOf"):
        if isinstance(part, dict) and "$ref" not in part:
            kinds &= _types(part)
    reasons = []
    for kind in sorted(kinds):
        reason = _dead(kind, schema, path, depth)
        if reason is None:
            return None
        reasons.append(reason)
    return reasons[0] if reasons else f"{path}: no type is allowed"


def _types(schema: dict[str, Any]) -> frozenset[str]:
    """The types that the schema allows; a number may be an integer."""
    kind = schema.get("type")
    named = [kind] if isinstance(kind, str) else kind if isinstance(kind, list) else None
    if named is None or not all(isinstance(one, str) and one in _ALL for one in named):
        return _ALL
    return frozenset(named) | ({"integer"} if "number" in named else set())


def _dead(kind: str, schema: dict[str, Any], path: str, depth: int) -> str | None:
    """Why no value of this type satisfies the schema."""
    low, high = _RANGES.get(kind, ("", ""))
    least, most = _number(schema, low), _number(schema, high)
    if least is not None and most is not None and least > most:
        return f"{path}: {low} {least} is over {high} {most}"
    if kind in ("number", "integer"):
        return _no_number(kind, schema, path)
    if kind == "object":
        return _no_object(schema, path, depth)
    if kind == "array" and (_number(schema, "minItems") or 0) > len(_list(schema, "prefixItems")):
        return _contradiction(schema.get("items"), f"{path}[]", depth + 1)
    return None


def _no_number(kind: str, schema: dict[str, Any], path: str) -> str | None:
    least, most = _number(schema, "minimum"), _number(schema, "maximum")
    above, below = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    floor = max((one for one in (least, above) if one is not None), default=None)
    roof = min((one for one in (most, below) if one is not None), default=None)
    if floor is None or roof is None:
        return None
    if floor > roof or (floor == roof and (floor == above or roof == below)):
        return f"{path}: no number is between {floor} and {roof}"
    if kind == "integer" and math.isfinite(floor) and math.isfinite(roof) and math.ceil(floor) > math.floor(roof):
        return f"{path}: no whole number is between {floor} and {roof}"
    return None


def _no_object(schema: dict[str, Any], path: str, depth: int) -> str | None:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    required = [name for name in _list(schema, "required") if isinstance(name, str)]
    closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
    for name in required:
        if name not in properties and closed:
            return f"{path}: {name} is required, and may not be there"
        if name in properties and (inner := _contradiction(properties[name], f"{path}.{name}", depth + 1)):
            return inner
    most = _number(schema, "maxProperties")
    if most is not None and len(set(required)) > most:
        return f"{path}: {len(set(required))} properties are required, at most {most} allowed"
    return None


def _branches(schema: dict[str, Any], path: str, depth: int) -> str | None:
    for number, part in enumerate(_list(schema, "allOf")):
        if inner := _contradiction(part, f"{path}.allOf[{number}]", depth + 1):
            return inner
    for word in ("anyOf", "oneOf"):
        reasons = [_contradiction(part, f"{path}.{word}", depth + 1) for part in _list(schema, word)]
        if reasons and all(reasons):
            return reasons[0]
    return None


def _list(schema: dict[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []


def _number(schema: dict[str, Any], key: str) -> float | int | None:
    value = schema.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
