"""Tool calls: expected calls in any order, dialects of schema, ids, and abstaining."""

from __future__ import annotations

import json
from typing import Any

import pytest

import verifiers.toolbox as toolbox_module
from buckets import Draft, Message, Record
from verifiers.calls import expected_calls
from verifiers.tools import judge_tools
from verifiers.verdict import Outcome, Verdict

TOOLS = json.dumps(
    [
        {"type": "function", "function": {"name": "add", "parameters": {
            "type": "object", "required": ["a", "b"],
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}}},
        {"name": "shape", "parameters": {"type": "dict", "properties": {
            "size": {"type": "tuple", "items": {"type": "float"}}, "any": {"type": "any"}}}},
        {"name": "flat", "parameters": {"city": {"type": "str"}}},
        {"name": "free"},
    ]
)  # fmt: skip


def call(name: str, id: str = "", **arguments: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def judge(*calls: dict[str, Any], reference: str | None = None, results: tuple[str, ...] = ()) -> Verdict:
    turns = [Message("user", "go"), Message("assistant", tool_calls=json.dumps(list(calls)))]
    turns += [Message("tool", "ok", tool_call_id=id) for id in results]
    return judge_tools(Record("r", "s", Draft(tuple(turns), tools=TOOLS, reference=reference)))


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (call("add", a=1, b=2.5), "tools"),
        (call("shape", size=[1.5, 2]), "tools"),
        (call("shape", any={"x": None}), "tools"),
        (call("flat", city="Oslo"), "tools"),
        (call("free", whatever=1), "tools"),
        (call("add", a=1), "missing_argument"),
        (call("add", a="1", b=2), "wrong_argument"),
        (call("add", a=1, b=2, c=3), "unknown_argument"),
        (call("shape", size="wide"), "wrong_argument"),
        (call("flat", town="Oslo"), "unknown_argument"),
        (call("subtract", a=1, b=2), "undeclared_tool"),
        ({"function": {"name": "add", "arguments": "{a: 1}"}}, "bad_arguments"),
        ({"function": {"name": "add", "arguments": "[1, 2]"}}, "bad_arguments"),
        ({"function": {}}, "bad_calls"),
    ],
)
def test_one_call(made: dict[str, Any], rule: str) -> None:
    verdict = judge(made)
    assert verdict.rule == rule, verdict
    assert (verdict.outcome is Outcome.PASS) == (rule == "tools")


def test_foreign_type_names_are_said() -> None:
    assert "tuple" in judge(call("shape", size=[1])).evidence


def test_expected_calls_in_any_order() -> None:
    one, two = call("add", a=1, b=2), call("flat", city="Oslo")
    gold = '[{"name": "flat", "arguments": {"city": "Oslo"}}, {"name": "add", "arguments": {"b": 2.0, "a": 1}}]'
    assert judge(one, two, reference=gold).outcome is Outcome.PASS
    assert judge(one, reference=gold).rule == "missing_call"
    assert judge(one, two, one, reference=gold).rule == "wrong_call"
    assert judge(one, one, reference=gold).rule == "wrong_call"


def test_ids_pair_calls_with_results() -> None:
    one, two = call("free", id="1"), call("free", id="2")
    assert judge(one, two, results=("2", "1")).outcome is Outcome.PASS
    assert judge(one, two, results=("1", "1")).rule == "unpaired_result"
    assert judge(one, results=("3",)).rule == "unpaired_result"
    assert judge(one, one).rule == "repeated_id"


def test_abstains_when_there_is_nothing_to_say() -> None:
    asked = (Message("user", "go"), Message("assistant", "no"))
    for tools in (None, "", "[]", "nonsense", '[{"description": "x"}]', TOOLS):
        assert judge_tools(Record("r", "s", Draft(asked, tools=tools))).outcome is Outcome.ABSTAIN


def test_what_counts_as_expected_calls() -> None:
    assert expected_calls("42") is None
    assert expected_calls("[1, 2]") is None
    assert expected_calls("[]") is None
    assert expected_calls('[{"name": "f", "arguments": {}}]') is not None


def test_many_declared_tools_cost_what_their_different_schemas_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same empty schema three thousand times is held against the metaschema once; five hundred others at most."""
    asked: list[Any] = []

    def validator_of(schema: Any) -> str:
        asked.append(schema)
        return "none"

    monkeypatch.setattr(toolbox_module, "validator_of", validator_of)
    same = json.dumps([{"name": f"f{n}", "parameters": {}} for n in range(3000)])
    box = toolbox_module.toolbox(same)
    assert not isinstance(box, str)
    assert len(box.validators) == 3000
    assert len(asked) == 1
    other = [{"name": f"g{n}", "parameters": {"type": "object", "maxProperties": n}} for n in range(501)]
    assert isinstance(toolbox_module.toolbox(json.dumps(other[:500])), toolbox_module.Toolbox)
    assert toolbox_module.toolbox(json.dumps(other)) == (
        "The declared tools have more than 500 different argument schemas."
    )


def test_a_call_that_nobody_answers_before_the_assistant_goes_on() -> None:
    """Also where no result at all stands between: then the ids of results cannot tell."""
    turns = (Message("user", "go"), Message("assistant", tool_calls=json.dumps([call("free", "c1")])))
    went_on = (*turns, Message("assistant", "Done."))
    assert judge_tools(Record("r", "s", Draft(went_on, tools=TOOLS))).rule == "unanswered_call"
    asked_on = (*turns, Message("user", "Well?"), Message("assistant", "Done."))
    assert judge_tools(Record("r", "s", Draft(asked_on, tools=TOOLS))).outcome is Outcome.PASS
    assert judge_tools(Record("r", "s", Draft(turns, tools=TOOLS))).outcome is Outcome.PASS
