"""Channel messages of Harmony as canonical turns, and back: what the message form and the text form share.

`analysis` is the reasoning of the turn behind it, `commentary` to a function is a call, `commentary` to nobody is what
the assistant says before its calls, `final` is the answer.
"""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.calls import Calls, canonical_calls
from buckets.formats.fields import compact
from buckets.formats.turns import read_turns
from buckets.record import Draft, Message

CHANNELS = ("analysis", "commentary", "final")
FUNCTIONS = "functions."
_ROLES = ("system", "developer", "user", "assistant", "tool")
_NOBODY = ("", "all", "user", "assistant")
_PART = ("role", "content", "channel", "recipient", "content_type")


class Joined:
    """Canonical messages out of channel messages, in order; an assistant turn is closed by its final or its results."""

    def __init__(self) -> None:
        self._calls = Calls()
        self._messages: list[Message] = []
        self._thought: str | None = None
        self._said: str | None = None
        self._made: list[dict[str, Any]] = []
        self._names: dict[str, str] = {}
        self._open: list[str] = []
        self._rest: dict[str, Any] = {}
        self._notes: dict[str, dict[str, Any]] = {}

    def add(self, turn: dict[str, Any]) -> None:
        """One message of Harmony. Raises RowError("unknown_channel"), ("unknown_role") and those of plain turns."""
        channel, recipient = turn.get("channel"), turn.get("recipient")
        role = turn.get("role")
        if not isinstance(role, str):
            raise RowError("unknown_role", "a message names no role")
        if role == "tool" or (role not in _ROLES and (role.startswith(FUNCTIONS) or recipient == "assistant")):
            self._result(turn, role)
        elif role != "assistant" or channel is None:
            self._plain(turn)
        elif channel not in CHANNELS:
            raise RowError("unknown_channel", f"the channel {str(channel)[:60]!r} is not one of {', '.join(CHANNELS)}")
        else:
            self._part(turn, str(channel), recipient)

    def _part(self, turn: dict[str, Any], channel: str, recipient: object) -> None:
        content = _text(turn)
        if isinstance(recipient, str) and recipient not in _NOBODY:
            self._call(recipient, content)
        elif channel == "analysis":
            if self._thought is not None or self._said is not None or self._made:
                self._close()
            self._thought = content
        elif channel == "commentary":
            if self._said is not None or self._made:
                self._close()
            self._said = content
            self._rest["channel"] = "commentary"
        else:
            if self._said is not None or self._made:
                self._close()
            self._said = content
            self._keep(turn)
            self._close()
            return
        self._keep(turn)

    def _keep(self, turn: dict[str, Any], *used: str) -> None:
        self._rest |= {key: value for key, value in turn.items() if key not in (*_PART, *used) and value is not None}

    def _call(self, recipient: str, content: str) -> None:
        made, _ = self._calls.make({"name": recipient.removeprefix(FUNCTIONS), "arguments": content})
        if not recipient.startswith(FUNCTIONS):
            self._rest.setdefault("recipients", []).append(recipient)
        self._made += made
        self._names[made[0]["id"]] = made[0]["function"]["name"]
        self._open.append(made[0]["id"])

    def _result(self, turn: dict[str, Any], role: str) -> None:
        self._close()
        name = turn.get("name") if role == "tool" else role
        name = name.removeprefix(FUNCTIONS) if isinstance(name, str) and name else None
        call_id = self._answered(turn.get("tool_call_id"), name)
        known = self._names.get(call_id or "")
        self._keep(turn, "name", "tool_call_id")
        self._emit(Message("tool", _text(turn), tool_call_id=call_id, name=None if name == known else name))

    def _answered(self, given: object, name: str | None) -> str | None:
        """The call of a result: by its id, else the oldest open call of that function, else the oldest open one."""
        if isinstance(given, str) and given:
            if given in self._open:
                self._open.remove(given)
            return given
        same = [call_id for call_id in self._open if self._names[call_id] == name]
        if not self._open:
            return None
        call_id = (same or self._open)[0]
        self._open.remove(call_id)
        return call_id

    def _plain(self, turn: dict[str, Any]) -> None:
        self._close()
        said = {key: value for key, value in turn.items() if key in ("role", "content", "name")}
        self._keep(turn, "name")
        if turn.get("channel") is not None:
            self._rest["channel"] = turn["channel"]
        for message in read_turns([said]).messages:
            self._emit(message)

    def _close(self) -> None:
        if self._thought is None and self._said is None and not self._made:
            return
        if self._made or self._said is None:
            self._rest.pop("channel", None)  # words before calls are a commentary by themselves
        message = Message(
            "assistant", self._said or "", self._thought or None, compact(self._made) if self._made else None
        )
        self._thought = self._said = None
        self._made = []
        self._emit(message)

    def _emit(self, message: Message) -> None:
        if self._rest:
            self._notes[str(len(self._messages))] = self._rest
            self._rest = {}
        self._messages.append(message)

    def result(self) -> tuple[tuple[Message, ...], dict[str, dict[str, Any]] | None]:
        self._close()
        return tuple(self._messages), self._notes or None


def _text(turn: dict[str, Any]) -> str:
    """The text of a message: a string, or a list of text parts."""
    return read_turns([{"role": "user", "content": turn.get("content")}]).messages[0].content


def parts_of(draft: Draft) -> list[dict[str, Any]]:
    """Channel messages of a draft; RowError("cannot_write") for a name or an id that the form has no place for."""
    names: dict[str, str] = {}
    parts: list[dict[str, Any]] = []
    for message in draft.messages:
        if message.name is not None and message.role != "tool":
            raise RowError("cannot_write", "Harmony has no place for the name of a speaker")
        if message.role == "assistant":
            parts += _assistant(message, names)
        elif message.role == "tool":
            name = message.name or names.get(message.tool_call_id or "")
            if name is None:
                raise RowError("cannot_write", "Harmony names the function of every result, and this one is not known")
            parts.append(
                {"role": "tool", "name": FUNCTIONS + name, "recipient": "assistant", "channel": "commentary",
                 "content": message.content}
            )  # fmt: skip
        else:
            parts.append({"role": message.role, "content": message.content})
    return parts


def _assistant(message: Message, names: dict[str, str]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if message.reasoning is not None:
        parts.append({"role": "assistant", "channel": "analysis", "content": message.reasoning})
    if not message.tool_calls:
        return [*parts, {"role": "assistant", "channel": "final", "content": message.content}]
    if message.content:
        parts.append({"role": "assistant", "channel": "commentary", "content": message.content})
    for call in canonical_calls(message.tool_calls):
        function = call["function"]
        names[call["id"]] = function["name"]
        parts.append(
            {"role": "assistant", "channel": "commentary", "recipient": FUNCTIONS + function["name"],
             "content_type": "<|constrain|>json", "content": function["arguments"]}
        )  # fmt: skip
    return parts


def check_back(back: Draft, draft: Draft) -> None:
    """RowError("cannot_write") unless the draft comes back, ids numbered in the order of the calls."""
    if numbered(back.messages) != numbered(draft.messages) or back.tools != draft.tools:
        raise RowError("cannot_write", "Harmony would join or pair the turns, calls or results of the record otherwise")


def numbered(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with ids in the order of the calls, and without the tool name that its call tells."""
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    result = []
    for message in messages:
        calls, call_id, name = message.tool_calls, message.tool_call_id, message.name
        if calls:
            listed = canonical_calls(calls)
            for call in listed:
                fresh = f"call_{len(ids)}"
                ids[call["id"]], names[call["id"]] = fresh, call["function"]["name"]
                call["id"] = fresh
            calls = compact(listed)
        if message.role == "tool" and call_id is not None:
            name = None if name == names.get(call_id) else name
            call_id = ids.get(call_id, call_id)
        result.append(Message(message.role, message.content, message.reasoning, calls, call_id, name))
    return tuple(result)
