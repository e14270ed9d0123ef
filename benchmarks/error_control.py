"""Error control over repeated looks: wrong DONE, DONE where it is due at the size the tool asks for, coverage.

python -m benchmarks.error_control benchmarks/results/error-control.json   (minutes on two quiet cores)

The file is written again after each part, the main one first.
"""

from __future__ import annotations

import json
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import scipy

from ablation.analyse_settings import Spending
from ablation.campaign_command import arguments, run
from ablation.campaigns import World
from ablation.error_rates import Rules, measure
from ablation.looks import look_alpha
from ablation.power import Goal, prompts_for

MAIN = "--campaigns 10000"
"""12 looks, 9 buckets, seeds of sd .01: all campaigns at the size asked for one bucket, 2000 at that for the run."""
OTHERS = {
    "few prompts": "--prompts 200 --campaigns 2000 --asked-campaigns 20",
    "planned from pilots of 100 prompts": "--campaigns 20 --prompts 100 --pilots 25",
    "planned from pilots of 400 prompts": "--campaigns 20 --prompts 400 --pilots 25",
    "with OOD and hard splits": "--off-dev 2 --campaigns 200 --asked-campaigns 200",
    "seeds of sd .02": "--seed-sd 0.02 --campaigns 100 --asked-campaigns 100",
    "one look": "--looks 1 --campaigns 1000",
    "margin .1, eight samples, 5 looks, 4 buckets": "--margin 0.1 --samples 8 --looks 5 --buckets 4 --campaigns 1000",
}


def command(words: str) -> dict[str, Any]:
    """What `python -m ablation.simulate campaign WORDS --json` prints."""
    parser = ArgumentParser()
    arguments(parser)
    values, _ = run(parser.parse_args(words.split()))
    return {"command": f"python -m ablation.simulate campaign {words}", **values}


def coverage(seeds: int, seed_sd: float, campaigns: int = 400) -> dict[str, Any]:
    """Nominal 95%, 96 prompts in 48 clusters; the first look pools four arms."""
    world = replace(World(prompts=96), seeds=seeds, seed_sd=seed_sd)
    found = measure(world, Rules(), campaigns)
    return {
        "seeds": seeds,
        "seed_sd": seed_sd,
        "all looks": asdict(found.coverage),
        "first look": asdict(found.coverage_first_look),
    }


def spendings(looks: int = 12) -> dict[str, dict[str, int | None]]:
    """Prompts for 80% at the first, sixth and last look, with six seeds of sd .01 and the arms of that look."""
    world = replace(World(looks=looks), seeds=6)
    found: dict[str, dict[str, int | None]] = {}
    for spending in get_args(Spending):
        found[spending] = {}
        for look in (1, looks // 2, looks):
            goal = Goal(0.05, look_alpha(0.05, look, looks, spending))
            design = replace(world.design(), arms=world.doses + look - 1)
            found[spending][f"look {look}"] = prompts_for(design, world.components(), goal)
    return found


def main() -> None:
    path = Path(sys.argv[1])
    answer: dict[str, Any] = {
        "command": "python -m benchmarks.error_control benchmarks/results/error-control.json",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
    }
    parts: dict[str, Callable[[], Any]] = {
        "main": lambda: command(MAIN),
        "coverage": lambda: [coverage(seeds, sd) for seeds in (2, 3, 5) for sd in (0.0, 0.02, 0.05)],
        "prompts by spending": spendings,
        **{name: partial(command, words) for name, words in OTHERS.items()},
    }
    for name, part in parts.items():
        answer[name] = part()
        path.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
