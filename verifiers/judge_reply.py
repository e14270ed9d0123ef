"""What a judge's reply says: found tolerantly, validated strictly, and otherwise named by what is wrong with it.

Not covered: whether the judge is right. A reply that is refused, cut, not JSON, outside the schema or in two minds is
no vote; it is never read as a good or a bad one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from buckets import dumps
from verifiers.jsonish import NotJsonError, canonical, strict
from verifiers.judge_rubric import Rubric
from verifiers.refusal import is_refusal
from verifiers.schema import compiled, first_mistake

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_MAX_TEXT = 100_000
_MAX_TRIES = 200
"""Opening braces looked at in one reply."""

Flaw = Literal["refusal", "cut", "empty", "not_json", "wrong_schema", "two_minds"]
"""Why a reply is no vote."""


@dataclass(frozen=True)
class Vote:
    """A valid reply."""

    value: int | str
    """The grade, or A, B or tie."""
    reason: str


def read_vote(rubric: Rubric, text: str | None, finish: str | None, refusal: str | None = None) -> Vote | Flaw:
    """The vote in a reply, or what is wrong with it. `finish` is its finish_reason, `refusal` that field of it."""
    if refusal or finish == "content_filter":
        return "refusal"
    if finish == "length":
        return "cut"  # whatever stands there, the judge had not finished
    if not text or not text.strip():
        return "empty"
    said = _THOUGHT.sub("", text[:_MAX_TEXT], count=1)
    found = list(_objects(said))
    if not found:
        return "refusal" if is_refusal(said) else "not_json"
    validator = compiled(dumps(rubric.reply_schema()))  # compiled once a rubric: a vote costs microseconds then
    if isinstance(validator, str):  # the schema is ours
        raise AssertionError(validator)
    valid = {canonical(_verdict(rubric, value)): value for value in found if first_mistake(validator, value) is None}
    if not valid:
        return "wrong_schema"
    if len(valid) > 1:
        return "two_minds"
    (value,) = valid.values()
    return Vote(_verdict(rubric, value), value["reason"][:2000])


def _verdict(rubric: Rubric, value: dict[str, Any]) -> Any:
    found = value["score" if rubric.kind == "score" else "better"]
    return int(found) if rubric.kind == "score" else found  # 4.0 is an integer to JSON Schema


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every outermost JSON object in a text, with prose and fences around them passed over."""
    decoder = json.JSONDecoder()
    at = tries = 0
    while tries < _MAX_TRIES and (at := text.find("{", at)) >= 0:
        tries += 1
        try:
            _, end = decoder.raw_decode(text, at)
            value = strict(text[at:end])
        except (NotJsonError, ValueError, RecursionError):
            at += 1
            continue
        at = end
        if isinstance(value, dict):
            yield value
