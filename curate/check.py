"""The stage that asks of every row whether it is right: content rules first, then per-record verifiers."""

from __future__ import annotations

from typing import Literal

import polars as pl

from buckets import Sorted, split
from curate.stage import Table
from verifiers import check


class Execution(Table):
    """How far a program in an answer may be run against its tests."""

    sandbox: Literal["off", "auto", "namespaces", "bubblewrap"] = "off"
    """off: only the small interpreter, which runs nothing. auto: programs it cannot decide go into the first tier whose
    live self-test passes on this machine, or into the named one; where none does, they stay undecided."""


class Check(Table):
    """Drops rows that a verifier FAILs; an ABSTAIN never drops."""

    skip: tuple[str, ...] = ()
    """Verifiers, content rules and role laws that are not asked, by name."""

    execution: Execution = Execution()
    """Programs in answers."""

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        return split(frame, check(frame, skip=self.skip, sandbox=self.execution.sandbox).falls)
