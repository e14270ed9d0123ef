"""The cascade: first failures, counts that add up, and the same verdicts as asking each record."""

from __future__ import annotations

import polars as pl
import pytest

from buckets import Draft, Message, conserve, frame_of, records, row_of, split
from verifiers import RULES, VERIFIERS, Outcome, check


def framed(*drafts: Draft, bucket: str | None = None) -> pl.DataFrame:
    frame = frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))
    return frame.with_columns(bucket=pl.lit(bucket, dtype=pl.String))


def gold_and_damaged(bucket: str | None = None) -> pl.DataFrame:
    drafts = [record.draft for c in VERIFIERS.values() for record in (*c.gold, *c.damaged)]
    return framed(*(d for d in drafts if all(str(m.role) != "robot" for m in d.messages)), bucket=bucket)


@pytest.mark.parametrize("bucket", [None, "math_reasoning"])
def test_same_as_asking_every_verifier_in_turn(bucket: str | None) -> None:
    frame = gold_and_damaged(bucket)
    expected = {}
    for record in records(frame):
        verdicts = (judge(record) for judge in VERIFIERS.values())
        first = next((v for v in verdicts if v.outcome is Outcome.FAIL), None)
        if first is not None:
            expected[record.id] = first.rule
    assert dict(check(frame).falls.select("id", "rule").iter_rows()) == expected


def test_counts_add_up_and_the_row_law_holds() -> None:
    frame = gold_and_damaged()
    done = check(frame)
    left = frame.height
    whole = ("rules", "chat")
    for name in whole:
        assert done.passed[name] + done.failed[name] == left
        left -= done.failed[name]
    for name in set(VERIFIERS) - set(whole):
        assert done.passed[name] + done.failed[name] + done.abstained[name] <= left
    assert sum(done.failed.values()) == done.falls.height == done.falls["id"].n_unique()
    conserve("check", frame, split(frame, done.falls))


def test_only_the_named_checks_run() -> None:
    frame = framed(Draft((Message("user", "Hi"), Message("assistant", ""))), Draft((Message("user", "Hi"),)))
    assert check(frame, ["chat"]).falls["rule"].to_list() == ["no_assistant_turn"]
    assert check(frame, ["rules"]).falls["rule"].to_list() == ["empty_answer", "empty_answer"]
    assert check(frame, ["answers"]).abstained == {"answers": 2}
    assert check(frame, ["rules"], skip=["empty_answer"]).falls.is_empty()
    assert check(frame, ["rules"], skip=tuple(RULES)).falls.is_empty()
    assert check(frame, ["chat"], skip=["no_assistant_turn"]).falls.is_empty()
    assert check(frame, skip=["rules", "chat"]).falls.is_empty()
    for names, skip, drop in ((["grammar"], [], []), (None, ["grammar"], []), (None, [], ["grammar"])):
        with pytest.raises(KeyError, match="grammar"):
            check(frame, names, skip, drop)


def test_evidence_with_lone_surrogates_and_empty_frames() -> None:
    row = Draft((Message("user", "Hi"), Message("assistant", '"\\ud800"')), schema='{"type": "object"}')
    assert check(framed(row)).falls["rule"].to_list() == ["schema_violation"]
    nothing = check(frame_of([]))
    assert nothing.falls.is_empty()
    assert set(nothing.passed.values()) == {0}


def test_false_arithmetic_needs_the_math_bucket_or_a_reference() -> None:
    row = Draft((Message("user", "Add."), Message("assistant", "2 + 3 = 6")))
    assert check(framed(row)).falls.is_empty()
    assert check(framed(row, bucket="math_reasoning")).falls["rule"].to_list() == ["wrong_arithmetic"]
