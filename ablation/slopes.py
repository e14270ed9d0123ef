"""A mixture from curves and leave-one-out arms, for campaigns too small for a response surface.

Each free bucket has value m_b log2(t_b) (its fitted gain per doubling, times the share of that gain which its own rows
carry); the sum under a token budget, minus a KL pull toward the prior, is largest where tokens are proportional to
m_b / sum(m) + k prior_b, clipped to floors and to the repetition cap (water-filling).
Not covered: interactions between buckets beyond the leave-one-out arms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ablation.curve import line_points, slope_weights
from ablation.evidence import Margins
from ablation.gain import Mixture, Weight
from ablation.limits import Limits, normal
from ablation.scores import BOUNDED, Cell, Scores
from ablation.stats import Array, resample
from ablation.water import water_fill, whole_tokens


@dataclass(frozen=True)
class _Draws:
    """Per draw and bucket: gain per doubling, own leave-one-out gain, score by dose. Row 0 is the data themselves."""

    slope: Array
    own: Array
    full_base: Array
    flat_dose: Array
    """Smallest dose within the margin of the best dose."""


def from_curves(
    table: Scores,
    label: Mapping[str, str],
    available: Mapping[str, int],
    trained: Mapping[str, int],
    budget: int,
    prior: Mapping[str, float],
    margins: Margins,
    limits: Limits,
) -> Mixture:
    """The means over bootstrap draws of seeds x clusters; labels are those of the decision.

    Where every bucket is harmful to another and none has a floor, leaving all out is no mixture: the prior stands.
    """
    names = sorted(prior)
    at_war = all(label.get(name) == "harmful" and not limits.floor(name) for name in names)
    label = dict.fromkeys(names, "undecided") if at_war else label
    size = np.array([available[name] for name in names], dtype=np.float64)
    used = np.array([float(trained.get(name, 0)) for name in names])
    pull_to = np.array([prior[name] for name in names])
    draws = _measure(table, names, margins, limits)
    plans = [
        _plan(names, label, draws, row, size, used, float(budget), pull_to, margins, limits)
        for row in range(len(draws.slope))
    ]
    tokens = np.array(plans)
    mean = tokens[1:].mean(axis=0) if len(tokens) > 1 else tokens[0]
    found = _mixture(names, label, tokens, mean, size, size / size.sum(), draws, limits, budget)
    war = "every bucket is labelled harmful to another: no share is to be believed before they are trained apart"
    return replace(found, notes=(*found.notes, war)) if at_war else found


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
    wish = (1.0 - pull) * normal(np.where(free, value, 0.0), prior) + pull * normal(np.where(free, prior, 0.0), prior)
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
    whole = whole_tokens(mean, min(budget, round(total)))
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
            why=_why(label.get(name, "undecided"), draws, i, limits.floor(name)) + _capped(whole[i] / size[i], limits),
        )
        for i, name in enumerate(names)
    )
    return Mixture(int(whole.sum()), lines, "proposal", tuple(notes))


def _capped(epochs: float, limits: Limits) -> str:
    """A small share of a bucket that gains must not be read as its worth."""
    full = epochs > 0.99 * limits.repetition_cap
    return f"; held at {limits.repetition_cap:g} epochs of its rows: more of it needs new rows" if full else ""


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
