"""What one row of the score table is worth: each metric from the counts of an item under one arm and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ablation.crossed import Array


def _rate(top: Array, bottom: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)


def _learnable(raw: Mapping[str, Array]) -> Array:
    """1 - [C(k-c,g) + C(c,g)] / C(k,g) at g = k: the group holds both right and wrong samples."""
    samples, correct = raw["samples"], raw["correct"]
    mixed = ((correct > 0) & (correct < samples)).astype(np.float64)
    return np.where((samples > 1) & np.isfinite(correct), mixed, np.nan)


def _headroom(raw: Mapping[str, Array]) -> Array:
    """pass@k - pass@1 at k = all samples."""
    samples, correct = raw["samples"], raw["correct"]
    return np.where(samples > 1, (correct > 0) - _rate(correct, samples), np.nan)


def _pass_at_all(raw: Mapping[str, Array]) -> Array:
    samples, correct = raw["samples"], raw["correct"]
    solved = (correct > 0).astype(np.float64)
    return np.where((samples > 1) & np.isfinite(correct), solved, np.nan)


METRICS: dict[str, Callable[[Mapping[str, Array]], Array]] = {
    "pass@1": lambda raw: _rate(raw["correct"], raw["samples"]),
    "pass@k": _pass_at_all,
    "nll": lambda raw: -raw["nll"],
    "entropy": lambda raw: raw["entropy"],
    "learnable": _learnable,
    "headroom": _headroom,
    "terminates": lambda raw: _rate(raw["terminated"], raw["samples"]),
    "parses": lambda raw: _rate(raw["parsed"], raw["samples"]),
    "maj@k": lambda raw: np.where(raw["samples"] > 1, raw["majority"], np.nan),
    "self-consistency": lambda raw: np.where(
        raw["samples"] > 1, raw["majority"] - _rate(raw["correct"], raw["samples"]), np.nan
    ),
    "distinct-correct": lambda raw: np.where(raw["samples"] > 1, raw["distinct_correct"], np.nan),
    "distinct-2": lambda raw: raw["distinct_2"],
}
"""pass@k and maj@k are at k = all samples; self-consistency is maj@k - pass@1."""
BOUNDED = frozenset(
    {"pass@1", "learnable", "headroom", "terminates", "parses", "pass@k", "maj@k", "self-consistency", "distinct-2"}
)
"""Rates: their standard error has a floor."""
