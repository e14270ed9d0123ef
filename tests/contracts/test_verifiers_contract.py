"""The contract of every verifier: gold passes, damaged gold fails, deterministic, never an exception."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import ROLES, Draft, Message, Record
from verifiers import VERIFIERS, Outcome, Verdict

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
    ["####", "\\boxed{", "the answer is", "1/0", "3/0", "2 + 2 = 5", "5 / 0 = 0", "```python", "```", "def f(x):",
     "<refuse>", "assert f(1) == 1", "((((", "I'm sorry, I can't help", "1,,2", "-.5", "9" * 80, "\\frac{1}{0}",
     "\x00", "\ud800", "é½²"]
)  # fmt: skip
TEXT = st.sampled_from(
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
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(record=RECORD)
def test_never_raises_and_is_deterministic(name: str, record: Record) -> None:
    first = VERIFIERS[name](record)
    assert isinstance(first, Verdict)
    assert isinstance(first.outcome, Outcome)
    assert len(first.evidence) <= 400 or first.outcome is Outcome.PASS
    assert VERIFIERS[name](record) == first
    if first.outcome is not Outcome.PASS:
        assert first.reason
