"""The best mixture on fitted surfaces: a budget, caps, floors, no regression with probability, a pull to the prior.

    max_t  sum_e w_e S_e(t) - k s KL(t / T || prior)     sum t = T, low <= t <= high
    s.t.   P(S_e(t) - S_e(now) >= -margin_e for every e, S_e(t) >= floor_e for every e with a floor) >= .95

s is the typical standard deviation of the predicted change, so that the pull grows with ignorance and fades with
evidence. Means, deviations and probabilities come from the posteriors (buckets' surfaces are fitted apart, so chances
multiply). Search: by gradients from several starts where all laws are smooth (`gradient_search.py`), then moves of
tokens from one bucket to another, ever smaller, that bring the joint chance up; such moves alone, which get stuck where
a constraint binds, where trees are in a stack. Not covered: a proof that the optimum is global.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtr, ndtri

from ablation.gradient_search import best_smooth
from ablation.stats import Array
from ablation.surface import Surface
from ablation.water import water_fill

STEPS = (0.12, 0.05, 0.02, 0.01, 0.004)
"""Sizes of a move, as shares of the budget."""
_BATCH = 12
"""Moves of most worth, whose safety is computed before that of the rest."""
_MOVES = 30
"""Most moves of one size."""
_WALKS = 3
"""Starts of most worth, from which the gradient search walks."""
_POOL = 192
"""Mixtures around the proposal that posterior draws choose among for its interval."""


@dataclass(frozen=True)
class Problem:
    """All amounts in the unit of the surfaces (tokens or shares), buckets in their column order."""

    surfaces: Mapping[str, Surface]
    weights: Mapping[str, float]
    """Per surface, adding to 1; a loss is turned so that higher is better."""
    low: Array
    high: Array
    budget: float
    prior: Array
    """Shares, adding to 1."""
    current: Array
    """What a regression is measured against."""
    margins: Mapping[str, float]
    score_floors: Mapping[str, float] = field(default_factory=dict)
    """Surface -> least acceptable score (for a loss: largest acceptable loss)."""
    probability: float = 0.95
    pull: float = 0.25
    unknown: float = 0.0
    """Standard deviation from which the pull is scaled; `solve` fills it in."""

    def mean(self, at: Array) -> Array:
        """Weighted score, higher is better."""
        parts = (self._sign(name) * w * self.surfaces[name].predict(at) for name, w in self.weights.items() if w > 0)
        value: Array = sum(parts, np.zeros(len(at)))
        return value

    def worth(self, at: Array) -> Array:
        """Weighted score minus the pull toward the prior."""
        return self.mean(at) - self.pull * self.unknown * divergence(at / at.sum(axis=1, keepdims=True), self.prior)

    def change(self, at: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the weighted score against the current mixture."""
        mean, variance = np.zeros(len(at)), np.zeros(len(at))
        for name, weight in self.weights.items():
            if weight > 0:
                moved, sd = self.surfaces[name].change(at, self.current[None])
                mean += self._sign(name) * weight * moved
                variance += (weight * sd) ** 2
        return mean, np.sqrt(variance)

    def level(self, at: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the weighted score itself."""
        variance = sum(
            ((w * self.surfaces[n].spread(at)) ** 2 for n, w in self.weights.items() if w), np.zeros(len(at))
        )
        return self.mean(at), np.sqrt(variance)

    def chance(self, at: Array) -> Array:
        """Probability that no eval bucket regresses beyond its margin or falls under its floor."""
        chance = np.ones(len(at))
        for name, surface in self.surfaces.items():
            mean, sd = surface.change(at, self.current[None])
            chance *= _above(self._sign(name) * mean, sd, -self.margins[name])
            if name in self.score_floors:
                level = self._sign(name) * surface.predict(at)
                chance *= _above(level, surface.spread(at), self._sign(name) * self.score_floors[name])
        return chance

    @property
    def smooth(self) -> bool:
        """Every law has a slope."""
        return all(law.name != "trees" for surface in self.surfaces.values() for law in surface.laws)

    def judge(self, at: Array) -> tuple[Array, Array]:
        """Worth against the current mixture, and per constraint the slack mean - z sd - bound at `probability`."""
        z = float(ndtri(self.probability))
        worth = -self.pull * self.unknown * divergence(at / at.sum(axis=1, keepdims=True), self.prior)
        slack = []
        for name, surface in self.surfaces.items():
            mean, sd = surface.change(at, self.current[None])
            worth += self._sign(name) * self.weights.get(name, 0.0) * mean
            slack.append(self._sign(name) * mean - z * sd + self.margins[name])
            if name in self.score_floors:
                over = self._sign(name) * (surface.predict(at) - self.score_floors[name])
                slack.append(over - z * surface.spread(at))
        return worth, np.stack(slack, axis=1)

    def _sign(self, name: str) -> float:
        return -1.0 if self.surfaces[name].lower_is_better else 1.0


@dataclass(frozen=True)
class Solution:
    """`amounts` is the proposal; low and high the 95% range of what posterior draws would have chosen near it."""

    amounts: Array
    low: Array
    high: Array
    chance: float
    """Probability of no regression and of no score under a floor."""
    safe: bool


def solve(problem: Problem, starts: Array, *, draws: int = 200, seed: int = 0) -> Solution:
    """Search from each row of `starts` (any positive amounts: they are brought within the bounds first).

    draws: posterior draws behind the range; 0 leaves it at the proposal itself.
    """
    begun = np.array([fitted(row, problem) for row in starts])
    _, spread = problem.change(begun)
    problem = replace(problem, unknown=float(np.median(spread[spread > 0])) if (spread > 0).any() else 0.0)
    begun = np.unique(begun.round(9), axis=0)
    ends = _smooth_ends(begun, problem) if problem.smooth else np.array([_climb(row, problem) for row in begun])
    chance, worth = problem.chance(ends), problem.worth(ends)
    safe = chance >= problem.probability
    pick = int(np.argmax(np.where(safe, worth, -np.inf))) if safe.any() else int(np.argmax(chance))
    best = ends[pick]
    low, high = _range(best, problem, draws, seed) if draws else (best, best)
    return Solution(best, low, high, float(chance[pick]), bool(safe[pick]))


def _smooth_ends(begun: Array, problem: Problem) -> Array:
    """Ends of the gradient search, and a climb with small moves from the best of them and of the starts."""
    promising = begun[np.argsort(-problem.judge(begun)[0])[:_WALKS]]
    walked = [
        fitted(best_smooth(row, problem.low, problem.high, problem.budget, problem.judge), problem) for row in promising
    ]
    ends = np.vstack([begun, *walked])
    worth, slack = problem.judge(ends)
    short = np.minimum(slack.min(axis=1), 0.0)
    kept = short > -1e-4
    pick = int(np.argmax(np.where(kept, worth, -np.inf))) if kept.any() else int(np.argmax(short))
    return np.vstack([ends, _climb(ends[pick], problem, STEPS[2:])])


def fitted(amounts: Array, problem: Problem) -> Array:
    """Amounts scaled to the budget within the bounds."""
    return water_fill(np.maximum(amounts, 1e-9 * problem.budget), problem.low, problem.high, problem.budget)


def divergence(shares: Array, prior: Array) -> Array:
    """KL(shares || prior) in nats; a bucket that the prior lacks counts as one part in a thousand."""
    ratio = np.maximum(shares, 1e-12) / np.maximum(prior, 1e-3)
    value: Array = np.where(shares > 0, shares * np.log(ratio), 0.0).sum(axis=1)
    return value


def _climb(start: Array, problem: Problem, steps: tuple[float, ...] = STEPS) -> Array:
    here = start.copy()
    worth, chance = float(problem.worth(here[None])[0]), float(problem.chance(here[None])[0])
    for step in steps:
        for _ in range(_MOVES):
            moves = _moves(here, step * problem.budget, problem)
            better = None if len(moves) == 0 else _first_better(moves, worth, chance, problem)
            if better is None:
                break
            here, worth, chance = better
    return here


def _moves(here: Array, size: float, problem: Problem) -> Array:
    """All shifts of `size` (or what is there) from one bucket to another that stay within the bounds."""
    give = np.minimum(size, here - problem.low)
    take = np.minimum(size, problem.high - here)
    amount = np.minimum(give[:, None], take[None, :])
    np.fill_diagonal(amount, 0.0)
    source, target = np.nonzero(amount > 1e-3 * size)
    moved = np.repeat(here[None], len(source), axis=0)
    rows = np.arange(len(source))
    moved[rows, source] -= amount[source, target]
    moved[rows, target] += amount[source, target]
    return moved


def _first_better(moves: Array, worth: float, chance: float, problem: Problem) -> tuple[Array, float, float] | None:
    """The safe move of most worth; from an unsafe place, the move that makes it safer."""
    if chance < problem.probability:
        chances = problem.chance(moves)
        pick = int(np.argmax(chances))
        if chances[pick] <= chance + 1e-6:
            return None
        return moves[pick], float(problem.worth(moves[pick : pick + 1])[0]), float(chances[pick])
    values = problem.worth(moves)
    order = np.argsort(-values)
    order = order[values[order] > worth + 1e-9]
    for batch in (order[:_BATCH], order[_BATCH:]):
        if len(batch) == 0:
            break
        chances = problem.chance(moves[batch])
        safe = np.flatnonzero(chances >= problem.probability)
        if len(safe):
            pick = batch[safe[0]]
            return moves[pick], float(values[pick]), float(chances[safe[0]])
    return None


def _range(best: Array, problem: Problem, draws: int, seed: int) -> tuple[Array, Array]:
    """2.5% and 97.5% of the amounts that each joint posterior draw likes most, among safe mixtures near `best`."""
    rng = np.random.default_rng(seed)
    spread = np.repeat([5.0, 20.0, 80.0, 320.0], _POOL // 4)
    centre = np.maximum(best / best.sum(), 1e-3)
    near = np.array([fitted(rng.gamma(s * centre), problem) for s in spread])
    pool = np.vstack([best[None], near])
    safe = problem.chance(pool) >= problem.probability
    safe[0] = True
    pool = pool[safe]
    total = np.zeros((draws, len(pool)))
    for name, weight in problem.weights.items():
        if weight > 0:
            sign = -1.0 if problem.surfaces[name].lower_is_better else 1.0
            total += sign * weight * problem.surfaces[name].draws(pool, draws, rng)
    total -= problem.pull * problem.unknown * divergence(pool / pool.sum(axis=1, keepdims=True), problem.prior)
    chosen = pool[np.argmax(total, axis=1)]
    low, high = np.percentile(chosen, [2.5, 97.5], axis=0)
    return np.minimum(low, best), np.maximum(high, best)


def _above(mean: Array, sd: Array, bound: float) -> Array:
    """P(value >= bound); certain where the deviation is nil."""
    certain = (mean >= bound - 1e-12).astype(np.float64)
    value: Array = np.where(sd > 1e-12, ndtr((mean - bound) / np.maximum(sd, 1e-12)), certain)
    return value
