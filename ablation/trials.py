"""Turns rows, items and a design into trial files: what is encoded once, what each trial trains on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ablation.design import Supply, splits_of
from ablation.mask import Encoder
from ablation.mask_policy import MaskPolicy
from ablation.mixture import Draw, Ints, Pool, Portion, interleave, portion, portion_of_tokens, repeat
from ablation.mixture import available as drawn
from ablation.pack import Rows
from ablation.putback import Dropped, kind_and_rule, rule_portion
from ablation.settings import AblationSettings
from ablation.trial import Arm, Share, Trial
from buckets import EvalItem, InputError, RefusedError, RowError, digest, digest_file, records, turn_weights

Mixtures = Mapping[str, Mapping[str, int]]
_Row = tuple[EvalItem, list[int], list[bool]]
_Tokens = tuple[list[int], list[float]]
MAX_EPOCHS = 16.0
"""A mixture arm may repeat a bucket's rows this often at most."""


@dataclass(frozen=True)
class Encodings:
    """The training pool as tokens; `skipped` counts unusable rows by reason."""

    rows: Rows
    pool: Pool
    skipped: Counter[str]
    available: dict[str, int]
    """Assistant tokens per bucket of every row with an exact mask, those longer than the context too."""
    ids: tuple[str, ...] = ()
    """Row ids of the pool's own rows, in the order of `rows`."""
    dropped: Dropped = field(default_factory=dict)
    """Usable rows that filter rules took out; they stand behind the pool's own in `rows` and in no bucket of it."""
    masked: dict[str, Rows] = field(default_factory=dict)
    """The pool's own rows under other mask policies, in the same order; a row with nothing to train is empty."""

    def supply(self) -> dict[str, Supply]:
        lengths = self.rows.lengths
        return {
            bucket: Supply(len(members), int(self.pool.trained[members].sum()), int(lengths[members].sum()))
            for bucket, members in self.pool.members.items()
        }


def encode_pool(pool: pl.DataFrame, encoder: Encoder, context: int) -> Encodings:
    """Every usable row with its loss mask; a row longer than `context` tokens is cut or left out as the policy says.

    Raises InputError when no row is usable.
    """
    ids, buckets, encoded, skipped, available = _encode(pool, encoder, context)
    if not encoded:
        why = ", ".join(f"{reason}: {count}" for reason, count in skipped.most_common())
        raise InputError(f"no row can be trained on ({why or 'the pool is empty'})")
    rows = Rows.of(encoded)
    pool_of = Pool.of(ids, buckets, rows.trained_counts)
    return Encodings(rows, pool_of, skipped, dict(sorted(available.items())), tuple(ids))


def with_dropped(
    encodings: Encodings, dropped: Mapping[str, pl.DataFrame], encoder: Encoder, context: int
) -> Encodings:
    """Beside the pool, the rows that rules dropped (rule -> rows); a row may stand under a rule and its stage.

    Rows whose bucket has no kept row are left out: there is nothing to put them back into.
    """
    if not dropped:
        return encodings
    everything = pl.concat(dropped.values()).unique("id", keep="first")
    ids, buckets, encoded, skipped, _ = _encode(everything, encoder, context)
    more, first = Rows.of(encoded), len(encodings.rows)
    place = {id: first + index for index, id in enumerate(ids)}
    bucket_of = dict(zip(ids, buckets, strict=True))
    members: dict[str, dict[str, list[int]]] = {rule: {} for rule in dropped}
    for rule, frame in dropped.items():
        for id in sorted(frame["id"]):
            if id in place and bucket_of[id] in encodings.pool.members:
                members[rule].setdefault(bucket_of[id], []).append(place[id])
    rows = encodings.rows.and_then(more)
    counted = Counter({f"dropped row: {reason}": count for reason, count in skipped.items()})
    return replace(
        encodings,
        rows=rows,
        pool=replace(encodings.pool, trained=rows.trained_counts),
        skipped=encodings.skipped + counted,
        dropped={
            rule: {bucket: np.array(found[bucket], np.int64) for bucket in sorted(found)}
            for rule, found in members.items()
        },
    )


def with_masks(
    encodings: Encodings, pool: pl.DataFrame, policies: Mapping[str, MaskPolicy], encoder: Encoder, context: int
) -> Encodings:
    """Beside the pool, its rows under other policies (name -> policy), for mask arms."""
    masked, skipped = {}, Counter[str]()
    for name, policy in policies.items():
        ids, _, encoded, unusable, _ = _encode(pool, encoder.with_policy(policy), context)
        found = dict(zip(ids, encoded, strict=True))
        masked[name] = Rows.of([found.get(id, ([], [])) for id in encodings.ids])
        skipped.update({f"mask:{name}: {reason}": count for reason, count in unusable.items()})
    return replace(encodings, masked=masked, skipped=encodings.skipped + skipped)


def _encode(
    pool: pl.DataFrame, encoder: Encoder, context: int
) -> tuple[list[str], list[str], list[_Tokens], Counter[str], Counter[str]]:
    """ids, buckets and tokens of the usable rows in the order of their ids; the skipped; assistant tokens available."""
    skipped, available = Counter[str](), Counter[str]()
    ids, buckets, encoded = [], [], []
    for record in records(pool.sort("id")):
        if record.bucket is None:
            skipped["no_bucket"] += 1
            continue
        try:
            row = encoder.encode(
                record.messages, record.draft.tools, weights=turn_weights(record.draft), context=context
            )
        except RowError as error:
            skipped[error.reason] += 1
            continue
        available[record.bucket] += sum(row.trained)
        if len(row.ids) > context:
            skipped["longer_than_context"] += 1
            continue
        ids.append(record.id)
        buckets.append(record.bucket)
        encoded.append((row.ids, row.weights))
    return ids, buckets, encoded, skipped, available


def write_items(
    items: Sequence[EvalItem], encoder: Encoder, context: int, path: Path
) -> tuple[list[EvalItem], Counter[str], str]:
    """eval.npz: prompts to sample, references to score by NLL.

    Returns the items in it, the skipped by reason, and a digest of the arrays.

    An item whose last turn is an assistant's is scored by NLL on that turn alone and not sampled: its earlier turns
    may stand in the training pool as another talk. A prompt needs room for at least one token of the answer.
    """
    skipped: Counter[str] = Counter()
    used: list[EvalItem] = []
    prompts: list[_Row] = []
    references: list[_Row] = []
    for item in items:
        messages, tools = item.draft.messages, item.draft.tools
        try:
            if messages and messages[-1].role == "assistant":
                row = encoder.encode(messages, tools, last_turn=True)
                kind, ids, flags = references, row.ids, row.trained
            else:
                ids = encoder.prompt(messages, tools)
                kind, flags = prompts, [False] * len(ids)
        except RowError as error:
            skipped[f"item:{error.reason}"] += 1
            continue
        if len(ids) + (kind is prompts) > context:
            skipped["item:longer_than_context"] += 1
            continue
        kind.append((item, ids, flags))
        used.append(item)
    arrays: dict[str, Any] = {"stop": np.array(encoder.stop_ids(), np.int64), "context": np.int64(context)}
    for name, kind in (("prompt", prompts), ("reference", references)):
        arrays |= Rows.of([(ids, flags) for _, ids, flags in kind]).arrays(name)
        arrays[f"{name}_ids"] = np.array([item.id for item, _, _ in kind], dtype=np.str_)
        arrays[f"{name}_splits"] = np.array([item.split for item, _, _ in kind], dtype=np.str_)
    return used, skipped, _write_arrays(path, arrays)


def draw_arm(
    arm: Arm, seed: int, encodings: Encodings, settings: AblationSettings, mixtures: Mixtures, *, capped: bool
) -> Draw:
    """The rows of one arm under one seed, in training order.

    `capped`: a mixture takes the rows of dose 1, as the arms beside it; otherwise all that its bucket has.
    Raises RefusedError when what a rule dropped would have to be repeated too often in every bucket.
    """
    pool = encodings.pool

    def full(bucket: str) -> Ints:
        return drawn(pool, bucket, seed, settings.rows_cap(bucket), settings.tokens_per_bucket)

    if arm.kind == "mixture":
        wanted = mixtures[arm.name.removeprefix("mix:")]
        chosen = {
            b: portion_of_tokens(pool, b, seed, n, MAX_EPOCHS, full(b) if capped else None)
            for b, n in wanted.items()
            if n > 0
        }
        return interleave(pool, chosen, seed)
    if arm.kind == "mask":
        return _masked(
            draw_arm(Arm("full", "full"), seed, encodings, settings, mixtures, capped=capped), arm, encodings
        )
    if arm.kind == "rule":
        return interleave(pool, _rule_portions(arm, seed, encodings, settings, full), seed)
    portions = {}
    for bucket in pool.members:
        if bucket != arm.bucket:
            portions[bucket] = portion(
                pool, bucket, seed, full(bucket), arm.dose, settings.passes(bucket), settings.control
            )
    return interleave(pool, portions, seed)


def _masked(full: Draw, arm: Arm, encodings: Encodings) -> Draw:
    """The draw of "full" without the rows that have nothing to train under the arm's policy.

    Raises RefusedError when that leaves none.
    """
    rows = encodings.masked[arm.name.removeprefix("mask:")]
    order = full.order[rows.lengths[full.order] > 0]
    if not len(order):
        raise RefusedError(f"ablate.masks: no row has anything to train under {arm.name!r}: take it out or widen it")
    counts, shares = rows.trained_counts, {}
    for bucket, members in encodings.pool.members.items():
        mine = order[np.isin(order, members)]
        unique = np.unique(mine)
        shares[bucket] = Share(len(unique), int(counts[unique].sum()), int(counts[mine].sum()))
    return Draw(order, shares)


def _rule_portions(
    arm: Arm, seed: int, encodings: Encodings, settings: AblationSettings, full: Callable[[str], Ints]
) -> dict[str, Portion]:
    """Buckets that the rule took nothing from keep exactly what they train on in "full"."""
    pool, (kind, rule) = encodings.pool, kind_and_rule(arm.name)
    fell = encodings.dropped[rule]
    portions, touched = {}, 0
    for bucket in pool.members:
        rows = full(bucket)
        tokens = settings.passes(bucket) * float(pool.trained[rows].sum())
        mine = fell.get(bucket, np.zeros(0, np.int64))
        changed = rule_portion(pool, bucket, seed, (kind, rule), rows, mine, tokens, MAX_EPOCHS)
        touched += changed is not None
        portions[bucket] = changed or Portion(rows, repeat(pool, bucket, rows, tokens, seed))
    if not touched:
        raise RefusedError(
            f"ablate.rules: {sum(map(len, fell.values()))} rows that can be trained on fell to {rule!r}, too few in "
            f"every bucket to train as many tokens as the kept rows within {MAX_EPOCHS:g} passes: take {kind!r} out of "
            "ablate.rule_arms or lower ablate.epochs"
        )
    return portions


def write_trials(
    arms: Sequence[Arm],
    settings: AblationSettings,
    encodings: Encodings,
    folder: Path,
    *,
    model: Path,
    eval_file: Path,
    eval_digest: str,
    threads: int,
    mixtures: Mixtures,
    capped: bool = False,
) -> list[Trial]:
    """One folder per trial with its data.npz; trials of the first seed come first, so that early results compare."""
    shared = [_code(), _model_digest(model), eval_digest]
    trials = []
    for seed in settings.seeds:
        for arm in arms:
            name = f"{arm.name.replace(':', '-')}_s{seed}"
            home = folder / name
            data = ""
            draw, mask = None, settings.mask
            if arm.kind != "base":
                draw = draw_arm(arm, seed, encodings, settings, mixtures, capped=capped)
            if draw is not None:
                unique, order = np.unique(draw.order, return_inverse=True)
                source = encodings.rows
                if arm.kind == "mask":
                    mask = settings.masks[arm.name.removeprefix("mask:")]
                    source = encodings.masked[arm.name.removeprefix("mask:")]
                arrays = source.take(unique).arrays("row")
                data = _write_arrays(home / "data.npz", arrays | {"order": order.astype(np.int32)})
            trial = Trial(
                name=name,
                arm=arm,
                seed=seed,
                model=os.path.relpath(model, home),
                data=None if draw is None else "data.npz",
                eval=os.path.relpath(eval_file, home),
                mixture={} if draw is None else draw.shares,
                train=settings.train.model_dump() | {"threads": threads} | _told(mask, draw),
                sample=settings.sample.model_dump() | {"splits": splits_of(arm, settings)},
            )
            trials.append(_stamped(trial, [*shared, data]))
    return trials


def _told(mask: MaskPolicy, draw: Draw | None) -> dict[str, Any]:
    """The policy goes into the trial and its fingerprint; what trains nothing has none."""
    return {} if draw is None else {"mask": mask.model_dump()}


def _stamped(trial: Trial, parts: list[str]) -> Trial:
    """The fingerprint covers data, model, items, settings and the code that runs; not paths and threads."""
    train = {name: value for name, value in trial.train.items() if name != "threads"}
    about = [str(trial.arm), str(trial.seed), str(sorted(train.items())), str(sorted(trial.sample.items()))]
    return replace(trial, fingerprint=digest([*parts, *about]))


def _code() -> str:
    here = Path(__file__).parent
    return digest(
        [(here / name).read_bytes() for name in ("train.py", "scorer.py", "documents.py", "generate.py", "pack.py")]
    )


def _model_digest(model: Path) -> str:
    """Names and sizes of all files, content of the small ones: weights of billions are not read again."""
    files = sorted(path for path in model.iterdir() if path.is_file())
    parts = [f"{p.name}:{p.stat().st_size}:{digest_file(p) if p.stat().st_size < 2**24 else ''}" for p in files]
    return digest(parts)


def _write_arrays(path: Path, arrays: Mapping[str, Any]) -> str:
    """An npz, whole or absent; returns a digest of the content (a zip also holds the time)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.npz")
    np.savez(aside, **arrays)
    aside.replace(path)
    return digest([part for name in sorted(arrays) for part in (name, str(arrays[name].dtype), arrays[name].tobytes())])
