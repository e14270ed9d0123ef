"""Turns a report into one HTML page that loads nothing, runs nothing and trusts no text.

Autoescape is on, and every value that a template prints goes through `visible` first, so a template
cannot forget either. The only raw strings are our own stylesheet and the SVG that `svg.tag` escaped.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import curate.report.charts as charts
import curate.report.figures as figures
from curate.report.curves import dose_chart
from curate.report.diff import Span, word_diff
from curate.report.evidence import BucketDecision, Curve, Score
from curate.report.model import Duplicate, Near, Report
from curate.visible import LIMIT, clip, visible

_HERE = Path(__file__).parent

SECTIONS: dict[str, str] = {
    "verdict": "Verdict",
    "buckets-verdict": "Verdict per bucket",
    "checkpoint": "Which checkpoint",
    "mixture": "Proposed mixture",
    "confirmation": "Proposal against baselines",
    "gains": "What each bucket buys",
    "scores": "Scores, taken apart",
    "funnel": "Where rows went",
    "drops": "Why rows fell",
    "flags": "What was flagged and stays",
    "checks": "What each check said and cost",
    "filters": "What each filter buys",
    "duplicates": "Duplicates, side by side",
    "contamination": "Eval items in the data",
    "judged": "What the judge said",
    "semantic": "Near in meaning",
    "truth": "Planted faults",
    "buckets": "What is in the buckets",
    "sources": "Sources",
    "costs": "Costs and versions",
}

ABSENT: dict[str, str] = {
    "verdict": "No verdict: nothing was trained, so nothing is known of what a bucket buys (the recipe has no "
    "`ablate:` table, or its stage has not run yet).",
    "buckets-verdict": "No verdict was read from the trials.",
    "checkpoint": "No checkpoint was chosen: that needs dev scores of at least two doses.",
    "mixture": "No mixture was proposed: a proposal needs the gains that an ablation measures.",
    "confirmation": "The mixture is a proposal: it was not trained beside the baselines yet (`curate confirm DIR`).",
    "gains": "No leave-one-out arms were trained, so no gain matrix can be computed.",
    "scores": "No answers were sampled, so there is no score to take apart.",
    "funnel": "No stage has run yet.",
    "drops": "No row was dropped by any rule.",
    "flags": "No content rule flagged a row that stays, or the recipe has no `check:` table.",
    "checks": "No check was asked: the recipe has no `check:` table.",
    "filters": "No row was dropped by any rule, so there is no filter to put on trial.",
    "duplicates": "No duplicate pair was recorded: the dedup stage is off, or it found none.",
    "contamination": "The data was not compared with any eval set: the recipe has no decontaminate table.",
    "judged": "No judge graded the rows: the recipe has no `judge:` table.",
    "semantic": "Meaning was not compared: the semantic stage is off.",
    "truth": "No faults were planted in this run; the recall of the rules on this data is not known.",
    "buckets": "No row was assigned to a bucket.",
    "sources": "No source was read.",
}

TRAINED = ("buckets-verdict", "checkpoint", "mixture", "confirmation", "gains", "scores")
"""Sections that a run without an ablation leaves out."""

GLYPHS = {"CONTINUE": "\u2192", "DONE": "\u25a0", "OVER": "\u21a9", "UNDECIDED": "?"}
STATES = {"holds": "\u25cf", "fails": "\u25cb", "unknown": "?"}
SIGN_STATES = {"seen": "\u25b2", "not seen": "\u00b7", "cannot tell": "?"}
SIGNS = {
    "protocol": "protocol",
    "rising": "rising",
    "reach": "low pass@k",
    "memory": "memorising",
    "template": "templates",
    "narrowing": "one mode",
    "entropy": "diversity",
    "rl": "RL less",
}
SIGNALS = {"dS_dev": "\u0394S dev", "dS_OOD": "\u0394S OOD", "dH_policy": "\u0394H policy", "dG_RL": "\u0394G RL"}


@dataclass(frozen=True)
class Panel:
    """One chart with the curves it draws."""

    metric: str
    chart: Markup
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Card:
    """One bucket: what was decided (if anything was) and its curves."""

    bucket: str
    decision: BucketDecision | None
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class NearPair:
    """Two rows near in meaning with the words that differ."""

    near: Near
    row: tuple[Span, ...]
    other: tuple[Span, ...]


@dataclass(frozen=True)
class Pair:
    """A duplicate with its changed words."""

    duplicate: Duplicate
    dropped: tuple[Span, ...]
    witness: tuple[Span, ...]


def _cards(report: Report) -> list[Card]:
    decided = {d.bucket: d for d in report.decision.buckets} if report.decision else {}
    panels: dict[str, dict[str, list[Curve]]] = defaultdict(lambda: defaultdict(list))
    for curve in report.ablation.curves if report.ablation else ():
        panels[curve.bucket][curve.metric].append(curve)
    cards = []
    for bucket in dict.fromkeys([*decided, *panels]):
        drawn = tuple(
            Panel(metric, dose_chart(curves, f"{bucket}, {metric}"), tuple(curves))
            for metric, curves in panels.get(bucket, {}).items()
        )
        cards.append(Card(bucket, decided.get(bucket), drawn))
    return cards


def _pairs(report: Report) -> list[Pair]:
    return [Pair(d, *word_diff(d.dropped.text, d.witness.text)) for d in report.duplicates]


def _near(report: Report) -> list[NearPair]:
    examples = report.semantic.examples if report.semantic else ()
    return [NearPair(near, *word_diff(near.row.text, near.other.text)) for near in examples]


def _scores(report: Report) -> dict[str, list[Score]]:
    grouped: dict[str, list[Score]] = defaultdict(list)
    for score in report.ablation.scores if report.ablation else ():
        grouped[score.bucket].append(score)
    return dict(grouped)


def _finalize(value: object) -> object:
    """The last gate before autoescape: text of any origin is clipped and made visible."""
    if isinstance(value, Markup):
        return value
    return visible(clip(str(value), LIMIT))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        clip=clip,
        plain=figures.plain,
        signed=figures.signed,
        count=figures.count,
        short=figures.short,
        percent=figures.percent,
        duration=figures.duration,
    )
    env.globals.update(interval=figures.interval, charts=charts)
    return env


def render(report: Report) -> str:
    """`report` as an HTML document (UTF-8 text); the same report gives the same bytes."""
    titles = {bucket.id: bucket.title or bucket.id for bucket in report.buckets}
    gains = report.ablation.gain_matrix if report.ablation else None
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            sections={id: name for id, name in SECTIONS.items() if report.trained or id not in TRAINED},
            absent={**ABSENT, **report.absent},
            title_of=lambda bucket: titles.get(bucket, bucket),
            cards=_cards(report),
            pairs=_pairs(report),
            near_pairs=_near(report),
            scores=_scores(report),
            shades=charts.shades(gains) if gains else [],
            style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
            glyphs=GLYPHS,
            states=STATES,
            signal_names=SIGNALS,
            sign_names=SIGNS,
            sign_states=SIGN_STATES,
        )
    )
