"""What of the second half still speaks of the present run; the rest is dropped before any of it is shown or shipped.

A run folder outlives recipes: scores of other data, or a verdict under other margins, must not stand beside this one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from ablation import AblationSettings, AnalyseSettings, TinyModel
from buckets import InputError, digest, digest_file, expand, read_json
from curate.job import Run
from curate.shards import StageFolder
from curate.stage import canonical
from curate.versions import code_digest

VERDICT = ("analysis.json", "decision.json", "mixture.json", "confirmation.json")


def forget(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:
    """Keep the journal's `ablation` and the verdict's files only where they are of this data and this recipe."""
    entry.pop("ablation", None)
    entry.pop("confirmation", None)
    folder = ablation_folder(job, data) if job.recipe.ablate is not None else None
    if folder is not None and folder.is_whole():
        entry["ablation"] = ablation_entry(job, data, folder)
        said = job.out / "analysis.json"
        if job.recipe.decide is not None and said.exists() and read_json(said).get("of") == basis(job, data, folder):
            if (confirmed := job.out / "confirmation.json").exists():
                found = read_json(confirmed)
                entry["confirmation"] = {"folder": found["folder"], "status": found["status"]}
            return
    for name in VERDICT:
        (job.out / name).unlink(missing_ok=True)


def mixture_name(mixture: dict[str, Any]) -> str:
    """A digest of what would be trained: weights and budget, whatever is written beside them."""
    weights = {weight["bucket"]: f"{weight['weight']:.9f}" for weight in mixture["weights"]}
    return digest([str(mixture["budget_tokens"]), *(part for b in sorted(weights) for part in (b, weights[b]))])


def confirmed_status(job: Run, mixture: dict[str, Any], ablated: StageFolder) -> str:
    """The status of a newly proposed mixture: an earlier confirmation counts only for this very one and its campaign.

    A confirmation of another one is removed.
    """
    path = job.out / "confirmation.json"
    if path.exists():
        found = read_json(path)
        if found["of"] == {"mixture": mixture_name(mixture), "ablate": ablated.fingerprint}:
            return str(found["status"])
        path.unlink()
    return "proposal"


def ablation_folder(job: Run, data: StageFolder) -> StageFolder:
    """Where the trials of this data under this recipe are.

    How many run at once and for how long is not in its name: it does not change what a finished trial says.
    """
    settings = ablate_table(job)
    asked = settings.model_copy(update={"workers": None, "timeout_minutes": 60.0})
    parts = [data.fingerprint, canonical(asked), *map(_content, _inputs(settings, job.base))]
    return StageFolder(job.stages, "ablate", digest([*parts, code_digest("buckets", "verifiers", "ablation")]))


def ablation_entry(job: Run, data: StageFolder, folder: StageFolder) -> dict[str, Any]:
    """The journal's line of a whole ablation, with the data that it was made on."""
    place = folder.path.relative_to(job.out).as_posix()
    return {"folder": place, "data": data.fingerprint, **read_json(folder.manifest)}


def basis(job: Run, data: StageFolder, folder: StageFolder) -> dict[str, str]:
    """What a verdict was read from: data, trials, scores, and margins."""
    return {
        "data": data.fingerprint,
        "ablate": folder.fingerprint,
        "scores": digest_file(folder.path / "scores.parquet"),
        "decide": digest([canonical(decide_table(job))]),
    }


def ablate_table(job: Run) -> AblationSettings:
    """InputError when the recipe has none."""
    if job.recipe.ablate is None:
        raise InputError("the recipe has no `ablate:` table")
    return job.recipe.ablate


def decide_table(job: Run) -> AnalyseSettings:
    """With the metric that the ablation was planned on, where the table names none."""
    if job.recipe.decide is None:
        raise InputError("the recipe has no `decide:` table")
    return job.recipe.decide.model_copy(update={"metric": job.recipe.decide.metric or ablate_table(job).metric})


def expanded(patterns: tuple[str, ...], base: Path) -> list[Path]:
    """Files of some globs; none for none."""
    return expand(patterns, base) if patterns else []


def _inputs(settings: AblationSettings, base: Path) -> list[Path]:
    """Files whose bytes the scores depend on, besides the pool: eval items, and the model or its corpus."""
    items = expanded(settings.items, base)
    if isinstance(settings.model, TinyModel):
        return items + expanded(settings.model.corpus, base)
    folder = base / Path(settings.model.path).expanduser()
    return items + sorted(path for path in folder.glob("*") if path.is_file())


def _content(path: Path) -> str:
    about = path.stat()
    return _digest_once(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_once(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 - the key: large weights are read once a run
    return digest_file(path)
