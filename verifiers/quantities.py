"""Numbers as answers write them: 1,200.50, 3/4, 1\\frac{4}{5}, 3 \\times 10^4, 12%, $5, 7 apples, 52_8; exact.

Does not cover: decimal commas (1,5 is never read as 1.5), Roman numerals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from verifiers.spelled import spelled
from verifiers.tidy import tidy
from verifiers.units import SCALES, Unit, unit_of

MAX_DIGITS = 60
"""Longer numbers are compared as text."""
MAX_EXPONENT = 300

_PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?: \d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(
    rf"\s*([-+]?)\s*([$€£]?)\s*([-+]?)\s*"
    rf"(?:(\d+)\s*\\frac\{{\s*(\d+)\s*\}}\{{\s*(\d+)\s*\}}"  # 1\frac{4}{5}
    rf"|\\frac\{{\s*(-?(?:{_PLAIN}))\s*\}}\{{\s*(-?(?:{_PLAIN}))\s*\}}"
    rf"|(\d+)\s+(\d+)\s*/\s*(\d+)(?![\d.])"  # 1 4/5
    rf"|({_PLAIN})(?:\s*(?:\\times|\\cdot|\*|x)\s*10\s*\^\s*(?:\{{\s*([-+]?\d{{1,4}})\s*\}}|([-+]?\d{{1,4}}))"
    rf"|[eE]([-+]?\d{{1,4}})(?![\d.]))?"
    rf"(?:\s*/\s*({_PLAIN}))?)"
)
_BASE = re.compile(r"\s*(\d+)\s*_\s*\{?\s*(\d{1,2})\s*\}?\s*")
_REPEATING = re.compile(r"\s*(-?)(\d{0,20})\.(\d{0,20})\\overline\s*\{\s*(\d{1,20})\s*\}\s*")
_ORDINAL = re.compile(r"\A(?:\^?\s*\{?\s*(?:\\text\s*\{)?(?:st|nd|rd|th)\b\}*)")
_COMPOUND = re.compile(r"(?<=[A-Za-z}])[\s,]+(?:and\s+)?(?=\d)")
_PERCENT = re.compile(r"\s*(?:\\text\s*\{\s*)?(?:%|percent(?:age points?)?\b|per cent\b)\s*\}?", re.IGNORECASE)
_SCALE = re.compile(rf"\s*(?:\\text\s*\{{\s*)?({'|'.join(SCALES)})s?\b\s*\}}?", re.IGNORECASE)
_SIGN_IN_FRONT = re.compile(r"\A\s*-\s*\\frac")
_SENSES = (
    ("points", re.compile(r"(?i)percentage points?")),
    ("down", re.compile(r"(?i)\b(?:decreas|drop|declin|loss|lost|less|lower|fewer|down|reduc|discount|off\b|fall)")),
    ("up", re.compile(r"(?i)\b(?:increas|rise|risen|gain|more|higher|up\b|growth|markup|profit)")),
)
"""What a share is of, where words behind it say so."""
_MONEY = {"$": "dollars", "€": "euros", "£": "gbp"}


class Agreement(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Compared:
    """`why` is a slug for UNKNOWN, and for DIFFERENT where the reason is not the value."""

    agreement: Agreement
    why: str = ""


SAME = Compared(Agreement.SAME)
DIFFERENT = Compared(Agreement.DIFFERENT)


def unknown(why: str) -> Compared:
    return Compared(Agreement.UNKNOWN, why)


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` as written: 12% has value 12 and percent. `decimals`: digits after the point, None for a fraction.

    `sense`: "up" or "down" for a change in percent, "points" for percentage points, else empty.
    """

    value: Fraction
    percent: bool = False
    unit: Unit | None = None
    base: int = 10
    decimals: int | None = 0
    sense: str = ""


@lru_cache(maxsize=16384)
def quantity(text: str) -> Quantity | None:
    """The number that all of a tidied short text stands for, or None. 1/0 is None; a sum is None."""
    if len(text) > 200:
        return None
    based = _BASE.fullmatch(text)
    if based:
        return _based(based[1], int(based[2]))
    repeating = _REPEATING.fullmatch(text)
    if repeating:
        return Quantity(_repeated(*repeating.groups()), decimals=None)
    pieces = _COMPOUND.split(text)
    compound = _compound([quantity(piece) for piece in pieces]) if 1 < len(pieces) <= 3 else None
    if compound is not None:
        return compound
    found = _NUMBER.match(text)
    if not found:
        return _worded(text)
    value = _value(found)
    if value is None:
        return None
    rest = _ORDINAL.sub("", text[found.end() :])
    if rest.lstrip().startswith(".."):
        return None  # 0.333... goes on
    scale = _SCALE.match(rest)
    if scale:
        value *= SCALES[scale[1].lower()]
        rest = rest[scale.end() :]
    percent = _PERCENT.match(rest)
    if percent:
        rest = rest[percent.end() :]
    money = found[2]
    unit = unit_of(_MONEY[money], True) if money else None
    sense = _sense(percent[0] + rest) if percent else ""
    if rest.strip(" $.") and not (money and rest.strip(" $.").lower() in ("dollars", "euros", "usd")):
        named = unit_of(rest.replace("$", " "), rest[0] == " ") if not percent else None
        if percent:
            return (
                Quantity(value, True, None, 10, _decimals(found), sense)
                if re.fullmatch(r"(?:[A-Za-z .]|\\text\s*\{[A-Za-z .]*\}){1,40}", rest)
                else None
            )
        if named is None or money:
            return None
        unit = named
    return Quantity(value, bool(percent), unit, 10, _decimals(found), sense)


def _sense(words: str) -> str:
    return next((name for name, pattern in _SENSES if pattern.search(words)), "")


def _value(found: re.Match[str]) -> Fraction | None:
    groups = found.groups()
    if any(part and len(part) > MAX_DIGITS for part in groups):
        return None
    sign = -1 if "-" in (found[1], found[3]) else 1
    if found[4]:
        value = _over(found[5], found[6])
        return None if value is None else sign * (int(found[4]) + value)
    if found[7]:
        value = _over(found[7], found[8])
        return None if value is None else sign * value
    if found[9]:
        value = _over(found[10], found[11])
        return None if value is None else sign * (int(found[9]) + value)
    exponent = int(found[13] or found[14] or found[15] or 0)
    if abs(exponent) > MAX_EXPONENT:
        return None
    power = Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent)
    value = _plain(found[12]) * power
    if found[16]:
        below = _plain(found[16])
        if below == 0:
            return None
        value /= below
    return sign * value


def _decimals(found: re.Match[str]) -> int | None:
    if found[12] is None or found[16]:
        return None
    return len(found[12].partition(".")[2])


def _plain(text: str) -> Fraction:
    return Fraction(text.replace(",", "").replace(" ", "").rstrip(".") or "0")


def _over(above: str, below: str) -> Fraction | None:
    divisor = _plain(below)
    return None if divisor == 0 else _plain(above) / divisor


def _based(digits: str, base: int) -> Quantity | None:
    if not 2 <= base <= 36 or len(digits) > MAX_DIGITS or any(int(digit) >= base for digit in digits):
        return None
    return Quantity(Fraction(int(digits, base)), base=base)


def _repeated(sign: str, whole: str, fixed: str, repeated: str) -> Fraction:
    tail: Fraction = Fraction(int(repeated), 10 ** len(repeated) - 1) / 10 ** len(fixed)
    scale: int = 10 ** len(fixed)
    value: Fraction = int(whole or 0) + Fraction(int(fixed or 0), scale) + tail
    return -value if sign else value


def _compound(parts: list[Quantity | None]) -> Quantity | None:
    """3 hours 20 minutes, in hours: known units of one dimension, each smaller than the one before."""
    known = [(part.value, part.unit) for part in parts if part is not None and part.unit is not None]
    if len(known) < len(parts) or any(part is not None and part.percent for part in parts):
        return None
    first = known[0][1]
    factors = [unit.factor for _, unit in known]
    if first.unknown or any(unit.dimension != first.dimension for _, unit in known):
        return None
    if factors != sorted(set(factors), reverse=True) or any(value < 0 for value, _ in known):
        return None
    return Quantity(sum((value * unit.factor for value, unit in known), Fraction(0)) / first.factor, unit=first)


def _worded(text: str) -> Quantity | None:
    value = spelled(text)
    if value is not None:
        return Quantity(value, decimals=0 if value.denominator == 1 else None)
    number, _, noun = text.strip().rpartition(" ")
    value = spelled(number) if number and text.isascii() else None
    unit = unit_of(" " + noun, True) if value is not None else None
    return Quantity(value, unit=unit) if value is not None and unit and not unit.unknown else None


_PREFIXED = re.compile(r"\?[kKMGTP]i?[A-Za-z]{1,3}")
"""GB beside MB: a thousand times, or 1024."""
_CELSIUS, _FAHRENHEIT = (("celsius", 1),), (("fahrenheit", 1),)
_IN_PERCENT = re.compile(r"(?i)percent|per cent|%")


def compare_quantities(gold: Quantity, reply: Quantity, question: str = "") -> Compared:
    """By value and unit. A missing unit is allowed; a missing percent sign only if the question asks for percents."""
    if gold.base != reply.base:
        same = gold.value == reply.value or _digits(gold) == _digits(reply)
        return unknown("other_base") if same else DIFFERENT
    if gold.sense != reply.sense and (told := _senses(gold, reply)):
        return told
    if gold.percent != reply.percent:
        return _percent(gold, reply, question)
    if gold.percent or (gold.unit is None and reply.unit is None):
        return _values(gold, reply, gold.value, reply.value)
    if gold.unit is None or reply.unit is None:
        loose = (gold.unit or reply.unit or Unit((), Fraction(1))).loose
        found = _values(gold, reply, gold.value, reply.value)
        return unknown("unit_or_variable") if loose and found is SAME else found
    return _with_units(gold, reply, gold.unit, reply.unit)


def _senses(gold: Quantity, reply: Quantity) -> Compared | None:
    """20% more is not 20% less; 20 percentage points may be 20%; -20% and "20% less" are the same or not."""
    if "points" in (gold.sense, reply.sense):
        return unknown("percentage_points") if abs(gold.value) == abs(reply.value) else DIFFERENT
    if gold.sense and reply.sense:
        return DIFFERENT
    negative = min(gold.value, reply.value) < 0 and abs(gold.value) == abs(reply.value)
    return unknown("direction") if negative else None


def _with_units(gold: Quantity, reply: Quantity, left: Unit, right: Unit) -> Compared:
    if left.dimension == right.dimension:
        return _values(gold, reply, gold.value * left.factor, reply.value * right.factor)
    scales = {left.dimension: gold.value, right.dimension: reply.value}
    if set(scales) == {_CELSIUS, _FAHRENHEIT} and scales[_FAHRENHEIT] == scales[_CELSIUS] * Fraction(9, 5) + 32:
        return SAME
    if left.unknown or right.unknown:
        nested = set(left.dimension) < set(right.dimension) or set(right.dimension) < set(left.dimension)
        if nested and left.factor == right.factor:
            return _values(gold, reply, gold.value, reply.value)
        named = [side.dimension[0][0] for side in (left, right) if len(side.dimension) == 1]
        scaled = len(named) == 2 and all(_PREFIXED.fullmatch(name) for name in named) and named[0][2:] == named[1][2:]
        return unknown("other_unit") if gold.value == reply.value or scaled else DIFFERENT
    return Compared(Agreement.DIFFERENT, "other_unit")


def _percent(gold: Quantity, reply: Quantity, question: str) -> Compared:
    share, plain = (gold, reply) if gold.percent else (reply, gold)
    if plain.value == share.value:
        if plain.value == 0 or _IN_PERCENT.search(question):
            return SAME
        return unknown("percent_or_number")
    if plain.unit is not None:
        return DIFFERENT
    return _values(gold, reply, *(q.value / 100 if q.percent else q.value for q in (gold, reply)))


def _values(gold: Quantity, reply: Quantity, left: Fraction, right: Fraction) -> Compared:
    if left == right:
        return SAME
    for short, long, exact in ((gold, left, right), (reply, right, left)):
        other = reply if short is gold else gold
        places = short.decimals
        if places is not None and places >= 2 and other.decimals is None and abs(long - exact) * 10**places <= 1:
            return unknown("rounded")
    return DIFFERENT


def _digits(number: Quantity) -> str:
    if number.base == 10:
        return str(number.value)
    value, digits = int(number.value), ""
    while value:
        value, digit = divmod(value, number.base)
        digits = str(digit) + digits if digit < 10 else "?"
    return digits or "0"


def value_of(text: str) -> Fraction | None:
    """The number a short text stands for (1,000 $5 12% 3/4 \\frac{3}{4} 7 apples), or None. A percent is its number."""
    found = quantity(tidy(text[:200]).strip("*` "))
    return found.value if found and found.base == 10 else None
