"""The contract of every bucket: nine of them, documented, with signals, verifiers and tasks that resolve."""

from __future__ import annotations

import polars as pl
import pytest

from buckets import BUCKETS, empty_frame
from buckets.bucket import prepare
from verifiers import VERIFIERS

NINE = {
    "general_instruction",
    "domain_qa",
    "math_reasoning",
    "code",
    "tool_calls",
    "multi_turn_dialogue",
    "safety_refusal",
    "structured_output",
    "long_context",
}
SIGNALS = [(id, at) for id, bucket in BUCKETS.items() for at in range(len(bucket.signals))]


def test_there_are_exactly_the_nine() -> None:
    assert set(BUCKETS) == NINE


@pytest.mark.parametrize("id", BUCKETS)
def test_bucket_is_whole(id: str) -> None:
    bucket = BUCKETS[id]
    assert bucket.id == id
    assert bucket.title
    assert bucket.is_in.endswith(".")
    assert bucket.is_out.endswith(".")
    assert bucket.tasks == (id,)
    assert bucket.signals
    assert set(bucket.verifiers) <= set(VERIFIERS)
    assert {"rules", "chat"} < set(bucket.verifiers) or id in ("general_instruction", "multi_turn_dialogue")
    assert len({signal.name for signal in bucket.signals}) == len(bucket.signals) <= 31


@pytest.mark.parametrize(("id", "at"), SIGNALS)
def test_signal_is_boolean_and_weighted(id: str, at: int) -> None:
    signal = BUCKETS[id].signals[at]
    assert 0 < signal.weight < 1
    assert prepare(empty_frame()).select(signal.expr.alias("hit")).schema == {"hit": pl.Boolean()}
