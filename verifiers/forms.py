"""Forms of a whole answer that algebra would misread: labelled parts, congruences, ranges, ratios, figures, constants.

To a parser "(a) 3 (b) 5" is a product, 3-5 is -2, \\angle ABC is \\angle ACB and 1:2:3 is nothing: they are told first.
Does not cover: parts that are labelled by numbers (they may be factors), and systems of congruences.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from verifiers.quantities import DIFFERENT, SAME, Agreement, Compared, unknown

Compare = Callable[[str, str], Compared]

_LABEL = re.compile(r"(?:\A|(?<=\s)|(?<=[,;}]))\(?([a-h])\)\s*")
_CONGRUENCE = re.compile(
    r"(?:([A-Za-z])\s*(?:\\equiv|≡|=)\s*)?(-?\d{1,15})\s*\(?\s*(?:\\[pb]?mod|\\text\s*\{\s*mod\s*\}|mod)\s*"
    r"(?:\{\s*(\d{1,15})\s*\}|(\d{1,15}))\s*\)?"
)
_MODULUS = re.compile(r"(?<![A-Za-z])mod(?![a-z])")
_RANGE = re.compile(r"(\d{1,15})-(\d{1,15})")
_RATIOS = re.compile(r"\d{1,15}(?:\s*:\s*\d{1,15}){2,7}")
_FIGURE = re.compile(
    r"\\(?:angle|measuredangle|triangle|over(?:line|rightarrow|leftarrow|leftrightarrow)|widehat|odot)"
)
_HIDDEN = re.compile(r"\\(?:[hv]?phantom|[bx]?cancel|sout|st|not)(?![A-Za-z])")
_ENDLESS = re.compile(r"\d\.\d+\s*(?:\.{2,}|…|\\[lc]?dots)")
_CONSTANT = re.compile(r"(.*\S)\s*\+\s*([A-Za-z])")


def special(left: str, right: str, compare: Compare) -> Compared | None:
    """What is to be said of two tidied answers of which one has such a form; None where neither has."""
    for form in (_hidden, _labelled, _congruent, _ranges, _ratios, _figures, _constants):
        found = form(left, right, compare)
        if found is not None:
            return found
    return None


def _hidden(left: str, right: str, _compare: Compare) -> Compared | None:
    """What is struck out or not printed is no answer; 0.333... is no finite decimal."""
    if _HIDDEN.search(left) or _HIDDEN.search(right):
        return unknown("unreadable")
    return unknown("endless") if bool(_ENDLESS.search(left)) != bool(_ENDLESS.search(right)) else None


def _labelled(left: str, right: str, compare: Compare) -> Compared | None:
    """(a) 3 (b) 5: part by part, by label."""
    one, two = _parts(left), _parts(right)
    if one is None and two is None:
        return None
    if one is None or two is None or one.keys() != two.keys():
        return unknown("labelled_parts")
    found = [compare(one[label], two[label]) for label in one]
    for agreement in (Agreement.DIFFERENT, Agreement.UNKNOWN):
        for each in found:
            if each.agreement is agreement:
                return each
    return SAME


def _parts(text: str) -> dict[str, str] | None:
    """Label -> text, where the labels are a), b), ... in order and the first one opens the text."""
    found = list(_LABEL.finditer(text))
    labels = [one[1] for one in found]
    if len(found) < 2 or found[0].start() or labels != list("abcdefgh"[: len(labels)]):
        return None
    ends = [one.start() for one in found[1:]] + [len(text)]
    return {one[1]: text[one.end() : end].strip(" ,;") for one, end in zip(found, ends, strict=True)}


def _congruent(left: str, right: str, _compare: Compare) -> Compared | None:
    """x = 2 mod 5 is a set of numbers: x = 7 mod 5 is the same set, 2 is one of it."""
    one, two = (_CONGRUENCE.fullmatch(text) for text in (left, right))
    if one is None or two is None:
        return unknown("modulus") if bool(_MODULUS.search(left)) != bool(_MODULUS.search(right)) else None
    if one[1] and two[1] and one[1] != two[1]:
        return unknown("other_name")
    modulus = int(one[3] or one[4])
    if modulus != int(two[3] or two[4]) or modulus == 0:
        return DIFFERENT if modulus else unknown("modulus")
    return SAME if (int(one[2]) - int(two[2])) % modulus == 0 else DIFFERENT


def _ranges(left: str, right: str, _compare: Compare) -> Compared | None:
    """3-5 is a range to people and -2 to a parser; 5-3 is no range."""
    found = [_RANGE.fullmatch(text) for text in (left, right)]
    ends = [(int(one[1]), int(one[2])) if one and int(one[1]) < int(one[2]) else None for one in found]
    if ends[0] is None and ends[1] is None:
        return None
    if ends[0] is None or ends[1] is None:
        return unknown("range_or_difference")
    (a, b), (c, d) = ends[0], ends[1]
    return SAME if (a, b) == (c, d) else unknown("range_or_difference") if a - b == c - d else DIFFERENT


def _ratios(left: str, right: str, _compare: Compare) -> Compared | None:
    if not (_RATIOS.fullmatch(left) and _RATIOS.fullmatch(right)):
        return None
    one, two = ([int(part) for part in text.split(":")] for text in (left, right))
    if len(one) != len(two) or not (all(one) and all(two)):
        return SAME if one == two else DIFFERENT
    return SAME if len({Fraction(a, b) for a, b in zip(one, two, strict=True)}) == 1 else DIFFERENT


def _figures(left: str, right: str, _compare: Compare) -> Compared | None:
    """The letters of an angle or a ray stand in order; the algebra would take them for factors."""
    if not (_FIGURE.search(left) or _FIGURE.search(right)):
        return None
    one, two = ([char for char in re.sub(r"\\[A-Za-z]+", "", text) if char.isalpha()] for text in (left, right))
    return unknown("other_order") if len(one) > 1 and sorted(one) == sorted(two) and left != right else None


def _constants(left: str, right: str, compare: Compare) -> Compared | None:
    """The constant of integration may have another letter."""
    one, two = _CONSTANT.fullmatch(left), _CONSTANT.fullmatch(right)
    if one is None or two is None or one[2] == two[2] or "C" not in (one[2], two[2]):
        return None
    found = compare(one[1], two[1])
    return found if found.agreement is Agreement.DIFFERENT else unknown("other_variables")
