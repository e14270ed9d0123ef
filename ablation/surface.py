"""The response surface of one eval bucket: laws stacked by their held-out error, with posterior draws.

Held-out error speaks for mixtures like the trained ones, at their scale. For another scale (`transfer`) the stack is
half log-linear, half log-additive: a larger model has another floor and another gap above it, so that only the shape of
the log of the gap can travel; of that the stiff law keeps too little and the pliant one too much, and equal halves are
the usual hedge when the errors of a forecast cannot be measured (Bates & Granger 1969; Clemen 1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from ablation.mixture_laws import Law, linear, log_linear, log_smooth, smooth
from ablation.stats import Array
from ablation.trees import trees
from buckets import RefusedError

FEWEST = 8
"""Runs under which no surface is fitted."""
TREES_FROM = 50
"""Runs from which trees are tried."""
_NEGLIGIBLE = 0.1
"""Stack weights below this are dropped: noise in the held-out error, at the cost of a whole law."""


@dataclass(frozen=True)
class Surface:
    """score or loss = surface(mixture); points are rows of shares or tokens in the order of the fitted columns."""

    laws: tuple[Law, ...]
    weights: tuple[float, ...]
    """Of the laws, adding to 1."""
    errors: dict[str, float]
    """Law -> held-out root mean squared error over the standard deviation of the values; 1 is no better than the
    mean."""
    runs: int
    lower_is_better: bool

    def predict(self, at: Array) -> Array:
        value: Array = sum((w * law.predict(at) for w, law in self._parts()), np.zeros(len(at)))
        return value

    def spread(self, at: Array) -> Array:
        """Standard deviation of surface(at), the laws' disagreement included."""
        mean = self.predict(at)
        second = (w * (law.spread(at) ** 2 + (law.predict(at) - mean) ** 2) for w, law in self._parts())
        value: Array = np.sqrt(sum(second, np.zeros(len(at))))
        return value

    def change(self, at: Array, reference: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of surface(at) - surface(reference), the laws' disagreement included."""
        moments = [(w, *law.change(at, reference)) for w, law in self._parts()]
        mean: Array = sum((w * m for w, m, _ in moments), np.zeros(len(at)))
        second = sum((w * (sd**2 + (m - mean) ** 2) for w, m, sd in moments), np.zeros(len(at)))
        deviation: Array = np.sqrt(second)
        return mean, deviation

    def draws(self, at: Array, count: int, rng: np.random.Generator) -> Array:
        """count x points; each draw is of one law, laws in proportion to their weights."""
        shares = rng.multinomial(count, np.array(self.weights))
        parts = [law.draws(at, int(n), rng) for law, n in zip(self.laws, shares, strict=True) if n]
        mixed: Array = np.concatenate(parts)[rng.permutation(count)]
        return mixed

    def words(self) -> str:
        stacked = ", ".join(f"{law.name} {weight:.2f}" for weight, law in self._parts())
        return f"{self.runs} runs; {stacked}; held-out error {self.error:.2f} of the spread"

    @property
    def error(self) -> float:
        return sum(w * self.errors[law.name] for w, law in self._parts())

    def _parts(self) -> list[tuple[float, Law]]:
        return list(zip(self.weights, self.laws, strict=True))


def fit_surface(
    points: Array,
    values: Array,
    *,
    lower_is_better: bool = True,
    transfer: bool = False,
    only: str | None = None,
    own: int | None = None,
) -> Surface:
    """Fit all laws to `values` (runs) at `points` (runs x buckets; shares or tokens) and stack them.

    Rows whose value or point is not finite are left out. only: the name of one law to use alone ("linear",
    "log-linear", "trees"). own: the column of the bucket whose own eval the values are, if any.
    Raises RefusedError with fewer than `FEWEST` runs, and when `only` cannot be fitted.
    """
    seen = np.isfinite(values) & np.isfinite(points).all(axis=1)
    points, values = points[seen], values[seen]
    if len(values) < FEWEST:
        raise RefusedError(f"{len(values)} runs with a score: a response surface needs at least {FEWEST}")
    found = _laws(points, values, lower_is_better, only, own)
    errors = {law.name: _error(law, values) for law in found}
    weights = _stacked(found, values)
    if transfer and only is None:
        weights = _halves(found)
    kept = [(w, law) for w, law in zip(weights, found, strict=True) if w >= _NEGLIGIBLE]
    total = sum(w for w, _ in kept)
    return Surface(
        tuple(law for _, law in kept), tuple(w / total for w, _ in kept), errors, len(values), lower_is_better
    )


def _laws(points: Array, values: Array, lower_is_better: bool, only: str | None, own: int | None) -> list[Law]:
    if float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return [linear(points, values)]  # every run scored the same
    if only == "linear":
        return [linear(points, values)]
    if only == "trees":
        grown = trees(points, values)
        if grown is None:
            raise RefusedError("trees need scikit-learn: install the ablation extra")
        return [grown]
    straight = log_linear(points, values, lower_is_better=lower_is_better)
    if only == "log-linear":
        return [straight]
    if only is not None:
        raise RefusedError(f"no law is called {only!r}: linear, log-linear and trees can stand alone")
    assert straight.floor is not None
    found: list[Law] = [
        linear(points, values),
        straight,
        smooth(points, values, own=own),
        log_smooth(points, values, straight.floor, lower_is_better=lower_is_better, own=own),
    ]
    grown = trees(points, values) if len(values) >= TREES_FROM else None
    return found if grown is None else [*found, grown]


def _error(law: Law, values: Array) -> float:
    return float(np.sqrt(np.mean((law.held_out - values) ** 2)) / max(float(values.std()), 1e-12))


def _stacked(laws: Sequence[Law], values: Array) -> list[float]:
    """Non-negative weights of least held-out squared error (Wolpert 1992; Breiman 1996), adding to 1."""
    if len(laws) == 1:
        return [1.0]
    spread = max(float(values.std()), 1e-12)
    columns = np.stack([(law.held_out - values) / spread for law in laws], axis=1)
    heavy = 1e3 * np.sqrt(len(values))
    design = np.vstack([columns, np.full((1, len(laws)), heavy)])
    weights, _ = nnls(design, np.concatenate([np.zeros(len(values)), [heavy]]))
    return [float(w) for w in weights / weights.sum()]


def _halves(laws: Sequence[Law]) -> list[float]:
    travel = [law.name in ("log-linear", "log-additive") for law in laws]
    return [float(law) / max(sum(travel), 1) if any(travel) else 1.0 / len(laws) for law in travel]
