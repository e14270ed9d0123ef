"""What a filter rule buys: full data against a random filter of equal size, against no filter, and against its drops.

A rule is shown to help when the interval of full - random lies above zero, corrected (Holm) over the rules and eval
buckets of the campaign. Anything else is "not shown to help", which does not say that it is useless.
Not covered: pairs of rules that take each other's rows, and what a rule does to rows that no eval bucket asks about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from ablation.gain import Interval
from ablation.macro import macro
from ablation.putback import kind_and_rule
from ablation.scores import Scores, read_scores
from ablation.stats import Estimate, holm, mde

Word = Literal["shown to help", "not shown to help", "shown to harm"]
Control = Literal["random", "unfiltered", "only"]
CONTROLS: tuple[Control, ...] = ("random", "unfiltered", "only")
OVERALL = "all"
_Line = tuple[str, Control, str, Estimate]


@dataclass(frozen=True)
class RuleGain:
    """One paired difference of one rule on one eval bucket ("all": the mean over buckets) of the dev split."""

    rule: str
    bucket: str
    control: Control
    """full minus this arm: a random filter of equal size, no filter, the dropped rows alone."""
    interval: Interval
    mde: float
    """Smallest true effect seen with 80% power."""
    word: Word | None
    """Only of the random control: the others mix the rule's choice with the number of rows."""


@dataclass(frozen=True)
class RuleVerdict:
    """What a rule was shown to do."""

    rule: str
    word: Word
    why: str
    gains: tuple[RuleGain, ...]


def rule_gains(scores: pl.DataFrame | Scores, metric: str = "pass@1", level: float = 0.95) -> list[RuleVerdict]:
    """One verdict per rule that has arms in the table of SCORE_COLUMNS, in the order of names.

    A rule without its random control is never shown to help.
    """
    table = scores if isinstance(scores, Scores) else read_scores(scores)
    cell = table.pooled.get("dev")
    arms = () if cell is None else cell.arms
    found = sorted({kind_and_rule(arm)[1] for arm in arms if kind_and_rule(arm)[0] in CONTROLS})
    if cell is None or not found:
        return []
    lines: list[_Line] = []
    for rule in found:
        for kind in CONTROLS:
            weights = {"full": 1.0, f"{kind}:{rule}": -1.0}
            if weights.keys() <= set(arms):
                lines.append((rule, kind, OVERALL, macro(cell, weights, metric)))
                lines += [(rule, kind, b, table.contrast(weights, b, "dev", metric)) for b in table.buckets]
    lines = [line for line in lines if line[3].n]
    words = _words(lines, level)
    gains = [
        RuleGain(rule, bucket, kind, value.interval(level), mde(value, level), words.get((rule, kind, bucket)))
        for rule, kind, bucket, value in lines
    ]
    return [_verdict(rule, tuple(g for g in gains if g.rule == rule)) for rule in found]


def _words(lines: Sequence[_Line], level: float) -> dict[tuple[str, Control, str], Word]:
    """The word of each line of the random control.

    An error of (1 - level) / 2 in each direction is shared: half for the means over buckets (Holm over rules), half for
    single buckets (Holm over all of them), so that many buckets do not take the power from a rule's mean. One seed says
    nothing about another run of training: it shows nothing.
    """
    found: dict[tuple[str, Control, str], Word] = {
        (rule, kind, bucket): "not shown to help" for rule, kind, bucket, _ in lines if kind == "random"
    }
    for whole in (True, False):
        tested = [line for line in lines if line[1] == "random" and (line[2] == OVERALL) is whole and line[3].seeds > 1]
        up = holm([value.p_above() for *_, value in tested])
        down = holm([value.p_below() for *_, value in tested])
        for (rule, kind, bucket, _), better, worse in zip(tested, up, down, strict=True):
            error = (1 - level) / 4
            found[rule, kind, bucket] = (
                "shown to help" if better < error else "shown to harm" if worse < error else "not shown to help"
            )
    return found


def _verdict(rule: str, gains: tuple[RuleGain, ...]) -> RuleVerdict:
    tested = [gain for gain in gains if gain.control == "random"]
    if not tested:
        return RuleVerdict(
            rule,
            "not shown to help",
            "no random control of equal size was trained and scored (ablate.rule_arms)",
            gains,
        )
    helped = [gain for gain in tested if gain.word == "shown to help"]
    harmed = [gain for gain in tested if gain.word == "shown to harm"]
    whole = next((gain for gain in tested if gain.bucket == OVERALL), None)
    mean = "not measured on common prompts and seeds" if whole is None else whole.interval.words()
    figures = f"full - random filter of equal size, mean over buckets: {mean}"
    if harmed:
        return RuleVerdict(rule, "shown to harm", f"worse than a random filter on {_where(harmed)}; {figures}", gains)
    if helped:
        return RuleVerdict(rule, "shown to help", f"better than a random filter on {_where(helped)}; {figures}", gains)
    open_ends = [gain for gain in tested if gain.interval.low > 0]
    if max(gain.interval.seeds for gain in tested) < 2:
        return RuleVerdict(rule, "not shown to help", f"one seed says nothing about another run; {figures}", gains)
    if open_ends:
        why = (
            f"above zero on {_where(open_ends)} taken alone, but not with so many claims (Holm over rules and buckets)"
        )
    elif whole is None:
        why = "no interval lies above zero"
    else:
        why = f"the interval includes zero; an effect of {whole.mde:.3f} would have been seen with 80% power"
    return RuleVerdict(rule, "not shown to help", f"{why}; {figures}", gains)


def _where(gains: list[RuleGain]) -> str:
    return ", ".join("the mean over buckets" if gain.bucket == OVERALL else gain.bucket for gain in gains)
