"""LaTeX and typography of a short answer taken off, so that equal answers become equal text.

Nothing that carries meaning goes: brackets, signs, units, percent signs, bases and the case of letters stay.
Does not cover: macros that the answer defines itself, and LaTeX environments other than matrices.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_LENGTH = 600
"""Longer answers are prose or hostile; they are compared as text only."""

_SIGNS = {
    "−": "-", "–": "-", "×": r" \times ", "÷": "/", "·": r" \cdot ", "⋅": r" \cdot ", "π": r"\pi ", "∞": r"\infty ",
    "≤": r" \le ", "≥": r" \ge ", "≠": r" \ne ", "∪": r" \cup ", "∩": r" \cap ", "∈": r" \in ", "±": r" \pm ",
    "°": r"^\circ ", "²": "^2", "³": "^3", "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}",
    "√": r"\sqrt ", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "，": ",", "％": "%", "（": "(", "）": ")",
}  # fmt: skip
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
"""Full-width forms of ASCII."""
_TABLE = str.maketrans(_WIDE | _SIGNS)
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
        (r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits|phantom\{\})(?![a-zA-Z])\.?", ""),
        (r"(?<=\d),\\!\s*(?=\d{3})", ","),
        (r"(?<=\d)\{,\}(?=\d)", ","),
        (r"(?<=\d)\\[,;:](?=\d{3})", " "),
        (r"(?<!\\)\\!", ""),
        (r"(?<!\\)\\(?:[,;: ]|quad(?![a-zA-Z])|qquad(?![a-zA-Z]))|(?<=[\w})\]])~", " "),
        (r"\\(?:mbox|textbf|textrm|textit|mathrm|mathbf|mathit|operatorname|rm)(?=\s*\{)", r"\\text"),
        (r"\\(?:degree|textdegree)(?![a-zA-Z])|\^\s*\{\s*\\circ\s*\}|\^\s*\\circ(?![a-zA-Z])", r"^\\circ "),
        (r"\\leqs?l?a?n?t?(?![a-zA-Z])", r"\\le"),
        (r"\\geqs?l?a?n?t?(?![a-zA-Z])", r"\\ge"),
        (r"\\neq(?![a-zA-Z])", r"\\ne"),
        (r"\\lt(?![a-zA-Z])", "<"),
        (r"\\gt(?![a-zA-Z])", ">"),
        (r"<=", r"\\le "),
        (r">=", r"\\ge "),
        (r"\\lbrace(?![a-zA-Z])", r"\\{"),
        (r"\\rbrace(?![a-zA-Z])", r"\\}"),
        (r"\\%", "%"),
        (r"\\\$", "$"),
        (r"\\frac\s*(\d)\s*(\d)(?!\d)", r"\\frac{\1}{\2}"),
        (r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{"),
        (r"(\\frac\s*\{[^{}]*\})\s*(\w)", r"\1{\2}"),
        (r"\\sqrt\s*(\d|[a-zA-Z](?![a-zA-Z]))", r"\\sqrt{\1}"),
        (r"\\varnothing(?![a-zA-Z])|\A\\\{\s*\\\}\Z", r"\\emptyset"),
        (r"\s+", " "),
    )
)
_INFINITY = re.compile(r"\A([-+]?\s*)(?:\\text\s*\{\s*)?(?:positive )?infinity\}?\Z", re.IGNORECASE)
_REALS = frozenset(("\\mathbb{R}", "\\mathbb R", "\\Bbb{R}", "all real numbers", "\\text{all real numbers}"))
_WRAPPED = re.compile(r"\A(?:\$\$(.*)\$\$|\$([^$]*)\$|\\\((.*)\\\)|\\\[(.*)\\\]|\*\*(.*)\*\*|`(.*)`)\Z", re.DOTALL)
_ENDLESS = re.compile(r"\d\.\d+\.{3}\Z")
"""0.333... goes on."""
_WHOLE = re.compile(r"\A\\(?:text|boxed|fbox)\s*\{([^{}]*)\}\Z")


@lru_cache(maxsize=8192)
def tidy(text: str) -> str:
    """The answer without wrappers and dressing; its meaning and its brackets stay."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return text
    text = _unwrapped(text).translate(_TABLE)
    if "\\" in text or "<" in text or ">" in text or "{" in text or "~" in text:
        for pattern, to in _REWRITES:
            text = pattern.sub(to, text)
    text = _unwrapped(text)
    text = _INFINITY.sub(r"\1\\infty", text)
    return "(-\\infty, \\infty)" if text in _REALS else re.sub(r"\s+", " ", text)


def _unwrapped(text: str) -> str:
    for _ in range(4):
        text = text.strip()
        if not _ENDLESS.search(text):
            text = text.rstrip(".;").rstrip()
        found = _WRAPPED.match(text) or _WHOLE.match(text)
        if not found:
            return text
        text = next(group for group in found.groups() if group is not None)
    return text


def squeezed(text: str) -> str:
    """Without the spaces that mean nothing: those beside a sign."""
    return re.sub(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])", "", text)


def split_top(text: str, separators: re.Pattern[str]) -> list[str]:
    """Pieces between separators that stand outside every bracket. Half-open intervals such as (1,2] count as closed."""
    pieces, depth, start, at = [], 0, 0, 0
    while at < len(text):
        char = text[at]
        if char == "\\" and text[at : at + 2] in ("\\{", "\\}"):
            depth += 1 if text[at + 1] == "{" else -1
            at += 2
            continue
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0:
            found = separators.match(text, at)
            if found and found.end() > at:
                pieces.append(text[start:at].strip())
                start = at = found.end()
                continue
        at += 1
    return [*pieces, text[start:].strip()]


def enclosed(text: str) -> tuple[str, str, str] | None:
    """(opening, inside, closing) when one pair of brackets encloses all of the text. ]a, b[ counts; else None."""
    if len(text) < 2:
        return None
    if text.startswith("\\{") and text.endswith("\\}"):
        opening, inside, closing = "\\{", text[2:-2], "\\}"
    elif (
        (text[0] in "([{" and text[-1] in ")]}" and text[-2:] != "\\}")
        or (text[0] == "]" and text[-1] in "[]")
        or (text[0] in "([" and text[-1] == "[")
    ):
        opening, inside, closing = text[0], text[1:-1], text[-1]
    else:
        return None
    depth = 0
    for char in inside.replace("\\{", "{").replace("\\}", "}"):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return None
    return (opening, inside.strip(), closing) if depth == 0 else None
