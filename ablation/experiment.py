"""A whole ablation: base model, trials, grades, and one long table of scores."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean
from typing import Any

import polars as pl

from ablation.design import Plan, model_parameters, plan_of
from ablation.grading import SCORE_SCHEMA, Grader, Grades, default_grader, score_trial
from ablation.holdout import hold_out, not_held_out, opening_hash
from ablation.loop import run_trials
from ablation.mask import Encoder
from ablation.reuse import take_over
from ablation.settings import AblationSettings, TinyModel
from ablation.tasks import check_items
from ablation.trial import Result, Share, Trial
from ablation.trials import Mixtures, encode_pool, with_dropped, with_masks, write_items, write_trials
from buckets import EvalItem, IncompleteError, InputError, cores, expand, read_frame, read_json, write_frame, write_json

Progress = Callable[[int, int], None]


def campaign(
    settings: AblationSettings,
    pool: pl.DataFrame,
    items: Sequence[EvalItem],
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress = lambda _done, _total: None,
    base: Path = Path(),
    models: Path | None = None,
    grader: Grader | None = None,
    mixtures: Mixtures | None = None,
    earlier: Sequence[Path] = (),
    dropped: Mapping[str, pl.DataFrame] | None = None,
) -> dict[str, Any]:
    """Train and score every arm; leaves plan.json, results.json and scores.parquet in `folder`.

    `pool` holds the kept rows (id, bucket, messages, tools and the other columns of a record); `base` is
    where relative paths of the settings start; `models` is where a tiny base is kept for later campaigns;
    `mixtures` (name -> bucket -> trained tokens) replaces the arms by one per mixture, to confirm a proposal;
    `earlier` are folders of other campaigns, whose finished trials are taken over where they are these very trials.
    `dropped` (rule -> the rows it took, as `pool`, with the `witness` of a duplicate) is for the arms of
    `settings.rules`; a rule without a usable row has no arm. What could give a held-out answer away is not put back.
    `progress` gets trials done and in all. A second call with the same arguments resumes.
    Returns {"scores", "plan", "status", "base", "grading"}: the path, Plan.to_json(), counts, for a tiny model the
    conversations that its base was made from and those withheld from it, and which sandbox ran sampled programs (or the
    sentence that says why none did) with the samples that could not be judged.
    Raises InputError for unusable input, IncompleteError when no trial gave a score.
    """
    check_items(items)
    folder.mkdir(parents=True, exist_ok=True)
    workers = workers or settings.workers or cores()
    training, held = hold_out(pool, settings.holdout, settings.holdout_max)
    withheld = {opening_hash(item.draft.messages) for item in [*items, *held]}
    model = base_model(settings, models or folder / "models", base, withheld)
    encoder, context = load_encoder(model)
    training_encoder = encoder.with_policy(settings.mask)
    encodings = encode_pool(training, training_encoder, context)
    if settings.masks and not mixtures:
        encodings = with_masks(encodings, training, settings.masks, encoder, context)
    if settings.rules and not mixtures:
        back, leaks = not_held_out(dropped or {}, withheld, set(pool["id"]) - set(training["id"]))
        encodings = with_dropped(
            encodings, {rule: back[rule] for rule in settings.rules if rule in back}, training_encoder, context
        )
        encodings.skipped.update(leaks)
    used, skipped_items, eval_digest = write_items([*items, *held], encoder, context, folder / "eval.npz")
    if not used:
        raise InputError(
            f"no eval item can be used ({dict(skipped_items) or 'none given'}): name items or set a holdout"
        )
    prompt_tokens = sum(len(encoder.prompt(item.draft.messages, item.draft.tools)) for item in used)
    planned = plan_of(
        settings,
        encodings.supply(),
        used,
        prompt_tokens,
        model_parameters(settings, base),
        exact=True,
        skipped=encodings.skipped + skipped_items,
        mixtures=mixtures,
        available=encodings.available,
        rules=[rule for rule in settings.rules if encodings.dropped.get(rule)],
    )
    trials = write_trials(
        planned.arms,
        settings,
        encodings,
        folder / "trials",
        model=model,
        eval_file=folder / "eval.npz",
        eval_digest=eval_digest,
        threads=1 if isinstance(settings.model, TinyModel) else max(1, cores() // workers),
        mixtures=planned.mixtures,
        capped=not mixtures,
    )
    planned = _drawn(planned, trials)
    write_json(folder / "plan.json", planned.to_json())
    take_over(trials, folder / "trials", [other / "trials" for other in earlier])
    files = str(base / settings.files) if settings.files else None
    grades = Grades({item.id: item for item in used}, grader or default_grader(settings.sandbox, files))
    grading = _isolation(settings, used) if grader is None else ""
    results = _run(trials, folder / "trials", workers, settings, grades, progress, grading)
    scores = _collect(trials, results, folder / "trials", grading)
    write_json(folder / "results.json", [asdict(result) for result in results])
    write_frame(folder / "scores.parquet", scores)
    status = {name: sum(r.status == name for r in results) for name in sorted({r.status for r in results})}
    return {
        "scores": str(folder / "scores.parquet"),
        "plan": planned.to_json(),
        "status": status,
        "base": _made_from(settings, model),
        "grading": _graded(scores, grading),
    }


def _isolation(settings: AblationSettings, items: Sequence[EvalItem]) -> str:
    """The tier that runs sampled programs, "off", or why nothing runs them; empty where no item has tests."""
    if not any(item.draft.tests or item.draft.meta.get("io_tests") for item in items):
        return ""
    from verifiers import isolation

    return isolation(settings.sandbox)


def _graded(scores: pl.DataFrame, grading: str) -> dict[str, Any]:
    """Which tier graded programs, or the refusal, and how many samples could not be judged."""
    return {"sandbox": grading, "abstained": int(scores["abstained"].sum()), "samples": int(scores["samples"].sum())}


def _drawn(planned: Plan, trials: Sequence[Trial]) -> Plan:
    """The plan with what the arms drew, the mean over seeds: unique trained tokens of "full", trained tokens of all."""
    by_arm: dict[str, list[Mapping[str, Share]]] = {}
    for trial in trials:
        by_arm.setdefault(trial.arm.name, []).append(trial.mixture)
    arm_tokens = {
        arm: {b: round(mean(shares[b].trained_tokens for shares in drawn)) for b in drawn[0]}
        for arm, drawn in by_arm.items()
    }
    full = by_arm.get("full", [])
    counted = {b: round(mean(shares[b].unique_tokens for shares in full)) for b in (full[0] if full else ())}
    buckets = {
        b: replace(line, trained_tokens=counted.get(b, line.trained_tokens)) for b, line in planned.buckets.items()
    }
    return replace(planned, buckets=buckets, arm_tokens=arm_tokens)


def _made_from(settings: AblationSettings, model: Path) -> dict[str, int] | None:
    if not isinstance(settings.model, TinyModel):
        return None
    from ablation.tiny import corpus_of

    return corpus_of(model)


def base_model(settings: AblationSettings, models: Path, base: Path, withheld: Collection[int]) -> Path:
    """The model folder that all trials start from: the saved one, or a tiny one built (once) under `models`.

    A tiny one learns from no conversation whose `opening_hash` is `withheld`.
    """
    if isinstance(settings.model, TinyModel):
        from ablation.tiny import build

        if not settings.model.corpus:
            raise InputError("model.corpus names no files: a tiny model needs text to learn from, or give model.path")
        return build(settings.model, expand(settings.model.corpus, base), models, withheld)
    folder = base / Path(settings.model.path).expanduser()
    if not (folder / "config.json").exists():
        raise InputError(f"{folder}: no config.json; model.path must be a Hugging Face model folder")
    return folder


def load_encoder(model: Path) -> tuple[Encoder, int]:
    """The model's encoder and its context in tokens; InputError when its tokenizer cannot make exact masks."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError) as error:
        raise InputError(f"{model}: no usable tokenizer ({error})") from error
    if not tokenizer.is_fast:
        raise InputError(f"{model}: the tokenizer gives no character offsets; save it as a fast tokenizer")
    if not tokenizer.chat_template:
        raise InputError(f"{model}: the tokenizer has no chat template; use an instruct model or add one")
    config = read_json(model / "config.json")
    limits = [tokenizer.model_max_length, config.get("max_position_embeddings")]
    return Encoder(tokenizer), min(int(limit) for limit in limits if limit)


def _run(
    trials: Sequence[Trial],
    folder: Path,
    workers: int,
    settings: AblationSettings,
    grades: Grades,
    progress: Progress,
    grading: str,
) -> list[Result]:
    """Trials are graded here while the next ones run."""
    done = 0
    progress(done, len(trials))

    def ended(trial: Trial, result: Result) -> None:
        nonlocal done
        scores = _scores_of(trial, folder, grading)
        if result.status == "ok" and not scores.exists():
            write_frame(scores, score_trial(trial, folder / trial.name, grades))
        done += 1
        progress(done, len(trials))

    return run_trials(trials, folder, workers, ended, settings.timeout_minutes * 60)


def _scores_of(trial: Trial, folder: Path, grading: str) -> Path:
    """Scores hang on where programs could be run: another answer to that grades the samples again."""
    where = f"-{grading}" if grading in ("namespaces", "bubblewrap") else ""
    return folder / trial.name / f"scores-{trial.fingerprint[:12]}{where}.parquet"


def _collect(trials: Sequence[Trial], results: Sequence[Result], folder: Path, grading: str = "") -> pl.DataFrame:
    paths = [_scores_of(t, folder, grading) for t, r in zip(trials, results, strict=True) if r.status == "ok"]
    if not paths:
        first = results[0]
        raise IncompleteError(
            f"none of {len(trials)} trials gave a score; {first.name} is {first.status}: {first.error}"
        )
    return pl.concat([read_frame(path) for path in paths]).select(SCORE_SCHEMA.names())
