"""Structured output: the official JSON Schema suite, strict parsing, and schemas made to hang."""

from __future__ import annotations

import json
import tarfile
import time
from pathlib import Path

import pytest

from verifiers.jsonish import NotJsonError, canonical, same, strict
from verifiers.schema import judge_json
from verifiers.verdict import Outcome

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout")
def test_agrees_with_the_official_suite() -> None:
    wrong, judged = [], 0
    with tarfile.open(SHARED / "json_schema_test_suite/json_schema_test_suite.tar.gz") as archive:
        for member in archive.getmembers():
            if "draft2020-12" not in member.name or "/optional/" in member.name or not member.name.endswith(".json"):
                continue
            data = json.load(archive.extractfile(member) or pytest.fail(member.name))
            for group in data if isinstance(data, list) else ():
                for case in group["tests"]:
                    verdict = judge_json(json.dumps(case["data"]), json.dumps(group["schema"]), None)
                    if verdict.outcome is Outcome.ABSTAIN:
                        assert verdict.rule == "unresolved_ref", verdict  # remote schemas are never fetched
                        continue
                    judged += 1
                    if (verdict.outcome is Outcome.PASS) != case["valid"]:
                        wrong.append(group["description"])
    assert judged > 1200
    assert len(wrong) <= 1, wrong  # a custom metaschema, which cannot be known without fetching it


HOSTILE = {
    "doubling references": (
        json.dumps({"$defs": {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(40)} | {"a40": {}},
                    "$ref": "#/$defs/a0"}), "1",
    ),
    "catastrophic pattern": (json.dumps({"pattern": "^(a+)+$"}), json.dumps("a" * 5000 + "b")),
    "catastrophic key pattern": (
        json.dumps({"patternProperties": {"^(a|a)*$": {}}, "additionalProperties": False}),
        json.dumps({"a" * 500 + "b": 1}),
    ),
    "unique items": (json.dumps({"uniqueItems": True}), json.dumps([{"k": i} for i in range(20000)])),
    "long messages": (json.dumps({"anyOf": [{"type": "string"}] * 4000}), json.dumps(list(range(99999)))),
    "white space": ('{"type": "object"}', "```\n" + " " * 200_000 + "x```"),
    "endless reference": ('{"$ref": "#"}', "1"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_schemas_end_soon(name: str) -> None:
    schema, answer = HOSTILE[name]
    start = time.perf_counter()
    verdict = judge_json(answer, schema, None)
    assert time.perf_counter() - start < 5
    assert verdict.outcome is not Outcome.PASS


def test_strict_parsing() -> None:
    for text in (
        '{"a":1,"a":1}',
        "NaN",
        "[Infinity]",
        "1e999",
        "[" * 5000,
        "{'a': 1}",
        "",
        "[1,]",
        "[" * 101 + "]" * 101,
    ):
        with pytest.raises(NotJsonError):
            strict(text)
    assert strict('{"a": [1, "\\u00e9"]}') == {"a": [1, "é"]}


def test_equality_by_value() -> None:
    assert same({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0})
    assert not same(True, 1)
    assert not same([1, 2], [2, 1])
    assert not same("1", 1)
    assert canonical({"b": 2.0, "a": True}) == canonical({"a": True, "b": 2}) == '{"a":true,"b":2}'


def test_fences_and_prose() -> None:
    schema = '{"type": "object"}'
    assert judge_json("```json\n{}\n```", schema, None).outcome is Outcome.PASS
    assert judge_json("Sure! {}", schema, None).rule == "not_json"
    assert judge_json("```\n{}\n```\n```\n{}\n```", schema, None).rule == "not_json"
    assert judge_json('{"a": 1}', schema, '{"a": 2}').rule == "wrong_json"
    assert judge_json("{}", "{nonsense", None).outcome is Outcome.ABSTAIN
