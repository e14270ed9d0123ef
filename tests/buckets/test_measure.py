"""Measures against counting by hand and by plain Python."""

from __future__ import annotations

import re
import time

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets import Draft, Message, empty_frame, frame_of, measure, row_of

MEASURES = ["tokens", "answer_tokens", "turns", "n_tool_calls", "chars"]


def framed(*drafts: Draft) -> pl.DataFrame:
    return frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))


def measured(draft: Draft) -> tuple[int, ...]:
    row: tuple[int, ...] = measure(framed(draft)).select(MEASURES).row(0)
    return row


def test_counts_by_hand() -> None:
    calls = (
        '[{"type":"function","function":{"name":"f","arguments":"{\\"function\\": {}}"}},{"function": {"name":"g"}}]'
    )
    draft = Draft((Message("user", "Hi, you!"), Message("assistant", "今日は fine", tool_calls=calls)))
    tokens, answer, turns, n_calls, chars = measured(draft)
    assert turns == 2
    assert n_calls == 2
    assert chars == 8 + 8 + len(calls)
    assert tokens - answer == 4  # Hi , you !
    plain = Draft((Message("user", "Hi, you!"), Message("assistant", "今日は fine", reasoning="So.")))
    assert measured(plain)[1] == 4 + 2


def test_no_turns_measure_zero() -> None:
    assert measured(Draft(())) == (0, 0, 0, 0, 0)
    assert measure(empty_frame()).schema == empty_frame().schema


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(alphabet=st.characters(max_codepoint=0x7F), max_size=80))
def test_agrees_with_plain_python_on_ascii(text: str) -> None:
    tokens, _, _, _, chars = measured(Draft((Message("user", text),)))
    assert tokens == len(re.findall(r"\w{1,8}|[^\w\s]", text, re.ASCII))
    assert chars == len(text)


def test_is_fast_and_keeps_the_schema() -> None:
    answer = "A row of ordinary length that says something about nothing in particular. " * 4
    frame = framed(*(Draft((Message("user", f"Question {i}?"), Message("assistant", answer))) for i in range(5000)))
    start = time.perf_counter()
    out = measure(frame)
    assert time.perf_counter() - start < 5000 / 10_000  # five times slower than promised would still be a bug
    assert out.schema == frame.schema
    assert out["tokens"].null_count() == 0
