"""Score tables with planted truth: to test the decision, and to see what a design could find before paying for it.

Means are planted on the probability scale and hold exactly in the population; clusters, prompts, seeds and samples vary
around them. Not covered: seeds that move prompts in different directions, and clusters shared between buckets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from ablation.stats import Array, Codes
from ablation.trial import SCORE_COLUMNS

Kind = Literal["growing", "saturated", "redundant", "harmful", "over"]
DOSES = (0.25, 0.5)

_OWN: dict[Kind, tuple[float, float, float, float, float]] = {
    # base, dose 0.25, dose 0.5, full, left out
    "growing": (0.10, 0.30, 0.45, 0.60, 0.20),
    "saturated": (0.10, 0.45, 0.60, 0.60, 0.20),
    "redundant": (0.20, 0.55, 0.60, 0.60, 0.60),
    "harmful": (0.30, 0.55, 0.55, 0.55, 0.55),
    "over": (0.20, 0.50, 0.65, 0.45, 0.25),
}


@dataclass(frozen=True)
class Noise:
    """Standard deviations on the logit scale; `seed` is on the probability scale, per arm, seed and bucket."""

    cluster: float = 0.5
    prompt: float = 1.0
    seed: float = 0.01
    cluster_size: int = 2
    samples: int = 4
    seeds: int = 3


@dataclass(frozen=True)
class Plan:
    """Mean score per bucket and arm, and prompts per split."""

    means: Mapping[str, Mapping[str, float]]
    prompts: Mapping[str, int] = field(default_factory=lambda: {"dev": 48, "ood": 24, "hard": 24})


def planted(kinds: Mapping[str, Kind], harm: float = 0.15, prompts: Mapping[str, int] | None = None) -> Plan:
    """Nine-line worlds: each bucket of a kind; leaving a harmful one out lifts all other buckets by `harm`."""
    means: dict[str, dict[str, float]] = {}
    for bucket, kind in kinds.items():
        base, quarter, half, full, own = _OWN[kind]
        arms = {"base": base, "dose:0.25": quarter, "dose:0.5": half, "full": full}
        for other, its_kind in kinds.items():
            lifted = min(full + harm, 0.97) if its_kind == "harmful" else full
            arms[f"loo:{other}"] = own if other == bucket else lifted
        means[bucket] = arms
    return Plan(means) if prompts is None else Plan(means, prompts)


def simulate(plan: Plan, noise: Noise | None = None, seed: int = 0) -> pl.DataFrame:
    """A table of SCORE_COLUMNS: one row per (arm, seed, prompt)."""
    noise = noise or Noise()
    rng = np.random.default_rng(seed)
    parts = [
        _cell(rng, plan.means[bucket], bucket, split, count, noise)
        for bucket in plan.means
        for split, count in plan.prompts.items()
    ]
    return pl.concat(parts).select(list(SCORE_COLUMNS))


def _cell(
    rng: np.random.Generator, means: Mapping[str, float], bucket: str, split: str, count: int, noise: Noise
) -> pl.DataFrame:
    clusters: Codes = np.arange(count, dtype=np.int64) // noise.cluster_size
    latent = rng.normal(0, noise.cluster, clusters.max() + 1)[clusters] + rng.normal(0, noise.prompt, count)
    spread = float(np.hypot(noise.cluster, noise.prompt))
    parts = []
    for arm, mean in means.items():
        chance = _sigmoid(_intercept(mean, spread) + latent)
        seeds = 1 if arm == "base" else noise.seeds
        for s in range(seeds):
            shift = 0.0 if arm == "base" else rng.normal(0, noise.seed)
            parts.append(_rows(rng, np.clip(chance + shift, 0, 1), arm, s, bucket, split, clusters, noise.samples))
    return pl.concat(parts)


def _rows(
    rng: np.random.Generator, chance: Array, arm: str, seed: int, bucket: str, split: str, clusters: Codes, samples: int
) -> pl.DataFrame:
    count = len(chance)
    correct = rng.binomial(samples, chance)
    parsed = correct + rng.binomial(samples - correct, 0.5)
    terminated = parsed + rng.binomial(samples - parsed, 0.5)
    kind = {"base": "base", "full": "full"}.get(arm, "dose" if arm.startswith("dose") else "leave_one_out")
    varying = pl.DataFrame(
        {
            "item": [f"{bucket}-{split}-{i}" for i in range(count)],
            "cluster": [f"{bucket}-{split}-c{c}" for c in clusters],
            "terminated": terminated,
            "parsed": parsed,
            "correct": correct,
            "distinct_correct": np.minimum(correct, 2),
            "entropy": 0.3 + 0.5 * (1 - chance) + rng.normal(0, 0.02, count),
            "length": 20.0 + rng.normal(0, 1, count),
            "nll": 2.0 - 1.5 * chance + rng.normal(0, 0.05, count),
        }
    )
    return varying.with_columns(  # at once: each scalar in a dict of columns costs polars a query of its own
        trial=pl.lit(f"{arm}-{seed}"),
        arm=pl.lit(arm),
        kind=pl.lit(kind),
        left_out=pl.lit(arm.removeprefix("loo:") if kind == "leave_one_out" else None, pl.String),
        dose=pl.lit(0.0 if kind == "base" else float(arm.removeprefix("dose:")) if kind == "dose" else 1.0),
        seed=pl.lit(seed, pl.Int64),
        bucket=pl.lit(bucket),
        split=pl.lit(split),
        samples=pl.lit(samples, pl.Int64),
        abstained=pl.lit(0, pl.Int64),
    )


def _sigmoid(x: Array) -> Array:
    value: Array = 1.0 / (1.0 + np.exp(-x))
    return value


_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


def _intercept(mean: float, spread: float) -> float:
    """a with E sigmoid(a + spread Z) = mean, by bisection on a Gauss-Hermite rule."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        value = float(_sigmoid(middle + spread * _NODES) @ _WEIGHTS / _WEIGHTS.sum())
        low, high = (middle, high) if value < mean else (low, middle)
    return (low + high) / 2


if __name__ == "__main__":
    from ablation.campaign_command import main

    raise SystemExit(main())
