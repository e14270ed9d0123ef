"""Where a reply says its final answer: ####, \\boxed{}, <answer>, "the answer is", else its last number or line.

Does not cover: answers spread over several sentences, and several boxes with sentences between them (the last counts).
"""

from __future__ import annotations

import re

from verifiers.closing import RETRACTED, closing_number
from verifiers.equal import is_text
from verifiers.quantities import quantity, value_of
from verifiers.tidy import tidy

BOXED_WITHIN = 4000
"""Last characters in which a \\boxed{} is looked for."""
_BARE_BOX = re.compile(r"\\boxed\s+([^\s$.]+)")
_HASHES = re.compile(r"####[ \t]*([^\n]+)")
_TAGGED = re.compile(r"<answer>([^<]{1,80})</answer>", re.IGNORECASE)
_STATED = re.compile(
    r"(?i)\b(?:the|my|our|final|correct)?\s*(?:final |correct |right )?"
    r"(?<!wrong )(?<!incorrect )(?<!not the )(?:answer|result|solution)\s*(?:is|:|=)\s*"
    r"(?:option\s*)?"
    r"(?=([^\n]{1,200}))"  # looked at, not taken: "the answer is 5. No, the answer is 6" states two
)
_BOXES_IN_A_ROW = re.compile(r"\\boxed\s*\{([^{}]*)\}[$,\s]*(?:or|and|,)[$\s]*(?=\\boxed\s*\{([^{}]*)\})")
_BOX_OR_BRACE = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_INNER_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{([^{}]*)\}")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_MAYBE = re.compile(
    r"\s(?!(?:or|and)[$\s]*\Z)[^.\n]{0,80}?\b(?:or|maybe|perhaps|possibly|alternatively)\b[^.\n]{0,80}\Z", re.IGNORECASE
)
_CHOICE = re.compile(r"\A\(?\s*([A-Ea-e])\s*(?:\)|\.(?!\w)|:|\Z|\s*[-–]\s)")
_SECOND_CHOICE = re.compile(r"(?:\bor\b|\band\b|,|/|&)\s*(?:option\s*)?\(?[A-E](?:\)|\.|\s|\Z)")
_OTHER_CHOICE = re.compile(r"\b(?:or|and)\s+(?:maybe|possibly|perhaps|also|option)?\s*\(?[A-E](?:\)|[.,]|\s*\Z)")
_DENIED = re.compile(
    r"(?:is|was|are|would be|seems|looks)?\s*(?:not\b|wrong\b|incorrect\b|false\b|isn't\b)", re.IGNORECASE
)
_OPTION = re.compile(r"(?:\A|(?<=\s))\(?([A-E])[).:]\s*(.+?)(?=\s+\(?[A-E][).:]\s*\S|\n|\Z)")


def gold_of(reference: str) -> str:
    """The answer that a reference stands for: what it marks as final, else all of it."""
    return marked_answer(reference) or reference.strip()


def marks(text: str) -> dict[str, str]:
    """Every way in which the text marks a final answer -> the last answer so marked; code blocks mark nothing."""
    return _marks(prose(text))


def _marks(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    hashes = _HASHES.findall(text)
    if hashes:
        found["hashes"] = str(hashes[-1]).strip()
    tail = text[-BOXED_WITHIN:]
    if "\\boxed" in tail or "\\fbox" in tail:
        row = [pair for pair in _BOXES_IN_A_ROW.findall(tail) if all(pair)]
        boxed = _boxes(tail)[-1][1] if _boxes(tail) else None
        if row and boxed == row[-1][1].strip():
            boxed = ", ".join([*(first for first, _ in row), row[-1][1]])
        bare = _BARE_BOX.findall(text) if boxed is None else []
        if boxed is not None or bare:
            found["boxed"] = boxed if boxed is not None else str(bare[-1])
    tagged = [one for one in _TAGGED.findall(text) if len(one) <= 80 and one.strip() and "\\boxed" not in one]
    if tagged:
        found["tagged"] = str(tagged[-1]).strip()
    stated = _STATED.findall(text)
    if stated:
        found["stated"] = _sentence(stated[-1])
    return found


def marked_answer(text: str) -> str | None:
    """The answer that the text itself marks as final: after ####, in \\boxed{}, after "the answer is"."""
    return next(iter(marks(text).values()), None)


def prose(text: str) -> str:
    """The text without its fenced code blocks; all of it when there is nothing else."""
    if "```" not in text:
        return text
    outside = _FENCED.sub("\n", text)
    return outside if outside.strip() else text


def doubt(text: str) -> str:
    """Why the answer that a text marks cannot be taken for its word: a slug, empty when it can."""
    plain = prose(text)
    found = _marks(plain)
    if not found:
        return "mark_in_code" if plain is not text and _marks(text) else ""
    boxes = _boxes(plain[-BOXED_WITHIN:])
    if len(boxes) > 1 and boxes[-2][1] != boxes[-1][1]:
        between = plain[-BOXED_WITHIN:][boxes[-2][2] : boxes[-1][0]]
        if _MAYBE.match(between):
            return "several_boxes"
    ends = [m.end() for m in _HASHES.finditer(plain)][-1:]
    ends += [m.start(1) + _sentence_end(m[1]) for m in _STATED.finditer(plain)][-1:]
    ends += [max(0, len(plain) - BOXED_WITHIN) + boxes[-1][2]] if boxes else []
    return "retracted" if ends and RETRACTED.search(plain[max(ends) : max(ends) + 200]) else ""


def _boxes(text: str) -> list[tuple[int, str, int]]:
    """(start, content, end) of the closed boxes that stand in no other closed box, in order; inner boxes taken off."""
    opened: list[int | None] = []
    closed: list[tuple[int, int, int]] = []
    for found in _BOX_OR_BRACE.finditer(text):
        if found[0][0] == "\\" and len(found[0]) == 2:
            continue
        if found[0] != "}":
            opened.append(None if found[0] == "{" else len(closed))
            if found[0] != "{":
                closed.append((found.start(), found.end(), -1))
        elif opened and (at := opened.pop()) is not None:
            closed[at] = (*closed[at][:2], found.start())
    boxes, upto = [], -1
    for start, inside, end in closed:
        if end >= 0 and start > upto:
            content = text[inside:end]
            for _ in range(4):
                content = _INNER_BOX.sub(r"\1", content)
            boxes.append((start, content.strip(), end + 1))
            upto = end
    return boxes


def final_answer(text: str, gold: str) -> str:
    """The marked answer; else the last number, as it is said, when the gold is one; else the last line."""
    marked = marked_answer(text)
    if marked is not None:
        return marked
    text = prose(text)
    if value_of(gold) is not None:
        closing = closing_number(text, quantity(tidy(gold)))
        return text.strip()[-200:] if closing is None else closing.text
    return last_line(text)


def last_line(text: str) -> str:
    """The last line that is not blank, trimmed."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def is_choice(text: str) -> bool:
    return re.fullmatch(r"\(?[A-E]\)?\.?", tidy(text)) is not None


def choice_of(text: str) -> str | None:
    """The letter of a multiple-choice reply such as "(B)", "B. because", "b"; None for none and for more than one."""
    text = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", tidy(text[:400])).strip().removeprefix("Option ").strip()
    found = _CHOICE.match(text)
    if not found:
        return None
    rest = text[found.end() :].lstrip(" )")
    if _SECOND_CHOICE.match(rest) or _OTHER_CHOICE.search(rest[:120]) or _DENIED.match(rest):
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
    return text[: _sentence_end(text)].strip().strip("*_`\"'").strip()


_END = re.compile(r"(?<![A-Z\d\s])[.!](?:\s|\Z)|(?<=\d)\.(?:\s|\Z)")


def _sentence_end(text: str) -> int:
    found = _END.search(text)
    return found.start() if found else len(text)
