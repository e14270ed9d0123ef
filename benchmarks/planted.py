"""Dialogues that are right by construction, and the same with one fault of a known kind at a seeded place.

Dialogues are drawn by hypothesis (tests/contracts/conversations.py): several rounds, tools, parallel calls, results.
They are made valid here by rule: no blank text, arguments built from what the tool declares. Faults are the kinds of
the fault catalogue. A rate over these says that a kind is told whatever the dialogue around it, and nothing of how
often faults come in the wild.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from buckets import Message, Record
from tests.contracts.conversations import Shape, conversations

Turns = list[Message]
Damage = Callable[[Turns, list[Any], random.Random], bool]
"""Changes turns or tools in place; False where the dialogue has no place for this fault."""


def dialogues(count: int) -> list[Record]:
    """So many valid dialogues with calls, the same in every run of one version of hypothesis."""
    found: list[Record] = []
    shape = Shape(plain=False, reasoning=False)

    @settings(
        max_examples=2 * count, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(record=conversations(shape))
    def draw(record: Record) -> None:
        made = _valid(record)
        if len(found) < count and any(m.tool_calls for m in made.messages):
            found.append(made)

    draw()
    return found


def _valid(record: Record) -> Record:
    declared = {tool["function"]["name"]: tool["function"] for tool in json.loads(record.draft.tools or "[]")}
    turns = []
    for message in record.messages:
        calls = [_fitting(call, declared) for call in json.loads(message.tool_calls or "[]")]
        text = message.content if calls or message.content.strip() else "Yes."
        turns.append(replace(message, content=text, tool_calls=json.dumps(calls) if calls else None))
    return replace(record, draft=replace(record.draft, messages=tuple(turns), reference=None))


def _fitting(call: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any]:
    """The call with a value of its type for every declared argument."""
    properties = declared[call["function"]["name"]]["parameters"]["properties"]
    given_ = {
        key: "x" if "enum" in part else [{"n": 1}] if "items" in part else 1.5 for key, part in properties.items()
    }
    return {**call, "function": {**call["function"], "arguments": json.dumps(given_)}}


def planted(goods: list[Record], faults: dict[str, Damage], seed: int) -> Iterator[tuple[str, Record]]:
    """(fault, record): kinds in turn, each dialogue with the first kind from its turn on that has a place in it."""
    names = list(faults)
    for at, good in enumerate(goods):
        rng = random.Random(f"{seed} {at}")
        for step in range(len(names)):
            name = names[(at + step) % len(names)]
            turns, tools = list(good.messages), json.loads(good.draft.tools or "[]")
            if faults[name](turns, tools, rng):
                text = json.dumps(tools) if tools else None
                yield name, replace(good, draft=replace(good.draft, messages=tuple(turns), tools=text))
                break


def _places(turns: Turns, role: str, *, calls: bool | None = None) -> list[int]:
    return [at for at, m in enumerate(turns) if m.role == role and (calls is None or bool(m.tool_calls) == calls)]


def _put(turns: Turns, at: int | None, *new: Message, instead: int = 0) -> bool:
    if at is None:
        return False
    turns[at : at + instead] = new
    return True


def _any(places: list[int], rng: random.Random) -> int | None:
    return rng.choice(places) if places else None


def _change(turns: Turns, at: int | None, **fields: Any) -> bool:
    return at is not None and _put(turns, at, replace(turns[at], **fields), instead=1)


def _nothing(turns: Turns, _tools: list[Any], _rng: random.Random) -> bool:
    turns.clear()
    return True


def _late_system(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    return _put(turns, _any(_places(turns, "user")[1:], rng), Message("system", "Be brief."))


def _assistant_opens(turns: Turns, _tools: list[Any], _rng: random.Random) -> bool:
    return _put(turns, _places(turns, "user")[0], instead=1)


def _user_twice(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    return _put(turns, _any(_places(turns, "user"), rng), Message("user", "And then?"))


def _assistant_twice(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    return _put(turns, _any(_places(turns, "assistant", calls=False), rng), Message("assistant", "So it is."))


def _unanswered(turns: Turns, _tools: list[Any], _rng: random.Random) -> bool:
    del turns[_places(turns, "user")[0] + 1 :]
    return True


def _orphan(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    at = _any(_places(turns, "user"), rng)
    return _put(turns, None if at is None else at + 1, Message("tool", "4", tool_call_id="call_0"))


def _no_results(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    at = _any(_places(turns, "assistant", calls=True), rng)
    while at is not None and turns[at + 1].role == "tool":
        del turns[at + 1]
    return at is not None


def _user_after_result(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    ends = [at for at in _places(turns, "tool") if turns[at + 1].role == "assistant"]
    at = _any(ends, rng)
    return _put(turns, None if at is None else at + 1, Message("user", "And?"))


def _call_after_answer(turns: Turns, _tools: list[Any], _rng: random.Random) -> bool:
    calls = _places(turns, "assistant", calls=True)
    return bool(calls) and _put(turns, len(turns), turns[calls[0]])


CHAT: dict[str, Damage] = {
    "no turns at all": _nothing,
    "a role of no template": lambda t, _, rng: _change(t, rng.randrange(len(t)), role="robot"),
    "system in the middle": _late_system,
    "developer at the end": lambda t, _tools, _rng: _put(t, len(t), Message("developer", "Stop.")),
    "the assistant opens": _assistant_opens,
    "two user turns": _user_twice,
    "two assistant turns": _assistant_twice,
    "nothing to learn": _unanswered,
    "an empty answer in the middle": lambda t, _, rng: _change(
        t, _any(_places(t, "assistant", calls=False)[:-1], rng), content=" \n"
    ),
    "an empty question": lambda t, _, rng: _change(t, _any(_places(t, "user"), rng), content="\t"),
    "a result without a call": _orphan,
    "a call nobody answers": _no_results,
    "a user after a result": _user_after_result,
    "a call after the answer": _call_after_answer,
}


def _recall(change: Callable[[list[Any], random.Random], Any]) -> Damage:
    """A fault in the calls of one turn: `change` gives the new list, a text, or None where it has no place."""

    def damage(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
        at = _any(_places(turns, "assistant", calls=True), rng)
        made = None if at is None else change(json.loads(turns[at].tool_calls or "[]"), rng)
        return made is not None and _change(turns, at, tool_calls=made if isinstance(made, str) else json.dumps(made))

    return damage


def _function(**fields: Any) -> Damage:
    """Fields of the function of one call replaced."""

    def change(calls: list[Any], rng: random.Random) -> list[Any]:
        at = rng.randrange(len(calls))
        calls[at] = {**calls[at], "function": {**calls[at]["function"], **fields}}
        return calls

    return _recall(change)


def _arguments(change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Damage:
    def other(calls: list[Any], rng: random.Random) -> list[Any] | None:
        at = rng.randrange(len(calls))
        made = change(json.loads(calls[at]["function"]["arguments"]))
        if made is None:
            return None
        calls[at] = {**calls[at], "function": {**calls[at]["function"], "arguments": json.dumps(made)}}
        return calls

    return _recall(other)


def _missing(turns: Turns, tools: list[Any], rng: random.Random) -> bool:
    """The first argument that a tool requires is left out of one call."""
    required = {tool["function"]["name"]: tool["function"]["parameters"].get("required") for tool in tools}

    def change(calls: list[Any], _rng: random.Random) -> list[Any] | None:
        for at, call in enumerate(calls):
            if needs := required[call["function"]["name"]]:
                left = json.loads(call["function"]["arguments"])
                del left[needs[0]]
                calls[at] = {**call, "function": {**call["function"], "arguments": json.dumps(left)}}
                return calls
        return None

    return _recall(change)(turns, tools, rng)


def _result(**fields: Any) -> Damage:
    return lambda turns, _, rng: _change(turns, _any(_places(turns, "tool"), rng), **fields)


def _dropped_result(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    return _put(turns, _any(_places(turns, "tool"), rng), instead=1)


def _invented_result(turns: Turns, _tools: list[Any], rng: random.Random) -> bool:
    return _put(turns, _any(_places(turns, "tool"), rng), Message("tool", "9", tool_call_id="call_x"))


def _declared(**fields: Any) -> Damage:
    """Keywords of the parameters of one tool replaced."""

    def damage(_turns: Turns, tools: list[Any], rng: random.Random) -> bool:
        rng.choice(tools)["function"]["parameters"].update(fields)
        return True

    return damage


def _twice(_turns: Turns, tools: list[Any], _rng: random.Random) -> bool:
    inner = tools[0]["function"]
    tools.append({"type": "function", "function": {**inner, "parameters": {"type": "object", "maxProperties": 77}}})
    return True


TOOLS: dict[str, Damage] = {
    "a tool that is not declared": _function(name="zq_tool"),
    "a missing argument": _missing,
    "an argument of another type": _arguments(lambda given: {key: {"zq": 1} for key in given} or None),
    "an invented parameter": _arguments(lambda given: {**given, "zq_invented": 1}),
    "arguments that are no JSON": _function(arguments="city=Oslo"),
    "arguments that are a list": _function(arguments="[1]"),
    "a call without a name": _recall(lambda calls, _: [{"id": "c", "function": {"arguments": "{}"}}, *calls[1:]]),
    "calls cut in half": _recall(lambda calls, _: json.dumps(calls)[:-9]),
    "parallel calls with one id": _recall(lambda calls, _: [{**c, "id": "one"} for c in calls] if calls[1:] else None),
    "a result with a foreign id": _result(tool_call_id="call_x"),
    "a result of another tool": _result(name="zq_tool"),
    "a call without its result": _dropped_result,
    "a result that no tool gave": _invented_result,
    "a result after the answer": lambda t, _tools, _rng: _put(t, len(t), Message("tool", "9", tool_call_id="call_0")),
    "a call after the final answer": _call_after_answer,
    "required but forbidden": _declared(required=["zq_key"], additionalProperties=False),
    "minimum over maximum": _declared(
        properties={"a": {"type": "integer", "minimum": 9, "maximum": 1}}, required=["a"]
    ),
    "one tool declared twice": _twice,
}
