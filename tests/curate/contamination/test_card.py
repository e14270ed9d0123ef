"""The card: every transform applied, counted and repeatable; what it cannot find is named; the command prints it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from buckets import Draft, Problem
from curate.contamination import EvalIndex
from curate.contamination.card import card, card_text
from curate.contamination.transforms import TRANSFORMS
from curate.verbs import app

MCQ = Problem(
    "mcq", "1", ("Which planet is the largest one?",), ("Mars", "Jupiter", "Venus", "Earth"), answer="Jupiter"
)
TEXT = Problem(
    "math", "1", ("A big house has 12 rooms and 30 windows. If 5 more rooms are built, how many are there?",)
)
CODE = Problem(
    "code",
    "1",
    ("Write a function to add the squares of a list of numbers.",),
    code="def add_squares(values):\n    total = 0\n    for v in values:\n        total += v ** 2\n    return total",
)
TINY = Problem("tiny", "1", ("Hello",))
PROBLEMS = [MCQ, TEXT, CODE, TINY]


def test_the_card_counts_every_transform_and_names_what_does_not_apply() -> None:
    found = card(PROBLEMS, EvalIndex(PROBLEMS))["sets"]
    for name in ("mcq", "math", "code", "tiny"):
        assert list(found[name]["transforms"]) == list(TRANSFORMS)
        assert found[name]["transforms"]["verbatim"]["found"] == 1
    assert found["mcq"]["transforms"]["options shuffled"]["classes"]["near"] == 1
    assert found["math"]["transforms"]["options shuffled"] == "does not apply"
    assert found["math"]["transforms"]["numbers changed"]["classes"]["template-only"] == 1
    assert found["code"]["transforms"]["identifiers renamed"]["found"] == 1
    assert found["tiny"]["transforms"]["prefix/suffix wrap"]["missed_first"] == ["tiny:1"]
    assert "whole turn" in found["tiny"]["not_detectable"]["tiny:1"]
    low, high = found["mcq"]["transforms"]["verbatim"]["interval"]
    assert 0 < low < high == 1.0


def test_the_card_repeats_from_its_seed_and_samples() -> None:
    index = EvalIndex(PROBLEMS)
    assert card(PROBLEMS, index, seed=3) == card(PROBLEMS, index, seed=3)
    many = [Problem("s", str(at), (f"What is the name of river number {at} in Peru?",)) for at in range(30)]
    found = card(many, EvalIndex(many), most=5)["sets"]["s"]
    assert (found["items"], found["sampled"]) == (30, 5)
    assert "(5 sampled)" in card_text({"sets": {"s": found}})


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_a_transform_makes_a_talk_or_says_that_it_does_not_apply(name: str) -> None:
    made = [TRANSFORMS[name](problem, random.Random(1)) for problem in PROBLEMS]
    assert any(isinstance(draft, Draft) for draft in made)
    assert made == [TRANSFORMS[name](problem, random.Random(1)) for problem in PROBLEMS]
    assert all(draft is None or draft.messages[-1].role == "assistant" for draft in made)


def test_the_command_takes_a_recipe_or_files(tmp_path: Path) -> None:
    rows = [
        {"question": f"Ann has {n} apples and eats two. How many are left?", "answer": f"#### {n - 2}"} for n in (7, 9)
    ]
    (tmp_path / "gsm.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "raw.jsonl").write_text(json.dumps({"instruction": "Hi", "input": "", "output": "Hello"}) + "\n")
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "read: {sources: [{name: a, files: [raw.jsonl]}]}\ndecontaminate:\n  evals: [{name: gsm, files: [gsm.jsonl]}]\n"
    )
    out = tmp_path / "card.json"
    done = CliRunner().invoke(app, ["contamination-card", str(recipe), "--json", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == json.loads(out.read_text())
    done = CliRunner().invoke(app, ["contamination-card", "--evals", f"gsm={tmp_path / 'gsm.jsonl'}"])
    assert done.exit_code == 0, done.output
    assert "verbatim" in done.output
    assert "2 of      2" in done.output
    done = CliRunner().invoke(app, ["contamination-card"])
    assert "--evals NAME=FILE" in str(done.exception)
