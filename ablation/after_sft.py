"""Where SFT is flat: RL where a program can check answers, preference pairs where only people can tell, or stop.

RL needs groups of answers that are neither all right nor all wrong (L_g) and headroom above pass@1, both at the lower
end of their intervals. Not covered: whether RL will pay. L_g and headroom say that it could; a probe says that it does.
"""

from __future__ import annotations

import math
from typing import Literal

from ablation.case import Case
from ablation.gain import Boundary, Interval, Readiness
from ablation.stats import t_quantile

SIGNAL = 0.2
"""Smallest share of groups with both right and wrong samples worth calling a signal."""
PAIRS = 100
"""Pairs to judge twice before preference tuning: a share of agreement is then known within about .1 at 95%."""


def rl_or_stop(case: Case) -> Boundary:
    ready, name = case.evidence.readiness, case.name
    flat = case.standing.reasons[:1]
    if ready is None:
        cheap = f"2 or more answers a prompt on the dev items of {name}; no training"
        return Boundary("measure", "", f"sample {name} before RL is weighed", flat, "L_g and headroom", cheap)
    words = _ready_words(ready)
    if ready.learnable.low >= SIGNAL and ready.headroom.low >= case.margin:
        return Boundary(
            "rlvr",
            "",
            f"RL with a verifier on {name}: SFT is flat and its groups carry signal",
            (*words, *flat),
            f"L_{ready.group} under {SIGNAL:g} or headroom under {case.margin:g} on fresh prompts, "
            "or a probe that gains nothing",
            _probe(case),
        )
    if ready.learnable.high < SIGNAL or ready.headroom.high < case.margin:
        solved = ready.pass_rate.low > 1.0 - case.margin
        move: Literal["stop", "new base"] = "stop" if solved else "new base"
        says = (
            f"stop on {name}: it is solved within the margin"
            if solved
            else f"neither more of these rows nor RL on {name}: harder or other items, or a new base model"
        )
        flips = f"harder items on which L_{ready.group} is above {SIGNAL:g}"
        return Boundary(move, "", says, (*words, *flat), flips, f"score harder items of {name}; no training")
    wide = max(((ready.learnable, SIGNAL), (ready.headroom, case.margin)), key=lambda pair: _gap(*pair))
    return Boundary(
        "measure",
        "",
        f"SFT on {name} is flat; whether RL has something to work on is within the error",
        (*words, *flat),
        f"L_{ready.group} clear of {SIGNAL:g} and headroom clear of {case.margin:g}",
        f"{_prompts(*wide)} for {name}, sampled on the same trials; no training",
    )


def pairs_or_stop(case: Case) -> Boundary:
    ready, name = case.evidence.readiness, case.name
    flat = case.standing.reasons[:1]
    cheap = f"{PAIRS} pairs of stored answers to {name}, judged by two people: do they agree which is better?"
    if ready is not None:
        left = f"pass@1 is {_rate(ready.pass_rate)}; the margin is {case.margin:g}"
        if ready.pass_rate.low > 1.0 - case.margin:
            says = f"stop on {name}: it is solved within the margin"
            return Boundary(
                "stop", "", says, (left, *flat), "harder items", f"score harder items of {name}; no training"
            )
        flat = (left, *flat)
    return Boundary(
        "preference tuning",
        "",
        f"preference pairs on {name}: SFT is flat, and no program checks its answers",
        ("a pair of answers can be judged where a single one cannot be verified", *flat),
        "a verifier for its answers (then RL), or judges who do not agree (then stop)",
        cheap,
    )


def _probe(case: Case) -> str:
    dev = case.evidence.dev
    runs = max(dev.seeds, 2) if dev is not None else 3
    prompts = dev.value.n if dev is not None else 0
    return (
        f"a short RL run from the last two doses, {runs} seeds each: {2 * runs} runs, scored on {prompts} dev prompts"
    )


def _ready_words(ready: Readiness) -> tuple[str, ...]:
    floor = 1 - 2 ** (-1 / ready.group)
    return (
        f"L_{ready.group} is {_rate(ready.learnable)}: the share of groups with right and wrong answers "
        f"(needs {SIGNAL:g}; pass@1 {ready.pass_rate.estimate:.2f} against p* = {floor:.2f})",
        f"headroom pass@{ready.group} - pass@1 is {_rate(ready.headroom)}",
    )


def _rate(value: Interval) -> str:
    return f"{value.estimate:.2f} [{value.low:.2f}, {value.high:.2f}] ({100 * value.level:.3g}%), n={value.n}"


def _gap(value: Interval, bound: float) -> float:
    """Standard errors between the estimate and its bound, the smaller the wider open; inverted for `max`."""
    distance = abs(value.estimate - bound)
    return value.se / distance if distance > 0 else math.inf


def _prompts(value: Interval, bound: float) -> str:
    """Prompts until the interval clears the bound, if the estimate stays: the error falls with the root of n."""
    distance = abs(value.estimate - bound)
    half = value.se * t_quantile(0.5 + value.level / 2, value.df)
    if distance <= 0 or not math.isfinite(half) or half / distance > 100:
        return "twice the dev prompts, to begin with"
    return f"about {max(math.ceil(value.n * (half / distance) ** 2) - value.n, 1)} more dev prompts"
