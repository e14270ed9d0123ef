"""How far a check and people agree on which rows are bad: counts, rates with intervals, Cohen's kappa.

FAIL against a human "bad" is what the check is for. Rows on which it abstained stand apart: they enter no rate.

Not covered: whether the labelled rows are a random sample of those that the check will meet, and whether the people
are right; every figure here stands and falls with both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from verifiers.verdict import Outcome

_Z = 1.959964
"""Two-sided 95%."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Agreement:
    """Labelled rows by what the check said and what people said."""

    true_fail: int = 0
    false_fail: int = 0
    """FAIL, but people call the row good: a false drop."""
    false_pass: int = 0
    """PASS, but people call the row bad."""
    true_pass: int = 0
    abstained: int = 0

    @property
    def judged(self) -> int:
        return self.true_fail + self.false_fail + self.false_pass + self.true_pass

    def precision(self) -> float | None:
        """Share of the FAILs that people call bad; None without a FAIL."""
        fails = self.true_fail + self.false_fail
        return self.true_fail / fails if fails else None

    def precision_interval(self) -> Interval:
        return wilson(self.true_fail, self.true_fail + self.false_fail)

    def false_drop_rate(self) -> float | None:
        good = self.false_fail + self.true_pass
        return self.false_fail / good if good else None

    def false_pass_rate(self) -> float | None:
        bad = self.false_pass + self.true_fail
        return self.false_pass / bad if bad else None

    def false_drop_interval(self) -> Interval:
        """Of the good rows, the share that the check fails."""
        return wilson(self.false_fail, self.false_fail + self.true_pass)

    def false_pass_interval(self) -> Interval:
        """Of the bad rows, the share that the check passes."""
        return wilson(self.false_pass, self.false_pass + self.true_fail)

    def kappa(self) -> float | None:
        """Cohen (1960): agreement beyond chance; None when one side gives all rows the same label."""
        return _kappa(self._cells())

    def kappa_interval(self) -> Interval:
        """Large-sample 95% interval (Fleiss, Cohen, Everitt 1969, eq. 13); (-1, 1) where kappa is not defined.

        Perfect agreement has no spread to estimate from: there its lower end is that of one disagreement more in
        either direction, whichever is lower.
        """
        if (kappa := self.kappa()) is None:
            return (-1.0, 1.0)
        a, b, c, d = self._cells()
        if b == c == 0:
            return min(_interval((a, 1, 0, d))[0], _interval((a, 0, 1, d))[0]), kappa
        return _interval((a, b, c, d))

    def _cells(self) -> tuple[int, int, int, int]:
        return self.true_fail, self.false_fail, self.false_pass, self.true_pass

    def shortfalls(self, least_precision: float, least_kappa: float) -> list[str]:
        """Why this agreement does not allow the check to drop rows, as sentences; empty when it does."""
        found = []
        low = self.precision_interval()[0]
        if low < least_precision:
            share = self.precision()
            said = "it failed no labelled row" if share is None else f"{share:.3f} with 95% lower bound {low:.3f}"
            fails = self.true_fail + self.false_fail
            found.append(
                f"precision of its FAILs must be shown to be {least_precision:g} or more: {said} on {fails} FAILs"
                f"{_more(least_precision, self.true_fail, fails)}"
            )
        low = self.kappa_interval()[0]
        if low < least_kappa:
            kappa = self.kappa()
            said = "not defined: one side gives all rows one label" if kappa is None else f"{kappa:.3f}, from {low:.3f}"
            found.append(f"kappa must be shown to be {least_kappa:g} or more: {said} on {self.judged} rows")
        return found


def agreement_of(pairs: Iterable[tuple[Outcome, bool]]) -> Agreement:
    """From (what the check said, whether people call the row good)."""
    counts = {(outcome, good): 0 for outcome in Outcome for good in (True, False)}
    for outcome, good in pairs:
        counts[Outcome(outcome), bool(good)] += 1
    return Agreement(
        true_fail=counts[Outcome.FAIL, False],
        false_fail=counts[Outcome.FAIL, True],
        false_pass=counts[Outcome.PASS, False],
        true_pass=counts[Outcome.PASS, True],
        abstained=counts[Outcome.ABSTAIN, True] + counts[Outcome.ABSTAIN, False],
    )


def wilson(hits: float, n: int) -> Interval:
    """Wilson (1927) 95% score interval of a share; n = 0 gives (0, 1)."""
    if n <= 0:
        return 0.0, 1.0
    share, z2 = hits / n, _Z * _Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _more(least: float, hits: int, n: int) -> str:
    """How many labelled FAILs would show it, were the precision to stay as it is."""
    share = hits / n if n else 1.0
    if share <= least:
        return ""
    need = n
    while need < 10**7 and wilson(round(share * need), need)[0] < least:
        need = max(need + 1, need + need // 50)
    return f"; about {need} labelled FAILs would show it at this rate"


def _kappa(cells: tuple[int, int, int, int]) -> float | None:
    a, b, c, d = cells
    n = a + b + c + d
    chance = ((a + b) * (a + c) + (c + d) * (b + d)) / n**2 if n else 1.0
    return None if chance >= 1.0 else ((a + d) / n - chance) / (1 - chance)


def _interval(cells: tuple[int, int, int, int]) -> Interval:
    kappa = _kappa(cells)
    if kappa is None:
        return (-1.0, 1.0)
    n = sum(cells)
    p = [[cells[0] / n, cells[1] / n], [cells[2] / n, cells[3] / n]]
    rows = [sum(line) for line in p]
    columns = [p[0][j] + p[1][j] for j in (0, 1)]
    seen = p[0][0] + p[1][1]
    chance = sum(rows[i] * columns[i] for i in (0, 1))
    first = sum(p[i][i] * ((1 - chance) - (rows[i] + columns[i]) * (1 - seen)) ** 2 for i in (0, 1))
    second = (1 - seen) ** 2 * sum(p[i][j] * (columns[i] + rows[j]) ** 2 for i in (0, 1) for j in (0, 1) if i != j)
    third = (seen * chance - 2 * chance + seen) ** 2
    half = _Z * math.sqrt(max(0.0, first + second - third) / n) / (1 - chance) ** 2
    return max(-1.0, kappa - half), min(1.0, kappa + half)
