"""Paired differences with honest error bars: seeds, clusters and prompts all vary, and seeds are few.

d[s, i] is the mean over samples of the treated minus the control score of prompt i under seed s. The model is crossed:
d = effect + seed + prompt (in clusters) + rest, and the standard error adds the parts instead of pretending that all
rows are independent (clustered part: Miller 2024, arXiv:2411.00640, app. A; degrees of freedom: Satterthwaite 1946).

Not covered: sequential looks (each test here is meant for one look), and seeds that are shared by design with the eval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats as st

from ablation.gain import Interval

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Comparison = Literal["equivalent", "improved", "worse", "unknown"]


@dataclass(frozen=True)
class SeedRatio:
    """How much more the seeds vary than the rest alone would make them: E[F] = 1 + n seed / rest, with its df."""

    f: float
    df: float


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

    def interval(self, level: float = 0.95) -> Interval:
        half = self.se * t_quantile(0.5 + level / 2, self.df) if math.isfinite(self.se) else math.inf
        low, high = self.mean - half, self.mean + half
        return Interval(self.mean, low, high, level, self.n, self.clusters, self.seeds, self.se, self.df)

    def p_above(self, bound: float = 0.0) -> float:
        """One-sided p-value against `mean <= bound`."""
        if not math.isfinite(self.se) or self.se == 0:
            return 1.0 if not math.isfinite(self.se) or self.mean <= bound else 0.0
        return float(st.t.sf((self.mean - bound) / self.se, self.df))

    def p_below(self, bound: float = 0.0) -> float:
        """One-sided p-value against `mean >= bound`."""
        if not math.isfinite(self.se) or self.se == 0:
            return 1.0 if not math.isfinite(self.se) or self.mean >= bound else 0.0
        return float(st.t.cdf((self.mean - bound) / self.se, self.df))


NOTHING = Estimate(math.nan, math.inf, 1.0, 0, 0, 0, math.nan, math.nan, math.nan)
"""No usable pair."""


def t_quantile(p: float, df: float) -> float:
    return float(st.norm.ppf(p) if math.isinf(df) else st.t.ppf(p, df))


def clustered_se(values: Array, clusters: Codes) -> float:
    """sqrt(C/(C-1) sum_c (sum_{i in c} (v_i - mean))^2) / n for one vector; NaN with fewer than two clusters."""
    _, codes = np.unique(clusters, return_inverse=True)
    count = int(codes.max()) + 1 if codes.size else 0
    if count < 2:
        return math.nan
    sums = np.bincount(codes, values - values.mean(), minlength=count)
    return math.sqrt(count / (count - 1) * float(np.square(sums).sum())) / len(values)


def complete(d: Array) -> tuple[Array, Mask]:
    """Seeds with under half of the prompts fall (a failed trial), then prompts with any gap: (block, kept prompts)."""
    seen: Mask = np.isfinite(d)
    prompts: Mask = np.asarray(seen.any(axis=0))
    if not prompts.any():
        return d[:0, :0], prompts
    seeds = seen[:, prompts].mean(axis=1) >= 0.5
    kept: Mask = seen[seeds].all(axis=0) if seeds.any() else np.zeros(d.shape[1], dtype=np.bool_)
    return d[seeds][:, kept], kept


def estimate(d: Array, clusters: Codes, *, ratio: SeedRatio | None = None, bounded: float = 0.0) -> Estimate:
    """Mean of d (seeds x prompts; NaN = not measured) with its crossed, clustered standard error.

    Var = V_prompt + (F - 1)+ V_rest, where F compares the variance between seeds with what V_rest alone explains.
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
    count = int(codes.max()) + 1
    mean = float(block.mean())
    if count < 2:
        return Estimate(mean, math.inf, 1.0, n, count, seeds, math.nan, math.nan, math.nan)
    v_prompt = clustered_se(block.mean(axis=0), codes) ** 2
    v_rest, v_extra, extra_df = 0.0, 0.0, 1.0
    if seeds > 1:
        v_seed, v_rest = _seed_part(block), _rest_part(block, codes)
        own = SeedRatio(v_seed / v_rest if v_rest > 0 else 1.0, seeds - 1.0)
        used = ratio or own
        v_extra = max(used.f - 1.0, 0.0) * v_rest if v_rest > 0 else v_seed
        extra_df = used.df if v_rest > 0 else seeds - 1.0
    variance = v_prompt + v_extra
    seed_term = (v_extra + v_rest) ** 2 / extra_df if v_extra > 0 else 0.0
    denominator = seed_term + v_prompt**2 / (count - 1)
    df = variance**2 / denominator if denominator > 0 else math.inf
    se = math.sqrt(variance)
    floor = bounded / (n + 2)
    return Estimate(
        mean=mean,
        se=max(se, floor),
        df=max(df, min(extra_df, count - 1.0)) if denominator > 0 else math.inf,
        n=n,
        clusters=count,
        seeds=seeds,
        seed_var=v_extra * seeds,
        prompt_var=max(v_prompt - v_rest, 0.0) * n,
        rest_var=v_rest * n * seeds,
    )


def _seed_part(block: Array) -> float:
    return float(block.mean(axis=1).var(ddof=1)) / float(block.shape[0])


def _rest_part(block: Array, codes: Codes) -> float:
    """Variance of the mean from the seed x prompt residuals, summed within clusters."""
    seeds, n = block.shape
    count = int(codes.max()) + 1
    rest = block - block.mean(axis=1, keepdims=True) - block.mean(axis=0) + block.mean()
    index = codes[None, :] + count * np.arange(seeds)[:, None]
    sums = np.bincount(index.ravel(), rest.ravel(), minlength=seeds * count)
    scale = count / (count - 1) * seeds / (seeds - 1) / float(seeds * n) ** 2
    return float(np.square(sums).sum() * scale)


def seed_ratio(scores: Array, clusters: Codes) -> SeedRatio | None:
    """F of the arm x seed means against the arm x seed x prompt rest, over all trained arms of one eval cell.

    scores: arms x seeds x prompts. None with fewer than three arms or two seeds: the pair's own F is then all there is.
    """
    arms, seeds, n = scores.shape
    _, codes = np.unique(clusters, return_inverse=True)
    count = int(codes.max()) + 1 if codes.size else 0
    if arms < 3 or seeds < 2 or count < 2:
        return None
    centred = scores - scores.mean(axis=0, keepdims=True)
    means = centred.mean(axis=2)
    means = means - means.mean(axis=1, keepdims=True)
    rest = centred - centred.mean(axis=2, keepdims=True) - centred.mean(axis=1, keepdims=True)
    rest = rest + centred.mean(axis=(1, 2), keepdims=True)
    index = codes[None, None, :] + count * np.arange(arms * seeds).reshape(arms, seeds, 1)
    sums = np.bincount(index.ravel(), rest.ravel(), minlength=arms * seeds * count)
    expected = float(np.square(sums).sum()) * count / (count - 1) / n**2
    if expected <= 0:
        return None
    return SeedRatio(float((means**2).sum()) / expected, (arms - 1.0) * (seeds - 1.0))


def interval(d: Array, clusters: Codes, level: float = 0.95, *, bounded: float = 0.0) -> Interval:
    """Interval of the mean of d (seeds x prompts) at `level`, t-type."""
    return estimate(d, clusters, bounded=bounded).interval(level)


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


def bootstrap(d: Array, clusters: Codes, draws: int = 2000, seed: int = 0) -> Array:
    """Means of d under resampled seeds x clusters, shape (draws,); a prompt rides with its cluster.

    d: seeds x prompts without gaps. Resampling prompts again inside a drawn cluster would count that variance twice.
    Percentiles of this are too narrow with two or three seeds: `interval` is for claims, this is for functions of many
    means (curves, mixtures).
    """
    weights = resample(d.shape[0], clusters, draws, seed)
    return weights.means(d[None])[:, 0]


@dataclass(frozen=True)
class Resample:
    """Bootstrap weights, reused over arms so that pairs stay pairs."""

    seeds: Array
    """draws x seeds, counts."""
    clusters: Array
    """draws x clusters, counts."""
    codes: Codes

    def means(self, scores: Array) -> Array:
        """scores: arms x seeds x prompts -> draws x arms."""
        arms, seeds, _ = scores.shape
        count = self.clusters.shape[1]
        index = self.codes[None, None, :] + count * np.arange(arms * seeds).reshape(arms, seeds, 1)
        flat = np.bincount(index.ravel(), scores.ravel(), minlength=arms * seeds * count)
        sums = flat.reshape(arms, seeds, count)
        sizes = np.bincount(self.codes, minlength=count).astype(np.float64)
        by_seed = np.einsum("bc,asc->bas", self.clusters, sums, optimize=True)
        total: Array = np.einsum("bas,bs->ba", by_seed, self.seeds) / (seeds * (self.clusters @ sizes))[:, None]
        return total


def resample(seeds: int, clusters: Codes, draws: int, seed: int) -> Resample:
    rng = np.random.default_rng(seed)
    _, codes = np.unique(clusters, return_inverse=True)
    count = int(codes.max()) + 1
    by_seed = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=draws).astype(np.float64)
    by_cluster = rng.multinomial(count, np.full(count, 1.0 / count), size=draws).astype(np.float64)
    return Resample(by_seed, by_cluster, codes)


def tost(interval: Interval, margin: float) -> Comparison:
    """Two one-sided tests at a, read off the (1 - 2a) interval: inside (-margin, margin) is EQUIVALENT.

    Else IMPROVED when it lies above 0, WORSE when below 0, and UNKNOWN otherwise. Not significant is not equivalent.
    """
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return "unknown"
    if -margin < interval.low and interval.high < margin:
        return "equivalent"
    if interval.low > 0:
        return "improved"
    return "worse" if interval.high < 0 else "unknown"


def non_superior(interval: Interval, margin: float) -> bool:
    """At most `margin` better: the upper end of the (1 - 2a) interval is a one-sided bound at a."""
    return interval.high < margin


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


@dataclass(frozen=True)
class Need:
    """What would decide: the cheaper of more prompts and more seeds; None where it cannot do it alone."""

    prompts: int | None
    seeds: int | None

    @property
    def cost(self) -> float:
        """To tell which of two needs is cheaper: prompts before seeds, because they cost no training."""
        if self.prompts is not None:
            return float(self.prompts)
        return math.inf if self.seeds is None else 1e6 + self.seeds

    def words(self, split: str = "") -> str:
        unit = f"{split} prompt".strip()
        if self.prompts is None and self.seeds is None:
            return f"about twice the seeds and twice the {unit}s"
        if self.prompts is None:
            return f"about {_counted(self.seeds or 0, 'seed')} (seeds vary more than {unit}s)"
        if self.seeds is None or self.seeds > 20:
            return f"about {_counted(self.prompts, unit)}"
        return f"about {_counted(self.prompts, unit)} or {_counted(self.seeds, 'seed')}"


def _counted(count: int, unit: str) -> str:
    return f"{count} more {unit}{'' if count == 1 else 's'}"


def n_for(estimate: Estimate, margin: float, level: float = 0.95) -> Need:
    """How many more prompts, or seeds, until the (1 - 2a) interval excludes 0 or fits the margin.

    If the estimate stays: SE^2(R, n) = seed/R + prompt/n + rest/(nR), components as estimated; a = 1 - level.
    The half-width asked for is the nearer of the two: max(|mean|, margin - |mean|).
    """
    return n_until(estimate, max(abs(estimate.mean), margin - abs(estimate.mean)), level)


def n_until(estimate: Estimate, half: float, level: float) -> Need:
    """How many more prompts, or seeds, until a one-sided bound at error 1 - level lies `half` from the mean."""
    if estimate.n < 2 or not math.isfinite(estimate.se) or half <= 0:
        return Need(None, None)
    return Need(_more_prompts(estimate, half, level), _more_seeds(estimate, half, level))


def _more_prompts(e: Estimate, half: float, level: float) -> int | None:
    room = (half / t_quantile(level, max(e.df, 4.0))) ** 2 - e.seed_var / e.seeds
    if room <= 0:
        return None
    need = max((e.prompt_var + e.rest_var / e.seeds) / room, t_quantile(level, math.inf) / half - 2)
    return _above(need, e.n)


def _more_seeds(e: Estimate, half: float, level: float) -> int | None:
    if e.seeds < 2:
        return None
    room = (half / t_quantile(level, max(e.df, 4.0))) ** 2 - e.prompt_var / e.n
    if room <= 0 or e.seed_var + e.rest_var <= 0:
        return None
    return _above((e.seed_var + e.rest_var / e.n) / room, e.seeds)


def _above(need: float, have: int) -> int | None:
    """Extra units; a plan beyond a million is no plan."""
    return max(1, math.ceil(need) - have) if need < 1e6 else None
