"""The arms of a campaign as points: trained tokens per bucket, and their mean dev score per eval bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ablation.scores import Cell, Scores
from ablation.stats import Array
from ablation.surface import FEWEST
from buckets import InputError

SAME = 0.01
"""Two arms are one mixture when their tokens differ by less than this share in every bucket."""


@dataclass(frozen=True)
class TrainedArms:
    """`tokens` is arms x buckets (trained, repeats included); `scores` per eval bucket, NaN where not measured."""

    names: tuple[str, ...]
    buckets: tuple[str, ...]
    tokens: Array
    scores: Mapping[str, Array]
    current: Array
    """Tokens of the full arm, the mixture that regressions are measured against."""


def trained_arms(
    table: Scores, buckets: list[str], arm_tokens: Mapping[str, Mapping[str, int]] | None, metric: str
) -> tuple[TrainedArms | None, str]:
    """The arms a surface can be fitted to, or None and a note why not ("" when no tokens were given at all).

    The untrained base is no mixture: what the first SFT rows teach (stopping, format) is a step that a smooth surface
    would smear. A dose that repeats fewer rows to the same tokens as the full arm differs from it in uniqueness, which
    tokens do not show: it is left to the curves.
    """
    if not arm_tokens:
        return None, ""
    seen = {arm for (_, split), cell in table.cells.items() if split == "dev" for arm in cell.arms}
    full = arm_tokens.get("full")
    if full is None:
        return None, "no response surface: the tokens of the full arm are not known, and nothing else can be compared"
    current = _row("full", full, buckets)
    names, rows = [], []
    for name in sorted(arm_tokens):
        row = _row(name, arm_tokens[name], buckets)
        repeated = name in table.doses and name != "full" and bool(_alike(row, current))
        if name in seen and row.sum() > 0 and not repeated:
            names.append(name)
            rows.append(row)
    tokens = np.array(rows).reshape(len(rows), len(buckets))
    needed = max(2 * len(buckets) + 2, FEWEST)
    distinct = len(np.unique(np.round(tokens / max(float(current.sum()), 1.0), 3), axis=0))
    if "full" not in names or distinct < needed:
        return None, (
            f"no response surface: {distinct} different mixtures with known tokens were trained and "
            f"{len(buckets)} buckets need {needed} (each bucket moved at least twice, and {FEWEST} or more); "
            "this is from the curves"
        )
    scores = {bucket: _means(cell, names, metric) for (bucket, split), cell in table.cells.items() if split == "dev"}
    measured = {bucket: values for bucket, values in scores.items() if np.isfinite(values).sum() >= needed}
    if not measured:
        return None, f"no response surface: no eval bucket has {metric} on dev for {needed} arms"
    return TrainedArms(tuple(names), tuple(buckets), tokens, measured, current), ""


def _row(arm: str, tokens: Mapping[str, int], buckets: list[str]) -> Array:
    row = np.array([float(tokens.get(name, 0)) for name in buckets])
    if not np.isfinite(row).all() or (row < 0).any():
        raise InputError(f"arm {arm!r}: trained tokens must be counts from 0 up, in every bucket")
    return row


def _alike(row: Array, other: Array) -> bool:
    return bool((np.abs(row - other) <= SAME * np.maximum(other, 1.0)).all())


def _means(cell: Cell, arms: list[str], metric: str) -> Array:
    """Mean score per arm over the prompts that every arm answered, seeds first: no arm is judged on easier prompts."""
    blocks = [cell.arm(arm, metric) if arm in cell.arms else np.full((1, len(cell.items)), np.nan) for arm in arms]
    counts = [np.isfinite(block).sum(axis=0) for block in blocks]
    by_prompt = np.array(
        [
            np.where(n > 0, np.where(np.isfinite(b), b, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)
            for b, n in zip(blocks, counts, strict=True)
        ]
    )
    here = np.isfinite(by_prompt).any(axis=1)
    if not here.any():
        return np.full(len(arms), np.nan)
    common = np.isfinite(by_prompt[here]).all(axis=0)
    kept = by_prompt[:, common] if common.any() else by_prompt
    counts_kept = np.isfinite(kept).sum(axis=1)
    sums = np.where(np.isfinite(kept), kept, 0.0).sum(axis=1)
    means: Array = np.where(counts_kept > 0, sums / np.maximum(counts_kept, 1), np.nan)
    return means
