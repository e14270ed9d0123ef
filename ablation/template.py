"""How alike a model's answers open, in excess of the reference answers and of the base model.

The measure is the chance that the answers to two prompts of different clusters open alike (`openings`): it needs no
number of "commonest openings", and it is unbiased whatever the number of prompts, which a share of the top K is not.
A bucket whose right answers open alike (JSON, a refusal) has a high chance in its references too: only the excess
speaks. Standard errors are a delete-one-cluster jackknife plus the spread between seeds.
Not covered: endings, paraphrase, and prompts of one cluster opening alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ablation.stats import NOTHING, Array, Estimate


@dataclass(frozen=True)
class Excess:
    """Chance of opening alike: the arm minus the references, and minus the base, on the same prompts."""

    arm: float
    over_reference: Estimate
    """NOTHING where the items have no reference long enough to open in some way."""
    over_base: Estimate


def excess(openings: pl.DataFrame, bucket: str, arm: str, base: str = "base", split: str = "dev") -> Excess | None:
    """None where the arm's openings were not kept."""
    rows = openings.filter(bucket=bucket, split=split).filter(pl.col("openings").fill_null("") != "").sort("item")
    treated = rows.filter(arm=arm)
    if treated.is_empty():
        return None
    told = treated.filter(pl.col("reference_opening").fill_null("") != "")
    reference = told.unique("item", maintain_order=True).with_columns(openings="reference_opening", seed=pl.lit(0))
    return Excess(
        arm=_mean([_alike(part)[0] for part in _seeds(treated)]),
        over_reference=_difference(told, reference),
        over_base=_difference(treated, rows.filter(arm=base)),
    )


def _difference(treated: pl.DataFrame, control: pl.DataFrame) -> Estimate:
    common = _in_every_run(treated) & _in_every_run(control)
    ours, theirs = (frame.filter(pl.col("item").is_in(list(common))) for frame in (treated, control))
    if ours["cluster"].n_unique() < 3:
        return NOTHING
    seeds = [_alike(part) for part in _seeds(ours)]
    against = [_alike(part) for part in _seeds(theirs)]
    mean = _mean([value for value, _ in seeds]) - _mean([value for value, _ in against])
    left_out = np.mean([gone for _, gone in seeds], axis=0) - np.mean([gone for _, gone in against], axis=0)
    count = len(left_out)
    by_cluster = (count - 1) / count * float(np.square(left_out - left_out.mean()).sum())
    runs = len(seeds)
    by_seed = float(np.var([value for value, _ in seeds], ddof=1)) / runs if runs > 1 else 0.0
    variance = by_cluster + by_seed
    below = by_cluster**2 / (count - 1) + (by_seed**2 / (runs - 1) if runs > 1 else 0.0)
    # a rate over n prompts is not certain because all are alike: the floor of `stats.estimate`
    se = max(math.sqrt(variance), 1.0 / (len(common) + 2))
    df = variance**2 / below if below > 0 else float(count - 1)
    return Estimate(mean, se, df, len(common), count, runs, by_seed * runs, by_cluster * len(common), 0.0)


def _in_every_run(frame: pl.DataFrame) -> set[str]:
    """Items that no seed lacks: clusters are left out in turn, so every run must have the same ones."""
    runs = [set(part["item"]) for part in _seeds(frame)]
    return set.intersection(*runs) if runs else set()


def _seeds(frame: pl.DataFrame) -> list[pl.DataFrame]:
    return frame.partition_by("seed", maintain_order=True)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _alike(rows: pl.DataFrame) -> tuple[float, Array]:
    """(chance of opening alike, the same without each cluster in turn) of one run; rows are one a prompt.

    With P_i(v) the share of prompt i's samples that open as v, G_c = sum of P_i over a cluster's prompts, S = sum of
    G_c: (sum_v S_v^2 - sum_cv G_cv^2) / (n^2 - sum_c n_c^2) over ordered pairs of prompts from different clusters.
    """
    _, clusters = np.unique(rows["cluster"].to_numpy(), return_inverse=True)
    lists = [text.split() for text in rows["openings"].to_list()]
    names = {name: i for i, name in enumerate(dict.fromkeys(name for line in lists for name in line))}
    share = np.zeros((len(lists), len(names)))
    for i, line in enumerate(lists):
        for name in line:
            share[i, names[name]] += 1.0 / len(line)
    count = int(clusters.max()) + 1
    grouped = np.zeros((count, len(names)))
    np.add.at(grouped, clusters, share)
    sizes = np.bincount(clusters, minlength=count).astype(np.float64)
    total, own = grouped.sum(axis=0), np.square(grouped).sum(axis=1)
    alike = float(total @ total - own.sum())
    pairs = float(len(lists) ** 2 - sizes @ sizes)
    # without cluster c: |S - G_c|^2 - (sum own - own_c), over (n - n_c)^2 - (sum sizes^2 - n_c^2)
    fewer = float(total @ total) - 2 * grouped @ total + own - (own.sum() - own)
    fewer_pairs = (len(lists) - sizes) ** 2 - (float(sizes @ sizes) - sizes**2)
    gone = np.where(fewer_pairs > 0, fewer / np.maximum(fewer_pairs, 1.0), np.nan)
    return (alike / pairs if pairs > 0 else math.nan), gone
