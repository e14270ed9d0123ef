"""The first half of the road: read to balance, shard by shard, resumed or skipped by fingerprint."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl

from buckets import (
    InputError,
    RefusedError,
    digest,
    digest_file,
    no_fallen,
    read_frame,
    read_json,
    write_frame,
    write_json,
)
from curate.agreement import JUDGED
from curate.dedup import Beside
from curate.earlier import earlier
from curate.executor import Executor, Here, executor
from curate.guard import guarded
from curate.indexing import keep_index
from curate.inputs import InputFile, every_file
from curate.job import Run
from curate.measures import Measures, placed
from curate.recipe import CLEANING, ROAD, Recipe
from curate.shards import Counts, Sorter, StageFolder, global_shards, read_shards, row_shards
from curate.stage import canonical
from curate.versions import code_digest

LITTLE = 2 << 20
"""Bytes of raw files that one process reads and checks about as fast as others start."""
_CODE = ("buckets", "verifiers", "curate")


def clean(job: Run, wanted: Sequence[str], entry: dict[str, Any]) -> StageFolder:
    """Read to balance; returns the folder of the last cleaning stage that stands."""
    files = every_file(job.recipe.read.sources, job.base)
    if job.recipe.semantic is not None and "semantic" in wanted:
        job.recipe.semantic.at(job.base, job.out)  # a model or an extra that is missing is said before hours of work
    fingerprint = _inputs(files)
    stood: list[StageFolder] = []
    allowed: list[dict[str, Any]] = []
    hands: Executor | None = None
    try:
        for stage in (s for s in CLEANING if job.recipe.has(s)):
            fingerprint = digest([fingerprint, stage, _parameters(job, stage), code_digest(*_CODE)])
            folder = StageFolder(job.stages, stage, fingerprint)
            if not folder.is_whole():
                if stage not in wanted:
                    _must_not_need(stage, wanted)
                    break
                hands = hands or executor(job.recipe.executor, _workers(job, files))
                _walk(job, stage, files, stood[-1] if stood else None, folder, hands)
            stood.append(folder)
            allowed += guarded(job.recipe.guard, stood, _sizes(stood[0]), str(job.out))
    except RefusedError as error:
        if stood:
            _leave(job, stood, entry | {"stopped": str(error)})  # what fell can be looked at
        raise
    finally:
        if hands is not None:
            hands.close()
    entry.pop("stopped", None)
    entry["allowed"] = allowed
    entry["passed_over"] = job.recipe.read.passed_over(job.base)
    _leave(job, stood, entry)
    return stood[-1]


def _workers(job: Run, files: Sequence[InputFile]) -> int:
    """One for little input, unless told otherwise: worker processes would take longer to start than it takes to clean.

    Programs in a sandbox are the exception, as they can take long on few rows.
    """
    sandboxed = job.recipe.check is not None and job.recipe.check.execution.sandbox != "off"
    little = sum(file.path.stat().st_size for file in files) < LITTLE
    return 1 if little and not job.chosen and not sandboxed else job.workers


def _leave(job: Run, stood: Sequence[StageFolder], entry: dict[str, Any]) -> None:
    """Journal, ledger and findings of the stages that stand."""
    entry["stages"] = [_line(folder) for folder in stood]
    entry["data"] = stood[-1].path.relative_to(job.out).as_posix()
    write_frame(job.out / "ledger.parquet", ledger(stood))
    _write_seen(job, stood)
    _flags(job, stood)
    keep_index(job.out, entry["stages"])
    write_json(job.journal, entry)


def _sizes(read: StageFolder) -> dict[str, int]:
    """Records that each source gave, unreadable rows included."""
    sizes: dict[str, int] = {}
    for file in read_json(read.manifest)["notes"]["files"]:
        sizes[file["source"]] = sizes.get(file["source"], 0) + file["records"]
    return sizes


def _write_seen(job: Run, stood: Sequence[StageFolder]) -> None:
    """What stages saw in rows that stay too: hits on eval items, flags of the rules, verdicts of the judge."""
    for stage, name in (("decontaminate", "contamination.parquet"), ("check", "noted.parquet"), ("judge", JUDGED)):
        parts = [read_frame(at.seen(shard)) for at in stood if at.stage == stage for shard in at.names()]
        if parts:
            write_frame(job.out / name, pl.concat(parts))
        else:
            (job.out / name).unlink(missing_ok=True)


def _must_not_need(stage: str, wanted: Sequence[str]) -> None:
    if ROAD.index(stage) < min(ROAD.index(name) for name in wanted):
        raise InputError(
            f"stage {stage!r} has not been run with this recipe, these files and this version of sft-curate; "
            "run the whole recipe into this folder first (`curate run RECIPE --out DIR`)"
        )


def _inputs(files: Sequence[InputFile]) -> str:
    """Names and bytes of all inputs, and how each is read."""
    parts = [(file.source.name, file.name, file.format, digest_file(file.path)) for file in files]
    return digest(text for part in parts for text in part)


def _parameters(job: Run, stage: str) -> str:
    """What of the recipe a stage's outcome depends on."""
    table = canonical(getattr(job.recipe, stage))
    if stage == "read":
        return table + _measures(job).fingerprint()
    if stage == "bucket":
        return table + str(_declared(job.recipe))
    if stage == "decontaminate" and job.recipe.decontaminate is not None:
        return job.recipe.decontaminate.parameters(job.base)
    if stage == "check" and job.recipe.check is not None:
        return job.recipe.check.parameters(job.base)
    if stage == "dedup" and job.recipe.dedup is not None:
        return table + "".join(some.fingerprint() for some in earlier(job.recipe.dedup.against, job.base))
    if stage == "judge" and job.recipe.judge is not None:
        return job.recipe.judge.parameters(job.base)
    if stage == "semantic" and job.recipe.semantic is not None:
        return job.recipe.semantic.parameters(job.base)
    return table


def _measures(job: Run) -> Measures:
    return placed(job.recipe.read.tokenizer, job.recipe.read.language, job.base)


def _declared(recipe: Recipe) -> dict[str, str | None]:
    return {source.name: source.bucket for source in recipe.read.sources}


def _walk(
    job: Run, stage: str, files: Sequence[InputFile], before: StageFolder | None, folder: StageFolder, hands: Executor
) -> None:
    """Run one cleaning stage into its folder."""
    started = time.perf_counter()
    notes: dict[str, Any] = {}
    recipe = job.recipe
    if before is None:
        names, by_file = read_shards(files, recipe.read.shard_rows, folder, hands, job.notify, _measures(job))
        if not names:
            raise InputError("not one file holds a row (a header alone, an empty list); name others under read.sources")
        counts = Counts.sum(part for _, part, _ in by_file)
        notes["files"] = [_file_line(file, part, raw) for file, part, raw in by_file]
        notes["raw_rows"] = sum(raw for _, _, raw in by_file)
    elif stage == "dedup" and recipe.dedup is not None:
        beside = Beside(recipe.dedup, earlier(recipe.dedup.against, job.base))
        names, counts, notes = global_shards(beside, before, folder, hands, job.notify)
    elif stage == "semantic" and recipe.semantic is not None:
        placed = recipe.semantic.at(job.base, job.out)
        placed.prepare([before.kept(name) for name in before.names()], partial(job.notify, "embed"))
        names, counts, notes = global_shards(placed, before, folder, hands, job.notify)
    elif stage == "judge" and recipe.judge is not None:
        judge = recipe.judge.at(job.base, job.out, job.notify)
        forecast = judge.prepare([before.kept(name) for name in before.names()])
        names, counts, _ = row_shards(judge, before, folder, Here(), job.notify)
        notes = judge.notes(forecast, [read_frame(folder.seen(name)) for name in names])
    elif stage == "balance" and recipe.balance is not None:
        names, counts, notes = global_shards(recipe.balance, before, folder, hands, job.notify)
    else:
        names, counts, notes = row_shards(_sorter(job, stage), before, folder, hands, job.notify)
        if stage == "decontaminate" and recipe.decontaminate is not None:
            notes = recipe.decontaminate.notes([read_frame(folder.seen(name)) for name in names], job.base)
    folder.finish(names, counts, time.perf_counter() - started, notes)


def _sorter(job: Run, stage: str) -> Sorter:
    recipe = job.recipe
    if stage == "bucket" and recipe.bucket is not None:
        return partial(recipe.bucket.sort, declared=_declared(recipe))
    if stage == "decontaminate" and recipe.decontaminate is not None:
        return partial(recipe.decontaminate.sort, base=job.base)
    if stage == "check" and recipe.check is not None:
        return recipe.check.at(job.base)
    raise InputError(f"stage {stage!r} is no row-wise stage")


def _file_line(file: InputFile, counts: Counts, raw_rows: int) -> dict[str, Any]:
    return {
        "source": file.source.name,
        "path": file.shown,
        "format": file.format,
        "why": file.why,
        "rows": raw_rows,
        "records": counts.rows_in,
        "quarantined": counts.quarantined,
        "not_wanted": counts.dropped,
    }


def _flags(job: Run, stood: Sequence[StageFolder]) -> None:
    """What the semantic stage found, beside the ledger; nothing there when the stage is off."""
    path = job.out / "flags.parquet"
    path.unlink(missing_ok=True)
    for folder in stood:
        if folder.table("flags").exists():
            write_frame(path, read_frame(folder.table("flags")))


def _line(folder: StageFolder) -> dict[str, Any]:
    manifest = read_json(folder.manifest)
    return {key: manifest[key] for key in ("stage", "fingerprint", "counts", "seconds", "notes")}


def ledger(stood: Sequence[StageFolder]) -> pl.DataFrame:
    """Every row that fell, in the order of stages and shards."""
    parts = [read_frame(folder.fallen(name)) for folder in stood for name in folder.names()]
    return pl.concat(parts) if parts else no_fallen()
