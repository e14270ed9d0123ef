"""What the page shows of the gain ledger; `curate.gains` makes it."""

from __future__ import annotations

from typing import Literal

from curate.report.part import Maybe, Part, Text
from verifiers import wilson

Word = Literal["shown to help", "not shown to help", "shown to harm", "not measured"]


class FilterGain(Part):
    """full minus one arm of the rule, on one eval bucket ("all": the mean over buckets)."""

    control: Literal["random", "unfiltered", "only"]
    bucket: Text
    estimate: Maybe
    low: Maybe
    high: Maybe
    level: float
    n: int
    seeds: int
    mde: Maybe
    word: Text | None = None


class FilterBucket(Part):
    """Rows of one bucket that came to the rule's stage."""

    bucket: Text
    kept: int
    """Rows that the whole stage kept."""
    dropped: int
    """Rows that this rule took."""


class Filter(Part):
    """One rule, or a stage whose rules were put on trial together."""

    rule: Text
    stage: Text
    kept: int
    dropped: int
    labelled: int | None = None
    """Dropped rows with a label; None where a false drop means nothing or there are no labels."""
    false_drops: int | None = None
    """Of these, rows without a fault."""
    word: Word = "not measured"
    why: Text = ""
    buckets: tuple[FilterBucket, ...] = ()
    gains: tuple[FilterGain, ...] = ()

    @property
    def false_rate(self) -> tuple[float, float, float] | None:
        """Share of labelled drops that were wrong, with its Wilson 95% interval."""
        if not self.labelled or self.false_drops is None:
            return None
        return (self.false_drops / self.labelled, *wilson(self.false_drops, self.labelled))

    @property
    def overall(self) -> tuple[FilterGain, ...]:
        return tuple(gain for gain in self.gains if gain.bucket == "all")

    @property
    def shown(self) -> tuple[FilterGain, ...]:
        """Buckets on which the rule was shown to do something."""
        return tuple(g for g in self.gains if g.bucket != "all" and g.word in ("shown to help", "shown to harm"))
