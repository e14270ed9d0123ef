"""Decontamination by class: planted leaks of every kind, twins that are none, and the bugs of others as tests."""

from __future__ import annotations

import polars as pl
import pytest

from buckets import Call, Draft, EvalItem, Message, Problem, conserve, dumps, frame_of, problem_of, row_of, split
from curate.contamination import EvalIndex, falls, hits

LONG = "A baker sells seventeen loaves before noon and twice as many after it; how many loaves is that in all?"
SHORT = "Who wrote Faust?"
STORY = (
    "Janet's ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes muffins for her friends "
    "every day with 4. She sells the remainder at the market for $2 per egg. How much does she make every day?"
)


def problem(id: str, *turns: str, **more: object) -> Problem:
    return Problem("set", id, turns, **more)  # type: ignore[arg-type]


def rows(*texts: tuple[str, ...]) -> pl.DataFrame:
    drafts = (Draft(tuple(Message("assistant" if i % 2 else "user", t) for i, t in enumerate(text))) for text in texts)
    return frame(*drafts)


def frame(*drafts: Draft) -> pl.DataFrame:
    return frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))


def seen(index: EvalIndex, frame: pl.DataFrame) -> dict[int, tuple[str, str]]:
    """Row number -> (item, class) of its first hit."""
    found = hits(frame, index).unique("id", keep="first", maintain_order=True)
    return {int(id.split(":")[1]): (item, kind) for id, item, kind in found.select("id", "item", "class").iter_rows()}


INDEX = EvalIndex([problem("long", LONG), problem("short", SHORT), problem("story", STORY)])


def test_items_of_any_length_are_found_however_they_are_typed_and_wrapped() -> None:
    """A 13-gram rule finds no item under 13 words; decon drops those under 20 tokens from its reference."""
    found = seen(
        INDEX,
        rows(
            (LONG.upper().replace(";", "").replace(" ", "  "), "51"),
            ("Solve this. " + LONG + " Think.", "51"),
            ("Hi", "Hello", "who wrote   FAUST", "Goethe"),
            ("Answer the following question:\n" + SHORT + "\nThink step by step.", "Goethe"),
            ("WhoWroteFaust", "Goethe"),
            ("Repeat", f"You asked: {LONG}"),
        ),
    )
    assert found == {
        0: ("set:long", "verbatim"),
        1: ("set:long", "verbatim"),
        2: ("set:short", "verbatim"),
        3: ("set:short", "verbatim"),
        4: ("set:short", "verbatim"),
        5: ("set:long", "verbatim"),
    }


def test_short_words_inside_other_sentences_are_no_hits() -> None:
    found = seen(
        INDEX,
        rows(
            ("Tell me who wrote Faust? And Emma?", "Goethe, Austen"),
            ("Ben will never rob a bank. Who wrote Faust?", "Goethe"),
            ("A baker sells seventeen loaves before noon and goes home to sleep.", "Good."),
            ("What is the capital of Peru?", "Lima"),
        ),
    )
    assert found == {}


def test_a_changed_number_is_reported_and_not_dropped() -> None:
    twin = STORY.replace("16", "21").replace("three", "five")
    frame = rows((twin, "24"), (STORY, "18"))
    found = hits(frame, INDEX)
    assert found["class"].to_list() == ["template-only", "verbatim"]
    assert found["how"][0] == "numbers changed"
    out = split(frame, falls(found))
    conserve("decontaminate", frame, out)
    assert out.kept["id"].to_list() == [frame["id"][0]]
    assert out.dropped["witness"].to_list() == ["set:story"]
    assert "16 eggs" in out.dropped["evidence"][0]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (("before noon", "before midday"), "template-only"),  # a word of the question: perhaps another question
        (("loaves is that", "loaves are that"), "near"),
        (("twice as many", "twice as few"), "template-only"),
        (("seventeen", "eighteen"), "template-only"),
    ],
)
def test_what_a_changed_word_makes_of_an_item(change: tuple[str, str], kind: str) -> None:
    assert seen(INDEX, rows((LONG.replace(*change), "51"))) == {0: ("set:long", kind)}


def test_signs_tell_short_problems_apart_and_count_little_in_long_ones() -> None:
    long = "Let x and y be real. Find the least value of (x + 1/y)(x + 1/y + 2018) over all such x and y that sum to 1."
    index = EvalIndex([problem("short", "Compute $\\cos (-150^\\circ)$."), problem("long", long)])
    found = seen(
        index,
        rows(
            ("Compute $\\cos 150^\\circ$.", "x"),
            ("Compute $\\cos(- 150 ^\\circ)$", "x"),
            (long.replace("+ 2018", "- 2018"), "x"),
            (long.replace("(x + 1/y + 2018)", "\\left(x+\\, 1/y+2018\\right)"), "x"),
        ),
    )
    expected = {1: "verbatim", 2: "near", 3: "verbatim"}
    assert {row: kind for row, (_, kind) in found.items() if kind != "template-only"} == expected


def test_options_shuffled_are_near_and_a_common_stem_alone_is_nothing() -> None:
    options = ("Cells divide by mitosis", "Cells never divide", "Only plants have cells", "Cells are made of sand")
    index = EvalIndex([problem("mcq", "Which of the following is true?", options=options, answer=options[0])])
    ordered = "\n".join(f"({letter}) {text}" for letter, text in zip("ABCD", options, strict=True))
    turned = "\n".join(f"{at}. {text}" for at, text in enumerate(reversed(options), 1))
    stem = "Which of the following is true?"
    other = "(A) Cats bark\n(B) Dogs bark\n(C) Cows bark\n(D) Fish bark"
    found = hits(rows((f"{stem}\n{ordered}", "A"), (f"{stem}\n{turned}", "4"), (f"{stem}\n{other}", "B")), index)
    dropped = found.filter(pl.col("class") != "template-only")
    assert dropped["class"].to_list() == ["verbatim", "near"]
    assert dropped["how"].to_list() == ["with options", "options shuffled"]


def test_one_word_stems_are_found_by_their_longest_option() -> None:
    options = ("a plant makes sugar from light and water", "a rock", "a star", "a kind of bread")
    index = EvalIndex([problem("mcq", "Photosynthesis:", options=options)])
    text = "Photosynthesis:\n" + "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", options, strict=True))
    assert seen(index, rows((text, "A"), ("Photosynthesis: tell me more", "A plant makes sugar."))) == {
        0: ("set:mcq", "verbatim")
    }


CODE = """def running_max(numbers):
    best = None
    result = []
    for n in numbers:
        if best is None or n > best:
            best = n
        elif n == best and len(result) > 3:
            result.append(best * 2 + n // 3 - len(numbers) % 7)
        result.append(best if best > 0 else -best)
    while len(result) > 100 and result[-1] == result[0]:
        result.pop()
    return sorted(set(result), key=lambda item: (item % 10, -item))[:50]
"""


def test_code_is_found_under_other_names_and_is_never_run() -> None:
    index = EvalIndex([problem("code", "Write a function to find the running maximum of a list.", code=CODE)])
    names = {"running_max": "f", "numbers": "xs", "best": "b", "result": "out", "item": "q"}
    other = CODE
    for old, new in names.items():
        other = other.replace(old, new)
    hostile = "```python\ndef f(" + "(" * 5000 + "\n```\n```python\nimport os\nos.abort()\ndef g(): return 1\n```"
    found = seen(
        index,
        rows(
            ("Help", f"Sure:\n```python\n{other}```"),
            ("Help", hostile),
            ("Help", "```python\ndef f(a, b):\n    return a + b\n```"),
            ("Help", f"```python\n{other.replace('> 3', '> 4')}```"),
        ),
    )
    assert found == {0: ("set:code", "near")}


def test_tool_items_by_function_and_arguments() -> None:
    call = Call("get_weather", (("city", ('"Paris"', '"Paris, FR"')), ("days", ("5",)), ("unit", ('"c"', '""'))))
    index = EvalIndex([problem("tool", "How is the weather in Paris for the next 5 days?", calls=(call,))])

    def row(asked: str, arguments: dict[str, object]) -> Draft:
        function = {"name": "get_weather", "arguments": dumps(arguments)}
        made = dumps([{"id": "1", "type": "function", "function": function}])
        return Draft((Message("user", asked), Message("assistant", "", tool_calls=made)))

    found = seen(
        index,
        frame(
            row("Weather in Paris, please: the next 5 days?", {"days": 5.0, "city": "paris"}),
            row("Plan my trip with my aunt", {"city": "Paris", "days": 5, "unit": "c"}),
            row("Weather in Rome for the next 5 days?", {"city": "Rome", "days": 5}),
        ),
    )
    assert found[0] == ("set:tool", "near")
    assert found[1] == ("set:tool", "template-only")
    assert found.get(2, ("", "template-only"))[1] == "template-only"


def test_talks_are_found_turn_by_turn() -> None:
    index = EvalIndex([problem("talk", "My dog is called Rex.", "He is four.", "What is his name?")])
    found = seen(
        index,
        rows(
            ("Hi", "Hello", "My dog is called Rex.", "Nice", "He is four.", "Oh", "What is his name?", "Rex"),
            ("What is his name?", "I do not know."),
        ),
    )
    assert found == {0: ("set:talk", "verbatim")}


def test_a_reworded_story_with_all_numbers_and_the_answer_is_near() -> None:
    index = EvalIndex([problem("story", STORY, answer="18")])
    other = STORY.replace("How much does she make every day?", "What are her daily earnings?")
    other = other.replace("the remainder", "what is left")
    found = seen(index, rows((other, "She earns #### 18"), (other, "She earns #### 30")))
    assert found == {0: ("set:story", "near"), 1: ("set:story", "template-only")}


def test_every_item_in_a_row_is_a_hit_and_every_role_is_read() -> None:
    frame_ = frame(
        Draft((Message("system", LONG), Message("user", SHORT), Message("assistant", "x", reasoning=STORY))),
    )
    found = hits(frame_, INDEX)
    assert set(found["item"]) == {"set:long", "set:short", "set:story"}
    assert set(found["role"]) == {"system", "user", "reasoning"}


def test_scripts_without_spaces_and_empty_things() -> None:
    ours = problem_of(
        EvalItem("zh", "code", "dev", "zh", Draft((Message("user", "小明有十七个苹果他又买了三个现在一共有多少"),)))
    )
    index = EvalIndex([ours, problem("blank", "  "), problem("marks", "?!")])
    found = seen(index, rows(("题目：小明有十七个苹果，他又买了三个，现在一共有多少？", "20"), ("", ""), ("?!", "?")))
    assert found == {0: ("zh", "verbatim")}
    assert hits(rows((LONG, "51")), EvalIndex([])).is_empty()
    assert hits(frame_of([]), INDEX).is_empty()


def test_hits_do_not_depend_on_shards_or_order() -> None:
    frame = rows((LONG, "51"), ("x", "y"), ("z " + LONG, "51"), (SHORT, "Goethe"), (STORY.replace("16", "5"), "0"))
    whole = hits(frame, INDEX)
    parts = pl.concat([hits(frame[at : at + 1], INDEX) for at in range(frame.height)])
    assert whole.equals(parts)
    assert hits(frame.reverse(), INDEX).sort("id").equals(whole.sort("id"))


def test_items_that_only_a_whole_turn_shows_are_named() -> None:
    index = EvalIndex([problem("one", "Hello"), problem("two", LONG)])
    assert list(index.blind) == ["set:one"]
    assert seen(index, rows(("hello!", "Hi"), ("He said hello to me", "Oh"))) == {0: ("set:one", "verbatim")}


def test_a_whole_turn_is_a_hit_even_without_the_options() -> None:
    options = ("a rock", "a star", "a planet of our own sun")
    index = EvalIndex([problem("mcq", "Mercury", options=options), problem("which", "Which is it?", options=options)])
    found = hits(rows(("mercury", "Hm"), ("WHICH is it", "Hm"), ("Which is it? The red one?", "Yes")), index)
    dropped = found.filter(pl.col("class") == "verbatim")
    assert dropped["item"].to_list() == ["set:mcq", "set:which"]
    assert set(dropped["how"]) == {"whole turn, without its options"}


def test_a_short_prompt_may_be_greeted_but_not_told_a_story() -> None:
    found = seen(
        EvalIndex([problem("bank", "How do I find a key?")]),
        rows(
            ("Hey there! How do I find a key? Thanks a lot.", "Look."),
            ("You are a patient teacher. How do I find a key?", "Look."),
            ("Ben will never rob a bank. How do I find a key?", "Look."),
            ("How do I find a key? Ben lost my red car downtown yesterday.", "Look."),
        ),
    )
    assert found == {0: ("set:bank", "verbatim"), 1: ("set:bank", "verbatim")}
