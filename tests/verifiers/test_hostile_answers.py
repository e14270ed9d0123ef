"""Answers that look like the gold and are not, and ones that are: hedges, units, orders, boxes, dates, retractions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verifiers.answers import WHY, judge_text
from verifiers.verdict import Outcome

TABLE = [json.loads(line) for line in Path(__file__).with_name("hostile_answers.jsonl").read_text("utf-8").splitlines()]


def test_the_table_is_large_and_says_nothing_twice() -> None:
    assert len(TABLE) > 500
    assert len({(row["gold"], row["reply"], row.get("question")) for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("want", ["pass", "fail", "abstain", "not pass", "not fail"])
def test_hostile_answers(want: str) -> None:
    """`want` is a verdict, or one that it must not be."""
    rows = [row for row in TABLE if row["want"] == want]
    assert rows
    forbidden = want.removeprefix("not ")
    odd = []
    for row in rows:
        outcome = judge_text(row["reply"], row["gold"], row.get("question", "")).outcome
        if (outcome == forbidden) == want.startswith("not "):
            odd.append((row, outcome))
    assert odd == []


def test_every_doubt_has_its_sentence() -> None:
    for row in TABLE:
        found = judge_text(row["reply"], row["gold"], row.get("question", ""))
        if found.outcome is Outcome.ABSTAIN and found.rule not in ("unusable_gold", "gold_contradicts_itself"):
            assert found.rule in WHY
