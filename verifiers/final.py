"""Where a reply says its final answer: after ####, in \\boxed{}, after "the answer is", else its last number or line.

Does not cover: answers spread over several sentences, and several boxes with prose between them (the last one counts).
"""

from __future__ import annotations

import re

from buckets import last_boxed
from verifiers.equal import is_text
from verifiers.quantities import value_of
from verifiers.tidy import tidy

BOXED_WITHIN = 4000
"""Last characters in which a \\boxed{} is looked for."""
_BARE_BOX = re.compile(r"\\boxed\s+([^\s$.]+)")
_HASHES = re.compile(r"####[ \t]*([^\n]+)")
_STATED = re.compile(
    r"(?i)\b(?:the|my|our|final|correct)?\s*(?:final |correct |right )?(?:answer|result|solution)\s*(?:is|:|=)\s*"
    r"(?:option\s*)?"
    r"([^\n]{1,200})"
)
_BOXES_IN_A_ROW = re.compile(r"\\boxed\s*\{([^{}]*)\}[$,\s]*(?:or|and|,)[$\s]*(?=\\boxed\s*\{([^{}]*)\})")
_NUMBER = re.compile(r"(?:(?<![\w.)}])-)?\$?\d(?:,?\d)*(?:\.\d+)?(?:\s*/\s*\d+)?%?")
_CHOICE = re.compile(r"\A\(?\s*([A-Ea-e])\s*(?:\)|\.(?!\w)|:|\Z|\s*[-–]\s)")
_SECOND_CHOICE = re.compile(r"(?:\bor\b|\band\b|,|/|&)\s*(?:option\s*)?\(?[A-E](?:\)|\.|\s|\Z)")
_OPTION = re.compile(r"(?:\A|(?<=\s))\(?([A-E])[).:]\s*(.+?)(?=\s+\(?[A-E][).:]\s*\S|\n|\Z)")


def gold_of(reference: str) -> str:
    """The answer that a reference stands for: what it marks as final, else all of it."""
    return marked_answer(reference) or reference.strip()


def marks(text: str) -> dict[str, str]:
    """Every way in which the text marks a final answer -> the last answer so marked."""
    found: dict[str, str] = {}
    hashes = _HASHES.findall(text)
    if hashes:
        found["hashes"] = str(hashes[-1]).strip()
    tail = text[-BOXED_WITHIN:]
    if "\\boxed" in tail or "\\fbox" in tail:
        row = [pair for pair in _BOXES_IN_A_ROW.findall(tail) if all(pair)]
        boxed = last_boxed(tail)
        if row and boxed == row[-1][1].strip():
            boxed = ", ".join([*(first for first, _ in row), row[-1][1]])
        bare = _BARE_BOX.findall(text) if boxed is None else []
        if boxed is not None or bare:
            found["boxed"] = boxed if boxed is not None else str(bare[-1])
    stated = _STATED.findall(text)
    if stated:
        found["stated"] = _sentence(stated[-1])
    return found


def marked_answer(text: str) -> str | None:
    """The answer that the text itself marks as final: after ####, in \\boxed{}, after "the answer is"."""
    return next(iter(marks(text).values()), None)


def final_answer(text: str, gold: str) -> str:
    """The marked answer; else the last number when the gold is one; else the last line."""
    marked = marked_answer(text)
    if marked is not None:
        return marked
    if value_of(gold) is not None:
        numbers = list(_NUMBER.finditer(text))
        if not numbers:
            return text.strip()[-200:]
        last = numbers[-1]
        if len(numbers) > 1 and text[numbers[-2].end() : last.start()].strip() == "or":
            return f"{numbers[-2][0]} or {last[0]}"
        return last[0]
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def is_choice(text: str) -> bool:
    return re.fullmatch(r"\(?[A-E]\)?\.?", tidy(text)) is not None


def choice_of(text: str) -> str | None:
    """The letter of a multiple-choice reply such as "(B)", "B. because", "b"; None for none and for more than one."""
    text = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", tidy(text[:400])).strip().removeprefix("Option ").strip()
    found = _CHOICE.match(text)
    if not found or _SECOND_CHOICE.match(text[found.end() :].lstrip(" )")):
        return None
    return found[1].upper()


def options_of(question: str) -> dict[str, str]:
    """Letter -> text of the options that a question lists as (A) ..., A. ..., A: ...; empty when a letter repeats."""
    found = _OPTION.findall(question[-4000:])
    options = {letter: text.strip() for letter, text in found}
    return options if len(options) == len(found) and "A" in options and "B" in options else {}


def broken_gold(gold: str) -> str | None:
    """Why nothing can be compared with this gold, in words; None for one that can be read."""
    if not gold.strip():
        return "The gold answer is empty."
    if "\\boxed" in gold or "####" in gold:
        return "The gold answer holds a mark of a final answer and nothing that can be read after it."
    plain = gold.replace("\\{", "(").replace("\\}", ")")
    if plain.count("{") != plain.count("}"):
        return "The braces of the gold answer do not match."
    if is_text(tidy(gold)):
        return None
    if _balance(plain):
        return "The brackets of the gold answer do not match."
    if re.search(r"(?:[-+*/=^_<]|\\times|\\cdot|\\frac|\\le|\\ge)\s*\Z", tidy(gold)):
        return "The gold answer breaks off after an operator."
    if re.search(r"/\s*0+(?![\d.])|\\frac\s*\{[^{}]*\}\s*\{\s*0+\s*\}", tidy(gold)):
        return "The gold answer divides by zero."
    return None


def _balance(text: str) -> int:
    """Brackets opened less brackets closed; ( may close with ], and ]a, b[ is balanced."""
    if text.count("[") + text.count("]") == 2 and "(" not in text and ")" not in text:
        return 0
    return sum((char in "([") - (char in ")]") for char in text)


def _sentence(text: str) -> str:
    """Up to the end of the sentence; a point inside a number does not end it."""
    cut = re.split(r"(?<![A-Z\d])[.!](?:\s|\Z)|(?<=\d)\.(?:\s|\Z)", text.strip(), maxsplit=1)[0]
    return cut.strip().strip("*_`\"'").strip()
