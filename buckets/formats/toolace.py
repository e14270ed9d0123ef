"""ToolACE rows: ShareGPT turns with the tools as JSON in the system text and the calls as Python, [f(a=1), g()]."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import bare_tools, canonical_calls, exact_object, read_tools
from buckets.formats.fields import compact, parsed
from buckets.formats.format import Format, Row
from buckets.formats.literals import json_at
from buckets.formats.pythonic import read_calls, written_calls
from buckets.formats.tagged import Reading, held, read_tagged, texts
from buckets.formats.tool_prompt import KEPT_IN_SYSTEM, Frame, taken_out
from buckets.record import Draft, Message, Record

_HEAD = (
    "You are an expert in composing functions. You are given a question and a set of possible functions. Based on the "
    "question, you will need to make one or more function/tool calls to achieve the purpose.\nIf none of the "
    "{function} can be used, point it out. If the given question lacks the parameters required by the function,\n"
    "also point it out. You should only return the function call in tools call sections.\nHere is a list of functions "
    "in JSON format that you can invoke:\n"
)
_TAIL = (
    ". \nShould you decide to return the function call(s). \nPut it in the format of [func1(params_name=params_value, "
    "params_name2=params_value2...), func2(params)]\n\nNO other text MUST be included. \n"
)
_FRAMES = tuple(Frame(_HEAD.replace("{function}", word), _TAIL) for word in ("function", "functions"))
_OWN = _FRAMES[0]
_ASKED = re.compile(r"\[func\w*\(param")
_LIST = re.compile(r"\[\s*\{")
_MOST_LISTS = 20
_FROM = {"user": "user", "assistant": "assistant", "tool": "tool"}


def sniff(row: Row) -> str | None:
    for role, text in texts(row):
        if role == "system" and _ASKED.search(text) and _listed(text) is not None:
            return "the system text lists functions and asks for calls as [func(param=value)]"
        if role == "assistant" and read_calls(text) is not None:
            return "an assistant turn is a list of calls like [func(param=value)]"
    return None


def read(row: Row) -> Draft:
    """Turns with pythonic calls read; a text that is not wholly a list of calls stays text.

    Tools keep the type names that they were declared with ("dict", "float"). A tool turn that lists
    {"name", "results"} of open calls is taken apart.
    """
    return read_tagged(row, _step)


def _step(message: Message, reading: Reading) -> list[Message]:
    if message.role == "assistant":
        return [_assistant(message, reading)]
    if message.role == "tool":
        return _results(message, reading)
    return [message] if message.role == "user" else _system(message, reading)


def _system(message: Message, reading: Reading) -> list[Message]:
    found = _listed(message.content)
    if found is None or not reading.adopt(found[2]):
        return [message]
    start, end, tools = found
    rest = None if reading.beside else taken_out(message.content, start, end, _FRAMES)
    if rest is None:
        reading.notes["tools_in_system"] = KEPT_IN_SYSTEM
        return [message]
    if _written(rest, tools) != message.content:
        reading.notes["tool_prompt"] = message.content
    return [replace(message, content=rest)] if rest else []


def _listed(text: str) -> tuple[int, int, str] | None:
    """Where the first JSON list of functions begins and ends, and the tools; None when there is none."""
    for number, found in enumerate(_LIST.finditer(text)):
        if number == _MOST_LISTS:
            break
        try:
            value, end = json_at(text, found.start())
            tools = read_tools(value)
        except (ValueError, RowError):
            continue
        if tools is not None:
            return found.start(), end, tools
    return None


def _written(system: str, tools: str) -> str:
    return _OWN.written(system, compact(bare_tools(tools)))


def _assistant(message: Message, reading: Reading) -> Message:
    names = [tool["function"].get("name") for tool in parsed(reading.tools or "[]")]
    items = read_calls(message.content, [name for name in names if isinstance(name, str) and name])
    if items is None:
        if message.content.lstrip().startswith("[") and message.content.rstrip().endswith(")]"):
            reading.beside["unread_calls"] = "looks like a list of calls, does not read as one, and stays text"
        return message
    return reading.called("", message, items)


def _results(message: Message, reading: Reading) -> list[Message]:
    """A message a result, where a turn lists results of open calls by name; else the turn as it is."""
    items = parsed(message.content) if message.content.lstrip().startswith("[") else None
    open_names = reading.calls.open_names
    if message.tool_call_id or not isinstance(items, list) or not items or not all(map(_is_result, items)):
        items = None
    for item in items or []:
        if item["name"] not in open_names:
            items = None
            break
        open_names.remove(item["name"])
    if items is None:
        return [replace(message, tool_call_id=reading.calls.answered(message.tool_call_id, message.name))]
    made = []
    for item in items:
        value = item["results"]
        content = value if isinstance(value, str) else compact(value)
        call_id = reading.calls.answered(None, item["name"])
        made.append(replace(message, content=content, tool_call_id=call_id))
    return made


def _is_result(item: object) -> bool:
    return isinstance(item, dict) and set(item) == {"name", "results"} and isinstance(item["name"], str)


def write(record: Record) -> dict[str, Any]:
    """system and conversations; raises RowError("cannot_write") where a text would read as calls, or calls as text."""
    draft = record.draft
    messages = list(draft.messages)
    row: dict[str, Any] = {}
    system = messages.pop(0).content if messages and messages[0].role == "system" else ""
    if system or draft.tools:
        row["system"] = _written(system, draft.tools) if draft.tools else system
    turns: list[dict[str, str]] = []
    named: dict[str, str] = {}
    results: list[dict[str, Any]] = []
    for message in messages:
        if message.role != "tool":
            results = []
            named |= {call["id"]: call["function"]["name"] for call in canonical_calls(message.tool_calls or "[]")}
            turns.append({"from": _role(message), "value": _text(message)})
            continue
        name = named.get(message.tool_call_id or "")
        if name is None:
            turns.append({"from": "tool", "value": message.content})
            continue
        if not results:
            turns.append({"from": "tool", "value": ""})
        results.append({"name": name, "results": _value(message.content)})
        turns[-1]["value"] = compact(results)
    row["conversations"] = turns
    why = "a text reads as calls, a call has a name or arguments that Python's form cannot hold, or results are odd"
    return held(row | written_extras(draft), draft, read, why)


def _role(message: Message) -> str:
    if message.role not in _FROM:
        raise RowError("cannot_write", f"ToolACE has one system text before its turns, and no {message.role} turn")
    if message.reasoning is not None or message.name is not None:
        raise RowError("cannot_write", "ToolACE has no place for reasoning or names")
    return _FROM[message.role]


def _text(message: Message) -> str:
    calls = [call["function"] for call in canonical_calls(message.tool_calls or "[]")]
    if not calls:
        return message.content
    arguments = [exact_object(call["arguments"]) for call in calls]
    if message.content or None in arguments:
        raise RowError("cannot_write", "ToolACE has no text beside calls, and no arguments that are no object")
    pairs = zip(calls, arguments, strict=True)
    return written_calls((call["name"], values or {}) for call, values in pairs)


def _value(content: str) -> Any:
    """A result as JSON where that reads back as the same text, else as text."""
    value = parsed(content) if content[:1] in ("{", "[") else None
    return content if value is None or compact(value) != content else value


TOOLACE = Format("toolace", "system with functions as JSON, turns with calls as [f(a=1)]", sniff, read, write)
