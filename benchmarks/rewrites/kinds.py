"""All kinds of rewrites, and pairs drawn from them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from benchmarks.rewrites.algebra import complexes, equations, polynomials, solutions
from benchmarks.rewrites.case import Case, Rng
from benchmarks.rewrites.irrational import both_signs, pis, rationalised, roots
from benchmarks.rewrites.measures import currency, dates, degrees, units
from benchmarks.rewrites.numbers import bases, decimals, fractions, mixed, percents, powers, scientific, thousands
from benchmarks.rewrites.sets import intervals, matrices, points, sets, unions
from benchmarks.rewrites.words import choices, words

KINDS: tuple[Callable[[Rng], Case], ...] = (
    fractions, decimals, percents, mixed, thousands, scientific, currency, units, degrees, intervals, unions, sets,
    points, polynomials, equations, solutions, pis, roots, rationalised, both_signs, matrices, complexes, bases, dates,
    words, choices, powers,
)  # fmt: skip


def pairs(kind: Callable[[Rng], Case], seed: int, each: int) -> Iterator[tuple[bool, str, str, str]]:
    """(equal?, gold, other, question): `each` distinct pairs of both sorts, as far as the kind has so many."""
    rng = random.Random(f"{kind.__name__}:{seed}")
    for equal in (True, False):
        seen: set[tuple[str, str]] = set()
        for _ in range(each * 4):
            case = kind(rng)
            other = rng.choice(case.equal if equal else case.damaged)
            if (case.gold, other) not in seen and len(seen) < each:
                seen.add((case.gold, other))
                yield equal, case.gold, other, case.question
