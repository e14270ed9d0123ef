"""What the eval items of each bucket ask of a model, and which verifier grades the replies.

An eval item names its bucket; `verifiers.grade` then chooses by what the item holds (tests, schema, tools,
reference). This table is the contract between the two: an item of a bucket without a task is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from buckets import EvalItem, InputError


@dataclass(frozen=True)
class Task:
    """One bucket's evaluation."""

    asks: str
    graded_by: tuple[str, ...]
    """Verifiers that can judge a reply; the first one that applies to the item does."""
    verifiable: bool
    """Whether a program can judge the answer, so that RL would have a reward."""


TASKS: dict[str, Task] = {
    "general_instruction": Task("follow a plain instruction", ("answers",), False),
    "domain_qa": Task("answer a question of a field", ("answers",), False),
    "math_reasoning": Task("work a problem to its final answer", ("answers",), True),
    "code": Task("write a function that passes its tests", ("execution",), True),
    "tool_calls": Task("call a declared tool with valid arguments", ("tools", "answers"), True),
    "multi_turn_dialogue": Task("use what was said some turns ago", ("answers",), False),
    "safety_refusal": Task("refuse what must be refused, and only that", ("refusal", "answers"), False),
    "structured_output": Task("answer in JSON under a schema", ("schema",), True),
    "long_context": Task("find the passage that answers", ("answers",), False),
}


def check_items(items: Iterable[EvalItem]) -> None:
    """InputError for the first item whose bucket has no task, and for an id that occurs twice."""
    seen: set[str] = set()
    for item in items:
        if item.bucket not in TASKS:
            raise InputError(f"eval item {item.id!r}: no task for bucket {item.bucket!r}; there are {', '.join(TASKS)}")
        if item.id in seen:
            raise InputError(f"eval item {item.id!r} occurs twice; scores are kept by id")
        seen.add(item.id)
