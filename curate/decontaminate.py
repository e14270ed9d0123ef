"""The stage that takes out rows which give away an evaluation item."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import polars as pl
from pydantic import Field

from buckets import Sorted, expand, read_items, split
from curate.stage import Table
from verifiers import EvalIndex


class Decontaminate(Table):
    """Drops rows whose prompt repeats an eval item, whole or nearly; the witness is the item's id."""

    items: tuple[str, ...] = Field(min_length=1)
    """JSON Lines files of eval items, relative to the recipe."""

    def sort(self, frame: pl.DataFrame, base: Path) -> Sorted:
        return split(frame, _index(self.items, base).hits(frame))


@lru_cache(maxsize=4)
def _index(patterns: tuple[str, ...], base: Path) -> EvalIndex:
    """Built once in each worker process."""
    return EvalIndex([item for path in expand(patterns, base) for item in read_items(path)])
