"""Curves of many series over data size, in the units laws are fitted in, and what one law says of each of them.

A loss is fitted in log loss, a score as it is, both over log2 size. Series may lack cells; those that share their
measured sizes are fitted together.
Not covered: choosing between laws, and intervals (`ablation/forecast.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ablation.laws import NUMBERS, bent, curvature, line, saturating
from ablation.stats import Array, Codes

Scale = Literal["loss", "score"]
Law = Literal["line", "bend", "power", "rectified", "step", "flat"]
LAWS: tuple[Law, ...] = ("line", "bend", "power", "rectified", "step", "flat")
POINTS = 4
"""Of the line: two leave no residual, more lag behind a bend."""
BEND_POINTS = 6


@dataclass(frozen=True)
class Series:
    """Series in working units: log loss or score, over log2 size; NaN = not measured."""

    u: Array
    y: Array
    scale: Scale
    top: float

    def groups(self) -> Iterator[tuple[Codes, Codes]]:
        """(rows, columns) of the series that share their measured sizes."""
        seen = np.isfinite(self.y)
        patterns, codes = np.unique(seen, axis=0, return_inverse=True)
        codes = codes.reshape(-1)
        for index, pattern in enumerate(patterns):
            yield np.flatnonzero(codes == index), np.flatnonzero(pattern)

    def without_last(self, count: int) -> Series:
        """Each series without the last `count` of its own measured sizes."""
        y = self.y.copy()
        for rows, columns in self.groups():
            y[np.ix_(rows, columns[max(len(columns) - count, 0) :])] = np.nan
        return Series(self.u, y, self.scale, self.top)

    def longest(self) -> int:
        return int(np.isfinite(self.y).sum(axis=1).max(initial=0))

    def last(self) -> Array:
        """log2 of the last measured size of each series; NaN without any."""
        places = np.where(np.isfinite(self.y), self.u, -math.inf).max(axis=1)
        return np.where(np.isfinite(places), places, np.nan)


def last_points_line(sizes: Array, y: Array, ahead: Array, scale: Scale = "loss", points: int = POINTS) -> Array:
    """The baseline: the line through the last `points` in log-log (a loss) or against log2 size (a score)."""
    return units(predict(series(sizes, y, scale, math.inf), "line", np.log2(ahead), points), scale)


def law(name: Law, sizes: Array, y: Array, ahead: Array, scale: Scale = "loss", top: float = math.inf) -> Array:
    """One law's own forecast: series x ahead."""
    return units(predict(series(sizes, y, scale, top), name, np.log2(ahead)), scale)


def series(sizes: Array, y: Array, scale: Scale, top: float) -> Series:
    """From sizes and losses or scores to working units."""
    return Series(np.log2(sizes), np.log(y) if scale == "loss" else y, scale, top)


def units(value: Array, scale: Scale) -> Array:
    """Back from working units to losses or scores."""
    back: Array = np.exp(value) if scale == "loss" else value
    return back


def predict(given: Series, name: Law, place: Array, points: int = POINTS) -> Array:
    """What one law says: series x place, in working units; NaN where a series is too short for it."""
    out = np.full((len(given.y), len(place)), np.nan)
    bend = _shared_bend(given) if name == "bend" else 0.0
    for rows, columns in given.groups():
        if len(columns) < _needs(name):
            continue
        u, y = given.u[columns], given.y[np.ix_(rows, columns)]
        if name == "line":
            out[rows] = line(u, y, place, points)
        elif name == "bend":
            out[rows] = bent(u, y, place, points, bend)
        elif given.scale == "loss":
            found = saturating(name, 2.0**u, -np.exp(y), 2.0**place, 0.0, relative=True)
            out[rows] = np.log(np.maximum(-found, 1e-12))
        else:
            out[rows] = saturating(name, 2.0**u, y, 2.0**place, given.top)
    return out


def _needs(name: Law) -> int:
    """Points of the shortest series a law is fitted to: one more than its numbers, so that it can be wrong."""
    if name == "line":
        return 2
    return 4 if name == "bend" else NUMBERS[name] + 1


def _shared_bend(given: Series) -> float:
    """The bend (second-order coefficient) that the series of a table share, shrunk to zero by what is noise in it.

    Series of one table are models on one data set and eval: one curve's bend is mostly noise, their median is not.
    Positive-part shrinkage (Efron and Morris 1973): m (1 - v/m^2)+, v the variance of the median, or with under five
    series the sampling variance of the fits.
    """
    parts = [
        curvature(given.u[columns], given.y[np.ix_(rows, columns)], BEND_POINTS)
        for rows, columns in given.groups()
        if len(columns) >= 4
    ]
    if not parts:
        return 0.0
    bends, noise = (np.concatenate(part) for part in zip(*parts, strict=True))
    middle = float(np.median(bends))
    if len(bends) >= 5:
        variance = math.pi / 2 * (1.4826 * float(np.median(np.abs(bends - middle)))) ** 2 / len(bends)
    else:
        variance = float(noise.mean()) / len(bends)
    return middle * max(0.0, 1.0 - variance / middle**2) if middle else 0.0
