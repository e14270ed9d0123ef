"""What `curate check` and `curate read` tell of raw files before anything is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from buckets import InputError, assign
from curate.inputs import InputFile, all_of, found_files
from curate.read import chunks, read_chunk, try_rows
from curate.recipe import Recipe
from curate.source import Source

_LISTED = 5
"""Passed-over files that are named."""


def files_table(recipe: Recipe, base: Path) -> list[dict[str, Any]]:
    """source, path, format, why and how the first rows read, for each input file.

    InputError names all files that cannot be read, or of whose first rows none can be read as the recipe says.
    """
    files, faults = found_files(recipe.read.sources, base)
    table = []
    for file in files:
        try:
            tried = try_rows(file)
        except InputError as error:
            faults.append(str(error))
            continue
        if not tried.readable:
            faults.append(
                f"{file.shown}: none of the first {tried.rows} rows can be read as {file.format} ({file.why}); "
                f"{tried.fault or 'there are none'}"
            )
        line = {"source": file.source.name, "path": file.shown, "format": file.format, "why": file.why}
        line["readable"] = f"{tried.readable} of the first {tried.rows} rows"
        table.append(line | {"not_wanted": tried.not_wanted, "fault": tried.fault})
    if faults:
        raise InputError(all_of(faults))
    return table


@dataclass(frozen=True)
class Looked:
    """What a path, a folder or a pattern holds."""

    files: list[dict[str, Any]]
    faults: list[str]
    """A sentence for each file that cannot be read."""
    passed_over: list[str]
    """Files in folders that are no data files by their names."""


def passed_over_text(names: Sequence[str]) -> str:
    """What is said of them, in one line; empty when there are none."""
    if not names:
        return ""
    listed = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else "")
    return f"passed over, no data by its name: {listed}; to read one, name it in `files`"


def look_at(path: Path) -> Looked:
    """Each raw file that a path, a folder or a pattern names, seen as a source of its own."""
    source, base = Source(name="file", files=(str(path),)), Path.cwd()
    files, faults = found_files((source,), base)
    return Looked([_look_at(file) for file in files], faults, source.passed_over(base))


def _look_at(file: InputFile) -> dict[str, Any]:
    """Format found, rows, unreadable rows by reason, buckets that the signals see."""
    reasons: Counter[str] = Counter()
    first: dict[str, int] = {}
    buckets: Counter[str] = Counter()
    rows = records = 0
    for chunk in chunks(file, 20_000):
        out = read_chunk(chunk)
        rows += chunk.count()
        records += out.kept.height
        for rule, row in out.dropped.select("rule", pl.col("origin").struct.field("row")).iter_rows():
            reasons[rule] += 1
            first.setdefault(rule, row)
        buckets.update(bucket or "unsure" for bucket in assign(out.kept)["bucket"])
    return {
        "path": file.shown,
        "format": file.format,
        "why": file.why,
        "rows": rows,
        "records": records,
        "quarantined": dict(reasons.most_common()),
        "first": first,
        "buckets": dict(buckets.most_common()),
    }
