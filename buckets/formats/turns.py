"""Lists of chat turns, in the OpenAI and the ShareGPT way of naming things, as canonical messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from buckets.errors import RowError
from buckets.formats.calls import Calls
from buckets.formats.fields import compact, parsed
from buckets.formats.thought import lifted
from buckets.record import Message, Role

# "call" is an assistant turn whose text is the JSON of its tool calls.
ROLES: dict[str, Role | str] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "tool_response": "tool",
    "function_response": "tool",
    "function_call": "call",
    "tool_call": "call",
}
_SPOKEN = frozenset({"system", "developer", "user"})
_OPENAI_KEYS = frozenset({"role", "content", "tool_calls", "tool_call_id"})
_ROLE_KEYS = ("role", "from")
_CONTENT_KEYS = ("content", "value", "text")
_UNREAD = ("parts", "utterance", "message", "msg", "body")
"""Where turns of other makes have their text: without it a turn would be empty in silence."""
_REASONING_KEYS = ("reasoning_content", "thinking", "reasoning")
_TEXT_PARTS = ("text", "input_text", "output_text")
_CHANNELS = ("analysis", "commentary", "final")
_THOUGHT_PARTS = ("reasoning", "thinking")


@dataclass(frozen=True, slots=True)
class Turns:
    messages: tuple[Message, ...]
    extra: dict[str, dict[str, Any]] | None
    """By message number: what the raw turns held beside the canonical fields (loss weights, scores)."""


def is_turns(value: object) -> bool:
    """Whether a value looks like a non-empty list of turns (or a JSON string of one)."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        value = parsed(value)
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and _role_key(value[0]) is not None


def read_turns(value: object) -> Turns:
    """Canonical messages from a list of turns. Raises RowError; the order of roles is not judged here.

    Function-call turns in a row, or one behind an assistant text, become one assistant message. Calls
    without an id get call_0, call_1, ...; results without an id are paired with open calls in order.
    """
    if isinstance(value, str):
        value = parsed(value)
    if not isinstance(value, list):
        raise RowError("bad_messages", "the messages are not a list")
    calls = Calls()
    messages: list[Message] = []
    extra: dict[str, dict[str, Any]] = {}
    call_turn = False
    for index, raw in enumerate(value):
        if not isinstance(raw, dict):
            raise RowError("bad_messages", f"turn {index} is not an object")
        for turn in _results(raw, calls.open_names) if calls.several_open else (raw,):
            message, rest, is_call = _message(index, turn, calls)
            if is_call and messages and messages[-1].role == "assistant" and (call_turn or not messages[-1].tool_calls):
                message = _merged(messages.pop(), message)
            messages.append(message)
            call_turn = is_call
            if rest:
                extra.setdefault(str(len(messages) - 1), {}).update(rest)
    return Turns(tuple(messages), extra or None)


def _results(turn: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """One turn a result, where a tool turn without an id holds the results of all open calls as a JSON list.

    Only a list of objects that each have a `content`, as many as there are open calls and with their
    names, is taken apart; any other text is the result of one call.
    """
    if len(names) < 2 or turn.get("tool_call_id"):
        return [turn]
    role_key = _role_key(turn)
    content_key = next((key for key in _CONTENT_KEYS if key in turn), "content")
    value = turn.get(content_key)
    if role_key is None or ROLES.get(turn[role_key].strip().lower()) != "tool":
        return [turn]
    if isinstance(value, list) and len(value) == 1 and _is_part(value[0]) and value[0]["type"] in _TEXT_PARTS:
        value = value[0].get("text", value[0].get("value"))
    items = parsed(value) if isinstance(value, str) else value
    if not isinstance(items, list) or len(items) != len(names):
        return [turn]
    if not all(isinstance(item, dict) and "content" in item for item in items):
        return [turn]
    if any(item.get("name") not in (None, name) for item, name in zip(items, names, strict=True)):
        return [turn]
    beside = {key: item for key, item in turn.items() if key not in (role_key, content_key)}
    return [_result(item, beside if index == 0 else {}) for index, item in enumerate(items)]


def _result(item: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    fields = {key: value for key, value in item.items() if key in ("content", "name")}
    more = {f"result_{key}": value for key, value in item.items() if key not in ("content", "name")}
    if isinstance(fields["content"], list):
        fields["content"] = compact(fields["content"])
    return {**beside, **more, **fields, "role": "tool"}


def _role_key(turn: Mapping[str, Any]) -> str | None:
    for key in _ROLE_KEYS:  # a loop: this runs twice a turn, and a generator costs more than it does
        if isinstance(turn.get(key), str):
            return key
    return None


def _message(index: int, turn: dict[str, Any], calls: Calls) -> tuple[Message, dict[str, Any], bool]:
    role_key = _role_key(turn)
    if role_key is None:
        raise RowError("unknown_role", f"turn {index} names no role")
    word = turn[role_key]
    role = ROLES.get(word) or ROLES.get(word.strip().lower())
    if role is None:
        raise RowError("unknown_role", f"turn {index} has role {word!r}")
    content_key = "content" if "content" in turn else next((key for key in _CONTENT_KEYS if key in turn), "content")
    value = turn.get(content_key)
    if role != "call" and (made := _plain(role, turn, value, role_key, calls)):
        return made
    if turn.get("channel") in _CHANNELS:
        raise RowError("harmony_channels", f"turn {index} is on a channel; declare `format: harmony` for this source")
    if role == "call":
        text, thought, raw_calls = _call_turn(value)
        turn_calls, rests = calls.make(raw_calls)
        rest = _rest(turn, (role_key, content_key), rests)
        return Message("assistant", text, thought, compact(turn_calls)), rest, True
    content, thought, part_calls = _content(index, role, _said(index, turn, content_key))
    reasoning_key = next((key for key in _REASONING_KEYS if isinstance(turn.get(key), str)), None)
    if role == "assistant" and reasoning_key is None and thought is None:
        content, thought = lifted(content)
    raw_calls = _raw_calls(turn) + part_calls
    all_calls, rests = calls.make(raw_calls) if raw_calls else ([], [])
    call_id = calls.answered(turn.get("tool_call_id"), turn.get("name")) if role == "tool" else turn.get("tool_call_id")
    used = [role_key, content_key, "tool_calls", "function_call", "tool_call_id", "name"]
    if content_key not in turn:
        used.append("parts")
    name = turn.get("name")
    message = Message(
        role=role,  # type: ignore[arg-type]  # the values of ROLES other than "call" are roles
        content=content,
        reasoning=_joined(turn[reasoning_key] if reasoning_key else None, thought),
        tool_calls=compact(all_calls) if all_calls else None,
        tool_call_id=call_id if isinstance(call_id, str) else None,
        name=name if isinstance(name, str) and name else None,
    )
    return message, _rest(turn, (*used, reasoning_key), rests), False


def _plain(
    role: str, turn: dict[str, Any], value: object, role_key: str, calls: Calls
) -> tuple[Message, dict[str, Any], bool] | None:
    """The turns that nearly all rows are made of, the quick way; None for a turn with anything unusual in it.

    A role and a text, or the four keys of OpenAI's turns with text (or null) and calls as a list.
    """
    if len(turn) == 2 and type(value) is str:
        if role in _SPOKEN:
            return Message(role, value), {}, False  # type: ignore[arg-type]  # the values of ROLES but "call" are roles
        if role == "assistant":
            return Message("assistant", *lifted(value)), {}, False
        return Message("tool", value, None, None, calls.answered(None)), {}, False
    raw_calls, call_id = turn.get("tool_calls"), turn.get("tool_call_id")
    if not (
        role_key == "role"
        and (value is None or type(value) is str)
        and (raw_calls is None or type(raw_calls) is list)
        and (call_id is None or type(call_id) is str)
        and turn.keys() <= _OPENAI_KEYS
    ):
        return None
    content, thought = value or "", None
    if role == "assistant" and content:
        content, thought = lifted(content)
    made, rests = calls.make(raw_calls) if raw_calls else (None, ())
    if role == "tool":
        call_id = calls.answered(call_id)
    rest = {"tool_calls": rests} if any(rests) else {}
    return Message(role, content, thought, compact(made) if made else None, call_id), rest, False  # type: ignore[arg-type]


def _said(index: int, turn: dict[str, Any], content_key: str) -> object:
    """What stands under the content key; where there is none, Gemini's parts, if they are all texts."""
    if content_key in turn:
        return turn[content_key]
    parts = turn.get("parts")
    if isinstance(parts, list) and all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts):
        return "".join(part["text"] for part in parts)
    if unread := next((key for key in _UNREAD if turn.get(key)), None):
        raise RowError("not_text", f"turn {index} has no content, and its {unread!r} is not known; say with a mapping")
    return None


def _joined(first: str | None, second: str | None) -> str | None:
    return (first or "") + (second or "") or None


def _call_turn(value: object) -> tuple[str, str | None, Any]:
    """Text, reasoning and calls of a function_call turn: JSON alone, or as LLaMA-Factory takes more than that.

    It reads reasoning in tags before the JSON, and any text before a JSON in <tool_call>.
    """
    raw = parsed(value) if isinstance(value, str) else value
    text: str = ""
    thought: str | None = None
    if raw is None and isinstance(value, str):
        before, tag, block = value.partition("<tool_call>")
        if tag and block.rstrip().endswith("</tool_call>"):
            raw = parsed(block.rstrip().removesuffix("</tool_call>"))
            text, thought = lifted(before.removesuffix("\n"))
        elif not tag:
            answer, thought = lifted(value)
            raw = parsed(answer) if thought else None
    if not isinstance(raw, dict | list) or not raw:
        raise RowError("bad_tool_call", f"a function_call turn is not JSON: {str(value)[:200]}")
    return text, thought, raw


def _raw_calls(turn: dict[str, Any]) -> list[Any]:
    """The calls of an OpenAI turn, also in the old `function_call` field."""
    value = turn.get("tool_calls")
    if isinstance(value, str) and value.strip():
        value = parsed(value)
        if value is None:
            raise RowError("bad_tool_call", "tool_calls is a string that is not JSON")
    value = value or turn.get("function_call")
    if not value:
        return []
    return value if isinstance(value, list) else [value]


def _content(index: int, role: str, value: object) -> tuple[str, str | None, list[Any]]:
    """Text, reasoning and calls of a content field: a string, null, or a list of parts."""
    if value is None or isinstance(value, str):
        return value or "", None, []
    if isinstance(value, list) and all(isinstance(part, str) or _is_part(part) for part in value):
        return _parts(index, value)
    if role == "tool":
        return compact(value), None, []
    if isinstance(value, bool | int | float):
        return compact(value), None, []
    raise RowError("not_text", f"the content of turn {index} is neither text nor a list of text parts")


def _is_part(part: object) -> bool:
    return isinstance(part, dict) and isinstance(part.get("type"), str)


def _parts(index: int, parts: Sequence[Any]) -> tuple[str, str | None, list[Any]]:
    texts, thoughts, calls = [], [], []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        kind = part["type"]
        value = next((part[key] for key in ("text", "value", kind) if part.get(key) is not None), "")
        if kind in ("tool_call", "function_call"):
            raw = parsed(value) if isinstance(value, str) else value
            if not raw:
                raise RowError("bad_tool_call", f"a tool call part of turn {index} is not JSON")
            calls += raw if isinstance(raw, list) else [raw]
        elif kind in _TEXT_PARTS and isinstance(value, str):
            texts.append(value)
        elif kind in _THOUGHT_PARTS and isinstance(value, str):
            thoughts.append(value)
        else:
            raise RowError("not_text", f"turn {index} holds a part of type {kind!r}; only text can be trained")
    return "".join(texts), "".join(thoughts) or None, calls


def _rest(turn: dict[str, Any], used: Sequence[str | None], rests: list[dict[str, Any]]) -> dict[str, Any]:
    """Fields of a turn that no message field holds; nulls are left out, Arrow invents them."""
    beside = turn.keys() - used
    rest = {key: turn[key] for key in turn if key in beside and turn[key] is not None} if beside else {}
    if "tool_call_id" in used or "name" in used:
        odd = ("tool_call_id", "name")
        rest |= {key: turn[key] for key in odd if turn.get(key) and not isinstance(turn[key], str)}
    if any(rests):
        rest["tool_calls"] = rests
    return rest


def _merged(first: Message, second: Message) -> Message:
    """An assistant message with the calls of the turn behind it, and what that says beside them behind its own."""
    calls = [*parsed(first.tool_calls or "[]"), *parsed(second.tool_calls or "[]")]
    content = "\n\n".join(text for text in (first.content, second.content) if text)
    thought = "\n\n".join(text for text in (first.reasoning, second.reasoning) if text) or None
    return Message("assistant", content, thought, compact(calls), first.tool_call_id, first.name)
