"""Is the final answer right, does the reasoning lead to it, is the gold itself usable, is the arithmetic true?

Does not cover: proofs, derivations beyond plain arithmetic, and answers that only a reader can compare: a long free
text that differs from the reference is ABSTAIN, not FAIL.
"""

from __future__ import annotations

import re

from buckets import REFUSE, Record
from verifiers.arithmetic import false_claim
from verifiers.calls import expected_calls
from verifiers.closing import closing_number
from verifiers.equal import WORDS_OF_A_FREE_TEXT, compare, is_text, normal
from verifiers.final import (
    broken_gold,
    choice_of,
    doubt,
    final_answer,
    gold_of,
    is_choice,
    last_line,
    marked_answer,
    marks,
    options_of,
    prose,
)  # fmt: skip
from verifiers.quantities import DIFFERENT, SAME, Agreement, Compared, quantity, unknown, value_of
from verifiers.tidy import tidy
from verifiers.verdict import Verdict, abstained, failed, passed

WHY = {
    "percent_or_number": "One says percent and the other does not, and the question does not tell.",
    "decimal_comma": "A comma stands where the other has a decimal point: a decimal comma, or a list.",
    "rounded": "One is the other rounded.",
    "other_unit": "The numbers are equal, the units are other words.",
    "unit_or_variable": "A single letter after the number may be a unit or a variable.",
    "other_base": "The same digits or value in another base.",
    "other_kind": "The same parts in another kind of bracket, or kinds that do not compare.",
    "other_brackets": "The same entries in other brackets.",
    "other_name": "The same value under another name.",
    "other_variables": "The variables differ.",
    "thousands_in_brackets": "A comma between digits in brackets: thousands, or two entries.",
    "log_or_ln": "One says log and the other ln.",
    "two_readings": "A date or time with two readings.",
    "free_text": "Free text that differs from the reference: only a reader can compare.",
    "case_of_letters": "The variables differ in case.",
    "too_long": "Too long to compare.",
    "too_deep": "Nested too deeply to compare.",
    "too_costly": "The comparison used up its time or memory.",
    "unreadable": "The expression cannot be read.",
    "no_value": "The expressions have no finite value to compare.",
    "equal_for_positive_values_only": "The expressions agree for positive values only.",
    "not_proven": "The expressions look equal but are not proven equal.",
    "number_words": "The number stands in words in a sentence.",
    "hedged": "The last number stands behind a denial or a hedge.",
    "several_numbers": "The reply ends on several numbers, and none is marked.",
    "attached": "Signs or letters stand right behind the last number.",
    "several_boxes": "The reply boxes two answers and leaves the choice open.",
    "retracted": "Words behind the marked answer take it back.",
    "mark_in_code": "The only final answer that the reply marks stands in a code block.",
    "yes_and_no": "The reply says both yes and no, or neither.",
    "other_order": "The same entries in another order, and nothing says that order does not matter.",
    "repeated": "The same entries, but not as often.",
    "percentage_points": "Percentage points on one side, percent on the other.",
    "direction": "One has a sign, the other says increase or decrease.",
    "endless": "Dots behind the decimals on one side: it goes on, or it was cut.",
    "labelled_parts": "One has parts with labels, and the other has not the same.",
    "modulus": "One is modulo something, and the other is not.",
    "range_or_difference": "Two numbers with a dash between them: a range or a difference.",
    "letter_and_text": "The reply names a letter beside the text of another option.",
    "option_text": "The gold is a letter, the reply is not, and the question lists no such option.",
    "empty": "Nothing to compare.",
    "math_not_installed": "Comparing expressions needs math-verify: pip install 'sft-curate[math]'.",
    "math_did_not_start": "The process that compares expressions did not start.",
}
"""Slug of an UNKNOWN comparison -> sentence."""


def judge_answers(record: Record) -> Verdict:
    """FAIL for a wrong, self-contradicting answer or false arithmetic; ABSTAIN when nothing sure can be said."""
    draft, answer = record.draft, record.answer or ""
    if draft.tests or draft.schema or expected_calls(draft.reference) is not None or draft.reference == REFUSE:
        return abstained("not_an_answer", "Another check compares this kind of reference.")
    question = next((m.content or "" for m in reversed(draft.messages) if m.role == "user"), "")
    unsure = None
    if draft.reference is not None and draft.reference.strip():
        verdict = judge_text(answer, draft.reference, question)
        if verdict.outcome == "fail":
            return verdict
        unsure = verdict if verdict.outcome == "abstain" else None
    elif record.bucket != "math_reasoning":
        return abstained("no_reference", "The row has no gold answer.")
    conflict = contradiction(answer, question)
    if conflict:
        return failed("contradicts_itself", "The reply marks two different final answers.", conflict)
    claim = false_claim(answer)
    if claim:
        return failed("wrong_arithmetic", "A calculation in the answer is false.", claim)
    if unsure is not None:
        return unsure
    if draft.reference is None or not draft.reference.strip():
        return abstained("no_reference", "The row has no gold answer; no false calculation was found.")
    stray = unsupported(answer)
    if stray:
        return abstained("unsupported_answer", "The last calculation gives another number than the answer.", stray)
    return passed("answer", final_answer(answer, gold_of(draft.reference)))


def judge_text(answer: str, reference: str, question: str = "") -> Verdict:
    """Compare the final answer of a reply with a reference text; `question` tells percents and options apart."""
    if not answer.strip():
        return failed("no_answer", "The reply is empty.")
    gold = gold_of(reference)
    broken = broken_gold(gold)
    if broken:
        return abstained("unusable_gold", broken, gold)
    conflict = contradiction(reference, question)
    if conflict:
        return abstained("gold_contradicts_itself", "The reference marks two different final answers.", conflict)
    found = agreement(answer, gold, question)
    if found == SAME:
        if conflict := contradiction(answer, question):
            return failed("contradicts_itself", "The reply marks two different final answers.", conflict)
        return passed("answer")
    final = final_answer(answer, gold)
    if found.agreement is Agreement.UNKNOWN:
        return abstained(found.why, WHY.get(found.why, "It cannot be compared."), f"{final} ? {gold}")
    reason = "The final answer is not the reference."
    if found.why:
        reason = f"The final answer is not the reference: {found.why.replace('_', ' ')}."
    return failed("wrong_answer", reason, f"{final} != {gold}")


def agreement(answer: str, gold: str, question: str = "") -> Compared:
    """Of a whole reply with a gold answer. A marked answer alone counts; else all of a short reply, or its end."""
    marked = marked_answer(answer)
    if doubted := doubt(answer):
        return unknown(doubted)
    if is_choice(gold) or (options_of(question) and is_choice(gold.upper())):
        return _choices(marked if marked is not None else answer, gold, question)
    final = marked if marked is not None else final_answer(answer, gold)
    letter = choice_of(final) if question else None
    if letter and letter in options_of(question):
        return compare(gold, options_of(question)[letter], question)
    if normal(gold) in _OPPOSITES:
        return _yes_or_no(final if marked is not None else answer, gold)
    if marked is None and value_of(gold) is not None:
        return _unmarked_number(prose(answer).strip(), gold, question)
    found = compare(gold, final, question)
    if marked is None and found != SAME and final != answer.strip():
        whole = compare(gold, answer, question)
        if whole == SAME or (found == DIFFERENT and whole.why == "free_text"):
            return whole
    if found == DIFFERENT and marked is None and _is_open(answer, gold):
        return unknown("free_text")
    stated = marked is not None and marks(answer).get("stated") == marked and found.agreement is Agreement.DIFFERENT
    return unknown("hedged") if stated and marked is not None and _names(marked, gold) else found


def _is_open(answer: str, gold: str) -> bool:
    return value_of(gold) is None and is_text(gold) and len(answer.split()) > WORDS_OF_A_FREE_TEXT


def _names(stated: str, gold: str) -> bool:
    """The sentence after "the answer is" holds the gold number among other words than "or": 5, I guess."""
    value = value_of(gold)
    said = [value_of(number.strip(",")) for number in _ANY.findall(stated)]
    return value is not None and value in said and _SAYING.search(stated) is not None


_SAYING = re.compile(r"(?<![A-Za-z\\])(?!(?:and|or|to|sqrt|sin|cos|tan|log|ln|pi|text|frac|mod)\b)[A-Za-z]{2,}")
"""A word of prose."""
_LABEL = re.compile(r"\A\W*[A-Za-z]{1,6}\s*:\s*")
"""A: 18"""


def _unmarked_number(answer: str, gold: str, question: str) -> Compared:
    """A reply, or its last line, that is nothing but an answer as it stands; else the number that its prose ends on."""
    if len(answer) <= 200 and (whole := compare(gold, answer, question)) == SAME:
        return whole
    line = _LABEL.sub("", last_line(answer))
    if quantity(tidy(line)) is not None:
        return compare(gold, line, question)
    closing = closing_number(answer, quantity(tidy(gold)))
    if closing is None:
        return compare(gold, answer[-200:], question)
    ends = unknown(closing.doubt) if closing.doubt else compare(gold, closing.text, question)
    if _SAYING.search(line) or not re.search(r"\d", line):
        return ends
    left, _, right = line.rpartition("=")
    stands = compare(gold, right if re.search(r"\d", left) else line, question)
    return unknown("attached") if stands == DIFFERENT and ends == SAME else stands


_OPPOSITES = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
_UNSURE = frozenset(("not", "but", "maybe", "perhaps", "wait", "actually", "however", "possibly", "probably"))


def _yes_or_no(reply: str, gold: str) -> Compared:
    """ "Yes, because 7 is prime" is a yes; "Yes, but actually no" is neither; "Absolutely" only a reader can tell."""
    if normal(reply) == normal(gold):
        return SAME
    found = re.match(r"\W*(yes|no|true|false)\s*(?:[,.;:!]|\Z)", tidy(reply), re.IGNORECASE)
    first = found[1].lower() if found else None
    words = set(re.findall(r"[a-z]+", reply.lower())) if found else set()
    if first is None or _OPPOSITES[first] in words or first not in (normal(gold), _OPPOSITES[normal(gold)]):
        return unknown("yes_and_no")
    if first == normal(gold):
        head = re.findall(r"[a-z]+", reply.lower())[1:3]
        return unknown("yes_and_no") if _UNSURE & set(head) else SAME
    return DIFFERENT


def _choices(reply: str, gold: str, question: str) -> Compared:
    letter = choice_of(reply)
    wanted = choice_of(gold)
    options = options_of(question)
    if letter is not None:
        if letter in options and _other_text(reply, options, letter, question):
            return unknown("letter_and_text")
        return SAME if letter == wanted else DIFFERENT
    same = sorted(key for key, text in options.items() if compare(text, reply, question) == SAME)
    if len(same) == 1:
        return SAME if same[0] == wanted else DIFFERENT
    return unknown("option_text") if len(reply.split()) <= WORDS_OF_A_FREE_TEXT else unknown("free_text")


_BESIDE = re.compile(r"\A\W*(?:\\text\s*\{)?\W*[A-Ea-e]\s*[).:][).:}\s]*(\S.*?)\W*\Z", re.DOTALL)


def _other_text(reply: str, options: dict[str, str], letter: str, question: str) -> bool:
    """ "C: 6" where option C is 7: the text beside the letter is another option, or a number that is not this one."""
    found = _BESIDE.match(reply)
    if (
        not found
        or len(found[1]) > 100
        or compare(options[letter], found[1], question).agreement is not Agreement.DIFFERENT
    ):
        return False
    others = (text for key, text in options.items() if key != letter)
    return any(compare(text, found[1], question) == SAME for text in others)


def contradiction(text: str, question: str = "") -> str | None:
    """Two final answers that the text marks in different ways and that surely differ, as evidence; else None.

    "The answer is" counts only where it is the last of the marks: before them it may speak of a part.
    """
    found = marks(text)
    if "stated" in found and len(found) > 1:
        last_stated = max(text.lower().rfind(word) for word in ("answer", "result", "solution"))
        if last_stated < max(text.rfind("####"), text.rfind("\\boxed")):
            del found["stated"]
    for name in ("stated", "tagged"):
        if name in found and quantity(tidy(found[name])) is None:
            del found[name]
    said = list(found.values())
    for other in said[1:]:
        if compare(said[0], other, question).agreement is Agreement.DIFFERENT:
            return f"{said[0]} / {other}"
    return None


_RESULT = re.compile(r"=\s*\$?\s*(-?\d[\d,]*(?:\.\d+)?)(?![\d.]*\s*[-+*/x×=\d])")
_ANY = re.compile(r"\d[\d,]*(?:\.\d+)?")


def unsupported(answer: str) -> str | None:
    """The last result of a worked solution when its ####-answer appears nowhere in the work, as evidence; else None."""
    work, mark, _ = answer.rpartition("####")
    final = value_of(marks(answer).get("hashes", "")) if mark else None
    if final is None:
        return None
    results = [value_of(text) for text in _RESULT.findall(work)]
    if not results or results[-1] in (None, final, final / 100, final * 100):  # dollars against cents
        return None
    if any(value_of(number) == abs(final) for number in _ANY.findall(work)):
        return None
    return f"= {_RESULT.findall(work)[-1]}, then #### {marks(answer)['hashes']}"
