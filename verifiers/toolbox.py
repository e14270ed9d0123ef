"""Declared tools as validators, whatever dialect of JSON Schema they were written in.

Schemas in the wild use type names that JSON Schema does not have ("dict", "float", "tuple", "any"); they are read as
what they mean, and the words are kept so that a verdict can say so. Does not cover: what a tool does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema.protocols import Validator

from verifiers.contradiction import contradiction
from verifiers.jsonish import NotJsonError, canonical, lenient, same, strict
from verifiers.schema import validator_of

DIALECT: dict[str, str | None] = {
    "dict": "object",
    "hashmap": "object",
    "float": "number",
    "double": "number",
    "int": "integer",
    "long": "integer",
    "str": "string",
    "char": "string",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "arraylist": "array",
    "any": None,
}
"""Type names of other languages -> JSON Schema; None: any type."""
MAX_TOOLS = 200_000
"""Characters."""
MAX_SCHEMAS = 500
"""Different argument schemas of one row: each costs a millisecond and more to be held against the metaschema."""
_TYPES = frozenset({"object", "number", "integer", "string", "boolean", "array", "null"})


@dataclass(frozen=True)
class Toolbox:
    """Declared tools: a validator each (or a sentence why there is none), known argument names, dialect words met.

    `faults`: what is contradictory in the declarations, a sentence each.
    """

    validators: dict[str, Validator | str]
    arguments: dict[str, frozenset[str] | None]
    dialect: tuple[str, ...]
    faults: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def toolbox(tools: str) -> Toolbox | str:
    """The declared tools by name, compiled once for each distinct text; or a sentence why they cannot be read."""
    if len(tools) > MAX_TOOLS:
        return f"The declared tools are longer than {MAX_TOOLS} characters."
    try:
        items = strict(tools)
    except NotJsonError as error:
        return f"The declared tools are not JSON: {error}."
    items = items if isinstance(items, list) else [items]
    words: set[str] = set()
    validators: dict[str, Validator | str] = {}
    arguments: dict[str, frozenset[str] | None] = {}
    declared: dict[str, Any] = {}
    faults: list[str] = []
    seen: dict[str, tuple[list[str], Validator | str]] = {}
    for item in items:
        inner = item.get("function", item) if isinstance(item, dict) else None
        if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
            return "A declared tool has no name."
        schema = _parameters(inner, words)
        if inner["name"] in declared and not same(declared[inner["name"]], schema):
            faults.append(f"{inner['name']} is declared twice, with different arguments")
        declared[inner["name"]] = schema
        text = canonical(schema)
        if text not in seen:
            if len(seen) == MAX_SCHEMAS:
                return f"The declared tools have more than {MAX_SCHEMAS} different argument schemas."
            seen[text] = (_contradictions(schema), validator_of(schema))
        faults += [f"{inner['name']}: {fault}" for fault in seen[text][0]]
        validators[inner["name"]] = seen[text][1]
        arguments[inner["name"]] = _known(schema)
    return Toolbox(validators, arguments, tuple(sorted(words)), tuple(faults)) if validators else "No tool is declared."


def _contradictions(schema: Any) -> list[str]:
    """Why no call can fit the arguments, or why one of them can never be given."""
    if not isinstance(schema, dict):
        return []
    known = _known(schema)
    required = [name for name in _list(schema.get("required")) if isinstance(name, str)]
    found = [f"{name} is required and not declared" for name in required if known is not None and name not in known]
    if whole := contradiction(schema):
        found.append(whole)
    elif isinstance(schema.get("properties"), dict):
        # False forbids an argument on purpose
        parts = ((name, part) for name, part in schema["properties"].items() if part is not False)
        found += [inner for name, part in parts if (inner := contradiction(part, f"$.{name}"))]
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parameters(tool: dict[str, Any], words: set[str]) -> Any:
    """The argument schema of a tool: JSON Schema, or a bare {argument: {"type": ...}} map as some sets have it."""
    raw = tool.get("parameters", tool.get("input_schema"))
    if isinstance(raw, str):
        raw = lenient(raw)
    if raw is None or raw == {}:
        return {"type": "object"}
    if isinstance(raw, dict) and "properties" not in raw and "type" not in raw and _is_map(raw):
        raw = {"type": "object", "properties": raw}
    return _normal(raw, words, 0)


def _is_map(raw: dict[str, Any]) -> bool:
    return all(isinstance(part, dict) for part in raw.values())


def _normal(schema: Any, words: set[str], depth: int) -> Any:
    """The schema with foreign type names replaced and misplaced keywords dropped; `words` collects what was met."""
    if not isinstance(schema, dict) or depth > 50:
        return schema
    out: dict[str, Any] = {}
    for key, part in schema.items():
        if key == "type":
            kind = _type(part, words)
            if kind is not None:
                out[key] = kind
        elif key in ("properties", "$defs", "definitions", "patternProperties") and isinstance(part, dict):
            out[key] = {name: _normal(inner, words, depth + 1) for name, inner in part.items()}
        elif key in ("items", "additionalProperties", "not", "contains", "if", "then", "else"):
            out[key] = _normal(part, words, depth + 1)
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(part, list):
            out[key] = [_normal(inner, words, depth + 1) for inner in part]
        elif key == "required" and not isinstance(part, list):
            words.add("required (not a list)")
        else:
            out[key] = part
    return out


def _type(kind: Any, words: set[str]) -> Any:
    if isinstance(kind, list):
        kinds = [_type(one, words) for one in kind]
        return None if None in kinds else sorted(set(kinds)) if all(isinstance(k, str) for k in kinds) else kind
    if not isinstance(kind, str) or kind in _TYPES:
        return kind
    word = kind.strip().lower()
    if word in _TYPES or word in DIALECT:
        words.add(kind)
        return word if word in _TYPES else DIALECT[word]
    words.add(f"{kind} (unknown)")
    return None


def _known(schema: Any) -> frozenset[str] | None:
    """Declared argument names; None when the schema lets others in on purpose."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return None
    open_ended = schema.get("additionalProperties") or any(
        key in schema for key in ("patternProperties", "anyOf", "oneOf", "allOf", "$ref")
    )
    return None if open_ended else frozenset(schema["properties"])
