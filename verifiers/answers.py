"""Is the final answer right, and is the arithmetic on the way to it? Extraction, normalisation, comparison by value.

Does not cover: algebraic equivalence (2x = x + x), units that convert, and answers that only a reader can compare:
a free text that differs from the reference is ABSTAIN, not FAIL.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from buckets import REFUSE, Record, last_boxed
from verifiers.arithmetic import false_claim
from verifiers.calls import expected_calls
from verifiers.verdict import Verdict, abstained, failed, passed

_BARE_BOX = re.compile(r"\\boxed\s+([^\s$.]+)")
_HASHES = re.compile(r"####[ \t]*([^\n]+)")
_STATED = re.compile(
    r"(?i)\b(?:the|my|our|final|correct)?\s*(?:final |correct |right )?(?:answer|result|solution)\s*(?:is|:|=)\s*"
    r"(?:option\s*)?"
    r"([^\n]{1,200})"
)
_NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?%?")
_VALUE = re.compile(
    r"([-+]?)\s*[$€£]?\s*([-+]?)(\d[\d,]*\.?\d*|\.\d+)(?:[eE]([-+]?\d{1,3}))?(?:\s*/\s*(\d[\d,]*))?\s*(%?)"
)
_FRAC = re.compile(r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(-?\d+)\s*\}")
_CHOICE = re.compile(r"(?i)\A\(?\s*([A-E])\s*(?:\)|\.(?!\w)|:|\Z|\s*[-–]\s)")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_UNIT = re.compile(r"[ ]?[A-Za-z°²³./ ]{1,30}")
MAX_DIGITS = 60
"""Longer numbers are compared as text."""
BOXED_WITHIN = 4000
"""Last characters in which a \\boxed{} is looked for: unbalanced ones cost quadratic time."""
WORDS_OF_A_FREE_TEXT = 12
"""A reply longer than this, with no marked final answer, is prose."""


def judge_answers(record: Record) -> Verdict:
    """FAIL for a wrong final answer or a false arithmetic claim; ABSTAIN when there is nothing to compare with."""
    draft, answer = record.draft, record.answer or ""
    if draft.tests or draft.schema or expected_calls(draft.reference) is not None or draft.reference == REFUSE:
        return abstained("not_an_answer", "Another check compares this kind of reference.")
    if draft.reference is not None and draft.reference.strip():
        verdict = judge_text(answer, draft.reference)
        if verdict.outcome != "pass":
            return verdict
    elif record.bucket != "math_reasoning":
        return abstained("no_reference", "The row has no gold answer.")
    claim = false_claim(answer)
    if claim:
        return failed("wrong_arithmetic", "A calculation in the answer is false.", claim)
    if draft.reference is None or not draft.reference.strip():
        return abstained("no_reference", "The row has no gold answer; no false calculation was found.")
    return passed("answer", final_answer(answer, gold_of(draft.reference)))


def judge_text(answer: str, reference: str) -> Verdict:
    """Compare the final answer of a reply with a reference text."""
    if not answer.strip():
        return failed("no_answer", "The reply is empty.")
    gold = gold_of(reference)
    marked = marked_answer(answer)
    if agree(answer, gold) or agree(final_answer(answer, gold), gold):
        return passed("answer")
    open_question = marked is None and value_of(gold) is None and not is_choice(gold)
    if open_question and max(len(answer.split()), len(gold.split())) > WORDS_OF_A_FREE_TEXT:
        return abstained("free_text", "Free text that differs from the reference: only a reader can compare.")
    return failed("wrong_answer", "The final answer is not the reference.", f"{final_answer(answer, gold)} != {gold}")


def gold_of(reference: str) -> str:
    """The answer that a reference stands for: what it marks as final, else all of it."""
    return marked_answer(reference) or reference.strip()


def marked_answer(text: str) -> str | None:
    """The answer that the text itself marks as final: after ####, in \\boxed{}, after "the answer is"."""
    hashes = _HASHES.findall(text)
    if hashes:
        return str(hashes[-1]).strip()
    boxed = last_boxed(text[-BOXED_WITHIN:])
    if boxed is not None:
        return boxed
    bare = _BARE_BOX.findall(text)
    if bare:
        return str(bare[-1])
    stated = _STATED.findall(text)
    return _sentence(stated[-1]) if stated else None


def final_answer(text: str, gold: str) -> str:
    """The marked answer; else the last number when the gold is one; else the last line."""
    marked = marked_answer(text)
    if marked is not None:
        return marked
    if value_of(gold) is not None:
        numbers = _NUMBER.findall(text)
        return str(numbers[-1]) if numbers else text.strip()[-200:]
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def agree(left: str, right: str) -> bool:
    """Equal as text after normalisation, as choices, or as numbers."""
    if normal(left) == normal(right):
        return True
    if is_choice(right):
        return choice_of(left) == choice_of(right)
    gold = value_of(right)
    return gold is not None and value_of(left) == gold


def value_of(text: str) -> Fraction | None:
    """The number a short text stands for (1,000 $5 12% 3/4 \\frac{3}{4} 7 apples), or None. A percent is its number."""
    text = _FRAC.sub(r"\1/\2", text[:200]).replace("\\$", "$").replace("\\%", "%").replace("\\!", "").strip(" $\n\t*`")
    found = _VALUE.match(text.rstrip(". $"))
    if not found or len(found[3]) > MAX_DIGITS or len(found[5] or "") > MAX_DIGITS:
        return None
    rest = text[found.end() :].strip(" .$")
    if rest and not _UNIT.fullmatch(rest):
        return None
    value = Fraction(found[3].replace(",", "").rstrip(".") or "0") * Fraction(10) ** int(found[4] or 0)
    if found[5]:
        below = int(found[5].replace(",", ""))
        if below == 0:
            return None
        value /= below
    return -value if "-" in (found[1], found[2]) else value


def is_choice(text: str) -> bool:
    return re.fullmatch(r"\(?[A-E]\)?\.?", text.strip()) is not None


def choice_of(text: str) -> str | None:
    """The letter of a multiple-choice reply such as "(B)", "B. because", "b"."""
    found = _CHOICE.match(text.strip())
    return found[1].upper() if found else None


def normal(text: str) -> str:
    """Casefolded words without articles, punctuation and LaTeX dressing; operators and signs stay."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"\\(?:text|mathrm|left|right|displaystyle|[ ,;!])|[{}$]|\^\\circ", " ", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"[\"'“”‘’`*_,;:!?()\[\]]|\.(?!\d)", " ", text)
    return " ".join(_ARTICLES.sub(" ", text).split())


def _sentence(text: str) -> str:
    """Up to the end of the sentence; a point inside a number does not end it."""
    cut = re.split(r"(?<![A-Z\d])[.!](?:\s|\Z)|(?<=\d)\.(?:\s|\Z)", text.strip(), maxsplit=1)[0]
    return cut.strip().strip("*_`\"'").strip()
