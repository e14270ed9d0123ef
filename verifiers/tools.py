"""Do the tool calls fit the declared tools: names, arguments, ids, and the expected calls?

Schemas in the wild use type names that JSON Schema does not have ("dict", "float", "tuple", "any"); they are read
as what they mean, and a passing verdict says that it was so. Does not cover: what the tool would answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema.protocols import Validator

from buckets import Message, Record
from verifiers.jsonish import NotJsonError, canonical, lenient, same, strict
from verifiers.schema import first_mistake, validator_of
from verifiers.verdict import Outcome, Verdict, abstained, failed, passed

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
_TYPES = frozenset({"object", "number", "integer", "string", "boolean", "array", "null"})


@dataclass(frozen=True)
class Toolbox:
    """Declared tools: a validator each (or a sentence why there is none), known argument names, dialect words met."""

    validators: dict[str, Validator | str]
    arguments: dict[str, frozenset[str] | None]
    dialect: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One call as written: `arguments` is a parsed value, `id` may be empty."""

    name: str
    arguments: Any
    id: str = ""


def judge_tools(record: Record) -> Verdict:
    """PASS when every call fits; ABSTAIN when no tools are declared, or none are called and none are expected."""
    if not record.draft.tools or lenient(record.draft.tools) in ([], {}):
        return abstained("no_tools", "The row declares no tools.")
    box = toolbox(record.draft.tools)
    if isinstance(box, str):
        return abstained("bad_tools", box, record.draft.tools)
    seen: list[Call] = []
    last: list[Call] = []
    for message in record.messages:
        if message.role == "assistant":
            calls = read_calls(message.tool_calls)
            if isinstance(calls, Verdict):
                return calls
            last = calls or last
            seen += calls
    mistake = next((found for call in seen if (found := _mistake(box, call))), None) or _pairing(record.messages)
    if mistake:
        return mistake
    expected = expected_calls(record.draft.reference)
    if expected is not None:
        return compare(last, expected)
    if not seen:
        return abstained("no_calls", "Tools are declared and none is called; nothing says whether one should be.")
    read_as = f"type names read as JSON Schema: {', '.join(box.dialect)}" if box.dialect else ""
    return passed("tools", read_as)


def check_calls(calls: list[Call], tools: str) -> Verdict:
    """Do these calls fit the declared tools? ABSTAIN when the declaration cannot be read."""
    box = toolbox(tools)
    if isinstance(box, str):
        return abstained("bad_tools", box, tools)
    return next((found for call in calls if (found := _mistake(box, call))), passed("tools"))


def compare(calls: list[Call], expected: list[Call]) -> Verdict:
    """Are these the expected calls, in any order?"""
    left = list(expected)
    for call in calls:
        twin = next((e for e in left if e.name == call.name and same(e.arguments, call.arguments)), None)
        if twin is None:
            return failed("wrong_call", "A call is not among the expected ones.", canonical_calls([call]))
        left.remove(twin)
    if left:
        return failed("missing_call", "An expected call was not made.", canonical_calls(left))
    return passed("expected_calls")


def canonical_calls(calls: list[Call]) -> str:
    """Sorted JSON of the calls: equal for equal sets of calls."""
    return "[" + ",".join(sorted(canonical({"arguments": c.arguments, "name": c.name}) for c in calls)) + "]"


def expected_calls(reference: str | None) -> list[Call] | None:
    """The calls a reference asks for (a JSON list of {"name", "arguments"}), or None when it is no such list."""
    if not reference or reference.lstrip()[:1] != "[":
        return None
    items = lenient(reference)
    if not isinstance(items, list) or not items:
        return None
    calls = [_call(item) for item in items]
    return [call for call in calls if isinstance(call, Call)] if all(isinstance(c, Call) for c in calls) else None


def read_calls(text: str | None) -> list[Call] | Verdict:
    """The calls of one turn, or the FAIL that says why they cannot be read."""
    if not text or not text.strip():
        return []
    try:
        items = strict(text)
    except NotJsonError as error:
        return failed("bad_calls", f"The tool calls are not JSON: {error}.", text)
    if items is None:
        return []
    if not isinstance(items, list):
        return failed("bad_calls", "The tool calls are not a list.", text)
    calls: list[Call] = []
    for item in items:
        call = _call(item)
        if isinstance(call, Verdict):
            return call
        calls.append(call)
    return calls


def _call(item: Any) -> Call | Verdict:
    """One call, in the OpenAI wrapper or bare; arguments as an object or as its JSON text."""
    inner = item.get("function", item) if isinstance(item, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        return failed("bad_calls", "A call has no name.", str(item))
    arguments = inner.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = strict(arguments or "{}")
        except NotJsonError as error:
            return failed("bad_arguments", f"The arguments of {inner['name']} are not JSON: {error}.", arguments)
    return Call(inner["name"], {} if arguments is None else arguments, str(item.get("id") or ""))


def _mistake(box: Toolbox, call: Call) -> Verdict | None:
    if call.name not in box.validators:
        return failed("undeclared_tool", "A call names a tool that is not declared.", call.name)
    if not isinstance(call.arguments, dict):
        return failed("bad_arguments", f"The arguments of {call.name} are not an object.", str(call.arguments))
    known = box.arguments[call.name]
    unknown = sorted(set(call.arguments) - known) if known is not None else []
    if unknown:
        return failed("unknown_argument", f"{call.name} declares no such argument.", ", ".join(unknown))
    validator = box.validators[call.name]
    if isinstance(validator, str):
        return abstained("bad_tools", validator, call.name)
    found = first_mistake(validator, call.arguments)
    if found is not None and found.outcome is Outcome.FAIL:
        missing = "is a required property" in found.evidence
        rule = "missing_argument" if missing else "wrong_argument"
        return failed(rule, f"The arguments of {call.name} break its declaration.", found.evidence)
    return found


def _pairing(messages: tuple[Message, ...]) -> Verdict | None:
    """Each result answers one call of the turn before it, by id where ids are given; all calls are answered."""
    open_ids: Counter[str] = Counter()
    for message in messages:
        if message.role == "assistant":
            calls = read_calls(message.tool_calls)
            ids = [call.id for call in calls if call.id] if isinstance(calls, list) else []
            if len(set(ids)) != len(ids):
                return failed("repeated_id", "Two calls of one turn share an id.", ", ".join(ids))
            open_ids = Counter(ids)
        elif message.role == "tool" and message.tool_call_id and open_ids:
            if open_ids[message.tool_call_id] < 1:
                return failed("unpaired_result", "A tool result answers no open call.", message.tool_call_id)
            open_ids[message.tool_call_id] -= 1
    return None


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
    for item in items:
        inner = item.get("function", item) if isinstance(item, dict) else None
        if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
            return "A declared tool has no name."
        schema = _parameters(inner, words)
        validators[inner["name"]] = validator_of(schema)
        arguments[inner["name"]] = _known(schema)
    return Toolbox(validators, arguments, tuple(sorted(words))) if validators else "No tool is declared."


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
