"""The bars of the page: funnel, mixture, signal intervals, histograms, and the shading of the gain matrix.

Bars are drawn in percentages of their own width, so that they fit a phone and a desk alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from curate.report.evidence import BucketDecision, Cell, GainMatrix, Mixture, Signal, Weight
from curate.report.figures import interval, percent, plain, short, signed
from curate.report.judged import Grades
from curate.report.model import Stage
from curate.report.svg import across, picture, tag


def _rect(start: float, width: float, y: float, height: float, class_: str) -> Markup:
    return tag("rect", x=across(start), y=y, width=across(width), height=height, class_=class_)


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=across(x1), y1=y1, x2=across(x2), y2=y2, class_=class_)


def _at(x: float, y: float, shape: Markup) -> Markup:
    """A shape drawn in pixels around a point that is given in percent."""
    return tag("svg", shape, x=across(x), y=y, width=1, height=1, overflow="visible")


def funnel_bar(stage: Stage, largest: int) -> Markup:
    """Kept, dropped and quarantined rows of one stage, on the scale of the `largest` stage."""
    scale = 1.0 / max(largest, 1)
    kept, dropped, quarantined = (max(n, 0) * scale for n in (stage.kept, stage.dropped, stage.quarantined))
    parts = [
        _rect(0, kept, 3, 12, "bar-kept"),
        _rect(kept, dropped, 3, 12, "bar-dropped"),
        _rect(kept + dropped, quarantined, 3, 12, "bar-quarantined"),
    ]
    label = f"{stage.stage}: {stage.kept} kept, {stage.dropped} dropped, {stage.quarantined} quarantined"
    return picture(label, parts, class_="strip", height=18)


def grade_bar(line: Grades, highest: float) -> Markup:
    """Share of the scored rows with one grade, on the scale of the most frequent one."""
    label = f"grade {plain(line.grade, 1)}: {line.rows} rows, {percent(line.share)}"
    return picture(label, [_rect(0, line.share / max(highest, 1e-9), 3, 12, "bar-kept")], class_="strip", height=18)


def mixture_scale(mixture: Mixture) -> float:
    """The share at the right end of the mixture bars."""
    marks = [m for w in mixture.weights for m in (w.weight, w.high, w.proportional, w.uniform) if m is not None]
    return max([*marks, 0.01]) * 1.04


def mixture_bar(weight: Weight, scale: float) -> Markup:
    """Weight as a bar with its interval; a diamond for proportional, a line for uniform."""
    parts = [_rect(0, weight.weight / scale, 7, 10, "bar-kept")]
    if weight.uniform is not None:
        parts.append(_line(weight.uniform / scale, 0, weight.uniform / scale, 24, "uniform"))
    if weight.low is not None and weight.high is not None:
        low, high = weight.low / scale, weight.high / scale
        parts.append(_line(low, 12, high, 12, "whisker"))
        parts += [_line(end, 8.5, end, 15.5, "whisker") for end in (low, high)]
    if weight.proportional is not None:
        diamond = tag("path", d="M0 -5.5 L5.5 0 L0 5.5 L-5.5 0 Z", class_="diamond")
        parts.append(_at(weight.proportional / scale, 12, diamond))
    label = (
        f"{weight.bucket}: {percent(weight.weight)} ({percent(weight.low)} to {percent(weight.high)}), "
        f"proportional {percent(weight.proportional)}, uniform {percent(weight.uniform)}"
    )
    return picture(label, parts, class_="strip", height=24)


def gain_reach(buckets: Sequence[BucketDecision]) -> float:
    """One scale for the gains of all buckets, so that rows can be compared by eye."""
    signals = [bucket.gained for bucket in buckets]
    ends = [
        abs(end) for s in signals if s is not None for end in (s.estimate, s.low, s.high, s.margin) if end is not None
    ]
    return max([*ends, 1e-9]) * 1.06


def signal_bar(signal: Signal, reach: float | None = None) -> Markup:
    """Estimate and interval around zero, over the band of +-margin; empty without an estimate.

    `reach` is the value at the right end; default: what this signal needs.
    """
    if signal.estimate is None:
        return Markup("")
    low = signal.estimate if signal.low is None else signal.low
    high = signal.estimate if signal.high is None else signal.high
    reach = reach or max(abs(low), abs(high), abs(signal.margin or 0.0), 1e-9) * 1.12

    def place(value: float) -> float:
        return 0.5 + value / reach / 2

    parts: list[Markup] = []
    if signal.margin:
        parts.append(_rect(place(-abs(signal.margin)), abs(signal.margin) / reach, 2, 16, "margin-band"))
    parts += [
        _line(0.5, 0, 0.5, 20, "zero"),
        _line(place(low), 10, place(high), 10, "whisker"),
        *(_line(place(end), 6.5, place(end), 13.5, "whisker") for end in (low, high)),
        tag("circle", cx=across(place(signal.estimate)), cy=10, r=3.5, class_="dot"),
    ]
    label = f"{signal.name}: {signed(signal.estimate)} {interval(signal.low, signal.high)}"
    if signal.margin is not None:
        label += f", margin {plain(signal.margin)}"
    return picture(label, parts, class_="strip", height=20)


def sparkline(bins: Sequence[int]) -> Markup:
    """A histogram of counts, one bar a bin."""
    top = max([*bins, 1])
    width = 96 / max(len(bins), 1)
    bars = []
    for index, value in enumerate(bins):
        height = 22.0 * max(value, 0) / top
        if value > 0:
            height = max(height, 1.0)  # one row must not look like none
        bars.append(
            tag("rect", x=index * width, y=24 - height, width=max(width - 1.5, 0.5), height=height, class_="bar-kept")
        )
    base = tag("line", x1=0, y1=24.5, x2=96, y2=24.5, class_="axis")
    label = "rows per difficulty bin, easy to hard: " + ", ".join(short(value) for value in bins)
    return picture(label, [*bars, base], class_="spark", viewBox="0 0 96 25", width=96, height=25)


@dataclass(frozen=True, slots=True)
class Shade:
    """How one cell of the gain matrix is shown; `sign` is "up", "down" or "flat" (zero is inside the interval)."""

    cell: Cell
    sign: str
    alpha: float
    own: bool


def shades(matrix: GainMatrix) -> list[tuple[str, list[Shade | None]]]:
    """Rows of the gain matrix; None where a cell was not measured.

    Only cells whose interval leaves zero out are coloured, so that colour never says more than the interval.
    """
    largest = max([abs(c.estimate) for c in matrix.cells if c.estimate is not None and c.clear] or [1.0]) or 1.0
    found = {(cell.row, cell.col): cell for cell in matrix.cells}
    table: list[tuple[str, list[Shade | None]]] = []
    for row in matrix.rows:
        line: list[Shade | None] = []
        for col in matrix.cols:
            cell = found.get((row, col))
            if cell is None or cell.estimate is None:
                line.append(None)
                continue
            sign = "flat" if not cell.clear else "up" if cell.estimate > 0 else "down"
            alpha = 0.0 if sign == "flat" else 0.10 + 0.32 * abs(cell.estimate) / largest
            line.append(Shade(cell, sign, round(alpha, 3), row == col))
        table.append((row, line))
    return table
