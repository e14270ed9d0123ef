"""Trains the proposed mixture and the baselines afresh, and says whether the proposal was shown to be better.

Every attempt has seeds that neither the campaign nor another attempt in this folder has used. A mixture is called a
proposal until this has run; what it then is called stands in mixture.json, in the report and in the export.
"""

from __future__ import annotations

import time
from typing import Any

from ablation import AblationSettings, campaign, confirmation, contenders, fresh_seeds, plain
from buckets import InputError, digest, dumps, read_frame, read_items, read_json, write_json
from curate.job import Run
from curate.recipe import Confirm
from curate.shards import StageFolder, kept_frame
from curate.standing import ablate_table, ablation_folder, decide_table, expanded, mixture_name
from curate.versions import code_digest

POOL = ["id", "source", "bucket", "messages", "tools", "reference", "tests", "schema", "answer_tokens", "tokens"]
"""Columns of a kept row that a trial needs."""
FILE = "confirmation.json"


def confirm(job: Run, data: StageFolder, entry: dict[str, Any]) -> None:
    """Train, compare, write confirmation.json and the status of the mixture. The same command resumes.

    Raises InputError when no mixture stands, RefusedError when the rows cannot give the tokens.
    """
    ablated = ablation_folder(job, data)
    mixture, plan = _stood(job, ablated)
    table = job.recipe.confirm or Confirm()
    mixtures, notes, tokens = _mixtures(job, mixture, plan)
    asked = dumps({name: mixtures[name] for name in sorted(mixtures)})
    code = code_digest("buckets", "verifiers", "ablation")
    folder = StageFolder(job.stages, "confirm", digest([ablated.fingerprint, asked, str(table.seeds), code]))
    settings = ablate_table(job)
    seeds, attempt = _seeds(folder, settings, table.seeds)
    started = time.perf_counter()
    outcome = campaign(
        settings.model_copy(update={"seeds": seeds, "rules": (), "random_mixtures": 0, "add_one": False}),
        kept_frame(data, POOL).drop_nulls("bucket"),
        [item for path in expanded(settings.items, job.base) for item in read_items(path)],
        folder.path,
        workers=job.workers,
        base=job.base,
        models=job.out / "models",
        progress=lambda done, total: job.notify("confirm", done, total),
        mixtures=mixtures,
    )
    rule = decide_table(job)
    if attempt > 1:
        notes.append(f"attempt {attempt} in this folder: each one has its own chance of a confirmation by luck")
    if tokens < mixture["budget_tokens"]:
        notes.append(f"trained on {tokens:,} tokens; the proposal is for {mixture['budget_tokens']:,}")
    failed = {status: count for status, count in outcome["status"].items() if status != "ok"}
    notes += [f"{count} trials ended as {status}; their scores are missing" for status, count in failed.items()]
    found = confirmation(
        read_frame(folder.path / "scores.parquet"),
        metric=rule.metric or "pass@1",
        margin=rule.margin,
        level=rule.level,
        notes=notes,
        baselines=[name for name in mixtures if name != "proposal"],
    )
    manifest = {"stage": "confirm", "fingerprint": folder.fingerprint, "seconds": time.perf_counter() - started}
    write_json(folder.manifest, manifest | {"notes": {"plan": outcome["plan"], "status": outcome["status"]}})
    about = {
        "of": {"mixture": mixture_name(mixture), "ablate": ablated.fingerprint},
        "folder": folder.path.relative_to(job.out).as_posix(),
        "attempt": attempt,
        "tokens": tokens,
        "trained_tokens": {arm: sum(b.values()) for arm, b in outcome["plan"]["arm_tokens"].items() if b},
        "mixtures": mixtures,
    }
    write_json(job.out / FILE, plain(found.to_json()) | about)
    _mark(job, found.status)
    entry["confirmation"] = {"folder": about["folder"], "status": found.status}


def cost_text(job: Run, data: StageFolder) -> str:
    """What `confirm` will train, before it does."""
    mixture, plan = _stood(job, ablation_folder(job, data))
    mixtures, _, tokens = _mixtures(job, mixture, plan)
    seeds = (job.recipe.confirm or Confirm()).seeds
    trials, trained = (len(mixtures) + 1) * seeds, len(mixtures) * seeds * tokens
    seen = plan["processed_tokens"] / max(plan["tokens"], 1)
    return (
        f"confirm: {', '.join(mixtures)} and the base x {seeds} fresh seeds = {trials} trials, about {trained:,} "
        f"trained tokens and {6 * plan['parameters'] * trained * seen:.1e} FLOPs to train, plus their samples"
    )


def _stood(job: Run, ablated: StageFolder) -> tuple[dict[str, Any], dict[str, Any]]:
    """The mixture and the plan of its campaign."""
    if not ablated.is_whole() or not (job.out / "mixture.json").exists():
        raise InputError(f"{job.out}: no proposed mixture to confirm; run the `ablate` and `decide` stages first")
    return read_json(job.out / "mixture.json"), read_json(ablated.manifest)["notes"]["plan"]


def _mixtures(
    job: Run, mixture: dict[str, Any], plan: dict[str, Any]
) -> tuple[dict[str, dict[str, int]], list[str], int]:
    """The arms, remarks, and the trained tokens of each arm."""
    tokens = (job.recipe.confirm or Confirm()).tokens or mixture["budget_tokens"]
    weights = {weight["bucket"]: weight["weight"] for weight in mixture["weights"]}
    cap = decide_table(job).repetition_cap
    found, notes = contenders(weights, plan["arm_tokens"]["full"], plan["usable_tokens"], tokens, cap)
    return found, notes, tokens


def _seeds(folder: StageFolder, settings: AblationSettings, count: int) -> tuple[tuple[int, ...], int]:
    """Seeds of this attempt, the same on every resume, and its number."""
    path = folder.path / "seeds.json"
    if not path.exists():
        others = [read_json(other) for other in sorted(folder.root.glob("confirm-*/seeds.json"))]
        used = [*settings.seeds, *(seed for other in others for seed in other["seeds"])]
        folder.path.mkdir(parents=True, exist_ok=True)
        write_json(path, {"seeds": list(fresh_seeds(used, count)), "attempt": len(others) + 1})
    stored = read_json(path)
    return tuple(stored["seeds"]), int(stored["attempt"])


def _mark(job: Run, status: str) -> None:
    """The status stands wherever the mixture does."""
    write_json(job.out / "mixture.json", read_json(job.out / "mixture.json") | {"status": status})
    analysis = read_json(job.out / "analysis.json")
    write_json(job.out / "analysis.json", analysis | {"mixture": analysis["mixture"] | {"status": status}})
