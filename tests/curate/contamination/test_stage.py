"""The stage on the road: falls with witness, hits beside them, resumed and independent of workers; recipe mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from buckets import RecipeError, read_json
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from curate.report.build import build
from curate.report.page import render

ITEM = "A farmer has 12 cows and buys 30 more at the fair. How many cows does the farmer have in all?"
RECIPE = """
read: {shard_rows: 2, sources: [{name: a, files: [raw.jsonl], licence: MIT}]}
bucket:
decontaminate:
  items: [items.jsonl]
  evals: [{name: gsm, files: [gsm.jsonl]}]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    texts = [
        ITEM,
        ITEM.replace("12", "15"),
        "Name a fruit that is <b>red</b>.",
        f"Please help.\n{ITEM}",
        "Who wrote Faust?",
    ]
    rows = [{"instruction": text, "input": "", "output": "An answer."} for text in texts]
    (tmp_path / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "gsm.jsonl").write_text(json.dumps({"question": ITEM, "answer": "#### 42"}) + "\n")
    ours = {
        "id": "o1",
        "bucket": "domain_qa",
        "split": "dev",
        "messages": [{"role": "user", "content": "Who wrote Faust?"}],
    }
    (tmp_path / "items.jsonl").write_text(json.dumps(ours) + "\n")
    (tmp_path / "r.yaml").write_text(RECIPE)
    return tmp_path / "r.yaml"


def walk(recipe: Path, out: Path, workers: int) -> pl.DataFrame:
    run(Run(load(recipe), recipe.parent, out, workers), until="decontaminate")
    return pl.read_parquet(out / "contamination.parquet")


def test_verbatim_falls_template_stays_and_both_are_hits(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    found = walk(recipe, out, 1)
    assert found["class"].to_list() == ["verbatim", "template-only", "verbatim", "verbatim"]
    ledger = pl.read_parquet(out / "ledger.parquet")
    assert ledger["witness"].to_list() == ["gsm:test/0".replace("test", "gsm"), "gsm:gsm/0", "o1"]
    assert ledger["rule"].to_list() == ["verbatim"] * 3
    notes = next(line for line in read_json(out / "run.json")["stages"] if line["stage"] == "decontaminate")["notes"]
    assert notes["items"] == 2
    assert {"set": "gsm", "class": "template-only", "rows": 1, "items": 1} in notes["hits"]


def test_the_outcome_does_not_depend_on_workers_and_resumes(recipe: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    walk(recipe, one, 1)
    walk(recipe, two, 2)
    assert (one / "contamination.parquet").read_bytes() == (two / "contamination.parquet").read_bytes()
    (shard,) = [path for path in two.glob("stages/decontaminate-*/*.kept.parquet") if "000001" in path.name]
    manifest = shard.parent / "manifest.json"
    shard.unlink()
    manifest.unlink()
    walk(recipe, two, 1)
    assert (one / "contamination.parquet").read_bytes() == (two / "contamination.parquet").read_bytes()


def test_a_changed_eval_file_is_compared_anew_and_a_recipe_without_it_leaves_no_hits(
    recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    walk(recipe, out, 1)
    (tmp_path / "gsm.jsonl").write_text(json.dumps({"question": "Something else entirely?", "answer": "#### 1"}) + "\n")
    assert walk(recipe, out, 1)["item"].to_list() == ["o1"]
    recipe.write_text(RECIPE.split("decontaminate")[0])
    run(Run(load(recipe), recipe.parent, out, 1), until="bucket")
    assert not (out / "contamination.parquet").exists()


def test_the_report_shows_hits_escaped(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "gsm.jsonl").write_text(
        json.dumps({"question": "Name a fruit that is <b>red</b>.", "answer": "#### 1"}) + "\n"
    )
    out = tmp_path / "run"
    walk(recipe, out, 1)
    report = build(out)
    assert report.contamination is not None
    assert report.contamination.compared == 2
    text = render(report)
    assert 'id="contamination"' in text
    assert "<b>red</b>" not in text


@pytest.mark.parametrize(
    ("table", "piece"),
    [
        ("{}", "needs items: or evals:"),
        ("{evals: [{name: g, files: [gsm.jsonl], reader: gsm8}]}", "did you mean 'gsm8k'?"),
        ("{evals: [{name: g, files: [none.jsonl]}]}", "matches no file"),
        ("{evals: [{name: g, files: [gsm.jsonl]}, {name: g, files: [gsm.jsonl]}]}", "used twice"),
        ("{evals: [{name: g, files: [gsm.jsonl], mapping: {promt: x}}]}", "did you mean 'prompt'?"),
    ],
)
def test_mistakes_in_the_table_are_sentences(recipe: Path, table: str, piece: str) -> None:
    recipe.write_text(RECIPE.split("decontaminate")[0] + f"decontaminate: {table}\n")
    with pytest.raises(RecipeError) as caught:
        load(recipe)
    assert piece in str(caught.value)
