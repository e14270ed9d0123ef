"""Recall and precision of the stages against planted faults, for data whose truth is known."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from buckets import InputError
from curate.report.model import Truth

Place = tuple[str, int]
"""File (relative to the recipe) and row."""


@dataclass(frozen=True)
class Catcher:
    """Who should act on a fault."""

    stage: str
    rules: frozenset[str]
    also: frozenset[str] = frozenset()
    """Rules that find the fault too, but take other rows as well: they count for recall, not for precision."""


def _by(stage: str, *rules: str) -> Catcher:
    return Catcher(stage, frozenset(rules))


CATCHERS: dict[str, Catcher] = {
    "not_utf8": _by("read", "not_utf8"),
    "invalid_json": _by("read, check", "invalid_json", "not_json", "wrong_json", "schema_violation"),
    "empty_answer": _by("check", "empty_answer"),
    "truncated_answer": _by("check", "truncated_answer"),
    "broken_roles": _by(
        "check", "starts_without_user", "user_twice", "assistant_twice", "orphan_tool", "unanswered_call",
        "tool_then_user", "late_system", "no_assistant_turn", "unpaired_result",
    ),
    "wrong_answer": _by(
        "check", "wrong_answer", "wrong_arithmetic", "contradicts_itself", "test_failed", "program_error",
        "syntax_error", "no_answer",
    ),
    "wrong_tool_arguments": _by(
        "check", "undeclared_tool", "bad_arguments", "unknown_argument", "missing_argument", "wrong_argument",
        "bad_calls", "wrong_call", "missing_call",
    ),
    "contaminated": _by("decontaminate", "verbatim", "near"),
    # An exact copy of a row that is itself nearly another falls to that other one's witness.
    "exact_duplicate": Catcher("dedup", frozenset({"exact_duplicate"}), also=frozenset({"near_duplicate"})),
    "near_duplicate": _by("dedup", "near_duplicate"),
}  # fmt: skip
"""Planted fault -> the rules that should take it. `template_twin` is the control: it must be kept."""

_PAIRED = ("exact_duplicate", "near_duplicate")
_CONTROL = "template_twin"


def truth_table(base: Path, name: str | None, fallen: pl.DataFrame) -> tuple[Truth, ...]:
    """One line a planted fault, in the order of the road; empty without a truth file.

    A planted fault counts as found when its row fell to one of the rules meant for it (for duplicates:
    when either row of the pair fell, since who survives is a policy). Precision is over all rows that
    those rules took: the share that carries this fault. Rows that balance took are left aside.
    """
    if name is None:
        return ()
    planted = planted_rows(base / name)
    taken = _taken(fallen)
    lines = [_line(fault, catcher, planted, taken) for fault, catcher in CATCHERS.items()]
    return (*(line for line in lines if line is not None), *_controls(planted, taken))


def planted_rows(path: Path) -> list[dict[str, Any]]:
    """The labels: file, row, fault (None: a clean row), and for duplicates `of`. InputError when unreadable."""
    try:
        data = path.read_bytes()
        lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
        return [orjson.loads(line) for line in lines if line.strip()]
    except (OSError, EOFError, orjson.JSONDecodeError) as error:
        raise InputError(f"{path}: cannot read the planted truth: {error}") from error


def _taken(fallen: pl.DataFrame) -> dict[Place, str]:
    """The rule that each fallen row fell to, quotas aside."""
    rows = fallen.filter(pl.col("stage") != "balance").select(
        pl.col("origin").struct.field("file"), pl.col("origin").struct.field("row"), "rule"
    )
    return {(file, row): rule for file, row, rule in rows.iter_rows()}


def _line(fault: str, catcher: Catcher, planted: list[dict[str, Any]], taken: dict[Place, str]) -> Truth | None:
    rows = [row for row in planted if row["fault"] == fault]
    if not rows:
        return None
    carries = {place for row in rows for place in _places(row)}
    flagged = [place for place, rule in taken.items() if rule in catcher.rules]
    finds = catcher.rules | catcher.also
    found = sum(any(taken.get(place) in finds for place in _places(row)) for row in rows)
    right = sum(place in carries for place in flagged)
    return Truth(
        fault=fault,
        catcher=catcher.stage,
        planted=len(rows),
        found=found,
        flagged=len(flagged),
        precision=right / len(flagged) if flagged else None,
    )


def _places(row: dict[str, Any]) -> list[Place]:
    """Where the fault stands: the row itself, and for duplicates its original too."""
    places = [(row["file"], row["row"])]
    if row["fault"] in _PAIRED:
        places.append((row["of"]["file"], row["of"]["row"]))
    return places


def clean_places(planted: Iterable[dict[str, Any]]) -> tuple[set[Place], set[Place]]:
    """(all labelled places, those whose row should have stayed): no fault, and no other row is its duplicate."""
    planted = list(planted)
    originals = {place for row in planted if row["fault"] in _PAIRED for place in _places(row)}
    every = {(row["file"], row["row"]) for row in planted}
    clean = {(row["file"], row["row"]) for row in planted if row["fault"] in (None, _CONTROL)}
    return every, clean - originals


def _controls(planted: Iterable[dict[str, Any]], taken: dict[Place, str]) -> tuple[Truth, ...]:
    """Rows that must stay: template twins, and rows without any fault."""
    groups = {
        _CONTROL: [row for row in planted if row["fault"] == _CONTROL],
        "none (clean rows)": [row for row in planted if row["fault"] is None],
    }
    originals = {place for row in planted if row["fault"] in _PAIRED for place in _places(row)}
    return tuple(
        Truth(
            fault=name,
            catcher="no rule",
            wanted="kept",
            planted=len(rows),
            found=sum((r["file"], r["row"]) not in taken or (r["file"], r["row"]) in originals for r in rows),
        )
        for name, rows in groups.items()
        if rows
    )
