"""Which words changed between a dropped row and the row that stayed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LEAD = 160
_WINDOW = 1200
_LONGEST = 60  # a "word" of a megabyte would be all or nothing


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text; `changed` when the other side does not have it."""

    text: str
    changed: bool


def _words(text: str) -> list[str]:
    parts: list[str] = []
    for word in _WORD.findall(text):
        parts.extend(word[i : i + _LONGEST] for i in range(0, len(word), _LONGEST))
    return parts


def _shared(left: str, right: str) -> int:
    """Length of the common beginning, by bisection: slices compare at memory speed."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _window(text: str, start: int) -> str:
    cut = text[start : start + _WINDOW]
    return ("\u2026" if start else "") + cut + ("\u2026" if start + _WINDOW < len(text) else "")


def _join(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].changed == span.changed:
            joined[-1] = Span(joined[-1].text + span.text, span.changed)
        elif span.text:
            joined.append(span)
    return tuple(joined)


def word_diff(left: str, right: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both texts as spans, at most 1200 characters each, starting shortly before the first difference.

    The window bounds the cost: SequenceMatcher is quadratic in the number of words.
    """
    short = max(len(left), len(right)) <= _WINDOW
    start = 0 if short or left == right else max(0, _shared(left, right) - _LEAD)
    a, b = _words(_window(left, start)), _words(_window(right, start))
    ours: list[Span] = []
    theirs: list[Span] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        ours.append(Span("".join(a[a0:a1]), tag != "equal"))
        theirs.append(Span("".join(b[b0:b1]), tag != "equal"))
    return _join(ours), _join(theirs)
