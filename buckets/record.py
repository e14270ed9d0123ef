"""One training example in canonical form, and how it gets its identity."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal

import orjson

from buckets.errors import RowError

Role = Literal["system", "developer", "user", "assistant", "tool"]
Turn = tuple[str | None, ...]
ROLES: tuple[Role, ...] = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `tool_calls` is a JSON string: a list of {"id", "type", "function": {"name", "arguments"}}.

    Arguments stay a JSON string inside that list, as in the OpenAI format: Arrow would merge the
    keys of all rows and invent nulls.
    """

    role: Role
    content: str = ""
    reasoning: str | None = None
    tool_calls: str | None = None
    tool_call_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a format reader makes of one raw row: content without identity."""

    messages: tuple[Message, ...]
    tools: str | None = None
    """JSON string: the declared tools, a list of {"type": "function", "function": {...}}."""
    reference: str | None = None
    """Gold final answer."""
    tests: str | None = None
    """Code tests: Python assert statements, one a line."""
    schema: str | None = None
    """JSON Schema (as a JSON string) that the answer must satisfy."""
    meta: dict[str, Any] = field(default_factory=dict)
    """Everything else that the raw row held, kept for the ledger and the review."""


@dataclass(frozen=True, slots=True)
class Record:
    """A draft with its identity and its bucket: one row of a frame as an object."""

    id: str
    source: str
    draft: Draft
    bucket: str | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.draft.messages

    @property
    def answer(self) -> str:
        """Content of the last assistant turn; empty when there is none."""
        return next((m.content for m in reversed(self.messages) if m.role == "assistant"), "")

    @property
    def prompt(self) -> tuple[Message, ...]:
        """All turns before the last assistant turn."""
        for index in range(len(self.messages) - 1, -1, -1):
            if self.messages[index].role == "assistant":
                return self.messages[:index]
        return self.messages


def dumps(value: object) -> str:
    """Compact JSON with sorted keys; lone surrogates and 65-bit integers raise RowError."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except (TypeError, ValueError) as error:
        raise RowError("not_json", str(error)) from error


def content_hash(draft: Draft) -> str:
    """32 hex digits over the canonical content only: messages and tools, not source, gold or meta."""
    return hash_of(turns_of(draft), draft.tools)


_turn = attrgetter("role", "content", "reasoning", "tool_calls", "tool_call_id", "name")


def turns_of(draft: Draft) -> list[Turn]:
    """The messages as tuples, in the order of the fields."""
    return list(map(_turn, draft.messages))


def hash_of(turns: Sequence[Turn], tools: str | None) -> str:
    """`content_hash` of turns that are tuples already."""
    try:
        canonical = orjson.dumps((turns, tools))
    except (TypeError, ValueError) as error:
        raise RowError("not_json", str(error)) from error
    return hashlib.blake2b(canonical, digest_size=16).hexdigest()


def record_id(source: str, file: str, row: int, content: str) -> str:
    """`source/file:row:hash8`: deterministic, readable, and different when the content changes.

    `file` is relative to the source's folder; `row` counts from 0 inside the file; `content` is a
    content hash, or a hash of the raw bytes for a row that could not be read.
    """
    return f"{source}/{file}:{row}:{content[:8]}"
