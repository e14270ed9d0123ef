"""Is what a program printed what was due? Layout and the last digits of decimals are told apart from other answers.

Does NOT know which differences a problem allows: where the row does not say, a difference in layout or in the ninth
digit is neither right nor wrong.
"""

from __future__ import annotations

import math

ROUNDING = 1e-6
"""Decimals this near are a difference of rounding, relative or absolute."""


def compare_output(got: str, due: str, compare: str = "", tolerance: float | None = None) -> str:
    """same, different, layout (the same tokens on other lines), or rounded (decimals within ROUNDING).

    compare: "exact" (to the character), "lines" (blanks at line ends and empty lines at the end do not count), "tokens"
    (only the words count), "" (lines are the same; tokens alone are `layout`). Numbers within `tolerance` are the same.
    """
    if compare == "exact":
        return "same" if got == due else "different"
    left, right = _lines(got), _lines(due)
    if left == right:
        return "same"
    words, wanted = got.split(), due.split()
    if len(words) != len(wanted):
        return "different"
    exact = words == wanted
    if not exact and not _near(words, wanted, ROUNDING if tolerance is None else tolerance):
        return "different"
    if not exact and tolerance is None:
        return "rounded"
    shaped = not exact and _shape(left) == _shape(right)
    if compare == "tokens" or shaped:
        return "same"
    return "different" if compare == "lines" else "layout"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]


def _shape(lines: list[str]) -> list[int]:
    return [len(line.split()) for line in lines]


def _near(words: list[str], wanted: list[str], tolerance: float) -> bool:
    """Equal words, or decimals that differ by at most the tolerance; whole numbers must be equal."""
    return all(word == due or _close(word, due, tolerance) for word, due in zip(words, wanted, strict=True))


def _close(word: str, due: str, tolerance: float) -> bool:
    if not any(mark in word + due for mark in ".eE"):
        return False
    try:
        one, other = float(word), float(due)
    except ValueError:
        return False
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
