"""Tools and tool calls in canonical form, from the shapes that data sets use for them."""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import compact, parsed
from buckets.formats.literals import after_space, json_at

_CALL_KEYS = {"id", "type", "function"}


def read_tools(value: object) -> str | None:
    """Declared tools as a JSON string of [{"type": "function", "function": {...}}]; null and [] are None.

    Takes a list or a JSON string of it, with bare {"name", "parameters"} objects or OpenAI ones. The
    order of keys is kept: chat templates print it. Raises RowError("bad_tools").
    """
    if isinstance(value, str) and not value.strip():
        return None
    for _ in range(2):  # some sets hold a JSON string of a JSON string
        if isinstance(value, str):
            value = parsed(value)
            if value is None:
                raise RowError("bad_tools", "the tools are a string that is not JSON")
    if not value and (value is None or isinstance(value, list | dict)):
        return None
    items = value if isinstance(value, list) else [value]
    return compact([_tool(parsed(item) if isinstance(item, str) else item) for item in items])


def _tool(item: object) -> dict[str, Any]:
    if isinstance(item, dict):
        if isinstance(item.get("function"), dict):
            if item.get("type") and next(iter(item)) == "type":
                return item
            return {"type": item.get("type") or "function", **{k: v for k, v in item.items() if k != "type"}}
        if isinstance(item.get("name"), str):
            return {"type": "function", "function": item}
    raise RowError("bad_tools", f"a tool is neither a function object nor has a name: {compact(item)[:200]}")


class Calls:
    """Ids of the tool calls of one conversation, given in order, and the results paired with them."""

    def __init__(self) -> None:
        self._count = 0
        self._taken: set[str] = set()
        self._pending: list[tuple[str, str]] = []

    @property
    def open_names(self) -> list[str]:
        """Names of the calls that have no result yet, oldest first."""
        return [name for _, name in self._pending]

    @property
    def several_open(self) -> bool:
        return len(self._pending) > 1

    def make(self, items: object) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Canonical calls from one call or a list (or a JSON string), and what each held beside them."""
        if isinstance(items, str):
            items = parsed(items)
        items = items if isinstance(items, list) else [items]
        pairs = [self._call(item) for item in items]
        return [call for call, _ in pairs], [rest for _, rest in pairs]

    def _call(self, item: object) -> tuple[dict[str, Any], dict[str, Any]]:
        if not isinstance(item, dict):
            raise RowError("bad_tool_call", "a tool call is not an object with a name")
        function = item.get("function")
        inner = function if isinstance(function, dict) else item
        name = inner.get("name")
        if not isinstance(name, str) or not name:
            raise RowError("bad_tool_call", f"a tool call has no name: {compact(item)[:200]}")
        key = "arguments" if "arguments" in inner else "parameters"
        call_id = item.get("id")
        if not isinstance(call_id, str) or not call_id:
            call_id = self._fresh()
        self._opened(call_id, name)
        call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": _arguments(inner.get(key))}}
        if inner is item:
            used = _CALL_KEYS | {"name", key}
            return call, {k: v for k, v in item.items() if v is not None and k not in used}
        rest = {k: v for k, v in item.items() if v is not None and k not in _CALL_KEYS}
        if len(inner) > 1 + (key in inner):
            rest |= {k: v for k, v in inner.items() if v is not None and k not in ("name", key)}
        return call, rest

    def _fresh(self) -> str:
        """An id by the number of the call, or by the next one that the row has not used itself."""
        number = self._count
        while f"call_{number}" in self._taken:
            number += 1
        return f"call_{number}"

    def adopt(self, made: list[dict[str, Any]]) -> None:
        """Take in canonical calls that were made elsewhere, so that later ids and results fit them."""
        for call in made:
            self._opened(call["id"], call["function"]["name"])

    def _opened(self, call_id: str, name: str) -> None:
        self._count += 1
        self._taken.add(call_id)
        self._pending.append((call_id, name))

    def answered(self, call_id: object, name: object = None) -> str | None:
        """The id that a tool result belongs to: its own, else that of the oldest open call of its name, or of any."""
        if isinstance(call_id, str) and call_id:
            mine = next((index for index, (known, _) in enumerate(self._pending) if known == call_id), None)
            if mine is not None:
                self._pending.pop(mine)
            return call_id
        named = next((index for index, (_, known) in enumerate(self._pending) if known == name), 0)
        return self._pending.pop(named)[0] if self._pending else None

    def is_open(self, call_id: object) -> bool:
        """Whether a call with this id has no result yet."""
        return any(known == call_id for known, _ in self._pending)


def _arguments(value: object) -> str:
    """Arguments as a JSON string: a string is kept as the model wrote it, null means none."""
    if isinstance(value, str):
        return value
    return "{}" if value is None else compact(value)


def canonical_calls(tool_calls: str) -> list[dict[str, Any]]:
    """The calls of a message, for a writer. Raises RowError("cannot_write") when they are not canonical."""
    calls = parsed(tool_calls)
    good = isinstance(calls, list) and all(_is_canonical(call) for call in calls)
    if not good:
        raise RowError("cannot_write", f"the record's tool calls are not in canonical form: {tool_calls[:200]}")
    return list(calls)


def _is_canonical(call: object) -> bool:
    if not isinstance(call, dict) or not isinstance(call.get("id"), str):
        return False
    function = call.get("function")
    return isinstance(function, dict) and all(isinstance(function.get(key), str) for key in ("name", "arguments"))


def plain_call(function: dict[str, Any]) -> dict[str, Any]:
    """{"name", "arguments"} for a writer: arguments as an object where nothing but spacing is lost by it.

    Text that is not a JSON object, one with a key twice, and one with a number that would be rounded stay
    the string that the model wrote.
    """
    text = function["arguments"]
    return {"name": function["name"], "arguments": text if (value := exact_object(text)) is None else value}


def exact_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a string, when it can be written again without a loss; else None."""
    try:
        value, end = json_at(text, 0)
    except ValueError:
        return None
    return value if isinstance(value, dict) and after_space(text, end) == len(text) else None


def bare_tools(tools: str | None) -> list[Any]:
    """The declared functions for a writer, out of their {"type": "function", "function": ...} where that is all.

    Raises RowError("cannot_write") when the tools are not in canonical form.
    """
    value = parsed(tools or "[]")
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise RowError("cannot_write", f"the record's tools are not in canonical form: {str(tools)[:200]}")
    plain = {"type", "function"}
    return [tool["function"] if set(tool) == plain and tool["type"] == "function" else tool for tool in value]
