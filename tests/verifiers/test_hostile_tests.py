"""Tests that hold whatever the program is, and programs that bend what the tests expect: never a PASS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verifiers.execution import judge_program

TABLE = [json.loads(line) for line in Path(__file__).with_name("hostile_tests.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("want", ["pass", "fail", "not pass", "not fail"])
def test_hostile_programs_and_empty_tests(want: str) -> None:
    """`want` is a verdict, or one that it must not be."""
    rows = [row for row in TABLE if row["want"] == want]
    assert rows
    forbidden = want.removeprefix("not ")
    said = [(row, judge_program(row["program"], row["tests"])) for row in rows]
    assert [(row, one) for row, one in said if (one.outcome == forbidden) == want.startswith("not ")] == []


@pytest.mark.parametrize(
    ("program", "tests", "rule"),
    [
        ("def f(x): return 1", "assert len('abc') == 3", "unreached"),
        ("def f(x):\n    x.clear()\n    return []", "a = [3, 1]\nassert f(a) == sorted(a)", "entangled"),
        ("def f(x):\n    x.clear()\n    return []", "a = [3, 1]\nr = f(a)\nassert r == sorted(a)", "entangled"),
        ("def f(x):\n    x[0].clear()\n    return []", "a = [[3]]\nr = f(a)\nassert r == sorted(a[0])", "entangled"),
        ("def f(x): return 5", "assert f(1) == f(1)", "vacuous"),
        ("def f(x): return 5", "assert (f(1) == 2, 'said')", "vacuous"),
        ("def f(x): return sorted(x)", "a = [3, 1]\nassert f(a) == sorted(a)", "tests"),
        ("def f(x): x.sort()", "a = [3, 1]\nf(a)\nassert a == [1, 3]", "tests"),
        ("def f(x): return x", "def same(g):\n    for i in range(3):\n        assert g(i) == i\nsame(f)", "tests"),
    ],
)
def test_why(program: str, tests: str, rule: str) -> None:
    assert judge_program(program, tests).rule == rule
