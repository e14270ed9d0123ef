"""Glaive v2 rows: `system` with functions in it, and `chat`, one text of USER:, ASSISTANT:, FUNCTION RESPONSE:."""

from __future__ import annotations

import re
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import Calls, bare_tools, canonical_calls, exact_object, read_tools
from buckets.formats.fields import compact, extras, leftovers, parsed
from buckets.formats.format import Format, Row
from buckets.formats.literals import after_space, json_at, loose
from buckets.formats.tagged import before_calls, held
from buckets.formats.tool_prompt import KEPT_IN_SYSTEM, Frame, taken_out
from buckets.record import Draft, Message, Record

_FRAME = Frame("You are a helpful assistant with access to the following functions. Use them if required -\n", "\n")
# At the start of a line, behind an end mark, or behind two spaces, to which some copies turned the line ends.
_PLACE = r"(?:^|(?<=\n)|(?<=  )|(?<=<\|endoftext\|>))[ \t]*"
_MARK = re.compile(_PLACE + "(USER|ASSISTANT|FUNCTION RESPONSE):")
_SHORT = re.compile(_PLACE + "(USER|A|FUNCTION RESPONSE):")
_END = "<|endoftext|>"
_CALL = "<functioncall>"
_QUOTED = re.compile(
    r"""\{\s*"name"\s*:\s*(?P<name>"(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*'(?P<arguments>.*)'\s*\}""", re.DOTALL
)
_BETWEEN = "\n\n\n"


def sniff(row: Row) -> str | None:
    chat = row.get("chat")
    if not isinstance(chat, str) or not _MARK.match(chat.lstrip()) or not isinstance(row.get("system"), str | None):
        return None
    return "chat is a text of USER: and ASSISTANT: turns"


def read(row: Row) -> Draft:
    """Turns of the chat; functions of the system text; a call's arguments as the text that stands in its quotes.

    Raises RowError: "bad_chat" for a chat that does not begin with a role or has text behind an end
    mark, "bad_tool_call" for a <functioncall> that does not parse.
    """
    chat, system = row.get("chat"), row.get("system")
    if not isinstance(chat, str) or not isinstance(system, str | None):
        raise RowError("unexpected_keys", f"no chat text beside a system text among {sorted(row)[:20]}")
    messages, tools, notes = _system(system or "")
    calls = Calls()
    turns: dict[str, Any] = {}
    for role, text in _turns(chat):
        message, rest = _message(role, text, calls)
        if rest:
            turns[str(len(messages))] = rest
        messages.append(message)
    extra = extras(row)
    meta = leftovers(row, {"system", "chat", *extra.keys}, turns=turns or None, **notes)
    return Draft(tuple(messages), tools, extra.reference, extra.tests, extra.schema, meta)


def _system(text: str) -> tuple[list[Message], str | None, dict[str, Any]]:
    """The system message (if one is left), the tools, and notes: the text as it was, where it was taken apart."""
    body = text.removeprefix("SYSTEM:").removeprefix(" ")
    start, values, end = _functions(body)
    tools = _declared(values)
    rest = taken_out(body, start, end, (_FRAME,)) if tools else None
    notes = {}
    if rest is None:
        rest = body.removesuffix("\n")
        if tools:
            notes["tools_in_system"] = KEPT_IN_SYSTEM
    elif _written(rest, tools) != text:
        notes["tool_prompt"] = text
    return [Message("system", rest)] if rest else [], tools, notes


def _functions(text: str) -> tuple[int, list[Any], int]:
    """Where the JSON objects behind the words of the frame (or the first brace) begin, what they are, their end."""
    known = text.rfind(_FRAME.before.strip())
    start = text.find("{", max(known, 0))
    if start > 0 and text[:start].rstrip().endswith("["):
        start = text.rindex("[", 0, start)
    values: list[Any] = []
    place = end = max(start, 0)
    while start >= 0 and place < len(text) and text[place] in "{[":
        try:
            value, end = json_at(text, place)
        except ValueError:
            return start, [], end
        values += value if isinstance(value, list) else [value]
        place = after_space(text, end)
    return start, values, end


def _declared(values: list[Any]) -> str | None:
    try:
        return read_tools(values)
    except RowError:  # braces that are no functions stay in the text
        return None


def _written(system: str, tools: str | None) -> str:
    return "SYSTEM: " + _FRAME.written(system, "\n".join(compact(tool) for tool in bare_tools(tools)))


def _turns(chat: str) -> list[tuple[str, str]]:
    pattern = _MARK if "ASSISTANT:" in chat else _SHORT
    marks = list(pattern.finditer(chat))
    if not marks or chat[: marks[0].start()].strip():
        raise RowError("bad_chat", f"the chat does not begin with USER: or ASSISTANT: but with {chat[:100]!r}")
    ends = [mark.start() for mark in marks[1:]] + [len(chat)]
    return [(mark[1], chat[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]


def _message(role: str, text: str, calls: Calls) -> tuple[Message, dict[str, Any] | None]:
    if text.endswith("  "):
        text = text.rstrip(" ")
    for _ in range(len(_BETWEEN)):
        text = text.removesuffix("\n")
    text = text.removeprefix(" ")
    body = text.rstrip().removesuffix(_END)
    if body != text.rstrip():
        text = body.removesuffix(" ")
    if _END in text:
        raise RowError("bad_chat", f"there is text behind the end mark of a turn: {text[text.find(_END) :][:100]!r}")
    if role == "USER":
        return Message("user", text), None
    if role == "FUNCTION RESPONSE":
        return Message("tool", text, tool_call_id=calls.answered(None)), None
    content, *blocks = text.split(_CALL)
    if not blocks:
        return Message("assistant", text), None
    made, rests = calls.make([_call(block) for block in blocks])
    return Message("assistant", before_calls(content), tool_calls=compact(made)), {"tool_calls": rests} if any(
        rests
    ) else None


def _call(text: str) -> Any:
    """The call in JSON; its arguments may stand in single quotes, as JSON in JSON."""
    text = text.strip().removesuffix("</functioncall>").rstrip()
    if found := _QUOTED.fullmatch(text):
        for arguments in (found["arguments"], found["arguments"].replace("\\'", "'")):
            if exact_object(arguments) is not None:
                return {"name": parsed(found["name"]), "arguments": arguments}
    try:
        return loose(text)
    except ValueError as error:
        raise RowError("bad_tool_call", f"a <functioncall> does not parse ({error}): {text[:200]}") from error


def write(record: Record) -> dict[str, Any]:
    """system and chat; raises RowError("cannot_write") for what one text of turns cannot tell."""
    draft = record.draft
    messages = list(draft.messages)
    system = messages.pop(0).content if messages and messages[0].role == "system" else ""
    if draft.tools:
        row = {"system": _written(system, draft.tools), "chat": ""}
    else:
        row = {"system": f"SYSTEM: {system}\n" if system else "", "chat": ""}
    row["chat"] = "".join(_turn(message) for message in messages)
    why = "a text of the record reads as a role or an end mark of Glaive's, or its results do not follow their calls"
    return held(row | written_extras(draft), draft, read, why)


def _turn(message: Message) -> str:
    if message.reasoning is not None or message.name is not None:
        raise RowError("cannot_write", "Glaive has no place for reasoning or names")
    if message.role == "user":
        return f"USER: {message.content}{_BETWEEN}"
    if message.role == "tool":
        return f"FUNCTION RESPONSE: {message.content}{_BETWEEN}"
    if message.role != "assistant":
        raise RowError("cannot_write", f"Glaive has one system text before the chat, and no {message.role} turn in it")
    calls = canonical_calls(message.tool_calls or "[]")
    if len(calls) > 1:
        raise RowError("cannot_write", "Glaive has one call a turn")
    call = "".join(_written_call(call["function"]) for call in calls)
    between = "\n" if call and message.content else ""
    return f"ASSISTANT: {message.content}{between}{call} {_END}{_BETWEEN}"


def _written_call(function: dict[str, Any]) -> str:
    name, arguments = compact(function["name"]), function["arguments"]
    quoted = f"'{arguments}'" if exact_object(arguments) is not None else compact(arguments)
    return f'{_CALL} {{"name": {name}, "arguments": {quoted}}}'


GLAIVE = Format("glaive", "system with functions, chat as USER:, ASSISTANT:, FUNCTION RESPONSE:", sniff, read, write)
