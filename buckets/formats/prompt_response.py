"""Rows of a prompt and its response, with an optional history of earlier pairs."""

from __future__ import annotations

from itertools import product
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import opening, written_extras, written_pairs
from buckets.formats.calls import read_tools
from buckets.formats.fields import extras, first_key, leftovers, text
from buckets.formats.format import Format, Row
from buckets.formats.turns import is_turns, read_turns
from buckets.record import Draft, Record

_PAIRS = (
    *product(("prompt", "query", "question"), ("response", "completion")),
    ("prompt", "answer"),
    ("prompt", "output"),
    ("input", "target"),
    ("inputs", "targets"),
)
_PLAIN = ("target",)


def sniff(row: Row) -> str | None:
    pair = _pair(row)
    return f"has {pair[0]} and {pair[1]}" if pair else None


def _pair(row: Row) -> tuple[str, str] | None:
    if "input" in row and "output" in row and (is_turns(row["input"]) or not _other_text(row)):
        return "input", "output"
    for pair in _PAIRS:
        if pair[0] in row and pair[1] in row and (pair[1] not in _PLAIN or not _other_text(row)):
            return pair
    return None


def _other_text(row: Row) -> bool:
    """Whether a row of input and output holds more that the answer may rest on (code, a question)."""
    known = {"system", "history", "id", "source", "category", "kind", "task", "task_name", "licence", "license"}
    known |= {"input", "output", "target", "system_prompt", "task_source", "template_type", "language"}
    return any(key not in known for key in row)


def read(row: Row) -> Draft:
    """Prompt and response are text or lists of turns (TRL's conversational form)."""
    pair = _pair(row)
    if pair is None:
        raise RowError("unexpected_keys", f"no prompt with a response or completion among {sorted(row)[:20]}")
    extra = extras(row)
    tool_key = first_key(row, ("tools",))
    consumed = {*pair, *extra.keys, *([tool_key] if tool_key else [])}
    if pair[0] == "inputs" and isinstance(row.get("definition"), str):  # Super-NaturalInstructions
        consumed.add("definition")
        row = {**row, "inputs": f"{row['definition']}\n\n{text(row, 'inputs')}"}
    start = opening(row, consumed)
    turns = read_turns([*_turns(row, pair[0], "user"), *_turns(row, pair[1], "assistant")])
    messages = (*start, *turns.messages)
    tools = read_tools(row[tool_key]) if tool_key else None
    meta = leftovers(row, consumed, turns=turns.extra)
    return Draft(messages, tools, extra.reference, extra.tests, extra.schema, meta)


def _turns(row: Row, key: str, role: str) -> list[object]:
    value = row[key]
    if isinstance(value, dict) and is_turns([value]):
        return [value]
    if isinstance(value, list) and is_turns(value):
        return value
    return [{"role": role, "content": text(row, key)}]


def write(record: Record) -> dict[str, Any]:
    """`query`, `response` and earlier turns in `history`, as ms-swift and the ChatGLM family read them."""
    start, pairs = written_pairs(record.draft, "query and response")
    row: dict[str, Any] = {**start, "query": pairs[-1][0], "response": pairs[-1][1]}
    if len(pairs) > 1:
        row["history"] = pairs[:-1]
    return row | written_extras(record.draft)


PROMPT_RESPONSE = Format(
    "prompt_response", "prompt or query, and response or completion[, history]", sniff, read, write
)
