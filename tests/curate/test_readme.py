"""The README as a new user follows it: its recipes are read from the page and run on a file of one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from buckets import RecipeError
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """An empty folder with the user's file and the README's recipe beside it."""
    turns = [
        ("user", "How do I wash car {}?"),
        ("assistant", "With soap, water and a sponge; car {} dries in the sun."),
    ]
    rows = [{"messages": [{"role": role, "content": text.format(n)} for role, text in turns]} for n in range(60)]
    (tmp_path / "my_data.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "my.yaml").write_text(_yaml()[0])
    return tmp_path / "my.yaml"


def _yaml() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)


def test_the_first_recipe_cleans_and_exports(mine: Path) -> None:
    out = mine.parent / "runs" / "mine"
    entry = run(Run(load(mine), mine.parent, out, 1))
    assert entry["stages"][0]["counts"]["kept"] == 60
    for name in ("report.html", "ledger.parquet", "export/data/curated.messages.jsonl"):
        assert (out / name).exists(), name


def test_the_ablation_added_to_it_is_complete(mine: Path) -> None:
    mine.write_text("\n".join(_yaml()))
    recipe = load(mine)
    assert recipe.ablate is not None
    assert recipe.ablate.metric == "nll"


def test_what_would_stop_the_ablation_is_said_before_anything_runs(mine: Path) -> None:
    table = yaml.safe_load(mine.read_text())
    for ablate, wanted in (
        ({"holdout": 0.1, "metric": "nll"}, "ablate.model.corpus"),
        ({"model": {"path": "nowhere"}, "holdout": 0.1, "metric": "nll"}, "no config.json"),
        ({"model": {"corpus": ["my_data.jsonl"]}, "holdout": 0.1}, "pass@1 needs items"),
        ({"model": {"corpus": ["my_data.jsonl"]}}, "nothing to score on"),
    ):
        mine.write_text(yaml.safe_dump(table | {"ablate": ablate}))
        with pytest.raises(RecipeError, match=wanted):
            load(mine)
