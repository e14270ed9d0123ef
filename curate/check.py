"""The stage that asks of every row whether it is right: content rules first, then per-record verifiers."""

from __future__ import annotations

import polars as pl

from buckets import Sorted, split
from curate.stage import Table
from verifiers import check


class Check(Table):
    """Drops rows that a verifier FAILs; an ABSTAIN never drops."""

    skip: tuple[str, ...] = ()
    """Verifiers, content rules and role laws that are not asked, by name."""

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        return split(frame, check(frame, skip=self.skip).falls)
