"""Is a proposed mixture better than what costs nothing to think of? Trained afresh at equal tokens, and compared.

The proposal was chosen because it looked good in one campaign, so that campaign cannot say that it is good: seeds must
be fresh. Prompts are the same, and a choice made on them can be right about them alone; splits that had no part in the
choice ("ood", "hard") are therefore read too, and a loss there forbids the word "confirmed".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from ablation.designed import shared_out
from ablation.gain import Interval
from ablation.macro import macro
from ablation.scores import Cell, Scores, read_scores
from ablation.stats import Estimate, at, mde
from ablation.trials import MAX_EPOCHS
from buckets import InputError, RefusedError

Status = Literal["confirmed", "not shown better", "worse"]
BASELINES = ("proportional", "uniform", "current")
OVERALL = "all"


@dataclass(frozen=True)
class Difference:
    """proposal - baseline on one eval bucket ("all": the mean over buckets) and split."""

    baseline: str
    bucket: str
    split: str
    interval: Interval
    mde: float
    regression: Literal["none", "open", "shown"]
    """none: the (1 - 2a) interval lies above -margin; shown: it lies below zero and reaches under -margin."""


@dataclass(frozen=True)
class Confirmation:
    """What training the proposal beside the baselines showed."""

    status: Status
    headline: str
    best: str
    """Baseline with the highest mean over dev buckets."""
    metric: str
    margin: float
    seeds: tuple[int, ...]
    scores: dict[str, float]
    """Mixture -> mean over dev buckets."""
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def contenders(
    proposal: Mapping[str, float], current: Mapping[str, int], usable: Mapping[str, int], tokens: int, cap: float
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Mixture name -> bucket -> trained tokens, `tokens` each, and remarks.

    `proposal` are weights, `current` the trained tokens of the full arm, `usable` unique trained tokens per bucket,
    `cap` the most epochs of a bucket in the baselines, as in the proposal. "current" is left out where it is another
    one over again (less than 1% of the tokens elsewhere). Raises RefusedError when the rows cannot give the tokens.
    """
    most = {bucket: count * MAX_EPOCHS for bucket, count in usable.items()}
    within = {bucket: count * cap for bucket, count in usable.items()}
    found = {
        "proposal": shared_out(proposal, tokens, {bucket: most.get(bucket, 0.0) for bucket in proposal}),
        "proportional": shared_out({b: float(n) for b, n in usable.items()}, tokens, within),
        "uniform": shared_out(dict.fromkeys((b for b, n in usable.items() if n > 0), 1.0), tokens, within),
        "current": shared_out({b: float(n) for b, n in current.items()}, tokens, most),
    }
    for name, mixture in found.items():
        if sum(mixture.values()) < 0.99 * tokens:
            raise RefusedError(
                f"confirm: the rows give {sum(mixture.values()):,} of {tokens:,} trained tokens to the {name} mixture "
                f"within {MAX_EPOCHS if name in ('proposal', 'current') else cap:g} passes; set confirm.tokens lower"
            )
    notes = []
    twin = next((name for name in list(found)[:-1] if _apart(found["current"], found[name]) < 0.01 * tokens), None)
    if twin is not None:
        del found["current"]
        notes.append(f"the current mixture is the {twin} one, so it has no arm of its own")
    short = [b for b in usable if b in found["uniform"] and found["uniform"][b] < 0.99 * tokens / len(found["uniform"])]
    if short:
        notes.append(f"uniform stops at {cap:g} passes over {', '.join(short)}; the rest is shared evenly")
    return found, notes


def _apart(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Tokens that would have to move."""
    return sum(abs(one.get(b, 0) - other.get(b, 0)) for b in {*one, *other}) / 2


def fresh_seeds(used: Sequence[int], count: int) -> tuple[int, ...]:
    """The first `count` seeds above every used one."""
    first = max(used, default=0) + 1
    return tuple(range(first, first + count))


def confirmation(
    scores: pl.DataFrame,
    *,
    metric: str,
    margin: float,
    level: float = 0.95,
    notes: Sequence[str] = (),
    baselines: Sequence[str] = ("proportional", "uniform"),
) -> Confirmation:
    """Read off the scores of the arms mix:proposal, mix:proportional, mix:uniform and mix:current.

    `baselines` are those that were to be trained; without a score of one of them nothing is confirmed.

    "confirmed" when the interval of proposal - baseline lies above zero for every baseline, the best one included, on
    the mean over dev buckets, and below zero for none on a split that had no part in the choice. All baselines must be
    beaten, so each is tested at its own level; the one that looks best is not picked first. Two seeds at least.
    "worse" when it is shown to lose to one of them, which is a claim for each: Bonferroni. Two seeds here too.
    Raises InputError when the proposal can be compared with no baseline.
    """
    table = read_scores(scores)
    dev = table.pooled.get("dev")
    rivals = [name for name in BASELINES if dev is not None and _compared(dev, name, metric)]
    if dev is None or not rivals:
        raise InputError(
            "no score of the proposal beside a baseline on common prompts and seeds: their trials failed, or no dev "
            "item is there"
        )
    means = {name: macro(dev, {f"mix:{name}": 1.0}, metric).mean for name in ("proposal", *rivals)}
    best = max(rivals, key=lambda name: means[name])
    found = [line for name in rivals for line in _differences(table, name, metric, margin, level)]
    status, why = _status(found, best, [name for name in baselines if name not in rivals])
    seeds = sorted({int(seed) for seed in scores.filter(kind="mixture")["seed"].unique()})
    return Confirmation(status, why, best, metric, margin, tuple(seeds), means, tuple(found), tuple(notes))


def _compared(dev: Cell, baseline: str, metric: str) -> bool:
    return macro(dev, {"mix:proposal": 1.0, f"mix:{baseline}": -1.0}, metric).n > 0


def _differences(table: Scores, baseline: str, metric: str, margin: float, level: float) -> list[Difference]:
    weights = {"mix:proposal": 1.0, f"mix:{baseline}": -1.0}
    found = []
    for split in sorted(table.pooled, key=lambda name: (name != "dev", name)):
        lines = [(OVERALL, macro(table.pooled[split], weights, metric))]
        lines += [(b, table.contrast(weights, b, split, metric)) for b in table.buckets]
        for bucket, value in lines:
            if value.n:
                found.append(_difference(value, baseline, bucket, split, margin, level))
    return found


def _difference(value: Estimate, baseline: str, bucket: str, split: str, margin: float, level: float) -> Difference:
    interval = value.interval(level)
    one_sided = at(interval, 2 * level - 1)
    lost: Literal["none", "open", "shown"] = "open"
    if one_sided.low > -margin:
        lost = "none"
    elif one_sided.high < 0:
        lost = "shown"
    return Difference(baseline, bucket, split, interval, mde(value, level), lost)


def _below(interval: Interval, claims: int) -> bool:
    """Shown to lie below zero as one of several claims any of which may fire (Bonferroni)."""
    return interval.seeds > 1 and at(interval, 1 - (1 - interval.level) / claims).high < 0


def _status(found: Sequence[Difference], best: str, missing: Sequence[str]) -> tuple[Status, str]:
    whole = {(line.baseline, line.split): line.interval for line in found if line.bucket == OVERALL}
    dev = {baseline: interval for (baseline, split), interval in whole.items() if split == "dev"}
    against = f"proposal - {best}, the best baseline: {dev[best].words()}, {dev[best].seeds} fresh seeds"
    if under := [name for name, interval in dev.items() if _below(interval, len(dev))]:
        return "worse", f"Worse than the {' and the '.join(under)} mixture; {against}."
    if min(interval.seeds for interval in dev.values()) < 2:
        return "not shown better", f"One seed says nothing about another run; {against}."
    if missing:
        return "not shown better", f"Not compared with the {' and the '.join(missing)} mixture; {against}."
    if open_ends := [name for name, interval in dev.items() if interval.low <= 0]:
        return "not shown better", f"Not shown better than the {' and the '.join(open_ends)} mixture; {against}."
    lost = [f"{split} ({name})" for (name, split), interval in whole.items() if split != "dev" and interval.high < 0]
    if lost:
        return "not shown better", f"Better on dev, but worse on {', '.join(lost)}; {against}."
    return "confirmed", f"Better than every baseline; {against}."
