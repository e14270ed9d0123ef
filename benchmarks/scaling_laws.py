"""Forecasts against planted rectified laws: error beside the last-points line and single laws, and interval coverage.

Tables of 30 series, sizes 200 to 1,638,400, loss = E + B / (knee^b + D^b) with multiplicative noise; the knees of a
table lie around one size, as models on one data set bend together. Fitted up to a cut, scored on all larger sizes.

And campaigns of one bucket: which law the doses earn, and how often the gain of the next doubling lies in its interval.

python -m benchmarks.scaling_laws > benchmarks/results/scaling_laws.json
"""

from __future__ import annotations

import json
import math
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import numpy as np
import scipy

from ablation.curve import curves
from ablation.forecast import forecast
from ablation.replay.scaling import log_rmse
from ablation.scores import read_scores
from ablation.series import Law, last_points_line, law
from ablation.simulate import Noise, Plan, simulate
from ablation.stats import Array

SEEDS = 10
SIZES: Array = np.array([200.0 * 2.0**k for k in range(14)])
CUTS = (6400, 25600, 102400)


@dataclass(frozen=True)
class World:
    """One kind of table. `knee` is the median size at which its curves bend (0: straight power laws)."""

    knee: float
    spread: float
    """Standard deviation of the knees between series, in doublings."""
    beta: float
    """Median exponent; series differ by up to 30% either way."""
    floor: float
    """Largest loss E that no data remove; series are uniform below it."""
    noise: float
    """Standard deviation of ln(loss)."""
    series: int = 30


WORLDS = {
    "straight, no floor": World(0.0, 0.0, 0.06, 0.0, 0.005),
    "knee before every cut": World(2.0**8, 1.0, 0.2, 0.2, 0.005),
    "knee near the first cut": World(2.0**12, 1.0, 0.25, 0.2, 0.005),
    "knee past the first cut": World(2.0**15, 1.0, 0.25, 0.2, 0.005),
    "knee past every cut": World(2.0**20, 1.0, 0.25, 0.2, 0.005),
    "knees scattered": World(2.0**13, 4.0, 0.25, 0.2, 0.005),
    "steep, floor soon after": World(2.0**13, 1.0, 0.6, 1.0, 0.007),
}


def draw(world: World, seed: int) -> tuple[Array, Array]:
    """(sizes, loss: series x sizes)."""
    rng = np.random.default_rng(seed)
    shape = (world.series, 1)
    beta = world.beta * rng.uniform(0.7, 1.3, shape)
    first = rng.uniform(2.0, 4.5, shape)
    floor = rng.uniform(0.0, world.floor, shape) if world.floor else 0.0
    if world.knee:
        scale = (world.knee * 2.0 ** rng.normal(0.0, world.spread, shape)) ** beta
        loss = floor + first * scale / (scale + SIZES**beta)
    else:
        loss = floor + first * (SIZES / SIZES[0]) ** -beta
    return SIZES, loss * np.exp(rng.normal(0.0, world.noise, loss.shape))


def replayed(world: World, cut: float, seeds: int = SEEDS) -> dict[str, float]:
    """Means over tables: median log-RMSE by forecaster, coverage, and how often ours was 2% above the line."""
    errors: dict[str, list[float]] = {}
    covered: list[float] = []
    singles: tuple[Law, ...] = ("power", "rectified")
    for seed in range(seeds):
        sizes, loss = draw(world, seed)
        known = sizes <= cut
        seen, truth, ahead = loss[:, known], loss[:, ~known], sizes[~known]
        ours = forecast(sizes[known], seen, ahead)
        found = {"forecast": ours.value, "line": last_points_line(sizes[known], seen, ahead)}
        found |= {name: law(name, sizes[known], seen, ahead) for name in singles}
        for name, value in found.items():
            errors.setdefault(name, []).append(float(np.median(log_rmse(value, truth))))
        covered.append(float(((ours.low <= truth) & (truth <= ours.high)).mean()))
    means = {name: round(float(np.mean(values)), 4) for name, values in errors.items()}
    above = np.mean(np.array(errors["forecast"]) > 1.02 * np.array(errors["line"]))
    return means | {"coverage_90": round(float(np.mean(covered)), 3), "above_line_by_2_percent": round(float(above), 2)}


RUNS = 60
DOSES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
CAMPAIGNS: dict[str, Callable[[float], float]] = {
    "log-linear": lambda dose: 0.5 + 0.07 * math.log2(dose),
    "power law": lambda dose: 0.8 - 0.06 * dose**-0.7,
    "rectified, knee past the data": lambda dose: 0.9 - 0.75 / (1 + 0.5 * dose**0.9),
    "level": lambda dose: 0.5 + 0.0 * dose,
}
"""Pass rate by dose."""


def campaigns(name: str, doses: tuple[float, ...], prompts: int, runs: int = RUNS) -> dict[str, object]:
    """Laws earned, coverage of the true next gain at nominal 95%, and the mean half-width."""
    rate = CAMPAIGNS[name]
    arms = {"full" if dose == 1 else f"dose:{dose:g}": rate(dose) for dose in doses}
    plan = Plan({"code": {"base": 0.05, **arms}}, {"dev": prompts})
    truth = rate(2.0) - rate(1.0)
    fits: dict[str, int] = {}
    hits, widths = 0, []
    for seed in range(runs):
        found = curves(read_scores(simulate(plan, Noise(seed=0.02), seed)), draws=200)[0]
        assert found.next_doubling is not None
        fits[found.fit] = fits.get(found.fit, 0) + 1
        hits += found.next_doubling.low <= truth <= found.next_doubling.high
        widths.append((found.next_doubling.high - found.next_doubling.low) / 2)
    shares = {law_name: round(count / runs, 2) for law_name, count in sorted(fits.items())}
    measured = {"coverage_95": round(hits / runs, 3), "half_width": round(float(np.mean(widths)), 3)}
    return {"campaign": name, "doses": len(doses), "dev_prompts": prompts, "runs": runs, "fits": shares, **measured}


def main() -> int:
    trained = [campaigns(name, doses, 150) for name in CAMPAIGNS for doses in (DOSES[2:], DOSES[1:], DOSES)]
    for row in trained:
        print(row, file=sys.stderr)
    rows = []
    for name, world in WORLDS.items():
        for noise in (world.noise, 2 * world.noise):
            for cut in CUTS:
                found = replayed(replace(world, noise=noise), cut)
                rows.append({"world": name, "noise": noise, "fit_max": cut, **found})
                print(rows[-1], file=sys.stderr)
    result = {
        "command": "python -m benchmarks.scaling_laws",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
        "tables_a_row": SEEDS,
        "worlds": {name: asdict(world) for name, world in WORLDS.items()},
        "rows": rows,
        "campaigns": trained,
    }
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
