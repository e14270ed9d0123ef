"""Dialogues whose turns have a speaker and an utterance (SGD, MultiWOZ and kin), or hold question and answer as a pair.

In task-oriented sets SYSTEM is the side that serves, so it is the assistant. A chat list under a key that nobody else
uses (`traj`, `trajectory`, ...) is read here too, when it is the only one in the row. NOT covered: speakers by name
(DailyDialog, meeting transcripts), where nothing tells who is to be trained; say that with a mapping's `roles`.
"""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import leftovers
from buckets.formats.format import Format, Row
from buckets.formats.openai_messages import KEYS, read_chat
from buckets.formats.thought import answered
from buckets.formats.turns import ROLES, is_turns
from buckets.record import Draft, Message, Role

_SPEAKER, _SAID = ("speaker", "interlocutor"), ("utterance", "text")
_SIDES: dict[str, Role] = {
    "user": "user",
    "customer": "user",
    "client": "user",
    "human": "user",
    "system": "assistant",
    "agent": "assistant",
    "bot": "assistant",
    "assistant": "assistant",
    "wizard": "assistant",
}
_DIALOGUES = (*KEYS, "conversations", "turns")
_TEXTS = (*KEYS, "conversations", "data")
_ASKED = ("human", "user", "question", "query", "prompt", "instruction", "input")
_ANSWERED = ("assistant", "answer", "response", "output", "bot", "gpt")


def sniff(row: Row) -> str | None:
    found = _found(row)
    if found is None:
        return None
    key, kind = found
    says = {
        "texts": "texts by turns",
        "speakers": "turns of speaker and utterance",
        "pairs": "pairs of a question and an answer",
    }
    return f"{key} is a list of {says.get(kind, 'turns with roles, the only one of the row')}"


def _found(row: Row) -> tuple[str, str] | None:
    """The key of the dialogue, and what its items are. None where the row has no such list, or several."""
    kinds = [(key, kind) for key, value in row.items() if isinstance(value, list) and value and (kind := _kind(value))]
    places = {"pairs": _DIALOGUES, "texts": _TEXTS}  # anywhere else such lists are examples, not turns
    kinds = [(key, kind) for key, kind in kinds if key in places.get(kind, (key,))]
    if len(kinds) != 1 or (kinds[0][1] == "turns" and kinds[0][0] in (*KEYS, "conversations", "prompt", "input")):
        return None
    return kinds[0]


def _kind(value: list[Any]) -> str | None:
    first = value[0]
    if len(value) > 1 and all(isinstance(each, str) for each in value):
        return "texts"
    if not isinstance(first, dict):
        return None
    if _keys(first, _SPEAKER, _SAID) and all(isinstance(each, dict) and _speaker(each) for each in value):
        return "speakers"
    asked = _keys(first, _ASKED, _ANSWERED)
    if asked and all(isinstance(each, dict) and _keys(each, _ASKED, _ANSWERED) == asked for each in value):
        return "pairs"
    if is_turns(value) and {"user", "assistant"} <= {_role(each) for each in value}:
        return "turns"
    return None


def _role(turn: object) -> object:
    said = turn.get("role", turn.get("from")) if isinstance(turn, dict) else None
    return ROLES.get(said.strip().lower()) if isinstance(said, str) else None


def _keys(turn: dict[str, Any], first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, str] | None:
    one = [key for key in first if isinstance(turn.get(key), str)]
    two = [key for key in second if isinstance(turn.get(key), str)]
    return (one[0], two[0]) if len(one) == 1 and len(two) == 1 else None


def _speaker(turn: dict[str, Any]) -> Role | None:
    keys = _keys(turn, _SPEAKER, _SAID)
    return _SIDES.get(turn[keys[0]].strip().lower()) if keys else None


def read(row: Row) -> Draft:
    found = _found(row)
    if found is None:
        raise RowError("unexpected_keys", f"no list of speakers' turns, or several, among {sorted(row)[:20]}")
    key, kind = found
    if kind == "turns":
        return read_chat(row, key)
    used = {key}
    messages: list[Message] = []
    system = row.get("system")
    if isinstance(system, str) and system.strip():
        messages.append(Message("system", system))
        used.add("system")
    notes: dict[str, dict[str, Any]] = {}
    if kind == "texts":
        if len(row[key]) % 2:
            raise RowError("ambiguous_turns", f"{key!r} has {len(row[key])} texts by turns, so the last has no answer")
        pairs = zip(row[key][::2], row[key][1::2], strict=True)
        both = [turn for asked, said in pairs for turn in (Message("user", asked), answered(said))]
        return Draft((*messages, *both), meta=leftovers(row, used))
    for turn in row[key]:
        keys = _keys(turn, *((_SPEAKER, _SAID) if kind == "speakers" else (_ASKED, _ANSWERED)))
        if keys is None:
            raise RowError("unexpected_keys", "a turn has not one speaker and one text")
        rest = {name: value for name, value in turn.items() if name not in keys and value is not None}
        if rest:
            notes[str(len(messages))] = rest
        if kind == "pairs":
            messages.append(Message("user", turn[keys[0]]))
        role = _speaker(turn) if kind == "speakers" else "assistant"
        messages.append(Message("user", turn[keys[1]]) if role == "user" else answered(turn[keys[1]]))
    return Draft(tuple(messages), meta=leftovers(row, used, turns=notes or None))


SPEAKERS = Format(
    "speakers", "a list of speaker and utterance, of question and answer, or of roles under any key", sniff, read
)
