"""The front door for mixtures that were run elsewhere: runs in, a proposed mixture with its forecasts out.

    from ablation import propose_mixture, read_runs
    print("\\n".join(propose_mixture(read_runs("ratios.csv", "metrics.csv")).words()))

Not covered: one margin for metrics of different units (give `margins` per metric).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ablation.gain import Forecast
from ablation.predicted import forecast
from ablation.propose import Problem, Solution, fitted, solve
from ablation.runs import Runs
from ablation.stats import Array
from ablation.surface import Surface, fit_surface
from buckets import InputError

_STARTS = 3
_REACH = 1.0
"""Most of a bucket by default, in units of the most that a run had: no extrapolation beyond what was tried."""


@dataclass(frozen=True)
class ProposedMixture:
    """Shares of a proposal with the 95% range of what posterior draws would choose; forecasts stand beside it."""

    shares: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    forecasts: tuple[Forecast, ...]
    """proposal, current (the reference), uniform, and the best run of the table."""
    surfaces: Mapping[str, str]
    """Metric -> the laws behind it and their held-out error."""
    safe: bool
    """The chance of no regression is as high as asked."""
    status: str = "proposal"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def words(self) -> list[str]:
        """Lines for people."""
        lines = ["Proposed mixture (a proposal until it is trained beside the others):"]
        lines += [
            f"  {name}: {share:.3f} [{self.low[name]:.3f}, {self.high[name]:.3f}]"
            for name, share in sorted(self.shares.items(), key=lambda item: -item[1])
        ]
        lines.append("Forecasts, weighted score (losses with the sign turned), 95%:")
        lines += [
            f"  {f.name}: {f.score:.4f} [{f.low:.4f}, {f.high:.4f}]; against current {f.change:+.4f} "
            f"[{f.change_low:+.4f}, {f.change_high:+.4f}]; chance of no regression {f.no_regression:.2f}"
            for f in self.forecasts
        ]
        if not self.safe:
            lines.append("No mixture was found with the chance of no regression that was asked: more runs would help.")
        return lines


def propose_mixture(
    runs: Runs,
    *,
    weights: Mapping[str, float] | None = None,
    lower_is_better: bool = True,
    current: Mapping[str, float] | None = None,
    margins: Mapping[str, float] | None = None,
    floors: Mapping[str, float] | None = None,
    caps: Mapping[str, float] | None = None,
    budget: float | None = None,
    pull: float = 0.25,
    probability: float = 0.95,
    draws: int = 200,
    seed: int = 0,
) -> ProposedMixture:
    """The best mixture on surfaces fitted to `runs`.

    weights: per metric, default all the same; metrics that are not named do not count. current: the mixture that a
    regression is measured against and that the pull goes to, default the mean of the runs. margins: the largest
    acceptable worsening per metric, default a tenth of the spread (standard deviation) over the runs. floors, caps:
    per bucket in shares; caps default to the most that a run had. budget: total amount for runs in tokens (default
    that of `current`); shares add to 1. Raises InputError on names that are not there, RefusedError on fewer than
    eight usable runs.
    """
    chosen = weights or dict.fromkeys(runs.metrics, 1.0)
    _known(chosen, runs.metrics, "metric")
    for names, what in ((current, "current"), (floors, "floors"), (caps, "caps")):
        _known(names or {}, runs.buckets, f"bucket of {what}")
    if sum(chosen.values()) <= 0 or min(chosen.values()) < 0:
        raise InputError("metric weights must be 0 or more, and not all 0")
    surfaces = {
        name: fit_surface(runs.points, runs.metrics[name], lower_is_better=lower_is_better)
        for name, weight in chosen.items()
        if weight > 0
    }
    total = sum(chosen[name] for name in surfaces)
    now = runs.points.mean(axis=0) if current is None else _row(current, runs.buckets)
    amount = float(now.sum()) if budget is None else budget
    if runs.shares:
        now, amount = now / now.sum(), 1.0
    most = runs.points.max(axis=0) * _REACH
    high = np.array([(caps or {}).get(name, most[i] / amount) for i, name in enumerate(runs.buckets)]) * amount
    low = _row(floors or {}, runs.buckets) * amount
    if low.sum() > amount * (1 + 1e-9) or (low > high + 1e-9).any() or high.sum() < amount * (1 - 1e-9):
        raise InputError("floors and caps leave no mixture: floors must add to at most 1, caps to at least 1")
    spread = {name: float(np.nanstd(runs.metrics[name])) for name in surfaces}
    problem = Problem(
        surfaces=surfaces,
        weights={name: chosen[name] / total for name in surfaces},
        low=low,
        high=high,
        budget=amount,
        prior=now / now.sum(),
        current=now,
        margins={name: (margins or {}).get(name, 0.1 * spread[name]) for name in surfaces},
        probability=probability,
        pull=pull,
    )
    best = np.argsort(-problem.mean(runs.points))[:_STARTS]
    starts = np.vstack([now, np.full(len(now), amount / len(now)), runs.points[best]])
    solution = solve(problem, starts, draws=draws, seed=seed)
    return _proposed(runs, problem, solution, surfaces, starts)


def _proposed(
    runs: Runs, problem: Problem, solution: Solution, surfaces: Mapping[str, Surface], starts: Array
) -> ProposedMixture:
    free = replace(problem, low=np.zeros_like(problem.low))
    named = {
        "proposal": solution.amounts,
        "current": problem.current,
        "uniform": fitted(starts[1], free),
        "best run": starts[2],
    }
    total = float(solution.amounts.sum())
    return ProposedMixture(
        shares=dict(zip(runs.buckets, (solution.amounts / total).tolist(), strict=True)),
        low=dict(zip(runs.buckets, (solution.low / total).tolist(), strict=True)),
        high=dict(zip(runs.buckets, (solution.high / total).tolist(), strict=True)),
        forecasts=forecast(named, problem, runs.buckets),
        surfaces={name: surface.words() for name, surface in surfaces.items()},
        safe=solution.safe,
    )


def _row(amounts: Mapping[str, float], buckets: tuple[str, ...]) -> Array:
    row = np.array([float(amounts.get(name, 0.0)) for name in buckets])
    if not np.isfinite(row).all() or (row < 0).any():
        raise InputError("a mixture, floor or cap has a negative or missing number: give shares or tokens from 0 up")
    return row


def _known(names: Mapping[str, float], known: Mapping[str, Any] | tuple[str, ...], what: str) -> None:
    odd = sorted(set(names) - set(known))
    if odd:
        raise InputError(f"no {what} is called {odd[0]!r}; there are: {', '.join(known)}")
