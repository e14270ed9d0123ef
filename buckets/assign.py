"""Which of the nine capabilities a row exercises: declared by its source, or inferred from signals, or unsure."""

from __future__ import annotations

from functools import reduce

import numpy as np
import polars as pl

from buckets.bucket import Signal, prepare
from buckets.nine import BUCKETS

SURE = 0.5
"""Least noisy-or score of a bucket that may win."""
LEAD = 0.1
"""Least distance to the second: nearer than this is a guess."""


def assign(frame: pl.DataFrame, declared: str | None = None) -> pl.DataFrame:
    """The frame with bucket, bucket_confidence and bucket_reason filled; other columns untouched.

    `declared` is the bucket that the source claims for all its rows: taken at its word, confidence 1. Otherwise each
    bucket scores 1 - prod(1 - weight) over its matching signals (noisy-or), and the best one is taken when it has at
    least SURE and leads by at least LEAD. A null bucket means unsure; the reason then names the two nearest.
    Raises KeyError for a declared bucket that is not one of the nine.
    """
    if declared is not None:
        bucket, confidence, reason = BUCKETS[declared].id, 1.0, "declared"
        return frame.with_columns(
            bucket=pl.lit(bucket),
            bucket_confidence=pl.lit(confidence, dtype=pl.Float32),
            bucket_reason=pl.lit(reason),
        )
    ranked = rank(_scores(prepare(frame)))
    return frame.with_columns(ranked)


def _scores(texts: pl.DataFrame) -> pl.DataFrame:
    """A score and a bit mask of the matching signals for each bucket: columns `<id>` and `<id>.mask`."""
    hits = texts.select(
        signal.expr.fill_null(False).alias(f"{id}.{at}")
        for id, bucket in BUCKETS.items()
        for at, signal in enumerate(bucket.signals)
    )
    return hits.select(
        *(_noisy_or(id, bucket.signals).alias(id) for id, bucket in BUCKETS.items()),
        *(_mask(id, bucket.signals).alias(f"{id}.mask") for id, bucket in BUCKETS.items()),
    )


def _noisy_or(id: str, signals: tuple[Signal, ...]) -> pl.Expr:
    misses = [1 - signal.weight * pl.col(f"{id}.{at}").cast(pl.Float32) for at, signal in enumerate(signals)]
    return (1 - reduce(lambda left, right: left * right, misses)).cast(pl.Float32)


def _mask(id: str, signals: tuple[Signal, ...]) -> pl.Expr:
    return sum(
        (pl.col(f"{id}.{at}").cast(pl.Int32) * (1 << at) for at in range(1, len(signals))),
        pl.col(f"{id}.0").cast(pl.Int32),
    )


def rank(scores: pl.DataFrame) -> pl.DataFrame:
    """bucket, bucket_confidence, bucket_reason from the score and mask columns, one row a row."""
    ids = np.array(list(BUCKETS), dtype=object)
    table = scores.select(list(BUCKETS)).to_numpy()
    masks = scores.select(f"{id}.mask" for id in BUCKETS).to_numpy()
    rows = np.arange(scores.height)
    order = np.argsort(-table, axis=1, kind="stable")  # ties: the order of BUCKETS
    first, near = order[:, 0], order[:, 1]
    named = pl.DataFrame(
        {"best": table[rows, first], "second": table[rows, near], "mask": masks[rows, first]},
        schema={"best": pl.Float32, "second": pl.Float32, "mask": pl.Int32},
    ).with_columns(
        pl.Series("first", ids[first], dtype=pl.String),
        pl.Series("near", ids[near], dtype=pl.String),
        sure=(pl.col("best") >= SURE) & (pl.col("best") - pl.col("second") >= LEAD),
    )
    told = named.join(_words(named), on=["first", "mask"], how="left", maintain_order="left")
    return told.select(
        bucket=pl.when("sure").then("first"),
        bucket_confidence=pl.when("sure").then("best").otherwise(0).cast(pl.Float32),
        bucket_reason=pl.when("sure").then("words").otherwise(_unsure()),
    )


def _words(named: pl.DataFrame) -> pl.DataFrame:
    """The signal names behind each (bucket, mask) that occurs: a few dozen, however many rows."""
    seen = named.select("first", "mask").unique().sort("first", "mask")
    words = [
        "; ".join(signal.name for at, signal in enumerate(BUCKETS[id].signals) if mask >> at & 1)
        for id, mask in seen.iter_rows()
    ]
    return seen.with_columns(words=pl.Series(words, dtype=pl.String))


def _unsure() -> pl.Expr:
    nearest = pl.format("unsure: {} {} or {} {}", "first", pl.col("best").round(2), "near", pl.col("second").round(2))
    return pl.when(pl.col("best") > 0).then(nearest).otherwise(pl.lit("unsure: no signal"))
