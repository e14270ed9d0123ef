"""Do two final answers say the same? SAME, DIFFERENT, or UNKNOWN with the reason; cheap readings first, algebra last.

A list without brackets in another order is SAME where the texts or the question say that order does not matter (a
set, "2 or 3", "find all roots"), else UNKNOWN. Does not cover: what else only the question can tell: 5 against 5% is
SAME only when the question speaks of percents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from verifiers.dates import readings
from verifiers.forms import special
from verifiers.mathproc import settle
from verifiers.quantities import (
    DIFFERENT,
    SAME,
    Agreement,
    Compared,
    Quantity,
    compare_quantities,
    quantity,
    unknown,
)
from verifiers.shapes import Equation, Leaf, Many, Matrix, Named, Ordered, Shape, Union, shape_of
from verifiers.spelled import WORDS
from verifiers.tidy import MAX_LENGTH, squeezed, tidy
from verifiers.units import Unit, unit_of

WORDS_OF_A_FREE_TEXT = 12
"""A text longer than this is prose: that it differs from the gold says little."""
_DECIMAL_COMMA = re.compile(r"\s*-?\d+,\d+\s*")
_COMMA_IN_BRACKETS = re.compile(r"[(\[{][^()]*\d,\d{3}(?!\d)")
_RATIO = re.compile(r"\s*\d+\s*:\s*\d+\s*")
_CLOCK = re.compile(r":\s*0\d")
_LETTERS = re.compile(r"[A-Za-z]{2,3}")
_ANY_ORDER = re.compile(
    r"(?i)\b(?:roots?|solutions?|solve|zeros|zeroes|factors?|divisors?|asymptotes|intercepts|set of"
    r"|all (?:the )?(?:possible |real |integer |positive |complex )*(?:values?|integers?|numbers?|pairs?))\b"
)
_SOME_ORDER = re.compile(
    r"(?i)\border\b|\bsort|\brank|respectively|\b(?:in|de)creasing|\b(?:a|de)scending|\bsequence|\barrange|\bfirst\b"
    r"|(?:smallest|least|lowest|largest|greatest|highest) to\b"
)
_NOTHING = frozenset(("none", "nothing", "no one"))
_NO_VALUE = re.compile(r"no (?:real |integer |such )?(?:solutions?|values?|answers?)|empty set|none(?: of .*)?")
_COUNTS = re.compile(
    r"(?i)\b(?:hal(?:f|ves)|thirds?|quarters?|(?:four|fif|six|seven|eigh|nin|ten)ths?|dozens?|hundreds?|thousands?"
    rf"|[mb]illions?|once|twice|thrice|double|triple|pair|couple|{'|'.join(WORDS)})\b"
)
_ORDINALS = frozenset(("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"))
_UNIT_BEHIND = re.compile(
    r"(.*\S)(\s*\\text\s*\{[^{}]*\}(?:\s*\^\s*\{?[23]\}?)?|\s+[A-Za-z]{2,}(?:\s+[a-z]+)?(?:\^\{?[23]\}?)?)"
)
_INFINITE = re.compile(r"\s*([-+]?)\s*\\infty\s*")
_WORD = re.compile(r"[^\W\d_]{3,}")
_FUNCTIONS = frozenset(
    ("sin", "cos", "tan", "cot", "sec", "csc", "log", "exp", "sqrt", "arcsin", "arccos", "arctan", "frac")
)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def compare(gold: str, reply: str, question: str = "") -> Compared:
    """Never raises, never hangs. `question` settles whether a number may be a percentage, and whether order counts."""
    if len(gold) > MAX_LENGTH or len(reply) > MAX_LENGTH:
        return SAME if normal(gold) == normal(reply) and is_text(gold) else unknown("too_long")
    left, right = tidy(gold), tidy(reply)
    if squeezed(left) == squeezed(right):
        return SAME if left else unknown("empty")
    one, two = quantity(left), quantity(right)
    if one is not None and two is not None:
        return compare_quantities(one, two, question)
    if (formed := special(left, right, lambda a, b: compare(a, b, question))) is not None:
        return formed
    if _RATIO.fullmatch(left) and _RATIO.fullmatch(right) and bool(_CLOCK.search(left)) != bool(_CLOCK.search(right)):
        return unknown("two_readings")  # 1:02 is a time where 1:2 is a ratio
    if left.startswith("~") != right.startswith("~"):
        return unknown("rounded")
    if readings(left) and readings(right) and not (_RATIO.fullmatch(left) and _RATIO.fullmatch(right)):
        return _moments(readings(left), readings(right))
    if _DECIMAL_COMMA.fullmatch(left) or _DECIMAL_COMMA.fullmatch(right):
        point, other = quantity(left.replace(",", ".")), quantity(right.replace(",", "."))
        if point is not None and other is not None and point.value == other.value:
            return unknown("decimal_comma")
    if is_text(left) or is_text(right):
        return _texts(left, right)
    found = _shapes(shape_of(left), shape_of(right), question)
    if found == DIFFERENT and (_COMMA_IN_BRACKETS.search(left) or _COMMA_IN_BRACKETS.search(right)):
        return unknown("thousands_in_brackets")
    return found


def _moments(left: frozenset[str], right: frozenset[str]) -> Compared:
    if len(left) == len(right) == 1:
        return SAME if left == right else DIFFERENT
    return unknown("two_readings") if left & right else DIFFERENT


def _texts(left: str, right: str) -> Compared:
    if is_text(left) and is_text(right) and normal(left) == normal(right):
        return SAME
    if max(len(left.split()), len(right.split())) > WORDS_OF_A_FREE_TEXT:
        return unknown("free_text")
    one, two = normal(left), normal(right)
    if f" {one} " in f" {two} " and f" not {one} " not in f" {two} " and is_text(left):
        return unknown("free_text")  # the gold among other words: "I'd say Paris" and "not Paris" alike
    if {one, two} & _NOTHING and any(side is not None and side.value == 0 for side in map(quantity, (left, right))):
        return unknown("other_name")
    if {one, two} & _ORDINALS and (quantity(left) or quantity(right)):
        return unknown("other_name")  # the first is 1, and 1st
    if _NO_VALUE.fullmatch(one) and (_NO_VALUE.fullmatch(two) or "\\emptyset" in right):
        return unknown("other_name")
    if _NO_VALUE.fullmatch(two) and "\\emptyset" in left:
        return unknown("other_name")
    for words, other in ((left, right), (right, left)):
        if _COUNTS.search(words) and quantity(words) is None and quantity(other) is not None:
            return unknown("number_words")  # one in four, twice
    return unknown("other_order") if sorted(one.split()) == sorted(two.split()) else DIFFERENT


def is_text(text: str) -> bool:
    """Words, without numbers and signs of mathematics: Evelyn, \\text{east}, "not prime"."""
    plain = re.sub(r"\\text\s*\{([^{}]*)\}", r" \1 ", text)
    if re.search(r"[\d=<>+^_\\|]", plain):
        return False
    words = _WORD.findall(plain)
    return any(word.lower() not in _FUNCTIONS for word in words)


def normal(text: str) -> str:
    """Casefolded words without articles, punctuation and LaTeX dressing; operators and signs stay."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"\\(?:text|mathrm|left|right|displaystyle|[ ,;!])|[{}$]|\^\\circ", " ", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"[\"'“”‘’`*_,;:!?()\[\]]|\.(?!\d)", " ", text)
    return " ".join(_ARTICLES.sub(" ", text).split())


def _shapes(gold: Shape, reply: Shape, question: str) -> Compared:
    if isinstance(gold, Named) or isinstance(reply, Named):
        return _named(gold, reply, question)
    if any(isinstance(side, Many) and side.parts == (Leaf("\\emptyset"),) for side in (gold, reply)):
        return unknown("other_kind")  # the set that holds the empty set, or the empty set in braces
    if isinstance(gold, Many) and len(gold.parts) == 1:
        return _shapes(gold.parts[0], reply, question)
    if isinstance(reply, Many) and len(reply.parts) == 1:
        return _shapes(gold, reply.parts[0], question)
    if isinstance(gold, Leaf) and isinstance(reply, Leaf):
        return _leaves(gold.text, reply.text, question)
    if isinstance(gold, Many) and isinstance(reply, Many):
        return _lists(gold, reply, question)
    if isinstance(gold, Union) and isinstance(reply, Union):
        return _unordered(gold.parts, reply.parts, question)
    if isinstance(gold, Ordered) and isinstance(reply, Ordered):
        return _ordered(gold, reply, question)
    if isinstance(gold, Matrix) and isinstance(reply, Matrix):
        return _matrices(gold, reply, question)
    if isinstance(gold, Equation) and isinstance(reply, Equation):
        return settle("equation", f"{gold.left} = {gold.right}", f"{reply.left} = {reply.right}")
    return _unlike(gold, reply, question)


def _named(gold: Shape, reply: Shape, question: str) -> Compared:
    for one, other in ((gold, reply), (reply, gold)):
        if isinstance(one, Named) and isinstance(other, Equation) and isinstance(one.value, Leaf):
            return settle("equation", f"{one.name} = {one.value.text}", f"{other.left} = {other.right}")
    left = gold.value if isinstance(gold, Named) else gold
    right = reply.value if isinstance(reply, Named) else reply
    found = _shapes(left, right, question)
    if isinstance(gold, Named) != isinstance(reply, Named) and found == SAME:
        names = re.findall(r"\\?[A-Za-z]+", next(side.name for side in (gold, reply) if isinstance(side, Named)))
        if len(names) > 1 and sorted(names, key=lambda name: name.strip("\\")) != names:
            return unknown("other_name")  # (y, x) = (3, 4) beside (3, 4)
    if isinstance(gold, Named) and isinstance(reply, Named) and _name(gold.name) != _name(reply.name):
        if isinstance(left, Leaf) and isinstance(right, Leaf) and quantity(left.text) is None:
            return settle("equation", f"{gold.name} = {left.text}", f"{reply.name} = {right.text}")
        return unknown("other_name") if found.agreement is not Agreement.DIFFERENT else found
    return found


def _name(name: str) -> str:
    return re.sub(r"\\text|[{}\s]", "", name)


def _leaves(left: str, right: str, question: str) -> Compared:
    if squeezed(left) == squeezed(right) and left:
        return SAME
    one, two = quantity(left), quantity(right)
    if one is not None and two is not None:
        return compare_quantities(one, two, question)
    if is_text(left) or is_text(right):
        return _texts(left, right)
    if (one is None) != (two is None) and (_SCALED.search(left) or _SCALED.search(right)):
        texts = (_exact(one, left), _exact(two, right))
        return settle("expression", *texts)
    bare = [_without_unit(side) for side in (left, right)]
    if bare[0][1] or bare[1][1]:
        found = _leaves(bare[0][0], bare[1][0], question)
        units = [unit for _, unit in bare if unit]
        if len(units) == 2 and units[0] != units[1] and found.agreement is Agreement.SAME:
            known = not (units[0].unknown or units[1].unknown)
            other = known and units[0].dimension != units[1].dimension
            return Compared(Agreement.DIFFERENT, "other_unit") if other else unknown("other_unit")
        if len(units) == 1 and found == DIFFERENT and _unread_unit(left, right):
            return unknown("unit_or_variable")  # 5 N\\cdot m beside 5\\text{ Nm}
        return unknown("other_unit") if len(units) == 2 and units[0] != units[1] else found
    if _LETTERS.fullmatch(left) and _LETTERS.fullmatch(right):
        same = sorted(left) == sorted(right)  # IV and VI, AB and BA: words to a reader, products to the algebra
        return unknown("other_order") if same else settle("expression", left, right)
    ends = [_INFINITE.fullmatch(side) for side in (left, right)]
    if any(ends):
        return _infinite(ends, (one is not None) or (two is not None))
    return settle("expression", left, right)


_SCALED = re.compile(r"(?i)(?<![A-Za-z])(?:dozen|hundred|thousand|million|billion|trillion)")
_NUMBER_IN_FRONT = re.compile(r"\s*-?\d[\d,.]*(?=\s*(?:\\text|\\mu|[A-Za-zµ]))")


def _exact(number: Quantity | None, text: str) -> str:
    """The number as algebra reads it, where the text is one without a unit: 1 million."""
    if number is None or number.unit is not None or number.percent or number.base != 10:
        return text
    return f"\\frac{{{number.value.numerator}}}{{{number.value.denominator}}}"


def _unread_unit(left: str, right: str) -> bool:
    """The same number in front of letters on both sides."""
    one, two = _NUMBER_IN_FRONT.match(left), _NUMBER_IN_FRONT.match(right)
    return one is not None and two is not None and one[0].strip() == two[0].strip()


def _without_unit(text: str) -> tuple[str, Unit | None]:
    """2\\sqrt{3}\\text{ cm} -> 2\\sqrt{3} and cm. Bare words count only when the table of units has them."""
    found = _UNIT_BEHIND.fullmatch(text)
    unit = unit_of(found[2], True) if found else None
    if found is None or unit is None or ("\\text" not in found[2] and unit.unknown):
        return text, None
    return found[1], unit


def _lists(gold: Many, reply: Many, question: str) -> Compared:
    """By name where both name their parts (a = 1, b = 2); in any order where that is known to be right."""
    names = [[part.name for part in many.parts if isinstance(part, Named)] for many in (gold, reply)]
    all_named = len(names[0]) == len(set(names[0])) == len(gold.parts) and len(names[1]) == len(reply.parts)
    if all_named and sorted(names[0]) == sorted(names[1]):
        ordered = [sorted(many.parts, key=_name_of) for many in (gold, reply)]
        return _in_order(ordered[0], ordered[1], question)
    found = _unordered(gold.parts, reply.parts, question)
    if found.agreement is not Agreement.SAME:
        return found
    if bool(names[0]) != bool(names[1]):
        return unknown("other_name")
    if gold.braces or reply.braces or _in_order(gold.parts, reply.parts, question) == SAME:
        return SAME
    if len(gold.parts) != len(reply.parts):
        return unknown("repeated")
    asked = bool(_ANY_ORDER.search(question)) and not _SOME_ORDER.search(question)
    return SAME if gold.free or reply.free or asked else unknown("other_order")


def _name_of(shape: Shape) -> str:
    return shape.name if isinstance(shape, Named) else ""


def _infinite(ends: Sequence[re.Match[str] | None], beside_a_number: bool) -> Compared:
    if ends[0] and ends[1]:
        return SAME if (ends[0][1] == "-") == (ends[1][1] == "-") else DIFFERENT
    return DIFFERENT if beside_a_number else unknown("no_value")


def _unordered(gold: Sequence[Shape], reply: Sequence[Shape], question: str) -> Compared:
    """A perfect matching of SAME pairs; elements written twice count once."""
    left, right = list(dict.fromkeys(gold)), list(dict.fromkeys(reply))
    table = {(i, j): _shapes(a, b, question) for i, a in enumerate(left) for j, b in enumerate(right)}
    rows = [[j for j in range(len(right)) if table[i, j] is SAME or table[i, j] == SAME] for i in range(len(left))]
    if len(left) == len(right) and matched(rows) == len(left):
        return SAME
    unsure = [found for found in table.values() if found.agreement is Agreement.UNKNOWN]
    return unsure[0] if unsure else DIFFERENT


def matched(rows: list[list[int]]) -> int:
    """Size of a largest matching (augmenting paths)."""
    owner: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for column in rows[row]:
            if column not in seen:
                seen.add(column)
                if column not in owner or place(owner[column], seen):
                    owner[column] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(rows)))


def _ordered(gold: Ordered, reply: Ordered, question: str) -> Compared:
    found = _in_order(gold.parts, reply.parts, question)
    if found.agreement is not Agreement.SAME:
        return found
    if gold.variable and reply.variable and gold.variable != reply.variable:
        return unknown("other_name")
    if gold.ends == reply.ends:
        return SAME
    return Compared(Agreement.DIFFERENT, "other_brackets") if len(gold.parts) == 2 else unknown("other_brackets")


def _in_order(gold: Sequence[Shape], reply: Sequence[Shape], question: str) -> Compared:
    if len(gold) != len(reply):
        return DIFFERENT
    return worst([_shapes(a, b, question) for a, b in zip(gold, reply, strict=True)])


def worst(found: list[Compared]) -> Compared:
    """DIFFERENT if any part is, else UNKNOWN if any part is, else SAME."""
    for agreement in (Agreement.DIFFERENT, Agreement.UNKNOWN):
        for each in found:
            if each.agreement is agreement:
                return each
    return SAME


def _matrices(gold: Matrix, reply: Matrix, question: str) -> Compared:
    if [len(row) for row in gold.rows] != [len(row) for row in reply.rows]:
        return DIFFERENT
    return worst([_in_order(a, b, question) for a, b in zip(gold.rows, reply.rows, strict=True)])


def _unlike(gold: Shape, reply: Shape, question: str) -> Compared:
    """Kinds differ: never SAME. DIFFERENT where the parts differ too, else UNKNOWN: (1,2) against 1, 2."""
    left, right = _parts(gold), _parts(reply)
    if any(isinstance(side, Matrix) for side in (gold, reply)) and any(
        isinstance(side, Leaf) and re.search(r"(?<![A-Za-z\\])[A-Z]", side.text) for side in (gold, reply)
    ):
        return unknown("other_kind")  # I, 2A: a letter that stands for a matrix
    several = [part for shape in (gold, reply) if isinstance(shape, Many) for part in shape.parts]
    joined = any(isinstance(part, Ordered) and part.variable for part in several)  # x > 1 and x < 2
    if joined or isinstance(gold, Union) or isinstance(reply, Union):  # [0,1] with [1,2] is [0,2]
        return unknown("other_kind")
    if left is None or right is None:
        return unknown("other_kind")
    if len(left) != len(right):
        return DIFFERENT
    found = _unordered(left, right, question)
    return unknown("other_kind") if found.agreement is not Agreement.DIFFERENT else found


def _parts(shape: Shape) -> tuple[Shape, ...] | None:
    if isinstance(shape, Many | Ordered | Union):
        return shape.parts
    if isinstance(shape, Matrix):
        return tuple(cell for row in shape.rows for cell in row)
    if isinstance(shape, Leaf) and re.search(r"\\begin|[A-Za-z]\s*\(.*,", shape.text):
        return None  # 2\\begin{pmatrix}..., P(3, 4)
    if isinstance(shape, Leaf) and (
        quantity(shape.text) is not None or not re.search(r"[<>=]|\\text|\\le|\\ge|\\ne|[A-Za-z]{3}\s", shape.text)
    ):
        return (shape,)
    return None
