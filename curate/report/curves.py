"""Draws score against dose: one small panel a bucket and metric, one line a split, log2 doses.

A hollow mark beyond the last dose is what the fit expects of the next doubling; it was not measured. A dotted line
runs on from the base model's score (dose 0), so that a dose below it is seen to be worse than no training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup

from curate.report.evidence import Curve, Point
from curate.report.figures import count, interval, plain
from curate.report.svg import nice_ticks, picture, tag, words

WIDTH, HEIGHT = 360.0, 224.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 40.0, 10.0, 40.0
_STYLES = ("s0", "s1", "s2")
_LABEL_GAP = 12.0
_FITS = {
    "line": "line",
    "power": "power law",
    "rectified": "rectified law",
    "step": "a step, then level",
    "flat": "no gain",
}


def fit_name(kind: str) -> str:
    """The fitted law in a reader's words; a law this version does not know keeps its own name."""
    return _FITS.get(kind, kind)


@dataclass(frozen=True, slots=True)
class Axes:
    """Maps dose positions (log2) and scores to pixels."""

    first: float
    last: float
    low: float
    high: float

    def x(self, place: float) -> float:
        span = self.last - self.first or 1.0
        return LEFT + 10 + (WIDTH - LEFT - RIGHT - 20) * (place - self.first) / span

    def y(self, score: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - score) / (self.high - self.low)


def _doses(curves: Sequence[Curve]) -> list[float]:
    return sorted({p.dose for c in curves for p in c.points if p.score is not None})


def _place(dose: float, smallest: float) -> float:
    """log2 of the dose; the base model (dose 0) sits one doubling left of the smallest dose."""
    return math.log2(dose) if dose > 0 else math.log2(smallest) - 1


def _next(curve: Curve) -> tuple[float, float, float, float] | None:
    """(dose, score, low, high) of the next doubling."""
    measured = [(p.dose, p.score) for p in curve.points if p.score is not None and p.dose > 0]
    if curve.fit is None or curve.fit.next_doubling.estimate is None or not measured:
        return None
    dose, score = max(measured)
    step, rise = curve.fit.next_doubling, curve.fit.next_doubling.estimate
    low = rise if step.low is None else step.low
    high = rise if step.high is None else step.high
    return 2 * dose, score + rise, score + low, score + high


def _axes(curves: Sequence[Curve], smallest: float) -> Axes:
    ends: list[float] = []
    places: list[float] = []
    for curve in curves:
        for point in curve.points:
            if point.score is not None:
                places.append(_place(point.dose, smallest))
                ends += [v for v in (point.score, point.low, point.high) if v is not None]
        if (step := _next(curve)) is not None:
            places.append(_place(step[0], smallest))
            ends += step[1:]
    low, high = min(ends), max(ends)
    pad = (high - low) * 0.07 or max(abs(high) * 0.1, 0.05)
    return Axes(min(places), max(places), low - pad, high + pad)


def _mark(style: str, x: float, y: float, hollow: bool = False) -> Markup:
    """Splits differ by shape as well as colour: circle, square, triangle."""
    kind = f"mark {style}" + (" hollow" if hollow else "")
    if style == "s1":
        return tag("rect", x=x - 3.2, y=y - 3.2, width=6.4, height=6.4, class_=kind)
    if style == "s2":
        corners = f"{x:.2f},{y - 4.2:.2f} {x + 4:.2f},{y + 3:.2f} {x - 4:.2f},{y + 3:.2f}"
        return tag("polygon", points=corners, class_=kind)
    return tag("circle", cx=x, cy=y, r=3.6, class_=kind)


def _bar(x: float, low: float, high: float, class_: str) -> Markup:
    return tag("line", x1=x, y1=low, x2=x, y2=high, class_=class_)


def _point(point: Point, style: str, x: float, axes: Axes) -> Markup:
    assert point.score is not None
    parts = []
    if point.low is not None and point.high is not None:
        parts.append(_bar(x, axes.y(point.low), axes.y(point.high), f"err {style}"))
    parts.append(_mark(style, x, axes.y(point.score)))
    said = f"dose {point.dose:g}: {plain(point.score)} {interval(point.low, point.high)}, n {count(point.n)}"
    return tag("g", tag("title", words(said)), *parts)


def _line(curve: Curve, style: str, nudge: float, axes: Axes, smallest: float) -> list[Markup]:
    points = sorted((p for p in curve.points if p.score is not None), key=lambda p: p.dose)
    spots = [(axes.x(_place(p.dose, smallest)) + nudge, p) for p in points]
    path = " ".join(f"{x:.2f},{axes.y(p.score or 0.0):.2f}" for x, p in spots)
    parts = [tag("polyline", points=path, class_=f"line {style}")]
    if points and points[0].dose == 0:
        level = axes.y(points[0].score or 0.0)
        said = tag("title", words(f"base model on {curve.split}: {plain(points[0].score)}"))
        parts.insert(0, tag("line", said, x1=spots[0][0], y1=level, x2=WIDTH - RIGHT, y2=level, class_=f"base {style}"))
    if (step := _next(curve)) is not None:
        x, y = axes.x(_place(step[0], smallest)) + nudge, axes.y(step[1])
        parts.append(
            tag("line", x1=spots[-1][0], y1=axes.y(points[-1].score or 0.0), x2=x, y2=y, class_=f"guess {style}")
        )
        parts += [_bar(x, axes.y(step[2]), axes.y(step[3]), f"err {style}"), _mark(style, x, y, hollow=True)]
    return parts + [_point(p, style, x, axes) for x, p in spots]


def _labels(curves: Sequence[Curve], axes: Axes) -> list[Markup]:
    """Split names at the line ends, pushed apart where they would overlap."""
    wanted: list[tuple[float, str, str]] = []
    for curve, style in zip(curves, _STYLES, strict=False):
        points = [p for p in curve.points if p.score is not None]
        if points:
            step = _next(curve)
            score = step[1] if step else max(points, key=lambda p: p.dose).score
            wanted.append((axes.y(score or 0.0), curve.split, style))
    placed: list[Markup] = []
    above = -math.inf
    wanted.sort()
    room = HEIGHT - BOTTOM - _LABEL_GAP * len(wanted)
    for index, (y, split, style) in enumerate(wanted):
        above = max(min(y, room + _LABEL_GAP * (index + 1)), above + _LABEL_GAP)
        placed.append(tag("text", words(split, 7), x=WIDTH - RIGHT + 2, y=above + 3.5, class_=f"lab {style}"))
    return placed


def _frame(axes: Axes, doses: Sequence[float], smallest: float) -> list[Markup]:
    ticks = nice_ticks(axes.low, axes.high)
    digits = 2 if len(ticks) < 2 or ticks[1] - ticks[0] >= 0.0099 else 3
    parts: list[Markup] = []
    for tick in ticks:
        y = axes.y(tick)
        parts.append(tag("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, class_="grid"))
        parts.append(tag("text", words(plain(tick, digits)), x=LEFT - 5, y=y + 3.5, class_="tick end"))
    floor = HEIGHT - BOTTOM
    parts.append(tag("line", x1=LEFT, y1=floor, x2=WIDTH - RIGHT, y2=floor, class_="axis"))
    shown = -math.inf
    for dose in doses:
        x = axes.x(_place(dose, smallest))
        parts.append(tag("line", x1=x, y1=floor, x2=x, y2=floor + 4, class_="axis"))
        if x - shown >= 20:
            parts.append(tag("text", words(dose_name(dose)), x=x, y=floor + 15, class_="tick mid"))
            shown = x
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(tag("text", words("dose: share of unique rows, log2"), x=middle, y=HEIGHT - 4, class_="tick mid"))
    return parts


def dose_name(dose: float) -> str:
    """0 is "base"; 0.125 is 1/8; 1 and 2 are "1x", "2x"; anything else is the number."""
    if dose == 0:
        return "base"
    if dose >= 1:
        return f"{dose:g}\u00d7"
    share = Fraction(dose).limit_denominator(64)
    return str(share) if share.numerator == 1 and abs(float(share) - dose) < 1e-6 else f"{dose:.2g}"


def dose_chart(curves: Sequence[Curve], title: str) -> Markup:
    """One panel; `curves` share a bucket and a metric, at most three splits are drawn."""
    curves = [c for c in curves if any(p.score is not None for p in c.points)][: len(_STYLES)]
    doses = _doses(curves)
    if not doses:
        return Markup("")
    smallest = min((dose for dose in doses if dose > 0), default=1.0)
    axes = _axes(curves, smallest)
    ahead = sorted({step[0] for curve in curves if (step := _next(curve)) is not None} - set(doses))
    parts = _frame(axes, [*doses, *ahead], smallest)
    for index, curve in enumerate(curves):
        nudge = (index - (len(curves) - 1) / 2) * 5
        parts += _line(curve, _STYLES[index], nudge, axes, smallest)
    parts += _labels(curves, axes)
    label = f"{title}: " + "; ".join(
        f"{c.split} {_base_words(c)}{plain(_ends(c)[0])} at the smallest dose, {plain(_ends(c)[1])} at the largest"
        for c in curves
    )
    return picture(label, parts, class_="curve", viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}")


def _base_words(curve: Curve) -> str:
    return "".join(
        f"{plain(p.score)} for the base model, " for p in curve.points if p.dose == 0 and p.score is not None
    )


def _ends(curve: Curve) -> tuple[float | None, float | None]:
    points = sorted((p for p in curve.points if p.score is not None), key=lambda p: p.dose)
    trained = [p for p in points if p.dose > 0] or points
    return trained[0].score, trained[-1].score
