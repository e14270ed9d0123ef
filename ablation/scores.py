"""The long table of scores as dense arrays: one cell per eval bucket and split, arms x seeds x prompts.

NaN is "not measured": a failed trial, no samples, no reference turn. Rows are never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from ablation.item_metrics import BOUNDED, METRICS
from ablation.stats import NOTHING, Array, Codes, Estimate, Mask, SeedRatio, estimate, seed_ratio
from buckets import InputError

__all__ = ["BOUNDED", "METRICS", "NEEDED", "Cell", "Scores", "read_scores"]

_KEYS = ("arm", "seed", "item", "bucket", "split")
_NUMBERS = ("samples", "terminated", "parsed", "correct", "entropy", "nll")
_OPTIONAL = ("distinct_correct", "majority", "distinct_2")
"""Read where the table has them; a table without one says "not measured" of what rests on it."""
NEEDED = (*_KEYS, "kind", "left_out", "dose", "cluster", *_NUMBERS)
"""The columns of `SCORE_COLUMNS` that the analysis reads."""


@dataclass(frozen=True)
class Cell:
    """One eval bucket and split. `raw[column]` is arms x seeds x prompts."""

    bucket: str
    split: str
    arms: tuple[str, ...]
    trained: tuple[bool, ...]
    items: tuple[str, ...]
    labels: tuple[str, ...]
    """Cluster of each prompt."""
    clusters: Codes
    raw: Mapping[str, Array]
    _cache: dict[str, SeedRatio | None] = field(default_factory=dict, repr=False, compare=False)
    _values: dict[str, Array] = field(default_factory=dict, repr=False, compare=False)

    def values(self, metric: str) -> Array:
        if metric not in self._values:
            self._values[metric] = METRICS[metric](self.raw)
        return self._values[metric]

    def arm(self, name: str, metric: str) -> Array:
        """seeds x prompts; the untrained base stands in for every seed it was not run with."""
        index = self.arms.index(name)
        block: Array = self.values(metric)[index]
        if self.trained[index]:
            return block
        seen = np.isfinite(block)
        counts = seen.sum(axis=0)
        mean = np.where(counts > 0, np.where(seen, block, 0.0).sum(axis=0) / np.maximum(counts, 1), np.nan)
        filled: Array = np.where(seen.any(axis=1, keepdims=True), block, mean[None, :])
        return filled

    def contrast(self, weights: Mapping[str, float], metric: str, keep: Mask | None = None) -> Estimate:
        """sum_a w_a score_a, paired by prompt and seed. `keep` is a boolean mask over prompts."""
        if any(name not in self.arms for name in weights):
            return NOTHING
        blocks = [weight * self.arm(name, metric) for name, weight in weights.items()]
        total: Array = np.sum(blocks, axis=0)
        clusters = self.clusters
        if keep is not None:
            total, clusters = total[:, keep], clusters[keep]
        widest = sum(abs(weight) for weight in weights.values()) / 2.0 if metric in BOUNDED else 0.0
        return estimate(total, clusters, ratio=self.ratio(metric), bounded=widest)

    def block(self, arms: tuple[str, ...], metric: str) -> tuple[Array, Codes]:
        """arms x seeds x prompts without gaps (see `stats.complete`), and the clusters of the prompts left."""
        stack = np.stack([self.arm(name, metric) for name in arms])
        seen = np.isfinite(stack)
        prompts = seen.any(axis=(0, 1))
        if not prompts.any():
            return stack[:, :0, :0], self.clusters[:0]
        seeds = (seen[:, :, prompts].mean(axis=2) >= 0.5).all(axis=0)
        kept = seen[:, seeds].all(axis=(0, 1)) if seeds.any() else np.zeros_like(prompts)
        return stack[:, seeds][:, :, kept], self.clusters[kept]

    def ratio(self, metric: str) -> SeedRatio | None:
        """Seed variance pooled over the trained arms of this cell; arms that lack a seed sit out."""
        if metric not in self._cache:
            self._cache[metric] = self._pooled(metric)
        return self._cache[metric]

    def _pooled(self, metric: str) -> SeedRatio | None:
        seen = np.isfinite(self.values(metric))
        runs = seen.mean(axis=2) >= 0.5 * seen.any(axis=(0, 1)).mean()
        names = [
            name
            for name, trained, row in zip(self.arms, self.trained, runs, strict=True)
            if trained and row.sum() == runs.sum(axis=1).max()
        ]
        if len(names) < 3:
            return None
        block, clusters = self.block(tuple(names), metric)
        return seed_ratio(block, clusters) if block.size else None

    def score(self, arm: str, metric: str) -> float:
        """Mean over what was measured; NaN when nothing was."""
        block = self.arm(arm, metric)
        seen = np.isfinite(block)
        return float(block[seen].mean()) if seen.any() else float("nan")

    def informative(self, metric: str, low: float = 0.05, high: float = 0.95) -> bool:
        """Some arm neither fails nor solves it; unbounded metrics always inform when measured."""
        scores = [self.score(arm, metric) for arm in self.arms]
        if metric not in BOUNDED:
            return bool(np.isfinite(scores).any())
        return any(low < value < high for value in scores if np.isfinite(value))


@dataclass(frozen=True)
class Scores:
    """All cells of a campaign."""

    cells: Mapping[tuple[str, str], Cell]
    doses: Mapping[str, float]
    """Arm name -> dose of the dose arms and of "full", ascending."""
    left_out: Mapping[str, str]
    """Bucket -> its leave-one-out arm."""
    mixtures: tuple[str, ...]
    """Arms that trained a proposed or baseline mixture."""
    pooled: Mapping[str, Cell]
    """Split -> the prompts of all buckets in one cell."""
    openings: pl.DataFrame | None = None
    """arm, seed, item, bucket, split, cluster, openings, reference_opening; None where the table has none."""

    @cached_property
    def buckets(self) -> tuple[str, ...]:
        return tuple(sorted({bucket for bucket, _ in self.cells}))

    @cached_property
    def splits(self) -> tuple[str, ...]:
        return tuple(sorted({split for _, split in self.cells}))

    def contrast(self, weights: Mapping[str, float], bucket: str, split: str, metric: str) -> Estimate:
        cell = self.cells.get((bucket, split))
        return NOTHING if cell is None else cell.contrast(weights, metric)

    def step(self) -> tuple[str, str] | None:
        """The last dose increment (treated, control), e.g. ("full", "dose:0.5")."""
        names = list(self.doses)
        return (names[-1], names[-2]) if len(names) > 1 else None


def read_scores(frame: pl.DataFrame) -> Scores:
    """Dense cells from the long table of `SCORE_COLUMNS`; a trial written twice counts once, the last time.

    Raises InputError when columns are missing or numbers are not numbers.
    """
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise InputError(f"the score table lacks the columns {', '.join(missing)}")
    try:
        frame = frame.with_columns(
            pl.col("dose", *_NUMBERS, *(name for name in _OPTIONAL if name in frame.columns)).cast(pl.Float64),
            pl.col("seed").cast(pl.Int64),
            pl.col("arm", "item", "bucket", "split", "kind", "left_out").cast(pl.String),
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(f"the score table has a column of the wrong type: {error}") from error
    frame = frame.drop_nulls(list(_KEYS)).unique(list(_KEYS), keep="last", maintain_order=True)
    named = pl.col("cluster").cast(pl.String)
    alone = named.is_null() | (named == "")
    frame = frame.with_columns(pl.when(alone).then(pl.format("item {}", "item")).otherwise(named).alias("cluster"))
    _counted(frame)
    doses = _doses(frame)
    left_out = {
        str(bucket): str(name)
        for name, kind, bucket in frame.select("arm", "kind", "left_out").unique().sort("arm").iter_rows()
        if kind == "leave_one_out" and bucket
    }
    cells = {(str(part["bucket"][0]), str(part["split"][0])): _cell(part) for part in _parts(frame)}
    everything = frame.with_columns(
        pl.format("{}/{}", "bucket", "item").alias("item"),
        pl.format("{}/{}", "bucket", "cluster").alias("cluster"),
        pl.lit("all").alias("bucket"),
    )
    pooled = {str(part["split"][0]): _cell(part) for part in _parts(everything)}
    mixtures = tuple(str(arm) for arm in frame.filter(kind="mixture")["arm"].unique().sort())
    told = ["openings", "reference_opening"]
    openings = frame.select(*_KEYS, "cluster", *told) if set(told) <= set(frame.columns) else None
    return Scores(cells, doses, left_out, mixtures, pooled, openings)


def _counted(frame: pl.DataFrame) -> None:
    """Raises InputError where more samples are correct than were drawn, or fewer than none."""
    right = pl.col("correct")
    odd = frame.filter(~right.is_nan() & ((right < 0) | (right > pl.col("samples"))))
    if odd.height:
        arm, item, count, samples = odd.select("arm", "item", "correct", "samples").row(0)
        raise InputError(
            f"the score table has {count:g} of {samples:g} samples correct for item {item!r} of arm {arm!r}: "
            "a count lies between 0 and the samples"
        )


def _doses(frame: pl.DataFrame) -> dict[str, float]:
    """Dose arms and "full", ascending. Raises InputError for doses that no curve can be drawn over."""
    dosed = frame.filter(pl.col("kind").is_in(["full", "dose"])).select("arm", "kind", "dose").unique()
    found: dict[str, float] = {}
    for name, kind, dose in dosed.sort("dose", "arm").iter_rows():
        if dose is None or not 0 < dose < float("inf"):
            raise InputError(f"the score table gives arm {name!r} the dose {dose}: a share above 0 is needed")
        if kind == "dose" and dose >= 1.0:
            continue
        if name in found or dose in found.values():
            raise InputError(
                f"the score table has dose {dose:g} twice, or two doses for arm {name!r}: keep one arm each"
            )
        found[str(name)] = float(dose)
    return found


def _parts(frame: pl.DataFrame) -> list[pl.DataFrame]:
    return frame.sort("bucket", "split", "item").partition_by("bucket", "split", maintain_order=True)


def _codes(column: pl.Series) -> tuple[list[object], npt.NDArray[np.int64]]:
    values, codes = np.unique(column.to_numpy(), return_inverse=True)
    return list(values), codes.astype(np.int64)


def _cell(part: pl.DataFrame) -> Cell:
    arms, arm_codes = _codes(part["arm"])
    seeds, seed_codes = _codes(part["seed"])
    items, item_codes = _codes(part["item"])
    shape = (len(arms), len(seeds), len(items))
    raw: dict[str, Array] = {}
    for name in (*_NUMBERS, *_OPTIONAL):
        dense = np.full(shape, np.nan)
        if name not in part.columns:
            raw[name] = dense
            continue
        column = part[name].fill_null(float("nan")).to_numpy().astype(np.float64)
        dense[arm_codes, seed_codes, item_codes] = np.where(np.isfinite(column), column, np.nan)
        raw[name] = dense
    label = dict(zip(part["item"].to_list(), part["cluster"].to_list(), strict=True))
    labels = tuple(str(label[item]) for item in items)
    _, clusters = np.unique(labels, return_inverse=True)
    base = set(part.filter(pl.col("kind") == "base")["arm"].to_list())
    return Cell(
        bucket=str(part["bucket"][0]),
        split=str(part["split"][0]),
        arms=tuple(str(arm) for arm in arms),
        trained=tuple(arm not in base for arm in arms),
        items=tuple(str(item) for item in items),
        labels=labels,
        clusters=clusters.astype(np.int64),
        raw=raw,
    )
