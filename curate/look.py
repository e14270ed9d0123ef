"""What `curate check` and `curate read` tell of raw files before anything is run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from buckets import InputError, assign
from curate.read import InputFile, Source, all_of, chunks, found_files, input_files, read_chunk, try_rows
from curate.recipe import Recipe


def files_table(recipe: Recipe, base: Path) -> list[dict[str, str]]:
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
        table.append(line | {"readable": f"{tried.readable} of the first {tried.rows} rows", "fault": tried.fault})
    if faults:
        raise InputError(all_of(faults))
    return table


def look_at(path: Path) -> list[dict[str, Any]]:
    """Each raw file that a path, a folder or a pattern names, seen as a source of its own."""
    return [_look_at(file) for file in input_files(Source(name="file", files=(str(path),)), Path.cwd())]


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
