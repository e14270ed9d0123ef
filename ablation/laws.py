"""Laws of a score or a loss against data: each is fitted to many curves at once (series, or bootstrap draws of one).

All work on scores (higher is better; a loss L comes in as S = -L with `top` 0, so that its floor E is -S_inf >= 0),
shapes curves x doses. The saturating laws are linear in two of their numbers, and a grid over the rest makes least
squares exact there (variable projection):

    power      S(D) = S_inf - A D^-b                  b in [.05, 1]
    rectified  S(D) = S_inf - B / (D_l + D^b)         D_l = knee^b; Lin et al. 2024, arXiv:2402.02314
    step       S(D) = a under one dose, b >= a from it on
    flat       S(D) = a: no gain

with A, B >= 0 and S_inf <= `top` (1 for a rate).
Not covered: scores that fall with data (these laws then say "flat"), repeated epochs, several regimes in one curve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ablation.stats import Array

BETAS = np.linspace(0.05, 1.0, 20)
SaturatingLaw = Literal["power", "rectified", "step", "flat"]
NUMBERS: dict[SaturatingLaw, int] = {"power": 3, "rectified": 4, "step": 3, "flat": 1}
"""Free numbers of each law; a fit needs at least as many doses."""


@dataclass(frozen=True)
class Power:
    """S(D) = asymptote - drop / (knee^beta + D^beta), one row per curve; drop >= 0, beta in [.05, 1].

    knee 0 is the power law with a floor; a knee above the last dose is a curve that has not begun to fall in earnest.
    """

    asymptote: Array
    drop: Array
    beta: Array
    knee: Array

    def over(self, doses: Array) -> Array:
        """curves x doses."""
        beta = self.beta[:, None]
        value: Array = self.asymptote[:, None] - self.drop[:, None] / (self.knee[:, None] ** beta + doses**beta)
        return value

    def at(self, dose: float) -> Array:
        value: Array = self.over(np.array([dose]))[:, 0]
        return value

    def gain(self, dose: float) -> Array:
        """S(2D) - S(D)."""
        return self.at(2 * dose) - self.at(dose)


def fit_power(x: Array, y: Array, top: float = math.inf, *, relative: bool = False) -> Power:
    """Power law with a floor. x: doses; y: curves x doses; `relative` weighs by 1/y^2, the errors of a loss in log."""
    return _fit(x, y, [(beta, 0.0) for beta in BETAS], top, relative)


def fit_rectified(x: Array, y: Array, top: float = math.inf, *, relative: bool = False) -> Power:
    """Rectified law: knees on a grid of doublings from none at all to eight times the last dose."""
    first, last = float(np.log2(x.min())), float(np.log2(x.max()))
    knees = [0.0, *2.0 ** np.arange(first - 1.0, last + 3.01)]
    return _fit(x, y, [(beta, knee) for beta in BETAS for knee in knees], top, relative)


def _fit(x: Array, y: Array, shapes: list[tuple[float, float]], top: float, relative: bool) -> Power:
    w = 1.0 / np.maximum(y**2, 1e-12) if relative else np.ones_like(y)
    w = w / w.sum(axis=1, keepdims=True)
    mean_y = (w * y).sum(axis=1)
    best = np.full(len(y), math.inf)
    fitted = np.zeros((4, len(y)))
    for beta, knee in shapes:
        z = 1.0 / (knee**beta + x**beta)
        mean_z = w @ z
        spread = w @ z**2 - mean_z**2
        drop = np.maximum(-((w * y) @ z - mean_y * mean_z) / np.maximum(spread, 1e-300), 0.0)
        level = mean_y + drop * mean_z
        over = level > top
        if over.any():
            held = np.maximum(((w * (top - y)) @ z) / (w @ z**2), 0.0)
            drop, level = np.where(over, held, drop), np.minimum(level, top)
        error = (w * (level[:, None] - drop[:, None] * z - y) ** 2).sum(axis=1)
        better = error < best
        best = np.where(better, error, best)
        fitted[:, better] = np.stack([level, drop, np.full_like(level, beta), np.full_like(level, knee)])[:, better]
    return Power(fitted[0], fitted[1], fitted[2], fitted[3])


def step_level(y: Array) -> Array:
    """Level after the best single upward step (least squares over where it is); the plain mean when none goes up."""
    total = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    best: Array = total
    level: Array = y.mean(axis=1)
    for cut in range(1, y.shape[1]):
        low, high = y[:, :cut], y[:, cut:]
        error = ((low - low.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        error = error + ((high - high.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        better = (error < best) & (high.mean(axis=1) > low.mean(axis=1))
        best = np.where(better, error, best)
        level = np.where(better, high.mean(axis=1), level)
    return level


def saturating(law: SaturatingLaw, x: Array, y: Array, ahead: Array, top: float, *, relative: bool = False) -> Array:
    """What a law says at the doses `ahead`: curves x ahead."""
    if law == "power":
        return fit_power(x, y, top, relative=relative).over(ahead)
    if law == "rectified":
        return fit_rectified(x, y, top, relative=relative).over(ahead)
    level = step_level(y) if law == "step" else y.mean(axis=1)
    same: Array = np.repeat(level[:, None], len(ahead), axis=1)
    return same


def line(u: Array, y: Array, ahead: Array, points: int) -> Array:
    """Least-squares line through the last `points`; u and `ahead` in log2 dose: curves x ahead."""
    recent, values = u[-points:], y[:, -points:]
    centred = recent - recent.mean()
    slope = values @ centred / float(centred @ centred)
    value: Array = values.mean(axis=1)[:, None] + slope[:, None] * (ahead - recent.mean())
    return value


def curvature(u: Array, y: Array, points: int) -> tuple[Array, Array]:
    """Second-order coefficient of a parabola through the last `points` (at least 4) and its sampling variance."""
    recent, values = u[-points:] - u[-1], y[:, -points:]
    design = np.stack([np.ones_like(recent), recent, recent**2], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    found = values @ design @ inverse
    rest = values - found @ design.T
    variance = (rest**2).sum(axis=1) / max(len(recent) - 3, 1) * inverse[2, 2]
    return found[:, 2], variance


def bent(u: Array, y: Array, ahead: Array, points: int, bend: float) -> Array:
    """A given `bend` (second-order coefficient) up to the last dose, and straight on from there.

    The line through the last `points` is the slope of the middle of them; this is the slope at their end. It is never
    steeper than the curve has become: a parabola has no end, a knee does.
    """
    past, future = u - u[-1], ahead - u[-1]
    return line(past, y - bend * past**2, future, points)
