"""Numbers written out: "one hundred and five", "three-quarters", "one and a half", 二十一, 四分之三, 1.5万.

Does not cover: other languages, ordinals (a third is 1/3 only after a count: "two thirds"), "twenty twenty" as a year.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORDS = {word: value for value, word in enumerate(_ONES)} | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
"""To ninety, in English."""
_POWERS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
          "ninth": 9, "tenth": 10, "hundredth": 100, "thousandth": 1000}  # fmt: skip
_MINUS = ("minus", "negative")
_DIGITS = {char: at for at, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_HAN = re.compile(
    r"(负?)([零〇一二三四五六七八九十百千万亿两]{1,20})(?:分之([零〇一二三四五六七八九十百千万亿两]{1,20}))?"
)
_MIXED = re.compile(r"(-?\d{1,15}(?:\.\d{1,10})?)\s*([万亿])")


@lru_cache(maxsize=4096)
def spelled(text: str) -> Fraction | None:
    """The number that all of the text spells, or None."""
    text = text.strip()
    if not text or len(text) > 120:
        return None
    return _english(re.sub(r"[\s-]+", " ", text.lower()).split()) if text.isascii() else _han(text)


def _english(words: list[str]) -> Fraction | None:
    if words in ([], ["a"]):
        return None  # nothing but dashes; a variable
    if words[0] in _MINUS:
        rest = _english(words[1:]) if len(words) > 1 and words[1] not in _MINUS else None
        return None if rest is None else -rest
    if words == ["half"] or words in (["a", "half"], ["a", "quarter"]):
        return Fraction(1, _PARTS[words[-1]])
    below = _PARTS.get(words[-1].removesuffix("s").replace("halve", "half"))
    if below is None:
        whole = _whole(words)
        return None if whole is None else Fraction(whole)
    return _fraction(words[:-1], below)


def _fraction(words: list[str], below: int) -> Fraction | None:
    """three quarters; two and three quarters; one and a half."""
    if "and" in words:
        at = len(words) - 1 - words[::-1].index("and")
        whole, above = _whole(words[:at]), _whole(words[at + 1 :])
        return None if whole is None or above is None or above >= below else whole + Fraction(above, below)
    above = _whole(words) if words != ["a"] else None
    return None if above is None else Fraction(above, below)


def _whole(words: list[str]) -> int | None:
    """Cardinals: each power of a thousand once, in falling order."""
    if words in (["a", "dozen"], ["dozen"]):
        return 12
    if len(words) == 2 and words[1] == "dozen":
        return None if words[0] not in WORDS else 12 * WORDS[words[0]]
    total, last, group = 0, 10**15, list[str]()
    for word in words:
        if word not in _POWERS:
            group.append(word)
            continue
        part = _hundreds(group)
        if not part or _POWERS[word] >= last:
            return None
        total, last, group = total + part * _POWERS[word], _POWERS[word], []
    if not group:
        return total if words and last < 10**15 else None
    if group[0] == "and" and last < 10**15:
        group = group[1:]
    rest = _hundreds(group)
    return None if rest is None else total + rest


def _hundreds(words: list[str]) -> int | None:
    """Up to 999."""
    if words and words[0] == "a" and words[1:2] == ["hundred"]:
        words = ["one", *words[1:]]
    if words == ["a"]:
        return 1
    total = 0
    if len(words) > 1 and words[1] == "hundred":
        if not 1 <= WORDS.get(words[0], 0) <= 9:
            return None
        total, words = 100 * WORDS[words[0]], words[2:]
        if not words:
            return total
        words = words[1:] if words[0] == "and" else words
    if len(words) == 1 and words[0] in WORDS:
        return total + WORDS[words[0]]
    if len(words) == 2 and WORDS.get(words[0], 0) >= 20 and 1 <= WORDS.get(words[1], 0) <= 9:
        return total + WORDS[words[0]] + WORDS[words[1]]
    return None


def _han(text: str) -> Fraction | None:
    if mixed := _MIXED.fullmatch(text):
        return Fraction(mixed[1]) * _LARGE[mixed[2]]
    found = _HAN.fullmatch(text)
    if found is None:
        return None
    first, second = _han_whole(found[2]), _han_whole(found[3]) if found[3] else None
    if first is None or (found[3] and second is None) or (second is not None and first == 0):
        return None
    value = Fraction(first) if second is None else Fraction(second, first)
    return -value if found[1] else value


def _han_whole(text: str) -> int | None:
    """二十一, 一百零五, 三万五千; None for digits in a row (二零二五 is a year, or read out)."""
    total, part, digit = 0, 0, None
    for char in text:
        if char in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = _DIGITS[char]
        elif char in _SMALL:
            part, digit = part + (1 if digit is None else digit) * _SMALL[char], None
        elif total + part + (digit or 0) == 0:
            return None
        else:
            total, part, digit = (total + part + (digit or 0)) * _LARGE[char], 0, None
    return total + part + (digit or 0)
