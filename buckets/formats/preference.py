"""Preference rows: the chosen side becomes the record, the rejected side is kept in its meta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import history
from buckets.formats.alpaca import prompt as alpaca_prompt
from buckets.formats.calls import read_tools
from buckets.formats.fields import extras, first_key, leftovers, text
from buckets.formats.format import Format, Row
from buckets.formats.markers import HUMAN, cut
from buckets.formats.turns import is_turns, read_turns
from buckets.record import Draft, Message

_SIDES = (
    ("chosen", "rejected"),
    ("chosen_messages", "rejected_messages"),
    ("chosen_response", "rejected_response"),
    ("response", "rejected_response"),
)
_WORDS = {"true": True, "false": False}
_PAIR = ("user", "assistant")
_CONTEXTS = ("conversations", "messages", "prompt", "question", "query", "instruction", "input")


def sniff(row: Row) -> str | None:
    sides = _sides(row)
    if sides:
        return f"has {sides[0]} and {sides[1]}"
    return "messages with a true or false label (KTO)" if _is_kto(row) else None


def _sides(row: Row) -> tuple[str, str] | None:
    return next((sides for sides in _SIDES if sides[0] in row and sides[1] in row), None)


def _is_kto(row: Row) -> bool:
    if _label(row) is None:
        return False
    return "completion" in row or (isinstance(row["label"], bool) and is_turns(row.get("messages")))


def _label(row: Row) -> bool | None:
    """KTO's label; a CSV holds it as a word, and some tables as 0 or 1."""
    value = row.get("label")
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    return bool(value) if isinstance(value, bool | int) and value in (0, 1) else None


def read(row: Row) -> Draft:
    """Context and chosen answer as messages; meta["rejected"] holds the turns where the other side differs.

    Either side may be a "\\n\\nHuman: ...\\n\\nAssistant: ..." transcript, a list of turns, one turn, or
    text behind a prompt. A KTO row is read when its label is true, else it is RowError("rejected_answer").
    """
    sides = _sides(row)
    if sides is None:
        return _read_kto(row)
    consumed, context = _context(row, sides)
    chosen = _side(row[sides[0]], context)
    rejected = _rejected(row[sides[1]], context, chosen)
    extra = extras(row)
    tool_key = first_key(row, ("tools",))
    used = {*sides, *consumed, *extra.keys, *([tool_key] if tool_key else [])}
    turns = read_turns(chosen)
    messages, system = turns.messages, row.get("system")
    if isinstance(system, str) and system.strip():
        messages = (Message("system", system), *messages)
        used.add("system")
    return Draft(
        messages=messages,
        tools=read_tools(row[tool_key]) if tool_key else None,
        reference=extra.reference,
        tests=extra.tests,
        schema=extra.schema,
        meta=leftovers(row, used, rejected=rejected, turns=turns.extra),
    )


def _read_kto(row: Row) -> Draft:
    if not _is_kto(row):
        raise RowError("unexpected_keys", f"no chosen with rejected among {sorted(row)[:20]}")
    if not _label(row):
        raise RowError("rejected_answer", "the row's label says that the answer is a bad one")
    if is_turns(row.get("messages")):
        turns = read_turns(row["messages"])
        return Draft(turns.messages, meta=leftovers(row, ("messages",), turns=turns.extra))
    turns = read_turns(_side(row["completion"], _prompt(row, "prompt")))
    return Draft(turns.messages, meta=leftovers(row, ("prompt", "completion"), turns=turns.extra))


def _context(row: Row, sides: tuple[str, str]) -> tuple[set[str], list[Any]]:
    """The keys of the prompt, and the turns before the two answers."""
    copies = {key for key in _CONTEXTS if is_turns(row.get(key)) and row[key] == row[sides[0]]}
    key = first_key(row, [key for key in _CONTEXTS if key not in copies])  # UltraFeedback repeats the chosen side
    if key is None:
        return copies, []
    used, context = _context_at(row, sides, key)
    pairs = history(row.get("history"))
    earlier = [{"role": role, "content": part} for pair in pairs for role, part in zip(_PAIR, pair, strict=True)]
    return {*used, *copies, *(["history"] if "history" in row else [])}, [*earlier, *context]


def _context_at(row: Row, sides: tuple[str, str], key: str) -> tuple[set[str], list[Any]]:
    if key == "instruction":
        input_key = first_key(row, ("input",))
        content = alpaca_prompt(row, input_key)
        return {key, *([input_key] if input_key else [])}, [{"role": "user", "content": content}]
    context = _prompt(row, key)
    side = row[sides[0]]
    if is_turns(side) and isinstance(side, list) and len(side) > 1 and not _same_start(context, side):
        # The side is a whole conversation: it must start with the prompt, or the prompt is kept as meta.
        first = side[0].get("role", side[0].get("from"))
        return (set(), []) if str(first).lower() in ("system", "user", "human") else ({key}, context)
    return {key}, context


def _prompt(row: Row, key: str) -> list[Any]:
    value = row.get(key)
    if is_turns(value):
        return value if isinstance(value, list) else [*read_list(value)]
    content = text(row, key)
    transcript = _transcript(content)
    if transcript:
        return transcript[:-1] if not transcript[-1]["content"].strip() else transcript
    return [{"role": "user", "content": content}]


def read_list(value: object) -> list[Any]:
    """Turns out of a JSON string, as plain role and content pairs."""
    return [{"role": message.role, "content": message.content} for message in read_turns(value).messages]


def _same_start(context: list[Any], side: list[Any]) -> bool:
    texts = [_text_of(turn) for turn in context]
    return [_text_of(turn) for turn in side[: len(texts)]] == texts


def _text_of(turn: object) -> object:
    return turn.get("content", turn.get("value")) if isinstance(turn, Mapping) else turn


def _side(value: object, context: list[Any]) -> list[Any]:
    """All turns of one side: its own when it repeats the context, else context and answer."""
    if isinstance(value, dict) and is_turns([value]):
        return [*context, value]
    if isinstance(value, list) and is_turns(value):
        return value if context and _same_start(context, value) else [*context, *value]
    if not isinstance(value, str):
        raise RowError("bad_preference", "a side is neither text nor turns")
    transcript = _transcript(value)
    if transcript and (not context or _same_start(context, transcript)):
        return transcript
    if not context:
        raise RowError("unexpected_keys", "the sides are plain text and there is no prompt beside them")
    return [*context, {"role": "assistant", "content": value}]


def _rejected(value: object, context: list[Any], chosen: list[Any]) -> Any:
    """The turns of the rejected side behind those that both sides share; as it stands when unreadable."""
    try:
        other = read_turns(_side(value, context)).messages
        mine = read_turns(chosen).messages
    except RowError:
        return value
    shared = 0
    while shared < min(len(other), len(mine)) and other[shared] == mine[shared]:
        shared += 1
    return [_plain(message) for message in other[shared:]]


def _plain(message: Message) -> dict[str, str]:
    fields = ("role", "content", "reasoning", "tool_calls", "tool_call_id", "name")
    return {name: getattr(message, name) for name in fields if getattr(message, name) is not None}


def _transcript(value: str) -> list[dict[str, str]]:
    """Turns of a Human/Assistant transcript; empty when the text does not start like one."""
    turns = cut(value, HUMAN)
    if not turns or turns[0][0] != "user":
        return []
    return [{"role": role, "content": content} for role, content in turns]


PREFERENCE = Format("preference", "chosen and rejected: transcripts, turns, or text behind a prompt", sniff, read)
