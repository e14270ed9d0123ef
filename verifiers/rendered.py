"""A conversation as the chat template that will be trained renders it, and which characters are in the loss.

The template's own `{% generation %}` marks say what is trained where it has them; otherwise each assistant turn is
found by rendering the conversation up to it. Does not cover: images, templates that need more than messages and
tools, and trainers that mask in another way than by assistant turns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from jinja2 import TemplateError, UndefinedError

from buckets import Message, RowError

TEMPLATE_ERRORS = (TemplateError, TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError)
_MARKS = re.compile(r"\{%-?\s*generation\s*-?%\}")
_PROBE = "zqprobe"


class RefusedError(Exception):
    """The template itself refuses the conversation (`raise_exception`); the message is the template's."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`spans` are [begin, end) character ranges of `text` in the loss; `marked`: the template said so itself."""

    text: str
    spans: tuple[tuple[int, int], ...]
    marked: bool


class Template:
    """The chat template of a tokenizer. Content goes in as text, or as text parts where the template wants parts."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        source = tokenizer.chat_template
        self.source: str = source if isinstance(source, str) else str((source or {}).get("default", ""))
        if not self.source:
            raise ValueError("the tokenizer has no chat template")
        self.marked = bool(_MARKS.search(self.source))
        self.parts = self.written = False
        self.thought = "reasoning_content"
        try:
            self.parts = _PROBE not in self.text([{"role": "user", "content": _PROBE}], None, prompt=False)
        except (RefusedError, *TEMPLATE_ERRORS):
            self.parts = True
        self.calls = self._call_form()
        self.thought = self._thought_key()

    def text(self, chat: list[dict[str, Any]], tools: Any, *, prompt: bool) -> str:
        """Raises RefusedError when the template refuses, one of TEMPLATE_ERRORS when it cannot be applied."""
        chat = self.content(chat)
        try:
            return str(
                self.tokenizer.apply_chat_template(chat, tools=tools, tokenize=False, add_generation_prompt=prompt)
            )
        except UndefinedError:
            raise
        except TemplateError as error:
            raise RefusedError(str(error)) from error

    def _call_form(self) -> bool:
        """Finds how this template takes calls. False when it leaves them out without a word, whatever their form.

        Some want the arguments as JSON text. Those that write calls only beside a content of null leave them out, for
        transformers 5 takes the null away before it renders.
        """
        call = {"type": "function", "function": {"name": _PROBE, "arguments": {}}}
        turn: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": [call]}
        chat = [{"role": "user", "content": "a"}, turn]
        silent = False
        for self.written in (False, True):
            try:
                if _PROBE in self.text(chat, None, prompt=False):
                    return True
                silent = True
            except (RefusedError, *TEMPLATE_ERRORS):
                continue
        self.written = False
        return not silent

    def _thought_key(self) -> str:
        """The key under which this template reads an assistant turn's reasoning: the first one that it shows."""
        for key in ("reasoning_content", "thinking", "reasoning"):
            chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", key: _PROBE}]
            try:
                if _PROBE in self.text(chat, None, prompt=False):
                    return key
            except (RefusedError, *TEMPLATE_ERRORS):
                continue
        return "reasoning_content"

    def content(self, chat: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The turns as this template takes them: reasoning under its key, calls and content in its form."""
        if self.written:
            chat = [_with_text(turn) if turn.get("tool_calls") else turn for turn in chat]
        if self.thought != "reasoning_content":
            chat = [{self.thought if k == "reasoning_content" else k: v for k, v in t.items()} for t in chat]
        if self.parts:
            chat = [{**t, "content": [{"type": "text", "text": t["content"]}]} for t in chat]
        return chat

    def render(self, messages: Sequence[Message], tools: str | None) -> Rendered:
        """Raises RowError for calls and tools that are not JSON, and what `text` raises."""
        chat, declared = chat_of(messages), json_list("tools", tools)
        text = self.text(chat, declared, prompt=False)
        spans = self._marked(chat, declared) if self.marked else None
        if spans is None:
            spans = self._by_prefix(chat, declared, text)
        return Rendered(text, tuple(span for span in spans if span[0] < span[1]), self.marked)

    def _marked(self, chat: list[dict[str, Any]], tools: Any) -> list[tuple[int, int]]:
        from transformers.utils.chat_template_utils import render_jinja_template

        chat = self.content(chat)
        _, spans = render_jinja_template(
            conversations=[chat],
            tools=tools,
            chat_template=self.source,
            return_assistant_tokens_mask=True,
            **self.tokenizer.special_tokens_map,
        )
        return [(int(begin), int(end)) for begin, end in spans[0]]

    def _by_prefix(self, chat: list[dict[str, Any]], tools: Any, text: str) -> list[tuple[int, int]]:
        """Turns that the template rewrites in a longer history are not trained, hence not told."""
        spans = []
        for index, turn in enumerate(chat):
            if turn["role"] != "assistant" or not index:
                continue
            head = self.text(chat[:index], tools, prompt=True)
            upto = text if index == len(chat) - 1 else self.text(chat[: index + 1], tools, prompt=False)
            if text.startswith(upto.rstrip()):
                # a generation prompt may hold an opening that this turn has not (an empty <think>)
                spans.append((_common(head, upto), len(upto.rstrip())))
        return spans


def chat_of(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as chat templates expect them: tool arguments as objects, developer turns as system turns.

    Most templates know no developer role, and some drop an unknown role without a word.
    """
    chat = []
    for m in messages:
        turn: dict[str, Any] = {"role": "system" if m.role == "developer" else m.role, "content": m.content or ""}
        if m.reasoning:
            turn["reasoning_content"] = m.reasoning
        if m.tool_calls:
            turn["tool_calls"] = [_call(call) for call in json_list("tool_calls", m.tool_calls) or []]
        if m.tool_call_id:
            turn["tool_call_id"] = m.tool_call_id
        if m.name:
            turn["name"] = m.name
        chat.append(turn)
    return chat


def _with_text(turn: dict[str, Any]) -> dict[str, Any]:
    """The turn with the arguments of its calls as JSON text."""
    calls = [call["function"] for call in turn["tool_calls"]]
    texts = [orjson.dumps(function["arguments"]).decode() for function in calls]
    told = [{"type": "function", "function": {**f, "arguments": text}} for f, text in zip(calls, texts, strict=True)]
    return {**turn, "tool_calls": told}


def _common(left: str, right: str) -> int:
    """Characters that both begin with."""
    shorter = min(len(left), len(right))
    return next((at for at in range(shorter) if left[at] != right[at]), shorter)


def _call(call: Any) -> dict[str, Any]:
    try:
        function = call["function"]
        arguments = function["arguments"]
        parsed = orjson.loads(arguments) if isinstance(arguments, str) else arguments
        return {"type": "function", "function": {"name": function["name"], "arguments": parsed}}
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise RowError("bad_tool_call", repr(error)) from error


def json_list(what: str, text: str | None) -> Any:
    """The list behind a JSON column, None when it is empty. Raises RowError."""
    if not text:
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RowError(f"bad_{what}", str(error)) from error
    if not isinstance(value, list):
        raise RowError(f"bad_{what}", "not a JSON list")
    return value or None
