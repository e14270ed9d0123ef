"""Turns of one text by markers in plain words: Human/Assistant, Instruction/Response, user:/assistant: lines, Q:/A:.

Plain words may also stand inside a turn, so every style has an order of roles that must hold and a pattern of near
markers that must not occur; where one is broken, RowError("ambiguous_turns") says where, and nothing is guessed.
NOT covered: a user who pastes a whole dialogue in exactly the style and order of the text around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from buckets.errors import RowError
from buckets.record import Role

_END_TOKENS = ("</s>", "<|endoftext|>", "<|end_of_text|>")
Turn = tuple[Role, str]


@dataclass(frozen=True, slots=True)
class Style:
    name: str
    marker: re.Pattern[str]
    """Group 1 is the speaker; the whole match belongs to no turn."""
    near: re.Pattern[str]
    """What looks like a marker of this style inside a turn."""
    roles: dict[str, Role]
    trimmed: bool = False
    """Whether white space and end tokens around a turn belong to the markers."""


_WORDS: dict[str, Role] = {"user": "user", "assistant": "assistant", "tool": "tool", "system": "system"}
HUMAN = Style(
    "\\n\\nHuman: and \\n\\nAssistant:",
    re.compile(r"(?:\A\s*|\n\n)(Human|Assistant):[ ]?"),
    re.compile(r"^[ \t]*(?:Human|Assistant):", re.MULTILINE),
    {"Human": "user", "Assistant": "assistant"},
)
_STYLES = (
    HUMAN,
    Style(
        "### Instruction: and ### Response:",
        re.compile(r"(?:\A|\n)### (Instruction|Input|Response):"),
        re.compile(r"^[ \t]*#+[ \t]*(?:Instruction|Input|Response)[ \t]*:", re.MULTILINE),
        {"Instruction": "user", "Input": "user", "Response": "assistant"},
        trimmed=True,
    ),
    Style(
        "### Human: and ### Assistant:",
        re.compile(r"### (Human|Assistant|System):"),
        re.compile(r"##[ \t]*(?:Human|Assistant)\b", re.IGNORECASE),
        {"Human": "user", "Assistant": "assistant", "System": "system"},
        trimmed=True,
    ),
    *(
        Style(
            f"lines of {speakers[0]}: and {speakers[1]}:",
            re.compile(rf"(?:\A|\n)({'|'.join(speakers)}):[ ]?"),
            re.compile(rf"^[ \t]*(?:{'|'.join(speakers)})[ \t]*:", re.MULTILINE | re.IGNORECASE),
            {speaker: _WORDS[speaker.lower()] for speaker in speakers},
        )
        for speakers in (
            ("user", "assistant", "tool", "system"),
            ("User", "Assistant", "Tool", "System"),
            ("USER", "ASSISTANT", "TOOL", "SYSTEM"),
        )
    ),
)
_Q_LINE, _A_LINE = re.compile(r"^Q: ?", re.MULTILINE), re.compile(r"\nA:[ ]?")


def style_of(text: str) -> str | None:
    """The style in which a text has at least one user and one assistant marker, for a person."""
    style = _style(text)
    if style is not None:
        return style.name
    return "one line of Q: and one of A:" if _is_pair(text) else None


def _style(text: str) -> Style | None:
    found: list[tuple[int, int, Style]] = []
    for order, style in enumerate(_STYLES):
        marks = list(style.marker.finditer(text))
        if {"user", "assistant"} <= {style.roles[mark[1]] for mark in marks}:
            found.append((marks[0].start(), order, style))
    return min(found, key=lambda each: each[:2])[2] if found else None  # the style that opens the text


def _is_pair(text: str) -> bool:
    asked = _Q_LINE.search(text)
    return asked is not None and len(_A_LINE.findall(text, asked.end())) == 1 and len(_Q_LINE.findall(text)) == 1


def marked_turns(text: str) -> list[Turn]:
    """The turns of a text, a text before the first marker as the system turn. RowError("ambiguous_turns")."""
    style = _style(text)
    if style is None:
        if not _is_pair(text):
            raise RowError("unexpected_keys", "the text has no markers of a dialogue that is known")
        asked, _, answer = text.partition(_A_LINE.findall(text)[0])
        return [("user", asked), ("assistant", answer)]
    turns = cut(text, style)
    for _, content in turns:
        near = style.near.search(content)
        if near is not None:
            raise RowError("ambiguous_turns", f"a turn holds what may be a marker: {content[near.start() :][:80]!r}")
    _check_order(turns, style)
    return turns


def cut(text: str, style: Style) -> list[Turn]:
    """The text between the markers, without a judgement; empty when there is no marker."""
    marks = list(style.marker.finditer(text))
    if not marks:
        return []
    before = text[: marks[0].start()]
    turns: list[Turn] = [("system", before.strip() if style.trimmed else before)] if before.strip() else []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        content = text[mark.end() : end]
        if style.trimmed:
            content = _trimmed(content)
        if mark[1] == "Input" and turns and turns[-1][0] == "user":
            turns[-1] = ("user", f"{turns[-1][1]}\n\n{content}" if content else turns[-1][1])
        else:
            turns.append((style.roles[mark[1]], content))
    return turns


def _trimmed(content: str) -> str:
    content = content.strip()
    while content.endswith(_END_TOKENS):
        for token in _END_TOKENS:
            content = content.removesuffix(token).rstrip()
    return content


def _check_order(turns: list[Turn], style: Style) -> None:
    """User first, then by turns; tools between assistants, a system turn only at the start."""
    roles = [role for role, _ in turns]
    allowed: dict[Role | None, tuple[Role, ...]] = {
        None: ("system", "user"),
        "system": ("user",),
        "user": ("assistant",),
        "assistant": ("user", "tool"),
        "tool": ("assistant", "tool"),
    }
    for number, (before, role) in enumerate(zip([None, *roles], roles, strict=False)):
        if role not in allowed[before]:
            raise RowError(
                "ambiguous_turns",
                f"turn {number} is a {role} turn behind {before or 'nothing'}: a marker ({style.name}) may stand "
                f"inside a turn, near {turns[number][1][:60]!r}",
            )
