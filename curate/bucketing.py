"""The stage that says which capability each row trains: declared by its source, else by signals."""

from __future__ import annotations

import polars as pl

from buckets import Sorted, assign, no_fallen
from curate.stage import Table


class Bucketing(Table):
    """Assigns one of the nine buckets, with a confidence; a row that fits none is kept as unsure."""

    def sort(self, frame: pl.DataFrame, declared: dict[str, str | None]) -> Sorted:
        """`declared` maps a source to its bucket, or to null where signals decide row by row."""
        parts = [
            assign(part, declared.get(str(part["source"][0])))
            for part in frame.partition_by("source", maintain_order=True)
        ]
        return Sorted(pl.concat(parts) if parts else frame, no_fallen())
