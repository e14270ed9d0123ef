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


def test_a_text_where_a_list_belongs_is_one_mistake_that_says_what_to_write(world: Path) -> None:
    raw = yaml.safe_load(world.read_text(encoding="utf-8"))
    raw["read"]["sources"] = [{"name": "a", "files": "x.jsonl"}]
    assert mistakes(world, raw) == ["read.sources.0.files: write a list: [x.jsonl]"]
    raw["read"]["sources"] = []
    assert mistakes(world, raw) == ["read.sources: name at least one"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("balance.max_rows=-1", "balance.max_rows: Input should be greater than or equal to 0 (found -1)"),
        ("balance.max_rows=many", "balance.max_rows: should be a number, or a table of numbers by name"),
        ("balance.max_rows={maths: 3}", "balance.max_rows: no bucket 'maths'; did you mean"),
        ("balance.max_rows={code: -3}", "balance.max_rows.code: Input should be greater than or equal to 0"),
        ("balance.length_edges=[]", "balance.length_edges: name at least one"),
        ("balance.length_edges=[64, 64]", "balance.length_edges: must rise"),
        ("export.name=a/b", "export.name: use letters, digits"),
        (
            "ablate.rows_per_bucket={default: 3, cod: 2}",
            "ablate.rows_per_bucket: no bucket 'cod'; did you mean 'code'?",
        ),
        ("ablate.epochs={tools: 2}", "ablate.epochs: no bucket 'tools'"),
        ("decide.floors={safety: 0.1}", "decide.floors: no bucket 'safety'; did you mean 'safety_refusal'?"),
        ("decide.eval_weights={maths: 1}", "decide.eval_weights: no bucket 'maths'; did you mean 'math_reasoning'?"),
        ("decide.score_floors={cod: 0.5}", "decide.score_floors: no bucket 'cod'; did you mean 'code'?"),
        ("decide.verifiable=[math]", "decide.verifiable: no bucket 'math'; did you mean 'math_reasoning'?"),
        ("read.sources.0.bucket=math", "read.sources.0.bucket: no bucket 'math'; did you mean 'math_reasoning'?"),
        ("bucket=null", "balance: needs buckets"),
    ],
)
def test_values_that_would_do_nothing_or_break_later_are_refused(world: Path, change: str, said: str) -> None:
    raw = yaml.safe_load(world.read_text(encoding="utf-8"))
    raw |= {"ablate": {"model": {"corpus": ["raw/alpaca.json"]}, "holdout": 0.1, "metric": "nll"}, "decide": {}}
    world.write_text(yaml.safe_dump(raw), encoding="utf-8")
    load(world)
    with pytest.raises(RecipeError) as caught:
        load(world, [change])
    found = [mistake for mistake in caught.value.mistakes if not mistake.startswith("ablate: needs buckets")]
    assert len(found) == 1
    assert found[0].startswith(said)
