"""Every check over a whole frame: cheap rules on all rows at once, then per-record checks where they apply.

Trainability comes last and only when a tokenizer is given: it renders each row, and depends on the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from buckets import Record, records
from verifiers.chat import LAWS, malformed
from verifiers.checks import VERIFIERS
from verifiers.isolated import judge_isolated
from verifiers.noted import FLAGS, noted
from verifiers.rules import RULES, STAGE, broken
from verifiers.trainable import TRAINABLE, Trainability
from verifiers.verdict import Outcome, Verdict

FALL_COLUMNS = ("id", "fate", "stage", "rule", "reason", "evidence", "witness")


@dataclass(frozen=True)
class Cascade:
    """`falls`: one row a failing id, with its first failure (FALL_COLUMNS). The counts are rows a check judged so.

    A row that fell is not asked again: passed + failed + abstained of a check is the rows that reached it.
    `seconds`: what each check cost, by the wall clock of this process.
    """

    falls: pl.DataFrame
    passed: dict[str, int]
    failed: dict[str, int]
    abstained: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict, compare=False)


_WHOLE: dict[str, Callable[[pl.DataFrame, Collection[str]], pl.DataFrame]] = {"rules": broken, "chat": malformed}
"""Checks that judge a frame at once and never abstain."""
_TRAINABLE = "trainable"
_TEXT = r"[^\s\[\]{}]"
_EQUATION = r"\d\s*=\s*-?\$?\d"
_MARKS = ("####", r"\\(?:boxed|fbox)", "(?i)<answer>", r"(?i)\b(?:answer|result|solution)\s*(?:is|:|=)")
"""Ways to mark a final answer: two kinds of them in one text may contradict each other."""
_LAST = pl.col("messages").list.last().struct.field("content").fill_null("")
_TURN = pl.element().struct.field
_CALLED = _TURN("tool_calls").fill_null("").str.contains(_TEXT) | (_TURN("role") == "tool").fill_null(False)
_APPLIES: dict[str, pl.Expr] = {
    "tools": pl.col("tools").fill_null("").str.contains(_TEXT)
    | pl.col("messages").list.eval(_CALLED).list.any().fill_null(False),
    "schema": pl.col("schema").is_not_null() & (pl.col("schema") != ""),
    "tests": pl.col("tests").is_not_null(),
    "io_tests": pl.col("meta").str.contains('"io_tests"', literal=True).fill_null(False),
    "reference": pl.col("reference").is_not_null(),
    "math": (pl.col("bucket") == "math_reasoning").fill_null(False)
    & (_LAST.str.contains(_EQUATION) | (pl.sum_horizontal(_LAST.str.contains(mark) for mark in _MARKS) > 1)),
}
_WHERE: dict[str, pl.Expr] = {
    "tools": _APPLIES["tools"],
    "schema": _APPLIES["schema"],
    "answers": _APPLIES["reference"] | _APPLIES["math"],
    "execution": _APPLIES["tests"],
    "refusal": _APPLIES["reference"],
    _TRAINABLE: pl.lit(True),
}
"""Rows on which a per-record check can say anything but ABSTAIN."""


CHECK_NAMES: tuple[str, ...] = (*VERIFIERS, _TRAINABLE, *RULES, *LAWS, *TRAINABLE)
"""Everything that `check` can skip: whole verifiers, and single content rules, role laws and trainability rules."""
FLAG_NAMES: tuple[str, ...] = tuple(FLAGS)
"""Findings that cost no row unless `check` is told to drop them."""


def flags(frame: pl.DataFrame, skip: Collection[str] = ()) -> pl.DataFrame:
    """id, rule, reason, evidence: a line for each row and each flag on it; `skip` takes names from FLAG_NAMES."""
    return noted(frame, [name for name in FLAGS if name not in skip])


def check(
    frame: pl.DataFrame,
    names: Sequence[str] | None = None,
    skip: Collection[str] = (),
    drop: Collection[str] = (),
    sandbox: str = "off",
    files: str | None = None,
    trainable: Trainability | None = None,
) -> Cascade:
    """Run the named checks (all by default) in the order of VERIFIERS, trainability last. Only FAIL makes a row fall.

    `skip` takes names from CHECK_NAMES; `drop` takes names from FLAG_NAMES: what else the rules let fall. `sandbox`
    (off, auto, or a tier) runs the programs that the interpreter cannot decide, with the databases and modules that
    tests name read from the folder `files`; `trainable` is asked where it is given (its own `skip` says which of its
    rules are not told). Raises KeyError for an unknown name.
    """
    every = (*VERIFIERS, *([_TRAINABLE] if trainable is not None else []))
    unknown = (set(names or ()) - set(every)) | (set(skip) - set(CHECK_NAMES)) | (set(drop) - set(FLAG_NAMES))
    if unknown:
        raise KeyError(f"no check is called {', '.join(sorted(unknown))}; there are {', '.join(CHECK_NAMES)}")
    asked = [name for name in every if (names is None or name in names) and name not in skip]
    counts = {name: dict.fromkeys(Outcome, 0) for name in asked}
    seconds = dict.fromkeys(asked, 0.0)
    falls: list[pl.DataFrame] = []
    for name in asked:
        if name in _WHOLE:
            started = time.perf_counter()
            found = _WHOLE[name](frame, skip)
            if name == "rules" and drop:
                rest = frame.filter(~pl.col("id").is_in(found["id"].implode()))
                found = pl.concat([found, noted(rest, drop).unique("id", keep="first", maintain_order=True)])
            counts[name][Outcome.FAIL] = found.height
            counts[name][Outcome.PASS] = frame.height - found.height
            falls.append(found)
            frame = frame.filter(~pl.col("id").is_in(found["id"].implode()))
            seconds[name] = time.perf_counter() - started
    each = [name for name in asked if name in VERIFIERS and name not in _WHOLE]
    judges: dict[str, Callable[[Record], Verdict]] = {name: VERIFIERS[name] for name in each}
    if sandbox != "off" and "execution" in judges:
        judges["execution"] = partial(judge_isolated, tier=sandbox, files=files)
    if trainable is not None and _TRAINABLE in asked:
        judges[_TRAINABLE] = trainable
    falls.append(_each(judges, frame, counts, seconds))
    passed, failed, abstained = ({name: counts[name][outcome] for name in asked} for outcome in Outcome)
    return Cascade(_told(falls), passed, failed, abstained, seconds)


def _each(
    judges: dict[str, Callable[[Record], Verdict]],
    frame: pl.DataFrame,
    counts: dict[str, dict[Outcome, int]],
    seconds: dict[str, float],
) -> pl.DataFrame:
    """The per-record checks in one pass over the rows where one of them can say something."""
    names = list(judges)
    where = dict(_WHERE)
    if "meta" in frame.columns:
        where["execution"] = _APPLIES["tests"] | _APPLIES["io_tests"]
    # Tied to a column, so that a check which applies to every row gives a column of the frame's height too.
    applies = frame.select((where[name] & pl.col("id").is_not_null()).alias(name) for name in names)
    rows: list[tuple[str, str, str, str]] = []
    some = applies.select(pl.any_horizontal(names)).to_series() if names else pl.Series([], dtype=pl.Boolean)
    silent = frame.height - int(some.sum())
    for name in names:
        counts[name][Outcome.ABSTAIN] += silent
    if names and silent < frame.height:
        for record, applicables in zip(records(frame.filter(some)), applies.filter(some).iter_rows(), strict=True):
            for name, applicable in zip(names, applicables, strict=True):
                started = time.perf_counter()
                verdict = judges[name](record) if applicable else None
                seconds[name] += time.perf_counter() - started
                outcome = verdict.outcome if verdict else Outcome.ABSTAIN
                counts[name][outcome] += 1
                if verdict and outcome is Outcome.FAIL:
                    rows.append((record.id, verdict.rule, _printable(verdict.reason), _printable(verdict.evidence)))
                    break
    schema = {"id": pl.String, "rule": pl.String, "reason": pl.String, "evidence": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _printable(text: str) -> str:
    """JSON escapes can spell lone surrogates, which no frame can hold."""
    return text.encode("utf-8", "replace").decode()


def _told(falls: list[pl.DataFrame]) -> pl.DataFrame:
    empty = pl.DataFrame(schema=dict.fromkeys(FALL_COLUMNS, pl.String))
    told = pl.concat([empty.select("id", "rule", "reason", "evidence"), *falls])
    return told.with_columns(fate=pl.lit("dropped"), stage=pl.lit(STAGE), witness=pl.lit(None, dtype=pl.String)).select(
        FALL_COLUMNS
    )
