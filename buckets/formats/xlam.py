"""xLAM and APIGen rows: a query, its tools and the calls that answer it, the last two as JSON strings.

Does not cover: APIGen-MT, whose rows are ShareGPT turns and are read as such.
"""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import Calls, bare_tools, canonical_calls, plain_call, read_tools
from buckets.formats.fields import compact, extras, leftovers, parsed, text
from buckets.formats.format import Format, Row
from buckets.formats.python_types import object_schema
from buckets.formats.tagged import held
from buckets.record import Draft, Message, Record


def sniff(row: Row) -> str | None:
    if not isinstance(row.get("query"), str) or "tools" not in row:
        return None
    answers = _list(row.get("answers"))
    if answers is None or not all(isinstance(call, dict) and "name" in call for call in answers):
        return None
    return "has query, tools and answers that are calls"


def _list(value: object) -> list[Any] | None:
    value = parsed(value) if isinstance(value, str) else value
    return value if isinstance(value, list) else None


def read(row: Row) -> Draft:
    """One question and the calls that answer it; no call (an irrelevant question) is an empty answer.

    Tools in xLAM's own {"param": {"type": "int, optional", ...}} become JSON Schema, and meta["tools"]
    keeps them as they were. Raises RowError("bad_tool_call") or ("bad_tools").
    """
    missing = {"query", "tools", "answers"} - set(row)
    if missing:
        raise RowError("unexpected_keys", f"no {' and no '.join(sorted(missing))} among {sorted(row)[:20]}")
    answers = _list(row["answers"])
    if answers is None:
        raise RowError("bad_tool_call", f"the answers are no JSON list of calls: {str(row['answers'])[:200]}")
    calls, rests = Calls().make(answers)
    tools = read_tools(row["tools"])
    schemas = None if tools is None else compact([_tool(tool) for tool in parsed(tools)])
    extra = extras(row)
    consumed = {"query", "answers", *extra.keys, *(["tools"] if schemas == tools else [])}
    question = Message("user", text(row, "query"))
    turns = {"1": {"tool_calls": rests}} if any(rests) else None
    return Draft(
        messages=(question, Message("assistant", tool_calls=compact(calls) if calls else None)),
        tools=schemas,
        reference=extra.reference,
        tests=extra.tests,
        schema=extra.schema,
        meta=leftovers(row, consumed, turns=turns),
    )


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A canonical tool whose parameters are JSON Schema."""
    function = tool["function"]
    parameters = function.get("parameters")
    if not isinstance(parameters, dict) or not _is_own(parameters):
        return tool
    return {**tool, "function": {**function, "parameters": object_schema(parameters)}}


def _is_own(parameters: dict[str, Any]) -> bool:
    """Whether each key is a parameter with a description and a Python type, and not a word of JSON Schema.

    A parameter may itself be called `type` or `properties`, so the values tell, not the keys.
    """
    return bool(parameters) and all(
        isinstance(part, dict) and isinstance(part.get("type"), str) and isinstance(part.get("description", ""), str)
        for part in parameters.values()
    )


def write(record: Record) -> dict[str, Any]:
    """query, tools and answers; the parameters of the tools stay JSON Schema, which xLAM's form cannot always say."""
    draft = record.draft
    roles = [message.role for message in draft.messages]
    if roles != ["user", "assistant"] or draft.messages[1].content:
        raise RowError("cannot_write", f"xLAM holds one question and the calls that answer it, not {' '.join(roles)}")
    made = canonical_calls(draft.messages[1].tool_calls or "[]")
    row = {
        "query": draft.messages[0].content,
        "tools": compact(bare_tools(draft.tools)),
        "answers": compact([plain_call(call["function"]) for call in made]),
    }
    why = "xLAM has no place for names and reasoning, and reads parameters of its own form as JSON Schema"
    return held(row | written_extras(draft), draft, read, why)


XLAM = Format("xlam", "query, tools and answers, the last two as JSON strings", sniff, read, write)
