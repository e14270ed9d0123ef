"""Gaussian posteriors over a function of mixtures: exact means, covariances, held-out values and joint draws.

Rasmussen & Williams 2006, eqs 2.25-2.26; held-out values in closed form, eq. 5.12. Not covered: sparse approximations;
the cost is cubic in the number of runs, which is fine for hundreds of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from ablation.stats import Array

_JITTER = 1e-8


class Kernel(Protocol):
    """Prior covariance of the function between rows of `a` and rows of `b`."""

    def __call__(self, a: Array, b: Array) -> Array: ...

    def own(self, a: Array) -> Array:
        """The diagonal of k(a, a)."""
        ...


@dataclass(frozen=True)
class Linear:
    """k = level + slope (x - centre).(x' - centre): a straight line with a ridge prior on its coefficients."""

    centre: Array
    slope: float
    level: float = 4.0

    def __call__(self, a: Array, b: Array) -> Array:
        value: Array = self.level + self.slope * ((a - self.centre) @ (b - self.centre).T)
        return value

    def own(self, a: Array) -> Array:
        value: Array = self.level + self.slope * ((a - self.centre) ** 2).sum(axis=1)
        return value


@dataclass(frozen=True)
class Posterior:
    """A function seen at `points` (runs x buckets) as `values` with independent noise of variance `noise`."""

    kernel: Kernel
    points: Array
    values: Array
    noise: Array

    @cached_property
    def _factor(self) -> Array:
        raw = self.kernel(self.points, self.points)
        raw[np.diag_indices_from(raw)] += self.noise + _JITTER
        factor: Array = cho_factor(raw, lower=True)[0]
        return factor

    @cached_property
    def _whitening(self) -> Array:
        """Inverse of the Cholesky factor: many small searches solve against it."""
        inverse: Array = solve_triangular(self._factor, np.eye(len(self.values)), lower=True)
        return inverse

    @cached_property
    def _alpha(self) -> Array:
        alpha: Array = cho_solve((self._factor, True), self.values)
        return alpha

    def mean(self, at: Array) -> Array:
        value: Array = self.kernel(at, self.points) @ self._alpha
        return value

    def spread(self, at: Array) -> Array:
        """`half` with cov(a, b) = k(a, b) - half(a)' half(b): runs x points."""
        half: Array = solve_triangular(self._factor, self.kernel(self.points, at), lower=True)
        return half

    def variance(self, at: Array) -> Array:
        value: Array = np.maximum(self.kernel.own(at) - (self.spread(at) ** 2).sum(axis=0), 0.0)
        return value

    def against(self, at: Array, reference: Array) -> tuple[Array, Array, float, Array, float]:
        """Variance at each point, covariance with one reference point (1 x buckets), its own variance; both means."""
        cross = self.kernel(np.vstack([at, reference]), np.vstack([self.points, reference]))
        known, mean = cross[:, :-1], cross[:, :-1] @ self._alpha
        half = self._whitening @ known.T
        here, there = half[:, :-1], half[:, -1]
        variance = np.maximum(self.kernel.own(at) - (here**2).sum(axis=0), 0.0)
        shared = cross[:-1, -1] - here.T @ there
        own = max(float(cross[-1, -1] - (there**2).sum()), 0.0)
        return variance, shared, own, mean[:-1], float(mean[-1])

    def draws(self, at: Array, count: int, rng: np.random.Generator) -> Array:
        """Joint draws of the function at `at`: count x points."""
        half = self.spread(at)
        joint = self.kernel(at, at) - half.T @ half
        worth, vectors = np.linalg.eigh((joint + joint.T) / 2.0)
        root = vectors * np.sqrt(np.maximum(worth, 0.0))
        value: Array = self.mean(at) + rng.standard_normal((count, len(at))) @ root.T
        return value

    def held_out(self) -> tuple[Array, Array]:
        """Mean and variance (noise included) of each run's value from all other runs, hyper-parameters held."""
        inverse = cho_solve((self._factor, True), np.eye(len(self.values)))
        precision = np.diag(inverse)
        return self.values - self._alpha / precision, 1.0 / precision
