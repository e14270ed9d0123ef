"""Multiples of pi and square roots written in several ways, and damaged; damages checked to fifty digits."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

from benchmarks.rewrites.case import Case, Rng, frac, proper


def pis(rng: Rng) -> Case:
    value = proper(rng)
    top, bottom = value.numerator, value.denominator
    sign = "-" if top < 0 else ""
    equal = [
        f"{frac(value)}\\pi",
        f"{top}\\pi/{bottom}",
        f"{top} π / {bottom}",
        f"\\frac{{{2 * top}\\pi}}{{{2 * bottom}}}",
    ]
    wrong = [
        f"{frac(value)}",
        f"\\frac{{{top + 1}\\pi}}{{{bottom}}}",
        f"\\frac{{{-top}\\pi}}{{{bottom}}}",
        str(float(value) * 3.14),
    ]
    return Case(f"{sign}\\frac{{{abs(top)}\\pi}}{{{bottom}}}", equal, wrong)


def _differ(left: tuple[int, int, int], right: tuple[int, int, int]) -> bool:
    """(a + b sqrt(m)) to fifty digits."""
    with localcontext() as context:
        context.prec = 50
        one, two = (Decimal(a) + Decimal(b) * Decimal(m).sqrt() for a, b, m in (left, right))
        return abs(one - two) > Decimal(10) ** -30


def roots(rng: Rng) -> Case:
    k, m = rng.randint(2, 9), rng.choice([2, 3, 5, 6, 7, 10, 11])
    gold = f"{k}\\sqrt{{{m}}}"
    assert math.isqrt(m) ** 2 != m
    assert not _differ((0, k, m), (0, 1, k * k * m))
    equal = [
        f"\\sqrt{{{k * k * m}}}",
        f"{k} \\sqrt {m}" if m < 10 else gold,
        f"\\frac{{{k * m}}}{{\\sqrt{{{m}}}}}",
        f"{k}*sqrt({m})",
    ]
    wrong = [(0, k + 1, m), (0, -k, m), (0, k, m + 1), (1, k, m)]
    assert all(_differ((0, k, m), other) for other in wrong)
    return Case(gold, equal, [f"{a if a else ''}{b:+d}\\sqrt{{{r}}}".removeprefix("+") for a, b, r in wrong])


def rationalised(rng: Rng) -> Case:
    m = rng.choice([2, 3, 5, 7, 11, 13])
    n = rng.randint(4, 9)
    below = n * n - m
    gold = f"\\frac{{1}}{{{n}-\\sqrt{{{m}}}}}"
    equal = [
        f"\\frac{{{n}+\\sqrt{{{m}}}}}{{{below}}}",
        f"\\frac{{\\sqrt{{{m}}}+{n}}}{{{below}}}",
        f"({n}+\\sqrt{{{m}}})/{below}",
    ]
    wrong = [
        f"\\frac{{{n}-\\sqrt{{{m}}}}}{{{below}}}",
        f"\\frac{{{n}+\\sqrt{{{m}}}}}{{{below + 1}}}",
        f"\\frac{{1}}{{{n}+\\sqrt{{{m}}}}}",
    ]
    return Case(gold, equal, wrong)


def both_signs(rng: Rng) -> Case:
    a, m = rng.randint(1, 9), rng.choice([2, 3, 5, 7, 19])
    equal = [
        f"{a}+\\sqrt{{{m}}}, {a}-\\sqrt{{{m}}}",
        f"{a} ± \\sqrt{{{m}}}",
        f"\\{{{a}-\\sqrt{{{m}}}, {a}+\\sqrt{{{m}}}\\}}",
    ]
    return Case(
        f"{a} \\pm \\sqrt{{{m}}}",
        equal,
        [f"{a + 1} \\pm \\sqrt{{{m}}}", f"{a} \\pm \\sqrt{{{m + 1}}}", f"{a}+\\sqrt{{{m}}}"],
    )
