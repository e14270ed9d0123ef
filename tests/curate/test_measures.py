"""Tokens and languages on the road: in the shards, the export, the page and the fingerprint."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from buckets import RecipeError, read_json
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load

ANSWERS = [
    "It is the last house that you see when they ask.",
    "这是最后一座房子。",
    "C'est la dernière maison du village.",
]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"It": 0, "[UNK]": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    lines = [json.dumps({"prompt": "Which house is it?", "response": answer}) + "\n" for answer in ANSWERS]
    (tmp_path / "mine.jsonl").write_text("".join(lines), encoding="utf-8")
    read = {"sources": [{"name": "mine", "files": ["mine.jsonl"]}], "tokenizer": "tokenizer.json", "shard_rows": 2}
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"read": read, "export": {"formats": ["parquet"]}}))
    return path


def test_measures_reach_the_export_and_the_page(recipe: Path) -> None:
    out = recipe.parent / "out"
    first = run(Run(load(recipe), recipe.parent, out, 1))
    rows = pl.read_parquet(out / "export/data/curated.parquet")
    assert rows["tokens"].to_list() == [4 + len(answer.split()) for answer in ANSWERS]
    assert rows["answer_tokens"].to_list() == [len(answer.split()) for answer in ANSWERS]
    assert rows["language"].to_list() == ["en", "zh", "und"]
    told = read_json(out / "report.json")["languages"]
    assert [(line["language"], line["rows"]) for line in told] == [("en", 1), ("und", 1), ("zh", 1)]
    assert "Languages of the answers" in (out / "report.html").read_text(encoding="utf-8")
    again = run(Run(load(recipe), recipe.parent, out, 1))
    assert again["stages"][0]["fingerprint"] == first["stages"][0]["fingerprint"]
    path = recipe.parent / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"It"', '"Is"'), encoding="utf-8")
    from buckets import tokens

    tokens.load.cache_clear()  # another process would have read it anew
    other = run(Run(load(recipe), recipe.parent, out, 1))
    assert other["stages"][0]["fingerprint"] != first["stages"][0]["fingerprint"]


def test_off_leaves_no_languages_and_a_wrong_name_is_a_sentence(recipe: Path) -> None:
    out = recipe.parent / "out"
    run(Run(load(recipe, ["read.language=null", "read.tokenizer=null"]), recipe.parent, out, 1))
    assert read_json(out / "report.json")["languages"] == []
    (recipe.parent / "bad").mkdir()
    with pytest.raises(RecipeError, match=r"holds no tokenizer\.json"):
        load(recipe, ["read.tokenizer=bad"])
    with pytest.raises(RecipeError, match=r"read\.language"):
        load(recipe, ["read.language=latin"])
