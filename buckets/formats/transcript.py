"""Rows whose dialogue is one text: transcripts in plain words, and texts that a chat template rendered."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import read_tools
from buckets.formats.fields import extras, leftovers
from buckets.formats.format import Format, Row
from buckets.formats.markers import marked_turns, style_of
from buckets.formats.thought import answered, wrapped
from buckets.formats.tokens import template_of, template_turns
from buckets.record import Draft, Message, Record

_KEYS = ("text", "transcript", "dialogue", "dialog", "conversation", "conversations", "chat", "messages", "content")
_NAMES = {"user": "Human", "assistant": "Assistant"}


def sniff(row: Row) -> str | None:
    key = _key(row)
    if key is None:
        return None
    how = template_of(row[key]) or style_of(row[key])
    return f"{key} is a dialogue in one text, {how}" if how else None


def _key(row: Row) -> str | None:
    """The usual names, else the row's only text."""
    texts = [key for key, value in row.items() if isinstance(value, str)]
    named = [key for key in _KEYS if key in texts]
    return named[0] if named else texts[0] if len(texts) == 1 else None


def read(row: Row) -> Draft:
    """The turns of the text; RowError("ambiguous_turns") where they cannot be told without doubt."""
    key = _key(row)
    if key is None:
        raise RowError("unexpected_keys", f"no text with a dialogue among {sorted(row)[:20]}")
    turns = template_turns(row[key]) if template_of(row[key]) else marked_turns(row[key])
    for number, ((role, content), (after, _)) in enumerate(pairwise(turns)):
        # Printed without their calls, such turns say what no assistant said (tau-bench's few shots).
        if role == "assistant" and after == "tool" and content.strip() in ("None", "null"):
            raise RowError(
                "lost_turn", f"turn {number} is the word {content.strip()}, where a tool call must have been"
            )
    extra = extras(row)
    consumed = {key, *extra.keys}
    tools = read_tools(row["tools"]) if "tools" in row else None
    if "tools" in row:
        consumed.add("tools")
    return Draft(
        messages=tuple(answered(content) if role == "assistant" else Message(role, content) for role, content in turns),
        tools=tools,
        reference=extra.reference,
        tests=extra.tests,
        schema=extra.schema,
        meta=leftovers(row, consumed),
    )


def write(record: Record) -> dict[str, Any]:
    """`text` as "\\n\\nHuman: ...\\n\\nAssistant: ..."; RowError("cannot_write") where it would be read otherwise."""
    draft = record.draft
    text = ""
    for number, message in enumerate(draft.messages):
        if message.tool_calls is not None or message.tool_call_id is not None or message.name is not None:
            raise RowError("cannot_write", "a transcript has no place for tool calls, ids or names")
        if message.role == "system" and number == 0:
            text += wrapped(message)
        elif message.role in _NAMES:
            text += f"\n\n{_NAMES[message.role]}: {wrapped(message)}"
        else:
            raise RowError("cannot_write", f"a transcript has no {message.role} turn at place {number}")
    row = {"text": text, **written_extras(draft)}
    if draft.tools:
        row["tools"] = draft.tools
    try:
        back = read(row)
    except RowError as error:
        raise RowError("cannot_write", f"the text would not be read back: {error.detail}") from error
    if (back.messages, back.tools) != (draft.messages, draft.tools) or sniff(row) is None:
        raise RowError("cannot_write", "a turn holds a marker, so the text would be cut at another place")
    return row


TRANSCRIPT = Format("transcript", "one text with its turns between markers or template tokens", sniff, read, write)
