"""Recipes: all mistakes at once, with path and near name; changes from the command line; the schema."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from buckets import RecipeError
from curate.recipe import Recipe, load, parse


def mistakes(path: Path, raw: dict[str, object]) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        parse(raw, path.parent)
    return caught.value.mistakes


def test_a_good_recipe_loads_and_an_empty_table_is_on(world: Path) -> None:
    recipe = load(world)
    assert recipe.dedup is not None
    assert recipe.decontaminate is None
    assert recipe.has("check")
    assert not recipe.has("ablate")
    assert recipe.has("report")


def test_every_mistake_is_named_at_once_with_its_path_and_a_near_name(world: Path) -> None:
    raw = yaml.safe_load(world.read_text())
    raw["dedupe"] = {}
    raw["dedup"] = {"near": {"treshold": 0.7}}
    raw["balance"] = {"max_rows": "many"}
    found = mistakes(world, raw)
    text = "\n".join(found)
    assert len(found) >= 3
    assert "dedupe: unknown key; did you mean 'dedup'?" in text
    assert "treshold" in text
    assert "did you mean 'threshold'?" in text
    assert "balance.max_rows" in text


def test_meaning_is_checked_too(world: Path) -> None:
    raw = yaml.safe_load(world.read_text())
    raw["read"]["sources"][0] |= {"bucket": "maths_reasoning", "format": "alpacca"}
    raw["read"]["sources"][1]["name"] = "alpaca"
    raw["read"]["sources"][2]["files"] = ["raw/none*.csv"]
    raw["check"] = {"skip": ["emptyanswer"]}
    raw["decide"] = {}
    text = "\n".join(mistakes(world, raw))
    for piece in ("'math_reasoning'", "'alpaca'?", "used twice", "none*.csv", "'empty_answer'", "decide: nothing"):
        assert piece in text, piece


def test_a_recipe_that_is_no_mapping_or_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- read\n- check\n")
    (tmp_path / "b.yaml").write_text("read: [unclosed\n")
    for name in ("a.yaml", "b.yaml", "absent.yaml"):
        with pytest.raises(RecipeError) as caught:
            load(tmp_path / name)
        assert name in str(caught.value)


def test_changes_from_the_command_line(world: Path) -> None:
    recipe = load(
        world,
        ["dedup.near.threshold=0.9", "balance.max_rows=7", "read.sources.0.bucket=code", "check.skip=[empty_answer]"],
    )
    assert recipe.dedup is not None
    assert recipe.dedup.near is not None
    assert recipe.dedup.near.threshold == 0.9
    assert recipe.balance is not None
    assert recipe.balance.max_rows == 7
    assert recipe.read.sources[0].bucket == "code"
    with pytest.raises(RecipeError, match=r"table\.key=value"):
        load(world, ["dedup"])
    with pytest.raises(RecipeError, match="no item"):
        load(world, ["read.sources.99=x"])


def test_the_published_schema_describes_every_key(world: Path) -> None:
    schema = Recipe.model_json_schema()
    assert set(schema["properties"]) == set(Recipe.model_fields)
    assert schema["additionalProperties"] is False
    undescribed = [
        f"{name}.{key}"
        for name, table in schema["$defs"].items()
        for key, value in table.get("properties", {}).items()
        if "description" not in value and name in ("Read", "Source", "Dedup", "Near", "Balance", "Check", "Export")
    ]
    assert undescribed == []
