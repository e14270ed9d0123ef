"""Which assistant turns are in the loss, and what happens to a conversation that is too long.

Users, system turns and what tools observed are never trained; the token that ends a trained turn always is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from buckets import Message, RowError

_LEADING_THINK = re.compile(r"\A\s*<(think|thinking|thought|reasoning)>.*?</\1>\s*", re.DOTALL)


class MaskPolicy(BaseModel):
    """What a model learns from a conversation. The defaults train every assistant turn whole and cut nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    turns: Literal["all", "final"] = "all"
    """all: every assistant turn is in the loss; final: only the last one of the conversation."""
    tool_calls: bool = True
    """Whether assistant turns that call tools are in the loss."""
    intermediate: bool = True
    """Whether an agent's steps are in the loss: assistant turns that another one follows before the next user turn."""
    reasoning: Literal["trained", "masked", "stripped"] = "trained"
    """trained: what the template shows of the reasoning is in the loss. masked: it stays in the context, and the loss
    of the turn starts at its answer or call. stripped: it is taken out of every turn, as templates do in history."""
    rewritten: Literal["masked", "trained"] = "masked"
    """What happens to turns that the template shows otherwise in a longer history than it did when they were the last
    (reasoning stripped, another end mark): a model never writes them so, hence masked. trained: as they stand."""
    weights: bool = True
    """Whether the `weight` that a raw turn carries multiplies its loss (0: not trained); off: every turn counts 1."""
    truncation: Literal["drop", "left", "right"] = "drop"
    """A conversation longer than the context: drop leaves it out. left takes the oldest turns away, up to a user turn,
    and keeps the system turns. right cuts at the context; the turn that is cut stays out of the loss, so that no answer
    without an end is ever trained. What still does not fit, or has nothing left to train, is left out."""

    def loss_weights(self, messages: Sequence[Message], weights: Mapping[int, float] | None = None) -> list[float]:
        """One number a message: 0 out of the loss, 1 in it, others multiply it. `weights` are those of the raw turns.

        Raises RowError for a weight that is negative or no number.
        """
        given = (weights or {}) if self.weights else {}
        last = max((at for at, m in enumerate(messages) if m.role == "assistant"), default=-1)
        found, answered = [0.0] * len(messages), False
        for at in range(len(messages) - 1, -1, -1):
            role = messages[at].role
            if role != "assistant":
                answered = answered and role != "user"
                continue
            step, answered = answered, True
            unwanted = (self.turns == "final" and at != last) or (step and not self.intermediate)
            if not unwanted and (self.tool_calls or not messages[at].tool_calls):
                found[at] = _checked(float(given.get(at, 1.0)), at)
        return found

    def shown(self, messages: Sequence[Message]) -> list[Message]:
        """The messages that go to the template."""
        if self.reasoning != "stripped":
            return list(messages)
        return [
            replace(m, reasoning=None, content=_LEADING_THINK.sub("", m.content or "")) if m.role == "assistant" else m
            for m in messages
        ]


def _checked(weight: float, turn: int) -> float:
    if not math.isfinite(weight) or weight < 0:
        raise RowError("bad_weight", f"turn {turn} has the weight {weight}: it must be 0 or more")
    return weight
