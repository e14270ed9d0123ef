"""A mixture from response surfaces: one per eval bucket over trained tokens, maximised under the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ablation.evidence import Margins
from ablation.gain import Forecast, Mixture, Weight
from ablation.limits import Limits
from ablation.predicted import forecast
from ablation.propose import Problem, Solution, fitted, solve
from ablation.stats import Array
from ablation.surface import Surface, fit_surface
from ablation.trained_arms import TrainedArms
from ablation.water import whole_tokens
from buckets import InputError

_STARTS = 3
"""Best trained arms that the search starts from, beside the current, proportional and uniform mixtures."""


def from_surface(
    arms: TrainedArms,
    available: Mapping[str, int],
    budget: int,
    prior: Mapping[str, float],
    margins: Margins,
    limits: Limits,
) -> Mixture:
    """The proposal, with the forecasts of the current, proportional and uniform mixtures beside it."""
    problem, begin = posed(arms, available, budget, prior, margins, limits)
    surfaces, size = problem.surfaces, np.array([available[name] for name in arms.buckets], dtype=np.float64)
    solution = solve(problem, begin, draws=limits.draws, seed=limits.seed)
    whole = whole_tokens(solution.amounts, min(budget, round(float(solution.amounts.sum()))))
    named = {
        "proposal": whole,
        "current": arms.current,
        "proportional": fitted(size, _free(problem)),
        "uniform": fitted(np.full(len(size), 1.0), _free(problem)),
    }
    forecasts = forecast(named, problem, arms.buckets)
    return Mixture(
        int(whole.sum()),
        _lines(arms, problem, solution, whole, size),
        "proposal",
        _notes(surfaces, solution, problem, forecasts, budget),
        method="surface",
        forecasts=forecasts,
    )


def posed(
    arms: TrainedArms,
    available: Mapping[str, int],
    budget: int,
    prior: Mapping[str, float],
    margins: Margins,
    limits: Limits,
) -> tuple[Problem, Array]:
    """The fitted surfaces under their limits, and the mixtures to start a search from."""
    surfaces = {
        bucket: fit_surface(
            arms.tokens,
            values,
            lower_is_better=False,
            own=arms.buckets.index(bucket) if bucket in arms.buckets else None,
        )
        for bucket, values in arms.scores.items()
    }
    size = np.array([available[name] for name in arms.buckets], dtype=np.float64)
    problem = _problem(arms, surfaces, size, budget, prior, margins, limits)
    return problem, _starts(arms, problem, size)


def _problem(
    arms: TrainedArms,
    surfaces: Mapping[str, Surface],
    size: Array,
    budget: int,
    prior: Mapping[str, float],
    margins: Margins,
    limits: Limits,
) -> Problem:
    weights = limits.eval_weights or dict.fromkeys(surfaces, 1.0)
    unknown = sorted((set(weights) | set(limits.score_floors or {})) - set(surfaces))
    if unknown:
        raise InputError(f"no dev score on {', '.join(unknown)}: eval weights and score floors need measured buckets")
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise InputError("eval weights must be 0 or more, and not all 0")
    high = limits.repetition_cap * size
    low = np.minimum(np.array([limits.floor(name) for name in arms.buckets]) * budget, high)
    return Problem(
        surfaces=surfaces,
        weights={name: weights.get(name, 0.0) / total for name in surfaces},
        low=low,
        high=high,
        budget=float(min(budget, high.sum())),
        prior=np.array([prior[name] for name in arms.buckets]),
        current=arms.current,
        margins=dict.fromkeys(surfaces, margins.margin),
        score_floors=dict(limits.score_floors or {}),
        probability=limits.probability,
        pull=limits.pull,
    )


def _free(problem: Problem) -> Problem:
    """The same without floors: a baseline is what it is, but it cannot repeat rows beyond the cap either."""
    return replace(problem, low=np.zeros_like(problem.low))


def _starts(arms: TrainedArms, problem: Problem, size: Array) -> Array:
    mean = sum(w * np.nan_to_num(arms.scores[name], nan=-1e9) for name, w in problem.weights.items())
    best = np.argsort(-np.asarray(mean))[:_STARTS]
    return np.vstack([arms.current, problem.prior, size, np.ones_like(size), arms.tokens[best]])


def _lines(arms: TrainedArms, problem: Problem, solution: Solution, whole: Array, size: Array) -> tuple[Weight, ...]:
    weight, total = whole / whole.sum(), float(solution.amounts.sum())
    return tuple(
        Weight(
            bucket=name,
            weight=float(weight[i]),
            low=float(min(solution.low[i] / total, weight[i])),
            high=float(max(solution.high[i] / total, weight[i])),
            tokens=int(whole[i]),
            epochs=float(whole[i] / size[i]),
            available_tokens=int(size[i]),
            proportional=float(size[i] / size.sum()),
            uniform=1.0 / len(size),
            why=_why(problem, whole, i),
        )
        for i, name in enumerate(arms.buckets)
    )


def _why(problem: Problem, whole: Array, i: int) -> str:
    """What a twentieth of the budget more or less of this bucket, at the cost of the others, is expected to do."""
    step = 0.05 * problem.budget
    rest = max(float(whole.sum() - whole[i]), 1.0)
    here = whole.astype(np.float64)
    up, down = here * (1.0 - step / rest), here * (1.0 + min(step, here[i]) / rest)
    up[i], down[i] = here[i] + step, max(here[i] - step, 0.0)
    if np.any(up < 0):
        up = here
    now, more, less = problem.mean(np.array([here, up, down]))
    ends = []
    if here[i] <= problem.low[i] + 1.0:
        ends.append("at its floor" if problem.low[i] > 0 else "left out")
    if here[i] >= problem.high[i] - 1.0:
        ends.append("at the repetition cap")
    moves = f"5 points more of it: {more - now:+.4f}, less: {less - now:+.4f} in the weighted score"
    return "; ".join([*ends, moves])


def _notes(
    surfaces: Mapping[str, Surface],
    solution: Solution,
    problem: Problem,
    forecasts: tuple[Forecast, ...],
    budget: int,
) -> tuple[str, ...]:
    notes = ["train this, the proportional and the uniform mixture with fresh seeds before believing it"]
    notes += [f"surface of {name}: {surface.words()}" for name, surface in sorted(surfaces.items())]
    poor = sorted(name for name, surface in surfaces.items() if surface.error > 0.9)
    if poor:
        notes.append(f"mixtures hardly explain {', '.join(poor)}: more runs or prompts would be needed to steer by it")
    if not solution.safe:
        notes.append(
            f"no mixture at this budget is known to be safe: the best has a chance of {solution.chance:.2f} of no "
            f"regression beyond the margin (asked: {problem.probability:g}); more runs or a wider margin would help"
        )
    own = next(item for item in forecasts if item.name == "proposal")
    if own.change_low <= 0:
        notes.append(
            f"not shown to beat the current mixture: {own.change:+.4f} [{own.change_low:+.4f}, {own.change_high:+.4f}]"
        )
    if solution.amounts.sum() < budget - 1:
        notes.append(
            f"only {solution.amounts.sum():.0f} of {budget} tokens placed: the rest would repeat beyond the cap"
        )
    return tuple(notes)
