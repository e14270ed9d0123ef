"""Seeded conversations of every shape that a loss mask must survive."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from buckets import Message

SHAPES = ("plain", "system", "turns", "call", "parallel", "reasoning", "agent", "reasoned_turns", "mixed")
_WORDS = [
    "the",
    "weather",
    "in",
    "Paris",
    "is",
    "21",
    "degrees",
    "and",
    "sunny",
    "today",
    "café",
    "naïve",
    "東京",
    "☕",
    "def",
    "main():",
    "return",
    "x",
    "+",
    "1",
    "because",
    "therefore",
    "first",
    "second",
    "please",
    "thanks",
    "answer",
    "<b>bold</b>",
    "a|b",
    "{json:",
    "true}",
    "https://example.org",
    "1234",
    "-5.7",
    "e.g.",
    "semi;colon",
]


@dataclass(frozen=True)
class Talk:
    """One conversation with its tools (JSON) and the shape that made it."""

    id: str
    shape: str
    messages: tuple[Message, ...]
    tools: str | None


def talks(count: int, seed: int = 0) -> Iterator[Talk]:
    """`count` conversations, the shapes in turn."""
    for number in range(count):
        shape = SHAPES[number % len(SHAPES)]
        rng = random.Random(f"{seed} {number}")
        yield _talk(f"{shape}-{number}", shape, rng)


def _talk(id: str, shape: str, rng: random.Random) -> Talk:
    messages = [Message("system", _text(rng))] if shape in ("system", "agent", "mixed") or rng.random() < 0.3 else []
    rounds = {"plain": 1, "system": 1, "call": 1, "parallel": 1, "reasoning": 1, "agent": 1}.get(shape)
    for _ in range(rounds or rng.randint(2, 4)):
        messages.append(Message("user", _text(rng)))
        if shape in ("call", "parallel", "agent") or (shape == "mixed" and rng.random() < 0.6):
            for _ in range(rng.randint(2, 3) if shape == "agent" else 1):
                messages += _called(rng, 2 if shape == "parallel" else 1, shape in ("agent", "mixed"))
        thought = _text(rng) if shape in ("reasoning", "reasoned_turns", "agent", "mixed") else None
        messages.append(Message("assistant", _text(rng), reasoning=thought))
    called = any(m.tool_calls for m in messages)
    return Talk(id, shape, tuple(messages), _tools() if called else None)


def _called(rng: random.Random, width: int, thinks: bool) -> list[Message]:
    ids = [f"call{rng.randint(1, 10**8):09d}" for _ in range(width)]
    calls = [
        {
            "id": id,
            "type": "function",
            "function": {"name": "weather", "arguments": json.dumps({"city": _text(rng), "days": rng.randint(1, 9)})},
        }
        for id in ids
    ]
    content = _text(rng) if rng.random() < 0.3 else ""
    # one template (gpt-oss) refuses a call with both content and reasoning
    thought = _text(rng) if thinks and not content and rng.random() < 0.5 else None
    asked = Message("assistant", content, reasoning=thought, tool_calls=json.dumps(calls))
    return [asked, *(Message("tool", _text(rng), tool_call_id=id, name="weather") for id in ids)]


def _text(rng: random.Random) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(2, 12)))


def _tools() -> str:
    properties = {"city": {"type": "string", "description": "a city"}, "days": {"type": "integer", "description": "n"}}
    parameters = {"type": "object", "properties": properties, "required": ["city", "days"]}
    function = {"name": "weather", "description": "The weather.", "parameters": parameters}
    return json.dumps([{"type": "function", "function": function}])
