"""How often the stop rule is right on simulated campaigns, beside the usual "stop when not significant".

python -m benchmarks.decision_rates > benchmarks/results/decision_rates.json
"""

from __future__ import annotations

import json
import sys

from ablation.decide import decide
from ablation.evidence import Margins
from ablation.simulate import Noise, Plan, simulate

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
        counts["folk_stops"] += step is not None and step.interval.low <= 0 <= step.interval.high
    found = {name: round(count / runs, 3) for name, count in counts.items()}
    return {"dev_prompts": prompts, "margin": margin, "true_gain": gain, "runs": runs, **found}


def main() -> None:
    rows = [
        rates(prompts, margin, gain * margin)
        for margin in (0.05, 0.10)
        for gain in (0.0, 2.0)
        for prompts in (48, 96, 200, 400)
    ]
    answer = {"command": "python -m benchmarks.decision_rates", "noise": vars(NOISE), "rows": rows}
    json.dump(answer, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
