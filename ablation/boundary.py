"""Which side of "more SFT" a bucket is on: more rows (of which kind), another training, RL, preferences, or stop.

The verdict comes first and the signs of `watch` steer it: a protocol that is not stable asks for rows of that form, a
mode that has narrowed for weight averaging or other samples before more of the same; what comes after a flat score is
`after_sft`.
"""

from __future__ import annotations

import math
from typing import Literal

from ablation.after_sft import pairs_or_stop, rl_or_stop
from ablation.case import Case
from ablation.gain import Boundary

Kind = Literal["", "same", "format", "hard", "long", "diverse"]

ROWS: dict[Kind, str] = {
    "": "rows",
    "same": "unique rows of the same kind",
    "format": "rows that show the form of the answer",
    "hard": "hard rows, worked out step by step",
    "long": "long rows whose answers end by themselves",
    "diverse": "rows from other sources and phrasings",
}

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
        return rl_or_stop(case) if case.verifiable else pairs_or_stop(case)
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
