"""Conversations as plain values for comparison, and the changes that peers are known to make to them.

A row is equal when what the peer ends up with is, value by value, what we wrote: roles, texts, reasoning, calls with
their arguments, which call a result answers, tools. Spacing inside JSON and ids of calls are no values.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

import orjson

from buckets import FORMATS, Draft
from buckets.formats.sharegpt import renumbered

Plain = dict[str, Any]
ROLES = {"human": "user", "gpt": "assistant", "function_call": "assistant", "observation": "tool"}
"""ShareGPT's names of roles, in the words of chat templates."""


@dataclass(frozen=True)
class Change:
    """What a peer declares or is known to do: made to what we expect, and where needed to what was found."""

    reason: str
    expected: Callable[[Plain], Plain]
    found: Callable[[Plain], Plain] = lambda plain: plain


def plain(draft: Draft) -> Plain:
    """{"tools", "turns"}; a turn has role, content, reasoning, calls as [name, arguments], and the call it answers."""
    turns = []
    for message in renumbered(draft.messages):
        calls = [call["function"] for call in json.loads(message.tool_calls or "[]")]
        turns.append(
            {
                "role": message.role,
                "content": message.content,
                "reasoning": message.reasoning,
                "calls": [[call["name"], _value(call["arguments"])] for call in calls],
                "answers": message.tool_call_id,
            }
        )
    return {"tools": json.loads(draft.tools) if draft.tools else None, "turns": turns}


def plain_of_messages(row: dict[str, Any]) -> Plain:
    """The same for {"messages", "tools"} as a peer gives them, read as OpenAI messages."""
    return plain(FORMATS["openai_messages"].read(row))


def turns_of_row(row: dict[str, Any]) -> Plain:
    """Tools and texts of a ShareGPT-like row, with the roles as templates call them."""
    turns = [[ROLES.get(turn["from"], turn["from"]), turn["value"]] for turn in row["conversations"]]
    first = [["system", row["system"]]] if row.get("system") else []
    return {"tools": json.loads(row.get("tools") or "null"), "turns": [*first, *turns]}


def turns_of_messages(row: dict[str, Any]) -> Plain:
    turns = [[turn["role"], turn.get("content", "")] for turn in row["messages"]]
    return {"tools": row["tools"], "turns": turns}


def _value(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _thinking_off(side: Plain) -> Plain:
    side = copy.deepcopy(side)
    first = side["turns"][0]
    if first["role"] == "system" and first["content"]:
        told = "detailed thinking" in first["content"] and not side["tools"]
        first["content"] += "" if told else "\n" if side["tools"] else "\ndetailed thinking off"
    elif not side["tools"]:
        blank: Plain = {"content": "detailed thinking off", "reasoning": None, "calls": [], "answers": None}
        side["turns"].insert(0, {"role": "system", **blank})
    return side


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Plain], Plain]:
    return lambda side: {**side, "turns": [change(turn) for turn in side["turns"]]}


def _joined(side: Plain) -> Plain:
    turns: list[dict[str, Any]] = []
    for role, group in groupby(side["turns"], lambda turn: str(turn["role"])):
        members = list(group)
        if role == "tool":
            texts = "\n</tool_response>\n<tool_response>\n".join(turn["content"] for turn in members)
            members = [{**members[0], "content": texts}]
        turns += members
    return _unanswered({**side, "turns": turns})


_unanswered = _each(lambda turn: {**turn, "answers": None})


def _as_text(turn: dict[str, Any]) -> dict[str, Any]:
    return {**turn, "calls": [[name, orjson.dumps(arguments).decode()] for name, arguments in turn["calls"]]}


def _roles(side: Plain) -> Plain:
    return {**side, "turns": [[ROLES.get(role, role), text] for role, text in side["turns"]]}


CHANGES: dict[str, Change] = {
    "thinking_off": Change(
        "its openai converter writes `detailed thinking off` into the system text, or a line end where there are tools",
        _thinking_off,
    ),
    "no_reasoning": Change(
        "its openai converter does not read reasoning_content", _each(lambda turn: {**turn, "reasoning": None})
    ),
    "no_text_beside_calls": Change(
        "its openai converter puts the calls in the place of the text beside them",
        _each(lambda turn: {**turn, "content": ""} if turn["calls"] else turn),
    ),
    "results_joined": Change(
        "its openai converter joins the results of parallel calls into one observation", _joined, _unanswered
    ),
    "arguments_as_string": Change(
        "its openai converter leaves arguments a string, and the call is rendered with a string for its arguments",
        _each(_as_text),
    ),
    "roles_not_mapped": Change(
        "it renames the keys from and value but not the roles: templates get human, gpt, function_call", _roles, _roles
    ),
    "no_system_beside": Change(
        "it does not read a system text that stands beside the turns",
        lambda side: {**side, "turns": [turn for turn in side["turns"] if turn[0] != "system"]},
    ),
    "blank_system": Change(
        "where the system text beside the turns is null, it makes a system turn without content of it",
        lambda side: side,
        lambda side: {**side, "turns": [turn for turn in side["turns"] if turn != ["system", ""]]},
    ),
}


def needed(expected: Plain, found: Plain, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The fewest of the declared changes that explain what was found; none where it is equal; None where none do."""
    for size in range(len(names) + 1):
        for some in combinations(names, size):
            if _equal(expected, found, some):
                return some
    return None


def _equal(expected: Plain, found: Plain, names: tuple[str, ...]) -> bool:
    for name in names:
        expected, found = CHANGES[name].expected(expected), CHANGES[name].found(found)
    return expected == found
