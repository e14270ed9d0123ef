"""Laws of a score or loss over mixtures, each with its held-out predictions and posterior draws.

"linear"      y = a + b.x
"log-linear"  y = c +- exp(a + b.x)              RegMix (Liu 2024, arXiv:2407.01492) as olmix and Data Mixing Laws
                                                 (Ye 2024, arXiv:2403.16952) write it: each bucket multiplies the gap
"additive"    y = sum of curves and of pairs     smooth, saturating: see `additive.py`
"log-additive" y = c +- exp(additive)            the same on the log of the gap to the floor c
A ridge prior stands on b; its strength and c are those with the least held-out squared error. x are shares or tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ablation.additive import additive
from ablation.gaussian import Linear, Posterior
from ablation.stats import Array

GAPS = (0.03, 0.1, 0.3, 1.0, 3.0)
"""How far c lies beyond the best value seen, in units of the range seen: 3 is nearly a straight line."""
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Penalty on b in units of the mean variance of x, for noise 1."""
_STEEPEST = 30.0
"""Cut of the exponent, so that a far extrapolation stays a number."""


class Law(Protocol):
    """One fitted law. Higher values are worse or better: a law does not know."""

    @property
    def name(self) -> str: ...

    @property
    def held_out(self) -> Array:
        """Prediction of each run's value from the other runs."""
        ...

    def predict(self, at: Array) -> Array: ...

    def spread(self, at: Array) -> Array:
        """Standard deviation of y(at), noise of a run left out."""
        ...

    def change(self, at: Array, reference: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of y(at) - y(reference); reference is 1 x buckets."""
        ...

    def draws(self, at: Array, count: int, rng: np.random.Generator) -> Array:
        """Joint posterior draws, count x points."""
        ...


@dataclass(frozen=True)
class GaussianLaw:
    """y = centre + unit f, or y = floor + sign exp(centre + unit f), with a Gaussian posterior over f."""

    name: str
    posterior: Posterior
    centre: float
    unit: float
    floor: float | None
    sign: float
    held_out: Array

    def _out(self, latent: Array) -> Array:
        inner = self.centre + self.unit * latent
        if self.floor is None:
            return inner
        value: Array = self.floor + self.sign * np.exp(np.minimum(inner, _STEEPEST))
        return value

    def _steep(self, value: Array) -> Array:
        """|dy / df|."""
        if self.floor is None:
            return np.full_like(value, self.unit)
        return np.abs(value - self.floor) * self.unit

    def predict(self, at: Array) -> Array:
        return self._out(self.posterior.mean(at))

    def spread(self, at: Array) -> Array:
        value: Array = self._steep(self.predict(at)) * np.sqrt(self.posterior.variance(at))
        return value

    def change(self, at: Array, reference: Array) -> tuple[Array, Array]:
        """The standard deviation by the delta method when there is a floor; exact otherwise."""
        variance, shared, own, latent, latent_there = self.posterior.against(at, reference)
        here, there = self._out(latent), self._out(np.array([latent_there]))
        up, down = self._steep(here), self._steep(there)
        total = up**2 * variance - 2.0 * up * down * shared + down**2 * own
        return here - there, np.sqrt(np.maximum(total, 0.0))

    def draws(self, at: Array, count: int, rng: np.random.Generator) -> Array:
        return self._out(self.posterior.draws(at, count, rng))


def linear(points: Array, values: Array) -> GaussianLaw:
    """The ridge line with the least held-out error."""
    centre, spread = float(values.mean()), _scale(values)
    return _line("linear", points, (values - centre) / spread, np.ones(len(values)), values, centre, spread, None, 1.0)


def log_linear(points: Array, values: Array, *, lower_is_better: bool = True) -> GaussianLaw:
    """c + exp(a + b.x) below losses, c - exp(a + b.x) above scores.

    Noise is taken as even in y, so runs near c weigh little on the log scale.
    """
    sign = 1.0 if lower_is_better else -1.0
    found = []
    for gap in GAPS:
        floor = _floor(values, gap, sign)
        above = sign * (values - floor)
        weight = above**2 / float((above**2).mean())
        logs = np.log(above)
        centre = float(np.average(logs, weights=weight))
        spread = max(float(np.sqrt(np.average((logs - centre) ** 2, weights=weight))), 1e-9)
        found.append(
            _line("log-linear", points, (logs - centre) / spread, 1.0 / weight, values, centre, spread, floor, sign)
        )
    return min(found, key=lambda law: _error(law.held_out, values))


def smooth(points: Array, values: Array, *, own: int | None = None) -> GaussianLaw:
    """Additive curves with pairs, on the values themselves."""
    centre, spread = float(values.mean()), _scale(values)
    posterior = additive(points, (values - centre) / spread, own=own)
    return _with_held_out("additive", posterior, centre, spread, None, 1.0)


def log_smooth(
    points: Array, values: Array, floor: float, *, lower_is_better: bool = True, own: int | None = None
) -> GaussianLaw:
    """Additive curves with pairs on the log of the gap to `floor` (that of the log-linear law)."""
    sign = 1.0 if lower_is_better else -1.0
    logs = np.log(sign * (values - floor))
    centre, spread = float(logs.mean()), _scale(logs)
    posterior = additive(points, (logs - centre) / spread, own=own)
    return _with_held_out("log-additive", posterior, centre, spread, floor, sign)


def _line(
    name: str,
    points: Array,
    standard: Array,
    noise: Array,
    values: Array,
    centre: float,
    spread: float,
    floor: float | None,
    sign: float,
) -> GaussianLaw:
    """Noise of shape `noise` and unknown size: only its ratio to the prior of b matters, so the ridge carries it."""
    middle = np.average(points, axis=0, weights=1.0 / noise)
    variance = max(float(np.average((points - middle) ** 2, axis=0, weights=1.0 / noise).mean()), 1e-12)
    laws = []
    for ridge in RIDGES:
        slope = 1.0 / (ridge * variance * len(points))  # in units of the noise variance
        posterior = Posterior(Linear(middle, slope, 1e4), points, standard, noise)
        laws.append(_with_held_out(name, posterior, centre, spread, floor, sign))
    best = min(laws, key=lambda law: _error(law.held_out, values))
    return _sized(best)


def _sized(law: GaussianLaw) -> GaussianLaw:
    """The same fit with its noise in real units: mean squared held-out residual over its predicted variance."""
    old = law.posterior
    mean, variance = old.held_out()
    size = max(float(np.mean((old.values - mean) ** 2 / variance)), 1e-9)
    assert isinstance(old.kernel, Linear)
    kernel = Linear(old.kernel.centre, old.kernel.slope * size, old.kernel.level * size)
    posterior = Posterior(kernel, old.points, old.values, old.noise * size)
    return GaussianLaw(law.name, posterior, law.centre, law.unit, law.floor, law.sign, law.held_out)


def _with_held_out(
    name: str, posterior: Posterior, centre: float, spread: float, floor: float | None, sign: float
) -> GaussianLaw:
    empty = GaussianLaw(name, posterior, centre, spread, floor, sign, posterior.values)
    return GaussianLaw(name, posterior, centre, spread, floor, sign, empty._out(posterior.held_out()[0]))


def _floor(values: Array, gap: float, sign: float) -> float:
    span = float(values.max() - values.min()) or 1.0
    return float(values.min()) - gap * span if sign > 0 else float(values.max()) + gap * span


def _scale(values: Array) -> float:
    return max(float(values.std()), 1e-12)


def _error(predicted: Array, values: Array) -> float:
    return float(np.mean((predicted - values) ** 2))
