"""The stretch of a system text that declares tools, and how it is taken out of the text and put back.

A declaration that stays in the system text is shown to the model twice, once more by the chat template.
It is taken out only where its wording is known, so that nothing else goes with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

KEPT_IN_SYSTEM = "declared in words that are not known, which stay in the text"
"""Note of a reader that took tools from a system text and left the text whole."""

_LONG = 20_000
"""Characters around a list, from which on the words are not kept in memory."""


@dataclass(frozen=True)
class Frame:
    """The words before and after a list of tools, as one family of data sets writes them."""

    before: str
    after: str

    def around(self, head: str, tail: str) -> tuple[str, str] | None:
        """What is left of the texts before and after a list without the frame; None when the words are others."""
        far = max(0, len(head) - 2 * len(self.before) - 200)
        first = _pattern(_words(self.before) + r"\s*\Z").search(head, far)
        last = first and _pattern(r"\s*" + _words(self.after)).match(tail)
        return None if first is None or last is None else (head[: first.start()], tail[last.end() :])

    def written(self, system: str, tools: str) -> str:
        """A system text with a list of tools behind it."""
        return (f"{system}\n\n" if system else "") + self.before + tools + self.after


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    """Compiled when it is first needed: of many known wordings a set has one."""
    return re.compile(text)


def _words(text: str) -> str:
    """A pattern for the words with any white space or none between them, as line ends get lost between sentences."""
    return r"\s*".join(re.escape(word).replace("><", r">\s*<") for word in text.split())


def taken_out(text: str, start: int, end: int, frames: tuple[Frame, ...]) -> str | None:
    """The system text without the declaration whose list is text[start:end]; None when its words are not known."""
    head, tail = text[:start], text[end:]
    return _rest(head, tail, frames) if len(head) + len(tail) < _LONG else _rest.__wrapped__(head, tail, frames)


@lru_cache(maxsize=1024)
def _rest(head: str, tail: str, frames: tuple[Frame, ...]) -> str | None:
    """Cached, as most rows of a set have the same words around their lists."""
    found = next((around for frame in frames if (around := frame.around(head, tail)) is not None), None)
    if found is None:
        return None
    before, after = found
    if not after.strip():
        return before.removesuffix("\n\n") if before.strip() else ""
    if not before.strip():
        return after.lstrip("\n")
    return before.removesuffix("\n\n") + "\n\n" + after.lstrip("\n")
