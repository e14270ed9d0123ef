"""A ladder of checkpoints whose evidence is already aggregated: one number a signal and rung, with a declared noise.

Everything that is a rate is in points (0 to 100), entropy in nats. Tables of this kind rarely carry an n, so the noise
is declared (`Yardstick.noise`) and corrected by the scatter of the rungs themselves. What this cannot see: noise that
all signals of a rung share (one training run), for no table of one run holds it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ablation.dose_fit import slope_weights
from ablation.stats import NOTHING, Estimate

SIGNALS = ("score", "hard", "pass@k", "level", "level_hard", "macro")
"""Rates, higher is better. `level` is the score after an RL probe, `level_hard` the same on the hard sets."""

UNITS: Mapping[str, float] = {"score": 1.0, "level": 1.0, "macro": 2.0, "hard": 3.0, "level_hard": 3.0, "pass@k": 3.0}
"""How much noisier than the score a column is; noise and margin are declared in these units.

Hard and OOD sets hold about a tenth of the problems: sqrt(10) is about 3, and a margin of the same size in points would
ask ten times as much of them. A macro mean gives those small sets equal weight. pass@k counts a problem solved once, so
it has no averaging over samples.
"""

PRIOR_RESIDUALS = 12.0
"""The declared noise counts as so many residuals, so that a short ladder cannot talk itself into certainty."""


@dataclass(frozen=True)
class Yardstick:
    """What is fixed before a table is seen; all in points, except `entropy_floor` in nats."""

    margin: float = 2.0
    """A doubling of the SFT data that buys less is not worth it, and two rungs within it are as good as each other.

    A point is the smallest difference papers print as one, and neighbours on a ladder lie half a doubling apart."""
    noise: float = 0.4
    """Standard error of one rung's score, in differences between rungs: sqrt(2 p (1-p) (1-r) / n) = .4 sqrt 2 at 4,500
    problems, p = .75 and a correlation r of .6 between two checkpoints on the same problem."""
    level: float = 0.95
    entropy_floor: float = 0.2
    """At the sampling temperature of RL. Runs that kept learning hold about .3 (AceReason-1.1), collapses are reported
    under .18 (arXiv:2606.18487); no number transfers between models, so a fall through it needs a second sign."""

    @property
    def alpha(self) -> float:
        return 1.0 - self.level

    def allowed(self, signal: str) -> float:
        return self.margin * UNITS[signal]


@dataclass(frozen=True)
class Rung:
    """One checkpoint. `dose` is steps, epochs or tokens; a signal that was not measured is absent."""

    name: str
    dose: float
    values: Mapping[str, float]
    """SIGNALS, and "entropy", "train_accuracy", "train_loss", "valid_loss" where known."""
    errors: Mapping[str, float]
    """Standard errors that the table gives, in points."""


@dataclass(frozen=True)
class Ladder:
    """Rungs by ascending dose."""

    rungs: tuple[Rung, ...]
    yardstick: Yardstick

    def __post_init__(self) -> None:
        doses = [rung.dose for rung in self.rungs]
        if doses != sorted(doses):
            raise ValueError("rungs must ascend by dose")

    @property
    def last(self) -> Rung:
        return self.rungs[-1]

    def upto(self, count: int) -> Ladder:
        """As if the ladder ended with its first `count` rungs."""
        return Ladder(self.rungs[:count], self.yardstick)

    def has(self, signal: str) -> bool:
        return any(signal in rung.values for rung in self.rungs)

    def without(self, signals: Sequence[str]) -> Ladder:
        kept = (
            Rung(r.name, r.dose, {k: v for k, v in r.values.items() if k not in signals}, r.errors) for r in self.rungs
        )
        return Ladder(tuple(kept), self.yardstick)

    def noise(self, signal: str) -> tuple[float, float]:
        """(standard deviation, degrees of freedom) of one rung's value where the table gives no error.

        The declared noise, pulled toward the scatter of each rung about the line through its neighbours in log dose
        (Gasser, Sroka and Jennen-Steinmetz 1986). About their median, because a bend is no noise, and as a median of
        squares, because a knee is none either; overlapping triples count half.
        """
        declared = self.yardstick.noise * UNITS[signal]
        residuals = np.array(self._residuals(signal))
        if len(residuals) < 3:
            return declared, PRIOR_RESIDUALS
        weight = len(residuals) / 2.0
        scatter = float(np.median(np.square(residuals - np.median(residuals)))) / _MEDIAN_CHI2
        total = PRIOR_RESIDUALS + weight
        return math.sqrt((PRIOR_RESIDUALS * declared**2 + weight * scatter) / total), total

    def _residuals(self, signal: str) -> list[float]:
        known = [
            (math.log2(rung.dose), rung.values[signal])
            for rung in self.rungs
            if rung.dose > 0 and signal in rung.values and signal not in rung.errors
        ]
        found = []
        for (x0, y0), (x1, y1), (x2, y2) in zip(known, known[1:], known[2:], strict=False):
            share = (x1 - x0) / (x2 - x0)
            between = y1 - (1 - share) * y0 - share * y2
            found.append(between / math.sqrt(1.0 + share**2 + (1.0 - share) ** 2))
        return found

    def error(self, rung: Rung, signal: str) -> tuple[float, float]:
        """(standard error, degrees of freedom) of one value."""
        given = rung.errors.get(signal)
        return self.noise(signal) if given is None else (given, math.inf)

    def contrast(self, weights: Mapping[str, float], signal: str) -> Estimate:
        """sum of weight x value over rungs by name; NOTHING when one of them was not measured."""
        found = {rung.name: rung for rung in self.rungs if rung.name in weights}
        if len(found) < len(weights) or any(signal not in rung.values for rung in found.values()):
            return NOTHING
        mean, variance, df = 0.0, 0.0, math.inf
        for name, weight in weights.items():
            error, own = self.error(found[name], signal)
            mean += weight * found[name].values[signal]
            variance += (weight * error) ** 2
            df = min(df, own)
        return aggregated(mean, math.sqrt(variance), df)

    def difference(self, treated: str, control: str, signal: str) -> Estimate:
        return self.contrast({treated: 1.0, control: -1.0}, signal)

    def slope(self, signal: str) -> Estimate:
        """Gain per doubling of the dose over the last doubling (at least three rungs where there are so many).

        A least-squares line in log2 dose; with only one rung above dose 0, that rung minus dose 0.
        """
        if signal not in self.last.values:
            return NOTHING
        known = [rung for rung in self.rungs if rung.dose > 0 and signal in rung.values]
        if len(known) < 2:
            first = self.rungs[0]
            return NOTHING if first is self.last else self.difference(self.last.name, first.name, signal)
        recent = [rung for rung in known if rung.dose >= self.last.dose / 2.0]
        window = recent if len(recent) >= 3 else known[-3:]
        weights = slope_weights([rung.dose for rung in window])
        return self.contrast({rung.name: w for rung, w in zip(window, weights, strict=True)}, signal)


_MEDIAN_CHI2 = 0.4549
"""Median of a chi-square with one degree of freedom."""


def aggregated(mean: float, se: float, df: float) -> Estimate:
    """An estimate from numbers whose items are gone: n, clusters and seeds are unknown (0)."""
    return Estimate(mean, se, df, 0, 0, 0, math.nan, math.nan, math.nan)
