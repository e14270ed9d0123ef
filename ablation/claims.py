"""What an interval allows one to say: equivalence, superiority, non-inferiority; and corrections for any-of claims.

Where all of many must hold (DONE: dev flat and no other split rising), each is tested at its own level and nothing is
corrected (intersection-union, Berger 1982). Where any of many may fire, `holm` bounds the chance of one false claim and
`benjamini_hochberg` the share of false ones among those made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ablation.crossed import Array, Estimate, Mask, t_quantile
from ablation.gain import Interval

Comparison = Literal["equivalent", "improved", "worse", "unknown"]


def at(interval: Interval, level: float) -> Interval:
    """The same estimate at another level."""
    half = interval.se * t_quantile(0.5 + level / 2, interval.df) if math.isfinite(interval.se) else math.inf
    mean = interval.estimate
    return Interval(
        mean, mean - half, mean + half, level, interval.n, interval.clusters, interval.seeds, interval.se, interval.df
    )


def within(interval: Interval, low: float, high: float) -> Interval:
    """The interval cut to what the quantity can be; `se` and `df` stay those of the uncut one."""
    ends = (min(max(value, low), high) for value in (interval.estimate, interval.low, interval.high))
    estimate, bottom, top = ends
    return replace(interval, estimate=estimate, low=bottom, high=top)


def fits(low: Array | float, high: Array | float, margin: float) -> Mask:
    """Both ends of the (1 - 2a) interval inside (-margin, margin): two one-sided tests at a (Schuirmann 1987)."""
    return (np.asarray(low) > -margin) & under(high, margin)


def under(high: Array | float, margin: float) -> Mask:
    """The upper end of the (1 - 2a) interval, a one-sided bound at a, is below the margin."""
    return np.asarray(high) < margin


def flat(dev_low: Array | float, dev_high: Array | float, others_high: Sequence[Array | float], margin: float) -> Mask:
    """DONE's two conditions on the last doubling: dev equivalent to no change, and no other split may still rise.

    Scalars or arrays of one shape; `others_high` has the upper ends of the off-dev splits that can vote.
    """
    settled = fits(dev_low, dev_high, margin)
    for high in others_high:
        settled = settled & under(high, margin)
    return settled


def tost(interval: Interval, margin: float) -> Comparison:
    """Two one-sided tests at a, read off the (1 - 2a) interval: inside (-margin, margin) is EQUIVALENT.

    Else IMPROVED when it lies above 0, WORSE when below 0, and UNKNOWN otherwise. Not significant is not equivalent.
    """
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return "unknown"
    if fits(interval.low, interval.high, margin):
        return "equivalent"
    if interval.low > 0:
        return "improved"
    return "worse" if interval.high < 0 else "unknown"


def non_superior(interval: Interval, margin: float) -> bool:
    """At most `margin` better."""
    return bool(under(interval.high, margin))


def mde(estimate: Estimate, level: float = 0.95, power: float = 0.8) -> float:
    """Smallest true effect seen with `power` at two-sided `level`: (t_(1-a/2) + t_power) SE; inf when there is none."""
    if not math.isfinite(estimate.se):
        return math.inf
    return (t_quantile(0.5 + level / 2, estimate.df) + t_quantile(power, estimate.df)) * estimate.se


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (Holm 1979), in the order given: strong control of any-of claims under any dependence."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [1.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (Benjamini and Hochberg 1995), in the order given: the false discovery rate, for screening
    many candidates that are each confirmed later. Independent or positively dependent tests.
    """
    order = sorted(range(len(p_values)), key=lambda i: -p_values[i])
    adjusted = [1.0] * len(p_values)
    running = 1.0
    for rank, i in enumerate(order):
        running = min(running, p_values[i] * len(p_values) / (len(p_values) - rank))
        adjusted[i] = running
    return adjusted
