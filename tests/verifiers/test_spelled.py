"""Numbers in words and in Chinese numerals, against a writer of our own that spells every number."""

from __future__ import annotations

from fractions import Fraction

import pytest

from verifiers.spelled import _ONES, _TENS, spelled

_HAN = "零一二三四五六七八九"


def _english(n: int) -> str:
    if n < 20:
        return _ONES[n]
    if n < 100:
        return _TENS[n // 10 - 2] + (f"-{_ONES[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{_ONES[n // 100]} hundred" + (f" and {_english(n % 100)}" if n % 100 else "")
    rest = n % 1000
    return f"{_english(n // 1000)} thousand" + (f" {'and ' if rest < 100 else ''}{_english(rest)}" if rest else "")


def _chinese(n: int, inside: bool = False) -> str:
    if n < 10:
        return _HAN[n]
    if n < 20 and not inside:
        return "十" + (_HAN[n % 10] if n % 10 else "")
    for size, sign in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if n >= size:
            rest = n % size
            gap = "零" if 0 < rest < size // 10 and size > 10 else ""
            return _chinese(n // size, inside) + sign + gap + (_chinese(rest, inside=True) if rest else "")
    raise AssertionError(n)


def test_every_number_that_is_spelled_is_read_back() -> None:
    for n in (*range(2200), *range(2200, 999_999, 997)):
        assert spelled(_english(n)) == n
        assert spelled(_chinese(n)) == n


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("three-quarters", "3/4"),
        ("two and a half", "5/2"),
        ("half", "1/2"),
        ("a quarter", "1/4"),
        ("minus five", "-5"),
        ("a dozen", "12"),
        ("two million three hundred thousand", "2300000"),
        ("四分之三", "3/4"),
        ("负三", "-3"),
        ("1.5万", "15000"),
    ],
)
def test_fractions_signs_and_scales(text: str, value: str) -> None:
    assert spelled(text) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    ["a", "", "hundred", "and five", "twenty eleven", "one two", "third", "a third of", "万", "二零二五", "零分之一"],
)
def test_what_is_no_number_or_more_than_one(text: str) -> None:
    """A variable, a year, a rank, two numbers in a row."""
    assert spelled(text) is None
