"""Generated conversations in canonical form, of the shapes that formats differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from hypothesis import strategies as st

from buckets import Draft, Message, Record

TRICKY = (
    "",
    " ",
    "\n",
    "a\n\n\nb ",
    "日本語のテキスト",
    "🙂‍↔️ naïve",
    "\x00\x1f",
    "{}",
    "[1]",
    '"',
    "it's",
    "\\n",
    "a <b> & c",
)
TEXTS = st.sampled_from(TRICKY) | st.text(st.characters(codec="utf-8"), max_size=20)
WORDS = st.text("abcdefgh äß,.?!", min_size=1, max_size=20).map(str.strip).filter(bool)
"""Text of the plain kind, for shapes where odd text is refused by design."""
NAMES = st.sampled_from(
    ("look_up", "get.weather", "Market Trends API", "v1/users", "f", "Suche_ä", "User Feed (Posts) V2")
)
KEYS = st.sampled_from(("a", "b", "city", "from", "sort-by", "x.y", "größe", "zip code"))
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXTS, inner, max_size=3),
    max_leaves=4,
)
ARGUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)


@dataclass(frozen=True)
class Shape:
    """What may occur in a conversation of a format's kind."""

    rounds: int = 3
    """Most questions."""
    system: bool = True
    tools: bool = True
    plain: bool = True
    """Conversations without tools, too."""
    parallel: int = 3
    """Most calls a turn; 0: none."""
    steps: int = 2
    """Most turns with calls for one question."""
    closed: bool = True
    """Results and a last answer follow the calls."""
    beside: bool = True
    """Text beside calls."""
    reasoning: bool = True
    silent: bool = True
    """Answers without reasoning, too."""
    developer: bool = False
    held: int = 210
    """Of 250 so many at least come back equal; the others have a text or a name that the format cannot hold."""


@st.composite
def conversations(draw: st.DrawFn, shape: Shape = Shape()) -> Record:
    """Ids are call_0, call_1, ... and arguments compact, so that a format without ids can give them back."""
    tools = draw(_tools()) if shape.tools and (draw(st.integers(0, 3)) or not shape.plain) else []
    names = [tool["function"]["name"] for tool in tools]
    messages = [Message("system", draw(WORDS))] if shape.system and draw(st.booleans()) else []
    if shape.developer and draw(st.booleans()):
        messages.append(Message("developer", draw(TEXTS)))
    count = 0
    for _ in range(draw(st.integers(1, shape.rounds))):
        messages.append(Message("user", draw(TEXTS)))
        for _ in range(draw(st.integers(0 if shape.closed else 1, shape.steps)) if names else 0):
            size = draw(st.integers(1, shape.parallel)) if shape.parallel else 0
            calls = [
                _call(f"call_{count + place}", draw(st.sampled_from(names)), draw(ARGUMENTS)) for place in range(size)
            ]
            count += size
            text = draw(st.just("") | WORDS) if shape.beside else ""
            messages.append(Message("assistant", text, draw(_thoughts(shape)), _json(calls)))
            if shape.closed:
                messages += [Message("tool", draw(_results()), tool_call_id=call["id"]) for call in calls]
        if shape.closed or not names:
            messages.append(Message("assistant", draw(TEXTS), draw(_thoughts(shape))))
    return Record("s/f:0:00000000", "s", Draft(tuple(messages), _json(tools) if tools else None, draw(_gold())))


def _call(call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": _json(arguments)}}


def _thoughts(shape: Shape) -> st.SearchStrategy[str | None]:
    if not shape.reasoning:
        return st.none()
    return st.none() | WORDS if shape.silent else WORDS


def _gold() -> st.SearchStrategy[str | None]:
    return st.none() | st.none() | WORDS


def _results() -> st.SearchStrategy[str]:
    return TEXTS | VALUES.map(_json)


@st.composite
def _tools(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Tools of which no two have the same keys, as in any set that was put together from several."""
    tools = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        properties = {
            key: draw(
                st.sampled_from(
                    (
                        {"type": "string", "enum": ["x", "y"]},
                        {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
                        {"type": ["number", "null"], "default": None},
                    )
                )
            )
            for key in draw(st.lists(KEYS, max_size=2, unique=True))
        }
        function: dict[str, Any] = {"name": name, "parameters": {"type": "object", "properties": properties}}
        if draw(st.booleans()):
            function["description"] = draw(WORDS)
        if draw(st.booleans()):
            function["parameters"]["required"] = sorted(properties)
        tools.append({"type": "function", "function": function})
    return tools


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
