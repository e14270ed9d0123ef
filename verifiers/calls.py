"""Tool calls as they stand in a turn or a reference, read into names and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifiers.jsonish import NotJsonError, canonical, lenient, strict
from verifiers.verdict import Verdict, failed


@dataclass(frozen=True)
class Call:
    """One call as written: `arguments` is a parsed value, `id` may be empty."""

    name: str
    arguments: Any
    id: str = ""


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
