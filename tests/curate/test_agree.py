"""What differs decides: pairs that are similar as sets and are, or are not, the same exchange."""

from __future__ import annotations

import polars as pl
import pytest

from curate.agree import Change, Exchange, bare, changes, same_answer, same_exchange
from curate.wording import without_courtesies, wording

STORY = (
    "Deep under the old harbour lies a row of stone rooms in which merchants once kept oil and wine, and every spring "
    "the town opens them for a week so that visitors may walk along the cold walls, taste what the local farms make, "
    "and hear how the trade began when the first ships came in from the south with nothing but salt"
)


def exchange(prompt: str, answer: str, refuses: bool = False) -> Exchange:
    said = wording(pl.Series([prompt, answer]))
    return Exchange(without_courtesies(said)[0].split(), said[1].split(), refuses)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Tell me about Paris.", "please tell me about Paris, thanks!"),
        ("Can you explain rain?", "Explain rain"),
        ("# What is **rain**?", "what is rain"),
        ("Don’t shout; it’s late", "don't shout - it's late"),
        ("Cafe\u0301 au lait", "Café au lait"),
        ("你好，请问什么是光合作用？", "什么是光合作用"),
        ("What is the capital of a country", "what is capital of country"),
    ],
)
def test_dress_makes_no_other_question(left: str, right: str) -> None:
    assert same_exchange(exchange(left, STORY), exchange(right, STORY))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("What is 3 plus 4?", "What is 3 plus 5?"),
        ("Is it -5 degrees?", "Is it 5 degrees?"),
        ("if a < b: swap(a, b)", "if a <= b: swap(a, b)"),
        ("if done: stop()", "if !done: stop()"),
        ("Name a fruit that is red", "Name a fruit that is not red"),
        ("which is larger, 9.11 or 9.9", "which is larger, 9.9 or 9.11"),
        ("Flights from Rome to Oslo", "Flights from Oslo to Rome"),
        ("What does gato mean?", "What does perro mean?"),
        ("Translate to French: I like tea", "Translate to German: I like tea"),
    ],
)
def test_another_question_stays_another_row_even_with_the_same_short_answer(left: str, right: str) -> None:
    assert not same_exchange(exchange(left, "Yes."), exchange(right, "Yes."))


def test_a_long_answer_may_be_edited_but_not_turned_round() -> None:
    edited = STORY.replace("cold walls", "damp walls").replace("taste", "try")
    longer = STORY + ". The guide is free of charge on Sunday mornings all year"
    assert same_exchange(exchange("Tell me of the harbour", STORY), exchange("Tell me of the harbour", edited))
    assert same_exchange(exchange("Tell me of the harbour", STORY), exchange("Tell me of the harbour", longer))
    for old, new in (("a week", "2 weeks"), ("the town opens", "the town never opens"), ("first ships", "last ships")):
        assert not same_answer(STORY.split(), STORY.replace(old, new).split()), (old, new)
    assert not same_answer(["yes"], ["no"])
    assert not same_answer(STORY.split(), STORY.split()[::-1])


def test_a_telling_answer_makes_a_reworded_question_the_same_and_a_refusal_does_not() -> None:
    left, right = "Describe the rooms under the harbour", "Explain the rooms under the harbour"
    assert same_exchange(exchange(left, STORY), exchange(right, STORY))
    assert not same_exchange(exchange(left, STORY, refuses=True), exchange(right, STORY, refuses=True))
    assert not same_exchange(exchange("Who are you", STORY), exchange("What is your name", STORY))


def test_in_a_long_prompt_one_word_in_the_middle_is_a_slip_and_at_the_ends_a_question() -> None:
    passage = STORY + " and now tell us which of the goods named here came by sea"
    for old, new, same in (("wine", "beer", True), ("sea", "land", False), ("Deep", "Far", False)):
        assert same_exchange(exchange(passage, "Salt"), exchange(passage.replace(old, new), "Salt")) is same, old


def test_changes_are_the_shortest_edit() -> None:
    left, right = "a b c d e".split(), "a x c e f".split()  # noqa: SIM905
    assert list(changes(left, right)) == [
        Change(1, ("b",), ("x",)), Change(3, ("d",), ()), Change(5, (), ("f",)),
    ]  # fmt: skip
    assert list(changes(left, left)) == []
    assert bare(["the"]) == ["the"]


def test_wording_keeps_what_counts_and_never_empties_a_text() -> None:
    texts = ["x != y", "-5 + 3", "1,000.5 and 9.11", "[5,3]", "???", "😀", "f(**k)", None, "Hi", "thank you"]
    said = wording(pl.Series(texts)).to_list()
    assert said[:4] == ["x ≠ y", "∸ 5 + 3", "1,000.5 and 9.11", "5 3"]
    assert said[4:8] == ["???", "😀", "f * * k", ""]
    assert without_courtesies(pl.Series(["hi", "thank you", "please help"])).to_list() == ["hi", "thank you", "help"]
