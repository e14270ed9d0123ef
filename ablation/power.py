"""How many prompts x seeds x samples a claim needs, from variance components: planned before, not read off afterwards.

The chance that a design says DONE of a bucket that is flat in truth is computed by letting the estimated variances vary
as they will (chi-square, with the degrees of freedom of the design) through the same `spread` that the analysis uses,
so that few seeds, truncated seed variance and t-quantiles cost what they cost. Components that a
pilot estimated enter with their upper 80% limit (Browne 1995): with the estimates themselves, every second pilot would
ask for too little.
Not covered: scores so few or so rare that their mean is not near normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import special

from ablation.crossed import Array, Estimate, Parts, spread, t_quantiles

_DRAWS = 256
"""Quasi-random draws of the estimated variances."""
_LIMIT = 0.8
_RESERVE = 0.015
"""Planned on top of the power asked for: what the approximations may be off by."""


@dataclass(frozen=True)
class Components:
    """Variances of one paired difference, in squared units of the score."""

    seed: float
    """Between seeds; an estimate may lie below 0."""
    prompt: float
    """Between prompts, times what clusters add to it."""
    rest: float
    """Of one (seed, prompt) apart from its samples: seed x prompt interaction."""
    sample: float = 0.0
    """Of one sample; it falls with the samples a prompt. Where it is not known apart, it is in `rest`."""
    seed_df: float = math.inf
    """Degrees of freedom `seed` was estimated with; infinite: it is declared."""
    seed_noise: float = 0.0
    """What prompts and samples alone put between the pilot's seeds: taken off before `seed` was written down."""
    prompt_df: float = math.inf
    prompt_noise: float = 0.0


@dataclass(frozen=True)
class Design:
    """Per bucket and split; `arms` is how many trained arms the seed variance is pooled over (2: the pair alone)."""

    prompts: int
    seeds: int
    samples: int = 1
    arms: int = 2
    cluster_size: float = 1.0
    bounded: float = 0.0
    """As in `estimate`: 1 for rates."""

    def words(self) -> str:
        return f"{self.prompts} prompts x {self.seeds} seeds x {self.samples} samples"


@dataclass(frozen=True)
class Goal:
    """DONE of a flat bucket with `power`: dev within `margin` and `off_dev` splits not above it, each test at `alpha`.

    `buckets` > 1 asks for all of them together, taken as independent.
    """

    margin: float
    alpha: float = 0.05
    power: float = 0.8
    off_dev: int = 0
    buckets: int = 1


@dataclass(frozen=True)
class _Draws:
    """Half-widths of the (1 - 2a) interval, and the true standard error."""

    half: Array
    sigma: float


def from_pilot(found: Sequence[Estimate]) -> Components | None:
    """Components of measured differences, averaged over them (buckets); what samples add stays in `rest`.

    None where no difference has two seeds and a finite standard error: one run says nothing about the seeds.
    """
    usable = [e for e in found if e.seeds > 1 and math.isfinite(e.se) and e.n > 0]
    if not usable:
        return None
    rest = float(np.mean([e.rest_var for e in usable]))
    seed_noise = float(np.mean([e.rest_var / e.n for e in usable]))
    prompt_noise = float(np.mean([e.rest_var / e.seeds for e in usable]))
    squares = [e.f * e.rest_var / e.n if math.isfinite(e.f) and e.rest_var > 0 else e.seed_var for e in usable]
    return Components(
        seed=float(np.mean(squares)) - seed_noise,
        prompt=float(np.mean([e.prompt_var for e in usable])),
        rest=rest,
        seed_df=float(sum(e.f_df for e in usable)),
        seed_noise=seed_noise,
        prompt_df=float(sum(e.clusters - 1.0 for e in usable)),
        prompt_noise=prompt_noise,
    )


def chance_of_done(design: Design, c: Components, goal: Goal, effect: float = 0.0) -> float:
    """P(DONE) when the true last gain is `effect` on dev and 0 on the other splits. One seed never says DONE."""
    if design.seeds < 2 or design.prompts < 2 * design.cluster_size:
        return 0.0
    draws = _drawn(design, c, goal.alpha)
    room = goal.margin - draws.half
    dev = special.ndtr((room - effect) / draws.sigma) - special.ndtr((-room - effect) / draws.sigma)
    one = float(np.where(room > 0, dev, 0.0).mean())
    others = float(special.ndtr(room / draws.sigma).mean()) ** goal.off_dev
    return float((one * others) ** goal.buckets)


def chance_of_gain(design: Design, c: Components, effect: float, alpha: float) -> float:
    """P(the one-sided bound at `alpha` lies above 0) when the true gain is `effect`."""
    draws = _drawn(design, c, alpha)
    return float(special.ndtr((effect - draws.half) / draws.sigma).mean())


def smallest_margin(design: Design, c: Components, goal: Goal) -> float:
    """The least margin at which this design says DONE of a flat bucket with the power of the goal; inf: none below 1e3
    standard errors.
    """
    return _root(lambda m: chance_of_done(design, c, replace(goal, margin=m)), goal.power, _scale(design, c))


def detectable(design: Design, c: Components, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest true gain that is shown to be above 0 with `power`."""
    return _root(lambda gain: chance_of_gain(design, c, gain, alpha), power, _scale(design, c))


def prompts_for(design: Design, c: Components, goal: Goal, most: int = 1_000_000) -> int | None:
    """Fewest prompts a split, to about 1%, with the seeds and samples of `design`; None where `most` do not do it."""
    wanted = min(goal.power + _RESERVE, (1.0 + goal.power) / 2.0)
    if chance_of_done(replace(design, prompts=most), c, goal) < wanted:
        return None
    low, high = 1, most
    while high - low > max(1, high // 100):
        middle = max(low + 1, int(math.sqrt(low * high)))
        if chance_of_done(replace(design, prompts=middle), c, goal) >= wanted:
            high = middle
        else:
            low = middle
    step = max(1, math.ceil(design.cluster_size))
    return -(-high // step) * step


def ask(design: Design, c: Components, goal: Goal, most_prompts: int = 2000, most_seeds: int = 40) -> Design | None:
    """The fewest seeds, from those of `design` on, that reach the goal with `most_prompts` prompts, and the prompts.

    A seed retrains every arm and a prompt costs only samples; so prompts are bought first, up to what an eval set of
    one bucket can have. None where `most_seeds` do not do it.
    """
    for seeds in range(max(design.seeds, 2), most_seeds + 1):
        wanted = replace(design, seeds=seeds)
        found = prompts_for(wanted, c, goal, most_prompts)
        if found is not None:
            return replace(wanted, prompts=found)
    return None


def _scale(design: Design, c: Components) -> float:
    rest = c.rest + c.sample / design.samples
    return math.sqrt((c.prompt + rest / design.seeds) / design.prompts + max(c.seed, 0.0) / design.seeds)


def _root(chance: Callable[[float], float], power: float, scale: float) -> float:
    low, high = 0.0, 1e3 * scale
    if scale == 0 or chance(high) < power:
        return 0.0 if scale == 0 else math.inf
    while high - low > 1e-3 * high:
        middle = (low + high) / 2 if low else high / 4
        if middle < 1e-6 * scale:
            return middle
        low, high = (low, middle) if chance(middle) >= power else (middle, high)
    return high


def _drawn(design: Design, c: Components, alpha: float) -> _Draws:
    n, seeds = float(design.prompts), design.seeds
    clusters = max(n / design.cluster_size, 2.0)
    seed = _possible(c.seed, c.seed_noise, c.seed_df)
    prompt = _possible(c.prompt, c.prompt_noise, c.prompt_df)
    rest = max((c.rest + c.sample / design.samples) / (n * seeds), 1e-300)
    of_prompt, of_seed = prompt / n + rest, seed / seeds
    u = _uniform()
    pooled_df = float((max(design.arms, 2) - 1) * max(seeds - 1, 1))
    seen_rest = rest * _chi2_mean(u[:, 1], (clusters - 1) * max(seeds - 1, 1))
    f = (1.0 + of_seed / rest) * _chi2_mean(u[:, 2], pooled_df)
    seen_prompt = of_prompt * _chi2_mean(u[:, 0], clusters - 1)
    nothing = np.zeros_like(f)
    found = Parts(nothing, seen_prompt, seen_rest if seeds > 1 else nothing, nothing)
    width = spread(found, clusters, seeds, f, pooled_df, design.bounded / (n + 2))
    half = width.se * t_quantiles(1.0 - alpha, width.df)
    return _Draws(half, math.sqrt(of_prompt + of_seed))


def _possible(estimate: float, noise: float, df: float) -> float:
    """A variance component, or its upper limit where it is an estimate: mean square over chi2/df, less the noise in it.

    The limit is taken given that the component is not negative (Box and Tiao 1973, ch. 5). Otherwise a pilot whose
    seeds look alike by luck would be certain that they are.
    """
    if math.isinf(df):
        return estimate
    square = max(estimate + noise, 1e-300)
    most = float(special.gammainc(df / 2.0, df * square / noise / 2.0)) if noise > 0 else 1.0
    quantile = float(_chi2_mean(np.asarray((1.0 - _LIMIT) * max(most, 1e-12)), df))
    return max(square / quantile - noise, 0.0)


def _chi2_mean(u: Array, df: float) -> Array:
    """Quantile at u of chi-square over its degrees of freedom."""
    found: Array = special.gammaincinv(df / 2.0, u) * 2.0 / df
    return found


@lru_cache(maxsize=1)
def _uniform() -> Array:
    """_DRAWS x 3 in (0, 1), evenly spread: an additive recurrence on the powers of the root of x^4 = x + 1."""
    steps = 1.2207440846057596 ** -np.arange(1.0, 4.0)
    found: Array = (0.5 + np.arange(1.0, _DRAWS + 1)[:, None] * steps) % 1.0
    return found
