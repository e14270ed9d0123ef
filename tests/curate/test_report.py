"""The report page: hostile text stays text, nothing is loaded, no number is lost, no section can crash it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ablation import gain
from curate import report as package
from curate.report import (
    Ablation,
    Curve,
    Decision,
    Fit,
    GainMatrix,
    Mixture,
    Plan,
    Point,
    Report,
    Stage,
    Step,
    Truth,
    charts,
    render,
)
from curate.report.ablated import ablation_part
from curate.report.curves import dose_chart, dose_name
from curate.report.diff import word_diff
from curate.report.evidence import Cell, Signal
from curate.report.figures import duration, interval, percent, plain, short, signed
from curate.report.page import ABSENT, SECTIONS, TRAINED
from curate.visible import clip, visible
from tests.curate.report_fixture import bare_report, full_report
from verifiers import wilson

VOID = {"meta", "br", "hr", "img", "input", "link"}
WORDS = {"verdict", "state", "wanted", "move_to_rl", "status", "side", "move", "method"}
SIGNS = {"protocol", "rising", "reach", "memory", "template", "narrowing", "entropy", "rl"}
FIXED = SIGNS | {
    "surface",
    "same",
    "format",
    "hard",
    "long",
    "diverse",
    "exact",
    "near",
    "flag",
    "drop",
    "score",
    "fail",
    "unscored",
    "done",
    "not done",
    "undecided",
    "dS_dev",
    "dS_OOD",
    "dH_policy",
    "dG_RL",
}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails on a tag that does not close."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def rewritten(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    """A JSON value with `change` applied to every text that is data (not a word of a closed set)."""
    if isinstance(value, dict):
        open_keys = key in ("versions", "share_of_source", "confirmed")
        return {(change(k) if open_keys else k): rewritten(v, change, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rewritten(item, change, key) for item in value]
    if isinstance(value, str) and value and key not in WORDS and value not in FIXED:
        return change(value)
    return value


def changed(change: Callable[[str], str]) -> Report:
    return Report.model_validate(rewritten(full_report().model_dump(), change))


ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</style></title></textarea><b>",
    "<!-- --><![CDATA[ ]]>",
    "&lt;b&gt;&#x3c;b&#x3e;",
    "{{ 7*7 }}{% raw %}{# x #}",
    "javascript:alert(1)",
    "{0} %s \\ `",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_changes_no_tag(attack: str) -> None:
    calm, hostile = Page(render(full_report())), Page(render(changed(lambda text: attack + text)))
    marks = {"del", "ins"}  # the word diff may cut hostile text elsewhere
    assert [t for t in hostile.tags if t not in marks] == [t for t in calm.tags if t not in marks]
    assert hostile.text.count(attack) > 300
    assert not any(name.startswith("on") for _, name, _ in hostile.attributes)


def test_every_text_field_is_printed_and_escaped() -> None:
    tokens: list[str] = []

    def change(_: str) -> str:
        tokens.append(f"<q{len(tokens)}>&")
        return tokens[-1]

    raw = full_report().model_dump()
    cells = raw["ablation"]["gain_matrix"].pop("cells")
    headline = raw.pop("headline")
    raw = rewritten(raw, change)
    raw["ablation"]["gain_matrix"]["cells"], raw["headline"] = cells, headline
    page = Page(render(Report.model_validate(raw)))
    assert len(tokens) > 500
    assert [token for token in tokens if token not in page.text] == []


@pytest.mark.parametrize("part", ["headline", "absent"])
def test_texts_of_a_run_without_decision(part: str) -> None:
    value = {"headline": "<i>h", "absent": {"drops": "<i>h"}}[part]
    html = render(bare_report().model_copy(update={part: value}))
    assert "&lt;i&gt;h" in html
    assert "<i>h" not in html


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\u202e", "⟨U+202E⟩"),
        ("\x00", "⟨U+0000⟩"),
        ("\x1b", "⟨U+001B⟩"),
        ("\u2066", "⟨U+2066⟩"),
        ("\u200b", "⟨U+200B⟩"),
        ("\u2028", "⟨U+2028⟩"),
        ("\x85", "⟨U+0085⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("\x7f", "⟨U+007F⟩"),
        ("\ud800", "\ufffd"),
    ],
)
def test_control_and_bidi_characters_are_shown(hidden: str, shown: str) -> None:
    html = render(changed(lambda text: f"a{hidden}b{text}"))
    assert hidden not in html
    assert html.count(f"a{shown}b") > 300
    html.encode()


def test_text_limits() -> None:
    word = "W" * 100_000
    html = render(changed(lambda _: word))
    assert "W" * 2_001 not in html
    assert len(html) < 2_500_000
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"
    assert visible("e" + "\u0301" * 500) == "e" + "\u0301" * 4
    assert visible("می\u200cخواهم 👩\u200d🔬") == "می\u200cخواهم 👩\u200d🔬"


@pytest.mark.parametrize("make", [full_report, bare_report])
def test_nothing_is_loaded_and_nothing_runs(make: Callable[[], Report]) -> None:
    html = render(make())
    page = Page(html)
    banned = {"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use", "foreignobject"}
    assert not banned & set(page.tags)
    assert {value[0] for _, name, value in page.attributes if name in ("href", "src", "action", "data")} == {"#"}
    assert not re.search(r"https?:|url\(|@import|expression\(|javascript:", html)
    csp = next(v for t, n, v in page.attributes if t == "meta" and n == "content" and "default-src" in v)
    assert csp == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_headings_labels_and_links() -> None:
    page = Page(render(full_report()))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {v[1:] for _, name, v in page.attributes if name == "href"} <= set(ids)
    assert {v for _, name, v in page.attributes if name == "aria-labelledby"} <= set(ids)
    assert page.tags.count("h1") == 1
    assert page.tags.count("table") == page.tags.count("caption") > 10
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    images = [value for tag, name, value in page.attributes if tag == "svg" and name == "role"]
    assert len(labels) == len(images) > 50
    assert all(labels)


def test_every_section_stands_empty_with_its_reason_and_those_of_an_ablation_only_after_one() -> None:
    cleaned = Page(render(bare_report()))
    trained = Page(render(bare_report().model_copy(update={"ablation": Ablation(plan=Plan(trials=3, seeds=1))})))
    for section, title in SECTIONS.items():
        assert title in trained.text or section == "verdict"
        assert (title in cleaned.text) == (section not in TRAINED) or section == "verdict"
        assert (("section", "id", section) in cleaned.attributes) == (section not in TRAINED)
    for section, reason in ABSENT.items():
        said = reason.replace("`", "")  # what a person types is set as code
        assert said in trained.text
        assert (said in cleaned.text) == (section not in TRAINED)


def test_one_checkpoint_that_both_simple_rules_keep_is_priced_once() -> None:
    page = Page(render(full_report())).text
    assert page.count(") instead costs") == 1
    assert "keeping the last, which has the highest score (full) instead costs" in page


@pytest.mark.parametrize("part", [name for name, field in Report.model_fields.items() if not field.is_required()])
def test_renders_with_one_part_missing(part: str) -> None:
    empty = Report.model_fields[part].get_default(call_default_factory=True)
    Page(render(full_report().model_copy(update={part: empty})))


def test_renders_with_one_part_alone() -> None:
    full = full_report()
    for part in Report.model_fields:
        Page(render(bare_report().model_copy(update={part: getattr(full, part)})))


def test_all_numbers_missing() -> None:
    def blank(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: v if k in ("dose", "weight", "level") else blank(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [blank(item) for item in value]
        return math.nan if isinstance(value, float) else value

    raw = blank(full_report().model_dump(exclude={"drops"}))
    report = Report.model_validate_json(json.dumps(raw))
    html = render(report)
    assert not re.search(r"\bnan\b", html, re.I)
    assert "not measured" in html


def test_same_report_same_bytes() -> None:
    report = full_report()
    html = render(report)
    assert html == render(full_report())
    assert html == render(Report.model_validate_json(report.model_dump_json()))


def test_every_estimate_is_on_the_page() -> None:
    report, text = full_report(), Page(render(full_report())).text
    assert report.decision is not None
    assert report.ablation is not None
    assert report.ablation.gain_matrix is not None
    assert report.mixture is not None
    for bucket in report.decision.buckets:
        for signal in bucket.signals:
            if signal.estimate is not None:
                assert f"{signed(signal.estimate)} {interval(signal.low, signal.high)}" in text
    for cell in report.ablation.gain_matrix.cells:
        assert f"{signed(cell.estimate)}{interval(cell.low, cell.high)}n {cell.n}" in text
    for curve in report.ablation.curves:
        assert curve.fit is not None
        step = curve.fit.next_doubling
        assert f"{signed(step.estimate)} {interval(step.low, step.high)}" in text
        for point in curve.points:
            assert f"{plain(point.score)} {interval(point.low, point.high)}, n {point.n}" in text
    for weight in report.mixture.weights:
        assert f"{percent(weight.low)} to {percent(weight.high)}" in text
    for score in report.ablation.scores:
        factors = "".join(plain(part) for part in (score.score, score.terminates, score.parses, score.correct))
        assert f"{score.split}{factors}" in text
    for stage in report.funnel:
        assert f"{stage.rows_in:,}{stage.kept:,}{stage.dropped:,}{stage.quarantined:,}✓" in text.replace("\n", "")


def first_screen(html: str) -> str:
    return html[html.index('<section id="verdict"') : html.index('<section id="buckets-verdict"')]


def test_the_first_screen_tells_the_verdict_of_each_bucket_and_folds_the_rest() -> None:
    report = full_report()
    assert report.decision is not None
    assert report.mixture is not None
    html = render(report)
    screen = Page(first_screen(html))
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', first_screen(html), re.S)
    assert len(rows) == 9
    for row, bucket in zip(rows, report.decision.buckets, strict=True):
        told = Page(row).text
        assert f"{bucket.verdict}{bucket.label}" in told
        assert bucket.gained is not None
        assert f"{signed(bucket.gained.estimate)} {interval(bucket.gained.low, bucket.gained.high)}" in told
        assert told.endswith(bucket.flips[0])
        states = re.findall(r'<span class="sr">([^<]+)</span>', row)
        signs = [sign.state if sign.measured else "not measured" for sign in bucket.watch]
        assert states == [*(signal.state for signal in bucket.signals), *signs]
    assert report.decision.boundary is not None
    for text in (report.decision.next, report.decision.boundary.says, report.decision.checkpoint, "proposal"):
        assert text in screen.text
    opened = re.findall(r"<details[^>]* open", html)
    assert opened == []
    assert len(re.findall(r'<details class="fold" open', render(bare_report()))) > 5  # nothing stands above them there


def test_at_most_three_reasons_stand_on_the_first_screen() -> None:
    report = full_report()
    assert report.decision is not None
    many = tuple(f"reason {k}" for k in range(6))
    html = render(report.model_copy(update={"decision": report.decision.model_copy(update={"reasons": many})}))
    before, folded = html.split("6 more</summary>")  # and the three behind the boundary
    assert before.count("<li>reason ") == 3
    assert folded.count("<li>reason ") == 3


def test_a_decision_stored_before_there_were_signs_and_boundaries_is_shown() -> None:
    raw = full_report().model_dump()
    raw["decision"].pop("boundary")
    for bucket in raw["decision"]["buckets"]:
        for name in ("watch", "boundary", "made_of"):
            bucket.pop(name)
    page = Page(render(Report.model_validate(raw)))
    assert "Boundary" not in page.text
    assert page.text.count("still gaining") >= 6


def test_gains_of_all_buckets_share_one_scale() -> None:
    report = full_report()
    assert report.decision is not None
    reach = charts.gain_reach(report.decision.buckets)
    ends = [abs(b.gained.high) for b in report.decision.buckets if b.gained and b.gained.high is not None]
    assert reach >= max(ends)
    bar = str(charts.signal_bar(Signal(name="dS_dev", condition="", state="holds", estimate=reach), reach))
    assert re.search(r'<circle cx="100%"', bar) or re.search(r'<circle cx="100.00%"', bar)
    assert charts.gain_reach(()) > 0


def test_broken_row_law_is_loud() -> None:
    lost = (Stage(stage="read", rows_in=10, kept=7, dropped=1, quarantined=1),)
    skipped = (Stage(stage="read", rows_in=10, kept=10), Stage(stage="rules", rows_in=9, kept=9))
    for funnel in (lost, skipped):
        report = bare_report().model_copy(update={"funnel": funnel})
        assert not report.row_law
        assert "The row law is broken" in render(report)
    assert "✗ +1 rows" in render(bare_report().model_copy(update={"funnel": lost}))
    assert "The row law is broken" not in render(full_report())


def test_matrix_marks_exactly_the_clear_cells() -> None:
    def cell(col: str, low: float, high: float) -> Cell:
        return Cell(row="a", col=col, estimate=(low + high) / 2, low=low, high=high)

    cells = (cell("a", 0.01, 0.03), cell("b", -0.01, 0.03), cell("c", -0.08, -0.02))
    line = charts.shades(GainMatrix(rows=("a",), cols=("a", "b", "c", "d"), cells=cells))[0][1]
    assert [shade and shade.sign for shade in line] == ["up", "flat", "down", None]
    assert [shade and shade.own for shade in line[:2]] == [True, False]
    assert line[1] is not None
    assert line[1].alpha == 0


def attribute(svg: str, pattern: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, svg)]


def test_dose_axis_is_log2_and_the_forecast_lies_one_doubling_on() -> None:
    points = tuple(
        Point(dose=d, score=s, low=s - 0.1, high=s + 0.1, n=50) for d, s in ((1, 0.6), (0.25, 0.2), (0.5, 0.4))
    )
    fit = Fit(kind="line", next_doubling=Step(estimate=0.2, low=0.1, high=0.3))
    svg = str(dose_chart([Curve(bucket="b", split="dev", points=points, fit=fit)], "b"))
    hollow = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="3.6" class="mark s0 hollow">', svg)
    solid = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="3.6" class="mark s0">', svg)
    xs = [float(x) for x, _ in solid + hollow]
    ys = [float(y) for _, y in solid + hollow]
    assert len(xs) == 4
    for places in (xs, ys):  # score rises by 0.2 a doubling: one straight, evenly spaced line
        steps = [b - a for a, b in pairwise(places)]
        assert steps == pytest.approx([steps[0]] * 3, abs=0.03)
    assert xs[0] < xs[-1]
    assert ys[0] > ys[-1]
    assert "1/4" in svg
    assert "2×" in svg
    assert [dose_name(d) for d in (0, 0.125, 0.3, 1, 2)] == ["base", "1/8", "0.3", "1×", "2×"]


def test_a_stored_curve_shows_the_base_model_as_a_line() -> None:
    """Below the base is seen at a glance: the line of the base model lies above (smaller y) the last dose."""
    gain = {"estimate": -0.24, "low": -0.32, "high": -0.16, "level": 0.95, "n": 40}
    doses = [
        {"dose": dose, "tokens": None, "score": score, "gain": gain} for dose, score in ((0.125, -8.8), (1.0, -5.72))
    ]
    stored = {"bucket": "b", "split": "dev", "metric": "nll", "points": doses, "fit": "none", "next_doubling": None}
    notes = {
        "plan": {"trials": 3, "seeds": [1], "tokens": 9, "flops": 9.0, "parameters": 9, "buckets": {}, "skipped": {}},
        "status": {"ok": 3},
    }
    analysis = {"curves": [stored | {"base": -5.48}], "gains": [], "decomposition": []}
    part = ablation_part({"notes": notes}, analysis)
    assert [point.dose for point in part.curves[0].points] == [0, 0.125, 1.0]
    svg = str(dose_chart(part.curves, "b"))
    assert f"base model on dev: {plain(-5.48)}" in svg
    (line,) = re.findall(r'<line x1="[\d.]+" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)" class="base s0">', svg)
    assert line[0] == line[1]
    assert f"dev {plain(-5.48)} for the base model, {plain(-8.8)} at the smallest dose, {plain(-5.72)} at" in svg
    marks = [float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)" r="3.6" class="mark s0">', svg)]
    assert marks[0] == float(line[0])
    assert float(line[0]) < marks[-1] < marks[1]
    without = str(dose_chart(ablation_part({"notes": notes}, analysis | {"curves": [stored]}).curves, "b"))
    assert "base model" not in without


@pytest.mark.parametrize("scores", [[0.5], [0.0, 0.0], [1e9, -1e9], [None], [None, 0.2], [1e-300, 2e-300]])
def test_odd_curves_are_drawn_or_left_out(scores: list[float | None]) -> None:
    points = tuple(Point(dose=i, score=score) for i, score in enumerate(scores))
    fit = Fit(kind="none", next_doubling=Step(estimate=0.1))
    svg = str(dose_chart([Curve(bucket="b", split="dev", points=points, fit=fit)], "b"))
    assert "nan" not in svg
    assert "inf" not in svg
    assert bool(svg) == any(score is not None for score in scores)


def test_too_many_doses_and_splits_stay_inside() -> None:
    points = tuple(Point(dose=2.0**-k, score=k / 20) for k in range(20))
    curves = [Curve(bucket="b", split=f"split{k}", points=points) for k in range(5)]
    svg = str(dose_chart(curves, "b"))
    assert max(attribute(svg, r'(?:cx|x|x1|x2)="([\d.-]+)"')) <= 360
    assert min(attribute(svg, r'(?:cy|y1|y2)="([\d.-]+)"')) >= 0
    with pytest.raises(ValidationError):
        Point(dose=-1, score=0.5)
    with pytest.raises(ValidationError):
        Point(dose=math.inf, score=0.5)


def test_signal_bar_puts_zero_in_the_middle() -> None:
    signal = Signal(name="dS_dev", condition="", state="fails", estimate=0.05, low=0.0, high=0.1, margin=0.02)
    svg = str(charts.signal_bar(signal))
    zero = re.search(r'x1="([\d.]+)%"[^>]*class="zero"', svg)
    dot = re.search(r'<circle cx="([\d.]+)%"', svg)
    assert zero is not None
    assert dot is not None
    assert float(zero[1]) == 50
    assert float(dot[1]) == pytest.approx(50 + 0.05 / (0.1 * 1.12) * 50, abs=0.01)


def test_word_diff_gives_both_texts_back_and_marks_only_changes() -> None:
    left, right = "the sea in autumn, grey", "the sea in winter, grey and cold"
    ours, theirs = word_diff(left, right)
    assert "".join(span.text for span in ours) == left
    assert "".join(span.text for span in theirs) == right
    assert [span.text for span in ours if span.changed] == ["autumn"]
    assert [span.text for span in theirs if span.changed] == ["winter", " and cold"]
    assert not any(span.changed for side in word_diff(left, left) for span in side)


def test_word_diff_of_long_texts_starts_near_the_difference() -> None:
    ours, theirs = word_diff("same word " * 5_000 + "left", "same word " * 5_000 + "right " * 5_000)
    assert [span.text for span in ours if span.changed] == ["left"]
    assert sum(len(span.text) for span in theirs) < 1_300
    assert word_diff("x" * 1_000_000, "y" * 1_000_000)[0][0].changed


def test_models_read_the_dataclasses_of_ablation() -> None:
    there = gain.Interval(0.031, 0.012, 0.05, 0.9, 400, 120, 3)
    step = gain.Gain("full", "dose:0.5", "code", "dev", "pass@1", there, 0.024)
    signal = gain.Signal("dS_dev", "dS_dev ~ 0", "fails", "above the margin", step, 0.02)
    silent = gain.Signal("dG_RL", "dG_RL <= 0", "unknown", "no probe", needs="a probe")
    ready = gain.Readiness(8, there, there, there)
    sign = gain.Watched("narrowing", "gone too far", "one mode", "seen", "pass@8 fell", gain=step)
    mute = gain.Watched("rl", "gone too far", "less", "cannot tell", "not measured: no probe", "a probe", False)
    move = gain.Boundary("sft more", "hard", "more SFT on code", ("it rises",), "a flat dose", "3 trials")
    bucket = gain.BucketDecision(
        "code", "CONTINUE", "still gaining", "not done", (signal, silent), ("r",), ("f",), "more", ready,
        (sign, mute), move, "capability",
    )  # fmt: skip
    decision = gain.Decision("CONTINUE", "Go on", ("r",), "more code", "no", "not yet", (bucket,), "full", "best", move)
    weight = gain.Weight("code", 0.2, 0.1, 0.3, 100, 1.5, 66, 0.3, 0.11, "gains")
    read = Decision.model_validate(asdict(decision))
    assert read.buckets[0].signals[0].estimate == 0.031
    assert read.buckets[0].signals[0].n == 400
    assert read.buckets[0].signals[0].mde == 0.024
    assert read.buckets[0].signals[1].estimate is None
    assert (read.buckets[0].watch[0].estimate, read.buckets[0].watch[0].n) == (0.031, 400)
    assert read.buckets[0].watch[1].estimate is None
    assert read.boundary == read.buckets[0].boundary
    mixture = Mixture.model_validate(asdict(gain.Mixture(500, (weight,))))
    html = render(bare_report().model_copy(update={"decision": read, "mixture": mixture}))
    assert "+0.031 [0.012, 0.050]" in html


@pytest.mark.parametrize(
    "name", ["Boundary", "BucketDecision", "Decision", "Interval", "Mixture", "Readiness", "Weight"]
)
def test_models_have_the_fields_of_ablation(name: str) -> None:
    assert {f.name for f in fields(getattr(gain, name))} == set(getattr(package, name).model_fields)


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        Report.model_validate({**bare_report().model_dump(), "mixtrue": None})


def test_truth_intervals() -> None:
    from scipy.stats import binomtest

    truth = Truth(fault="f", catcher="c", planted=80, found=77, flagged=90, precision=0.9)
    known = binomtest(77, 80).proportion_ci(method="wilson")
    assert truth.recall_interval == pytest.approx((known.low, known.high))
    assert truth.precision_interval == pytest.approx(tuple(binomtest(81, 90).proportion_ci(method="wilson")))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table I
    assert Truth(fault="f", catcher="c", planted=0, found=0).recall is None


def test_figures() -> None:
    assert [signed(v) for v in (0.0341, -0.0341, 0.0001, -0.0001, None, math.nan)] == [
        "+0.034",
        "−0.034",
        "0.000",
        "0.000",
        "–",
        "–",
    ]
    assert interval(-0.01, 0.02) == "[−0.010, 0.020]"
    assert interval(None, None) == "no interval"
    assert [percent(v) for v in (0.1234, 0.0, 0.0001, 1.0)] == ["12.3%", "0.0%", "<0.1%", "100.0%"]
    assert [short(v) for v in (12, 1_234, 2_500_000, 3.3e17)] == ["12", "1.2k", "2.5M", "3.3e17"]
    assert [duration(v) for v in (0.85, 12.3, 245, 7_980)] == ["850 ms", "12.3 s", "4 min 05 s", "2 h 13 min"]


def _luminance(rgb: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_meet_aa(theme: int) -> None:
    css = (Path(package.__file__).parent / "page.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", css, re.S)[theme]
    colour = {n: tuple(int(v[i : i + 2], 16) for i in (0, 2, 4)) for n, v in re.findall(r"--([\w-]+): #(\w{6})", block)}
    shade = {n: tuple(map(int, v.split())) for n, v in re.findall(r"--(up|down): ([\d ]+);", block)}
    for front in ("ink", "muted", "accent", "warm"):
        for back in ("bg", "panel", "faint"):
            assert _contrast(colour[front], colour[back]) >= 4.5, (front, back)
    assert _contrast(colour["accent"], colour["accent-soft"]) >= 4.5
    assert _contrast(colour["warm"], colour["warm-soft"]) >= 4.5
    for tint in shade.values():
        cell = tuple(0.42 * t + 0.58 * b for t, b in zip(tint, colour["bg"], strict=True))
        assert _contrast(colour["ink"], cell) >= 4.5
