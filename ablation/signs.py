"""What every sign of `watch` is read with: one cell's levels and steps, and a reading before Holm over buckets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ablation.analyse_settings import LOW_ENTROPY
from ablation.evidence import Evidence, Margins
from ablation.gain import Gain
from ablation.gains import gain_of
from ablation.scores import BOUNDED, Cell, Scores
from ablation.stats import NOTHING, Estimate, estimate, n_until

REACHED = 0.5
"""pass@k below this: most groups of k answers hold no right one, so a group-based RL step learns nothing from them."""
LARGE = 16
"""Samples a prompt from which pass@k is called pass@large-k."""


@dataclass(frozen=True)
class LossCurve:
    """Training loss of one trial: (step, mean NLL per trained token in nats)."""

    arm: str
    seed: int
    points: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Reading:
    """`p` against "not so" (1: cannot be shown), `excluded` when an interval rules the sign out."""

    why: str
    p: float = 1.0
    excluded: bool = False
    needs: str = ""
    measured: bool = True
    gain: Gain | None = None
    seeds: int = 2


def unmeasured(what: str, how: str) -> Reading:
    return Reading(f"not measured: {what}", needs=how, measured=False)


@dataclass(frozen=True)
class Bucket:
    """Everything that the signs of one bucket read."""

    scores: Scores
    evidence: Evidence
    margins: Margins
    losses: Sequence[LossCurve] = ()
    low_entropy: float = LOW_ENTROPY
    _steps: dict[str, Estimate] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.evidence.bucket

    @property
    def margin(self) -> float:
        """For rates."""
        return self.margins.rate

    @cached_property
    def cell(self) -> Cell | None:
        return self.scores.cells.get((self.name, "dev"))

    @cached_property
    def arm(self) -> str | None:
        """The arm with the most data."""
        names = [name for name in self.scores.doses if self.cell is not None and name in self.cell.arms]
        return names[-1] if names else None

    @cached_property
    def samples(self) -> int:
        """Samples a prompt of that arm, the median; 0 without any."""
        if self.cell is None or self.arm is None:
            return 0
        counts = self.cell.raw["samples"][self.cell.arms.index(self.arm)]
        return int(np.nanmedian(counts)) if np.isfinite(counts).any() else 0

    def level(self, metric: str) -> Estimate:
        """The arm's own value; `NOTHING` where it was not measured."""
        if self.cell is None or self.arm is None:
            return NOTHING
        bound = 1.0 if metric in BOUNDED else 0.0
        return estimate(
            self.cell.arm(self.arm, metric), self.cell.clusters, ratio=self.cell.ratio(metric), bounded=bound
        )

    def step(self, metric: str) -> Estimate:
        """The last dose step on dev."""
        if metric not in self._steps:
            pair = self.scores.step()
            value = NOTHING
            if self.cell is not None and pair is not None:
                value = self.cell.contrast({pair[0]: 1.0, pair[1]: -1.0}, metric)
            self._steps[metric] = value
        return self._steps[metric]

    def gain(self, metric: str) -> Gain | None:
        pair, value = self.scores.step(), self.step(metric)
        if pair is None or value.n == 0:
            return None
        return gain_of(value, *pair, self.name, "dev", metric, self.margins.tested)

    def words(self, value: Estimate) -> str:
        """A difference at the level that it is tested at."""
        return f"{value.interval(self.margins.tested).words()}, n={value.n}"

    def rate(self, value: Estimate) -> str:
        """A level, which has no sign."""
        inner = value.interval(self.margins.tested)
        ends = [max(inner.low, 0.0), min(inner.high, 1.0)]
        return f"{inner.estimate:.3f} [{ends[0]:.3f}, {ends[1]:.3f}] ({100 * inner.level:.3g}%), n={value.n}"

    def low(self, value: Estimate) -> float:
        return value.interval(self.margins.tested).low

    def high(self, value: Estimate) -> float:
        return value.interval(self.margins.tested).high

    def more(self, value: Estimate, bound: float, split: str = "dev") -> str:
        """Prompts or seeds until the value is told from `bound`, if the estimate stays."""
        if value.seeds < 2:
            return "at least 2 more seeds"
        gap = abs(value.mean - bound)
        return n_until(replace(value, mean=gap), gap, self.margins.confidence).words(split)
