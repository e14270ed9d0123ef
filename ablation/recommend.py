"""A proposed mixture: from measured curves and leave-one-out gains to tokens per bucket, with intervals.

Each free bucket has value m_b log2(t_b) (its fitted gain per doubling, times the share of that gain which its own rows
carry); the sum under a token budget, minus a KL pull toward the prior, is largest where tokens are proportional to
m_b / sum(m) + k prior_b, clipped to floors and to the repetition cap (water-filling).
Not covered: interactions between buckets beyond the leave-one-out arms. A proposal never re-run is a guess: train it,
and the proportional and uniform mixtures beside it, with fresh seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ablation.curve import line_points, slope_weights
from ablation.evidence import Margins
from ablation.gain import Decision, Mixture, Weight
from ablation.scores import BOUNDED, Cell, Scores, read_scores
from ablation.stats import Array, resample
from buckets import RefusedError


@dataclass(frozen=True)
class Limits:
    """What a mixture must obey. Floors are shares of the budget."""

    repetition_cap: float = 4.0
    """Most epochs of any bucket's rows (up to about 4 repeats are nearly as good as new: Muennighoff 2023)."""
    floors: Mapping[str, float] | None = None
    redundant_share: float = 0.01
    """Floor share of a redundant bucket that has no floor of its own."""
    pull: float = 0.25
    """Weight of the prior in the free part: k / (1 + k)."""
    draws: int = 200
    seed: int = 0

    def floor(self, bucket: str) -> float:
        return (self.floors or {}).get(bucket, 0.0)


@dataclass(frozen=True)
class _Draws:
    """Per draw and bucket: gain per doubling, own leave-one-out gain, score by dose. Row 0 is the data themselves."""

    slope: Array
    own: Array
    full_base: Array
    flat_dose: Array
    """Smallest dose within the margin of the best dose."""


def recommend(
    scores: pl.DataFrame | Scores,
    decision: Decision,
    available: Mapping[str, int],
    budget_tokens: int | None = None,
    prior: Mapping[str, float] | None = None,
    *,
    trained: Mapping[str, int] | None = None,
    margins: Margins | None = None,
    limits: Limits | None = None,
) -> Mixture:
    """Tokens per bucket of `available` for the next run.

    available: unique trainable tokens per bucket. trained: unique tokens of the full arm (default: all available).
    budget_tokens: default one pass over everything. prior: default proportional to `available`.
    Raises RefusedError when the budget needs more than `repetition_cap` epochs of everything, or floors exceed it.
    """
    margins, limits = margins or Margins(), limits or Limits()
    table = scores if isinstance(scores, Scores) else read_scores(scores)
    names = [name for name in sorted(available) if available[name] > 0]
    size = np.array([available[name] for name in names], dtype=np.float64)
    budget = int(size.sum()) if budget_tokens is None else budget_tokens
    _refuse(names, size, budget, limits)
    share = size / size.sum()
    pull_to = share if prior is None else _normal(np.array([max(prior.get(n, 0.0), 0.0) for n in names]), share)
    used = np.array([float((trained or available).get(name, 0)) for name in names])
    label = {bucket.bucket: bucket.label for bucket in decision.buckets}
    draws = _measure(table, names, margins, limits)
    plans = [
        _plan(names, label, draws, row, size, used, float(budget), pull_to, margins, limits)
        for row in range(len(draws.slope))
    ]
    tokens = np.array(plans)
    mean = tokens[1:].mean(axis=0) if len(tokens) > 1 else tokens[0]
    return _mixture(names, label, tokens, mean, size, share, draws, limits, budget)


def _refuse(names: list[str], size: Array, budget: int, limits: Limits) -> None:
    if not names:
        raise RefusedError("no bucket has tokens: there is nothing to mix")
    if budget <= 0:
        raise RefusedError(f"the token budget must be positive, not {budget}")
    most = limits.repetition_cap * float(size.sum())
    if budget > most:
        raise RefusedError(
            f"a budget of {budget} tokens needs {budget / size.sum():.1f} epochs of everything; the cap is "
            f"{limits.repetition_cap:g} ({most:.0f} tokens): lower the budget or add rows"
        )
    floors = sum(limits.floor(name) for name in names)
    if floors > 1.0 + 1e-9:
        raise RefusedError(f"the floors add up to {floors:.2f} of the budget: lower them to at most 1")


def _normal(values: Array, otherwise: Array) -> Array:
    total = float(values.sum())
    return values / total if total > 0 else otherwise


def _measure(scores: Scores, names: list[str], margins: Margins, limits: Limits) -> _Draws:
    rows = limits.draws + 1
    shape = (rows, len(names))
    slope, own = np.zeros(shape), np.full(shape, np.nan)
    total, flat = np.full(shape, np.nan), np.ones(shape)
    for column, name in enumerate(names):
        cell = scores.cells.get((name, "dev"))
        if cell is None:
            continue
        doses = {arm: dose for arm, dose in scores.doses.items() if arm in cell.arms}
        arms, means = _means(cell, doses, scores.left_out.get(name), margins.metric, limits, column)
        if means.size == 0:
            continue
        at = {arm: means[:, i] for i, arm in enumerate(arms)}
        recent = line_points(cell, doses, metric=margins.metric)
        if len(recent) > 1:
            weights = slope_weights([doses[arm] for arm in recent])
            slope[:, column] = sum(w * at[arm] for w, arm in zip(weights, recent, strict=True))
            if (
                margins.metric in BOUNDED
            ):  # no rate leaves 0 to 1: what is left above full is all that a doubling can give
                slope[:, column] = np.clip(slope[:, column], -at["full"], 1.0 - at["full"])
        best = np.max([at[arm] for arm in doses], axis=0)
        for arm in reversed(doses):
            flat[:, column] = np.where(best - at[arm] < margins.margin, doses[arm], flat[:, column])
        if "loo" in at:
            own[:, column] = at["full"] - at["loo"]
        if "base" in at:
            total[:, column] = at["full"] - at["base"]
    return _Draws(slope, own, total, flat)


def _means(
    cell: Cell, doses: Mapping[str, float], left_out: str | None, metric: str, limits: Limits, column: int
) -> tuple[list[str], Array]:
    """Arm means: the data in row 0, then bootstrap draws over seeds x clusters, shared by all arms of the cell."""
    present = {"base": "base", "loo": left_out or ""}
    extra = {
        alias: arm for alias, arm in present.items() if arm in cell.arms and math.isfinite(cell.score(arm, metric))
    }
    arms = [*doses, *extra]
    block, clusters = cell.block((*doses, *extra.values()), metric)
    if "full" not in doses or block.size == 0:
        return arms, np.zeros((0, 0))
    boot = resample(block.shape[1], clusters, limits.draws, limits.seed + column).means(block)
    return arms, np.vstack([block.mean(axis=(1, 2))[None], boot])


def _plan(
    names: list[str],
    label: Mapping[str, str],
    draws: _Draws,
    row: int,
    size: Array,
    used: Array,
    budget: float,
    prior: Array,
    margins: Margins,
    limits: Limits,
) -> Array:
    """Tokens per bucket of one draw.

    A bucket asks for the dose it needs to keep what it has (a last slope says nothing about the slope below the knee),
    but for no more than its prior share.
    """
    floor = np.array([limits.floor(name) for name in names]) * budget
    cap = np.maximum(limits.repetition_cap * size, 0.0)
    low, high = np.minimum(floor, cap), cap.copy()
    for i, name in enumerate(names):
        kind = label.get(name, "undecided")
        if kind == "harmful":
            high[i] = low[i]
        elif kind == "redundant" and not draws.own[row, i] > margins.margin:
            high[i] = low[i] = min(max(low[i], limits.redundant_share * budget), cap[i])
        elif kind in ("saturated", "over-trained") and draws.slope[row, i] < margins.margin:
            enough = draws.flat_dose[row, i] * used[i]
            high[i] = low[i] = min(max(low[i], enough), cap[i])
        elif kind == "below the base":  # neither more nor less of it is shown to help
            high[i] = low[i] = min(max(low[i], prior[i] * budget), cap[i])
        elif kind != "still gaining" and draws.full_base[row, i] > margins.margin:
            low[i] = min(max(low[i], draws.flat_dose[row, i] * used[i]), cap[i])
    low = _shrink(np.minimum(low, np.maximum(floor, prior * budget)), floor, budget)
    high = np.maximum(high, low)
    counts = np.array([label.get(name) != "below the base" for name in names])
    value = np.where(counts, np.maximum(draws.slope[row], 0.0) * _own_share(draws, row), 0.0)
    free = high > low
    pull = limits.pull if value[free].sum() > 0 else 1.0
    wish = (1.0 - pull) * _normal(np.where(free, value, 0.0), prior) + pull * _normal(np.where(free, prior, 0.0), prior)
    placed = water_fill(wish, low, high, budget)
    short = budget - placed.sum()
    if short > 0.5:
        barred = np.array([label.get(name) == "harmful" for name in names])
        placed = water_fill(prior, placed, np.where(barred, placed, cap), budget)
    return placed


def _shrink(low: Array, floor: Array, budget: float) -> Array:
    """Floors stay; what buckets ask beyond them gives way when the budget is short."""
    asked = low - np.minimum(floor, low)
    room = budget - float(np.minimum(floor, low).sum())
    scale = 1.0 if asked.sum() <= room else max(room, 0.0) / float(asked.sum())
    result: Array = np.minimum(floor, low) + asked * scale
    return result


def _own_share(draws: _Draws, row: int) -> Array:
    """Share of full - base on a bucket's eval that goes when its own rows go; 1 where it was not measured."""
    own, total = draws.own[row], draws.full_base[row]
    known = np.isfinite(own) & np.isfinite(total) & (total > 1e-9)
    share: Array = np.where(known, np.clip(own / np.where(known, total, 1.0), 0.0, 1.0), 1.0)
    return share


def water_fill(wish: Array, low: Array, high: Array, budget: float) -> Array:
    """argmax sum wish_b log t_b with low <= t <= high and sum t = budget: t = clip(wish / price, low, high).

    Returns `high` (sum below budget) when the caps cannot hold the budget, `low` when the floors already fill it.
    """
    if high.sum() <= budget:
        return high.copy()
    if low.sum() >= budget:
        return low.copy()
    wish = np.maximum(wish, 1e-12)
    bottom, top = 0.0, float((high / wish).max())
    for _ in range(200):
        scale = (bottom + top) / 2
        placed = np.clip(wish * scale, low, high)
        bottom, top = (scale, top) if placed.sum() < budget else (bottom, scale)
    result: Array = np.clip(wish * top, low, high)
    return result * (budget / result.sum()) if abs(result.sum() - budget) < 1e-6 * budget else result


def _mixture(
    names: list[str],
    label: Mapping[str, str],
    tokens: Array,
    mean: Array,
    size: Array,
    share: Array,
    draws: _Draws,
    limits: Limits,
    budget: int,
) -> Mixture:
    total = float(mean.sum())
    whole = _whole(mean, min(budget, round(total)))
    weight = whole / whole.sum()
    spread = tokens / tokens.sum(axis=1, keepdims=True)
    low, high = np.percentile(spread, [2.5, 97.5], axis=0)
    notes = ["train this, the proportional and the uniform mixture with fresh seeds before believing it"]
    if total < budget - 1:
        notes.append(
            f"only {total:.0f} of {budget} tokens placed: the rest would repeat rows beyond the cap or do harm"
        )
    if not np.isfinite(draws.slope).all() or not draws.slope.any():
        notes.append("no dose curve: weights are the prior, floors and labels only")
    lines = tuple(
        Weight(
            bucket=name,
            weight=float(weight[i]),
            low=float(min(low[i], weight[i])),
            high=float(max(high[i], weight[i])),
            tokens=int(whole[i]),
            epochs=float(whole[i] / size[i]),
            available_tokens=int(size[i]),
            proportional=float(share[i]),
            uniform=1.0 / len(names),
            why=_why(label.get(name, "undecided"), draws, i, limits.floor(name)),
        )
        for i, name in enumerate(names)
    )
    return Mixture(int(whole.sum()), lines, "proposal", tuple(notes))


def _whole(tokens: Array, total: int) -> Array:
    """Whole tokens with the largest remainders rounded up, adding to `total`."""
    down = np.floor(tokens)
    left = int(total - down.sum())
    order = np.argsort(-(tokens - down), kind="stable")
    for i in order[: max(left, 0)]:
        down[i] += 1
    return down


def _why(kind: str, draws: _Draws, i: int, floor: float) -> str:
    slope, own = draws.slope[0, i], draws.own[0, i]
    bought = "" if not math.isfinite(own) else f"; its own rows buy {own:+.3f}"
    if kind == "harmful":
        return "harmful to other buckets: " + (f"cut to its floor of {floor:.0%}" if floor else "left out")
    if kind == "redundant":
        return f"redundant: a floor share{bought}"
    if kind in ("saturated", "over-trained"):
        return f"{kind}: dose {draws.flat_dose[0, i]:g} is within the margin of the best dose{bought}"
    if kind == "below the base":
        return f"{kind}: full is {draws.full_base[0, i]:+.3f} against it, so its slope does not count{bought}"
    return f"{kind}: {slope:+.3f} per doubling{bought}"
