"""Parameters declared by Python type names, {"n": {"type": "List[int], optional", ...}}, as JSON Schema."""

from __future__ import annotations

from typing import Any

_TYPES = {
    "str": "string",
    "string": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "double": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "list": "array",
    "array": "array",
    "set": "array",
    "tuple": "array",
    "sequence": "array",
    "dict": "object",
    "object": "object",
    "mapping": "object",
    "none": "null",
}
_MAX_NESTING = 20


def object_schema(parameters: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema of an object with these parameters.

    Required is what is neither called optional nor has a default: a schema that asks for more than
    the author did would fail good calls. A type that is not known allows any value.
    """
    properties: dict[str, Any] = {}
    required = []
    for name, part in parameters.items():
        kind, optional = _optional(part["type"])
        rest = {key: value for key, value in part.items() if key not in ("type", "required")}
        properties[name] = {**type_schema(kind), **rest}
        told = part.get("required")
        if told if isinstance(told, bool) else not (optional or "default" in part):
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def _optional(text: str) -> tuple[str, bool]:
    """The type without what follows it behind a comma, and whether anything says that it may be left out."""
    kind, *words = [part.strip() for part in _parts(text)]
    return kind, "optional" in text.lower() or any(word.lower().startswith("default") for word in words)


def type_schema(text: str, depth: int = 0) -> dict[str, Any]:
    """JSON Schema of a Python type name: List[int], Dict[str, float], Union[int, str], Optional[str], int | None."""
    head, inner = text.partition("[")[0].strip().lower().removeprefix("typing."), _inside(text)
    if depth > _MAX_NESTING:
        return {}
    either = _parts(text, "|")
    if len(either) > 1:
        return _any_of([type_schema(part, depth + 1) for part in either])
    if head == "optional" and inner:
        return _any_of([*(type_schema(part, depth + 1) for part in inner), {"type": "null"}])
    if head == "union" and inner:
        return _any_of([type_schema(part, depth + 1) for part in inner])
    kind = _TYPES.get(head)
    if kind is None or (inner is None and "[" in text):
        return {}
    schema: dict[str, Any] = {"type": kind}
    if kind == "array" and inner and len(inner) == 1 and (items := type_schema(inner[0], depth + 1)):
        schema["items"] = items
    if kind == "object" and inner and len(inner) == 2 and (values := type_schema(inner[1], depth + 1)):
        schema["additionalProperties"] = values
    return schema


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    if not all(schemas):
        return {}
    return {"anyOf": schemas} if len(schemas) > 1 else schemas[0]


def _inside(text: str) -> list[str] | None:
    """The parts between the outer square brackets; None when there are none."""
    text = text.strip()
    start = text.find("[")
    return [part.strip() for part in _parts(text[start + 1 : -1])] if start >= 0 and text.endswith("]") else None


def _parts(text: str, at: str = ",") -> list[str]:
    """The text cut at commas (or another character) that stand in no brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter in "[(":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter == at and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
