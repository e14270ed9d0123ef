"""Facts of real sets: the leak in a MATH training file, items of every length, and training rows that hold none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.contamination import CLEAN, MATH, SETS, math_leak
from buckets import read_evals
from curate.contamination import EvalIndex, hits
from curate.contamination.card import card
from curate.inputs import input_files
from curate.read import chunks, read_chunk
from curate.source import Source

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the checkout"),
]


@pytest.fixture(scope="module")
def leak() -> dict[str, Any]:
    mmlu = [one for one in SETS if one.name == "mmlu"]
    return math_leak(SHARED, read_evals(mmlu, SHARED))


def test_the_mmlu_questions_and_math_problems_in_the_math_training_file(leak: dict[str, Any]) -> None:
    assert leak["mmlu_items"]["verbatim"] >= 72
    whole = leak["whole_prompt_in_a_row_word_for_word"]
    assert len(whole) >= 12
    assert set(whole.values()) <= {"verbatim", "near"}


def test_what_a_13_word_rule_flags_is_mostly_template(leak: dict[str, Any]) -> None:
    assert leak["flagged_by_13_words"] == 602
    contaminated = sum(leak["flagged_by_class"].get(kind, 0) for kind in ("verbatim", "near"))
    assert contaminated <= len(leak["whole_prompt_in_a_row_word_for_word"]) + 5


@pytest.mark.parametrize("name", ["humaneval", "xstest", "ifeval"])
def test_verbatim_copies_of_small_sets_are_all_found(name: str) -> None:
    problems = read_evals([one for one in SETS if one.name == name], SHARED)
    lines = card(problems, EvalIndex(problems), most=150)["sets"][name]["transforms"]
    for how in ("verbatim", "inside a talk"):
        assert lines[how]["recall"] == 1.0, lines[how]["missed_first"]


def test_gsm8k_train_holds_no_test_question() -> None:
    index = EvalIndex(read_evals([SETS[0], MATH], SHARED))
    files = input_files(Source(name="s", files=(CLEAN["gsm8k train"],)), SHARED)
    found = [hits(read_chunk(chunk).kept, index) for file in files for chunk in chunks(file, 20_000)]
    assert all((part["class"] == "template-only").all() for part in found)
