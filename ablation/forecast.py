"""Forecasts of many data-scaling curves at once, from their small sizes only, with prediction intervals.

The last-points line is the forecast. Another law takes part only when it has predicted the later visible sizes of most
series better than the line did (rolling origin), and then as an average with the line, weighted by the inverse of its
mean squared error (Bates and Granger 1969). What each law is stands in `ablation/laws.py`.
The intervals are as wide as such forecasts have erred before, at every rolling origin and pooled over the series: a
part that grows with the doublings ahead (a slope that is off) and a part that grows with their square, on the side
where the series erred together (a bend that goes on).
Not covered: a change of regime that no visible size shows (a knee beyond the data), in the point or in the width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ablation.series import LAWS, POINTS, Law, Scale, Series, predict, series, units
from ablation.stats import Array, t_quantile

MEMORY = 0.7
"""Weight of a rolling-origin error against one from a doubling later: early sizes are noisier and of another regime."""
JUDGED = 4
"""Last origins on which a law must beat the line."""
MANY = 10
"""Series from which errors are pooled by their quantile; with fewer, by their root mean square and Student's t."""


@dataclass(frozen=True)
class Forecast:
    """series x sizes ahead, in the units of the input; NaN where a series has too few points."""

    value: Array
    low: Array
    high: Array
    level: float
    weights: dict[Law, float]
    """Share of each law in the average; the line alone is {"line": 1.0}."""
    why: str


def forecast(
    sizes: Array, y: Array, ahead: Array, *, scale: Scale = "loss", top: float = math.inf, level: float = 0.9
) -> Forecast:
    """Forecast every series at the sizes `ahead`.

    sizes: (n,) ascending and positive; y: series x n, NaN where not measured; losses are positive. `top` bounds a
    score. Series with under two points come out as NaN.
    """
    table, place = series(sizes, y, scale, top), np.log2(ahead)
    weights, why = _weights(table)
    value = _mixed(table, weights, place)
    spread, doublings = _spread(table, weights, level), np.maximum(place - table.last()[:, None], 0.0)
    low, high = value - spread.below(doublings), value + spread.above(doublings)
    if scale == "score":
        value, low, high = (np.minimum(part, top) for part in (value, low, high))
    return Forecast(units(value, scale), units(low, scale), units(high, scale), level, weights, why)


def _mixed(table: Series, weights: dict[Law, float], place: Array) -> Array:
    """The weighted average; where a law has too few points the line stands in for it."""
    base = predict(table, "line", place)
    total = weights.get("line", 0.0) * base
    for name, weight in weights.items():
        if name != "line":
            found = predict(table, name, place)
            total = total + weight * np.where(np.isfinite(found), found, base)
    return total


def _origins(table: Series, least: int = POINTS) -> Iterator[tuple[int, Series]]:
    """(points held out, the table without them), nearest first, while a series has `least` points left."""
    for count in range(1, table.longest() - least + 1):
        short = table.without_last(count)
        enough = np.isfinite(short.y).sum(axis=1) >= least
        yield count, Series(short.u, np.where(enough[:, None], short.y, np.nan), short.scale, short.top)


def _weights(table: Series) -> tuple[dict[Law, float], str]:
    """Bates-Granger weights of the line and of the laws that have beaten it at the last origins."""
    logs: dict[Law, list[Array]] = {name: [] for name in LAWS if name != "line"}
    for count, before in _origins(table):
        if count > JUDGED:
            break
        base = _rms(predict(before, "line", table.u), before, table)
        for name, found in logs.items():
            found.append(np.log(_rms(predict(before, name, table.u), before, table) / base))
    shares: dict[Law, float] = {"line": 1.0}
    for name, found in logs.items():
        if found and (ratio := _earned(np.stack(found))) is not None:
            shares[name] = ratio**-2
    total = sum(shares.values())
    weights = {name: share / total for name, share in shares.items()}
    if not any(logs.values()):
        return weights, f"line through the last {POINTS} points: too few for any rolling origin"
    if len(weights) == 1:
        return weights, f"line through the last {POINTS} points: no law predicted the later visible sizes better"
    said = ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items())
    return weights, f"average ({said}): the laws beside the line predicted the later visible sizes better than it"


def _rms(found: Array, before: Series, whole: Series) -> Array:
    """Root mean squared error of each series over its held-out points; NaN where it has none."""
    held = np.isfinite(whole.y) & ~np.isfinite(before.y) & np.isfinite(found)
    error = np.where(held, found - whole.y, 0.0)
    count = held.sum(axis=1)
    return np.where(count > 0, np.sqrt((error**2).sum(axis=1) / np.maximum(count, 1)) + 1e-9, np.nan)


def _earned(logs: Array) -> float | None:
    """Error of a law as a share of the line's, if it is to be believed; logs: origins x series of log ratios.

    Believed: the median series errs less, on average over origins, and more series than chance would give (a sign test
    at about .1 one-sided) err less. With one series every origin must agree, and there must be two.
    """
    seen = np.isfinite(logs)
    if not seen.any():
        return None
    middle = [float(np.median(row[ok])) for row, ok in zip(logs, seen, strict=True) if ok.any()]
    counts = seen.sum(axis=0)
    own = np.where(seen, logs, 0.0).sum(axis=0)[counts > 0] / counts[counts > 0]
    ratio = math.exp(sum(middle) / len(middle))
    if len(own) == 1:
        return ratio if len(middle) > 1 and max(middle) < 0 else None
    better = float((own < 0).mean())
    return ratio if ratio < 1 and better > 0.5 + 1.282 * 0.5 / math.sqrt(len(own)) else None


@dataclass(frozen=True)
class _Spread:
    """How such forecasts erred on the visible sizes, in working units."""

    noise: float
    """Half-width a doubling ahead: grows with the doublings, as the error of a slope does; inf: nothing was checked."""
    lean: float
    """Signed error that the series share, per squared doubling: what a bend does to a line. It widens its own side."""

    def below(self, doublings: Array) -> Array:
        side: Array = self.noise * doublings + max(-self.lean, 0.0) * doublings**2
        return side

    def above(self, doublings: Array) -> Array:
        side: Array = self.noise * doublings + max(self.lean, 0.0) * doublings**2
        return side


def _spread(table: Series, weights: dict[Law, float], level: float) -> _Spread:
    """Errors of the forecast with these weights at every rolling origin, pooled over the series of the table.

    Series too short for an origin with the line's four points are judged from three, or from two.
    """
    least = max(min(POINTS, table.longest() - 1), 2)
    checked = int((np.isfinite(table.y).sum(axis=1) > least).sum())
    if checked < MANY:  # the few errors that picked a law are too small to judge it by: the line's stand in
        weights = {"line": 1.0}
    errors: list[Array] = []
    ahead: list[Array] = []
    shares: list[Array] = []
    for count, before in _origins(table, least):
        found = _mixed(before, weights, table.u)
        doublings = table.u - before.last()[:, None]
        held = np.isfinite(table.y) & np.isfinite(found) & (doublings > 0)
        errors.append((table.y - found)[held])
        ahead.append(doublings[held])
        shares.append(np.full(int(held.sum()), MEMORY ** (count - 1)))
    if not errors or not sum(len(part) for part in errors):
        return _Spread(math.inf, 0.0)
    error, far, share = np.concatenate(errors), np.concatenate(ahead), np.concatenate(shares)
    if checked < MANY:
        df = max(len(errors) * checked, 1)
        rms = float(np.sqrt(np.average((error / far) ** 2, weights=share)))
        return _Spread(rms * t_quantile(0.5 + level / 2, df), 0.0)
    lean = _quantile(error / far**2, share, 0.5)
    return _Spread(_quantile(np.abs(error - lean * far**2) / far, share, level), lean)


def _quantile(values: Array, weights: Array, level: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, level)), len(values) - 1)])
