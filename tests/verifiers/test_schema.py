"""Structured output: the official JSON Schema suite, strict parsing, and schemas made to hang."""

from __future__ import annotations

import json
import re
import tarfile
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifiers.contradiction import contradiction
from verifiers.jsonish import NotJsonError, canonical, same, strict
from verifiers.schema import first_mistake, judge_json, registry_of, validator_of
from verifiers.verdict import Outcome

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def suite() -> dict[str, Any]:
    """The official suite's files by their path."""
    path = SHARED / "json_schema_test_suite/json_schema_test_suite.tar.gz"
    if not path.exists():
        pytest.skip("the official suite is not beside the checkout")
    with tarfile.open(path) as archive:
        names = [member.name for member in archive if member.name.endswith(".json")]
        return {name: json.load(archive.extractfile(name) or pytest.fail(name)) for name in names}


KINDS: dict[str, Any] = {
    "draft3": jsonschema.Draft3Validator,
    "draft4": jsonschema.Draft4Validator,
    "draft6": jsonschema.Draft6Validator,
    "draft7": jsonschema.Draft7Validator,
    "draft2019-09": jsonschema.Draft201909Validator,
    "draft2020-12": jsonschema.Draft202012Validator,
}


def remotes_of(suite: dict[str, Any], draft: str) -> dict[str, Any]:
    """The schemas that the suite serves on localhost, without those of other drafts."""
    mine = re.compile(rf"remotes/(?!draft(?!{draft[5:]}/)|v1/)")
    return {f"http://localhost:1234/{name[8:]}": value for name, value in suite.items() if mine.match(name)}


@pytest.mark.shared
@pytest.mark.parametrize("draft", KINDS)
def test_same_verdicts_as_the_package_on_the_official_suite(draft: str, suite: dict[str, Any]) -> None:
    kind = KINDS[draft]
    registry = registry_of(remotes_of(suite, draft), kind)
    judged = unknown = 0
    for name, groups in suite.items():
        if not name.startswith(f"tests/{draft}/") or "/optional/" in name:
            continue
        for group in groups:
            ours = validator_of(group["schema"], kind=kind, registry=registry)
            alone = validator_of(group["schema"], kind=kind)
            assert not isinstance(ours, str), (name, ours)
            assert not isinstance(alone, str), (name, alone)
            package = kind(group["schema"], registry=registry)
            for case in group["tests"]:
                try:
                    valid = package.is_valid(case["data"])
                except re.error:  # the package's engine has no \\p{...}; ours has, and agrees with the suite
                    valid = case["valid"]
                found = first_mistake(ours, case["data"])
                assert (found is None) == valid, (name, group["description"], case["description"], found)
                assert found is None or found.outcome is Outcome.FAIL, (name, found)
                judged += 1
                without = first_mistake(alone, case["data"])  # nothing is fetched: without the remotes nobody can say
                if without is not None and without.outcome is Outcome.ABSTAIN:
                    assert without.rule == "unresolved_ref", without
                    unknown += 1
                else:
                    assert (without is None) == valid, (name, group["description"], case["description"], without)
    assert judged > 400
    assert 0 < unknown < 50


def test_the_declared_draft_is_used() -> None:
    for uri in ("http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft-04/schema"):
        schema = json.dumps({"$schema": uri, "maximum": 4, "exclusiveMaximum": True})
        assert judge_json("4", schema, None).rule == "schema_violation"
        assert judge_json("3", schema, None).outcome is Outcome.PASS
    assert judge_json("4", '{"$schema": "https://example.org/own", "maximum": 4}', None).outcome is Outcome.ABSTAIN


def test_nothing_is_fetched_while_looking_for_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: object, **__: object) -> None:
        raise AssertionError("a schema was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fetched)
    remote = {"enum": [{"a": 1}], "properties": {"a": {"$ref": "http://localhost:1/x.json"}}}
    assert contradiction(remote) is None
    assert judge_json("1", json.dumps(remote), None).outcome is not Outcome.PASS


def test_keywords_of_another_draft_are_no_contradiction() -> None:
    assert contradiction({"type": "integer", "enum": [3], "maximum": 5, "exclusiveMaximum": True}) is None
    assert contradiction({"type": "integer", "enum": ["3"], "maximum": 5}) is not None


def test_the_specifications_own_schemas_are_at_hand() -> None:
    schema = '{"$ref": "http://json-schema.org/draft-07/schema#"}'
    assert judge_json('{"type": "object"}', schema, None).outcome is Outcome.PASS
    assert judge_json('{"type": 4}', schema, None).outcome is Outcome.FAIL


NUMBERS = st.none() | st.integers(-3, 3)
SMALL = st.builds(
    lambda **parts: {key: value for key, value in parts.items() if value is not None},
    type=st.sampled_from([None, "integer", "string", "object", "array", ["integer", "string"]]),
    minimum=NUMBERS,
    exclusiveMaximum=NUMBERS,
    minLength=st.none() | st.integers(0, 3),
    maxLength=st.none() | st.integers(0, 3),
    enum=st.none() | st.lists(st.sampled_from([0, 1, 2, "", "ab", "abc", [], {}]), min_size=1, max_size=3),
    required=st.none() | st.just(["a"]),
    additionalProperties=st.none() | st.booleans(),
    properties=st.none() | st.just({"a": {"type": "integer"}}) | st.just({"a": False}),
)
VALUES: list[Any] = [*range(-5, 6), 0.5, "", "a", "ab", "abc", "abcd", None, True, [], [1], {}, {"a": 1}, {"a": "x"}]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(schema=SMALL | st.builds(lambda one, two: {"allOf": [one, two]}, SMALL, SMALL))
def test_a_contradiction_is_never_told_of_a_schema_that_some_value_satisfies(schema: dict[str, Any]) -> None:
    if contradiction(schema) is not None:
        validator = jsonschema.Draft202012Validator(schema)
        assert not [value for value in VALUES if validator.is_valid(value)]


HOSTILE = {
    "catastrophic key pattern inside the package": (
        json.dumps({"patternProperties": {"^(a|a)*$": {}}, "unevaluatedProperties": False}),
        json.dumps({"a" * 500 + "b": 1}),
    ),
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
    start = time.process_time()
    verdict = judge_json(answer, schema, None)
    assert time.process_time() - start < 5
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
