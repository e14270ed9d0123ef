"""The recipe: one YAML file that says all of a run, checked in full before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from ablation import AblationSettings, AnalyseSettings, TinyModel
from buckets import BUCKETS, FORMATS, HUB, READERS, InputError, RecipeError, expand
from curate.balance import Balance
from curate.bucketing import Bucketing
from curate.check import Check
from curate.decontaminate import Decontaminate
from curate.dedup import Dedup
from curate.earlier import earlier
from curate.export import Export
from curate.guard import Guard
from curate.judge import JudgeStage
from curate.measures import placed
from curate.mistakes import near as _near
from curate.mistakes import sentences
from curate.semantic import Semantic
from curate.source import Read
from curate.stage import Table
from verifiers import CHECK_NAMES, FLAG_NAMES

ROAD = (
    "read",
    "bucket",
    "check",
    "decontaminate",
    "judge",
    "dedup",
    "semantic",
    "balance",
    "ablate",
    "decide",
    "confirm",
    "report",
    "export",
)
"""Stages in the order in which they run."""

CLEANING = ROAD[: ROAD.index("ablate")]


RULE_STAGES = ("check", "judge", "dedup", "semantic", "balance")
"""Stages whose rules an ablation can put on trial. What decontamination took would be scored as a gain."""


class Confirm(Table):
    """The proposed mixture is trained beside the baselines, with fresh seeds and equal tokens."""

    seeds: int = Field(3, ge=2)
    """Training runs of each mixture, with seeds that nothing in this run folder has used. Fix it before looking."""
    tokens: int | None = Field(None, ge=1)
    """Trained tokens of each run; none: the budget that the mixture was proposed for."""


class Recipe(Table):
    """A table for each stage; a table that is absent means that the stage is off."""

    title: str = "Untitled run"
    """Heads the report."""
    read: Read
    """Raw files to records."""
    bucket: Bucketing | None = None
    """Which capability each row trains."""
    check: Check | None = None
    """Rules and verifiers."""
    decontaminate: Decontaminate | None = None
    """Rows that give eval items away."""
    judge: JudgeStage | None = None
    """Grades by a model, with a spend cap; drops only what agreement with people has allowed."""
    dedup: Dedup | None = None
    """Exact and near duplicates."""
    semantic: Semantic | None = None
    """Near in meaning: flagged, or dropped on a second signal."""
    balance: Balance | None = None
    """Quotas over difficulty and length."""
    ablate: AblationSettings | None = None
    """SFT+eval trials: doses and leave-one-out."""
    decide: AnalyseSettings | None = None
    """Margins and budget of the verdict and the mixture."""
    confirm: Confirm | None = None
    """The proposal trained afresh beside the baselines; `curate confirm` does it also without this table."""
    export: Export | None = None
    """What is written for trainers."""
    guard: Guard = Guard()
    """How much of one source one rule may take before the run stops."""
    truth: str | None = None
    """Labels of planted faults, JSON Lines: the report then shows each stage's recall and precision."""
    executor: Literal["local", "ray"] = "local"
    """Where shards are worked on."""

    def has(self, stage: str) -> bool:
        """Whether the stage runs; read and report always do."""
        return stage == "report" or getattr(self, stage) is not None


def load(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """The recipe at `path` with `a.b=c` changes applied; RecipeError carries every mistake at once."""
    return parse(_yaml(path), path.parent.resolve(), changes, str(path))


def parse(raw: Any, base: Path, changes: Sequence[str] = (), where: str = "recipe") -> Recipe:
    """`raw` as YAML gave it; paths in it are relative to `base`."""
    if not isinstance(raw, dict):
        raise RecipeError(
            [f"{where}: a recipe is a mapping of tables (read:, check:, ...), found {type(raw).__name__}"]
        )
    mistakes: list[str] = []
    tables = {key: {} if value is None and key in Recipe.model_fields else value for key, value in raw.items()}
    for change in changes:
        mistakes += _change(tables, change)
    try:
        recipe = Recipe.model_validate(tables)
    except ValidationError as error:
        raise RecipeError(mistakes + sentences(error, Recipe)) from error
    mistakes += list(_meaning(recipe, base))
    if mistakes:
        raise RecipeError(mistakes)
    return recipe


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError([f"{path}: no such recipe"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError([f"{path}: cannot be read: {error}"]) from error
    except yaml.YAMLError as error:
        raise RecipeError([f"{path}: not YAML: {error}"]) from error


def _change(tables: dict[str, Any], change: str) -> list[str]:
    """Apply one `--set a.b=c` in place; the value is read as YAML."""
    path, equals, text = change.partition("=")
    if not equals or not path.strip():
        return [f"--set {change}: write it as table.key=value"]
    *parents, last = path.strip().split(".")
    here: Any = tables
    for key in parents:
        step = here.setdefault(key, {}) if isinstance(here, dict) else _item(here, key)
        if not isinstance(step, dict | list):
            return [f"--set {change}: {key!r} is not a table"]
        here = step
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [f"--set {change}: the value is not YAML: {error}"]
    if isinstance(here, list):
        if not last.isdigit() or int(last) >= len(here):
            return [f"--set {change}: no item {last!r} in a list of {len(here)}"]
        here[int(last)] = value
    else:
        here[last] = value
    return []


def _item(values: list[Any], key: str) -> Any:
    return values[int(key)] if key.isdigit() and int(key) < len(values) else None


def _meaning(recipe: Recipe, base: Path) -> Iterable[str]:
    """Mistakes that types cannot see: names that do not exist, files that are not there."""
    names = [source.name for source in recipe.read.sources]
    for index, source in enumerate(recipe.read.sources):
        where = f"read.sources.{index}"
        if names.index(source.name) != index:
            yield f"{where}.name: {source.name!r} is used twice; ids would clash"
        if source.bucket is not None and source.bucket not in BUCKETS:
            yield f"{where}.bucket: no bucket {source.bucket!r}{_near(source.bucket, BUCKETS)}"
        if source.format not in ("auto", *FORMATS):
            yield f"{where}.format: no format {source.format!r}{_near(source.format, ['auto', *FORMATS])}"
        if source.mapping is not None and source.format != "auto":
            yield f"{where}: give either format or mapping, not both"
        try:
            if not any(name.startswith(HUB) for name in source.files):  # what a hub has is seen when it is fetched
                source.named(base)
        except InputError as error:
            yield f"{where}.files: {error}"
    yield from placed(recipe.read.tokenizer, recipe.read.language, base).mistakes()
    yield from recipe.guard.mistakes(names)
    if recipe.check is not None:
        for name in recipe.check.skip:
            if name not in (*CHECK_NAMES, *FLAG_NAMES):
                yield f"check.skip: no rule {name!r}{_near(name, (*CHECK_NAMES, *FLAG_NAMES))}"
        for name in recipe.check.drop:
            if name not in FLAG_NAMES:
                yield f"check.drop: no flag {name!r}{_near(name, FLAG_NAMES)}"
        yield from recipe.check.mistakes(base)
    if recipe.dedup is not None:
        for name in recipe.dedup.prefer:
            if name not in names:
                yield f"dedup.prefer: no source {name!r}{_near(name, names)}"
        for place, name in enumerate(recipe.dedup.against):
            if recipe.dedup.against.index(name) != place:
                yield f"dedup.against.{place}: {name!r} is named twice"
            try:
                earlier((name,), base)
            except InputError as error:
                yield f"dedup.against.{place}: {error}"
    if recipe.semantic is not None:
        for name in recipe.semantic.prefer:
            if name not in names:
                yield f"semantic.prefer: no source {name!r}{_near(name, names)}"
    if recipe.decontaminate is not None:
        yield from _files("decontaminate.items", recipe.decontaminate.items, base)
        for index, one in enumerate(recipe.decontaminate.evals):
            where = f"decontaminate.evals.{index}"
            if one.reader not in ("auto", *READERS):
                yield f"{where}.reader: no reader {one.reader!r}{_near(one.reader, ['auto', *READERS])}"
            if one.mapping is not None and one.reader != "auto":
                yield f"{where}: give either reader or mapping, not both"
            yield from _files(f"{where}.files", one.files, base)
    if recipe.judge is not None:
        yield from recipe.judge.mistakes(base)
    if recipe.ablate is not None:
        yield from _files("ablate.items", recipe.ablate.items, base)
        yield from _trainable(recipe.ablate, base)
        yield from _on_trial(recipe, recipe.ablate.rules)
        if recipe.bucket is None:
            yield "ablate: needs buckets; add an empty table `bucket:`"
    yield from _buckets(recipe)
    if recipe.decide is not None and recipe.ablate is None:
        yield "decide: nothing to decide from; add an `ablate:` table or remove `decide:`"
    if recipe.confirm is not None and recipe.decide is None:
        yield "confirm: no mixture is proposed; add a `decide:` table or remove `confirm:`"
    if recipe.truth is not None:
        yield from _files("truth", (recipe.truth,), base)


def _buckets(recipe: Recipe) -> Iterable[str]:
    """Names of buckets wherever a table speaks of them; `default` where one value may stand for all others."""
    named: dict[str, Iterable[str]] = {}
    if recipe.balance is not None:
        named["balance.max_rows"] = _keys(recipe.balance.max_rows)
        if recipe.bucket is None:
            yield "balance: needs buckets, else no quota holds; add an empty table `bucket:`"
    if recipe.ablate is not None:
        named["ablate.rows_per_bucket"] = _keys(recipe.ablate.rows_per_bucket) - {"default"}
        named["ablate.epochs"] = _keys(recipe.ablate.epochs) - {"default"}
    if recipe.decide is not None:
        named["decide.floors"] = recipe.decide.floors
        named["decide.verifiable"] = recipe.decide.verifiable
        named["decide.eval_weights"] = recipe.decide.eval_weights
        named["decide.score_floors"] = recipe.decide.score_floors
    for where, names in named.items():
        for name in sorted(names):
            if name not in BUCKETS:
                yield f"{where}: no bucket {name!r}{_near(name, BUCKETS)}"


def _keys(value: object) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def _trainable(ablate: AblationSettings, base: Path) -> Iterable[str]:
    """What would stop the ablation after the cleaning is done."""
    if isinstance(ablate.model, TinyModel):
        yield from _files("ablate.model.corpus", ablate.model.corpus, base)
        if not ablate.model.corpus:
            yield "ablate.model.corpus: a tiny model is trained from text: name files of conversations, or give path:"
    elif not (base / Path(ablate.model.path).expanduser() / "config.json").exists():
        yield f"ablate.model.path: {ablate.model.path} is no Hugging Face model folder (no config.json in it)"
    if not ablate.items and not ablate.holdout:
        yield "ablate: nothing to score on; give items:, or holdout: 0.1 with metric: nll"
    elif not ablate.items and ablate.metric == "pass@1":
        yield "ablate.metric: pass@1 needs items: to sample; a holdout alone is scored with metric: nll"


def _on_trial(recipe: Recipe, rules: Sequence[str]) -> Iterable[str]:
    """Rules and stages whose worth is to be measured. Which rules drop a row is seen when the cleaning is done."""
    for place, name in enumerate(rules):
        where = f"ablate.rules.{place}"
        if rules.index(name) != place:
            yield f"{where}: {name!r} is named twice"
        elif name == "decontaminate" or name in ("verbatim", "near"):
            yield f"{where}: rows that give eval items away cannot be put back: recall would be scored as a gain"
        elif name in ROAD and name not in RULE_STAGES:
            yield f"{where}: {name!r} drops no row by a rule; stages that do: {', '.join(RULE_STAGES)}"
        elif name == "judge" and recipe.judge is not None and recipe.judge.action != "drop":
            yield f"{where}: the judge only scores (judge.action is not drop): it drops no row that could be put back"
        elif name in ROAD and not recipe.has(name):
            yield f"{where}: stage {name!r} is off: the recipe has no `{name}:` table"
        elif not name.replace("_", "").isalnum():
            yield f"{where}: {name!r} is no name of a rule"


def _files(where: str, patterns: Sequence[str], base: Path) -> Iterable[str]:
    for pattern in patterns:
        try:
            expand((pattern,), base)
        except InputError as error:
            yield f"{where}: {error}"
