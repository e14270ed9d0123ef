"""Which law a campaign's few doses earn, and what it expects of the next doubling.

The line through the last doses is the baseline: a contrast of arms, with the same paired interval as any gain. A law
is used instead when it predicts the held-out next dose, at every origin with three doses behind it, within .8 of the
line's error; the bootstrap over seeds and clusters makes that a comparison of laws and not of noise.
The interval is one of prediction: to the standard error comes, in quadrature, what the chosen law missed of the
held-out doses beyond noise, and for the line at least what the other laws could make of its slope (`SPREAD`). With
three doses nothing can be held out, and the sentence says so.
Not covered: pooling over buckets (they differ in their evals), and doses that repeat rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from ablation.gain import Interval
from ablation.laws import NUMBERS, fit_power, fit_rectified, line, saturating
from ablation.scores import BOUNDED, Cell
from ablation.stats import Array, Estimate, resample, t_quantile

LINE_POINTS = 3
LOSSES = frozenset({"nll"})
"""Metrics that are a negated loss: a line in log-log, a floor at or above 0."""
SPREAD = math.log(2.0) / 2.0
"""How far the next gain may be from the line's, as a share of it, one standard deviation. With exponents of .05 to 1
a gain between halves (power law) and doubles (rectified law under its knee) from one doubling to the next: that range
is taken as two standard deviations either way. Three or four doses are too noisy to show such a bend themselves."""
BETTER = 0.8
"""A law must cut the held-out error to this share of the line's: near ties go to the simpler fit."""
LawName = Literal["line", "flat", "power", "step", "rectified"]
Kind = Literal["line", "power", "rectified", "step", "flat", "none"]
NAMES: dict[LawName, str] = {
    "line": "line",
    "flat": "no gain",
    "power": "power law with a floor",
    "step": "step",
    "rectified": "rectified law",
}
"""In the order in which each must earn its place from the one before."""


@dataclass(frozen=True)
class DoseFit:
    kind: Kind
    why: str
    ahead: Interval | None = None
    """Gain of the next doubling."""
    asymptote: float | None = None


@dataclass(frozen=True)
class _Held:
    """How a law predicted each held-out next dose: number of doses before it -> error, in score."""

    error: dict[int, float]
    """Root mean square over the bootstrap draws."""
    excess: dict[int, float]
    """Squared error of the means beyond its bootstrap variance (may be negative), per squared doubling."""

    def over(self, origins: Iterable[int]) -> float:
        return math.sqrt(sum(self.error[cut] ** 2 for cut in origins))

    @property
    def missed(self) -> float:
        return math.sqrt(max(sum(self.excess.values()) / len(self.excess), 0.0))


def fit_doses(cell: Cell, doses: Mapping[str, float], metric: str, level: float, draws: int, seed: int) -> DoseFit:
    """The earned law over `doses` (arm -> dose, ascending)."""
    names = list(doses)
    step = line_step(cell, doses, metric)
    if step is None or step.n == 0:
        lone = len(names) < 2
        return DoseFit("none", "one dose only: no slope" if lone else "no common prompts and seeds over the doses")
    used = len(line_points(cell, doses, metric))
    bend = ", because the curve bends down before them" if used < min(len(names), LINE_POINTS) else ""
    base = f"line through the last {used} doses{bend}"
    if len(names) <= LINE_POINTS:
        why = f"{base}; a power law, or a check on a held-out dose, needs at least 4"
        return DoseFit("line", why, _predicted(step.mean, step.se, SPREAD * abs(step.mean), step, level))
    x = np.array([doses[name] for name in names])
    block, clusters = cell.block(tuple(names), metric)
    boot = resample(block.shape[1], clusters, draws, seed).means(block)
    means = block.mean(axis=(1, 2))[None]
    inflate = _inflate(block.shape[1])
    held = {name: _hold_out(name, x, boot, means, metric, inflate) for name in NAMES}
    chosen = _earned(held)
    missed = held[chosen].missed
    if chosen in ("line", "flat", "step"):
        missed = max(missed, SPREAD * abs(step.mean))
    compared = ", ".join(f"{NAMES[name]} within {_rms(found.error)}" for name, found in held.items() if found.error)
    why = f"{base if chosen == 'line' else NAMES[chosen]}; on held-out doses: {compared}"
    if chosen == "line":
        return DoseFit("line", why, _predicted(step.mean, step.se, missed, step, level))
    if chosen in ("flat", "step"):  # the slope that cannot be ruled out is the line's
        return DoseFit(chosen, why, _predicted(0.0, step.se, missed, step, level))
    fit, top = (fit_power if chosen == "power" else fit_rectified), ceiling(metric)
    law = fit(x, means, top, relative=metric in LOSSES)
    drawn = fit(x, boot, top, relative=metric in LOSSES).gain(float(x[-1]))
    spread = float(drawn.std(ddof=1)) * math.sqrt(inflate)
    ahead = _predicted(float(law.gain(float(x[-1]))[0]), spread, missed, step, level)
    return DoseFit(chosen, why, ahead, asymptote=float(law.asymptote[0]))


def ceiling(metric: str) -> float:
    """What the score cannot pass: 1 for a rate, 0 for a negated loss."""
    if metric in BOUNDED:
        return 1.0
    return 0.0 if metric in LOSSES else math.inf


def slope_weights(doses: Sequence[float]) -> list[float]:
    """Least-squares slope in log2(dose) as weights on the points; the slope is the gain of one doubling."""
    x = np.log2(np.asarray(doses, dtype=np.float64))
    centred = x - x.mean()
    return [float(w) for w in centred / float(centred @ centred)]


def line_points(cell: Cell, doses: Mapping[str, float], metric: str, alpha: float = 0.05) -> list[str]:
    """The doses of the line: the last three, or the last two when the curve is seen to bend down over three.

    A straight line through a bend promises a next doubling that the last one already did not give.
    """
    names = list(doses)[-LINE_POINTS:]
    if len(names) < 3:
        return names
    steps = [math.log2(doses[b] / doses[a]) for a, b in pairwise(names)]
    weights = {names[0]: 1 / steps[0], names[1]: -1 / steps[0] - 1 / steps[1], names[2]: 1 / steps[1]}
    return names[-2:] if cell.contrast(weights, metric).p_below() < alpha else names


def line_step(cell: Cell, doses: Mapping[str, float], metric: str) -> Estimate | None:
    """Gain of the next doubling by the line: a contrast of arms, so it has the same paired interval as any gain.

    Score against log2 dose; a loss in log-log (delta method: d log L = dL / L), where the next doubling takes the same
    share off what is left.
    """
    names = line_points(cell, doses, metric)
    if len(names) < 2:
        return None
    weights = dict(zip(names, slope_weights([doses[name] for name in names]), strict=True))
    if metric not in LOSSES:
        return cell.contrast(weights, metric)
    loss = {name: -cell.score(name, metric) for name in names}
    if min(loss.values()) <= 0:
        return cell.contrast(weights, metric)  # no logarithm of a loss of 0: the straight line
    share = cell.contrast({name: weight / loss[name] for name, weight in weights.items()}, metric)
    slope = -sum(weight * math.log(loss[name]) for name, weight in weights.items())
    last = loss[names[-1]]
    scale = last * math.exp(-slope)
    return replace(
        share,
        mean=last * (1.0 - math.exp(-slope)),
        se=share.se * scale,
        seed_var=share.seed_var * scale**2,
        prompt_var=share.prompt_var * scale**2,
        rest_var=share.rest_var * scale**2,
    )


def _says(name: LawName, x: Array, y: Array, dose: float, metric: str) -> Array:
    """One law's forecast at `dose` for every curve (row) of y."""
    ahead = np.array([dose])
    if name != "line":
        return saturating(name, x, y, ahead, ceiling(metric), relative=metric in LOSSES)[:, 0]
    if metric in LOSSES and (y < 0).all():
        found: Array = -np.exp(line(np.log2(x), np.log(-y), np.log2(ahead), LINE_POINTS)[:, 0])
        return found
    return line(np.log2(x), y, np.log2(ahead), LINE_POINTS)[:, 0]


def _hold_out(name: LawName, x: Array, boot: Array, means: Array, metric: str, inflate: float) -> _Held:
    """Rolling origin: fitted to the first doses, judged on the next one."""
    error: dict[int, float] = {}
    excess: dict[int, float] = {}
    least = LINE_POINTS if name == "line" else max(LINE_POINTS, NUMBERS[name])
    for cut in range(least, len(x)):
        dose, doublings = float(x[cut]), math.log2(float(x[cut]) / float(x[cut - 1]))
        gaps = _says(name, x[:cut], boot[:, :cut], dose, metric) - boot[:, cut]
        gap = float(_says(name, x[:cut], means[:, :cut], dose, metric)[0] - means[0, cut])
        error[cut] = float(np.sqrt(np.mean(gaps**2)))
        excess[cut] = (gap**2 - float(gaps.var(ddof=1)) * inflate) / doublings**2
    return _Held(error, excess)


def _earned(held: Mapping[LawName, _Held]) -> LawName:
    """The line, unless a law cuts the error of the best so far to `BETTER` of it, over the law's own origins."""
    chosen: LawName = "line"
    for name, found in held.items():
        if found.error and found.over(found.error) < BETTER * held[chosen].over(found.error):
            chosen = name
    return chosen


def _rms(error: Mapping[int, float]) -> str:
    return f"{math.sqrt(sum(value**2 for value in error.values()) / len(error)):.3f}"


def _inflate(seeds: int) -> float:
    """Resampling R seeds shows (R-1)/R of their variance."""
    return seeds / (seeds - 1) if seeds > 1 else 1.0


def _predicted(mean: float, se: float, missed: float, step: Estimate, level: float) -> Interval:
    """Prediction interval of one doubling: standard error and what the law missed beyond noise, in quadrature."""
    wide = math.hypot(se, missed)
    half = wide * t_quantile(0.5 + level / 2, step.df)
    return Interval(mean, mean - half, mean + half, level, step.n, step.clusters, step.seeds, wide, step.df)
