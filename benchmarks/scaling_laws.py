"""Forecasts against planted rectified laws: error beside the last-points line and single laws, and interval coverage.

Tables of 30 series, sizes 200 to 1,638,400, loss = E + B / (knee^b + D^b) with multiplicative noise; the knees of a
table lie around one size, as models on one data set bend together. Fitted up to a cut, scored on all larger sizes.

python -m benchmarks.scaling_laws > benchmarks/results/scaling_laws.json
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import numpy as np
import scipy

from ablation.forecast import Law, forecast, last_points_line, law
from ablation.replay.scaling import log_rmse
from ablation.stats import Array

SEEDS = 10
SIZES = 200.0 * 2.0 ** np.arange(14)
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


def main() -> int:
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
    }
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
