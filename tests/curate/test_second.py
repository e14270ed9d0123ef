"""The second signal: what may fall together, and what must not, however near the prompts are."""

from __future__ import annotations

import polars as pl
import pytest

from curate.second import Side, judge
from curate.wording import wording

LONG = (
    "Plants take up water through their roots and carbon dioxide through small openings in their leaves, and with the "
    "energy of light they make sugar from both, while oxygen goes back into the air around them."
)


def side(prompt: str, answer: str, **more: object) -> Side:
    said = wording(pl.Series([prompt, answer]))
    return Side(said[0].split(), said[1].split(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("Add two numbers.", "Multiply two numbers.", "Done."),
        ("Add two numbers.", "Multiply two numbers.", LONG),
        ("Which is larger, 9.11 or 9.9?", "Which is larger, 9.11 or 9.8?", "The second."),
        ("Is x < y true for all of these?", "Is x <= y true for all of these?", "It is."),
        ("Name a fruit that is red.", "Name a fruit that is not red.", "Apple."),
        ("Sort the list in ascending order.", "Sort the list in descending order.", "Sorted."),
        ("What is the capital of France?", "What is the capital of Spain?", "A big city."),
    ],
)
def test_another_task_never_falls(one: str, other: str, answer: str) -> None:
    for a, b in ((one, other), (other, one)):
        judged = judge(side(a, answer), side(b, answer), 0.1)
        assert judged.signal is None
        assert judged.veto is not None


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("What is the capital of France?", "What's the capital of France, then?", "Paris."),
        ("How do plants make food?", "Explain the process by which a plant feeds itself.", LONG),
        ("Give the number of legs of a spider.", "What number of legs has a spider?", "Eight."),
    ],
)
def test_a_paraphrase_with_the_same_answer_may_fall(one: str, other: str, answer: str) -> None:
    assert judge(side(one, answer), side(other, answer), 0.6).signal == "answer"
    assert judge(side(other, answer), side(one, answer), 0.6).signal == "answer"


def test_another_answer_keeps_both() -> None:
    assert judge(side("Tell me a joke about rain.", "It fell."), side("A joke about rain", "Wet!"), 0.6).signal is None


def test_what_everyone_answers_says_nothing() -> None:
    one, other = "Is water wet?", "Is the water wet, then?"
    assert judge(side(one, "Yes"), side(other, "Yes"), 1.0, ["answer"]).signal == "answer"
    assert judge(side(one, "Yes", shared=900), side(other, "Yes", shared=900), 1.0, ["answer"]).signal is None
    assert (
        judge(side(one, "I cannot", refuses=True), side(other, "I cannot", refuses=True), 1, ["answer"]).signal is None
    )


def test_other_tools_are_another_row() -> None:
    one, other = side("What time is it?", "Now.", tools="a"), side("What time is it?", "Now.", tools="b")
    assert judge(one, other, 0.6).veto == "tools"


def test_the_same_gold_answer_confirms_a_paraphrase_worked_another_way() -> None:
    one = side("Tom has 3 bags of 12 nuts. How many nuts?", "3 * 12 is 36", gold="36", gold_shared=2)
    other = side("Tom has 3 bags of 12 nuts; how many nuts are there?", "12 + 12 + 12 = 36", gold="36", gold_shared=2)
    assert judge(one, other, 0.6).signal == "answer"


def test_only_the_signals_asked_for_count() -> None:
    one, other = side("What is the capital of France?", "Paris."), side("What's the capital of France, then?", "Paris.")
    assert judge(one, other, 1.0, ["answer"]).signal == "answer"
    assert judge(one, other, 0.1, ["lexical"]).signal == "lexical"
    assert judge(one, other, 0.1, []).signal is None
