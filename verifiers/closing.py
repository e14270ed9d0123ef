"""The number that unmarked running text ends on, with its unit, and the words that make it no answer.

"It's 6, not 5" ends on 5 and does not say 5; "at least 5", "5 or so", "3 to 5" and "5!" are not 5 either: what stands
around the last number decides whether it may be compared at all.
Does not cover: sentences that take an answer back without one of the words below, and other languages than English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers.quantities import Quantity, quantity
from verifiers.spelled import WORDS
from verifiers.tidy import tidy

_FRACTION = r"\\[dt]?frac\s*\{[^{}]{1,20}\}\s*\{[^{}]{1,20}\}"
_NUMBER = re.compile(
    r"(?:(?<![\w.)}\]])[-\u2212\u2013])?[$€£]?"
    rf"(?:(?:\d+\s*)?{_FRACTION}|\d+[ \t]+\d+/\d+|\d(?:,?\d)*(?:\.\d+)?(?:\s*/\s*\d+)?)"
    r"(?:\s*%|\s+per\s?cent\b)?"
)
_HEDGES = (
    r"not|never|\w+n['’]t|cannot|no longer|without|neither|nor|except|wrong|incorrect|instead of|rather than|at least"
    r"|at most|more than|less than|fewer than|greater than|smaller than|larger than|over|under|above|below|up to|about"
    r"|around|roughly|approximately|approx\.?|nearly|almost|close to|between|maybe|perhaps|possibly|probably"
    r"|presumably|might|could|may be|guess|unless|if"
)
_TURNED = r"half|twice|double|triple|minus|plus|negative|times|divided by|root"
_HEDGED_BEFORE = re.compile(
    rf"(?:\b(?:{_HEDGES})\b[\s\w'($*]{{0,24}}|\b(?:{_TURNED})\s+(?:of\s+)?(?:the\s+)?[$]?"
    r"|(?:[<>~≈≠≤≥±^_!∓]|\\(?:ne|neq|approx|pm|le|ge|leq|geq|lt|gt|sim)(?![a-z]))\s*[$({]*"
    r"|(?:不是?|至少|至多|最多|大?约|超过|不到|少于|多于|大于|小于|或者?)\s*"
    r"|(?<=\S)[ \t]+[-\u2212\u2013][ \t]+[$]?)\Z",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*(?:to|and|through|[,&/–—-]|\.\.+)\s*", re.IGNORECASE)
_BEHIND = re.compile(
    r"[\s,)*\"'.]*(?:(?:is|was|(?:would|could|might|can't|cannot) be|seems|looks)\s+)?(?:not\b|wrong\b|incorrect\b"
    r"|false\b|or\s+(?:so|more|less|maybe|perhaps|possibly|\d)|\?)",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?:>>|</?\w+>)\Z")
_DRESSING = re.compile(r"(?:\\[(\[]|[$€£*_\"'“‘])+\Z")
_FREE_IN_FRONT = re.compile(r"(?:\A|[=\u3040-\u30ff\u3400-\u9fff：，。]|[^\d\s]:)\Z")
"""What may stand right before a number without being a part of it: nothing, a sign of equality, a label, ideographs."""
_ATTACHED = re.compile(r"(?!\\[)\]])[^\s,;:.?)\]}\"'”’*$%|`<]+")
_FREE_BEHIND = re.compile(r"(?:st|nd|rd|th)\Z|[-–—]|(?![万千百亿億多几余分成])[\u3040-\u30ff\u3400-\u9fff。，]")
_SCALED = re.compile(r"\s+(?:hundred|thousand|million|billion|trillion|dozen)\b", re.IGNORECASE)
_TAIL = re.compile(r"\s*[^\s.,;:!?()\n]+(?:\s+[^\s.,;:!?()\n]+){0,2}")
_WORDED = re.compile(rf"\b(?:{'|'.join(word for word in WORDS if word not in ('zero', 'one'))})\b", re.IGNORECASE)
RETRACTED = re.compile(
    r"(?i)\b(?:wait|hmm+|oops|scratch that|let me re\w+|(?:is|was|that's|that is|this is|it's) "
    r"(?:wrong|incorrect|not (?:right|correct)|a mistake)|correction|on second thought|no, |actually)"
)
"""Behind a marked answer: its writer takes it back."""


@dataclass(frozen=True, slots=True)
class Closing:
    """`text`: the number with the unit that counts; `doubt`: why it cannot be taken for the answer, or empty."""

    text: str
    doubt: str = ""


def closing_number(text: str, gold: Quantity | None) -> Closing | None:
    """The last number of a text, as far as a gold with or without a unit needs it; None when there is no number."""
    numbers = list(_NUMBER.finditer(text))
    if not numbers:
        return Closing(text.strip()[-200:], "number_words") if _WORDED.search(text) else None
    last = numbers[-1]
    said, behind = last[0], text[last.end() :]
    before = _TAG.sub(" ", text[max(0, last.start() - 60) : last.start()])
    if len(numbers) > 1:
        between = text[numbers[-2].end() : last.start()]
        if between.strip() == "or":
            return Closing(f"{numbers[-2][0]} or {said}")
        if _JOINED.fullmatch(between) and "\n" not in between:
            return Closing(said, "several_numbers")
    sentence = re.split(r"[.!?;\n](?:\s|\Z)", before)[-1]
    if _HEDGED_BEFORE.search(sentence) or _BEHIND.match(behind):
        return Closing(said, "hedged")
    if _WORDED.search(behind):
        return Closing(said, "number_words")
    glued = before.split()[-1] if before[-1:].strip() else ""
    if not _FREE_IN_FRONT.search(_DRESSING.sub("", glued)):
        return Closing(glued + said, "attached")
    attached = _ATTACHED.match(behind)
    if attached and not _FREE_BEHIND.match(attached[0]):
        whole = said + attached[0]
        return Closing(whole) if quantity(tidy(whole)) is not None else Closing(whole, "attached")
    scale = _SCALED.match(behind)
    if scale:
        said, behind = said + scale[0], behind[scale.end() :]
    return Closing(_with_unit(said, behind, gold))


def _with_unit(said: str, behind: str, gold: Quantity | None) -> str:
    """The number with the unit behind it where the gold has one; with a word of another thing, so that it shows."""
    if gold is None or gold.unit is None:
        return said
    tail = _TAIL.match(behind)
    words = tail[0].split() if tail and behind[:1].isspace() else []
    if gold.unit.unknown:  # apples: another noun is another thing, "5 in all" is not
        return f"{said} {words[0]}" if words and quantity(tidy(f"{said} {words[0]}")) is not None else said
    for count in range(len(words), 0, -1):
        phrase = " ".join(words[:count])
        found = quantity(tidy(f"{said} {phrase}")) if phrase.lower() != "in" else None
        if found is not None and found.unit is not None and not found.unit.unknown:
            return f"{said} {phrase}"
    return said
