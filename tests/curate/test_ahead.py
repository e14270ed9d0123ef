"""What would stop a run late is said early: missing packages, broken items, and how large the ablation is."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

import curate.ahead as ahead
from buckets import RecipeError
from curate.job import Run
from curate.pipeline import run
from curate.recipe import Recipe, load
from tests.curate.test_cli import curate

ABLATE = {"model": {"corpus": ["raw/alpaca.json"]}, "holdout": 0.2, "metric": "nll", "seeds": [1, 2], "doses": [0.5]}


def changed(world: Path, **tables: Any) -> Recipe:
    world.write_text(yaml.safe_dump(yaml.safe_load(world.read_text()) | tables))
    return load(world)


def test_a_missing_extra_is_named_before_the_cleaning(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = changed(world, ablate=ABLATE)
    there = find_spec
    monkeypatch.setattr(ahead, "find_spec", lambda name: None if name == "torch" else there(name))
    wanted = r"ablate: needs torch, not installed here: pip install 'sft-curate\[ablation\]'"
    with pytest.raises(RecipeError, match=wanted):
        run(Run(recipe, world.parent, tmp_path / "run", 1))
    assert not (tmp_path / "run").exists()
    run(Run(recipe, world.parent, tmp_path / "run", 1), until="read")  # what needs no torch runs without it


def test_check_names_every_broken_item_file_and_runs_nothing(world: Path, item_file: Callable[..., Path]) -> None:
    broken = item_file(messages=[{"role": "user", "content": None}])
    changed(world, ablate=ABLATE | {"items": [str(broken)]}, decontaminate={"items": [str(broken)]})
    done = curate("check", str(world))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for table in ("ablate", "decontaminate"):
        assert f"{table}.items: {broken}: row 1 is not an eval item: messages.0.content" in done.stderr


def test_an_item_that_occurs_twice_is_named(world: Path, item_file: Callable[..., Path]) -> None:
    recipe = changed(world, ablate=ABLATE | {"items": [str(item_file(id="a"))]})
    (mistake,) = ahead.stops(recipe, world.parent, ["ablate"])
    assert "'a' occurs twice" in mistake
    assert ahead.stops(recipe, world.parent, ["report"]) == []
    item_file().write_text("\n")
    (mistake,) = ahead.stops(recipe, world.parent, ["ablate"])
    assert "holds no eval item" in mistake


def test_check_says_how_large_the_ablation_is(world: Path) -> None:
    assert ahead.forecast(load(world), world.parent) is None
    changed(world, ablate=ABLATE)
    done = curate("check", str(world))
    assert done.returncode == 0, done.stderr
    # base, full, half, and one without each of the two buckets
    assert "ablation: at most 5 arms x 2 seeds = 10 trials, about " in done.stdout


def test_large_input_is_not_read_to_size_an_ablation(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_SMALL", 10)
    monkeypatch.setattr(ahead, "read_chunk", None)
    found = ahead.forecast(changed(world, ablate=ABLATE), world.parent)
    assert found is not None
    assert (found["trials"], found["tokens"]) == ((3 + 9) * 2, None)
