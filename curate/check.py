"""The stage that asks of every row whether it is right: content rules first, then per-record verifiers."""

from __future__ import annotations

import polars as pl

from buckets import Sorted, split
from curate.stage import Table
from verifiers import CHECK_NAMES, check


class Check(Table):
    """Drops rows that a verifier FAILs; an ABSTAIN never drops."""

    skip: tuple[str, ...] = ()
    """Rules and verifiers that are not run, by name."""

    def names(self) -> tuple[str, ...]:
        """What runs, cheapest first."""
        return tuple(name for name in CHECK_NAMES if name not in self.skip)

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        return split(frame, check(frame, self.names()).falls)
