"""Reasoning that stands in the answer itself, <think>...</think>: into Message.reasoning, and back around the answer.

Taken: one opened and closed block of think, thinking, thought or reasoning at the start of an assistant turn, and the
<|begin_of_thought|> and <|begin_of_solution|> blocks of the OpenThoughts family. NOT taken, and left in the text for
the rules to judge: a block that is not closed, a second one, a closing without an opening, a block in the middle.
"""

from __future__ import annotations

import re

from buckets.errors import RowError
from buckets.record import Message

_OPEN = re.compile(r"\s*<(think|thinking|thought|reasoning)>")
_LONG = re.compile(r"\s*<\|begin_of_thought\|>")


def lifted(content: str) -> tuple[str, str | None]:
    """(answer, reasoning) of an assistant text; (content, None) where no block can be told without doubt.

    The line ends between the tags and the texts belong to the tags, as chat templates write them: one on each side
    inside, two behind. An empty block (a model told not to think) is no reasoning.
    """
    if not content.lstrip().startswith("<"):
        return content, None
    opened = _OPEN.match(content)
    if opened is None:
        return _long(content)
    tag = opened[1]
    if content.count(f"<{tag}>") != 1 or content.count(f"</{tag}>") != 1:
        return content, None
    thought, _, answer = content[opened.end() :].partition(f"</{tag}>")
    thought = thought.removeprefix("\n").removesuffix("\n")
    return answer.removeprefix("\n").removeprefix("\n"), thought or None


def _long(content: str) -> tuple[str, str | None]:
    opened = _LONG.match(content)
    if opened is None:
        return content, None
    marks = ("<|begin_of_thought|>", "<|end_of_thought|>", "<|begin_of_solution|>", "<|end_of_solution|>")
    if any(content.count(mark) != 1 for mark in marks):
        return content, None
    thought, _, rest = content[opened.end() :].partition(marks[1])
    between, _, rest = rest.partition(marks[2])
    answer, _, behind = rest.partition(marks[3])
    if between.strip() or behind.strip():
        return content, None
    return answer.strip("\n"), thought.strip("\n") or None


def answered(content: str) -> Message:
    """The assistant turn of a text that may start with its reasoning."""
    answer, thought = lifted(content)
    return Message("assistant", answer, thought)


def wrapped(message: Message) -> str:
    """A turn's text with its reasoning before it, so that `lifted` gives both back. RowError("cannot_write") else."""
    text = message.content
    if message.reasoning is not None:
        text = f"<think>\n{message.reasoning}\n</think>\n\n{message.content}"
    if message.role == "assistant" and lifted(text) != (message.content, message.reasoning):
        raise RowError("cannot_write", "the text holds a reasoning tag that would not be read back as it stands")
    if message.role != "assistant" and message.reasoning is not None:
        raise RowError("cannot_write", f"a {message.role} turn with reasoning")
    return text
