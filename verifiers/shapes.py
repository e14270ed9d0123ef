"""What kind of thing an answer is: an expression, list, tuple or interval, set, union, matrix, x = ..., equation.


math-verify reads (1,2) as an open interval, passes it for the set {1,2} and drops brackets on the way. Here the
structure is read first, and only its leaves go to the algebra.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers.tidy import enclosed, split_top

MAX_PARTS = 40
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Leaf:
    text: str


@dataclass(frozen=True, slots=True)
class Many:
    """A set {..}, or a list without brackets. `braces`: written as a set. `free`: its words say that order is nothing.

    Free are alternatives (2 or 3), both signs (2 \\pm 3), and several values of one name (x = 2, 3).
    """

    parts: tuple[Shape, ...]
    braces: bool = False
    free: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """Point, vector, sequence in brackets, or interval; `ends` is "()", "[)", "(]" or "[]".

    `interval`: it can be nothing else (unequal brackets, an infinite end, an inequality). `variable`: of an inequality.
    """

    parts: tuple[Shape, ...]
    ends: str
    interval: bool = False
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Union:
    parts: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: tuple[tuple[Shape, ...], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """x = value, f(x) = value, x \\in S."""

    name: str
    value: Shape


@dataclass(frozen=True, slots=True)
class Equation:
    left: str
    right: str


Shape = Leaf | Many | Ordered | Union | Matrix | Named | Equation

_COMMA = re.compile(r"\s*[,;]\s*(?:\\text\s*\{\s*(?:and|or)\s*\}|(?:and|or)\b)?\s*")
_AND = re.compile(r"\s*(?:\\text\s*\{\s*,?\s*(?:and|or)\s*\}|\s(?:and|or)\s)\s*")
_OR = re.compile(r"\bor\b")
_LIST = re.compile(rf"{_COMMA.pattern}|{_AND.pattern}")
_CUP = re.compile(r"\s*\\cup(?![a-zA-Z])\s*")
_EQUALS = re.compile(r"\s*=\s*")
_ORDER = re.compile(r"\s*(?:<|>|\\le(?![a-zA-Z])|\\ge(?![a-zA-Z]))\s*")
_IN = re.compile(r"\A(\\?[A-Za-z]+)\s*\\in(?![a-zA-Z])\s*(.+)\Z", re.DOTALL)
_NAME = re.compile(
    r"(?:[A-Za-z]|\\[a-z]+|[A-Za-z]+_\{?\w+\}?|[A-Za-z]\s*\(\s*[A-Za-z]\s*\)|\\text\s*\{[A-Za-z ]+\}|[A-Za-z]{2,12})'?"
)
_MATRIX = re.compile(r"\A\\begin\{([pbB]?matrix|array)\}(?:\{[lcr| ]*\})?(.*)\\end\{\1\}\Z", re.DOTALL)
_PM = re.compile(r"\\pm(?![a-zA-Z])|\\mp(?![a-zA-Z])")
_THOUSANDS = re.compile(r"(?<!\d)-?\$?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)")
_INFINITE = re.compile(r"\s*[-+]?\s*\\infty\s*")
_NOT_NAMES = {"\\pi", "\\infty", "e", "i"}
_FLIP = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}


def shape_of(text: str, depth: int = 0) -> Shape:
    """Of a tidied text. Anything that cannot be taken apart is a Leaf; never raises."""
    text = text.strip()
    if depth > MAX_DEPTH or not text:
        return Leaf(text)
    found = _IN.match(text)
    if found:
        return Named(found[1], shape_of(found[2], depth + 1))
    parts = split_top(text, _CUP)
    if 1 < len(parts) <= MAX_PARTS:
        return Union(tuple(shape_of(part, depth + 1) for part in parts))
    grid = _MATRIX.match(text)
    if grid:
        return _matrix(grid[2], depth)
    around = enclosed(text)
    if around:
        return _enclosed(*around, whole=text, depth=depth)
    return _bare(text, depth)


def _bare(text: str, depth: int) -> Shape:
    if not _THOUSANDS.fullmatch(text):
        parts = [part for part in split_top(_grouped(text), _LIST) if part]
        if 1 < len(parts) <= MAX_PARTS:
            return _many([shape_of(part.replace("\x01", ","), depth + 1) for part in parts], bool(_OR.search(text)))
    compared = _compared(text, depth)
    if compared is not None:
        return compared
    sides = split_top(text, _EQUALS)
    if len(sides) >= 2 and all(sides):
        return _equation(sides, depth)
    return _plus_minus(text, depth)


def _grouped(text: str) -> str:
    """Commas of 1,234 hidden from the splitter; of 1,234,5 and of (1,234) they are not."""
    return _THOUSANDS.sub(lambda found: found[0].replace(",", "\x01"), text)


def _many(parts: list[Shape], alternatives: bool) -> Shape:
    flat: list[Shape] = []
    for part in parts:
        flat += part.parts if isinstance(part, Many) and not part.braces else [part]
    if alternatives and all(isinstance(part, Ordered) and part.variable for part in flat):
        return Union(tuple(flat))
    names = {part.name for part in flat if isinstance(part, Named)}
    if len(names) == 1 and isinstance(flat[0], Named):
        values = tuple(part.value if isinstance(part, Named) else part for part in flat)
        return Named(flat[0].name, Many(values, free=True))
    signs = len(parts) == 1 or all(isinstance(part, Many) and part.free for part in parts)
    return Many(tuple(flat), free=alternatives or signs)


def _enclosed(opening: str, inside: str, closing: str, *, whole: str, depth: int) -> Shape:
    if opening in ("\\{", "{"):
        parts = [part for part in split_top(inside, _LIST) if part]
        if len(parts) > MAX_PARTS or "|" in inside or "\\mid" in inside or ":" in inside:
            return Leaf(whole)
        shapes = [shape_of(part, depth + 1) for part in parts]
        flat = [p for s in shapes for p in (s.parts if isinstance(s, Many) and not s.braces else (s,))]
        return Many(tuple(flat), braces=True)
    ends = ("[" if opening == "[" else "(") + ("]" if closing == "]" and opening != "]" else ")")
    if opening == "]":
        ends = "(" + ("]" if closing == "]" else ")")
    parts = split_top(inside, _COMMA)
    if len(parts) < 2 or len(parts) > MAX_PARTS or not all(parts):
        return shape_of(inside, depth + 1) if opening == "(" and closing == ")" else Leaf(whole)
    endless = any(_INFINITE.fullmatch(part) for part in parts)
    interval = len(parts) == 2 and (ends in ("[)", "(]") or endless or opening == "]" or closing == "[")
    return Ordered(tuple(shape_of(part, depth + 1) for part in parts), ends, interval)


def _matrix(body: str, depth: int) -> Shape:
    rows = [row for row in re.split(r"\\\\(?:\[[^\]]*\])?", body) if row.strip()]
    if not rows or len(rows) > MAX_PARTS:
        return Leaf(body)
    return Matrix(tuple(tuple(shape_of(cell, depth + 1) for cell in row.split("&")[:MAX_PARTS]) for row in rows))


def _compared(text: str, depth: int) -> Shape | None:
    """a < x \\le b and x > a as intervals; anything else with an order sign is a Leaf."""
    sides = split_top(text, _ORDER)
    if len(sides) == 1:
        return None
    signs = [sign.strip() for sign in _ORDER.findall(text)]
    if len(sides) > 3 or not all(sides) or len(signs) != len(sides) - 1:
        return Leaf(text)
    if len(sides) == 3 and _is_name(sides[1]) and (signs[0][-2:] in ("<", "le")) == (signs[1][-2:] in ("<", "le")):
        low, name, high = sides
        if signs[0] in (">", "\\ge"):
            low, high, signs = high, low, [_FLIP[signs[1]], _FLIP[signs[0]]]
        ends = ("(" if signs[0] == "<" else "[") + (")" if signs[1] == "<" else "]")
        return Ordered((shape_of(low, depth + 1), shape_of(high, depth + 1)), ends, True, name)
    if len(sides) == 2:
        name, bound, sign = sides[0], sides[1], signs[0]
        if _is_name(bound):
            name, bound, sign = bound, name, _FLIP[sign]
        if _is_name(name) and not _is_name(bound):
            end = shape_of(bound, depth + 1)
            if sign in ("<", "\\le"):
                return Ordered((Leaf("-\\infty"), end), "(" + (")" if sign == "<" else "]"), True, name)
            return Ordered((end, Leaf("\\infty")), ("(" if sign == ">" else "[") + ")", True, name)
    return Leaf(text)


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text.strip()) is not None and text.strip() not in _NOT_NAMES


def _equation(sides: list[str], depth: int) -> Shape:
    first = enclosed(sides[0])
    if _is_name(sides[0]) or (first and first[0] == "(" and all(_is_name(p) for p in split_top(first[1], _COMMA))):
        return Named(re.sub(r"\s", "", sides[0]), shape_of(sides[-1], depth + 1))
    if len(sides) == 2:
        if _is_name(sides[1]) and not _mentions(sides[1], sides[0]):
            return Named(sides[1], shape_of(sides[0], depth + 1))
        return Equation(sides[0], sides[1])
    return Leaf(" = ".join(sides))


def _mentions(name: str, text: str) -> bool:
    return re.search(rf"(?<![A-Za-z\\]){re.escape(name)}(?![A-Za-z])", text) is not None


def _plus_minus(text: str, depth: int) -> Shape:
    if not _PM.search(text) or "\x02" in text:
        return Leaf(text)
    plus = _PM.sub(lambda found: "+" if found[0] == "\\pm" else "-", text)
    minus = _PM.sub(lambda found: "-" if found[0] == "\\pm" else "+", text)
    return Many(tuple(shape_of(side.strip().removeprefix("+").strip(), depth + 1) for side in (plus, minus)), free=True)
