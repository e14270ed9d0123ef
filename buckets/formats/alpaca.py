"""Alpaca rows: instruction, input, output or response, and optionally system and history."""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import extras, filled_key, first_key, leftovers, text
from buckets.formats.format import Format, Row
from buckets.formats.thought import answered, wrapped
from buckets.record import Draft, Message, Record

_INPUTS = ("input", "context")
_ANSWERS = ("output", "response")
_SYSTEMS = ("system", "system_prompt", "system_message")
_PLAIN = {"instruction", "input", "output"}


def sniff(row: Row) -> str | None:
    answer = first_key(row, _ANSWERS)
    return f"has instruction and {answer}" if "instruction" in row and answer else None


def read(row: Row) -> Draft:
    """Prompt = instruction, a blank line, input (when not blank); placeholders such as "N/A" stay as they are."""
    if row.keys() == _PLAIN and all(type(value) is str for value in row.values()):
        return Draft((Message("user", prompt(row, "input")), answered(row["output"])))  # nearly all rows, the quick way
    answer_key = filled_key(row, _ANSWERS)
    if "instruction" not in row or answer_key is None:
        raise RowError("unexpected_keys", f"no instruction with output or response among {sorted(row)[:20]}")
    input_key = filled_key(row, _INPUTS)
    answer = text(row, answer_key)
    extra = extras(row)
    consumed = {"instruction", answer_key, *extra.keys, *([input_key] if input_key else [])}
    consumed |= {key for key in _ANSWERS if row.get(key) == answer}  # some sets write the answer twice
    messages = [*opening(row, consumed), Message("user", prompt(row, input_key)), answered(answer)]
    return Draft(tuple(messages), None, extra.reference, extra.tests, extra.schema, leftovers(row, consumed))


def prompt(row: Row, input_key: str | None) -> str:
    instruction = text(row, "instruction")
    context = text(row, input_key) if input_key else ""
    if not context.strip():
        return instruction
    return f"{instruction}\n\n{context}" if instruction.strip() else context


def opening(row: Row, consumed: set[str]) -> list[Message]:
    """System message and earlier turns; adds the keys it used to `consumed`."""
    messages = []
    key = first_key(row, _SYSTEMS) or "system"
    system = row.get(key)
    if isinstance(system, str) or system is None:
        consumed.add(key)
        if system and system.strip():
            messages.append(Message("system", system))
    for pair in history(row.get("history")):
        messages += [Message("user", pair[0]), answered(pair[1])]
    consumed.add("history")
    return messages


def history(value: object) -> list[tuple[str, str]]:
    """Earlier [prompt, answer] pairs. Raises RowError("bad_history")."""
    if value is None or value in ("", [], {}):
        return []
    pairs: list[Any] = value if isinstance(value, list) else [value]
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str | None) for part in pair):
            raise RowError("bad_history", "history is not a list of [prompt, answer] pairs of text")
    return [(pair[0] or "", pair[1] or "") for pair in pairs]


def write(record: Record) -> dict[str, Any]:
    """Earlier turns in `history`; raises RowError("cannot_write") for what Alpaca cannot hold."""
    draft = record.draft
    start, pairs = written_pairs(draft, "Alpaca")
    row: dict[str, Any] = {"instruction": pairs[-1][0], "input": "", "output": pairs[-1][1], **start}
    if len(pairs) > 1:
        row["history"] = pairs[:-1]
    return row | written_extras(draft)


def written_pairs(draft: Draft, name: str) -> tuple[dict[str, str], list[list[str]]]:
    """The system text, and the turns as [question, answer] pairs. RowError where they are anything else."""
    messages = list(draft.messages)
    start: dict[str, str] = {}
    if messages and messages[0].role == "system":
        start["system"] = messages.pop(0).content
        if not start["system"].strip():
            raise RowError("cannot_write", f"{name} cannot tell a blank system message from none")
    roles = [message.role for message in messages]
    if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
        raise RowError("cannot_write", f"{name} holds questions and answers by turns, not {' '.join(roles) or 'none'}")
    if draft.tools or any(_more(message) for message in draft.messages):
        raise RowError("cannot_write", f"{name} has no place for tools, ids or names")
    texts = [wrapped(message) for message in messages]
    return start, [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]


def _more(message: Message) -> bool:
    beside = (message.tool_calls, message.tool_call_id, message.name)
    return any(value is not None for value in beside)


def written_extras(draft: Draft) -> dict[str, Any]:
    """Gold, tests and schema under the keys that every reader knows."""
    values = {"reference": draft.reference, "tests": draft.tests, "schema": draft.schema}
    return {key: value for key, value in values.items() if value is not None}


ALPACA = Format("alpaca", "instruction, input, output or response[, system, history]", sniff, read, write)
