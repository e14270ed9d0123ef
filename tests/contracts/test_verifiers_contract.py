"""The contract of every verifier: gold passes, damaged gold fails, deterministic, pure, never an exception.

CONTRACT_EXAMPLES=10000 asks each verifier about that many generated records; 150 by default.
"""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import ROLES, Draft, Message, Record, RowError, frame_of, row_of
from verifiers import FLAG_NAMES, VERIFIERS, Outcome, Verdict, check, flags

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "150"))

JSON_TEXT = st.sampled_from(
    [
        "", "{}", "[]", "null", "[null]", "{", '{"a":1,"a":2}', "[NaN]", "1e999", '"\\ud800"', "[[[[1]]]]",
        '[{"name": 1}]', '[{"function": null}]', '[{"function": {"name": "f", "arguments": "{"}}]',
        '[{"function": {"name": "f", "arguments": "{}"}, "id": [1]}]', '[{"name": "f", "arguments": {"x": 1}}]',
        '[{"name": "f", "parameters": {"type": "dict", "properties": {"x": {"type": "any"}}}}]',
        '[{"name": "f", "parameters": {"x": {"type": "integer"}}}]', '[{"name": "f", "parameters": "nonsense"}]',
        '{"type": "object", "required": 3}', '{"$ref": "#"}', '{"$ref": "https://example.org/x.json"}',
        '{"pattern": "("}', '{"type": ["integer", 4]}', '{"$schema": "https://example.org/none"}', "true", "[" * 3000,
        '{"$schema": 4}', '{"multipleOf": 0}', '{"properties": {"a": 4}}',
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    ["####", "\\boxed{", "the answer is", "1/0", "3/0", "2 + 2 = 5", "5 / 0 = 0", "```python", "```",
     "def f(x):", "<refuse>",
     "assert f(1) == 1", "((((", "I'm sorry, I can't help", "1,,2", "-.5", "9" * 80, "\\frac{1}{0}",
     "\x00", "\ud800", "é½²"]
)  # fmt: skip
TEXT = st.one_of(st.text(max_size=60), JSON_TEXT, st.lists(WORDS, max_size=5).map(" ".join))
TURN = st.builds(
    Message,
    role=st.sampled_from([*ROLES, "robot", ""]),
    content=TEXT,
    reasoning=st.none() | TEXT,
    tool_calls=st.none() | TEXT,
    tool_call_id=st.none() | TEXT,
    name=st.none() | TEXT,
)
DRAFT = st.builds(
    Draft,
    messages=st.lists(TURN, max_size=5).map(tuple),
    tools=st.none() | TEXT,
    reference=st.none() | TEXT,
    tests=st.none() | TEXT,
    schema=st.none() | TEXT,
)
RECORD = st.builds(
    Record, id=st.just("r"), source=st.just("s"), draft=DRAFT, bucket=st.sampled_from([None, "math_reasoning"])
)


@pytest.mark.parametrize("name", VERIFIERS)
def test_is_filed_under_its_name_with_gold_and_damaged_gold(name: str) -> None:
    assert VERIFIERS[name].name == name
    assert VERIFIERS[name].gold
    assert VERIFIERS[name].damaged


@pytest.mark.parametrize(("name", "at"), [(n, i) for n, c in VERIFIERS.items() for i in range(len(c.gold))])
def test_gold_passes(name: str, at: int) -> None:
    verdict = VERIFIERS[name](VERIFIERS[name].gold[at])
    assert verdict.outcome is Outcome.PASS, verdict


@pytest.mark.parametrize(("name", "at"), [(n, i) for n, c in VERIFIERS.items() for i in range(len(c.damaged))])
def test_damaged_gold_fails_and_says_why(name: str, at: int) -> None:
    verdict = VERIFIERS[name](VERIFIERS[name].damaged[at])
    assert verdict.outcome is Outcome.FAIL, verdict
    assert verdict.rule
    assert verdict.reason


@pytest.mark.parametrize("name", VERIFIERS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(record=RECORD)
def test_never_raises_and_is_deterministic(name: str, record: Record) -> None:
    before = deepcopy(record)
    first = VERIFIERS[name](record)
    assert record == before
    assert isinstance(first, Verdict)
    assert isinstance(first.outcome, Outcome)
    assert len(first.evidence) <= 400 or first.outcome is Outcome.PASS
    assert VERIFIERS[name](record) == first
    if first.outcome is not Outcome.PASS:
        assert first.reason


@settings(max_examples=max(20, EXAMPLES // 100), deadline=None, derandomize=True)
@given(drawn=st.lists(DRAFT, min_size=1, max_size=12))
def test_a_whole_frame_never_raises_and_flags_only_its_rows(drawn: list[Draft]) -> None:
    tried = (_row(draft, at) for at, draft in enumerate(drawn))
    frame = frame_of(row for row in tried if row is not None)
    falls, found = check(frame).falls, flags(frame)
    assert set(falls["id"]) | set(found["id"]) <= set(frame["id"])
    assert set(found["rule"]) <= set(FLAG_NAMES)
    assert flags(frame).equals(found)
    assert check(frame).falls.equals(falls)


def _row(draft: Draft, at: int) -> dict[str, Any] | None:
    """The row of a draft, or None where no frame can hold it: a lone surrogate, an unknown role."""
    try:
        row = row_of(draft, source="s", path="p", file="f", row=at, format="t")
        frame_of([row])
    except (RowError, UnicodeEncodeError, TypeError, pl.exceptions.PolarsError):
        return None
    return row


def test_verdicts_do_not_depend_on_the_process() -> None:
    """Another hash seed, another order: the same verdicts on all gold and damaged gold."""
    code = (
        "from verifiers import VERIFIERS\n"
        "for name in sorted(VERIFIERS, reverse=True):\n"
        "    for record in [*VERIFIERS[name].gold, *VERIFIERS[name].damaged]:\n"
        "        print(ascii(VERIFIERS[name](record)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    here = [
        ascii(VERIFIERS[name](record))
        for name in sorted(VERIFIERS, reverse=True)
        for record in [*VERIFIERS[name].gold, *VERIFIERS[name].damaged]
    ]
    assert done.stdout.splitlines() == here
