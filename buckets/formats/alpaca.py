"""Alpaca rows: instruction, input, output or response, and optionally system and history."""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import extras, first_key, leftovers, text
from buckets.formats.format import Format, Row
from buckets.record import Draft, Message, Record

_INPUTS = ("input", "context")
_ANSWERS = ("output", "response")


def sniff(row: Row) -> str | None:
    answer = first_key(row, _ANSWERS)
    return f"has instruction and {answer}" if "instruction" in row and answer else None


def read(row: Row) -> Draft:
    """Prompt = instruction, a blank line, input (when not blank); placeholders such as "N/A" stay as they are."""
    answer_key = first_key(row, _ANSWERS)
    if "instruction" not in row or answer_key is None:
        raise RowError("unexpected_keys", f"no instruction with output or response among {sorted(row)[:20]}")
    input_key = first_key(row, _INPUTS)
    answer = text(row, answer_key)
    extra = extras(row)
    consumed = {"instruction", answer_key, *extra.keys, *([input_key] if input_key else [])}
    consumed |= {key for key in _ANSWERS if row.get(key) == answer}  # some sets write the answer twice
    messages = [*opening(row, consumed), Message("user", prompt(row, input_key)), Message("assistant", answer)]
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
    system = row.get("system")
    if isinstance(system, str) or system is None:
        consumed.add("system")
        if system and system.strip():
            messages.append(Message("system", system))
    for pair in history(row.get("history")):
        messages += [Message("user", pair[0]), Message("assistant", pair[1])]
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
    """One instruction and one output; raises RowError("cannot_write") for what Alpaca cannot hold."""
    draft = record.draft
    roles = [message.role for message in draft.messages]
    if roles not in (["user", "assistant"], ["system", "user", "assistant"]):
        raise RowError("cannot_write", f"Alpaca holds one question and one answer, not {' '.join(roles)}")
    if draft.tools or any(_more(message) for message in draft.messages):
        raise RowError("cannot_write", "Alpaca has no place for tools, reasoning, ids or names")
    row = {"instruction": draft.messages[-2].content, "input": "", "output": draft.messages[-1].content}
    if len(roles) == 3:
        row["system"] = draft.messages[0].content
        if not row["system"].strip():
            raise RowError("cannot_write", "Alpaca cannot tell a blank system message from none")
    return row | written_extras(draft)


def _more(message: Message) -> bool:
    beside = (message.reasoning, message.tool_calls, message.tool_call_id, message.name)
    return any(value is not None for value in beside)


def written_extras(draft: Draft) -> dict[str, Any]:
    """Gold, tests and schema under the keys that every reader knows."""
    values = {"reference": draft.reference, "tests": draft.tests, "schema": draft.schema}
    return {key: value for key, value in values.items() if value is not None}


ALPACA = Format("alpaca", "instruction, input, output or response[, system, history]", sniff, read, write)
