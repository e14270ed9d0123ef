"""The sides of a row that deduplication compares: what was asked, what was answered, and with which tools.

System prompts stand apart: many rows share one, and the same exchange under another one is still the same exchange.
Tool calls and JSON answers are compared by value: key order, spacing and call ids are dress.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import polars as pl

from curate.wording import without_courtesies, wording

_ASKING = ("user", "tool")


def views(frame: pl.DataFrame, *, reasoning: bool = True) -> pl.DataFrame:
    """id, prompt, answer, tools: the wordings of the two sides, a turn a line, and the tools as canonical JSON.

    `reasoning` counts traces as part of the answer. A row without turns on a side has "" there.
    """
    turns = _turns(frame, reasoning)
    sides = turns.group_by("row").agg(
        prompt=pl.col("said").filter(pl.col("role").is_in(_ASKING)).str.join("\n"),
        answer=pl.col("said").filter(pl.col("role") == "assistant").str.join("\n"),
    )
    every = frame.select("id", tools=_mapped(frame["tools"], canonical_tools)).with_row_index("row")
    found = every.join(sides, on="row", how="left", maintain_order="left")
    return found.select("id", pl.col("prompt").fill_null(""), pl.col("answer").fill_null(""), "tools")


def _turns(frame: pl.DataFrame, reasoning: bool) -> pl.DataFrame:
    """row, role, said: one line for each turn that is no system prompt, in order."""
    turns = (
        frame.select("messages")
        .with_row_index("row")
        .explode("messages", empty_as_null=False, keep_nulls=False)
        .unnest("messages")
        .filter(~pl.col("role").is_in(("system", "developer")))
    )
    said = wording(_mapped(turns["content"], canonical_answer))
    parts = [said.zip_with(turns["role"] != "user", without_courtesies(said))]
    if reasoning:
        parts.append(_wording_of_some(turns["reasoning"]))
    parts.append(_wording_of_some(_mapped(turns["tool_calls"], canonical_calls)))
    joined = pl.select(pl.concat_str([part.alias(str(k)) for k, part in enumerate(parts)], separator=" ")).to_series()
    return turns.select("row", "role", said=joined.str.strip_chars())


def _wording_of_some(texts: pl.Series) -> pl.Series:
    """Most rows have neither calls nor reasoning; only the others are worked on."""
    return wording(texts) if texts.null_count() < len(texts) else pl.repeat("", len(texts), eager=True)


def _mapped(texts: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """`change` over the distinct texts that may be JSON; others and null stay."""
    may_be = texts.str.contains(r"^\s*[\[{]").fill_null(False)
    distinct = texts.filter(may_be).unique()
    if distinct.is_empty():
        return texts
    changed = {text: change(text) for text in distinct.to_list()}
    return texts.replace(list(changed), list(changed.values()))


def canonical_answer(text: str) -> str:
    """A JSON text with sorted keys; any other text as it is."""
    return _json(text, lambda value: value)


def canonical_calls(text: str) -> str:
    """OpenAI tool calls as name and arguments only: ids differ from file to file."""
    return _json(text, lambda calls: [_call(call) for call in calls] if isinstance(calls, list) else calls)


def canonical_tools(text: str) -> str:
    """A tool list in order of name, with sorted keys."""
    return _json(text, lambda tools: sorted(tools, key=_text) if isinstance(tools, list) else tools)


def _json(text: str, change: Callable[[Any], Any]) -> str:
    try:
        return _text(change(orjson.loads(text)))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return text  # not JSON after all: compared as the text that it is


def _call(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return call
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = orjson.loads(arguments)
        except orjson.JSONDecodeError:
            arguments = function["arguments"]
    return {"name": function.get("name"), "arguments": arguments}


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
