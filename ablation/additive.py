"""A smooth prior over mixtures: saturating one-bucket curves and pairwise interactions, scales by marginal likelihood.

Amounts enter as u = log(1 + x/tau) / log(1 + 1/tau) with x = amount / largest amount tried, so that the first tokens of
a bucket move the score more than the last. k = level + sum_b k_b + g sum_{b<c} k_b k_c with k_b = a_b exp(-(u-u')^2 /
2 l^2): the additive kernel of Duvenaud, Nickisch & Rasmussen 2011, cut at order two; a bucket whose a_b goes to zero
is out. Scales maximise marginal likelihood times log-normal priors (R&W 2006, eq. 5.9), which keep a small campaign
from inventing structure. Not covered: interactions of three buckets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from ablation.gaussian import Posterior
from ablation.stats import Array

TAUS = (0.02, 0.2, 2.0)
"""Knees tried, as a share of the largest amount: early, in between, nearly straight."""
_MOST = 200
"""Runs that the scales are fitted on: more change them little, and the cost is cubic."""
_LEVEL = 4.0
_PAIR, _REACH, _NOISE = 0.3, 0.7, 0.05
"""Prior medians: weight of interactions, length scale in u, noise variance in units of the variance of the values."""
_OTHERS = 0.3
"""Where a bucket's own eval is modelled: prior variance of all other buckets together, for 1 of its own."""
_SD_SCALE, _SD_REACH = 1.0, 0.5
"""Prior standard deviations of the logs."""


@dataclass(frozen=True)
class Additive:
    """The kernel with its scales; `largest` (buckets) is in the unit of the points."""

    largest: Array
    tau: float
    scales: Array
    pair: float
    reach: float

    def curve(self, points: Array) -> Array:
        value: Array = np.log1p(np.maximum(points, 0.0) / self.largest / self.tau) / np.log1p(1.0 / self.tau)
        return value

    def __call__(self, a: Array, b: Array) -> Array:
        left, right = self.curve(a), self.curve(b)
        total, squares = np.zeros((len(a), len(b))), np.zeros((len(a), len(b)))
        for scale, x, y in zip(self.scales, left.T, right.T, strict=True):
            if scale > 1e-6:
                part = scale * np.exp(-((x[:, None] - y[None, :]) ** 2) / (2.0 * self.reach**2))
                total += part
                squares += part * part
        value: Array = _LEVEL + total + self.pair * (total * total - squares) / 2.0
        return value

    def own(self, a: Array) -> Array:
        total = float(self.scales.sum())
        value = _LEVEL + total + self.pair * (total * total - float((self.scales**2).sum())) / 2.0
        return np.full(len(a), value)


def additive(points: Array, values: Array, *, own: int | None = None, taus: tuple[float, ...] = TAUS) -> Posterior:
    """The most probable additive posterior of standardised `values` at `points` (runs x buckets, any one unit).

    own: the column of the bucket whose own eval this is, if any; its tokens are expected to matter most.
    """
    largest = np.where(points.max(axis=0) > 0, points.max(axis=0), 1.0)
    step = max(1, -(-len(values) // _MOST))
    found = [_scales(points[::step], values[::step], largest, tau, own) for tau in taus]
    kernel, noise, _ = min(found, key=lambda item: item[2])
    return Posterior(kernel, points, values, np.full(len(values), noise))


def _scales(points: Array, values: Array, largest: Array, tau: float, own: int | None) -> tuple[Additive, float, float]:
    buckets = points.shape[1]
    share = np.full(buckets, 1.0 / buckets)
    if own is not None:
        share = share * _OTHERS
        share[own] = 1.0
    centre = np.concatenate([np.log(share), np.log([_PAIR, _REACH, _NOISE])])
    width = np.concatenate([np.full(buckets, _SD_SCALE), [_SD_SCALE, _SD_REACH, _SD_SCALE]])
    curved = Additive(largest, tau, np.ones(buckets), 0.0, 1.0).curve(points).T
    apart = (curved[:, :, None] - curved[:, None, :]) ** 2
    best = minimize(
        _objective,
        centre,
        args=(apart, values, centre, width),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(centre - 4 * width, centre + 4 * width, strict=True)),
        options={"maxiter": 60},
    )
    chosen = np.exp(best.x)
    kernel = Additive(largest, tau, chosen[:buckets], float(chosen[-3]), float(chosen[-2]))
    return kernel, float(chosen[-1]), float(best.fun)


def _objective(logs: Array, apart: Array, values: Array, centre: Array, width: Array) -> tuple[float, Array]:
    """Minus the log posterior of the scales and its gradient (R&W 2006, eq. 5.9)."""
    pair, reach, noise = np.exp(logs[-3:])
    parts = np.exp(logs[:-3])[:, None, None] * np.exp(-apart / (2.0 * reach**2))
    total = parts.sum(axis=0)
    pairs = (total * total - np.einsum("bij,bij->ij", parts, parts)) / 2.0
    whole = _LEVEL + total + pair * pairs
    whole[np.diag_indices_from(whole)] += noise + 1e-6
    pull = (logs - centre) / width
    try:
        factor = np.linalg.cholesky(whole)
    except np.linalg.LinAlgError:
        return 1e10, pull
    root = np.linalg.inv(factor)
    inverse = root.T @ root
    alpha = inverse @ values
    value = 0.5 * float(values @ alpha) + float(np.log(np.diag(factor)).sum()) + 0.5 * float(pull @ pull)
    slope = 0.5 * (inverse - np.outer(alpha, alpha))
    outer = slope * (1.0 + pair * total)
    squared = np.einsum("ij,bij,bij->b", slope, parts, parts)
    by_scale = np.einsum("ij,bij->b", outer, parts) - pair * squared
    near = apart / reach**2
    by_reach = np.einsum("ij,bij,bij->", outer, parts, near) - pair * np.einsum(
        "ij,bij,bij,bij->", slope, parts, parts, near
    )
    gradient = np.concatenate([by_scale, [pair * (slope * pairs).sum(), by_reach, noise * np.trace(slope)]])
    return value, gradient + pull / width
