"""The road: stages in order, each resumed or skipped by fingerprint, each held to the row law."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from buckets import InputError, RecipeError, RefusedError, read_json, write_json
from curate.ahead import stops
from curate.cleaning import clean
from curate.job import Run
from curate.later import LATER
from curate.meter import PeakMemory
from curate.recipe import CLEANING, ROAD
from curate.standing import forget
from curate.versions import versions


def run(job: Run, until: str | None = None, only: str | None = None) -> dict[str, Any]:
    """Walk the road and return the journal (also in run.json).

    `until` is the last stage to run; `only` runs one stage on what stands, and raises InputError when
    an earlier stage has not been run yet, or when the folder cannot be written; `decide` and `confirm` also put what
    they found on the page and into the dataset that stood. Raises RecipeError for what would stop a wanted stage later,
    RefusedError when another run holds the folder.
    """
    wanted = _wanted(job, until, only)
    if mistakes := stops(job.recipe, job.base, wanted):
        raise RecipeError(mistakes)
    try:
        job.out.mkdir(parents=True, exist_ok=True)
        (job.out / ".lock").touch()
    except OSError as error:
        raise InputError(f"--out {job.out}: cannot write there ({error.strerror}); name another folder") from error
    with _lock(job.out), PeakMemory() as peak:
        started = time.perf_counter()
        entry = _journal(job)
        cleaned = clean(job, wanted, entry)
        forget(job, cleaned, entry)
        write_json(job.journal, entry)
        for stage in (s for s in ROAD if s not in CLEANING and s in wanted):
            entry["peak_rss_mib"] = max(peak.mib, entry.get("peak_rss_mib", 0.0))
            LATER[stage](job, cleaned, entry)
        entry["seconds"] = time.perf_counter() - started
        entry["peak_rss_mib"] = max(peak.mib, entry.get("peak_rss_mib", 0.0))
        write_json(job.journal, entry)
    return entry


def _wanted(job: Run, until: str | None, only: str | None) -> list[str]:
    recipe = job.recipe
    for name in (until, only):
        if name is not None and name not in ROAD:
            raise InputError(f"no stage {name!r}; the stages are {', '.join(ROAD)}")
        if name is not None and not recipe.has(name) and only != "confirm":
            raise InputError(f"stage {name!r} is off: the recipe has no `{name}:` table")
    on = [stage for stage in ROAD if recipe.has(stage)]
    if only in ("decide", "confirm"):
        stood = recipe.has("export") and (job.out / "export").exists()
        return [only, "report", *(["export"] if stood else [])]
    if only is not None:
        return [only]
    return on[: on.index(until) + 1] if until is not None else on


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    """One run a folder: the lock goes away with the process, also when it is killed."""
    with (out / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RefusedError(
                f"{out}: another run is working in this folder; wait for it or choose another --out"
            ) from error
        yield


def _journal(job: Run) -> dict[str, Any]:
    """run.json as it stands, with what this command is."""
    entry: dict[str, Any] = read_json(job.journal) if job.journal.exists() else {"stages": []}
    recipe = {key: table for key, table in job.recipe.model_dump(mode="json").items() if table is not None}
    write_json(job.out / "recipe.json", {"base": os.path.relpath(job.base, job.out), "recipe": recipe})
    return entry | {
        "title": job.recipe.title,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": job.command,
        "workers": job.workers,
        "versions": versions(),
    }
