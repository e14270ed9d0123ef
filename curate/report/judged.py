"""The part of the report about the judge: grades, money, what is unscored and why, and what it was allowed to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from buckets import InputError, read_frame
from curate.agreement import JUDGED, read_agreement
from curate.report.part import Maybe, Part, Text
from curate.text import talk_text

EXAMPLES = 3
"""Rows that the page shows of each outcome."""
_STEP = 0.5
"""Mean grades of several votes are counted on a scale with this step."""


class Grades(Part):
    """Rows by mean grade, to the nearest half."""

    grade: float
    rows: int
    share: float
    """Of the scored rows."""


class Counted(Part):
    """A reason or an outcome of calls, and how often it was met."""

    what: Text
    count: int


class Judgment(Part):
    """One row and what the judge said of it."""

    id: Text
    outcome: Literal["fail", "unscored"]
    votes: tuple[Text, ...]
    reason: Text
    excerpt: Text = ""


class Allowance(Part):
    """Agreement with human labels that was shown for this judge; 95% intervals."""

    labelled: int
    """Labelled rows that it passed or failed."""
    precision: Maybe
    precision_low: Maybe
    precision_high: Maybe
    kappa: Maybe
    kappa_low: Maybe
    kappa_high: Maybe
    least_precision: float
    least_kappa: float
    shortfalls: tuple[Text, ...] = ()
    """Why it may not drop rows, where it may not."""


class Judged(Part):
    """What the judge stage did."""

    judge: Text
    action: Literal["score", "drop"]
    pass_at: int
    passed: int
    failed: int
    unscored: int
    dropped: int
    grades: tuple[Grades, ...] = ()
    reasons: tuple[Counted, ...] = ()
    """Why rows are unscored."""
    calls: tuple[Counted, ...] = ()
    spent_usd: float
    """Booked in the ledger so far, earlier runs into this folder included."""
    cap_usd: float
    forecast: Text
    allowance: Allowance | None = None
    """None where the recipe names no agreement."""
    unread: Text = ""
    """Why the agreement that the recipe names cannot be read any more."""
    examples: tuple[Judgment, ...] = ()

    @property
    def highest(self) -> float:
        """The largest share of a grade: the scale of the bars."""
        return max((line.share for line in self.grades), default=1.0)

    @property
    def spent_share(self) -> float | None:
        return self.spent_usd / self.cap_usd if self.cap_usd else None


def judged_part(
    out: Path, base: Path, line: Mapping[str, Any] | None, table: Mapping[str, Any] | None
) -> Judged | None:
    """None where no judge has run. `line` is the stage's in the journal, `table` its table in the recipe."""
    path = out / JUDGED
    if line is None or table is None or not path.exists():
        return None
    seen, notes = read_frame(path), line["notes"]
    verdicts = notes["verdicts"]
    allowance, unread = _allowance(base, table)
    return Judged(
        judge=notes["judge"],
        action=table["action"],
        pass_at=notes["pass_at"],
        passed=verdicts.get("pass", 0),
        failed=verdicts.get("fail", 0),
        unscored=verdicts.get("abstain", 0),
        dropped=line["counts"]["dropped"],
        grades=_grades(seen),
        reasons=_counted(notes["unscored"]),
        calls=_counted(notes["calls"]),
        spent_usd=notes["spent_usd"],
        cap_usd=float(table["endpoint"]["cap_usd"]),
        forecast=notes["forecast"],
        allowance=allowance,
        unread=unread,
        examples=_examples(seen, out),
    )


def _grades(seen: pl.DataFrame) -> tuple[Grades, ...]:
    scored = seen["score"].drop_nulls()
    steps = (scored / _STEP).round() * _STEP
    return tuple(
        Grades(grade=grade, rows=rows, share=rows / scored.len())
        for grade, rows in steps.value_counts().sort(steps.name).iter_rows()
    )


def _counted(counts: Mapping[str, int]) -> tuple[Counted, ...]:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Counted(what=what, count=count) for what, count in most)


def _examples(seen: pl.DataFrame, out: Path) -> tuple[Judgment, ...]:
    """The worst graded rows that failed, and unscored rows, each of another reason where there are such."""
    failing = seen.filter(outcome="fail").sort("score", "id").head(EXAMPLES)
    unscored = seen.filter(outcome="abstain").sort("id")
    unscored = unscored.unique("reason", keep="first", maintain_order=True).head(EXAMPLES)
    texts = _texts(out, [*failing["id"], *unscored["id"]])
    return tuple(
        Judgment(
            id=row["id"],
            outcome="fail" if row["outcome"] == "fail" else "unscored",
            votes=tuple(row["votes"] or ()),
            reason=row["reason"],
            excerpt=texts.get(row["id"], ""),
        )
        for row in pl.concat([failing, unscored]).iter_rows(named=True)
    )


def _texts(out: Path, ids: Sequence[str]) -> dict[str, str]:
    """Texts by id, from the shards of the first stage."""
    found: dict[str, str] = {}
    for path in sorted((out / "stages").glob("read-*/*.kept.parquet")):
        rows = pl.scan_parquet(path).filter(pl.col("id").is_in(list(ids))).select("id", text=talk_text())
        found.update(rows.collect().iter_rows())
    return found


def _allowance(base: Path, table: Mapping[str, Any]) -> tuple[Allowance | None, str]:
    if table.get("agreement") is None:
        return None, ""
    try:
        shown = read_agreement(base / Path(str(table["agreement"])).expanduser()).agreement
    except InputError as error:
        return None, str(error)
    least = table["least_precision"], table["least_kappa"]
    precision, kappa = shown.precision_interval(), shown.kappa_interval()
    return Allowance(
        labelled=shown.judged,
        precision=shown.precision(),
        precision_low=precision[0],
        precision_high=precision[1],
        kappa=shown.kappa(),
        kappa_low=kappa[0],
        kappa_high=kappa[1],
        least_precision=least[0],
        least_kappa=least[1],
        shortfalls=tuple(shown.shortfalls(*least)),
    ), ""
