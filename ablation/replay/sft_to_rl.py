"""Checkpoints of SFT runs that were then trained by RL: the verdict at each, the choice, and what the choice cost.

Every verdict reads the rows up to its own checkpoint, and no outcome column. The choice is made twice: with the columns
of a short RL probe, and without any RL column. Beside it stand rules that anybody would try.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablation.ladder import Ladder, Rung, Yardstick
from ablation.plateau import Reading, read
from ablation.replay.ladder_lines import lines
from ablation.replay.outcome import Outcome
from ablation.replay.tables import Published, Table, read_table
from buckets import InputError

HELP = "checkpoints of SFT and what RL made of them (CSV)"
RL_SIGNALS = ("level", "level_hard")
COLLAPSE = 5.0
"""Points: a run whose last evals lie this far under its best has collapsed. About ten times the noise of a score."""
_RULES = {"highest score": "score", "highest hard": "hard", "highest macro": "macro", "highest pass@k": "pass@k"}
_RL_RULES = {"highest probe": "level", "highest probe on hard": "level_hard"}


def arguments(parser: argparse.ArgumentParser) -> None:
    yard = Yardstick()
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="one row a checkpoint; see docs/replay.md")
    parser.add_argument("--margin", type=float, default=yard.margin, help="points a doubling; default %(default)s")
    parser.add_argument("--noise", type=float, default=yard.noise, help="points, of a score without n or se")
    parser.add_argument("--entropy-floor", type=float, default=yard.entropy_floor, help="nats; default %(default)s")
    parser.add_argument("--outcome", metavar="COLUMN", help="the outcome that regret is counted in")


def replay(options: argparse.Namespace) -> Outcome:
    """Raises InputError on a table that cannot be read or an option out of range."""
    for name in ("margin", "noise", "entropy_floor"):
        value = getattr(options, name)
        if not math.isfinite(value) or value <= 0:
            raise InputError(f"--{name.replace('_', '-')} {value:g}: give a number above 0")
    yard = Yardstick(margin=options.margin, noise=options.noise, entropy_floor=options.entropy_floor)
    table = read_table(options.file, yard, options.outcome)
    found = [_one(each, table) for each in table.sets]
    sets = [_limited(one, found) for one in found]
    values = {
        "file": options.file.name,
        "columns": dict(table.columns),
        "ignored_columns": list(table.ignored),
        "scale": "points" if table.in_points else "rates, shown in points",
        "outcome": table.outcome_columns[0] if table.outcome_columns else None,
        "margin": yard.margin,
        "noise": yard.noise,
        "sets": sets,
        "mean_regret": _means(sets),
    }
    return Outcome(tuple(lines(values)), values)


def rule_picks(ladder: Ladder) -> dict[str, str]:
    """Rule -> the rung it takes; of equals the earlier. A rule whose column is missing is not there."""
    picks = {"last": ladder.last.name}
    for rule, signal in (_RULES | _RL_RULES).items():
        known = [rung for rung in ladder.rungs if signal in rung.values]
        if known:
            picks[rule] = max(known, key=lambda rung: rung.values[signal]).name
    return picks


@dataclass(frozen=True)
class _Read:
    published: Published
    regret_in: str | None
    ladder: Ladder
    """With the level after RL, where there is one."""
    note: str
    with_rl: tuple[Reading, ...]
    """One a prefix."""
    without_rl: tuple[Reading, ...]


def _one(published: Published, table: Table) -> _Read:
    ladder, note = published.ladder, ""
    peak = next((name for name in table.outcome_columns if name.lower().startswith("peak_")), None)
    if not ladder.has("level") and peak is not None:
        ladder, note = _with_level(ladder, published.outcomes[peak]), f"{peak} is read as the level after RL"
    plain = ladder.without(RL_SIGNALS)
    counts = range(1, len(ladder.rungs) + 1)
    return _Read(
        published,
        table.outcome_columns[0] if table.outcome_columns else None,
        ladder,
        note,
        tuple(read(ladder.upto(count)) for count in counts),
        tuple(read(plain.upto(count)) for count in counts),
    )


def _with_level(ladder: Ladder, level: Mapping[str, float]) -> Ladder:
    rungs = (
        Rung(r.name, r.dose, {**r.values, "level": level[r.name]}, r.errors) if r.name in level else r
        for r in ladder.rungs
    )
    return Ladder(tuple(rungs), ladder.yardstick)


def _limited(one: _Read, everyone: Sequence[_Read]) -> dict[str, Any]:
    found = _values(one)
    reading = one.without_rl[-1]
    if reading.verdict in ("DONE", "OVER"):
        found["limit"], found["limit_reason"] = _limit(one, everyone)
    return found


def _limit(one: _Read, everyone: Sequence[_Read]) -> tuple[str, str]:
    """What holds a ladder that no longer rises: "data" when that is shown, "not steps" when it may be the model."""
    said = "more steps on the same rows do not lift the ceiling"
    ladder, yard = one.published.ladder, one.published.ladder.yardstick
    top = _ceiling(one)
    higher = {other.published.name: _ceiling(other) for other in everyone if other is not one}
    best = max(higher, key=lambda name: higher[name], default=None)
    if best is not None and higher[best] - top > yard.margin:
        return "data", f"{said}: flat at {top:.1f} while other rows ({best}) reach {higher[best]:.1f}"
    learnt = [rung.name for rung in ladder.rungs if rung.values.get("train_accuracy", 0.0) >= 99.0]
    if learnt:
        return "data", f"{said}: they are learnt by heart from {learnt[0]} on (training accuracy 99 or more)"
    return "not steps", f"{said}; whether other rows would is not measured in this table"


def _ceiling(one: _Read) -> float:
    """Mean score of the rungs tied at the top, so that one lucky rung is no ceiling."""
    ties = one.without_rl[-1].choice.ties
    values = [rung.values["score"] for rung in one.published.ladder.rungs if rung.name in ties]
    return sum(values) / len(values) if values else -math.inf


def _values(one: _Read) -> dict[str, Any]:
    outcome = one.published.outcomes.get(one.regret_in, {}) if one.regret_in else {}
    rungs = one.ladder.rungs
    checkpoints = [
        {
            "checkpoint": rung.name,
            "verdict": full.verdict,
            "reasons": list(full.reasons),
            "needs": full.needs,
            "chosen": full.choice.chosen,
            "verdict_without_rl": plain.verdict,
            "reasons_without_rl": list(plain.reasons),
            "chosen_without_rl": plain.choice.chosen,
        }
        for rung, full, plain in zip(rungs, one.with_rl, one.without_rl, strict=True)
    ]
    last, plain = one.with_rl[-1], one.without_rl[-1]
    done = next((c["checkpoint"] for c in checkpoints if c["verdict"] == "DONE"), None)
    choices = {"without_rl": _choice(plain, one, outcome)}
    if any(one.ladder.has(signal) for signal in RL_SIGNALS):
        choices["with_rl"] = _choice(last, one, outcome)
    rules = {
        rule: {"checkpoint": pick, "regret": _regret(pick, outcome)} for rule, pick in rule_picks(one.ladder).items()
    }
    return {
        "set": one.published.name,
        "verdict": last.verdict,
        "verdict_without_rl": plain.verdict,
        "reasons": list(last.reasons),
        "needs": last.needs,
        "first_done": done,
        "plateau": last.choice.chosen if last.verdict in ("DONE", "OVER") else None,
        "limit": None,
        "limit_reason": "",
        "note": one.note,
        "checkpoints": checkpoints,
        "choice": choices,
        "rules": rules,
        "collapsed": _collapsed(one.published),
    }


def _choice(reading: Reading, one: _Read, outcome: Mapping[str, float]) -> dict[str, Any]:
    choice = reading.choice
    table = [
        {
            "checkpoint": c.name,
            "kind": c.kind,
            "score": c.score,
            "eligible": c.eligible,
            "tied": c.tied,
            "why": c.why,
            "regret": _regret(c.name, outcome),
        }
        for c in choice.candidates
    ]
    return {
        "checkpoint": choice.chosen,
        "ties": list(choice.ties),
        "regret": _regret(choice.chosen, outcome),
        "collapsed_in_rl": choice.chosen in _collapsed(one.published),
        "candidates": table,
    }


def _regret(name: str, outcome: Mapping[str, float]) -> float | None:
    return round(max(outcome.values()) - outcome[name], 4) if name in outcome else None


def _collapsed(published: Published) -> list[str]:
    """Known only afterwards; printed beside the choice, never read for it."""
    columns = {name.lower(): values for name, values in published.outcomes.items()}
    best, last = columns.get("rlbest", {}), columns.get("rllast", {})
    return [name for name, value in best.items() if name in last and value - last[name] > COLLAPSE]


def _means(sets: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Mean over the sets; None where a rule is missing in some set, for means over other sets do not compare."""
    parts = [
        {f"chosen {tag}": choice["regret"] for tag, choice in one["choice"].items()}
        | {rule: pick["regret"] for rule, pick in one["rules"].items()}
        for one in sets
    ]
    names = list(dict.fromkeys(name for part in parts for name in part))
    return {
        name: None if any(part.get(name) is None for part in parts) else sum(p[name] for p in parts) / len(parts)
        for name in names
    }
