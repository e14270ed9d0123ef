"""How often the stop rule is right on simulated campaigns, beside the usual "stop when not significant".

And how often a bucket that buys its own eval nothing is called redundant, while leaving it out costs another bucket
`loss` (0: it is redundant in truth).

python -m benchmarks.decision_rates > benchmarks/results/decision_rates.json
"""

from __future__ import annotations

import json
import sys

from ablation.decide import decide
from ablation.evidence import Margins
from ablation.simulate import Noise, Plan, simulate
from ablation.stats import at

RUNS = 150
NOISE = Noise(seed=0.02)
"""Four samples a prompt, three seeds, two prompts a cluster."""


def rates(prompts: int, margin: float, gain: float, runs: int = RUNS) -> dict[str, float]:
    """Share of campaigns per verdict, and how often the folk rule would have stopped."""
    arms = {"base": 0.1, "dose:0.25": 0.4 - gain / 2, "dose:0.5": 0.5 - gain / 2, "full": 0.5 + gain / 2}
    plan = Plan({"code": arms}, {"dev": prompts})
    counts = dict.fromkeys(("CONTINUE", "DONE", "OVER", "UNDECIDED", "folk_stops"), 0)
    for seed in range(runs):
        bucket = decide(simulate(plan, NOISE, seed), Margins(margin=margin)).buckets[0]
        counts[bucket.verdict] += 1
        step = bucket.signals[0].gain
        usual = None if step is None else at(step.interval, 0.95)
        counts["folk_stops"] += usual is not None and usual.low <= 0 <= usual.high
    found = {name: round(count / runs, 3) for name, count in counts.items()}
    return {"dev_prompts": prompts, "margin": margin, "true_gain": gain, "runs": runs, **found}


def redundant(buckets: int, prompts: int, margin: float, loss: float, runs: int = 40) -> dict[str, float]:
    """Share of campaigns per label of the first bucket; the second loses `loss` without it, the others nothing."""
    flat = {"base": 0.1, "dose:0.25": 0.45, "dose:0.5": 0.6, "full": 0.6}
    names = [f"b{i}" for i in range(buckets)]
    plan = Plan({name: flat | {"loo:b0": 0.6 - loss * (name == "b1")} for name in names}, {"dev": prompts})
    counts: dict[str, int] = {}
    for seed in range(runs):
        label = decide(simulate(plan, NOISE, seed), Margins(margin=margin)).buckets[0].label
        counts[label] = counts.get(label, 0) + 1
    found = {label: round(count / runs, 3) for label, count in sorted(counts.items())}
    return {"buckets": buckets, "dev_prompts": prompts, "margin": margin, "loss": loss, "runs": runs, **found}


REDUNDANT = (
    (4, 48, 0.08, 0.0),
    (4, 96, 0.08, 0.0),
    (4, 48, 0.08, 0.15),
    (9, 48, 0.15, 0.0),
    (9, 48, 0.15, 0.15),
    (9, 48, 0.15, 0.3),
)
"""Buckets, prompts, margin, loss elsewhere: a small campaign, and one of the demo's size."""


def main() -> None:
    rows = [
        rates(prompts, margin, gain * margin)
        for margin in (0.05, 0.10)
        for gain in (0.0, 2.0)
        for prompts in (48, 96, 200, 400)
    ]
    answer = {"command": "python -m benchmarks.decision_rates", "noise": vars(NOISE), "rows": rows}
    answer["redundant"] = [redundant(*case) for case in REDUNDANT]
    json.dump(answer, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
