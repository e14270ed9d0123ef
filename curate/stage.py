"""What a stage is: a frozen model whose fields are its table in the recipe, and a function on a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl
from pydantic import BaseModel, ConfigDict

from buckets import Sorted, dumps, split


class Table(BaseModel):
    """Base of every recipe table: immutable, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def canonical(table: BaseModel) -> str:
    """A table as JSON with sorted keys: equal tables give equal text, whatever order a mapping was written in."""
    return dumps(table.model_dump(mode="json"))


class RowStage(Protocol):
    """Looks at one row at a time, so shards can go in parallel."""

    def __call__(self, frame: pl.DataFrame) -> Sorted: ...


Fetch = Callable[[Sequence[str]], pl.DataFrame]
"""Full rows by id, in any order: for the few rows that a global decision must look at again."""


@dataclass(frozen=True)
class Decided:
    """A global stage's answer."""

    falls: pl.DataFrame
    """id, stage, rule, reason, evidence, witness: one row per falling id."""
    columns: pl.DataFrame | None = None
    """id and columns to overwrite in the kept rows."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Facts for the report: recall, shortfalls, counts."""
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    """Side tables by name, left beside the stage's shards: findings about rows that stay."""


class GlobalStage(Protocol):
    """Must see all rows, but holds only compact sketches of them, never all text."""

    def sketch(self, frame: pl.DataFrame) -> pl.DataFrame: ...

    def decide(self, sketches: Sequence[pl.DataFrame], fetch: Fetch) -> Decided: ...


FALL = ["id", "stage", "rule", "reason", "evidence", "witness"]
"""Columns of `Decided.falls`."""


def apply(decided: Decided, frame: pl.DataFrame) -> Sorted:
    """The part of a global decision that concerns this frame."""
    out = split(frame, decided.falls)
    if decided.columns is None:
        return out
    kept = out.kept.update(decided.columns, on="id", how="left", maintain_order="left")
    return Sorted(kept, out.dropped)


def run_global(stage: GlobalStage, frame: pl.DataFrame) -> Sorted:
    """A global stage on one frame in memory."""

    def fetch(ids: Sequence[str]) -> pl.DataFrame:
        return frame.filter(pl.col("id").is_in(list(ids)))

    return apply(stage.decide([stage.sketch(frame)], fetch), frame)
