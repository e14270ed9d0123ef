"""ShareGPT rows: conversations of from and value, with function_call and observation turns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import canonical_calls, plain_call
from buckets.formats.fields import compact
from buckets.formats.format import Format, Row
from buckets.formats.openai_messages import read_chat
from buckets.formats.thought import wrapped
from buckets.formats.turns import is_turns
from buckets.record import Draft, Message, Record

_FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def sniff(row: Row) -> str | None:
    return "conversations is a list of turns" if is_turns(row.get("conversations")) else None


def read(row: Row) -> Draft:
    """Turns with from and value (or role and content), `tools` as list or JSON string, a `system` text."""
    if "conversations" not in row:
        raise RowError("unexpected_keys", f"no conversations among {sorted(row)[:20]}")
    return read_chat(row, "conversations")


def write(record: Record) -> dict[str, Any]:
    """The row as LLaMA-Factory reads it; raises RowError("cannot_write") for what the form cannot hold.

    Ids of calls are not part of the form (results follow in the order of the calls), nor is the
    spacing inside arguments; everything else comes back as it was.
    """
    draft = record.draft
    row: dict[str, Any] = {"conversations": []}
    messages = draft.messages
    if len(messages) > 1 and messages[0].role == "system" and messages[0].content.strip():
        row["system"] = messages[0].content
        messages = messages[1:]
    for message in messages:
        row["conversations"] += _turns(message)
    if draft.tools:
        row["tools"] = draft.tools
    row |= written_extras(draft)
    back = read(row)
    if renumbered(back.messages) != renumbered(draft.messages) or back.tools != draft.tools:
        raise RowError("cannot_write", "ShareGPT pairs results with calls by order, and merges calls in a row")
    return row


def _turns(message: Message) -> list[dict[str, str]]:
    if message.role not in _FROM:
        raise RowError("cannot_write", f"ShareGPT has no {message.role} turn")
    if message.name is not None and message.role != "tool":
        raise RowError("cannot_write", "ShareGPT has no place for names")
    text = wrapped(message)
    turns = []
    if text or not message.tool_calls:
        turns.append({"from": _FROM[message.role], "value": text})
    if message.tool_calls:
        calls = [plain_call(call["function"]) for call in canonical_calls(message.tool_calls)]
        turns.append({"from": "function_call", "value": compact(calls[0] if len(calls) == 1 else calls)})
    return turns


def renumbered(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with ids in order of calls, compact arguments, and no tool name that its call tells."""
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    result = []
    for message in messages:
        changes: dict[str, Any] = {}
        if message.tool_calls:
            calls = canonical_calls(message.tool_calls)
            for call in calls:
                fresh = f"call_{len(ids)}"
                ids[call["id"]], names[call["id"]] = fresh, call["function"]["name"]
                function = plain_call(call["function"])
                if isinstance(function["arguments"], dict):
                    function["arguments"] = compact(function["arguments"])
                call["id"], call["function"] = fresh, function
            changes["tool_calls"] = compact(calls)
        call_id = message.tool_call_id
        if message.role == "tool" and call_id is not None:
            changes["tool_call_id"] = ids.get(call_id, call_id)
            if message.name == names.get(call_id):
                changes["name"] = None
        result.append(replace(message, **changes) if changes else message)
    return tuple(result)


SHAREGPT = Format("sharegpt", "conversations of from and value[, tools, system]", sniff, read, write)
