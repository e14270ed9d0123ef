"""Units by dimension and exact factor: 5 cm is 0.05 m, and is not 5 m.

Does not cover: kelvin, litres as cubic metres, radians against degrees (pi), regional units.
A word that is not in the table is its own dimension: 7 apples are apples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

F = Fraction
_TABLE: dict[str, tuple[str, Fraction, str]] = {}


def _file(dimension: str, factor: Fraction | int, names: str) -> None:
    first = names.split("|")[0]
    _TABLE.update({name: (dimension, F(factor), first) for name in names.split("|")})


for _dimension, _factor, _names in (
    ("length", 1, "m|meter|meters|metre|metres"),
    ("length", F(1, 100), "cm|centimeter|centimeters|centimetre|centimetres"),
    ("length", F(1, 1000), "mm|millimeter|millimeters|millimetre|millimetres"),
    ("length", 1000, "km|kilometer|kilometers|kilometre|kilometres"),
    ("length", F(254, 10000), "inch|inches"),
    ("length", F(3048, 10000), "ft|foot|feet"),
    ("length", F(9144, 10000), "yd|yard|yards"),
    ("length", F(1609344, 1000), "mi|mile|miles"),
    ("time", 1, "s|sec|secs|second|seconds"),
    ("time", 60, "min|mins|minute|minutes"),
    ("time", 3600, "h|hr|hrs|hour|hours"),
    ("time", 86400, "day|days"),
    ("time", 604800, "week|weeks"),
    ("month", 1, "month|months"),
    ("month", 12, "year|years|yr|yrs"),
    ("mass", 1, "g|gram|grams"),
    ("mass", 1000, "kg|kilogram|kilograms|kilos"),
    ("mass", F(1, 1000), "mg|milligram|milligrams"),
    ("mass", F(45359237, 100000), "lb|lbs|pound|pounds"),
    ("mass", F(45359237, 1600000), "oz|ounce|ounces"),
    ("volume", 1, "l|liter|liters|litre|litres"),
    ("volume", F(1, 1000), "ml|milliliter|milliliters|millilitre|millilitres"),
    ("usd", 1, "$|dollar|dollars|usd"),
    ("usd", F(1, 100), "cent|cents|¢"),
    ("eur", 1, "€|euro|euros|eur"),
    ("gbp", 1, "£|gbp"),
    ("angle", 1, "^\\circ|degree|degrees|deg"),
    ("celsius", 1, "celsius"),
    ("fahrenheit", 1, "fahrenheit"),
    ("radian", 1, "rad|radian|radians"),
    ("speed", F(1609344, 3600000), "mph"),
    ("speed", F(1000, 3600), "kph|kmh"),
):
    _file(_dimension, _factor, _names)

_SI: dict[str, tuple[str, Fraction, str]] = {}
"""Signs whose case counts (mW, MW), and the words for them; bytes are not here, for a MB is 1000 or 1024 kB."""
_PREFIXES = {"n": "nano", "µ": "micro", "u": "micro", "m": "milli", "": "", "k": "kilo", "M": "mega", "G": "giga"}
_POWERS = {"nano": F(1, 10**9), "micro": F(1, 10**6), "milli": F(1, 1000), "": F(1), "kilo": F(1000),
           "mega": F(10**6), "giga": F(10**9)}  # fmt: skip
for _base, _word, _dimension in (
    ("Hz", "hertz", "frequency"),
    ("Pa", "pascal", "pressure"),
    ("W", "watt", "power"),
    ("J", "joule", "energy"),
    ("V", "volt", "voltage"),
    ("N", "newton", "force"),
    ("m", "meter", "length"),
    ("s", "second", "time"),
    ("g", "gram", "mass"),
    ("L", "liter", "volume"),
):
    for _sign, _prefix in _PREFIXES.items():
        _size = _POWERS[_prefix]
        if len(_sign + _base) > 1:
            _SI[_sign + _base] = (_dimension, _size, _word)
        for _name in (_prefix + _word, f"{_prefix}{_word}s"):
            _SI[_name] = (_dimension, _size, _word)

_CASED = {"m": "M", "g": "G", "s": "S", "h": "H"}
_MEGA = ("Mm", "Mg", "Ml")
"""A million, where the small letter is a thousandth. Of unknown signs of one or two letters the case counts too."""
SCALES = {
    "dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
"""Words that multiply the number before them."""
_FUNCTIONS = ("pi", "sqrt", "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "mod")
_LITTLE = ("or", "and", "to", "times", "plus", "minus", "over", "not", "is", "are", "if", "than")
_DOUBTS = (
    *("would", "could", "might", "may", "should", "be", "was", "were", "wrong", "incorrect", "false", "maybe"),
    *("perhaps", "possibly", "probably", "but", "guess"),
)
NOT_UNITS = frozenset((*_FUNCTIONS, *_LITTLE, *_DOUBTS))
_WORD = re.compile(r"\^\\circ|[A-Za-zµ$€£¢]+|/|\^\s*\{?\s*([23])\s*\}?|\.")


@dataclass(frozen=True, slots=True)
class Unit:
    """`dimension`: sorted (name, power); unknown words have a name that starts with '?'. `loose`: a bare letter."""

    dimension: tuple[tuple[str, int], ...]
    factor: Fraction
    loose: bool = False

    @property
    def unknown(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.dimension if name.startswith("?"))


@lru_cache(maxsize=2048)
def unit_of(text: str, spaced: bool) -> Unit | None:
    """The unit that a text names, or None when it is something else (a variable, a function, prose).

    `spaced`: a space or \\text stands before it; without one, only units of the table count.
    """
    marked = "\\text" in text
    plain = re.sub(r"\\text\s*\{([^{}]*)\}", r" \1 ", text).strip(" .")
    plain = re.sub(r"\\mu\s*", "µ", plain.replace("μ", "µ"))
    plain = re.sub(r"\^\\circ\s*C\b", " celsius", re.sub(r"\^\\circ\s*F\b", " fahrenheit", plain)).strip()
    if plain == "in":
        return Unit((("length", 1),), _TABLE["inch"][1])
    if not plain or len(plain) > 60:
        return None
    tokens, end = [], 0
    for found in _WORD.finditer(plain):
        if plain[end : found.start()].strip(" -"):
            return None
        tokens.append(found[0])
        end = found.end()
    if plain[end:].strip():
        return None
    return _composed(tokens, spaced=spaced, marked=marked)


def _composed(tokens: list[str], *, spaced: bool, marked: bool) -> Unit | None:
    powers: dict[str, int] = {}
    factor = F(1)
    below, power, loose = False, 1, False
    previous: tuple[str, Fraction] | None = None
    for token in tokens:
        word = token.lower()
        if token.startswith("^") and "circ" not in token:
            if previous is None:
                return None
            more = int(re.sub(r"\D", "", token)) - 1
            name, of = previous
            powers[name] += -more if below else more
            factor *= of ** (-more if below else more)
            continue
        if word in ("/", "per"):
            below = True
        elif word in ("square", "sq", "squared"):
            power = 2
        elif word in ("cubic", "cu"):
            power = 3
        elif word in ("of", "a", "an", "the", "in", ".", "units", "unit", "each"):
            continue
        elif word in NOT_UNITS or (len(word) == 1 and word not in _TABLE):
            return None
        else:
            cased = token in _CASED.values() or token in _MEGA
            known = _SI.get(token) or (None if cased else _TABLE.get(word))
            if known is None and not (spaced or marked):
                return None
            loose = loose or (len(token) == 1 and token.isalpha() and not marked)
            name, of = (
                (known[0], known[1])
                if known
                else ("?" + (token if len(token) < 3 or token[1:] != word[1:] else _singular(word)), F(1))
            )
            sign = -power if below else power
            powers[name] = powers.get(name, 0) + sign
            factor *= of**sign
            previous, power = (name, of), 1
    if power != 1:
        return None  # "5 squared" is 25
    if powers.get("length", 0) == 1 and powers.get("time", 0) == -1:
        powers = {k: v for k, v in powers.items() if k not in ("length", "time")} | {"speed": 1}
    return Unit(tuple(sorted((k, v) for k, v in powers.items() if v)), factor, loose)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
