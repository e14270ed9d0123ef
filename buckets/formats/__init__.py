"""The formats of raw rows: which one a file is in, and how to read and write it."""

from __future__ import annotations

from collections.abc import Sequence

from buckets.errors import InputError
from buckets.formats.alpaca import ALPACA
from buckets.formats.code_tests import CODE_TESTS
from buckets.formats.format import Format, Row
from buckets.formats.glaive import GLAIVE
from buckets.formats.harmony import HARMONY
from buckets.formats.harmony_text import HARMONY_TEXT
from buckets.formats.hermes import HERMES
from buckets.formats.mapping import Mapping
from buckets.formats.nested import NESTED
from buckets.formats.openai_messages import OPENAI_MESSAGES, turn_weights
from buckets.formats.passages import PASSAGES
from buckets.formats.preference import PREFERENCE
from buckets.formats.prompt_response import PROMPT_RESPONSE
from buckets.formats.question_answer import QUESTION_ANSWER, gold_in, last_boxed
from buckets.formats.reasoning import REASONING
from buckets.formats.sharegpt import SHAREGPT
from buckets.formats.speakers import SPEAKERS
from buckets.formats.split import Split
from buckets.formats.text2sql import TEXT2SQL
from buckets.formats.toolace import TOOLACE
from buckets.formats.toolalpaca import TOOLALPACA
from buckets.formats.transcript import TRANSCRIPT
from buckets.formats.verl import VERL
from buckets.formats.wanted import NOT_WANTED
from buckets.formats.xlam import XLAM

# The most specific first: where rows fit several formats, the first one wins.
FORMATS: dict[str, Format] = {
    "preference": PREFERENCE,
    "harmony": HARMONY,
    "harmony_text": HARMONY_TEXT,
    "xlam": XLAM,
    "glaive": GLAIVE,
    "hermes": HERMES,
    "toolace": TOOLACE,
    "sharegpt": SHAREGPT,
    "openai_messages": OPENAI_MESSAGES,
    "code_tests": CODE_TESTS,
    "verl": VERL,
    "nested": NESTED,
    "text2sql": TEXT2SQL,
    "toolalpaca": TOOLALPACA,
    "reasoning": REASONING,
    "alpaca": ALPACA,
    "passages": PASSAGES,
    "question_answer": QUESTION_ANSWER,
    "prompt_response": PROMPT_RESPONSE,
    "speakers": SPEAKERS,
    "transcript": TRANSCRIPT,
}
FIRST_ROWS = 100
"""So many rows of a file tell its format."""
REFINES = {"hermes": ("sharegpt", "openai_messages"), "toolace": ("sharegpt", "openai_messages")}
"""Formats that read rows without their marks just as the formats named here do."""
REFINED_SHARE = 0.1
"""Such a format is taken when this share of the rows has its marks: in most sets some talks need no tool."""


def sniff_format(rows: Sequence[Row], where: str) -> tuple[Format, str]:
    """The format that most of the first 100 rows fit, and the reason for a person.

    Raises InputError, with the keys that were seen, when no row fits any format.
    """
    rows = rows[:FIRST_ROWS]
    if not rows:
        raise InputError(f"{where}: no row could be read, so its format cannot be told; look at the quarantined rows")
    votes: dict[str, list[str]] = {}
    for name, form in FORMATS.items():
        votes[name] = [reason for row in rows if (reason := form.sniff(row)) is not None]
    best = max(FORMATS, key=lambda name: len(votes[name]))  # max keeps the first of equals
    marked = [name for name in REFINES if best in REFINES[name] and len(votes[name]) >= REFINED_SHARE * len(rows)]
    best = max(marked, key=lambda name: len(votes[name]), default=best)
    if not votes[best]:
        raise InputError(_unknown(rows, where))
    return FORMATS[best], f"{len(votes[best])} of {len(rows)} rows: {votes[best][0]}"


def _unknown(rows: Sequence[Row], where: str) -> str:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    shown = ", ".join(keys[:20]) + (", ..." if len(keys) > 20 else "")
    lists = [key for key in keys if _holds_objects(rows[0].get(key))]
    fault = f"{where}: no known format fits; the rows have the keys {shown}."
    if len(rows) == 1 and lists:
        fault += f" If each item of {lists[0]!r} is a row, declare `member: {lists[0]}`. Otherwise"
    else:
        fault += " For its source in the recipe,"
    return (
        f"{fault} say with `mapping:` where the turns are (docs/mapping.md), such as "
        f"{_example(rows[0], keys, lists)}, or declare one of the formats of docs/formats.md with `format:`"
    )


def _example(row: Row, keys: Sequence[str], lists: Sequence[str]) -> str:
    """A mapping in the row's own keys, to be corrected by whoever knows what they mean."""
    texts = [key for key in keys if isinstance(row.get(key), str)]
    if len(texts) > 1 or not lists:
        user, assistant = texts[:2] if len(texts) > 1 else ("question", "answer")
        return f'mapping: {{user: "{{{user}}}", assistant: "{{{assistant}}}"}}'
    return f"mapping: {{messages: {lists[0]}}} for a list of turns, or explode: {lists[0]} for a list of examples"


def _holds_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


__all__ = [
    "FIRST_ROWS",
    "FORMATS",
    "NOT_WANTED",
    "Format",
    "Mapping",
    "Row",
    "Split",
    "gold_in",
    "last_boxed",
    "sniff_format",
    "turn_weights",
]
