"""Balance within each bucket: quotas over difficulty and length, with every shortfall reported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

import polars as pl
import xxhash
from pydantic import Field, field_validator

from buckets import fallen_frame
from curate.difficulty import difficulty
from curate.stage import FALL, Decided, Fetch, Table

Quota = Annotated[int, Field(ge=0)]

_GRADES = ("easy", "medium", "hard")


class Balance(Table):
    """Caps each bucket and spreads what stays evenly over difficulty x length cells."""

    max_rows: Quota | dict[str, Quota] | None = None
    """Most rows of a bucket, one number for all or by bucket; null keeps all."""
    min_rows: int = Field(0, ge=0)
    """Fewest rows a bucket should have; fewer is reported as a shortfall, nothing is repeated to fill it."""
    length_edges: tuple[int, ...] = Field((64, 256, 1024, 4096), min_length=1)
    """Borders between length classes, in tokens of the whole row, rising."""
    seed: int = 0
    """Chooses among the rows of a crowded cell."""

    @field_validator("length_edges")
    @classmethod
    def _rising(cls, edges: tuple[int, ...]) -> tuple[int, ...]:
        if edges[0] < 1 or any(a >= b for a, b in pairwise(edges)):
            raise ValueError(f"must rise from one border to the next and start above 0, not {list(edges)}")
        return edges

    def sketch(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Numbers only: about 100 bytes a row."""
        return frame.select("id", "bucket", "tokens", "answer_tokens", "turns", "n_tool_calls")

    def decide(self, sketches: Sequence[pl.DataFrame], fetch: Fetch) -> Decided:  # noqa: ARG002 - part of the contract
        rows = pl.concat(sketches)
        rows = rows.with_columns(difficulty(rows)).with_columns(
            grade=_class("difficulty", (1 / 3, 2 / 3), _GRADES),
            length=_class("tokens", self.length_edges, self._lengths()),
        )
        falls: list[dict[str, Any]] = []
        shortfalls: list[dict[str, Any]] = []
        for (bucket,), part in sorted(rows.group_by("bucket"), key=lambda group: str(group[0])):
            if bucket is not None:  # unsure rows belong to no quota and stay
                self._bucket(str(bucket), part, falls, shortfalls)
        notes = {"shortfalls": shortfalls, "cells": _cells(rows)}
        return Decided(fallen_frame(falls).select(FALL), columns=rows.select("id", "difficulty"), notes=notes)

    def _lengths(self) -> list[str]:
        edges = self.length_edges
        return [
            f"up to {edges[0]}",
            *(f"{a + 1} to {b}" for a, b in pairwise(edges)),
            f"over {edges[-1]}",
        ]

    def _cap(self, bucket: str) -> int | None:
        return self.max_rows.get(bucket) if isinstance(self.max_rows, dict) else self.max_rows

    def _bucket(
        self, bucket: str, rows: pl.DataFrame, falls: list[dict[str, Any]], shortfalls: list[dict[str, Any]]
    ) -> None:
        if rows.height < self.min_rows:
            shortfalls.append(
                {"bucket": bucket, "quota": self.min_rows, "got": rows.height, "why": "fewer rows than min_rows"}
            )
        cap = self._cap(bucket)
        if cap is None or rows.height <= cap:
            return
        cells = {
            f"{grade}, {length} tokens": part for (grade, length), part in sorted(rows.group_by("grade", "length"))
        }
        quotas = fill({name: part.height for name, part in cells.items()}, cap)
        even = cap // len(cells)
        for name, part in cells.items():
            if part.height < even:
                shortfalls.append(
                    {
                        "bucket": bucket,
                        "quota": even,
                        "got": part.height,
                        "why": f"cell {name} has too few rows; others took its place",
                    }
                )
            ordered = sorted(part["id"], key=lambda row: xxhash.xxh3_128_hexdigest(f"{self.seed}/{row}".encode()))
            falls += [_fall(row, bucket, name, part.height, quotas[name]) for row in ordered[quotas[name] :]]


def fill(sizes: dict[str, int], total: int) -> dict[str, int]:
    """Quotas that sum to min(total, all rows), as even as the sizes allow (water-filling).

    Small cells give all they have; what they lack goes to the larger ones. Remainders go to cells in
    name order, so the outcome depends on nothing else.
    """
    quotas: dict[str, int] = {}
    left, open_cells = total, sorted(sizes, key=lambda name: (sizes[name], name))
    for place, name in enumerate(open_cells):
        share = (
            -(-left // (len(open_cells) - place)) if place == len(open_cells) - 1 else left // (len(open_cells) - place)
        )
        quotas[name] = min(sizes[name], share)
        left -= quotas[name]
    return quotas


def _fall(row: str, bucket: str, cell: str, have: int, quota: int) -> dict[str, Any]:
    return {
        "id": row,
        "stage": "balance",
        "rule": "over_quota",
        "reason": f"bucket {bucket} has more rows of this kind than its quota",
        "evidence": f"cell {cell}: {have} rows, quota {quota}",
        "witness": None,
    }


def _class(column: str, edges: Sequence[float], labels: Sequence[str]) -> pl.Expr:
    """The label of the class a value falls in; a value on an edge belongs to the lower class."""
    place = pl.sum_horizontal((pl.col(column) > edge).cast(pl.Int32()) for edge in edges)
    return place.replace_strict(dict(enumerate(labels)), return_dtype=pl.String())


def _cells(rows: pl.DataFrame) -> list[dict[str, Any]]:
    counts = rows.drop_nulls("bucket").group_by("bucket", "grade", "length").len(name="rows")
    return counts.sort("bucket", "grade", "length").to_dicts()
