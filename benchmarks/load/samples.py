"""Conversations to be written in each format and read by other tools: seeded, of the shapes that readers differ in.

Each row's first question starts with its number, `#7# `, so that a row is known again whatever order a peer leaves.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import orjson

from buckets import FORMATS, Draft, Message, Record, RowError

_TEXTS = (
    "Plain words.",
    "",
    " spaces around ",
    "line one\n\nline two\n",
    "日本語のテキストと 中文",
    "🙂‍↔️ naïve Größe Ωμέγα",
    '{"json": ["in", "text"]}',
    '<b>marks</b> & \\n "quotes" it\'s {{braces}}',
    "print('x')\n\tif a < b: pass",
    "### Heading\n- item",
)
_ANSWERS = (*_TEXTS, "null", "[1, 2]")
_VALUES: tuple[Any, ...] = (
    "Köln",
    "",
    3,
    -0.5,
    True,
    None,
    [1, "b", None],
    {"deep": {"list": [{"x": 1}, {"y": None}]}},
    [],
    {},
)
_PROPERTIES: tuple[Any, ...] = (
    {"type": "string", "enum": ["x", "y"]},
    {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    {"type": ["number", "null"], "default": None},
    {"type": "string", "default": "z", "description": "Which one."},
    {"anyOf": [{"type": "integer"}, {"type": "string"}]},
)


@dataclass(frozen=True)
class Shape:
    """What may occur in the conversations of a format's kind."""

    rounds: int = 3
    tools: bool = True
    parallel: int = 3
    reasoning: bool = True
    always_reasoning: bool = False
    beside: bool = True
    """Text beside calls."""
    system: bool = True
    closed: bool = True
    """Results and an answer follow the calls."""
    developer: bool = False


SHAPES: dict[str, Shape] = {
    "openai_messages": Shape(developer=True),
    "sharegpt": Shape(),
    "hermes": Shape(),
    "toolace": Shape(reasoning=False, beside=False),
    "glaive": Shape(reasoning=False, parallel=1),
    "xlam": Shape(rounds=1, reasoning=False, beside=False, system=False, closed=False),
    "alpaca": Shape(tools=False),
    "harmony": Shape(beside=False),
    "harmony_text": Shape(beside=False),
    "reasoning": Shape(tools=False, always_reasoning=True),
    "prompt_response": Shape(tools=False),
    "transcript": Shape(tools=False),
}
"""Every format with a writer; the export of a run takes the conversations of `sharegpt`."""


def samples(form: str, count: int, seed: int) -> tuple[list[tuple[Record, dict[str, Any]]], int]:
    """`count` records with the rows that our writer makes of them, and how many its writer refused on the way."""
    write = FORMATS[form].write
    if write is None:
        raise ValueError(f"format {form} has no writer")
    rng = random.Random(f"{form}:{seed}")
    held: list[tuple[Record, dict[str, Any]]] = []
    refused = 0
    while len(held) < count:
        if refused > 20 * count:
            raise ValueError(f"the writer of {form} refuses nearly all conversations of its own kind")
        record = conversation(len(held), SHAPES[form], rng)
        try:
            held.append((record, write(record)))
        except RowError:
            refused += 1
    return held, refused


def conversation(number: int, shape: Shape, rng: random.Random) -> Record:
    """One conversation; ids are call_0, call_1, ... and arguments compact, as formats without ids give them back."""
    tools = (
        [_tool(name, rng) for name in _names(rng)] if shape.tools and (rng.random() < 0.7 or not shape.closed) else []
    )
    messages: list[Message] = []
    if shape.system and rng.random() < 0.5:
        messages.append(Message("system", rng.choice([text for text in _TEXTS if text.strip()])))
    if shape.developer and rng.random() < 0.2:
        messages.append(Message("developer", "Answer in the user's language."))
    count = 0
    for round_number in range(rng.randint(1, shape.rounds)):
        text = rng.choice(_TEXTS)
        messages.append(Message("user", f"#{number}# {text}" if round_number == 0 else text))
        for _ in range(rng.randint(0 if shape.closed else 1, 2 if shape.closed else 1) if tools else 0):
            calls = [_call(f"call_{count + place}", tools, rng) for place in range(rng.randint(1, shape.parallel))]
            count += len(calls)
            beside = rng.choice(("", "", "Let me look.", "Ich sehe nach: größer?\n")) if shape.beside else ""
            messages.append(Message("assistant", beside, _thought(shape, rng), _json(calls)))
            if shape.closed:
                messages += [Message("tool", rng.choice(_ANSWERS), tool_call_id=call["id"]) for call in calls]
        if shape.closed or not tools:
            messages.append(Message("assistant", rng.choice(_ANSWERS), _thought(shape, rng)))
    return Record(f"load/{number}", "load", Draft(tuple(messages), _json(tools) if tools else None))


def _thought(shape: Shape, rng: random.Random) -> str | None:
    if not shape.always_reasoning and (not shape.reasoning or rng.random() < 0.6):
        return None
    return rng.choice(("First I look.", "Erst\n\nnachdenken: ü → ö", "2 < 3, so yes."))


def _names(rng: random.Random) -> list[str]:
    return rng.sample(("look_up", "get_weather", "v1_users", "Suche"), rng.randint(1, 3))


def _tool(name: str, rng: random.Random) -> dict[str, Any]:
    """Tools of which no two have the same keys, as in any set that was put together from several."""
    keys = rng.sample(("city", "from", "größe", "n", "x_y"), rng.randint(0, 3))
    function: dict[str, Any] = {"name": name}
    if rng.random() < 0.6:
        function["description"] = f"Does {name}."
    function["parameters"] = {"type": "object", "properties": {key: rng.choice(_PROPERTIES) for key in keys}}
    if rng.random() < 0.5:
        function["parameters"]["required"] = keys
    return {"type": "function", "function": function}


def _call(call_id: str, tools: list[dict[str, Any]], rng: random.Random) -> dict[str, Any]:
    keys = rng.sample(("city", "from", "größe", "n"), rng.randint(0, 3))
    arguments = {key: rng.choice(_VALUES) for key in keys}
    name = rng.choice(tools)["function"]["name"]
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": _json(arguments)}}


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
