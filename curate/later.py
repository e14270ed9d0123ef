"""The second half of the road: trials, verdict and mixture, report, export."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from ablation import FINAL, AblationSettings, LossCurve, analyse, campaign
from buckets import InputError, read_frame, read_items, read_json, write_bytes, write_json
from curate.confirm import POOL, confirm
from curate.export import export
from curate.job import Run
from curate.putback import dropped_rows
from curate.report import render
from curate.report.build import build
from curate.shards import StageFolder, kept_frame
from curate.standing import (
    ablate_table,
    ablation_entry,
    ablation_folder,
    basis,
    confirmed_status,
    decide_table,
    expanded,
)


def ablate(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:
    """Train and sample every trial; `scores.parquet` is what the verdict is read from."""
    settings = ablate_table(job)
    folder = ablation_folder(job, data)
    if _worth_running(settings, folder):
        folder.manifest.unlink(missing_ok=True)
        started = time.perf_counter()
        pool = kept_frame(data, POOL).drop_nulls("bucket")
        items = [item for path in expanded(settings.items, job.base) for item in read_items(path)]
        outcome = campaign(
            settings,
            pool,
            items,
            folder.path,
            workers=job.workers,
            base=job.base,
            models=job.out / "models",
            progress=_progress(job, "ablate"),
            earlier=[path for path in sorted(job.stages.glob("ablate-*")) if path != folder.path],
            dropped=dropped_rows(job, entry, settings.rules, POOL),
        )
        notes = {name: outcome[name] for name in ("plan", "status", "base", "grading")}
        manifest = {
            "stage": "ablate",
            "fingerprint": folder.fingerprint,
            "seconds": time.perf_counter() - started,
            "notes": notes | {"timeout_minutes": settings.timeout_minutes},
        }
        write_json(folder.manifest, manifest)
        folder.drop_others()
    entry["ablation"] = ablation_entry(job, data, folder)


def _worth_running(settings: AblationSettings, folder: StageFolder) -> bool:
    """Not done yet, or a trial crashed, or one ran out of less time than it has now."""
    if not folder.is_whole():
        return True
    notes = read_json(folder.manifest)["notes"]
    failed = set(notes["status"]) - set(FINAL)
    return bool(failed - {"timeout"} or (failed and settings.timeout_minutes > notes["timeout_minutes"]))


def decide(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:  # noqa: ARG001 - one signature for all steps
    """Gains, curves, the verdict and the mixture from the stored scores; analysis.json, which says of what, is last."""
    folder = ablation_folder(job, data)
    if not folder.is_whole():
        raise InputError("no scores to decide from; run the `ablate` stage first")
    scores = read_frame(folder.path / "scores.parquet")
    plan = read_json(folder.manifest)["notes"]["plan"]
    trained = {bucket: line["trained_tokens"] for bucket, line in plan["buckets"].items()}
    analysis = analyse(
        scores,
        plan["available_tokens"],
        decide_table(job),
        trained_tokens=trained,
        losses=_losses(folder),
        arm_tokens=plan.get("arm_tokens"),
    ).to_json()
    if analysis["mixture"] is not None:
        analysis["mixture"]["notes"] += _of_tokens(data, plan["available_tokens"])
        analysis["mixture"]["status"] = confirmed_status(job, analysis["mixture"], folder)
        write_json(job.out / "mixture.json", analysis["mixture"])
    else:
        (job.out / "mixture.json").unlink(missing_ok=True)
    write_json(job.out / "decision.json", analysis["decision"])
    write_json(job.out / "analysis.json", analysis | {"of": basis(job, data, folder)})


def _losses(folder: StageFolder) -> list[LossCurve]:
    """Training losses of the trials that ended well."""
    path = folder.path / "results.json"
    results = read_json(path) if path.exists() else []
    return [LossCurve(r["arm"]["name"], r["seed"], r["loss_curve"]) for r in results if r["status"] == "ok"]


def _of_tokens(data: StageFolder, available: dict[str, int]) -> Iterator[str]:
    """Which tokens the mixture counts, and which buckets have none."""
    yield "tokens are the assistant tokens of the ablated model's own tokenizer; held-out rows are not counted"
    kept = kept_frame(data, ["bucket"])["bucket"].drop_nulls().unique().sort()
    for bucket in kept:
        if bucket not in available:
            yield f"{bucket} has no share: none of its rows has an exact mask under this model's chat template"


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

LATER: dict[str, Step] = {"ablate": ablate, "decide": decide, "confirm": confirm, "report": report, "export": ship}


def _progress(job: Run, stage: str) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        job.notify(stage, done, total)

    return tell
