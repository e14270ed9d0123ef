"""One generated example before it takes the shape of a file, and how unique ones are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

Part = Literal["train", "dev", "ood", "hard"]
Turn = dict[str, Any]
"""An OpenAI message: role, content, and for tools tool_calls (arguments as a JSON string) or tool_call_id."""


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation that ends with the right assistant turn."""

    bucket: str
    template: str
    turns: tuple[Turn, ...]
    reference: str | None = None
    tests: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    tools: tuple[dict[str, Any], ...] = ()
    cluster: str = ""
    """What eval items share besides the template; empty means the template alone."""

    @property
    def prompt(self) -> tuple[Turn, ...]:
        """The turns before the first tool call, or before the last assistant turn when there is none."""
        called = [i for i, turn in enumerate(self.turns) if turn.get("tool_calls")]
        return self.turns[: called[0] if called else len(self.turns) - 1]

    @property
    def key(self) -> str:
        """The prompt's words: two rows with one key ask the same thing."""
        return "\n".join(map(said, self.prompt))


Draw = Callable[[Random, Part], Row]


def said(turn: Turn) -> str:
    """Who says what, politeness aside: "Please write f(x)" asks what "Write f(x)" asks."""
    text = str(turn["content"]).removeprefix("Please ")
    return f"{turn['role']}:{text[:1].lower()}{text[1:]}"


def user(text: str) -> Turn:
    return {"role": "user", "content": text}


def assistant(text: str) -> Turn:
    return {"role": "assistant", "content": text}


def single(bucket: str, template: str, question: str, answer: str, reference: str | None = None) -> Row:
    """A one-turn row; its reference is the answer itself unless one is given."""
    return Row(bucket, template, (user(question), assistant(answer)), answer if reference is None else reference)


def is_new(row: Row, seen: set[str]) -> bool:
    return row.key not in seen and not any(said(turn) in seen for turn in row.turns if turn["role"] == "user")


def holds(row: Row, seen: set[str]) -> bool:
    """Whether the prompt goes on where another one ends: "add 3, then double it, ..." gives "add 3" away."""
    return any(f"{row.key[:at]}." in seen for at, letter in enumerate(row.key) if letter == ",")


def take(rng: Random, draw: Draw, part: Part, count: int, seen: set[str]) -> list[Row]:
    """`count` rows whose prompts are not in `seen`, which grows by them; nor does a single turn repeat one."""
    rows: list[Row] = []
    for _ in range(count * 200):
        if len(rows) == count:
            return rows
        row = draw(rng, part)
        if not (part == "train" and holds(row, seen)) and is_new(row, seen):
            seen.add(row.key)
            rows.append(row)
    raise ValueError(f"the world holds fewer than {count} new {part} prompts of this task")
