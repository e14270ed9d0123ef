"""The ledger of a run, filtered and counted: all rows that fell. Rows that stay are counted in run.json.

`ledger.parquet` has the columns of `buckets.FALLEN_SCHEMA`; polars, DuckDB or pandas read it without us.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from buckets import InputError, read_frame
from curate.mistakes import near
from curate.stored import journal

BY = ("rule", "source", "bucket", "stage", "fate")
FILE = "ledger.parquet"


@dataclass(frozen=True)
class Wanted:
    """Which rows; None: any. `contains` is looked for in id, reason and evidence, in any case."""

    stage: str | None = None
    rule: str | None = None
    source: str | None = None
    bucket: str | None = None
    fate: str | None = None
    contains: str | None = None


def law(folder: Path) -> dict[str, int]:
    """inputs = kept + dropped + quarantined, over all stages of a run."""
    lines = journal(folder)["stages"]
    fell = {fate: sum(line["counts"][fate] for line in lines) for fate in ("dropped", "quarantined")}
    return {"inputs": lines[0]["counts"]["rows_in"], "kept": lines[-1]["counts"]["kept"], **fell}


def looked_up(folder: Path, wanted: Wanted, by: Sequence[str], limit: int) -> dict[str, Any]:
    """The law, how many rows match, their counts by each of `by`, and the first of them.

    InputError for a value of a filter that no row of this ledger has, with the name that may have been meant.
    """
    counts = law(folder)
    ledger = read_frame(folder / FILE)
    rows = _matching(folder, ledger, wanted)
    return {
        "law": counts,
        "fell": ledger.height,
        "matching": rows.height,
        "by": {name: _counts(rows, name) for name in by},
        "first": rows.head(limit).to_dicts(),
    }


def _matching(folder: Path, ledger: pl.DataFrame, wanted: Wanted) -> pl.DataFrame:
    rows = ledger
    for name in BY:
        value = getattr(wanted, name)
        if value is None:
            continue
        rows = rows.filter(pl.col(name).fill_null("unsure") == value)
        known = ledger[name].fill_null("unsure").unique().sort().to_list()
        if value not in known and known:
            raise InputError(f"{folder}: no row fell with {name} {value!r}{near(value, known)}")
    if wanted.contains is not None:
        text = pl.concat_str([pl.col(name).fill_null("") for name in ("id", "reason", "evidence")], separator="\n")
        rows = rows.filter(text.str.to_lowercase().str.contains(wanted.contains.lower(), literal=True))
    return rows


def _counts(rows: pl.DataFrame, name: str) -> dict[str, int]:
    counted = rows.group_by(pl.col(name).fill_null("unsure")).len().sort(-pl.col("len").cast(pl.Int64), name)
    return dict(counted.iter_rows())


def ledger_text(found: dict[str, Any]) -> str:
    """Counts first, then rows with their ids."""
    law = found["law"]
    lines = [
        f"{law['inputs']:,} inputs = {law['kept']:,} kept + {law['dropped']:,} dropped + "
        f"{law['quarantined']:,} quarantined"
    ]
    if found["matching"] != found["fell"]:
        lines.append(f"{found['matching']:,} of the {found['fell']:,} rows that fell match:")
    for name, counts in found["by"].items():
        lines.append(f"by {name}")
        lines += [f"  {count:>11,}  {share:>6.1%}  {value}" for value, count, share in _shares(counts)]
    if found["first"] and found["matching"] > len(found["first"]):
        lines.append(f"the first {len(found['first'])}")
    elif found["first"] and found["by"]:
        lines.append("the rows")
    for row in found["first"]:
        lines += [f"  {row['id']}", f"    {row['stage']}, {row['rule']}: {_cut(row['reason'], 200)}"]
        lines += [f"    evidence: {_cut(row['evidence'], 200)}"] if row["evidence"] else []
        lines += [f"    witness:  {row['witness']}"] if row["witness"] else []
    return "\n".join(lines)


def _shares(counts: dict[str, int]) -> list[tuple[str, int, float]]:
    total = sum(counts.values())
    return [(value, count, count / total) for value, count in counts.items()]


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most] + " ..."
