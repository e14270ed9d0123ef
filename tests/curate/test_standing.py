"""A verdict stands beside its own data, trials and margins, or not at all. The trials are planted, not trained."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ablation.simulate import planted, simulate
from buckets import read_json, write_frame, write_json
from curate.closing import closing
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from curate.stored import stored_recipe
from tests.curate.conftest import write_world

VERDICT = ("analysis.json", "decision.json", "mixture.json")
TRAINED = {"general_instruction": 700, "math_reasoning": 90}
AVAILABLE = {"general_instruction": 4000, "math_reasoning": 90}
SKIPPED = {"longer_than_context": 7, "special_token_in_text": 2}


def bucket_plan(tokens: int) -> dict[str, Any]:
    return {"rows": 50, "trained_tokens": tokens, "left_out": True, "items": {"dev": 48}, "mde": 0.1}


PLAN = {
    "trials": 12,
    "seeds": [0, 1, 2],
    "tokens": 9000,
    "flops": 1e12,
    "parameters": 4000,
    "buckets": {bucket: bucket_plan(tokens) for bucket, tokens in TRAINED.items()},
    "available_tokens": AVAILABLE,
    "skipped": SKIPPED,
}


class Campaign:
    """Stands for the trials: scores that depend on nothing, and how often they were asked for."""

    def __init__(self) -> None:
        self.calls = 0
        self.status = {"ok": 12}

    def __call__(self, *about: Any, **_: Any) -> dict[str, Any]:
        self.calls += 1
        folder: Path = about[3]
        scores = simulate(planted({"general_instruction": "growing", "math_reasoning": "saturated"}), seed=3)
        write_frame(folder / "scores.parquet", scores)
        write_json(folder / "plan.json", PLAN)
        base = {"conversations": 90, "withheld": 30}
        return {
            "scores": str(folder / "scores.parquet"),
            "plan": PLAN,
            "status": self.status,
            "base": base,
            "grading": {},
        }


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    planted_trials = Campaign()
    monkeypatch.setattr("curate.later.campaign", planted_trials)
    return planted_trials


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return write_world(tmp_path / "world", rows=40)


@pytest.fixture
def ablated(world: Path) -> Path:
    """The world's recipe with an ablation, beside the one without."""
    ablate = {"model": {"corpus": ["raw/alpaca.json"]}, "holdout": 0.2, "metric": "nll"}
    recipe = yaml.safe_load(world.read_text()) | {
        "ablate": ablate,
        "decide": {"margin": 0.05, "metric": "pass@1", "draws": 20},
    }
    path = world.with_name("ablated.yaml")
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


def walk(recipe: Path, out: Path, *changes: str, **how: Any) -> dict[str, Any]:
    return run(Run(load(recipe, changes), recipe.parent, out, 1), **how)


def again(out: Path, verb: str, *changes: str) -> dict[str, Any]:
    recipe, base = stored_recipe(out, changes)
    return run(Run(recipe, base, out, 1), only=verb)


def page(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_json(out / "report.json")
    return found


def exported(out: Path) -> dict[str, str]:
    files = sorted(path for path in (out / "export").rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_verdict_is_on_the_page_in_the_dataset_and_in_the_closing_lines(
    ablated: Path, tmp_path: Path, trials: Campaign
) -> None:
    entry = walk(ablated, tmp_path / "run")
    assert page(tmp_path / "run")["decision"]["headline"]
    told = closing(entry, tmp_path / "run")
    assert all(f"\n{word}: " in told for word in ("Verdict", "Next", "Boundary", "Checkpoint"))
    decision = read_json(tmp_path / "run/decision.json")
    assert ("\nTo be surer: " in told) == (decision["boundary"]["cheapest"] != decision["next"])
    assert "seen: " in told
    assert {"export/decision.json", "export/mixture.json"} <= set(exported(tmp_path / "run"))
    assert entry["ablation"]["data"] == entry["stages"][-1]["fingerprint"]
    assert read_json(tmp_path / "run/analysis.json")["of"]["ablate"] == entry["ablation"]["fingerprint"]
    walk(ablated, tmp_path / "run")
    assert trials.calls == 1


def test_a_recipe_without_trials_gives_the_bytes_that_it_gives_in_an_empty_folder(
    world: Path, ablated: Path, tmp_path: Path, trials: Campaign
) -> None:
    out = tmp_path / "run"
    walk(ablated, out)
    entry = walk(world, out)
    walk(world, tmp_path / "fresh")
    assert exported(out) == exported(tmp_path / "fresh")
    assert not any((out / name).exists() for name in VERDICT)
    assert page(out)["decision"] is page(out)["ablation"] is page(out)["mixture"] is None
    assert "Verdict" not in closing(entry, out)
    assert "ablation" not in read_json(out / "run.json")


def test_without_a_decide_table_the_trials_stay_and_the_verdict_goes(
    ablated: Path, tmp_path: Path, trials: Campaign
) -> None:
    out = tmp_path / "run"
    walk(ablated, out)
    raw = yaml.safe_load(ablated.read_text())
    del raw["decide"]
    ablated.write_text(yaml.safe_dump(raw))
    walk(ablated, out)
    assert trials.calls == 1
    assert page(out)["decision"] is None
    assert page(out)["ablation"]["plan"]["trials"] == 12
    assert "no `decide:` table" in page(out)["absent"]["verdict"]
    assert "export/decision.json" not in exported(out)


@pytest.mark.parametrize("change", ["balance.max_rows=20", "ablate.holdout=0.3", "decide.margin=0.3"])
def test_what_was_said_of_other_data_trials_or_margins_goes(
    ablated: Path, tmp_path: Path, trials: Campaign, change: str
) -> None:
    out = tmp_path / "run"
    walk(ablated, out)
    walk(ablated, out, change, until="balance")
    assert not any((out / name).exists() for name in VERDICT)
    again(out, "report")
    assert page(out)["decision"] is None
    assert "run `curate" in page(out)["absent"]["verdict"]
    again(out, "export")
    assert "export/decision.json" not in exported(out)


def test_decide_again_reaches_the_page_and_the_dataset(ablated: Path, tmp_path: Path, trials: Campaign) -> None:
    out = tmp_path / "run"
    walk(ablated, out)
    before = (out / "decision.json").read_bytes()
    again(out, "decide", "decide.margin=0.4")
    assert (out / "decision.json").read_bytes() != before
    assert (out / "export/decision.json").read_bytes() == (out / "decision.json").read_bytes()
    assert page(out)["decision"]["headline"] == read_json(out / "decision.json")["headline"]
    walk(ablated, tmp_path / "fresh", "decide.margin=0.4")
    assert exported(out) == exported(tmp_path / "fresh")
    shutil.rmtree(out / "export")
    again(out, "decide", "decide.margin=0.05")
    assert (out / "decision.json").read_bytes() == before
    assert not (out / "export").exists()  # a dataset that nobody asked for is not written


def test_curves_and_mixture_count_what_was_trained_in_the_tokens_of_the_model(
    ablated: Path, tmp_path: Path, trials: Campaign
) -> None:
    walk(ablated, tmp_path / "run")
    analysis = read_json(tmp_path / "run/analysis.json")
    for curve in analysis["curves"]:
        full = next(point for point in curve["points"] if point["arm"] == "full")
        assert full["tokens"] == TRAINED[curve["bucket"]]
    weights = {weight["bucket"]: weight["available_tokens"] for weight in analysis["mixture"]["weights"]}
    assert weights == AVAILABLE
    assert any("ablated model's own tokenizer" in note for note in analysis["mixture"]["notes"])


def test_a_bucket_that_the_model_cannot_hold_is_named(
    ablated: Path, tmp_path: Path, trials: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLAN, "available_tokens", {"general_instruction": 4000})
    walk(ablated, tmp_path / "run")
    notes = read_json(tmp_path / "run/mixture.json")["notes"]
    assert any(note.startswith("math_reasoning has no share") for note in notes)


def test_trials_that_failed_are_tried_again_and_timeouts_once_there_is_more_time(
    ablated: Path, tmp_path: Path, trials: Campaign
) -> None:
    out = tmp_path / "run"
    trials.status = {"ok": 11, "timeout": 1}
    walk(ablated, out)
    walk(ablated, out, "ablate.workers=1")
    walk(ablated, out, "ablate.timeout_minutes=30")
    assert trials.calls == 1
    trials.status = {"ok": 11, "oom": 1}
    walk(ablated, out, "ablate.timeout_minutes=90")
    walk(ablated, out)
    assert trials.calls == 3
    trials.status = {"ok": 12}
    walk(ablated, out)
    walk(ablated, out)
    assert trials.calls == 4


def test_rows_not_trained_on_and_items_not_kept_out_are_warnings(
    ablated: Path, tmp_path: Path, trials: Campaign, item_file: Callable[..., Path]
) -> None:
    out = tmp_path / "run"
    path = item_file()
    walk(ablated, out, f"ablate.items=[{path}]")
    found = "\n".join(page(out)["warnings"])
    assert "7 kept rows are longer than the ablated model's context" in found
    assert "Eval items of 1 files were not kept out of the training data" in found
    assert "add `decontaminate:`" in found
    assert "30 more in its corpus" in "\n".join(page(out)["ablation"]["plan"]["notes"])
    walk(ablated, out, f"ablate.items=[{path}]", f"decontaminate.items=[{path.parent}/*.jsonl]")
    assert "kept out" not in "\n".join(page(out)["warnings"])
