"""OpenAI Harmony conversations (gpt-oss): messages with a channel, a recipient and a content type.

A channel message is a part of a turn: `analysis` is the reasoning of the turn behind it, `commentary` to a function is
a call, `commentary` to nobody is what the assistant says before its calls, `final` is the answer. NOT covered: audio
and images, and the TypeScript of a developer turn's tool list (it stays in the developer's text; `tools` beside the
messages is read).
"""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import read_tools
from buckets.formats.channels import CHANNELS, Joined, check_back, parts_of
from buckets.formats.fields import extras, first_key, leftovers, parsed
from buckets.formats.format import Format, Row
from buckets.formats.turns import is_turns
from buckets.record import Draft, Record

_KEYS = ("messages", "conversation", "conversations")


def sniff(row: Row) -> str | None:
    key = _key(row)
    return f"{key} have channels (Harmony)" if key else None


def _key(row: Row) -> str | None:
    return next((key for key in _KEYS if is_turns(row.get(key)) and _has_channel(row[key])), None)


def _has_channel(value: Any) -> bool:
    turns = parsed(value) if isinstance(value, str) else value
    return any(isinstance(turn, dict) and turn.get("channel") in CHANNELS for turn in turns)


def read(row: Row) -> Draft:
    key = _key(row) or next((key for key in _KEYS if is_turns(row.get(key))), None)
    if key is None:
        raise RowError("unexpected_keys", f"no messages with channels among {sorted(row)[:20]}")
    turns = parsed(row[key]) if isinstance(row[key], str) else row[key]
    joined = Joined()
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict):
            raise RowError("bad_messages", f"turn {number} is not an object")
        joined.add(turn)
    extra = extras(row)
    tool_key = first_key(row, ("tools", "functions"))
    used = {key, *extra.keys, *([tool_key] if tool_key else [])}
    messages, notes = joined.result()
    return Draft(
        messages=messages,
        tools=read_tools(row[tool_key]) if tool_key else None,
        reference=extra.reference,
        tests=extra.tests,
        schema=extra.schema,
        meta=leftovers(row, used, turns=notes),
    )


def write(record: Record) -> dict[str, Any]:
    """The conversation as openai_harmony takes it, `tools` beside it. Ids of calls are not part of the form."""
    row: dict[str, Any] = {"messages": parts_of(record.draft)}
    if record.draft.tools:
        row["tools"] = parsed(record.draft.tools)
    row |= written_extras(record.draft)
    check_back(read(row), record.draft)
    if sniff(row) is None:
        raise RowError("cannot_write", "no message has a channel: the record has no assistant turn")
    return row


HARMONY = Format(
    "harmony", "messages with channels: analysis, commentary to functions, final[, tools]", sniff, read, write
)
