"""Boosted trees over mixtures (scikit-learn), for more than about fifty runs; draws are bootstrap refits over runs.

Not covered: extrapolation. A tree is flat outside the mixtures that were trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ablation.stats import Array

FOLDS = 5
REFITS = 12
"""Bootstrap ensembles behind the spread."""


@dataclass(frozen=True)
class Trees:
    """A law (see `laws.Law`) of gradient-boosted trees."""

    points: Array
    values: Array
    held_out: Array
    model: Any
    name: str = "trees"

    def predict(self, at: Array) -> Array:
        value: Array = self.model.predict(at)
        return value

    @cached_property
    def _refits(self) -> list[Any]:
        rng = np.random.default_rng(0)
        count = len(self.values)
        picks = [rng.integers(0, count, count) for _ in range(REFITS)]
        return [_fit(self.points[pick], self.values[pick]) for pick in picks]

    def spread(self, at: Array) -> Array:
        value: Array = np.stack([model.predict(at) for model in self._refits]).std(axis=0, ddof=1)
        return value

    def change(self, at: Array, reference: Array) -> tuple[Array, Array]:
        refits = np.stack([model.predict(at) - model.predict(reference) for model in self._refits])
        mean: Array = self.predict(at) - self.predict(reference)
        spread: Array = refits.std(axis=0, ddof=1)
        return mean, spread

    def draws(self, at: Array, count: int, rng: np.random.Generator) -> Array:
        refits = np.stack([model.predict(at) for model in self._refits])
        value: Array = refits[rng.integers(0, len(refits), count)]
        return value


def trees(points: Array, values: Array) -> Trees | None:
    """Fitted on all runs, held out in five seeded folds; None where scikit-learn is not installed."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        return None
    fold = np.random.default_rng(0).permutation(len(values)) % FOLDS
    held_out = np.empty(len(values))
    for part in range(FOLDS):
        held_out[fold == part] = _fit(points[fold != part], values[fold != part]).predict(points[fold == part])
    return Trees(points, values, held_out, _fit(points, values))


def _fit(points: Array, values: Array) -> Any:
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(n_estimators=200, max_depth=3, learning_rate=0.07, subsample=0.7, random_state=0)
    return model.fit(points, values)
