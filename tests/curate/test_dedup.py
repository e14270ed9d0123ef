"""Deduplication against brute force, planted twins, permuted inputs and crowds of refusals."""

from __future__ import annotations

import random
import time

import polars as pl
import pytest

from buckets import Draft, Message, conserve, frame_of, row_of
from curate.agree import Exchange, same_exchange
from curate.dedup import Dedup, Near
from curate.near import jaccard, shingle_sets
from curate.pairs import talk
from curate.stage import run_global
from curate.views import views

WORDS = [f"{a}{b}" for a in ("ka", "lo", "mi", "ru", "te", "so") for b in ("n", "r", "st", "ve", "x", "l", "d")]


def frame(pairs: list[tuple[str, str]], source: str = "s", **extra: str) -> pl.DataFrame:
    return frame_of(
        row_of(
            Draft((Message("user", prompt), Message("assistant", answer)), **extra),  # type: ignore[arg-type]
            source=source,
            path=f"{source}.jsonl",
            file=f"{source}.jsonl",
            row=row,
            format="prompt_response",
        )
        for row, (prompt, answer) in enumerate(pairs)
    )


def sentence(rng: random.Random, length: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(length))


def mutated(rng: random.Random, text: str, changes: int) -> str:
    words = text.split()
    for place in rng.sample(range(len(words)), changes):
        words[place] = "changed"
    return " ".join(words)


def near_world(seed: int) -> pl.DataFrame:
    """Random rows and copies of them with 0 to 4 answer words and now and then a prompt word changed, shuffled."""
    rng = random.Random(seed)
    pairs = []
    for _ in range(60):
        prompt, answer = sentence(rng, rng.randint(1, 90)), sentence(rng, rng.randint(1, 90))
        pairs.append((prompt, answer))
        for _ in range(rng.randint(0, 2)):
            changes = min(rng.randint(0, 4), len(answer.split()))
            asked = prompt if rng.random() < 0.6 else mutated(rng, prompt, 1)
            pairs.append((asked, answer if rng.random() < 0.3 else mutated(rng, answer, changes)))
    rng.shuffle(pairs)
    return frame(pairs)


def duplicates_by_brute_force(rows: pl.DataFrame, near: Near) -> set[frozenset[str]]:
    sides = views(rows)
    talks = shingle_sets(sides.select(talk()).to_series(), near.shape())
    exchanges = [Exchange(p.split(), a.split()) for p, a in sides.select("prompt", "answer").rows()]
    ids = rows["id"].to_list()
    return {
        frozenset((ids[i], ids[j]))
        for i in range(len(ids))
        for j in range(i)
        if jaccard(talks[i], talks[j]) >= near.threshold and same_exchange(exchanges[i], exchanges[j])
    }


@pytest.mark.parametrize("seed", range(6))
def test_against_brute_force_with_a_kept_witness_for_every_drop(seed: int) -> None:
    rows, near = near_world(seed), Near()
    out = run_global(Dedup(near=near), rows)
    conserve("dedup", rows, out)
    twins = duplicates_by_brute_force(rows, near)
    kept = set(out.kept["id"])
    for fallen in out.dropped.iter_rows(named=True):
        assert fallen["witness"] in kept
        if fallen["rule"] == "near_duplicate":
            assert frozenset((fallen["id"], fallen["witness"])) in twins
    assert not any(pair <= kept for pair in twins), "a duplicate pair stayed whole"
    assert out.dropped.filter(pl.col("rule") == "near_duplicate").height > 5


def test_numbers_names_and_operators_make_twins_that_stay() -> None:
    story = "Please read the story of the long walk to the market by the river with care and then answer this. "
    pairs = [
        (story * 4 + "Ana has 3 apples and buys 4 more. How many?", "3 + 4 = 7"),
        (story * 4 + "Ana has 5 apples and buys 4 more. How many?", "5 + 4 = 9"),
        (story * 4 + "What does the word red mean?", "a colour"),
        (story * 4 + "What does the word cat mean?", "an animal"),
        ("Name a colour.", "red"),
        ("Name a colour.", "blue"),
    ]
    out = run_global(Dedup(), frame(pairs))
    assert out.dropped.is_empty()


def test_exact_duplicates_collapse_across_case_space_and_source() -> None:
    first = frame([("What is rain?", "Water that falls from clouds.")], source="b")
    second = frame([("what is  rain?", "Water that falls\nfrom clouds.")], source="a")
    rows = pl.concat([first, second])
    plain = run_global(Dedup(), rows)
    assert plain.dropped.select("rule", "witness").rows() == [("exact_duplicate", second["id"][0])]
    preferred = run_global(Dedup(prefer=("b",)), rows)
    assert preferred.kept["source"].to_list() == ["b"]


def test_a_row_with_gold_survives_its_unproven_copy() -> None:
    bare = frame([("What is 2 + 2?", "4")], source="a")
    gold = frame([("What is 2 + 2?", "4")], source="z", reference="4")
    assert run_global(Dedup(), pl.concat([bare, gold])).kept["source"].to_list() == ["z"]


def test_a_system_prompt_in_common_is_no_similarity() -> None:
    shared = "You are a tool user. " * 200

    def row(number: int, text: str) -> dict[str, object]:
        draft = Draft((Message("system", shared), Message("user", text), Message("assistant", text[::-1])))
        return row_of(draft, source="s", path="p", file="f", row=number, format="x")

    rows = frame_of([row(0, "open the red door"), row(1, "count all blue birds")])
    assert run_global(Dedup(), rows).dropped.is_empty()


def test_no_chain_a_row_far_from_the_survivor_stays() -> None:
    """b is near a and c is near b; c is not near a. With b gone, c must stay."""
    words = sentence(random.Random(3), 90).split()
    a, b, c = (list(words) for _ in range(3))
    for place in (20, 35, 50):
        b[place] = c[place] = "changed"
    for place in (27, 42, 57):
        c[place] = "altered"
    rows = frame([("Tell a story", " ".join(text)) for text in (a, b, c)])
    twins = duplicates_by_brute_force(rows, Near())
    ids = rows["id"].to_list()
    assert twins == {frozenset(ids[:2]), frozenset(ids[1:])}
    out = run_global(Dedup(prefer=("s",)), rows)
    assert out.dropped.select("id", "witness").rows() == [(ids[1], ids[0])]


def test_the_order_and_the_sharding_of_the_input_change_nothing() -> None:
    rows = near_world(11)
    want = set(run_global(Dedup(), rows).kept["id"])
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=5)
    assert set(run_global(Dedup(), shuffled).kept["id"]) == want
    stage = Dedup()
    sketches = [stage.sketch(part) for part in (rows[:13], rows[13:14], rows[14:])]
    decided = stage.decide(sketches, lambda ids: rows.filter(pl.col("id").is_in(list(ids))))
    assert set(rows["id"]) - set(decided.falls["id"]) == want


def test_short_and_empty_rows_are_compared_and_never_lost() -> None:
    pairs = [("A", "B"), ("a", "b"), ("C", "D"), ("", ""), ("", " "), ("42", "Yes"), ("42", "No")]
    out = run_global(Dedup(), frame(pairs))
    conserve("dedup", frame(pairs), out)
    assert out.kept.height == 5
    assert set(out.dropped["rule"]) == {"exact_duplicate"}


def test_ten_thousand_refusals_cost_no_square() -> None:
    refusal = "I am sorry, but I cannot help with that request because it could hurt someone."
    rows = frame([(f"question about {WORDS[i % 40]} {WORDS[i // 40 % 40]} {i}", refusal) for i in range(10_000)])
    started = time.perf_counter()
    out = run_global(Dedup(), rows)
    assert out.kept.height == 10_000  # other questions, same answer: not duplicates
    assert time.perf_counter() - started < 5
