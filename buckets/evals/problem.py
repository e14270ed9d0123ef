"""One question of an evaluation set, with all of it that could stand in a training row."""

from __future__ import annotations

from dataclasses import dataclass

from buckets.item import EvalItem


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that answers the item: for each argument the values that are right."""

    name: str
    arguments: tuple[tuple[str, tuple[str, ...]], ...]
    """(argument, allowed values as JSON), sorted by argument; an allowed value of "" may be left out."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a training row must not hold. `turns` are the user turns of the prompt, in order."""

    set: str
    """Name of the eval set."""
    id: str
    turns: tuple[str, ...]
    options: tuple[str, ...] = ()
    """Choices of a multiple-choice question, in the order of the set."""
    answer: str | None = None
    code: str | None = None
    """A reference solution in Python, whole: it parses without the prompt."""
    calls: tuple[Call, ...] = ()
    cluster: str = ""
    """Items made from one template or document; empty: the item stands for itself."""

    @property
    def key(self) -> str:
        """set:id, unique over all sets of a recipe."""
        return f"{self.set}:{self.id}" if self.set else self.id


def problem_of(item: EvalItem) -> Problem:
    """An item of ours as a problem: its user turns, gold answer, and id without a set's name."""
    turns = tuple(message.content for message in item.draft.messages if message.role == "user")
    return Problem("", item.id, turns, answer=item.draft.reference, cluster=item.cluster)
