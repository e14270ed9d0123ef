"""Which arm to keep: chosen on one half of the prompts, reported on the other, so that luck is not reported.

The rule is that of `candidates`, the same that replays published ladders. A campaign has no RL probe, so the level
after RL has no column here: what samples say about RL (pass@k, entropy) stands in, and cannot replace it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablation.candidates import Limit, Preference, measured, prefer
from ablation.evidence import Margins
from ablation.gain import Candidate, CandidateKind, Interval
from ablation.ladder import UNITS
from ablation.scores import Cell, Scores
from ablation.stats import NOTHING, Estimate, Mask, holm


@dataclass(frozen=True)
class Checkpoint:
    """`report` is the full dose minus the chosen one, on the half that did not choose; None when full is chosen."""

    arm: str
    reason: str
    report: Interval | None = None
    candidates: tuple[Candidate, ...] = ()
    """Every arm that could be kept, least data first; `regret`: the cost of taking it instead, on the other half."""
    ties: tuple[str, ...] = ()
    """Arms that the evidence does not set apart from the highest, the chosen one included."""
    last: str = ""
    """What "keep the last" would take."""
    highest: str = ""
    """What "keep the highest score" would take, read on the half that chooses."""

    def regret(self, arm: str) -> Interval | None:
        """Chosen minus `arm` on the half that did not choose; above 0: keeping `arm` would have cost that."""
        return next((line.regret for line in self.candidates if line.name == arm), None)


def choosing_half(cell: Cell, prefix: str = "") -> Mask:
    """True for prompts that choose; whole clusters go to one half, by a hash of their name."""
    digests = [hashlib.blake2b((prefix + label).encode(), digest_size=1).digest()[0] for label in cell.labels]
    return np.array([digest % 2 == 0 for digest in digests], dtype=np.bool_)


def choose(scores: Scores, margins: Margins, averages: Sequence[str] = ()) -> Checkpoint:
    """The arm of `_choose`; its reason says so where the untrained base model is clearly better than that arm.

    `averages` are arms whose weights are a mean of others'; they are candidates when they were scored.
    """
    found, pool = _choose(scores, margins, averages), scores.pooled.get("dev")
    value = NOTHING if pool is None else pool.contrast({found.arm: 1.0, "base": -1.0}, margins.metric)
    inner = value.interval(margins.tested)
    if found.arm and value.n and inner.high < 0:
        return replace(found, reason=f"{found.reason}; but the base model is better: {inner.words()} against it")
    return found


def _choose(scores: Scores, margins: Margins, averages: Sequence[str]) -> Checkpoint:
    """The smallest dose shown within the margin of the best on dev, hard, OOD and pass@k, pooled over buckets.

    A dose on which some bucket still loses more than the margin (Holm over buckets), whose replies end or parse less
    often, or whose samples have collapsed is not eligible. Only whole arms are candidates: earlier steps of a run are
    not in the score table.
    """
    pool = scores.pooled.get("dev")
    names = [name for name in scores.doses if pool is not None and name in pool.arms]
    if pool is None or not names:
        return Checkpoint("", "no dev scores of a trained arm")
    last = names[-1]
    extra = [name for name in averages if name in pool.arms and name not in names]
    if len(names) + len(extra) == 1:
        return Checkpoint(last, "the only trained dose", last=last, highest=last)
    half = choosing_half(pool)
    if half.sum() < 8 or (~half).sum() < 8:
        why = "too few dev prompts to choose on one half and report on the other"
        return Checkpoint(last, why, last=last)
    kinds: dict[str, CandidateKind] = {}
    kinds.update(dict.fromkeys(names, "dose"))
    kinds.update(dict.fromkeys(extra, "average"))
    means = {name: _mean(pool, name, margins.metric, half) for name in kinds}
    best = max(means, key=lambda name: means[name])
    barred = _barred(scores, pool, best, list(kinds), margins, half)
    tests, contrast = _evidence(scores, margins)
    found = prefer(means, kinds, tests, contrast, margins.alpha, barred)
    why = f"least data within {margins.margin:g} of the best arm ({found.leader}) on one half of dev"
    if found.chosen == found.leader:
        why = f"highest score on one half of dev ({means[found.leader]:.3f})"
    if len(found.ties) > 1:
        why += f"; tied: {', '.join(found.ties)}"
    return _reported(pool, found, last, best, why, margins, ~half)


def _evidence(scores: Scores, margins: Margins) -> tuple[list[Limit], Callable[[str, str, str], Estimate]]:
    """What an arm must not lose on, and how it is compared: on the choosing half, never from one seed."""
    cells = {split: cell for split, cell in scores.pooled.items() if split == "dev" or cell.informative(margins.metric)}
    halves = {split: choosing_half(cell) for split, cell in cells.items()}
    signals = {split: (split, margins.metric) for split in ("dev", *sorted(set(cells) - {"dev"}))}
    if margins.metric == "pass@1":
        signals["pass@k"] = ("dev", "pass@k")
    allowed = {signal: margins.margin * (UNITS["pass@k"] if signal == "pass@k" else 1.0) for signal in signals}

    def contrast(treated: str, control: str, signal: str) -> Estimate:
        split, metric = signals[signal]
        value = cells[split].contrast({treated: 1.0, control: -1.0}, metric, halves[split])
        return replace(value, se=float("inf")) if measured(value) and value.seeds < 2 else value

    return [Limit(signal, margin) for signal, margin in allowed.items()], contrast


def _barred(
    scores: Scores, pool: Cell, best: str, names: Sequence[str], margins: Margins, half: Mask
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        why = _unstable(pool, name, names, margins, half) or _collapsed(pool, name, names, margins, half)
        if not why and name != best and _loses(scores, best, name, margins):
            why = f"a bucket is seen to lose, by more than {margins.margin:g}, against {best}"
        if why:
            found[name] = why
    return found


def _unstable(pool: Cell, name: str, names: Sequence[str], margins: Margins, half: Mask) -> str:
    """Replies end, or can be read, less often than those of the steadiest arm, by more than the margin."""
    for metric in ("terminates", "parses"):
        steadiest = _top(pool, names, metric, half)
        value = NOTHING if steadiest in ("", name) else pool.contrast({name: 1.0, steadiest: -1.0}, metric, half)
        if value.seeds > 1 and value.p_below(-margins.rate) < margins.alpha:
            return f"protocol not stable: {metric} {value.mean:+.2f} against {steadiest}"
    return ""


def _collapsed(pool: Cell, name: str, names: Sequence[str], margins: Margins, half: Mask) -> str:
    """Under half of the highest entropy *and* fewer prompts ever solved: entropy alone falls in any SFT."""
    widest = _top(pool, names, "entropy", half)
    if not widest or _mean(pool, name, "entropy", half) >= _mean(pool, widest, "entropy", half) / 2.0:
        return ""
    solver = _top(pool, names, "pass@k", half)
    value = NOTHING if solver in ("", name) else pool.contrast({name: 1.0, solver: -1.0}, "pass@k", half)
    if value.seeds < 2 or value.p_below() >= margins.alpha:
        return ""
    return f"diversity collapsed: under half of the entropy of {widest}, pass@k {value.mean:+.2f} against {solver}"


def _top(pool: Cell, names: Sequence[str], metric: str, half: Mask) -> str:
    means: Mapping[str, float] = {name: _mean(pool, name, metric, half) for name in names}
    top = max(names, key=lambda name: means[name])
    return top if np.isfinite(means[top]) else ""


def _mean(pool: Cell, name: str, metric: str, half: Mask) -> float:
    block = pool.arm(name, metric)[:, half]
    seen = np.isfinite(block)
    return float(block[seen].mean()) if seen.any() else float("-inf")


def _loses(scores: Scores, best: str, name: str, margins: Margins) -> bool:
    cells = [
        (cell, choosing_half(cell, f"{bucket}/")) for (bucket, split), cell in scores.cells.items() if split == "dev"
    ]
    values = [cell.contrast({best: 1.0, name: -1.0}, margins.metric, half) for cell, half in cells]
    adjusted = holm([value.p_above() for value in values])
    pairs = zip(adjusted, values, strict=True)
    return any(p < margins.alpha and v.seeds > 1 and v.mean > margins.margin for p, v in pairs)


def _reported(
    pool: Cell, found: Preference, last: str, highest: str, why: str, margins: Margins, other: Mask
) -> Checkpoint:
    """The reason with what the other half says, and every candidate with what it would cost there."""
    chosen = found.chosen
    lines = tuple(
        line if line.name == chosen else replace(line, regret=_ahead(pool, chosen, line.name, margins, other))
        for line in found.candidates
    )
    done = Checkpoint(chosen, why, None, lines, found.ties, last, highest)
    cost = done.regret(highest)
    if cost is not None and highest != last:
        why += f"; keeping the highest score ({highest}) instead would have cost {cost.words()} on the other half"
    if chosen == last:
        return replace(done, reason=f"{why}; {_mean(pool, chosen, margins.metric, other):.3f} on the other half")
    report = pool.contrast({last: 1.0, chosen: -1.0}, margins.metric, other).interval(margins.level)
    said = f"{why}; on the other half {last} minus {chosen} is {report.words()}, n={report.n}"
    return replace(done, reason=said, report=report)


def _ahead(pool: Cell, chosen: str, name: str, margins: Margins, other: Mask) -> Interval | None:
    value = pool.contrast({chosen: 1.0, name: -1.0}, margins.metric, other)
    return value.interval(margins.level) if value.n else None
