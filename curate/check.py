"""The stage that asks of every row whether it is right: content rules first, then per-record verifiers."""

from __future__ import annotations

import polars as pl

from buckets import Sorted, split
from curate.stage import Table
from verifiers import CHECK_NAMES, check, flags


class Check(Table):
    """Drops rows that a verifier FAILs; an ABSTAIN never drops, and a flag only where `drop` names it."""

    skip: tuple[str, ...] = ()
    """Verifiers, content rules, role laws and flags that are not asked, by name."""
    drop: tuple[str, ...] = ()
    """Flags whose rows fall (abrupt_end, placeholder_input, unseen_link, ...); all others are reported and stay."""

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        sorted_ = split(frame, check(frame, skip=self._rules(), drop=self.drop).falls)
        found = flags(sorted_.kept, skip=(*self.skip, *self.drop))
        sources = sorted_.kept.select("id", "source")
        return Sorted(sorted_.kept, sorted_.dropped, found.join(sources, on="id", how="left", maintain_order="left"))

    def _rules(self) -> tuple[str, ...]:
        return tuple(name for name in self.skip if name in CHECK_NAMES)
