"""How often the verdict on a ladder of checkpoints is right, and what its choice costs beside simple rules.

Planted worlds: a ladder of twelve rungs whose true score, hard score and level after RL are known, read through noise.
The shape of a world is drawn afresh for every run, so that no threshold can be fitted to one of them.

python -m benchmarks.ladder_rates > benchmarks/results/ladder_rates.json
python -m benchmarks.ladder_rates --perturb FILE.csv: also the regret on a published table when +-0.3 points are added
to every column measured before RL, and under other margins and noises.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ablation.ladder import Ladder, Rung, Yardstick
from ablation.plateau import choose_rung, read
from ablation.replay.sft_to_rl import RL_SIGNALS, rule_picks
from ablation.replay.tables import Published, read_table

RUNS = 200
WORLDS = ("plateau", "rising", "over-trained", "collapse")
RIGHT: Mapping[str, tuple[str, ...]] = {
    "plateau": ("DONE",),
    "rising": ("CONTINUE",),
    "over-trained": ("OVER",),
    "collapse": ("OVER",),
}
WRONG: Mapping[str, tuple[str, ...]] = {
    "plateau": ("CONTINUE", "OVER"),
    "rising": ("DONE", "OVER"),
    "over-trained": ("CONTINUE",),
    "collapse": ("CONTINUE",),
}
NAMES = ("score", "hard", "level", "level_hard")


@dataclass(frozen=True)
class World:
    """True values per rung in points; `outcome` is the best score of a full RL run, plus its own noise."""

    doses: tuple[float, ...]
    truth: Mapping[str, tuple[float, ...]]
    outcome: tuple[float, ...]


def world(kind: str, rng: np.random.Generator) -> World:
    """Rungs evenly spaced (as checkpoints are saved) or doubling (as doses are), at random."""
    if kind not in WORLDS:
        raise ValueError(f"no world {kind}")
    even = rng.random() < 0.5
    x = np.arange(1, 13) / 12.0 if even else 2.0 ** np.arange(-6, 0.5, 0.5)[1:]
    knee = float(rng.uniform(0.08, 0.2))
    top, height = float(rng.uniform(55, 80)), float(rng.uniform(6, 20))
    if kind == "rising":
        slope = float(rng.uniform(2.5, 5.0))
        curve = top + slope * np.log2(x)
    else:
        curve = top - height * np.exp(-x / knee * 1.5)
    late = np.maximum(np.log2(x / 0.5), 0.0)
    sink = {"over-trained": float(rng.uniform(2.5, 5.0)), "collapse": float(rng.uniform(6, 12))}.get(kind, 0.0)
    score = curve - (sink * late if kind == "over-trained" else 0.25 * sink * late)
    ease = float(rng.uniform(1.2, 2.0))
    hard = np.clip(30 + ease * (score - score.max()), 1, 99)
    gain = 4.0 + 0.4 * (score.max() - score)
    level = score + gain - (sink * late if kind == "collapse" else 0.5 * sink * late)
    level_hard = np.clip(36 + ease * (level - level.max()), 1, 99)
    # No bonus for early rungs: a rule that prefers less SFT among equals can only lose here.
    # A full run lifts under-trained starts less than a short probe suggests, and over-trained ones least.
    outcome = 45 + 1.3 * (level - level.max()) + 0.3 * (score - score.max())
    truth = {"score": score, "hard": hard, "level": level, "level_hard": level_hard}
    plain = {name: tuple(float(v) for v in values) for name, values in truth.items()}
    return World(tuple(float(v) for v in x), plain, tuple(float(v) for v in outcome))


def observed(true: World, noise: float, rng: np.random.Generator) -> Published:
    """Half of the noise is shared by the signals of a rung (one training run); the tool is not told of that."""
    yard, count = Yardstick(), len(true.doses)
    shared = rng.normal(0, 1, count)
    units = {"score": 1.0, "hard": 3.0, "level": 1.0, "level_hard": 3.0}
    seen = {
        name: np.array(true.truth[name]) + noise * units[name] * (shared + rng.normal(0, 1, count)) / np.sqrt(2)
        for name in NAMES
    }
    rungs = tuple(
        Rung(f"r{i}", dose, {name: float(seen[name][i]) for name in NAMES}, {}) for i, dose in enumerate(true.doses)
    )
    outcome = {f"r{i}": value for i, value in enumerate(true.outcome)}
    return Published("world", Ladder(rungs, yard), {"outcome": outcome})


def rates(kind: str, noise: float, runs: int = RUNS) -> dict[str, object]:
    """Shares of verdicts at the last rung, and the mean regret of the choice and of simple rules."""
    rng = np.random.default_rng([WORLDS.index(kind), round(noise * 100)])
    counts = {tag: dict.fromkeys(("CONTINUE", "DONE", "OVER", "UNDECIDED"), 0) for tag in ("with_rl", "without_rl")}
    lost: dict[str, list[float]] = {}
    spent: list[float] = []
    early = 0
    for _ in range(runs):
        true = world(kind, rng)
        seen = observed(true, noise, rng)
        outcome = seen.outcomes["outcome"]
        best = max(outcome.values())
        for tag, ladder in (("with_rl", seen.ladder), ("without_rl", seen.ladder.without(RL_SIGNALS))):
            reading = read(ladder)
            counts[tag][reading.verdict] += 1
            lost.setdefault(f"chosen {tag}", []).append(best - outcome[reading.choice.chosen])
            if tag == "without_rl":
                dose = {rung.name: rung.dose for rung in ladder.rungs}
                spent.append(dose[reading.choice.chosen] / dose[reading.choice.leader])
        for rule, pick in rule_picks(seen.ladder).items():
            lost.setdefault(rule, []).append(best - outcome[pick])
        plain = seen.ladder.without(RL_SIGNALS)
        early += kind == "rising" and any(read(plain.upto(k)).verdict == "DONE" for k in range(3, 13))
    shares = {tag: {verdict: round(n / runs, 3) for verdict, n in found.items()} for tag, found in counts.items()}
    return {
        "world": kind,
        "noise": noise,
        "runs": runs,
        "verdicts": shares,
        "right": {tag: round(sum(found[v] for v in RIGHT[kind]), 3) for tag, found in shares.items()},
        "wrong": {tag: round(sum(found[v] for v in WRONG[kind]), 3) for tag, found in shares.items()},
        "done_at_any_of_ten_looks_while_rising": round(early / runs, 3) if kind == "rising" else None,
        "dose_of_choice_over_dose_of_highest_score": round(float(np.mean(spent)), 3),
        "mean_regret": {name: round(float(np.mean(values)), 3) for name, values in lost.items()},
    }


def perturbed(path: Path, amount: float, runs: int = RUNS) -> dict[str, object]:
    """Uniform noise of +-amount on every signal; regret in the table's first outcome, mean over its sets."""
    table = read_table(path, Yardstick())
    if not table.outcome_columns:
        raise SystemExit(f"{path}: no outcome column, so no regret")
    rng = np.random.default_rng(7)
    lost: dict[str, list[float]] = {}
    for _ in range(runs):
        found: dict[str, list[float]] = {}
        for one in table.sets:
            outcome = one.outcomes[table.outcome_columns[0]]
            best = max(outcome.values())
            ladder = _shaken(one.ladder, amount, rng)
            picks = {"chosen with_rl": choose_rung(ladder).chosen} | rule_picks(ladder)
            picks["chosen without_rl"] = choose_rung(ladder.without(RL_SIGNALS)).chosen
            for name, pick in picks.items():
                found.setdefault(name, []).append(best - outcome[pick])
        for name, values in found.items():
            lost.setdefault(name, []).append(float(np.mean(values)))
    summary = {
        name: {"mean": round(float(np.mean(v)), 3), "p05": round(float(np.quantile(v, 0.05)), 3)}
        | {"p95": round(float(np.quantile(v, 0.95)), 3)}
        for name, v in lost.items()
    }
    return {"table": path.name, "amount": amount, "runs": runs, "regret": summary}


def sensitivity(path: Path) -> list[dict[str, object]]:
    """The same table under other declarations: what hangs on the two numbers, for nobody can know them exactly."""
    rows = []
    for margin in (1.0, 1.5, 2.0, 2.5, 3.0):
        for noise in (0.2, 0.3, 0.4, 0.5, 0.6):
            table = read_table(path, Yardstick(margin=margin, noise=noise))
            found: dict[str, object] = {"margin": margin, "noise": noise}
            for tag, hidden in (("with_rl", ()), ("without_rl", RL_SIGNALS)):
                ladders = {one.name: one.ladder.without(hidden) for one in table.sets}
                readings = {name: read(ladder) for name, ladder in ladders.items()}
                lost = []
                for one in table.sets:
                    outcome = one.outcomes[table.outcome_columns[0]]
                    lost.append(max(outcome.values()) - outcome[readings[one.name].choice.chosen])
                found[f"mean regret {tag}"] = round(float(np.mean(lost)), 3)
                found[f"chosen {tag}"] = {name: reading.choice.chosen for name, reading in readings.items()}
                found[f"verdict {tag}"] = {name: reading.verdict for name, reading in readings.items()}
            rows.append(found)
    return rows


def _shaken(ladder: Ladder, amount: float, rng: np.random.Generator) -> Ladder:
    rungs = tuple(
        Rung(
            rung.name,
            rung.dose,
            {k: v + float(rng.uniform(-amount, amount)) if k != "entropy" else v for k, v in rung.values.items()},
            rung.errors,
        )
        for rung in ladder.rungs
    )
    return Ladder(rungs, ladder.yardstick)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--perturb", type=Path, help="a published table; adds its regrets under noise")
    parser.add_argument("--amount", type=float, default=0.3, help="points added or taken, at most")
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    command = "python -m benchmarks.ladder_rates" + (" --perturb sft_to_rl_curves.csv" if options.perturb else "")
    answer: dict[str, object] = {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "yardstick": vars(Yardstick()),
        "rows": [rates(kind, noise, options.runs) for noise in (0.2, 0.4, 0.8) for kind in WORLDS],
    }
    if options.perturb:
        answer["perturbed"] = perturbed(options.perturb, options.amount, options.runs)
        answer["sensitivity"] = sensitivity(options.perturb)
    json.dump(answer, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
