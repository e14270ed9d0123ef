"""What differs between two texts, word by word, as few lines as a terminal can show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

_WORDS = 3_000
"""Words compared; difflib takes quadratic time in the worst case."""
_AROUND = 3
_LONGEST = 12


def text_of(messages: list[dict[str, Any]]) -> str:
    """All that a row says, one turn after the other."""
    parts = [[m[key] for key in ("reasoning", "content", "tool_calls") if m.get(key)] for m in messages]
    return "\n".join(" ".join(part) for part in parts)


def differences(before: str, after: str, most: int = 6) -> list[str]:
    """Lines that say what `after` has in place of what; empty for equal texts."""
    if before == after:
        return []
    old, new = (re.findall(r"\S+", text)[:_WORDS] for text in (before, after))
    changes = list(_changes(old, new))
    lines = changes[:most]
    if len(changes) > most:
        lines.append(f"and {len(changes) - most} more places")
    return lines or ["only spaces or line ends" if len(old) < _WORDS else f"nothing in the first {_WORDS:,} words"]


def _changes(old: list[str], new: list[str]) -> Iterator[str]:
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            around = " ".join(old[max(a - _AROUND, 0) : a])
            yield f"{'... ' + around + ' ' if around else ''}[-{_cut(old[a:b])}-]{{+{_cut(new[c:d])}+}}"


def _cut(words: list[str]) -> str:
    if len(words) <= _LONGEST:
        return " ".join(words)
    half = _LONGEST // 2
    return f"{' '.join(words[:half])} ... {len(words) - _LONGEST} words ... {' '.join(words[-half:])}"
