"""Rows in the OpenAI chat form: messages with role and content, and optionally tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import read_tools
from buckets.formats.fields import extras, first_key, leftovers, parsed
from buckets.formats.format import Format, Row
from buckets.formats.turns import Turns, is_turns, read_turns
from buckets.record import Draft, Message, Record

KEYS = ("messages", "conversation", "dialogue", "dialog", "chat")
TOOL_KEYS = ("tools", "functions")
SYSTEM_KEYS = ("system", "system_prompt", "system_message")


def sniff(row: Row) -> str | None:
    key = _key(row)
    if key is None or not is_turns(row[key]):
        return None
    return f"{key} is a list of turns with roles" + (" and there are tools" if first_key(row, TOOL_KEYS) else "")


def _key(row: Row) -> str | None:
    for key in KEYS:
        if key in row and is_turns(row[key]):
            return key
    return first_key(row, KEYS)


def read(row: Row) -> Draft:
    """Messages as they stand; `messages` may also be a JSON string, or be called conversation, dialogue, chat."""
    key = _key(row)
    if key is None:
        raise RowError("unexpected_keys", f"no messages among {sorted(row)[:20]}")
    return read_chat(row, key)


Refine = Callable[[Turns, str | None], tuple[Turns, str | None, dict[str, Any]]]
"""Turns and tools as a row has them -> turns, tools and notes for meta, for formats whose calls stand in texts."""


def read_chat(row: Row, key: str, refine: Refine | None = None) -> Draft:
    """A draft from the turns under `key`, with the tools and a `system` text beside them."""
    turns = read_turns(row[key])
    extra = extras(row)
    tool_key = first_key(row, TOOL_KEYS)
    consumed = {key, *extra.keys, *([tool_key] if tool_key else [])}
    for name in SYSTEM_KEYS:
        system, first = row.get(name), turns.messages[0] if turns.messages else None
        if not isinstance(system, str) or not system.strip():
            continue
        if first is None or first.role != "system" or (name == "system" and first.content != system):
            turns = behind(Message("system", system), turns)
        elif first.content != system:
            continue  # the turns have their own: this one stays in meta
        consumed.add(name)
    tools, notes = read_tools(row[tool_key]) if tool_key else None, dict[str, Any]()
    if refine:
        turns, tools, notes = refine(turns, tools)
    return Draft(
        messages=turns.messages,
        tools=tools,
        reference=extra.reference,
        tests=extra.tests,
        schema=extra.schema,
        meta=leftovers(row, consumed, turns=turns.extra, **notes),
    )


def behind(first: Message, turns: Turns) -> Turns:
    """The turns behind one more message; what they held beside their text keeps to its message."""
    extra = {str(int(number) + 1): held for number, held in (turns.extra or {}).items()}
    return Turns((first, *turns.messages), extra or None)


def write(record: Record) -> dict[str, Any]:
    """The row as the OpenAI fine-tuning API takes it, but for `tools`, with gold, tests and schema beside the messages.

    `tools` is a JSON string, which TRL, axolotl and LLaMA-Factory parse: Arrow merges the keys of tools that are
    objects, gives them nulls, and does not load a file whose tools differ in the types of one key.
    Of what the raw turns held beside their text, `weight` (0: not trained on) is the API's own and is written back.
    """
    draft = record.draft
    row: dict[str, Any] = {"messages": [_turn(message) for message in draft.messages]}
    for place, weight in turn_weights(draft).items():
        row["messages"][place]["weight"] = weight
    if draft.tools:
        row["tools"] = draft.tools
    row |= written_extras(draft)
    try:
        back = read(row)
    except RowError as error:
        raise RowError("cannot_write", f"the row would not be read back: {error.detail}") from error
    if back.messages != draft.messages or back.tools != draft.tools:
        raise RowError("cannot_write", "the tools, calls or results of the record are not in canonical form")
    return row


def turn_weights(draft: Draft) -> dict[int, int | float]:
    """Message number -> loss weight, for the assistant turns that had one."""
    key = "turns"
    while f"{key}_" in draft.meta:  # the row had a key of that name; the reader's own note has the longest
        key += "_"
    beside = draft.meta.get(key)
    found: dict[int, int | float] = {}
    for place, message in enumerate(draft.messages):
        turn = beside.get(str(place)) if isinstance(beside, dict) else None
        weight = turn.get("weight") if isinstance(turn, dict) else None
        if message.role == "assistant" and isinstance(weight, int | float) and not isinstance(weight, bool):
            found[place] = weight
    return found


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.reasoning is not None:
        turn["reasoning_content"] = message.reasoning
    if message.tool_calls is not None:
        turn["tool_calls"] = parsed(message.tool_calls)
    for key, value in (("tool_call_id", message.tool_call_id), ("name", message.name)):
        if value is not None:
            turn[key] = value
    return turn


OPENAI_MESSAGES = Format("openai_messages", "messages of role and content[, tools]", sniff, read, write)
