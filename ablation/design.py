"""Which arms run, what they will cost, and the smallest effect that they can show."""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ablation.designed import designed
from ablation.holdout import hold_out
from ablation.settings import AblationSettings, TinyModel
from ablation.trial import Arm
from buckets import EvalItem, InputError

CHARS_PER_TOKEN = {"tiny": 2.5, "saved": 4.0}
"""For estimates before anything is tokenised; English text, vocabularies of about 500 and of 30,000 or more."""
PROMPT_CORRELATION = 0.6
"""Planning value: share of a prompt's score variance that both arms have in common (its difficulty)."""
SEED_SD = 0.03
"""Planning value: standard deviation of a bucket's score between training seeds."""


@dataclass(frozen=True)
class BucketPlan:
    """One bucket's supply and what its gains can show."""

    rows: int
    """Unique rows at dose 1."""
    trained_tokens: int
    """Unique trained (assistant) tokens at dose 1."""
    left_out: bool
    """Has a leave-one-out arm."""
    items: dict[str, int]
    """Eval items per split."""
    mde: float | None
    """Smallest true difference in pass@1 on dev that would be found with 80% power at 95%; none without dev prompts."""


@dataclass(frozen=True)
class Plan:
    """What a campaign will do, before it does it."""

    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    trials: int
    tokens: int
    """Trained (assistant) tokens over all trials."""
    processed_tokens: int
    """Tokens of all turns over all trials, the base included."""
    sampled_tokens: int
    """At most, if no sample ends by itself."""
    flops: float
    """6ND for training, 2ND for sampling and scoring."""
    parameters: int
    exact: bool
    """Tokens are counted (True) or estimated from characters (False)."""
    buckets: dict[str, BucketPlan]
    skipped: dict[str, int]
    """Rows and items that cannot be used, by reason."""
    available_tokens: dict[str, int]
    """Unique trained tokens per bucket of all rows: beyond the caps, and of rows longer than this model's context."""
    usable_tokens: dict[str, int] = field(default_factory=dict)
    """The same without rows longer than the context: what a mixture of this model can be drawn from."""
    mixtures: dict[str, dict[str, int]] = field(default_factory=dict)
    """Trained tokens per bucket that each mixture arm asks for."""
    arm_tokens: dict[str, dict[str, int]] = field(default_factory=dict)
    """Arm -> bucket -> trained tokens with all repeats, the mean over seeds; empty before anything is drawn."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Supply:
    """One bucket's usable rows: counts, trained tokens and tokens of all turns."""

    rows: int
    trained: int
    all_turns: int


def arms(
    settings: AblationSettings,
    rows: Mapping[str, int],
    mixtures: Sequence[str] = (),
    rules: Sequence[str] | None = None,
) -> list[Arm]:
    """base, full, smaller doses, leave-one-out for every bucket with at least `min_rows` rows, rule and mask arms.

    With `mixtures` the design is the base and one arm per mixture. Leaving out the only bucket would be
    the base again, so one bucket has no leave-one-out arm. `rules` are those that dropped rows; default all asked for.
    """
    if mixtures:
        return [Arm("base", "base", dose=0.0), *(Arm(f"mix:{name}", "mixture") for name in mixtures)]
    doses = sorted({dose for dose in settings.doses if dose < 1})
    left_out = sorted(bucket for bucket, count in rows.items() if count >= settings.min_rows)
    if not settings.leave_one_out or len(rows) < 2:
        left_out = []
    return [
        Arm("base", "base", dose=0.0),
        Arm("full", "full"),
        *(Arm(f"dose:{dose:g}", "dose", dose=dose) for dose in doses),
        *(Arm(f"loo:{bucket}", "leave_one_out", bucket) for bucket in left_out),
        *(
            Arm(f"{kind}:{rule}", "rule")
            for rule in (settings.rules if rules is None else rules)
            for kind in settings.rule_arms
        ),
        *(Arm(f"mask:{name}", "mask") for name in settings.masks),
    ]


def splits_of(arm: Arm, settings: AblationSettings) -> list[str]:
    one_question = arm.kind in ("leave_one_out", "rule")
    return list(settings.loo_splits) if one_question else ["dev", "ood", "hard"]


def smallest_effect(items: int, k: int, seeds: int) -> float:
    """(1.96 + 0.84) x sqrt(2 p(1-p) (1-rho)/(k n R) + 2 s^2/R) at p = 1/2: a planning figure.

    n items, k samples, R seeds, rho and s the planning values above; the gains report the one measured.
    """
    sampling = 2 * 0.25 * (1 - PROMPT_CORRELATION) / (k * items * seeds)
    return float(2.8 * (sampling + 2 * SEED_SD**2 / seeds) ** 0.5)


def plan(settings: AblationSettings, pool: pl.DataFrame, items: Sequence[EvalItem], base: Path = Path()) -> Plan:
    """The plan from row counts and characters alone: cheap, needs no tokenizer and no torch."""
    training, held = hold_out(pool, settings.holdout, settings.holdout_max)
    per_token = CHARS_PER_TOKEN["tiny" if isinstance(settings.model, TinyModel) else "saved"]
    turns = training.drop_nulls("bucket").select("id", "bucket", "messages").explode("messages").unnest("messages")
    chars = turns.with_columns(
        n=pl.sum_horizontal(pl.col("content", "reasoning", "tool_calls").str.len_chars().fill_null(0)) / per_token + 2
    )
    counted = (
        chars.group_by("bucket")
        .agg(
            rows=pl.col("id").n_unique(),
            trained=pl.col("n").filter(pl.col("role") == "assistant").sum(),
            all_turns=pl.col("n").sum(),
        )
        .sort("bucket")
    )
    supply = {
        row["bucket"]: Supply(row["rows"], int(row["trained"]), int(row["all_turns"])) for row in counted.to_dicts()
    }
    everything = [*items, *held]
    prompt = sum(len(m.content) for item in everything for m in item.draft.messages) / per_token
    return plan_of(settings, supply, everything, int(prompt), model_parameters(settings, base))


def plan_of(
    settings: AblationSettings,
    supply: Mapping[str, Supply],
    items: Sequence[EvalItem],
    prompt_tokens: int,
    parameters: int,
    *,
    exact: bool = False,
    skipped: Mapping[str, int] | None = None,
    mixtures: Mapping[str, Mapping[str, int]] | None = None,
    available: Mapping[str, int] | None = None,
    rules: Sequence[str] | None = None,
) -> Plan:
    """The plan from what each bucket has; `prompt_tokens` is the sum over all eval items, `available` the trained
    tokens of each bucket's rows where more than the supply could be counted, `rules` those that dropped rows."""
    capped = {bucket: _capped(settings, bucket, s) for bucket, s in supply.items()}
    chosen = arms(settings, {bucket: s.rows for bucket, s in capped.items()}, sorted(mixtures or {}), rules)
    if not mixtures:
        trained_in_full = {b: (float(s.trained), settings.passes(b) * s.trained) for b, s in capped.items()}
        mixtures = designed(trained_in_full, settings.random_mixtures, settings.add_one)
        chosen += [Arm(f"mix:{name}", "mixture") for name in mixtures]
    left_out = {arm.bucket for arm in chosen}
    trained = processed = sampled = read = 0.0
    sizes = Counter(str(item.split) for item in items)
    prompts = Counter(str(item.split) for item in items if _is_prompt(item))
    for arm in chosen:
        one_trained, one_all = _cost(arm, settings, capped, mixtures)
        trained, processed = trained + one_trained, processed + one_all
        seen = splits_of(arm, settings)
        sampled += sum(prompts[split] for split in seen) * settings.sample.k * settings.sample.max_new_tokens
        read += sum(sizes[split] for split in seen) / max(len(items), 1) * prompt_tokens
    runs = len(settings.seeds)
    extra = settings.model.base_tokens if isinstance(settings.model, TinyModel) else 0
    processed, sampled, read = processed * runs + extra, sampled * runs, read * runs
    return Plan(
        arms=tuple(chosen),
        seeds=settings.seeds,
        trials=len(chosen) * runs,
        tokens=round(trained * runs),
        processed_tokens=round(processed),
        sampled_tokens=round(sampled),
        flops=parameters * (6 * processed + 2 * (sampled + read)),
        parameters=parameters,
        exact=exact,
        buckets={
            bucket: BucketPlan(s.rows, s.trained, bucket in left_out, *_evaluation(settings, items, bucket))
            for bucket, s in capped.items()
        },
        skipped=dict(skipped or {}),
        available_tokens=dict(available or {bucket: s.trained for bucket, s in supply.items()}),
        usable_tokens={bucket: s.trained for bucket, s in supply.items()},
        mixtures={name: dict(tokens) for name, tokens in mixtures.items()},
    )


def _evaluation(
    settings: AblationSettings, items: Sequence[EvalItem], bucket: str
) -> tuple[dict[str, int], float | None]:
    mine = [item for item in items if item.bucket == bucket]
    prompts = len([item for item in mine if item.split == "dev" and _is_prompt(item)])
    mde = smallest_effect(prompts, settings.sample.k, len(settings.seeds)) if prompts else None
    return dict(sorted(Counter(item.split for item in mine).items())), mde


def _is_prompt(item: EvalItem) -> bool:
    """Sampled, not scored by NLL."""
    return not item.draft.messages or item.draft.messages[-1].role != "assistant"


def _capped(settings: AblationSettings, bucket: str, s: Supply) -> Supply:
    cap = settings.rows_cap(bucket)
    rows = s.rows if cap is None else min(s.rows, cap)
    if settings.tokens_per_bucket is not None and s.trained:
        rows = min(rows, max(1, settings.tokens_per_bucket * s.rows // s.trained))
    part = rows / max(s.rows, 1)
    return Supply(rows, round(s.trained * part), round(s.all_turns * part))


def _cost(
    arm: Arm, settings: AblationSettings, supply: Mapping[str, Supply], mixtures: Mapping[str, Mapping[str, int]]
) -> tuple[float, float]:
    """(trained tokens, tokens of all turns) of one run of an arm."""
    if arm.kind == "base":
        return 0.0, 0.0
    if arm.kind == "mixture":
        wanted = mixtures[arm.name.removeprefix("mix:")]
        ratio = {bucket: s.all_turns / max(s.trained, 1) for bucket, s in supply.items()}
        return float(sum(wanted.values())), sum(tokens * ratio.get(bucket, 1.0) for bucket, tokens in wanted.items())
    # A mask arm trains at most the tokens of "full". A rule arm trains as many; its rows' other turns are taken to be
    # as long as the kept ones'.
    share = arm.dose if settings.control == "fixed_epochs" else 1.0
    mine = [(settings.passes(bucket) * share, s) for bucket, s in supply.items() if bucket != arm.bucket]
    return sum(passes * s.trained for passes, s in mine), sum(passes * s.all_turns for passes, s in mine)


def model_parameters(settings: AblationSettings, base: Path) -> int:
    """Weights of the model: from the settings of a tiny one, from the safetensors headers of a saved one."""
    if isinstance(settings.model, TinyModel):
        from ablation.tiny import parameters

        return parameters(settings.model)
    folder = base / Path(settings.model.path).expanduser()
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InputError(
            f"{folder}: holds no .safetensors file; a model folder with config, tokenizer and weights is needed"
        )
    return sum(map(_weights_in, files))


def _weights_in(path: Path) -> int:
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    except (OSError, ValueError, struct.error, MemoryError, OverflowError) as error:
        raise InputError(f"{path}: not a safetensors file ({error})") from error
    total = 0
    for name, about in header.items():
        if name != "__metadata__":
            size = 1
            for length in about["shape"]:
                size *= length
            total += size
    return total
