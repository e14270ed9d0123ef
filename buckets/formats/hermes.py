"""Hermes rows: ShareGPT or OpenAI turns whose tools, calls and results stand in <tools>, <tool_call>, <tool_response>.

Does not cover: calls written in other tags (<function=...>), tools in XML; such texts stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import canonical_calls, plain_call
from buckets.formats.fields import compact
from buckets.formats.format import Format, Row
from buckets.formats.hermes_tools import FRAMES, LIST, OWN, listed
from buckets.formats.literals import after_space, json_at, literal, loose
from buckets.formats.openai_messages import read_chat
from buckets.formats.tagged import Reading, before_calls, held, read_tagged, texts
from buckets.formats.tool_prompt import KEPT_IN_SYSTEM, taken_out
from buckets.record import Draft, Message, Record

_CALL = re.compile(r"<tool_call>\s*(?=[\[{])")
_FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "tool"}


def sniff(row: Row) -> str | None:
    """Only tags with something in them count, and only in the turns where they belong."""
    for role, text in texts(row):
        if role == "system" and LIST.search(text):
            return "the system text lists tools in <tools>"
        if role == "assistant" and _CALL.search(text):
            return "an assistant turn calls in <tool_call>"
        if role in ("user", "tool") and text.lstrip().startswith("<tool_response>"):
            return "a turn gives results in <tool_response>"
    return None


def read(row: Row) -> Draft:
    """Turns with their tags read; a row without tags is read as ShareGPT or OpenAI messages.

    A call in tags that does not parse raises RowError("bad_tool_call"). Text behind a call moves before
    it, and the text as it was is kept in meta["turns"]. A leading <think> becomes reasoning.
    """
    return read_tagged(row, _step)


def _step(message: Message, reading: Reading) -> list[Message]:
    if message.role == "assistant":
        return [_assistant(message, reading)]
    if message.role in ("user", "tool"):
        return _results(message, reading)
    return _system(message, reading)


def _system(message: Message, reading: Reading) -> list[Message]:
    found = listed(message.content)
    if found is None and LIST.search(message.content):
        reading.notes["tools_in_system"] = "in <tools> that do not read as one list of tools"
    if found is None or not reading.adopt(found[2]):
        return [message]
    start, end, tools = found
    rest = None if reading.beside else taken_out(message.content, start, end, FRAMES)
    if rest is None:
        reading.notes["tools_in_system"] = KEPT_IN_SYSTEM
        return [message]
    if tools is None or OWN.written(rest, tools) != message.content:
        reading.notes["tool_prompt"] = message.content
    return [replace(message, content=rest)] if rest else []


def _assistant(message: Message, reading: Reading) -> Message:
    text = message.content
    outside, items = _taken(text)
    if not items:
        return message
    content = before_calls(outside[0])
    if any(piece.strip() for piece in outside[1:]):
        reading.beside["text"] = text
        content = "\n\n".join(piece.strip() for piece in outside if piece.strip())
    return reading.called(content, message, items)


def _taken(text: str) -> tuple[list[str], list[Any]]:
    """The texts around the call blocks (one more than blocks) and the calls. Raises RowError("bad_tool_call")."""
    outside, items, place = [], [], 0
    while found := _CALL.search(text, place):
        value, end = _block(text, found.end())
        outside.append(text[place : found.start()])
        items += value if isinstance(value, list) else [value]
        place = end
    return [*outside, text[place:]], items


def _block(text: str, start: int) -> tuple[Any, int]:
    """The value of a block and the place behind its closing tag: JSON, which may hold that tag, or Python's quotes."""
    close = "</tool_call>"
    try:
        value, end = json_at(text, start)
        end = after_space(text, end)
        if not text.startswith(close, end):
            raise ValueError("something stands between the call and its closing tag")
    except ValueError as fault:
        end = text.find(close, start)
        if end < 0:
            raise RowError("bad_tool_call", f"a <tool_call> is not closed: {text[start : start + 200]}") from fault
        try:
            value = literal(text[start:end])
        except ValueError:
            detail = f"a <tool_call> does not parse ({fault}): {text[start:end][:200]}"
            raise RowError("bad_tool_call", detail) from fault
    return value, end + len(close)


def _results(message: Message, reading: Reading) -> list[Message]:
    """A message a result; what stands around the blocks of a user turn stays a user message in its place."""
    pieces = _split(message.content)
    around = any(piece.strip() for piece in pieces[0::2])
    if message.role == "tool" and (len(pieces) == 1 or around):
        return [replace(message, tool_call_id=reading.calls.answered(message.tool_call_id, message.name))]
    made = []
    for number, piece in enumerate(pieces):
        if number % 2:
            made.append(_result(piece, message, reading))
        elif piece.strip() or len(pieces) == 1:
            made.append(replace(message, content=piece))
    return made


def _split(text: str) -> list[str]:
    """text, result, text, result, ..., text: at each closed <tool_response>."""
    opened, closed, pieces, place = "<tool_response>", "</tool_response>", [], 0
    while (start := text.find(opened, place)) >= 0 and (end := text.find(closed, start)) >= 0:
        pieces += [text[place:start], text[start + len(opened) : end]]
        place = end + len(closed)
    return [*pieces, text[place:]]


def _result(text: str, message: Message, reading: Reading) -> Message:
    content, name, call_id = text.removeprefix("\n").removesuffix("\n"), message.name, message.tool_call_id
    value = _wrapped(content)
    if value is not None:
        inner = value["content"]
        content, name = inner if isinstance(inner, str) else compact(inner), value["name"]
        told = value.get("tool_call_id")
        call_id = call_id or (told if reading.calls.is_open(told) else None)
        if told is not None and told != call_id:
            reading.beside["result_tool_call_id"] = told
    return Message("tool", content, tool_call_id=reading.calls.answered(call_id, name), name=name)


def _wrapped(text: str) -> dict[str, Any] | None:
    """{"name", "content"[, "tool_call_id"]}, the way in which Hermes names the tool of a result."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = loose(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not {"name", "content"} <= set(value) <= {"name", "content", "tool_call_id"}:
        return None
    return value if isinstance(value["name"], str) and value["name"] else None


def write(record: Record) -> dict[str, Any]:
    """ShareGPT turns with tags, as NousResearch's function-calling set has them.

    Raises RowError("cannot_write") where the text of a turn would read as something else.
    """
    draft = record.draft
    messages = list(draft.messages)
    if draft.tools:
        system = messages.pop(0).content if messages and messages[0].role == "system" else ""
        messages.insert(0, Message("system", OWN.written(system, draft.tools)))
    turns: list[dict[str, str]] = []
    for place, message in enumerate(messages):
        text = _text(message)
        if message.role == "tool" and place and messages[place - 1].role == "tool":
            turns[-1]["value"] += "\n" + text
        else:
            turns.append({"from": _FROM[message.role], "value": text})
    why = "a text of the record holds Hermes's own tags, its results are not in the order of their calls, or it is odd"
    row = held({"conversations": turns} | written_extras(draft), draft, read, why)
    if sniff(row) is None and read_chat(row, "conversations").messages != draft.messages:
        raise RowError("cannot_write", "without a tool, a call or a result nothing tells that <think> is Hermes's")
    return row


def _text(message: Message) -> str:
    if message.role not in _FROM or (message.name is not None and message.role != "tool"):
        raise RowError("cannot_write", "Hermes has no developer turn and no names of speakers")
    if message.role == "tool":
        named = {"name": message.name, "content": message.content}
        content = message.content if message.name is None else compact(named)
        return f"<tool_response>\n{content}\n</tool_response>"
    calls = [plain_call(call["function"]) for call in canonical_calls(message.tool_calls or "[]")]
    blocks = [f"<tool_call>\n{compact(call)}\n</tool_call>" for call in calls]
    thought = f"<think>\n{message.reasoning}\n</think>\n\n" if message.reasoning is not None else ""
    return thought + "\n".join([message.content, *blocks] if message.content or not blocks else blocks)


HERMES = Format("hermes", "turns with <tools>, <tool_call> and <tool_response>", sniff, read, write)
