"""Where each assistant turn stands in a rendered conversation, found without any mark in the chat template.

A turn is found by rendering the conversation up to it. Where the template shows a turn otherwise in a longer history,
its neighbours are found instead: a probe word in their place says which characters are theirs.
Not covered: templates that show a message twice, or that leave out the neighbours of a turn.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from buckets import RowError
from verifiers import Template, TemplateRefusedError

TEMPLATE_ERRORS = (TemplateRefusedError, TemplateError, TypeError, ValueError, KeyError, AttributeError, IndexError)
_CLOSING = re.compile(r".*</(?:think|thinking|thought|reasoning)>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Turn:
    """Characters [begin, end) of the text, from behind the header up to and with the end of the turn."""

    message: int
    begin: int
    end: int
    rewritten: bool
    """The template shows it otherwise than when it was the last turn."""


class Located:
    """One conversation under one template; `specials` are its control tokens, `marks` all of its added tokens."""

    def __init__(self, template: Template, specials: Collection[str], marks: Collection[str]) -> None:
        self.template = template
        self.specials = _any_of(specials)
        self.marks = _any_of(marks)
        self._cache: dict[tuple[int, bool], str] = {}
        self.chat: list[dict[str, Any]] = []
        self.tools: Any = None
        self.text = ""

    def of(self, chat: list[dict[str, Any]], tools: Any) -> Located:
        """The same template over a conversation; raises RowError when the template refuses it."""
        new = object.__new__(Located)
        new.template, new.specials, new.marks = self.template, self.specials, self.marks
        new._cache, new.chat, new.tools = {}, chat, tools
        new.text = new.render(len(chat), prompt=False)
        return new

    def render(self, count: int, *, prompt: bool) -> str:
        """The first `count` messages as text, with the generation prompt or without."""
        if (count, prompt) not in self._cache:
            self._cache[count, prompt] = self._text(self.chat[:count], prompt=prompt)
        return self._cache[count, prompt]

    def turn(self, at: int, ends: Collection[str]) -> Turn | None:
        """The assistant turn at message `at` > 0; `ends` are control tokens that may end one. None: not found."""
        upto = self.render(at + 1, prompt=False)
        begin = self._begin(at, self.chat[: at + 1], upto)
        end = self._kept(upto)
        if begin is not None and end is not None and begin < end:
            return Turn(at, begin, end, rewritten=False)
        return self._in_history(at, ends)

    def answer(self, turn: Turn) -> int:
        """Where the reasoning of a turn and the marks around it end; its begin where none is shown."""
        message = self.chat[turn.message]
        if message.get("content"):
            found = self._place(self.chat, turn.message, "content", self.text)
            if found is None or not turn.begin <= found[0] <= turn.end:
                raise RowError("reasoning_not_found", f"turn {turn.message}: its answer cannot be told from reasoning")
            inline = _CLOSING.match(self.text[found[0] : found[1]])
            return found[0] + (inline.end() if inline else 0)
        found = self._place(self.chat, turn.message, "reasoning_content", self.text)
        if not found or not turn.begin <= found[0] <= turn.end:
            return turn.begin
        closing = re.compile(rf"\s*(?:{self.marks.pattern})?\s*").match(self.text, found[1])
        return min(closing.end() if closing else found[1], turn.end)

    def _begin(self, at: int, chat: list[dict[str, Any]], text: str) -> int | None:
        """Where the turn at `at` begins in `text`, the rendering of `chat`: behind what the prompt has after the turn
        before it. The prompt may hold what this turn has not (an opened <think>); then as much as both have."""
        head = self.render(at, prompt=True)
        if text.startswith(head):
            return len(head)
        before = self._place(chat, at - 1, "content", text)
        alone = self._place(self.chat[:at], at - 1, "content", head, prompt=True)
        if before is None or alone is None:
            return None
        bridge, rest = head[alone[1] :], text[before[1] :]
        begin = before[1] + _common(bridge, rest)
        return begin if rest.startswith(bridge) else self._not_past(chat, at, text, self._snap(text, begin))

    def _kept(self, upto: str) -> int | None:
        """Where a turn ends, if the whole conversation shows it as `upto` does, but for control tokens at its end."""
        shown = upto.rstrip()
        if self.text.startswith(shown):
            return len(shown)
        same = self._snap(upto, self._snap(self.text, _common(self.text, upto)))
        kept = upto[:same].rstrip()
        ended = [found.end() for found in self.specials.finditer(kept)]
        only_marks = not self.specials.sub("", upto[same:]).strip()
        return len(kept) if only_marks and ended and ended[-1] == len(kept) else None

    def _in_history(self, at: int, ends: Collection[str]) -> Turn | None:
        """From the neighbours: the turn lies between the header before it and the last end mark before the next."""
        if at + 1 >= len(self.chat):
            return None
        begin, after = self._begin(at, self.chat, self.text), self._place(self.chat, at + 1, "content", self.text)
        if begin is None or after is None:
            return None
        ended = [m.end() for m in _any_of(ends).finditer(self.text, begin, after[0])] if ends else []
        return Turn(at, begin, ended[-1], rewritten=True) if ended else None

    def _not_past(self, chat: list[dict[str, Any]], at: int, text: str, begin: int) -> int:
        """A turn that happens to start like the rest of the prompt starts where its own words do."""
        keys = ("reasoning_content", "content")
        return min([begin, *(found[0] for key in keys if (found := self._place(chat, at, key, text)))])

    def _snap(self, text: str, at: int) -> int:
        """`at`, or the begin of the added token that it would cut in two."""
        for found in self.marks.finditer(text, max(0, at - 80)):
            if found.start() < at < found.end():
                return found.start()
            if found.start() >= at:
                break
        return at

    def _place(
        self, chat: Sequence[dict[str, Any]], at: int, key: str, text: str, *, prompt: bool = False
    ) -> tuple[int, int] | None:
        """Characters of `text` (the rendering of `chat`) that are message `at`'s `key`; None: not told apart."""
        if not chat[at].get(key):
            return None
        probe = "zqprobe"
        while probe in text:
            probe += "q"
        try:
            other = self._text([*chat[:at], {**chat[at], key: probe}, *chat[at + 1 :]], prompt=prompt)
        except RowError:
            return None
        front, found, tail = other.partition(probe)
        whole = bool(found) and probe not in tail and text.startswith(front) and text.endswith(tail)
        return (len(front), len(text) - len(tail)) if whole and len(front) + len(tail) <= len(text) else None

    def _text(self, chat: list[dict[str, Any]], *, prompt: bool) -> str:
        if not chat:
            raise RowError("no_turns", "the conversation is empty")
        try:
            return self.template.text(chat, self.tools, prompt=prompt)
        except TEMPLATE_ERRORS as error:
            name = "" if isinstance(error, TemplateRefusedError) else f"{type(error).__name__}: "
            raise RowError("template_refused", f"{name}{error}") from error


def _any_of(words: Collection[str]) -> re.Pattern[str]:
    """Matches any of the words, the longest first; nothing where there are none."""
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)")


def _common(left: str, right: str) -> int:
    """Characters that both begin with."""
    shorter = min(len(left), len(right))
    if left[:shorter] == right[:shorter]:
        return shorter
    low, high = 0, shorter
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if left[:middle] == right[:middle] else (low, middle)
    return low
