"""Makes hostile dataset text fit to look at: clipped, without control characters, without bidi tricks.

Escaping of markup is not done here: jinja2's autoescape and `charts.tag` do that, on every value.
"""

from __future__ import annotations

import re
import unicodedata

LIMIT = 2000
"""No single value prints more characters than this, whatever a template forgets to clip."""

# Joiners shape Persian, Indic scripts and emoji families and cannot reorder or hide a whole word.
_HARMLESS = frozenset("\n\t\u200c\u200d")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKS_IN_A_ROW = 4


def printable(text: str) -> str:
    """`text` as valid UTF-8: lone surrogates become U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def visible(text: str) -> str:
    """`text` with control, format, bidi and unassigned characters shown as code points.

    >>> visible("a\\u202eb\\x00")
    'a⟨U+202E⟩b⟨U+0000⟩'
    """
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for char in text.replace("\r\n", "\n"):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MARKS_IN_A_ROW:  # stacked accents would paint over the lines above
            continue
        hidden = category in _HIDDEN and char not in _HARMLESS
        out.append(f"\u27e8U+{ord(char):04X}\u27e9" if hidden else char)
    return "".join(out)


def clip(text: str, limit: int = 240) -> str:
    """At most `limit` characters, the last an ellipsis when something was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "\u2026"
