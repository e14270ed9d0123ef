"""A conversation whose tools and calls stand in its texts, read turn by turn into canonical messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from buckets.errors import RowError
from buckets.formats.calls import Calls
from buckets.formats.fields import compact, parsed
from buckets.formats.format import Row
from buckets.formats.openai_messages import KEYS, read_chat
from buckets.formats.sharegpt import renumbered
from buckets.formats.turns import ROLES, Turns, is_turns
from buckets.record import Draft, Message


@dataclass
class Reading:
    """What is known while the turns of one row are read, and what is noted about them."""

    tools: str | None
    calls: Calls = field(default_factory=Calls)
    notes: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)
    """What the turn in hand holds beside the fields of its messages; goes to meta["turns"]."""

    def adopt(self, tools: str | None) -> bool:
        """Take the tools of a system text, unless the row itself declares others."""
        if self.tools is not None and parsed(self.tools) != parsed(tools or "[]"):
            self.notes["tools_in_system"] = "other than those that the row declares beside its turns"
            return False
        self.tools = self.tools or tools
        return True

    def called(self, content: str, message: Message, items: list[Any]) -> Message:
        """The assistant message with calls made of the items of its text."""
        made, rests = self.calls.make(items)
        if any(rests):
            self.beside["tool_calls"] = rests
        return replace(message, content=content, tool_calls=compact(made))


Step = Callable[[Message, Reading], list[Message]]
"""Messages that one turn with text becomes."""


def read_tagged(row: Row, step: Step) -> Draft:
    """The chat of a row with `step` applied to each turn that holds no calls yet."""

    def refine(turns: Turns, tools: str | None) -> tuple[Turns, str | None, dict[str, Any]]:
        reading = Reading(tools)
        return _stepped(turns, reading, step), reading.tools, reading.notes

    return read_chat(row, turns_key(row), refine)


def _stepped(turns: Turns, reading: Reading, step: Step) -> Turns:
    """The turns with `step` applied to each, and what they held beside their text under the new numbers."""
    messages: list[Message] = []
    extra: dict[str, dict[str, Any]] = {}
    for index, message in enumerate(turns.messages):
        reading.beside = dict((turns.extra or {}).get(str(index), {}))
        place = len(messages)
        if message.tool_calls:
            reading.calls.adopt(parsed(message.tool_calls))
            messages.append(message)
        else:
            messages += step(message, reading)
        if reading.beside:
            extra.setdefault(str(place), {}).update(reading.beside)
    return Turns(tuple(messages), extra or None)


def before_calls(text: str) -> str:
    """The text before a call without the line end or space that parts them; blank text is none."""
    if not text.strip():
        return ""
    return text[:-1] if text.endswith(("\n", " ")) else text


def turns_key(row: Row) -> str:
    """The key of the turns of a ShareGPT or OpenAI row. Raises RowError("unexpected_keys")."""
    for key in ("conversations", *KEYS):
        if is_turns(row.get(key)):
            return key
    raise RowError("unexpected_keys", f"no list of turns among {sorted(row)[:20]}")


def texts(row: Row) -> list[tuple[str, str]]:
    """(role, text) of the turns of a row and of a `system` beside them, for a sniffer; never raises."""
    key = next((key for key in ("conversations", *KEYS) if is_turns(row.get(key))), None)
    if key is None:
        return []
    value = row[key]
    turns = parsed(value) if isinstance(value, str) else value
    found = [("system", row["system"])] if isinstance(row.get("system"), str) else []
    for turn in turns:
        if isinstance(turn, dict):
            role = next((turn[name] for name in ("role", "from") if isinstance(turn.get(name), str)), "")
            text = next((turn[name] for name in ("content", "value") if isinstance(turn.get(name), str)), "")
            found.append((ROLES.get(role.strip().lower(), ""), text))
    return found


def held(row: dict[str, Any], draft: Draft, read: Callable[[Row], Draft], why: str) -> dict[str, Any]:
    """The written row, when the reader makes the same record of it; else RowError("cannot_write").

    Ids of calls and spacing inside arguments are no part of a format whose calls are text.
    """
    try:
        back = read(row)
        same = renumbered(back.messages) == renumbered(draft.messages)
    except RowError as error:
        raise RowError("cannot_write", f"{why} ({error})") from error
    if not same or (back.tools, back.reference, back.tests, back.schema) != (
        draft.tools,
        draft.reference,
        draft.tests,
        draft.schema,
    ):
        raise RowError("cannot_write", why)
    return row
