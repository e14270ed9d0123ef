"""What a kind of rewrite gives: a gold, texts that mean it, texts that do not."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import NamedTuple

Rng = random.Random


class Case(NamedTuple):
    """`equal`: texts that mean the gold; `damaged`: texts that do not."""

    gold: str
    equal: list[str]
    damaged: list[str]
    question: str = ""


def frac(value: Fraction, command: str = "\\frac") -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}{command}{{{abs(value.numerator)}}}{{{value.denominator}}}"


def proper(rng: Rng, denominators: tuple[int, ...] = (3, 7, 9, 11, 13)) -> Fraction:
    """A fraction in lowest terms that is no whole number and not its own reciprocal up to sign."""
    while True:
        value = Fraction(rng.randint(2, 60) * rng.choice((1, 1, -1)), rng.choice(denominators))
        if value.denominator > 1 and abs(value.numerator) not in (1, value.denominator):
            return value
