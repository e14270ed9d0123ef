"""Two runs side by side: which rows entered, left, moved or were edited, and whose fate, rule or bucket is another.

A row is the same one when its id is. Of rows whose id is in one run only, equal content means that the row moved to
another place, and the same place with other content that it was edited. Does NOT align text: a row that moved and was
edited left and entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from buckets import read_frame
from curate.shards import StageFolder
from curate.stored import journal, recipe_of

CHANGES = {
    "entered": "only in the second run",
    "left": "only in the first run",
    "fell": "kept in the first run, not in the second",
    "came back": "kept in the second run, not in the first",
    "other rule": "fell in both, to another stage or rule",
    "other reason": "fell in both to the same rule, for another reason",
    "other witness": "fell in both, for another row",
    "other bucket": "kept in both, in another bucket",
    "moved": "the same content at another place, with the same fate",
    "edited": "another content at the same place, with the same fate",
}
"""What may be told of a row, the first that fits; rows of which none of it is true are the same in both."""

_TOLD = ("fate", "stage", "rule", "reason", "witness", "bucket")


def compare(first: Path, second: Path, limit: int) -> dict[str, Any]:
    """Counts by change, by source and by rule, `limit` examples of each change, and the recipe keys that differ."""
    rows = _paired(_rows(first), _rows(second)).with_columns(change=_change())
    changed = rows.filter(pl.col("change").is_not_null())
    rule = pl.coalesce("rule_2", "rule").fill_null("kept")
    return {
        "runs": {"first": _said(first), "second": _said(second)},
        "recipe": recipe_differences(recipe_of(first)[0], recipe_of(second)[0]),
        "same": rows.height - changed.height,
        "changes": _counts(changed.select("change")),
        "by_source": _counts(changed.select("change", source=pl.coalesce("source", "source_2"))),
        "by_rule": _counts(changed.select("change", rule=rule)),
        "examples": {name: _examples(changed, name, limit) for name in CHANGES},
    }


def _said(folder: Path) -> dict[str, Any]:
    lines = journal(folder)["stages"]
    return {
        "folder": str(folder),
        "inputs": lines[0]["counts"]["rows_in"],
        "kept": lines[-1]["counts"]["kept"],
        "stages": [line["stage"] for line in lines],
    }


def _rows(folder: Path) -> pl.DataFrame:
    """Every row of a run: id, content_hash (null: could not be read), source, place, and what became of it."""
    lines = journal(folder)["stages"]
    stood = [StageFolder(folder / "stages", line["stage"], line["fingerprint"]) for line in lines]
    read, last = (_kept(at, columns) for at, columns in ((stood[0], _READ), (stood[-1], ["id", "bucket"])))
    fell = read_frame(folder / "ledger.parquet").with_columns(place=_PLACE).select("id", "source", "place", *_TOLD)
    unread = fell.filter(stage=lines[0]["stage"]).with_columns(content_hash=pl.lit(None, pl.String()))
    here = read.join(last.with_columns(fate=pl.lit("kept")), on="id", how="left")
    here = here.join(fell.drop("source", "place"), on="id", how="left").with_columns(
        fate=pl.coalesce("fate", "fate_right"), bucket=pl.coalesce("bucket", "bucket_right")
    )
    columns = ["id", "content_hash", "source", "place", *_TOLD]
    return pl.concat([here.select(columns), unread.select(columns)])


_READ = ["id", "content_hash", "source", "origin"]
_PLACE = pl.format("{}:{}", pl.col("origin").struct.field("file"), pl.col("origin").struct.field("row"))


def _kept(at: StageFolder, columns: list[str]) -> pl.DataFrame:
    parts = [read_frame(at.kept(name), columns) for name in at.names()]
    frame = pl.concat(parts)
    return frame.with_columns(place=_PLACE).drop("origin") if "origin" in columns else frame


def _paired(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Rows of both runs side by side, the second's columns with `_2`; `pair` says how they met: id, content, place."""
    both = first.join(_second(second), left_on="id", right_on="id_2", how="inner", coalesce=False)
    parts = [both.with_columns(pair=pl.lit("id"))]
    alone, other = _without(first, both["id"], "id"), _second(_without(second, both["id"], "id"))
    for key, name in (("content_hash", "content"), ("place", "place")):
        met = _one_to_one(alone, other, key).with_columns(pair=pl.lit(name))
        parts.append(met)
        alone, other = _without(alone, met["id"], "id"), _without(other, met["id_2"], "id_2")
    return pl.concat([*parts, alone, other], how="diagonal")


def _second(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.rename({name: f"{name}_2" for name in rows.columns})


def _without(rows: pl.DataFrame, ids: pl.Series, key: str) -> pl.DataFrame:
    return rows.join(ids.to_frame(key), on=key, how="anti", maintain_order="left")


def _one_to_one(first: pl.DataFrame, second: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows of equal `key`, the n-th of one side with the n-th of the other."""
    numbered = [
        rows.filter(pl.col(name).is_not_null()).with_columns(turn=pl.int_range(pl.len()).over(name))
        for rows, name in ((first, key), (second, f"{key}_2"))
    ]
    met = numbered[0].join(
        numbered[1], left_on=[key, "turn"], right_on=[f"{key}_2", "turn"], how="inner", coalesce=False
    )
    return met.drop("turn", "turn_right", strict=False)


def _change() -> pl.Expr:
    here, there = pl.col("fate") == "kept", pl.col("fate_2") == "kept"

    def differ(*names: str) -> pl.Expr:
        return pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_2")) for name in names)

    tests = {
        "entered": pl.col("id").is_null(),
        "left": pl.col("id_2").is_null(),
        "fell": here & ~there,
        "came back": ~here & there,
        "other rule": ~here & differ("fate", "stage", "rule"),
        "other reason": ~here & differ("reason"),
        "other witness": ~here & (pl.col("pair") == "id") & differ("witness"),
        "other bucket": here & differ("bucket"),
        "moved": pl.col("pair") == "content",
        "edited": pl.col("pair") == "place",
    }
    return pl.coalesce([pl.when(test).then(pl.lit(name)) for name, test in tests.items()])


def _counts(rows: pl.DataFrame) -> dict[str, Any]:
    """change -> count, or change -> {value: count}, in the order of CHANGES."""
    *_, last = rows.columns
    counted = rows.group_by(rows.columns).len().sort(-pl.col("len").cast(pl.Int64), last)
    if rows.width == 1:
        plain = dict(counted.iter_rows())
        return {name: plain[name] for name in CHANGES if name in plain}
    found: dict[str, dict[str, int]] = {}
    for change, value, count in counted.iter_rows():
        found.setdefault(change, {})[value] = count
    return {name: found[name] for name in CHANGES if name in found}


def _examples(changed: pl.DataFrame, name: str, limit: int) -> list[dict[str, Any]]:
    rows = changed.filter(change=name).sort("id", "id_2").head(limit)
    return [
        {
            "id": row["id"] if row["id"] is not None else row["id_2"],
            "id_there": row["id_2"] if row["pair"] in ("content", "place") else None,
            "first": {key: row[key] for key in _TOLD if row[key] is not None},
            "second": {key: row[f"{key}_2"] for key in _TOLD if row[f"{key}_2"] is not None},
        }
        for row in rows.iter_rows(named=True)
    ]


def recipe_differences(first: Any, second: Any, where: str = "") -> list[dict[str, Any]]:
    """Keys of two recipes that are not equal, by path; a table that only one has is one line."""
    if first == second:
        return []
    if isinstance(first, dict) and isinstance(second, dict):
        keys: Sequence[str] = list(dict.fromkeys([*first, *second]))
        return [
            line
            for key in keys
            for line in recipe_differences(first.get(key), second.get(key), f"{where}.{key}" if where else key)
        ]
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return [line for k, (a, b) in pairs for line in recipe_differences(a, b, f"{where}.{k}")]
    return [{"key": where, "first": first, "second": second}]
