"""The contract of the execution check with a sandbox: gold passes, damaged gold fails, and no record makes it raise."""

# ruff: noqa: E501  # tables of cases
from __future__ import annotations

import json
import os
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import Draft, Message, Record
from verifiers import Outcome, Verdict
from verifiers.isolated import isolation, judge_isolated
from verifiers.isolated_checks import ISOLATED_CHECK

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "150"))
pytestmark = pytest.mark.skipif(
    isolation("auto") not in ("namespaces", "bubblewrap"), reason="nothing isolates on this machine"
)


@pytest.mark.parametrize("record", ISOLATED_CHECK.gold)
def test_gold_passes(record: Record) -> None:
    verdict = ISOLATED_CHECK(record)
    assert verdict.outcome is Outcome.PASS, verdict
    assert ISOLATED_CHECK(record) == verdict


@pytest.mark.parametrize("record", ISOLATED_CHECK.damaged)
def test_damaged_gold_fails_and_says_why(record: Record) -> None:
    verdict = ISOLATED_CHECK(record)
    assert verdict.outcome is Outcome.FAIL, verdict
    assert verdict.rule
    assert verdict.reason
    assert ISOLATED_CHECK(record) == verdict


TEXT = st.sampled_from(
    ["", "select 1", "print(1)", "def f(): return 1", "\x00", "\ud800", "create table t(a)", "1", "{", "9" * 400]
)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUE: st.SearchStrategy[Any] = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
KEYS = ("kind", "cases", "inputs", "outputs", "input", "output", "compare", "tolerance", "fn_name", "database", "gold",
        "rows", "ordered", "columns", "dialect", "code", "module", "initial", "expected", "actions", "results")  # fmt: skip
KIND = st.sampled_from(["stdio", "sql", "tools"])
TESTS = st.fixed_dictionaries({}, optional={key: VALUE if key != "kind" else KIND for key in KEYS})
CALLS = st.sampled_from([None, "[]", "[{", '[{"name": "f", "arguments": "{}"}]', '[{"name": "f", "arguments": [1]}]'])


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tests=TESTS | VALUE, answer=TEXT, calls=CALLS, meta=VALUE)
def test_never_raises_and_is_deterministic(tests: Any, answer: str, calls: str | None, meta: Any) -> None:
    turns = (Message("user", "Do it."), Message("assistant", answer, tool_calls=calls))
    text = None if tests is None else json.dumps(tests)
    record = Record("r", "s", Draft(turns, None, answer, text, None, {"io_tests": meta}), None)
    before = deepcopy(record)
    first = judge_isolated(record)
    assert isinstance(first, Verdict)
    assert judge_isolated(record) == first
    assert repr(record) == repr(before)
    assert first.reason or first.outcome is Outcome.PASS
