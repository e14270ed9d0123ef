"""Standard errors of paired differences when seeds, prompt clusters and prompts all vary, and seeds are few.

d[s, i] is the mean over samples of the treated minus the control score of prompt i under seed s. The model is crossed:
d = effect + seed + prompt (in clusters) + rest, and the standard error adds the parts instead of pretending that all
rows are independent (clustered part: Miller 2024, arXiv:2411.00640, app. A; degrees of freedom: Satterthwaite 1946).

All of it depends on the data through the sums over each cluster alone, so the formulas take arrays of such sums with
any leading axes: one difference of a campaign and a million simulated ones go through the same lines.
Not covered: seeds that are shared by design with the eval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ablation.gain import Interval

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SeedRatio:
    """How much more the seeds vary than the rest alone would make them: E[F] = 1 + n seed / rest, with its df."""

    f: float
    df: float


@dataclass(frozen=True)
class Parts:
    """A mean difference and the parts of its variance, arrays of one shape."""

    mean: Array
    prompt: Array
    """Variance of the mean from prompts, clustered; the rest, averaged over seeds, is in it."""
    rest: Array
    """What the seed x prompt residuals alone make of the variance of the mean; 0 with one seed."""
    seed: Array
    """Variance of the mean from the spread of the seeds' own means; the rest is in it. 0 with one seed."""


@dataclass(frozen=True)
class Spread:
    """Standard error and Satterthwaite degrees of freedom, arrays of one shape."""

    se: Array
    df: Array
    extra: Array
    """The part of se^2 that seeds add to prompts and rest."""
    f: Array
    """The F that was used."""


@dataclass(frozen=True)
class Estimate:
    """A mean difference with its standard error and the variance components behind it (units of the score)."""

    mean: float
    se: float
    df: float
    n: int
    clusters: int
    seeds: int
    seed_var: float
    """Variance between seeds; 0 with one seed, where it cannot be seen."""
    prompt_var: float
    """Variance between prompts (clusters included) of their mean over seeds, without the rest."""
    rest_var: float
    """Seed x prompt interaction and sampling noise, of one (seed, prompt)."""
    f: float = math.nan
    """The F behind `seed_var`, which is cut at 0 where F < 1; NaN with one seed."""
    f_df: float = 1.0

    def interval(self, level: float = 0.95) -> Interval:
        half = self.se * t_quantile(0.5 + level / 2, self.df) if math.isfinite(self.se) else math.inf
        low, high = self.mean - half, self.mean + half
        return Interval(self.mean, low, high, level, self.n, self.clusters, self.seeds, self.se, self.df)

    def p_above(self, bound: float = 0.0) -> float:
        """One-sided p-value against `mean <= bound`."""
        if not math.isfinite(self.se) or self.se == 0:
            return 1.0 if not math.isfinite(self.se) or self.mean <= bound else 0.0
        return float(t_below((bound - self.mean) / self.se, self.df))

    def p_below(self, bound: float = 0.0) -> float:
        """One-sided p-value against `mean >= bound`."""
        if not math.isfinite(self.se) or self.se == 0:
            return 1.0 if not math.isfinite(self.se) or self.mean >= bound else 0.0
        return float(t_below((self.mean - bound) / self.se, self.df))


_ROUNDING = 1e-26
"""Equal outcomes leave a variance of this order, relative to the squares of the numbers: it is none."""
NOTHING = Estimate(math.nan, math.inf, 1.0, 0, 0, 0, math.nan, math.nan, math.nan)
"""No usable pair."""


def t_quantiles(p: float, df: Array | float) -> Array:
    """Student's quantile at p for each df; the normal one where df is infinite."""
    found: Array = special.stdtrit(np.minimum(df, 1e10), p)
    return found


def t_quantile(p: float, df: float) -> float:
    return float(t_quantiles(p, df))


def t_below(t: float, df: float) -> float:
    """P(T <= t)."""
    return float(special.ndtr(t) if math.isinf(df) else special.stdtr(df, t))


def clustered_se(values: Array, clusters: Codes) -> float:
    """sqrt(C/(C-1) sum_c (sum_{i in c} (v_i - mean))^2) / n for one vector; NaN with fewer than two clusters."""
    _, codes = np.unique(clusters, return_inverse=True)
    sums, sizes = cluster_sums(values[None], codes)
    return math.sqrt(float(parts(sums, sizes).prompt)) if sizes.size > 1 else math.nan


def complete(d: Array) -> tuple[Array, Mask]:
    """Seeds with under half of the prompts fall (a failed trial), then prompts with any gap: (block, kept prompts)."""
    seen: Mask = np.isfinite(d)
    prompts: Mask = np.asarray(seen.any(axis=0))
    if not prompts.any():
        return d[:0, :0], prompts
    seeds = seen[:, prompts].mean(axis=1) >= 0.5
    kept: Mask = seen[seeds].all(axis=0) if seeds.any() else np.zeros(d.shape[1], dtype=np.bool_)
    return d[seeds][:, kept], kept


def cluster_sums(block: Array, codes: Codes) -> tuple[Array, Array]:
    """(... x prompts) and the cluster of each prompt, 0..C-1 -> (sums, ... x C; prompts per cluster, C)."""
    count = int(codes.max()) + 1 if codes.size else 0
    rows = block.reshape(-1, block.shape[-1])
    index = codes[None, :] + count * np.arange(len(rows))[:, None]
    sums = np.bincount(index.ravel(), rows.ravel(), minlength=count * len(rows)).astype(np.float64)
    return sums.reshape(*block.shape[:-1], count), np.bincount(codes, minlength=count).astype(np.float64)


def parts(sums: Array, sizes: Array) -> Parts:
    """Mean and variance parts from cluster sums (... x seeds x C) of two or more clusters of `sizes` prompts."""
    seeds, count = sums.shape[-2:]
    n = float(sizes.sum())
    scale = count / max(count - 1, 1)
    by_seed = sums.sum(axis=-1) / n
    mean = by_seed.mean(axis=-1)
    by_cluster = sums.mean(axis=-2)
    off = by_cluster - sizes * mean[..., None]
    prompt = scale * np.square(off).sum(axis=-1) / n**2
    if seeds < 2:
        nothing = np.zeros_like(prompt)
        return Parts(mean, prompt, nothing, nothing)
    rest = sums - sizes * (by_seed - mean[..., None])[..., None] - by_cluster[..., None, :]
    within = np.einsum("...sc,...sc->...", rest, rest) * scale * seeds / (seeds - 1) / (seeds * n) ** 2
    return Parts(mean, prompt, within, by_seed.var(axis=-1, ddof=1) / seeds)


def spread(
    found: Parts, clusters: float, seeds: int, f: Array | None = None, f_df: Array | float = 1.0, floor: float = 0.0
) -> Spread:
    """SE^2 = prompt + (F - 1)+ rest, with its degrees of freedom.

    F compares the variance between seeds with what the rest alone explains: `f` where it is known from elsewhere
    (finite) with `f_df`, else that of the parts themselves with seeds - 1. `floor` is the least standard error.
    """
    scale = np.square(found.mean) + found.prompt + found.seed
    positive = found.rest > _ROUNDING * scale
    own = np.where(positive, found.seed / np.where(positive, found.rest, 1.0), 1.0)
    known = np.isfinite(own if f is None else f) & (f is not None)
    ratio = np.where(known, own if f is None else f, own)
    ratio_df = np.where(known, f_df, seeds - 1.0)
    extra = np.where(positive, np.maximum(ratio - 1.0, 0.0) * found.rest, found.seed)
    extra_df = np.maximum(np.where(positive, ratio_df, seeds - 1.0), 1.0)
    variance = found.prompt + extra
    seed_term = np.where(extra > 0, np.square(extra + found.rest) / extra_df, 0.0)
    below = seed_term + np.square(found.prompt) / (clusters - 1)
    df = np.square(variance) / np.where(below > 0, below, 1.0)
    df = np.where(below > 0, np.maximum(df, np.minimum(extra_df, clusters - 1.0)), math.inf)
    return Spread(np.maximum(np.sqrt(variance), floor), df, extra, ratio)


def estimate(d: Array, clusters: Codes, *, ratio: SeedRatio | None = None, bounded: float = 0.0) -> Estimate:
    """Mean of d (seeds x prompts; NaN = not measured) with its crossed, clustered standard error.

    `ratio` brings F pooled over many arms of the same eval cell (more degrees of freedom than two or three seeds own);
    otherwise F comes from d. `bounded` is the largest |d| a rate can have (0: no bound): the standard error then has
    the floor bounded/(n+2), so that n equal outcomes are not read as certainty (Agresti and Min 2005).
    With one seed the interval is conditional on that run: seeds are not in it.
    """
    block, kept = complete(d)
    if block.size == 0:
        return NOTHING
    seeds, n = block.shape
    _, codes = np.unique(clusters[kept], return_inverse=True)
    sums, sizes = cluster_sums(block, codes)
    count = sizes.size
    mean = float(block.mean())
    if count < 2:
        return Estimate(mean, math.inf, 1.0, n, count, seeds, math.nan, math.nan, math.nan)
    found = parts(sums, sizes)
    pooled = None if ratio is None or seeds < 2 else ratio
    width = spread(
        found,
        count,
        seeds,
        None if pooled is None else np.asarray(pooled.f),
        1.0 if pooled is None else pooled.df,
        bounded / (n + 2),
    )
    return Estimate(
        mean=mean,
        se=float(width.se),
        df=float(width.df),
        n=n,
        clusters=count,
        seeds=seeds,
        seed_var=float(width.extra) * seeds,
        prompt_var=max(float(found.prompt - found.rest), 0.0) * n,
        rest_var=float(found.rest) * n * seeds,
        f=float(width.f) if seeds > 1 else math.nan,
        f_df=max(seeds - 1.0, 1.0) if pooled is None else pooled.df,
    )
