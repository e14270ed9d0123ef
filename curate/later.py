"""The second half of the road: trials, verdict and mixture, report, export."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from ablation import AblationSettings, TinyModel, analyse, campaign
from buckets import InputError, digest, digest_file, expand, read_frame, read_items, read_json, write_bytes, write_json
from curate.export import export
from curate.job import Run
from curate.report import render
from curate.report.build import build
from curate.shards import StageFolder, kept_frame
from curate.stage import canonical
from curate.versions import code_digest

_POOL = ["id", "source", "bucket", "messages", "tools", "reference", "tests", "schema", "answer_tokens", "tokens"]


def ablate(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:
    """Train and sample every trial; `scores.parquet` is what the verdict is read from."""
    settings = _settings(job)
    folder = _ablation_folder(settings, job, data)
    if not folder.is_whole():
        started = time.perf_counter()
        pool = kept_frame(data, _POOL).drop_nulls("bucket")
        items = [item for path in _expanded(settings.items, job.base) for item in read_items(path)]
        outcome = campaign(
            settings,
            pool,
            items,
            folder.path,
            workers=job.workers,
            base=job.base,
            models=job.out / "models",
            progress=_progress(job, "ablate"),
        )
        manifest = {
            "stage": "ablate",
            "fingerprint": folder.fingerprint,
            "seconds": time.perf_counter() - started,
            "notes": {name: outcome[name] for name in ("plan", "status", "base")},
        }
        write_json(folder.manifest, manifest)
        folder.drop_others()
    entry["ablation"] = {"folder": folder.path.relative_to(job.out).as_posix(), **read_json(folder.manifest)}


def decide(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:  # noqa: ARG001 - one signature for all steps
    """Gains, curves, the verdict and the mixture from the stored scores."""
    folder = _ablation_folder(_settings(job), job, data)
    if job.recipe.decide is None or not folder.is_whole():
        raise InputError("no scores to decide from; run the `ablate` stage first")
    scores = read_frame(folder.path / "scores.parquet")
    pool = kept_frame(data, ["bucket", "answer_tokens"]).drop_nulls("bucket")
    available = dict(pool.group_by("bucket").agg(pl.col("answer_tokens").sum()).sort("bucket").iter_rows())
    settings = job.recipe.decide.model_copy(update={"metric": job.recipe.decide.metric or _settings(job).metric})
    analysis = analyse(scores, available, settings).to_json()
    write_json(job.out / "analysis.json", analysis)
    write_json(job.out / "decision.json", analysis["decision"])
    write_json(job.out / "mixture.json", analysis["mixture"])


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


def _settings(job: Run) -> AblationSettings:
    if job.recipe.ablate is None:
        raise InputError("the recipe has no `ablate:` table")
    return job.recipe.ablate


def _ablation_folder(settings: AblationSettings, job: Run, data: StageFolder) -> StageFolder:
    parts = [data.fingerprint, canonical(settings), *map(digest_file, _inputs(settings, job.base))]
    return StageFolder(job.stages, "ablate", digest([*parts, code_digest("buckets", "verifiers", "ablation")]))


def _inputs(settings: AblationSettings, base: Path) -> list[Path]:
    """Files whose bytes the scores depend on, besides the pool: eval items, and the model or its corpus."""
    items = _expanded(settings.items, base)
    if isinstance(settings.model, TinyModel):
        return items + _expanded(settings.model.corpus, base)
    folder = base / Path(settings.model.path).expanduser()
    return items + sorted(path for path in folder.glob("*") if path.is_file())


def _expanded(patterns: tuple[str, ...], base: Path) -> list[Path]:
    return expand(patterns, base) if patterns else []


def _progress(job: Run, stage: str) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        job.notify(stage, done, total)

    return tell
