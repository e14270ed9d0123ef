"""What a run would have to measure so that buckets that are flat in truth are called DONE, from its own variances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ablation.evidence import Evidence, Margins
from ablation.power import Components, Design, Goal, ask, detectable, from_pilot, smallest_margin
from ablation.scores import BOUNDED

MOST_PROMPTS, MOST_SEEDS = 2000, 40
"""Beyond these, a wider margin is the better advice."""


def flat_plan(found: Mapping[str, Evidence], margins: Margins, power: float = 0.8) -> str:
    """One sentence for the reasons; "" where no dev step has two seeds. Components are pooled over buckets."""
    pilot = _pilot(found, margins)
    if pilot is None:
        return ""
    design, known, off_dev = pilot
    one = Goal(margins.margin, margins.alpha, power, off_dev)
    every = replace(one, buckets=len(found))
    now = (
        f"this design ({design.prompts} dev prompts x {design.seeds} seeds a bucket) shows a gain of "
        f"{detectable(design, known, margins.alpha, power):.3f} with {100 * power:.0f}% probability"
    )
    asked = ask(design, known, one, MOST_PROMPTS, MOST_SEEDS)
    if asked is None:
        least = smallest_margin(replace(design, prompts=MOST_PROMPTS), known, one)
        return (
            f"{now}; no {MOST_PROMPTS} prompts x {MOST_SEEDS} seeds would show a flat bucket flat within "
            f"{margins.margin:g}: with {design.seeds} seeds and as many prompts the margin must be {least:.3f} or more"
        )
    total = ask(design, known, every, MOST_PROMPTS, MOST_SEEDS)
    together = "" if total is None or len(found) < 2 else f", and {_size(total)} for all {len(found)} at once"
    return f"{now}; to say DONE of a truly flat bucket as often takes {_size(asked)}{together}"


def _size(design: Design) -> str:
    return f"about {design.prompts} prompts a split x {design.seeds} seeds"


def _pilot(found: Mapping[str, Evidence], margins: Margins) -> tuple[Design, Components, int] | None:
    steps = [evidence.dev for evidence in found.values() if evidence.dev is not None]
    values = [step.value for step in steps if step.seeds > 1 and step.value.clusters > 1]
    known = from_pilot(values)
    if known is None:
        return None
    seeds = max(value.seeds for value in values)
    prompts = max(int(np.median([value.n for value in values])), 2)
    arms = 1 + round(float(np.median([value.f_df / (value.seeds - 1) for value in values])))
    clustered = float(np.mean([value.n / value.clusters for value in values]))
    bounded = 1.0 if margins.metric in BOUNDED else 0.0
    off_dev = max(len(evidence.off_dev) for evidence in found.values())
    return Design(prompts, seeds, 1, arms, clustered, bounded), known, off_dev
