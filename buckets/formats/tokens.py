"""Turns of one text that a chat template rendered: ChatML, Llama 2 [INST], Llama 3 headers, Gemma, Zephyr and Phi.

The text must be nothing but turns: a token of the style inside a turn, text between two turns, or a turn without its
end is RowError("ambiguous_turns"). NOT covered: tool calls written as text inside a turn (<tool_call> and the like);
such a text is refused, the tool dialects have readers of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from buckets.errors import RowError
from buckets.formats.turns import ROLES
from buckets.record import Role

Turn = tuple[Role, str]


@dataclass(frozen=True, slots=True)
class Tokens:
    name: str
    opening: re.Pattern[str]
    """Group `role` is the speaker."""
    closing: re.Pattern[str]
    inside: re.Pattern[str]
    """Tokens that no turn may hold."""


_STARTS = re.compile(r"\s*(?:(?:<s>|<bos>|<\|begin_of_text\|>|\[gMASK\]<sop>)\s*)*")
_TOOLS = re.compile(r"</?tool_call>|</?tool_response>|<\|python_tag\|>")
_TOKENS = (
    Tokens(
        "ChatML (<|im_start|>)",
        re.compile(r"<\|im_start\|>(?P<role>[A-Za-z]+)\n"),
        re.compile(r"<\|im_end\|>"),
        re.compile(r"<\|im_(?:start|end)\|>"),
    ),
    Tokens(
        "Llama 3 headers (<|start_header_id|>)",
        re.compile(r"<\|start_header_id\|>(?P<role>[A-Za-z]+)<\|end_header_id\|>\n\n"),
        re.compile(r"<\|eot_id\|>|<\|end_of_text\|>"),
        re.compile(r"<\|(?:start_header_id|end_header_id|eot_id|eom_id|begin_of_text)\|>"),
    ),
    Tokens(
        "Gemma (<start_of_turn>)",
        re.compile(r"<start_of_turn>(?P<role>[A-Za-z]+)\n"),
        re.compile(r"<end_of_turn>"),
        re.compile(r"<(?:start|end)_of_turn>"),
    ),
    Tokens(
        "Zephyr or Phi (<|user|>)",
        re.compile(r"<\|(?P<role>system|user|assistant)\|>\n"),
        re.compile(r"</s>|<\|end\|>|<\|endoftext\|>"),
        re.compile(r"<\|(?:system|user|assistant|end)\|>|</s>"),
    ),
)
_SYS = re.compile(r"\s*<<SYS>>\n?(?P<system>.*?)\n?<</SYS>>\s*(?P<user>.*)", re.DOTALL)
_ANSWER_END = re.compile(r"</s>|\[INST\]")
_SPACE = re.compile(r"\s*")
_LLAMA2 = re.compile(r"\[/?INST\]|<</?SYS>>|</?s>")


def template_of(text: str) -> str | None:
    """The template that a text was rendered with, for a person; None when it does not start like one."""
    start = _start(text)
    for tokens in _TOKENS:
        if tokens.opening.match(text, start):
            return tokens.name
    return "Llama 2 ([INST])" if text.startswith("[INST]", start) and "[/INST]" in text else None


def _start(text: str) -> int:
    found = _STARTS.match(text)
    return found.end() if found else 0


def template_turns(text: str) -> list[Turn]:
    """The turns of a rendered text, as they stand between their tokens."""
    start = _start(text)
    tokens = next((each for each in _TOKENS if each.opening.match(text, start)), None)
    turns = _walked(text, start, tokens) if tokens else _llama2(text)
    for _, content in turns:
        if _TOOLS.search(content):
            raise RowError(
                "tool_calls_in_text", "a turn holds tool calls as text; read it with the format of their dialect"
            )
    return turns


def _walked(text: str, start: int, tokens: Tokens) -> list[Turn]:
    turns: list[Turn] = []
    place = start
    while place < len(text):
        opened = tokens.opening.match(text, place)
        if opened is None:
            raise RowError("ambiguous_turns", f"text between two turns: {text[place : place + 80]!r}")
        role = ROLES.get({"ipython": "tool"}.get(opened["role"].lower(), opened["role"].lower()))
        if role is None or role == "call":
            raise RowError("unknown_role", f"a turn has the role {opened['role']!r}")
        closed = tokens.closing.search(text, opened.end())
        content = text[opened.end() : closed.start() if closed else len(text)]
        if tokens.inside.search(content) or (closed is None and not content.strip()):
            raise RowError("ambiguous_turns", f"a turn is not ended before the next token: {content[:80]!r}")
        turns.append((role, content))  # type: ignore[arg-type]  # "call" was refused
        place = _past_space(text, closed.end() if closed else len(text))
    return turns


def _past_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _llama2(text: str) -> list[Turn]:
    turns: list[Turn] = []
    place = _start(text)
    while place < len(text):
        asked, answered = text.find("[INST]", place), text.find("[/INST]", place)
        if asked != place or answered < 0:
            raise RowError("ambiguous_turns", f"[INST] and [/INST] do not alternate near {text[place : place + 80]!r}")
        ended = _ANSWER_END.search(text, answered)
        end = ended.start() if ended else len(text)
        user = text[asked + len("[INST]") : answered].removeprefix(" ").removesuffix(" ")
        system = None if turns else _SYS.fullmatch(user)
        if system:
            turns.append(("system", system["system"]))
            user = system["user"]
        turns += [("user", user), ("assistant", text[answered + len("[/INST]") : end].strip(" "))]
        place = _past_space(text, end)
        for mark in ("</s>", "<s>"):
            place = _past_space(text, place + len(mark)) if text.startswith(mark, place) else place
    if any(_LLAMA2.search(content) for _, content in turns):
        raise RowError("ambiguous_turns", "a turn holds a token of the template")
    return turns
