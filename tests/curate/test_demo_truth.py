"""The demo cleaned: every planted fault of the hard kinds is found, no planted twin falls, nothing clean is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from curate.report import Truth
from curate.report.build import build

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "recipe.yaml"


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Truth]:
    out = tmp_path_factory.mktemp("demo")
    run(Run(load(DEMO), DEMO.parent, out, 1), until="balance")
    return {line.fault: line for line in build(out).truth}


HARD = ("exact_duplicate", "invalid_json", "not_utf8", "empty_answer", "broken_roles", "contaminated")


@pytest.mark.parametrize("fault", [*HARD, "wrong_tool_arguments"])
def test_every_planted_one_is_found(truth: dict[str, Truth], fault: str) -> None:
    line = truth[fault]
    assert line.found == line.planted
    assert line.precision is not None and line.precision >= 0.9  # noqa: PT018 - narrows the type


def test_wrong_answers_are_mostly_found(truth: dict[str, Truth]) -> None:
    assert truth["wrong_answer"].found >= 0.95 * truth["wrong_answer"].planted


def test_near_duplicates_are_found_and_nothing_else_is_taken_for_one(truth: dict[str, Truth]) -> None:
    """Missed are copies with another word where the question itself stands: that may be another question."""
    line = truth["near_duplicate"]
    assert line.found >= 0.75 * line.planted
    assert line.precision == 1.0


def test_twins_and_clean_rows_stay(truth: dict[str, Truth]) -> None:
    assert truth["template_twin"].found == truth["template_twin"].planted
    clean = truth["none (clean rows)"]
    assert clean.found >= 0.995 * clean.planted
