"""Final answers and arithmetic: by value, against Python's own arithmetic, and against labelled solutions."""

from __future__ import annotations

import gzip
import itertools
import json
import operator
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifiers.answers import judge_text
from verifiers.arithmetic import false_claim
from verifiers.quantities import value_of
from verifiers.verdict import Outcome

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", 1234), ("$5.50", Fraction(11, 2)), ("12%", 12), ("3/4", Fraction(3, 4)), ("-7", -7), ("$-7$", -7),
        ("\\frac{3}{4}", Fraction(3, 4)), ("\\dfrac{-1}{2}", Fraction(-1, 2)), ("7 apples", 7), ("18.00", 18),
        (".5", Fraction(1, 2)), ("1e3", 1000), ("about 7", None), ("x + 1", None), ("1/0", None), ("7 + 2", None),
        ("2010-11-12", None), ("9" * 100, None), ("", None),
    ],
)  # fmt: skip
def test_value_of(text: str, value: Fraction | None) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("reply", "reference", "outcome"),
    [
        ("So #### 1,200", "1200", "pass"),
        ("16 - 3 = 13. The answer is 13 eggs.", "13", "pass"),
        ("It is 5 and then 7.", "7", "pass"),
        ("It is 7 and then 5.", "7", "fail"),
        ("\\boxed{\\frac{14}{3}}", "\\frac{14}{3}", "pass"),
        ("\\boxed{3}", "\\frac{14}{3}", "fail"),
        ("\\boxed{(1, 2)}", "(1,2)", "pass"),
        ("The Eiffel Tower.", "eiffel tower", "pass"),
        ("The answer is the Louvre.", "eiffel tower", "fail"),
        ("(B)", "B", "pass"),
        ("The answer is B.", "b", "abstain"),
        ("C. Because it is so.", "B", "fail"),
        ("", "B", "fail"),
        (
            "Many long words that nobody could compare with a gold text of some other kind at all",
            "a gold text",
            "abstain",
        ),
    ],
)
def test_judge_text(reply: str, reference: str, outcome: str) -> None:
    assert judge_text(reply, reference).outcome == outcome


OPS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 9999), st.sampled_from("+-*"), st.integers(0, 9999), st.integers(-3, 3))
def test_whole_number_claims_against_python(a: int, op: str, b: int, off: int) -> None:
    claimed = OPS[op](a, b) + off
    assert (false_claim(f"So {a} {op} {b} = {claimed}.") is None) == (off == 0)


@pytest.mark.parametrize(
    "text",
    [
        "10 / 3 = 3.33", "10 / 3 = 3", "2 * 3.14 = 6.3", "x + 3 + 4 = 9", "2^3 + 4 = 12", "7 + 8 = 3 (mod 12)",
        "2 + 3 = 10 - 5", "1.5 * 2 = 3 million", "1/2 + 1/3 = 5/6", "3 1/2 + 2 = 5.5", "5 - 2 + 1 = 4", "20% * 50 = 10",
        "$192 \\times 10=1{,}920$", "2 + 3 * 4 = 20", "The claim 2 + 2 = 5 is false.", "f(2) * 3 = 9", "5/0 = 0 + 1",
        "0900 - 0130 = 0730", "1/4 = 15 minutes", "sqrt 4 + 5 = 7", "2 dozen = 24", "a = b",
    ],
)  # fmt: skip
def test_what_may_mean_something_else_is_left_alone(text: str) -> None:
    assert false_claim(text) is None


@pytest.mark.parametrize(
    "text", ["<<3*4=13>>13", "It is 5 + 5 + 5 = 16 eggs", "$4,200+$3,000 = $8,600", "9 \\times 9 = 80"]
)
def test_false_claims_are_told(text: str) -> None:
    assert false_claim(text)


MANY = 20_000
HOSTILE = [
    "\\boxed{" * MANY,
    "the answer is" + " " * MANY,
    "1," * MANY,
    "1 + 1 = 3 about " * MANY,
    "1+" * MANY,
    "1=1" * MANY,
]


@pytest.mark.parametrize("at", range(len(HOSTILE)))
def test_hostile_text_costs_linear_time(at: int) -> None:
    start = time.perf_counter()
    judge_text(HOSTILE[at], "5")
    false_claim(HOSTILE[at])
    assert time.perf_counter() - start < 5


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout")
def test_agrees_with_the_labels_of_the_gsm8k_solutions() -> None:
    text = gzip.decompress((SHARED / "gsm8k/example_model_solutions.jsonl.gz").read_bytes()).decode()
    wrong = judged = 0
    for row in map(json.loads, text.splitlines()):
        gold = row["ground_truth"].rsplit("A:", 1)[-1].strip()
        for size, way in itertools.product(("6b", "175b"), ("finetuning", "verification")):
            solution = row[f"{size}_{way}"]
            judged += 1
            wrong += (judge_text(solution["solution"], gold).outcome is Outcome.PASS) != solution["is_correct"]
    assert judged == 5276
    assert wrong == 0


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout")
def test_the_solutions_of_math_500_box_their_answers() -> None:
    rows = [json.loads(line) for line in (SHARED / "math_eval/math500_test.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 500
    assert [row["answer"] for row in rows if judge_text(row["solution"], row["answer"]).outcome != "pass"] == []
