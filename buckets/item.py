"""Held-out evaluation items: a prompt, what grades the answer, and the split it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import orjson

from buckets.errors import InputError
from buckets.nine import BUCKETS
from buckets.record import ROLES, Draft, Message

T = TypeVar("T")

Split = Literal["dev", "ood", "hard"]
SPLITS: tuple[Split, ...] = ("dev", "ood", "hard")


@dataclass(frozen=True, slots=True)
class EvalItem:
    """One item. `draft.messages` is the prompt; it ends in an assistant turn only for NLL scoring."""

    id: str
    bucket: str
    split: Split
    cluster: str
    """Items that share a template or a source document: intervals resample clusters, not items."""
    draft: Draft


def read_items(path: Path) -> list[EvalItem]:
    """Items from JSON Lines in the canonical form; raises InputError naming file and row.

    A row has id, bucket (one of the nine), split, messages, and optionally cluster, tools, reference, tests, schema
    (tools and schema either as JSON strings or as plain JSON). Every message has a role and content as text; an
    assistant turn that only calls tools may do without content.
    """
    items = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot read eval items: {error.strerror}") from error
    for number, line in enumerate(lines):
        if line.strip():
            try:
                items.append(_item(orjson.loads(line)))
            except orjson.JSONDecodeError as error:
                raise InputError(f"{path}: row {number} is not JSON: {error}") from error
            except ValueError as error:
                raise InputError(f"{path}: row {number} is not an eval item: {error}") from error
    return items


def _item(row: object) -> EvalItem:
    if not isinstance(row, dict):
        raise ValueError(f"an item is a JSON object, not {_shown(row)}")
    draft = Draft(
        messages=_messages(row.get("messages")),
        tools=_json_text(row, "tools"),
        reference=_optional(row, "reference"),
        tests=_optional(row, "tests"),
        schema=_json_text(row, "schema"),
    )
    name, bucket, split = _text(row, "id"), _among(row, "bucket", tuple(BUCKETS)), _among(row, "split", SPLITS)
    return EvalItem(name, bucket, split, _optional(row, "cluster") or name, draft)


def _messages(turns: object) -> tuple[Message, ...]:
    if not isinstance(turns, list) or not turns:
        raise ValueError(f"messages is {_shown(turns)}, not a list of turns")
    return tuple(_message(turn, f"messages.{place}.") for place, turn in enumerate(turns))


def _message(turn: object, where: str) -> Message:
    if not isinstance(turn, dict):
        raise ValueError(f"{where[:-1]} is {_shown(turn)}, not an object with role and content")
    if unknown := sorted(set(turn) - set(Message.__match_args__)):
        raise ValueError(f"{where}{unknown[0]} is not known; a turn has {', '.join(Message.__match_args__)}")
    role = _among(turn, "role", ROLES, where)
    calls = _optional(turn, "tool_calls", where)
    silent = role == "assistant" and calls and turn.get("content") is None
    return Message(
        role=role,
        content="" if silent else _text(turn, "content", where),
        reasoning=_optional(turn, "reasoning", where),
        tool_calls=calls,
        tool_call_id=_optional(turn, "tool_call_id", where),
        name=_optional(turn, "name", where),
    )


def _among(row: dict[str, Any], key: str, known: tuple[T, ...], where: str = "") -> T:
    value = row.get(key)
    if value not in known:
        raise ValueError(f"{where}{key} is {_shown(value)}, not one of {', '.join(map(str, known))}")
    return known[known.index(value)]


def _text(row: dict[str, Any], key: str, where: str = "") -> str:
    if not isinstance(row.get(key), str):
        raise ValueError(f"{where}{key} is {_shown(row.get(key))}, not text")
    return str(row[key])


def _optional(row: dict[str, Any], key: str, where: str = "") -> str | None:
    return None if row.get(key) is None else _text(row, key, where)


def _json_text(row: dict[str, Any], key: str) -> str | None:
    value = row.get(key)
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _shown(value: object) -> str:
    """A value as the file has it, cut; what is missing and what is null read the same."""
    return "missing or null" if value is None else orjson.dumps(value).decode()[:60]
