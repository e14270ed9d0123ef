"""`python -m ablation.simulate campaign`: what a design asks for, and how often the decision is wrong and right."""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, get_args

from ablation.analyse_settings import Spending
from ablation.campaign_words import ONE_BUCKET, RUN, lines
from ablation.campaigns import World
from ablation.error_rates import Found, Pilots, Rules, after_pilots, measure
from ablation.power import Design, ask, detectable, smallest_margin
from buckets import CurateError, InputError, RefusedError

HELP = "error control and power over repeated looks at many buckets, in simulated campaigns with a planted truth"
_GIVEN = "given"
_SAID = " (default %(default)s)"
_LIMITS: dict[str, tuple[float, float]] = {
    "looks": (1, 100),
    "buckets": (1, 100),
    "prompts": (4, 20_000),
    "seeds": (2, 50),
    "samples": (1, 256),
    "margin": (1e-4, 0.5),
    "gain": (0, 100),
    "campaigns": (1, 1_000_000),
    "asked_campaigns": (1, 1_000_000),
    "seed_sd": (0, 0.2),
    "prompt_sd": (0, 0.2),
    "cluster_sd": (0, 0.2),
    "cluster_size": (1, 1000),
    "doses": (3, 50),
    "off_dev": (0, 5),
    "level": (0.5, 0.9999),
    "power": (0.05, 0.99),
    "most_prompts": (4, 20_000),
    "most_seeds": (2, 200),
    "pilots": (0, 10_000),
    "workers": (1, 256),
    "seed": (0, 2**63),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    world, rules = World(), Rules()
    add = parser.add_argument
    add("--looks", type=int, default=world.looks, help="planned looks; at each the data have doubled" + _SAID)
    add("--buckets", type=int, default=world.buckets, help="buckets that are looked at together" + _SAID)
    add("--prompts", type=int, help="per bucket and split (default: what the planning asks for)")
    add("--seeds", type=int, default=world.seeds, help="training seeds an arm; the planning may ask for more" + _SAID)
    add("--samples", type=int, default=world.samples, help="sampled answers a prompt" + _SAID)
    add("--margin", type=float, default=rules.margin, help="largest gain per doubling that counts as none" + _SAID)
    add("--gain", type=float, default=rules.gain, help="true gain per doubling where data help, in margins" + _SAID)
    add("--campaigns", type=int, default=10_000, help="simulated at the first size that is printed" + _SAID)
    add("--asked-campaigns", type=int, default=2000, help="simulated at each further size, at most --campaigns" + _SAID)
    add("--seed-sd", type=float, default=world.seed_sd, help="per arm and seed, on the scale of the score" + _SAID)
    add("--prompt-sd", type=float, default=world.prompt_sd, help="an arm's effect varies so much over prompts" + _SAID)
    add("--cluster-sd", type=float, default=world.cluster_sd, help="and so much over clusters of prompts" + _SAID)
    add("--cluster-size", type=int, default=world.cluster_size, help="prompts of one template or source" + _SAID)
    add("--doses", type=int, default=world.doses, help="trained arms at the first look; each look adds one" + _SAID)
    add("--off-dev", type=int, default=world.off_dev, help="further splits (OOD, hard), as large as dev" + _SAID)
    add("--level", type=float, default=rules.level, help="1 - level is the error over all looks" + _SAID)
    add("--power", type=float, default=rules.power, help="probability of DONE for a truly flat bucket" + _SAID)
    add("--spending", choices=get_args(Spending), default=rules.spending, help="of the error over looks" + _SAID)
    add("--most-prompts", type=int, default=2000, help="the planning asks for no more, per bucket and split" + _SAID)
    add("--most-seeds", type=int, default=40, help="nor for more training seeds an arm" + _SAID)
    add("--pilots", type=int, default=0, help="also plan from so many simulated first looks of size --prompts" + _SAID)
    cores = max(min(os.cpu_count() or 1, 8), 1)
    add("--workers", type=int, default=cores, help="processes; they change no number" + _SAID)
    add("--seed", type=int, default=0, help="of the simulation" + _SAID)


def run(options: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """(values for --json, lines). Raises InputError for an impossible option, RefusedError where no design would do."""
    _check(options)
    world = World(
        looks=options.looks,
        buckets=options.buckets,
        prompts=options.prompts or 4 * options.cluster_size,
        seeds=options.seeds,
        samples=options.samples,
        seed_sd=options.seed_sd,
        prompt_sd=options.prompt_sd,
        cluster_sd=options.cluster_sd,
        cluster_size=options.cluster_size,
        doses=options.doses,
        off_dev=options.off_dev,
    )
    rules = Rules(options.margin, options.level, options.spending, options.gain, options.power)
    known = world.components()
    asked: dict[str, Design | None] = {
        ONE_BUCKET: ask(world.design(), known, rules.goal(world), options.most_prompts, options.most_seeds),
        RUN: ask(world.design(), known, rules.goal(world, world.buckets), options.most_prompts, options.most_seeds),
    }
    designs = {name: design for name, design in asked.items() if design is not None}
    if options.prompts:
        designs = {_GIVEN: world.design(), **designs}
    if not designs:
        least = smallest_margin(replace(world.design(), prompts=options.most_prompts), known, rules.goal(world))
        widen = (
            f"with {world.seeds} seeds the margin must be {least:.3f} or more; widen --margin, "
            if least <= _LIMITS["margin"][1]
            else "no margin would do either; allow more with --most-prompts, "
        )
        raise RefusedError(
            f"no design up to {options.most_prompts} prompts x {options.most_seeds} seeds says DONE of a flat bucket "
            f"with {100 * rules.power:.0f}% probability: {widen}or give --prompts to see the error at that size"
        )
    found = {
        name: measure(
            replace(world, prompts=design.prompts, seeds=design.seeds),
            rules,
            options.campaigns if name == next(iter(designs)) else min(options.campaigns, options.asked_campaigns),
            options.seed,
            options.workers,
        )
        for name, design in designs.items()
    }
    most = options.most_prompts, options.most_seeds
    pilots = {
        name: after_pilots(world, rules, options.pilots, whole_run=name == RUN, most=most)
        for name in (asked if options.pilots else {})
    }
    values = _values(options, world, rules, asked, found, pilots)
    return values, [*lines(world, rules, asked, found, pilots, options.most_prompts)]


def _check(options: argparse.Namespace) -> None:
    for name, (low, high) in _LIMITS.items():
        value = getattr(options, name)
        if value is not None and not low <= value <= high:
            said = f"--{name.replace('_', '-')} is {value:.15g}"
            raise InputError(f"{said}: it must lie between {low:.15g} and {high:.15g}")
    if options.prompts is not None and options.prompts < 2 * options.cluster_size:
        raise InputError(
            f"--prompts is {options.prompts} and --cluster-size {options.cluster_size}: two clusters are the least "
            "that has an error bar"
        )
    if options.most_prompts < 2 * options.cluster_size:
        raise InputError(f"--most-prompts is {options.most_prompts}: it must hold two clusters of --cluster-size")
    numbers = options.campaigns * options.buckets * options.looks * (1 + options.off_dev)
    scores = (options.doses + options.looks) * options.seeds * max(options.prompts or 0, options.most_prompts)
    if numbers > 10_000_000 or scores > 30_000_000:
        raise InputError(
            "campaigns x buckets x looks x splits may reach 10 million, arms x seeds x prompts 30 million: ask for less"
        )
    if options.pilots and not options.prompts:
        raise InputError("--pilots needs --prompts: the size of each pilot")


def _values(
    options: argparse.Namespace,
    world: World,
    rules: Rules,
    asked: dict[str, Design | None],
    found: dict[str, Found],
    pilots: dict[str, Pilots],
) -> dict[str, Any]:
    known = world.components()
    plain: dict[str, Any] = {
        "options": {key: value for key, value in vars(options).items() if key not in ("json", "what")},
        "error_a_test": rules.alphas(world.looks),
        "asked": {name: None if design is None else _bought(design) for name, design in asked.items()},
        "detectable_gain": {
            name: detectable(f.world.design(), known, min(rules.alphas(world.looks)), rules.power)
            for name, f in found.items()
        },
        "rates": {name: asdict(f) for name, f in found.items()},
        "after_pilots": {name: asdict(p) for name, p in pilots.items()},
    }
    return {key: _finite(value) for key, value in plain.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _bought(design: Design) -> dict[str, int]:
    return {"prompts": design.prompts, "seeds": design.seeds, "samples": design.samples}


def main(words: Sequence[str] | None = None) -> int:
    """Exit 2 and one sentence on an impossible option, 4 where no design would do."""
    parser = argparse.ArgumentParser(prog="python -m ablation.simulate", description=HELP)
    chosen = parser.add_subparsers(dest="what", required=True).add_parser("campaign", help=HELP, description=HELP)
    chosen.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    arguments(chosen)
    options = parser.parse_args(words)
    try:
        values, said = run(options)
    except CurateError as error:
        parser.exit(4 if isinstance(error, RefusedError) else 2, f"error: {error}\n")
    print(json.dumps(values, allow_nan=False) if options.json else "\n".join(said))
    return 0
