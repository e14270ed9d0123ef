"""The part of the report about eval items: counts by set and class, and a few rows of each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from buckets import read_frame
from curate.report.model import Contamination, Contaminations, EvalSetHits

_EXAMPLES = 5


def contamination_part(out: Path, notes: dict[str, Any] | None) -> Contaminations | None:
    """None where decontamination has not run."""
    path = out / "contamination.parquet"
    if not notes or not path.exists():
        return None
    hits = read_frame(path)
    some = hits.unique("item", keep="first", maintain_order=True).group_by("class", maintain_order=True).head(_EXAMPLES)
    order = pl.col("class").replace_strict({"verbatim": 0, "near": 1, "template-only": 2}, return_dtype=pl.Int8)
    return Contaminations(
        compared=notes["items"],
        sets=tuple(
            EvalSetHits(set=line["set"] or "items", kind=line["class"], rows=line["rows"], items=line["items"])
            for line in notes["hits"]
        ),
        examples=tuple(
            Contamination(
                item=row["item"],
                kind=row["class"],
                how=row["how"],
                role=row["role"],
                row=row["id"],
                span=row["span"],
            )
            for row in some.sort(order, maintain_order=True).iter_rows(named=True)
        ),
        only_as_whole_turn=notes["only_as_whole_turn"],
    )
