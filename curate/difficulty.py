"""A cheap difficulty estimate from structure alone.

Not covered here: whether a model finds the row hard. That takes a model (pass rate, loss); this
proxy only orders the rows of a bucket by how much there is to read, to say and to do.
"""

from __future__ import annotations

import polars as pl

_SIGNS = ("prompt_tokens", "answer_tokens", "turns", "n_tool_calls")


def difficulty(rows: pl.DataFrame) -> pl.Series:
    """0 (easiest) to 1 within each bucket: the mean percentile rank of four structural signs.

    `rows` has bucket, tokens, answer_tokens, turns and n_tool_calls. A sign that is constant in a
    bucket says nothing there and is left out of its mean; a bucket of equals gets 0.5.
    """
    signs = rows.with_columns(prompt_tokens=pl.col("tokens") - pl.col("answer_tokens"))
    ranks = [_percentile(name) for name in _SIGNS]
    return signs.select(pl.mean_horizontal(ranks).fill_null(0.5).cast(pl.Float32()).alias("difficulty")).to_series()


def _percentile(name: str) -> pl.Expr:
    column = pl.col(name)
    rank = (column.rank("average") - 0.5) / pl.len()
    varies = column.n_unique() > 1
    return pl.when(varies.over("bucket")).then(rank.over("bucket")).otherwise(None)
