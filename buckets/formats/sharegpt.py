"""ShareGPT rows: conversations of from and value, with function_call and observation turns."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
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

_FROM = {"system": "system", "user": "human", "assistant": "gpt"}
_ANSWERS = ("gpt", "function_call")


def sniff(row: Row) -> str | None:
    return "conversations is a list of turns" if is_turns(row.get("conversations")) else None


def read(row: Row) -> Draft:
    """Turns with from and value (or role and content), `tools` as list or JSON string, a `system` text."""
    if "conversations" not in row:
        raise RowError("unexpected_keys", f"no conversations among {sorted(row)[:20]}")
    return read_chat(row, "conversations")


def write(record: Record) -> dict[str, Any]:
    """The row as LLaMA-Factory, TRL and axolotl read it; RowError("cannot_write") for what the form cannot hold.

    LLaMA-Factory skips a row whose turns do not alternate, human or observation first, and hands a function_call
    turn to its formatter as JSON, with reasoning in tags before it or with any text before a <tool_call>. So the
    results of parallel calls are one observation, and what is said beside calls stands in their turn. Ids of calls
    are not part of the form (results follow in the order of the calls), nor is the spacing inside arguments;
    everything else comes back as it was.
    """
    draft = record.draft
    turns: list[dict[str, str]] = []
    for is_result, group in groupby(draft.messages, lambda message: message.role == "tool"):
        messages = list(group)
        turns += [_observation(messages)] if is_result else [_turn(message) for message in messages]
    _check_order(turns)
    row: dict[str, Any] = {"conversations": turns}
    if draft.tools:
        row["tools"] = draft.tools
    row |= written_extras(draft)
    try:
        back = read(row)
    except RowError as error:
        raise RowError("cannot_write", f"the row would not be read back: {error.detail}") from error
    if renumbered(back.messages) != renumbered(draft.messages) or back.tools != draft.tools:
        raise RowError("cannot_write", "ShareGPT pairs results with calls by order, and tags in a text would be read")
    return row


def _turn(message: Message) -> dict[str, str]:
    if message.role not in _FROM:
        raise RowError("cannot_write", f"ShareGPT has no {message.role} turn")
    if message.name is not None:
        raise RowError("cannot_write", "ShareGPT has no place for names of speakers")
    text = wrapped(message)
    if not message.tool_calls:
        return {"from": _FROM[message.role], "value": text}
    calls = [plain_call(call["function"]) for call in canonical_calls(message.tool_calls)]
    value = compact(calls[0] if len(calls) == 1 else calls)
    if "tool_call>" in value or "think" in value:
        value = value.replace("<", "\\u003c")  # the same JSON, in which nobody finds a tag
    if message.content:
        value = f"{text}\n<tool_call>\n{value}\n</tool_call>"
    elif text:
        value = text + value
    return {"from": "function_call", "value": value}


def _observation(results: list[Message]) -> dict[str, str]:
    """One result as it is, several as a JSON list of {"content"}, which the reader takes apart again."""
    for message in results:
        wrapped(message)  # refuses reasoning
    value = results[0].content if len(results) == 1 else compact([{"content": result.content} for result in results])
    return {"from": "observation", "value": value}


def _check_order(turns: list[dict[str, str]]) -> None:
    """Refuse what LLaMA-Factory skips: it wants question or result and answer or call by turns, an answer last."""
    asked = turns[1:] if turns and turns[0]["from"] == "system" else turns
    for place, turn in enumerate(asked):
        if (turn["from"] in _ANSWERS) != (place % 2 == 1) or turn["from"] == "system":
            raise RowError("cannot_write", f"trainers skip a ShareGPT row whose turns do not alternate (turn {place})")
    if len(asked) % 2 or not asked:
        raise RowError("cannot_write", "trainers skip a ShareGPT row that does not end with an answer")


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
