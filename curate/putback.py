"""The rows that filter rules dropped, whole, so that an ablation can put them back.

The ledger names them; their text is in the shards of the stage before the one that dropped them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from buckets import InputError, read_frame
from curate.job import Run
from curate.mistakes import near
from curate.recipe import RULE_STAGES
from curate.shards import StageFolder


def dropped_rows(job: Run, entry: dict[str, Any], rules: Sequence[str], columns: list[str]) -> dict[str, pl.DataFrame]:
    """Rule -> its dropped rows, with `columns` and the `witness`; `rules` may name stages. `entry` is the journal.

    Rows that give an eval item away are taken out first: most rules stand before decontamination on the road, and such
    a row would teach the answer. Raises InputError for a name that no row fell to and that is no stage of this run.
    """
    if not rules:
        return {}
    fell = read_frame(job.out / "ledger.parquet", ["id", "stage", "rule", "fate", "witness"]).filter(fate="dropped")
    fell = fell.filter(pl.col("stage").is_in(RULE_STAGES))
    ran = {line["stage"] for line in entry["stages"]}
    known = {*fell["rule"], *(stage for stage in RULE_STAGES if stage in ran)}
    for rule in rules:
        if rule not in known:
            raise InputError(f"ablate.rules: no row fell to a rule {rule!r}{near(rule, sorted(known))}")
    wanted = fell.filter(pl.col("rule").is_in(list(rules)) | pl.col("stage").is_in(list(rules)))
    rows = _texts(job, entry, wanted, columns)
    if job.recipe.decontaminate is not None and rows.height:
        rows = rows.filter(pl.col("id").is_in(_clean_ids(job, entry, wanted).implode()))
    wanted = wanted.with_columns(witness=survivors(fell, wanted["witness"].to_list()))
    found = rows.join(wanted.select("id", "stage", "rule", "witness"), on="id", how="inner", maintain_order="left")
    return {
        rule: found.filter((pl.col("rule") == rule) | (pl.col("stage") == rule)).drop("stage", "rule") for rule in rules
    }


def survivors(fell: pl.DataFrame, witnesses: Sequence[str | None]) -> pl.Series:
    """Of each witness the row that stands in the end: one that survived a stage may have fallen to the next one.

    `fell` has id and witness of every dropped row. A chain may end at a row that fell without a witness.
    """
    by = dict(fell.select("id", "witness").iter_rows())
    ends: list[str | None] = []
    for name in witnesses:
        end, met = name, set[str]()
        while end is not None and by.get(end) is not None and end not in met:
            met.add(end)
            end = by[end]
        ends.append(end)
    return pl.Series("witness", ends, dtype=pl.String)


def _texts(job: Run, entry: dict[str, Any], wanted: pl.DataFrame, columns: list[str] | None) -> pl.DataFrame:
    """The wanted rows as the stage before the one that dropped them left them."""
    parts = []
    for before, line in zip(entry["stages"], entry["stages"][1:], strict=False):
        ids = wanted.filter(stage=line["stage"])["id"]
        if ids.len():
            folder = StageFolder(job.stages, before["stage"], before["fingerprint"])
            parts += [
                read_frame(folder.kept(name), columns).filter(pl.col("id").is_in(ids.implode()))
                for name in folder.names()
            ]
    if parts:
        return pl.concat(parts)
    first = StageFolder(job.stages, entry["stages"][0]["stage"], entry["stages"][0]["fingerprint"])
    return read_frame(first.kept(first.names()[0]), columns).head(0)


def _clean_ids(job: Run, entry: dict[str, Any], wanted: pl.DataFrame) -> pl.Series:
    """Ids of the rows that decontamination would keep."""
    if job.recipe.decontaminate is None:
        return wanted["id"]
    return job.recipe.decontaminate.sort(_texts(job, entry, wanted, None), job.base).kept["id"]
