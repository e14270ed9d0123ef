"""The second half of the road: trials, verdict and mixture, report, export."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from ablation import analyse, campaign
from buckets import InputError, digest, digest_file, expand, read_frame, read_items, read_json, write_bytes, write_json
from curate.export import export
from curate.job import Run
from curate.report import build, render
from curate.shards import StageFolder, kept_frame
from curate.versions import code_digest

_POOL = ["id", "source", "bucket", "messages", "tools", "reference", "tests", "schema", "answer_tokens", "tokens"]


def ablate(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:
    """Train and sample every trial; `scores.parquet` is what the verdict is read from."""
    settings = job.recipe.ablate
    if settings is None:
        raise InputError("the recipe has no `ablate:` table")
    folder = _ablation_folder(job, data)
    if not folder.is_whole():
        started = time.perf_counter()
        pool = kept_frame(data).filter(pl.col("bucket").is_not_null())
        items = [item for path in expand(settings.items, job.base) for item in read_items(path)]
        outcome = campaign(
            settings, pool, items, folder.path, workers=job.workers, base=job.base, progress=_progress(job, "ablate")
        )
        seconds = time.perf_counter() - started
        write_json(
            folder.manifest,
            {"stage": "ablate", "fingerprint": folder.fingerprint, "seconds": seconds, "notes": outcome},
        )
    entry["ablation"] = {"folder": folder.path.relative_to(job.out).as_posix(), **read_json(folder.manifest)}


def decide(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:
    """Gains, curves, the verdict and the mixture from the stored scores."""
    folder = _ablation_folder(job, data)
    if job.recipe.decide is None or not folder.is_whole():
        raise InputError("no scores to decide from; run the `ablate` stage first")
    scores = read_frame(folder.path / "scores.parquet")
    pool = kept_frame(data, ["bucket", "answer_tokens"]).drop_nulls("bucket")
    available = dict(pool.group_by("bucket").agg(pl.col("answer_tokens").sum()).sort("bucket").iter_rows())
    analysis = analyse(scores, available, job.recipe.decide).to_json()
    write_json(job.out / "analysis.json", analysis)
    write_json(job.out / "decision.json", analysis["decision"])
    write_json(job.out / "mixture.json", analysis["mixture"])
    entry["decided"] = True


def report(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:  # noqa: ARG001 - one signature for all steps
    """report.json and report.html from what stands in the folder."""
    write_json(job.journal, entry)
    page = build(job.out)
    write_bytes(job.out / "report.json", page.model_dump_json(indent=1).encode())
    write_bytes(job.out / "report.html", render(page).encode())


def ship(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:
    """The dataset as trainers read it."""
    if job.recipe.export is None:
        raise InputError("the recipe has no `export:` table")
    entry["export"] = export(job.recipe.export, data, job.out)


Step = Callable[[Run, StageFolder, dict[str, Any]], None]

LATER: dict[str, Step] = {"ablate": ablate, "decide": decide, "report": report, "export": ship}


def _ablation_folder(job: Run, data: StageFolder) -> StageFolder:
    settings = job.recipe.ablate
    if settings is None:
        raise InputError("the recipe has no `ablate:` table")
    files = [
        digest_file(path) for pattern in (settings.items, settings.corpus_files()) for path in _files(pattern, job.base)
    ]
    parts = [data.fingerprint, settings.model_dump_json(), *files, code_digest("buckets", "verifiers", "ablation")]
    return StageFolder(job.stages, "ablate", digest(parts))


def _files(patterns: tuple[str, ...], base: Path) -> list[Path]:
    return expand(patterns, base) if patterns else []


def _progress(job: Run, stage: str) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        job.notify(stage, done, total)

    return tell
