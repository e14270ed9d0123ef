"""Which of several copies stays: a declared order of preferences, and at last the id, never the reading order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import polars as pl

Preference = Literal["verified", "judge", "complete", "source"]
PREFERENCES: tuple[Preference, ...] = get_args(Preference)

_OPEN_END = r"[\p{L}\p{N},;:(\[{\-–]\s*$"
"""An answer that ends like this was cut, or is a bare value: the copy with a closed end is preferred."""


def facts(frame: pl.DataFrame) -> pl.DataFrame:
    """What the preferences look at, row by row: id, source, verified, judge, complete.

    verified: the row carries a gold answer or tests, which `check` held it to; judge: `judge_score` of its meta.
    """
    last = pl.col("messages").list.last().struct.field("content").fill_null("")
    return frame.select(
        "id",
        "source",
        verified=pl.col("reference").is_not_null() | pl.col("tests").is_not_null(),
        judge=pl.col("meta").str.json_path_match("$.judge_score").cast(pl.Float64(), strict=False),
        complete=~last.str.contains(_OPEN_END),
    )


def by_preference(rows: pl.DataFrame, order: Sequence[Preference], sources: Sequence[str]) -> pl.DataFrame:
    """`rows` (with the columns of `facts`), best first; `sources` not named come after the named ones, as equals."""
    ranked = {source: rank for rank, source in enumerate(sources)}
    rank = pl.col("source").replace_strict(ranked, default=len(ranked), return_dtype=pl.Int32())
    keys = {
        "verified": ~pl.col("verified"),
        "judge": -pl.col("judge").fill_null(float("-inf")),
        "complete": ~pl.col("complete"),
        "source": rank,
    }
    return rows.sort(*(keys[name] for name in order), "id")
