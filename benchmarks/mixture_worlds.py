"""How near a proposed mixture comes to the best one, in synthetic worlds whose optimum is known.

A world gives every eval bucket a saturating curve of its own tokens, some transfer from others, pairwise interactions,
one harmful bucket, and noise of seeds, prompt clusters, prompts and samples. A campaign trains what a user would: full,
two doses, leave-one-out, add-one, and `--mixtures` more, of which `--around` come in a second round (`second_round`,
which sees the first round's scores only) and the rest are random. `recommend` sees only the score table and the trained
tokens; the proposal is then scored by the world itself, beside the constrained optimum found with the truth (SLSQP,
restarts).

python -m benchmarks.mixture_worlds --worlds 100 --jobs 2 > benchmarks/results/mixture-worlds.json
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import polars as pl
import scipy
from scipy.optimize import minimize
from scipy.special import expit

from ablation.evidence import Margins
from ablation.gain import Decision, Mixture
from ablation.limits import Limits
from ablation.recommend import recommend
from ablation.second_round import second_round
from ablation.simulate import Noise
from ablation.stats import Array
from ablation.trial import SCORE_COLUMNS

NAMES = (
    "code",
    "domain_qa",
    "general_instruction",
    "long_context",
    "math_reasoning",
    "multi_turn_dialogue",
    "safety_refusal",
    "structured_output",
    "tool_calls",
)
GUARDED = {"safety_refusal": 0.03, "structured_output": 0.03}
"""Floors, as shares of the budget: one safety and one protocol bucket."""
MARGIN = 0.05
CAP = 4.0


@dataclass(frozen=True)
class World:
    """Truth: scores of all eval buckets as a function of trained tokens per bucket (in units of the mean supply)."""

    names: tuple[str, ...]
    size: Array
    base: Array
    gain: Array
    """eval x bucket; negative is harm."""
    knee: Array
    """Per bucket: amount at which 1 - 1/e of the gain is there."""
    pairs: tuple[tuple[int, int, int, float], ...]
    """(eval, bucket, bucket, strength): strength x sqrt of both saturations."""

    def scores(self, amounts: Array) -> Array:
        """eval scores for rows of amounts: rows x eval."""
        filled = 1.0 - np.exp(-np.maximum(amounts, 0.0) / self.knee)
        total = self.base + filled @ self.gain.T
        for where, one, two, strength in self.pairs:
            total[:, where] += strength * np.sqrt(filled[:, one] * filled[:, two])
        value: Array = np.clip(total, 0.01, 0.97)
        return value


def world(seed: int) -> World:
    rng = np.random.default_rng([7, seed])
    count = int(rng.integers(5, len(NAMES) + 1))
    others = [n for n in NAMES if n not in GUARDED]
    names = tuple(sorted([*GUARDED, *rng.permutation(others)[: count - len(GUARDED)]]))
    size = rng.lognormal(0.0, 0.6, count)
    size /= size.mean()
    gain = np.abs(rng.normal(0.0, 0.02, (count, count)))
    gain[rng.random((count, count)) < 0.5] = 0.0
    np.fill_diagonal(gain, rng.uniform(0.2, 0.5, count))
    harmful = int(rng.choice([i for i, name in enumerate(names) if name not in GUARDED]))
    harm = rng.uniform(0.03, 0.12, count)
    gain[:, harmful] = np.where(np.arange(count) == harmful, rng.uniform(0.0, 0.3), -harm)
    knee = rng.uniform(0.15, 1.5, count)
    pairs = []
    for _ in range(count // 2 + 1):
        one, two = rng.choice([i for i in range(count) if i != harmful], 2, replace=False)
        pairs.append((int(rng.choice([one, two])), int(one), int(two), float(rng.uniform(-0.1, 0.12))))
    return World(names, size, rng.uniform(0.08, 0.3, count), gain, knee, tuple(pairs))


def campaign(true: World, mixtures: int, seed: int) -> dict[str, Array]:
    """Arm -> amounts per bucket, as a user would choose them; the random ones are Dirichlet around the supply."""
    rng = np.random.default_rng([8, seed])
    size, count = true.size, len(true.names)
    found = {"full": size, "dose:0.25": 0.25 * size, "dose:0.5": 0.5 * size}
    for i, name in enumerate(true.names):
        found[f"loo:{name}"] = np.where(np.arange(count) == i, 0.0, size)
        found[f"add:{name}"] = np.where(np.arange(count) == i, size, 0.25 * size)
    for i in range(mixtures):
        share = rng.dirichlet(np.maximum(size / size.sum() * count * (1.0 if i % 2 else 3.0), 0.05))
        found[f"mix:{i}"] = np.minimum(share * size.sum(), CAP * size)
    return found


def table(true: World, arms: dict[str, Array], prompts: int, noise: Noise, seed: int) -> pl.DataFrame:
    """The long score table of the campaign, of the model of `ablation.simulate` but in one piece (it is ten times
    faster). Arms added at the end leave the scores of the earlier ones as they are."""
    order = list(arms)
    means = true.scores(np.array([arms[name] for name in order]))
    cluster = np.arange(prompts) // noise.cluster_size
    parts = []
    for i, bucket in enumerate(true.names):
        rng = np.random.default_rng([10, seed, i])
        latent = rng.normal(0, noise.cluster, cluster.max() + 1)[cluster] + rng.normal(0, noise.prompt, prompts)
        middle = _intercepts(means[:, i], float(np.hypot(noise.cluster, noise.prompt)))
        for arm, at in zip(order, middle, strict=True):
            shift = rng.normal(0, noise.seed, (noise.seeds, 1))
            correct = rng.binomial(noise.samples, np.clip(expit(at + latent) + shift, 0, 1))
            parts.append((arm, bucket, correct))
    rows = noise.seeds * prompts
    each = {"seed": np.repeat(np.arange(noise.seeds), prompts), "prompt": np.tile(np.arange(prompts), noise.seeds)}
    frame = pl.DataFrame(
        {
            "arm": pl.Series([arm for arm, _, _ in parts]).gather(np.repeat(np.arange(len(parts)), rows)),
            "bucket": pl.Series([bucket for _, bucket, _ in parts]).gather(np.repeat(np.arange(len(parts)), rows)),
            "correct": np.concatenate([correct.ravel() for _, _, correct in parts]),
            **{name: np.tile(value, len(parts)) for name, value in each.items()},
        }
    )
    odd = pl.col("arm").str.contains("^(mix|around|add):")
    left_out = pl.col("arm").str.starts_with("loo:")
    dose = pl.col("arm").str.extract("^dose:(.*)$").cast(pl.Float64)
    kind = pl.when(odd).then(pl.lit("mixture")).when(left_out).then(pl.lit("leave_one_out"))
    return frame.select(
        trial=pl.format("{}-{}", "arm", "seed"),
        arm="arm",
        kind=kind.when(dose.is_not_null()).then(pl.lit("dose")).otherwise(pl.lit("full")),
        left_out=pl.when(left_out).then(pl.col("arm").str.strip_prefix("loo:")),
        dose=dose.fill_null(1.0),
        seed="seed",
        item=pl.format("{}-dev-{}", "bucket", "prompt"),
        bucket="bucket",
        split=pl.lit("dev"),
        cluster=pl.format("{}-dev-c{}", "bucket", pl.col("prompt") // noise.cluster_size),
        samples=pl.lit(noise.samples, pl.Int64),
        terminated=pl.lit(noise.samples, pl.Int64),
        parsed=pl.lit(noise.samples, pl.Int64),
        correct="correct",
        distinct_correct=pl.min_horizontal("correct", pl.lit(2)),
        entropy=pl.lit(0.5),
        length=pl.lit(20.0),
        abstained=pl.lit(0, pl.Int64),
        nll=pl.lit(1.0),
    ).select(list(SCORE_COLUMNS))


def _intercepts(means: Array, spread: float) -> Array:
    """a with E sigmoid(a + spread Z) = mean, by bisection on a Gauss-Hermite rule."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    low, high = np.full(len(means), -20.0), np.full(len(means), 20.0)
    for _ in range(50):
        middle = (low + high) / 2
        under = expit(middle[:, None] + spread * nodes) @ weights / weights.sum() < means
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    value: Array = (low + high) / 2
    return value


def optimum(true: World, budget: float, margin: float) -> tuple[Array, float]:
    """The truly best amounts under the same budget, caps, floors and no true regression beyond the margin."""
    low = np.array([GUARDED.get(name, 0.0) for name in true.names]) * budget
    high = CAP * true.size
    now = true.scores(true.size[None])[0]
    limits = [
        {"type": "eq", "fun": lambda t: t.sum() - budget},
        {"type": "ineq", "fun": lambda t: true.scores(t[None])[0] - now + margin},
    ]
    rng = np.random.default_rng(9)
    starts = [true.size, np.full(len(low), budget / len(low)), *(rng.dirichlet(np.ones(len(low)), 8) * budget)]
    best, value = true.size, float(now.mean())
    for start in starts:
        found = minimize(
            lambda t: -float(true.scores(t[None]).mean()),
            np.clip(start, low, high),
            bounds=list(zip(low, high, strict=True)),
            constraints=limits,
            method="SLSQP",
            options={"maxiter": 300, "ftol": 1e-9},
        )
        fine = abs(found.x.sum() - budget) < 1e-5 and (true.scores(found.x[None])[0] - now >= -margin - 1e-6).all()
        if fine and -found.fun > value:
            best, value = found.x, -float(found.fun)
    return best, value


def one(seed: int, mixtures: int, around: int, prompts: int, noise: Noise, tokens: int = 100_000) -> dict[str, Any]:
    """Regret and violations in one world; scores are the true unweighted means over eval buckets."""
    true = world(seed)
    arms = campaign(true, mixtures - around, seed)
    budget = float(true.size.sum())
    best, top = optimum(true, budget, MARGIN)
    counts = {arm: {n: round(a * tokens) for n, a in zip(true.names, row, strict=True)} for arm, row in arms.items()}
    available = counts["full"]
    margins, limits = Margins(margin=MARGIN), Limits(repetition_cap=CAP, floors=GUARDED)
    if around:
        first = table(true, arms, prompts, noise, seed)
        added = second_round(first, available, counts, around, margins=margins, limits=limits)
        counts |= added
        arms |= {arm: np.array([row[n] / tokens for n in true.names]) for arm, row in added.items()}
    scores = table(true, arms, prompts, noise, seed)
    nothing = Decision("UNDECIDED", "", (), "", "unknown", "", ())
    started = time.perf_counter()
    mixture = recommend(scores, nothing, available, margins=margins, limits=limits, arm_tokens=counts)
    seconds = time.perf_counter() - started
    return _outcome(seed, true, mixture, top, best, budget, tokens) | {"arms": len(arms), "seconds": round(seconds, 2)}


def _outcome(
    seed: int, true: World, mixture: Mixture, top: float, best: Array, budget: float, tokens: int
) -> dict[str, Any]:
    amounts = np.array([weight.tokens / tokens for weight in mixture.weights])
    now, got = true.scores(true.size[None])[0], true.scores(amounts[None])[0]
    uniform = true.scores(np.minimum(np.full(len(amounts), budget / len(amounts)), CAP * true.size)[None])[0]
    shares = {weight.bucket: weight.weight for weight in mixture.weights}
    said = next(item for item in mixture.forecasts if item.name == "proposal")
    guarded = [i for i, name in enumerate(true.names) if name in GUARDED]
    return {
        "world": seed,
        "buckets": len(true.names),
        "method": mixture.method,
        "optimum": round(top, 4),
        "proposal": round(float(got.mean()), 4),
        "proportional": round(float(now.mean()), 4),
        "uniform": round(float(uniform.mean()), 4),
        "of_optimum": round(float(got.mean()) / top, 4),
        "share_under_floor": any(shares[name] < floor - 1e-4 for name, floor in GUARDED.items()),
        "guarded_score_under": bool((got[guarded] < now[guarded] - MARGIN).any()),
        "any_regression": bool((got < now - MARGIN).any()),
        "change_covered": bool(said.change_low <= float(got.mean() - now.mean()) <= said.change_high),
        "optimum_shares": [round(float(x), 3) for x in best / best.sum()],
        "proposal_shares": [round(float(x), 3) for x in amounts / amounts.sum()],
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    share = {
        name: round(float(np.mean([row[name] for row in rows])), 3)
        for name in ("share_under_floor", "guarded_score_under", "any_regression", "change_covered")
    }
    ratio = np.array([row["of_optimum"] for row in rows])
    within = {name: np.array([row[name] / row["optimum"] for row in rows]) for name in ("proportional", "uniform")}
    return {
        "worlds": len(rows),
        "within_2_percent": round(float(np.mean(ratio >= 0.98)), 3),
        "of_optimum_quantiles": {q: round(float(np.quantile(ratio, float(q))), 4) for q in ("0.05", "0.1", "0.5")},
        "baselines_within_2_percent": {n: round(float(np.mean(v >= 0.98)), 3) for n, v in within.items()},
        "baselines_median": {n: round(float(np.median(v)), 4) for n, v in within.items()},
        **share,
        "seconds_median": round(float(np.median([row["seconds"] for row in rows])), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--mixtures", type=int, default=24)
    parser.add_argument("--around", type=int, default=12)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1, help="worlds at a time, each in a process")
    options = parser.parse_args()
    noise = Noise(seed=0.01)
    work = partial(one, mixtures=options.mixtures, around=options.around, prompts=options.prompts, noise=noise)
    rows = []
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for row in pool.map(work, range(options.first, options.first + options.worlds)):
            rows.append(row)
            print(json.dumps(row), file=sys.stderr, flush=True)
    answer = {
        "command": f"python -m benchmarks.mixture_worlds --worlds {options.worlds} --first {options.first} "
        f"--mixtures {options.mixtures} --around {options.around} --prompts {options.prompts}",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
        "noise": vars(noise),
        "margin": MARGIN,
        "floors": GUARDED,
        "summary": summary(rows),
        "rows": rows,
    }
    json.dump(answer, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
