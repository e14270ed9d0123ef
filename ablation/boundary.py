"""Which side of "more SFT" a bucket is on: more rows (of which kind), another training, RL, preferences, or stop.

The verdict comes first and the signs of `watch` steer it: a protocol that is not stable asks for rows of that form, a
mode that has narrowed for weight averaging or other samples before more of the same, a flat score for RL where a
program can check answers and the stored samples carry signal, for preference pairs where only people can tell.
Not covered: whether RL will pay. L_g and headroom say that it could; a probe says that it does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ablation.evidence import Difference, Evidence, Margins
from ablation.gain import Boundary, Interval, Readiness, Watched
from ablation.gains import Decomposition
from ablation.standing import Standing
from ablation.stats import t_quantile
from ablation.watch import seen

Kind = Literal["", "same", "format", "hard", "long", "diverse"]

SIGNAL = 0.2
"""Smallest share of groups with both right and wrong samples worth calling a signal."""
PAIRS = 100
"""Pairs to judge twice before preference tuning: a share of agreement is then known within about .1 at 95%."""
ROWS: dict[Kind, str] = {
    "": "rows",
    "same": "unique rows of the same kind",
    "format": "rows that show the form of the answer",
    "hard": "hard rows, worked out step by step",
    "long": "long rows whose answers end by themselves",
    "diverse": "rows from other sources and phrasings",
}


@dataclass(frozen=True)
class Case:
    """What the boundary of one bucket is read from."""

    evidence: Evidence
    standing: Standing
    label: str
    signs: tuple[Watched, ...]
    margins: Margins
    verifiable: bool
    next: str
    """The bucket's cheapest next step (`next_step`)."""
    flips: tuple[str, ...] = ()
    """What would change its verdict (`next_step`)."""
    rising: Sequence[Difference] = ()
    """Splits whose gain may still be worth the margin."""
    parts: Decomposition | None = None
    """Stopping, format and capability of the arm with the most data on dev."""
    harm: tuple[str, ...] = ()
    """What other buckets gain without this one, where it is labelled harmful."""

    @property
    def name(self) -> str:
        return self.evidence.bucket

    @property
    def margin(self) -> float:
        """For rates."""
        return self.margins.rate

    @property
    def arm(self) -> str:
        """Cost of one more arm."""
        seeds = max(self.evidence.dev.seeds if self.evidence.dev is not None else 3, 2)
        return f"{seeds} trials (one more arm x {seeds} seeds)"

    def why(self, *names: str) -> list[str]:
        return [f"{sign.says}: {sign.why}" for sign in seen(self.signs, *names)]


BEFORE_RL = ("sft other rows", "sft more", "fix the mode")
"""Moves that a flat score does not excuse from: RL from there would inherit harm, a bad protocol or a single mode."""
MODE = ("template", "narrowing", "entropy")
"""Signs that the model has narrowed; memorising alone is no reason to leave the data."""


def boundary(case: Case) -> Boundary:
    """The move for one bucket; the first rule that applies, in the order of the module's first sentence."""
    verdict, name = case.standing.verdict, case.name
    if case.label in ("below the base", "harmful"):
        return _other_rows(case)
    if verdict == "OVER" or (verdict != "CONTINUE" and case.why(*MODE)):
        return _fix_the_mode(case)
    if verdict == "CONTINUE":
        return _more(case, _kind(case), list(case.standing.reasons))
    if case.why("protocol"):
        return _more(case, _kind(case), [*case.why("protocol"), *case.standing.reasons])
    if case.why("reach") and (verdict == "DONE" or case.standing.block == "not learned"):
        flips = f"pass@k of {name} above one half: easier items, a larger model or worked solutions"
        return _more(case, "hard", [*case.why("reach"), *case.standing.reasons], flips)
    if verdict == "DONE":
        return _rl(case) if case.verifiable else _pairs(case)
    flips = next(iter(case.flips), "an answer to the question that is open")
    return Boundary("measure", "", f"measure {name} first", case.standing.reasons[:3], flips, case.next)


def _kind(case: Case) -> Kind:
    """Which rows, from which sign: stopping and form, a narrowed mode, then the split that rises."""
    if case.why("protocol") and case.parts is not None:
        stops, reads = case.parts.terminates, case.parts.terminates * _known(case.parts.parses)
        return "long" if 1.0 - stops > stops - reads else "format"
    if case.why(*MODE):
        return "diverse"
    splits = [step.split for step in case.rising]
    if "hard" in splits:
        return "hard"
    if "dev" not in splits and "ood" in splits:
        return "diverse"
    return "long" if case.name == "long_context" else "same"


def _known(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _more(case: Case, kind: Kind, because: list[str], flips: str = "") -> Boundary:
    name = case.name
    extra = "; or let answers run longer before they are cut" if kind == "long" and case.why("protocol") else ""
    says = f"more SFT on {name}: {ROWS[kind]}{extra}"
    mode = case.why(*MODE)
    return Boundary(
        "sft more",
        kind,
        says,
        tuple([*because, *mode][:3]),
        flips or f"a dose arm with twice these rows that is flat within {case.margins.margin:g}",
        f"a dose arm with {ROWS[kind]} added to {name}: {case.arm}",
    )


def _other_rows(case: Case) -> Boundary:
    name = case.name
    if case.label == "harmful":
        says = f"leave {name} out, or replace its rows: other buckets are better without them"
        flips = f"fresh seeds in which no bucket gains more than {case.margins.margin:g} without {name}"
        reasons = (*case.harm, *case.standing.reasons)[:3]
        return Boundary("sft other rows", "", says, reasons, flips, f"the arm without {name} again: {case.arm}")
    says = f"no more of these rows of {name}: other rows, fewer epochs or a lower learning rate"
    flips = "a training whose full arm is above the base model on dev"
    return Boundary("sft other rows", "", says, case.standing.reasons[:3], flips, f"one such training: {case.arm}")


def _fix_the_mode(case: Case) -> Boundary:
    name, dev = case.name, case.evidence.dev
    control = dev.control if dev is not None else "an earlier checkpoint"
    over = case.standing.verdict == "OVER"
    step = f"step back to {control}, and " if over else ""
    says = (
        f"{step}fix the mode of {name} before more SFT: average the weights of {control} and the last arm, raise the "
        "sampling temperature to equal entropy, or resample diverse answers"
    )
    because = [*(case.standing.reasons[:1] if over else ()), *case.why(*MODE, "memory"), *case.standing.reasons[1:]]
    prompts = dev.value.n if dev is not None else 0
    return Boundary(
        "fix the mode",
        "diverse",
        says,
        tuple(because[:3]),
        "an averaged or hotter model whose score and pass@k are both at least those of the last arm",
        f"sample the averaged weights on {prompts} dev prompts; no training",
    )


def _rl(case: Case) -> Boundary:
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


def _pairs(case: Case) -> Boundary:
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
