"""Final answers compared: traps, kinds of rewrites and damages, random expressions against Python arithmetic."""

from __future__ import annotations

import cmath
import itertools
import math
import random
import re
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.answers import boxed
from benchmarks.rewrites.case import Case
from benchmarks.rewrites.kinds import KINDS, pairs
from benchmarks.rewrites.real import damaged_golds
from verifiers import mathproc
from verifiers.answers import WHY, contradiction, judge_text, unsupported
from verifiers.dates import readings
from verifiers.equal import compare, matched
from verifiers.quantities import quantity
from verifiers.tidy import enclosed, tidy

HERE = Path(mathproc.__file__).parent


@pytest.mark.parametrize(
    ("gold", "reply", "outcome"),
    [
        ("1.5", "1,5", "abstain"), ("15", "1,5", "fail"), ("1,500", "1500", "pass"), ("12", "12.0", "pass"),
        ("5", "5%", "abstain"), ("5%", "5", "abstain"), ("0.5", "50%", "pass"), ("50\\%", "0.05", "fail"),
        ("\\pi", "3.14", "abstain"), ("3.14", "\\pi", "abstain"), ("\\frac13", "0.333", "abstain"),
        ("\\frac13", "0.\\overline{3}", "pass"), ("(1,2)", "[1,2]", "fail"), ("(1,2)", "(1,2]", "fail"),
        ("(1,2)", "\\{1,2\\}", "abstain"), ("(1,2)", "1,2", "abstain"), ("(1,2)", "1 < x < 2", "pass"),
        ("(1,2)", "(2,1)", "fail"), ("\\{1,2\\}", "\\{2,1\\}", "pass"), ("2, 3", "x=2 or x=3", "pass"),
        ("x=2", "x=2 or x=3", "fail"), ("x=5", "y=5", "abstain"), ("a=1, b=2", "a=2, b=1", "fail"),
        ("a=1, b=2", "1, 2", "abstain"), ("3 \\pm \\sqrt2", "3+\\sqrt2", "fail"), ("5 cm", "5 m", "fail"),
        ("5 cm", "0.05 m", "pass"), ("5\\text{ cm}", "5", "pass"), ("10 m", "10", "abstain"),
        ("7 apples", "7 oranges", "abstain"), ("2\\sqrt3\\text{ cm}", "\\sqrt{12}\\text{ m}", "abstain"),
        ("3 hours 20 minutes", "200 min", "pass"), ("$5", "€5", "fail"), ("52_8", "52", "abstain"),
        ("52_8", "53_8", "fail"), ("R^2", "r^2", "abstain"), ("A", "(A) or (B)", "abstain"), ("A", "(B)", "fail"),
        ("7", "2(5)", "fail"), ("13", "(6)(7)", "fail"), ("42", "(6)(7)", "pass"), ("\\frac{x}{2}", "1/2x", "abstain"),
        ("x + 0.0000001", "x + 0.0000002", "fail"), ("\\sqrt{2}+10^{-60}", "\\sqrt2", "fail"), ("|x|", "x", "abstain"),
        ("\\sin 30^\\circ", "\\frac12", "pass"), ("\\sin(30)", "\\frac12", "fail"), ("x>5", "x \\ge 5", "fail"),
        ("y = 2x+3", "2x-y+3=0", "pass"), ("y=2x+3", "y=2x-3", "fail"), ("x^2+2x+1", "(x+1)^2", "pass"),
        ("\\ln 4", "2\\log 2", "abstain"), ("e^{\\pi\\sqrt{163}}", "262537412640768744", "fail"),
        ("\\frac{1}{0}", "5", "abstain"), ("(1,2", "(1,2)", "abstain"), ("\\boxed{", "5", "abstain"),
        ("03/05/2021", "March 5, 2021", "abstain"), ("2021-03-05", "5 March 2021", "pass"),
        ("east", "not east", "fail"),
        ("99999999999999999999", "99999999999999999998", "fail"), ("1{,}000", "1000", "pass"),
    ],
)  # fmt: skip
def test_traps(gold: str, reply: str, outcome: str) -> None:
    assert judge_text(boxed(reply) if reply.count("{") == reply.count("}") else reply, gold).outcome == outcome


def test_a_question_tells_percents_and_options() -> None:
    assert judge_text("The answer is 5%.", "5", "What percent is it?").outcome == "pass"
    question = "Which? (A) 12 (B) 15 (C) 18"
    assert [judge_text(boxed(text), "B", question).outcome for text in ("15", "12", "99")] == [
        "pass",
        "fail",
        "abstain",
    ]
    assert judge_text("(B)", "15", question).outcome == "pass"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_equal_answers_pass_and_damaged_ones_do_not(kind: Callable[[random.Random], Case]) -> None:
    for equal, gold, other, question in pairs(kind, seed=11, each=3):
        assert (judge_text(boxed(other), gold, question).outcome == "pass") == equal, (gold, other)


def test_damages_of_real_golds() -> None:
    assert sorted(damaged_golds("\\frac{3}{4}")) == ["-\\frac{3}{4}", "\\frac{4}{3}", "\\frac{4}{4}"]
    assert list(damaged_golds("(3,4]")) == ["[3,4]", "(3,4+1]"]
    assert list(damaged_golds("10,080")) == []


Tree = tuple[Any, ...]


def _tree(rng: random.Random, depth: int) -> Tree:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice((("n", rng.randint(1, 9)), ("x",), ("y",), ("pi",)))
    sign = rng.choice(("+", "-", "*", "/", "^", "sqrt"))
    if sign == "sqrt":
        return (sign, _tree(rng, depth - 1))
    return (sign, _tree(rng, depth - 1), ("n", rng.randint(2, 3)) if sign == "^" else _tree(rng, depth - 1))


def _value(tree: Tree, x: float, y: float) -> complex:
    if len(tree) == 1 or tree[0] == "n":
        return complex({"x": x, "y": y, "pi": math.pi}.get(tree[0], tree[-1] if tree[0] == "n" else 0))
    left = _value(tree[1], x, y)
    if tree[0] == "sqrt":
        return cmath.sqrt(left)
    right = _value(tree[2], x, y)
    return {"+": left + right, "-": left - right, "*": left * right}.get(tree[0]) or (
        left**right if tree[0] == "^" else left / right if tree[0] == "/" else 0
    )


def _latex(tree: Tree, rng: random.Random) -> str:
    if len(tree) == 1:
        return "\\pi" if tree[0] == "pi" else str(tree[0])
    if tree[0] == "n":
        return str(tree[1])
    left = _latex(tree[1], rng)
    if tree[0] == "sqrt":
        return f"\\sqrt{{{left}}}"
    right = _latex(tree[2], rng)
    if tree[0] == "+":
        return f"{left} + {right}" if rng.random() < 0.5 else f"{right}+{left}"
    if tree[0] == "/":
        return f"\\frac{{{left}}}{{{right}}}" if rng.random() < 0.5 else f"(({left})/({right}))"
    return {"-": f"{left} - ({right})", "*": f"({left})({right})", "^": f"({left})^{{{right}}}"}[tree[0]]


def _changed(tree: Tree, rng: random.Random) -> Tree:
    if tree[0] == "n":
        return ("n", tree[1] + 1)
    if len(tree) == 1:
        return ("n", 2)
    at = rng.randrange(1, len(tree))
    return (*tree[:at], _changed(tree[at], rng), *tree[at + 1 :])


def test_random_expressions_against_python() -> None:
    rng = random.Random(3)
    judged = {"same": 0, "different": 0}
    points = ((1.37, 2.11), (0.73, 1.9), (2.6, 0.41), (-1.3, -0.7), (1.2, -3.3))
    while sum(judged.values()) < 60:
        tree = _tree(rng, 3)
        other = tree if rng.random() < 0.5 else _changed(tree, rng)
        try:
            equal = [cmath.isclose(_value(tree, *p), _value(other, *p), rel_tol=1e-9, abs_tol=1e-12) for p in points]
        except (ZeroDivisionError, OverflowError):
            continue
        if any(equal) != all(equal):
            continue
        gold, reply = _latex(tree, random.Random(1)), _latex(other, rng)
        found = compare(gold, reply)
        assert found.agreement == ("same" if all(equal) else "different"), (gold, reply, found)
        judged[found.agreement] += 1
    assert min(judged.values()) > 15


def test_a_hostile_expression_is_killed_and_the_next_one_answered() -> None:
    start = time.perf_counter()
    assert judge_text(boxed("9^{9^{9^{9}}}"), "9^{9^{9}}").rule in ("too_costly", "no_value")
    deep = "(" * 200 + "x" + ")" * 200
    assert compare(deep + "+1", "x+1").agreement == "unknown"
    assert compare("\\frac{" * 90 + "x" + "}{2}" * 90, "x").agreement == "unknown"
    assert judge_text(boxed("(x+1)^2"), "x^2+2x+1").outcome == "pass"
    assert time.perf_counter() - start < 100


def test_without_math_verify_only_what_needs_it_abstains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mathproc, "installed", lambda: False)
    assert judge_text(boxed("x^2 + 17x"), "x(x+17)").rule == "math_not_installed"
    assert judge_text(boxed("3, 2"), "\\{2, 3\\}").outcome == "pass"


def test_every_reason_has_its_sentence() -> None:
    slugs = set()
    for name in ("equal.py", "quantities.py", "mathproc.py", "mathworker.py", "answers.py"):
        text = (HERE / name).read_text(encoding="utf-8")
        slugs |= set(re.findall(r"unknown\(\"(\w+)\"\)", text)) | set(re.findall(r"\"why\": \"(\w+)\"", text))
    assert len(slugs) > 15
    assert slugs <= set(WHY)


TOKENS = st.sampled_from(
    ["1", "2", "3.5", "x", "+", "-", "=", "^", "{", "}", "(", ")", "[", "]", ",", "\\frac", "\\sqrt", "\\pi", "\\text{",
     "cm", "%", "$", "\\pm", "\\cup", "\\infty", "<", " or ", " ", "\\{", "_", "/", "\\begin{pmatrix}", "&", "\\\\",
     "!", "|", "\\in ", "\x00", "\ud800", "²", "\\overline", "March", "2021", "9^9^9", ":", "'", "\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TOKENS, max_size=9).map("".join), st.lists(TOKENS, max_size=9).map("".join))
def test_never_raises_and_says_the_same_twice(left: str, right: str) -> None:
    assert compare(left, right) == compare(left, right)
    judge_text(right, left)
    assert tidy(tidy(left)) is not None


@given(st.lists(st.lists(st.integers(0, 4), max_size=5, unique=True), max_size=5))
def test_matching_against_brute_force(rows: list[list[int]]) -> None:
    choices = itertools.product(*[[None, *row] for row in rows])
    best = max(len(used) for c in choices if len(used := [j for j in c if j is not None]) == len(set(used)))
    assert matched(rows) == best


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("March 5, 2021", {"2021-03-05"}), ("5th of March 2021", {"2021-03-05"}), ("2021/3/5", {"2021-03-05"}),
        ("13/05/2021", {"2021-05-13"}), ("03/05/2021", {"2021-03-05", "2021-05-03"}), ("2021-02-30", set()),
        ("3:30 PM", {"T15:30:00"}), ("12 am", {"T00:00:00"}), ("15:30", {"T15:30:00"}), ("25:00", set()), ("5", set()),
    ],
)  # fmt: skip
def test_dates_and_times(text: str, moments: set[str]) -> None:
    assert readings(text) == moments


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1\\frac{4}{5}", Fraction(9, 5)), ("-1 4/5", Fraction(-9, 5)), ("3.2 \\times 10^{-4}", Fraction(32, 100000)),
        ("11 111", 11111), ("1,5", None), ("12,34,567", None), ("5 million", 5_000_000), ("twenty-one", 21),
        ("52_8", 42), ("59_8", None), ("1.2\\overline{34}", Fraction(1222, 990)), ("5x", None), ("7 + 2", None),
        ("1e9999", None), ("3/0", None),
    ],
)  # fmt: skip
def test_quantities(text: str, value: Fraction | None) -> None:
    found = quantity(text)
    assert (found.value if found else None) == value


def test_brackets() -> None:
    assert enclosed("(1,2]") == ("(", "1,2", "]")
    assert enclosed("]1,2[") == ("]", "1,2", "[")
    assert enclosed("(1)(2)") is None
    assert enclosed("\\{1\\}") == ("\\{", "1", "\\}")


def test_a_reply_and_a_gold_that_contradict_themselves() -> None:
    assert contradiction("So \\boxed{5}.\n#### 6")
    assert contradiction("\\boxed{5}. The answer is 6.")
    assert contradiction("The answer is 6 for the first part. \\boxed{5}") is None
    assert contradiction("\\boxed{5}\n#### 5.0") is None
    assert judge_text("6", "It is \\boxed{5}.\n#### 6").rule == "gold_contradicts_itself"
    assert unsupported("3 + 4 = 7\n#### 9")
    assert unsupported("3 + 4 = 7\n#### 7") is None
    assert unsupported("40/160 = 0.25\n#### 25") is None


@pytest.mark.parametrize("reply", ["\\boxed{5} or \\boxed{7}", "It is 5 or 7", "The answer is 5 or 7."])
def test_two_answers_are_not_one(reply: str) -> None:
    assert judge_text(reply, "7").outcome == "fail"
