"""`curate confirm` and `curate gains` on a run folder. The trials are planted, not trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from ablation.simulate import Noise, Plan, planted, simulate
from buckets import InputError, RecipeError, RefusedError, read_frame, read_json, write_frame, write_json
from curate.closing import closing
from curate.gains import filters_part, filters_text
from curate.job import Run
from curate.pipeline import run
from curate.putback import dropped_rows, survivors
from curate.recipe import load
from curate.report import render
from curate.report.build import build
from curate.stored import stored_recipe
from curate.verbs import app
from tests.curate.conftest import write_world

BUCKETS = ("general_instruction", "math_reasoning")
TOKENS = {"general_instruction": 4000, "math_reasoning": 900}


class Campaign:
    """Stands for trials: an ablation with rule arms, or mixtures whose proposal is `lead` better."""

    def __init__(self, lead: float = 0.2) -> None:
        self.lead, self.asked = lead, list[dict[str, Any]]()

    def __call__(self, settings: Any, _pool: Any, _items: Any, folder: Path, **given: Any) -> dict[str, Any]:
        self.asked.append({"settings": settings, **given})
        mixtures = given.get("mixtures")
        if mixtures:
            means = {f"mix:{name}": 0.4 + self.lead * (name == "proposal") for name in mixtures}
            kind = "mixture"
            scores = simulate(Plan({b: {"base": 0.1, **means} for b in BUCKETS}, {"dev": 48}), Noise(), 4)
            arm_tokens = {f"mix:{name}": dict(tokens) for name, tokens in mixtures.items()}
        else:
            kind = "rule"
            arms = planted({"general_instruction": "growing", "math_reasoning": "saturated"})
            means = {b: {**arms.means[b], "random:dedup": 0.3} for b in BUCKETS}
            scores = simulate(Plan(means, arms.prompts), Noise(), 3)
            arm_tokens = {"full": TOKENS}
        special = pl.col("arm").str.contains("^(mix|random):")
        scores = scores.with_columns(
            kind=pl.when(special).then(pl.lit(kind)).otherwise("kind"),
            left_out=pl.when(special).then(None).otherwise("left_out"),
        )
        folder.mkdir(parents=True, exist_ok=True)
        write_frame(folder / "scores.parquet", scores)
        line = {"rows": 50, "left_out": True, "items": {"dev": 48}, "mde": 0.1}
        plan = {
            "trials": 12, "seeds": list(settings.seeds), "tokens": 9000, "processed_tokens": 20000, "flops": 1e12,
            "parameters": 4000, "buckets": {b: line | {"trained_tokens": n} for b, n in TOKENS.items()},
            "available_tokens": TOKENS, "usable_tokens": TOKENS, "skipped": {}, "arm_tokens": arm_tokens,
        }  # fmt: skip
        write_json(folder / "plan.json", plan)
        return {"plan": plan, "status": {"ok": 12}, "base": {"conversations": 9, "withheld": 3}, "grading": {}}


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    stands = Campaign()
    monkeypatch.setattr("curate.later.campaign", stands)
    monkeypatch.setattr("curate.confirm.campaign", stands)
    return stands


@pytest.fixture
def out(tmp_path: Path, trials: Campaign) -> Path:
    path = write_world(tmp_path / "world", rows=40)
    ablate = {"model": {"corpus": ["raw/alpaca.json"]}, "holdout": 0.2, "metric": "nll", "rules": ["dedup"]}
    decide = {"margin": 0.05, "metric": "pass@1", "draws": 20}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"ablate": ablate, "decide": decide}))
    run(Run(load(path), path.parent, tmp_path / "run", 1))
    return tmp_path / "run"


def again(out: Path, verb: str, *changes: str) -> dict[str, Any]:
    recipe, base = stored_recipe(out, changes)
    return run(Run(recipe, base, out, 1), only=verb)


def test_until_it_is_confirmed_a_mixture_is_a_proposal_everywhere(out: Path) -> None:
    assert read_json(out / "mixture.json")["status"] == "proposal"
    assert "a proposal: it has not been trained" in (out / "export/README.md").read_text()
    assert "This is a proposal" in (out / "report.html").read_text()
    assert "curate confirm" in (out / "report.html").read_text()
    assert "Mixture (proposal" in closing(read_json(out / "run.json"), out)


def test_a_confirmed_mixture_is_called_so_everywhere(out: Path, trials: Campaign) -> None:
    entry = again(out, "confirm")
    found = read_json(out / "confirmation.json")
    assert found["status"] == read_json(out / "mixture.json")["status"] == "confirmed"
    assert entry["confirmation"]["status"] == "confirmed"
    asked = trials.asked[-1]
    assert not set(asked["settings"].seeds) & {1, 2, 3}
    assert len({sum(tokens.values()) // 10 for tokens in asked["mixtures"].values()}) <= 2  # equal but for rounding
    assert "is confirmed: trained afresh" in (out / "export/README.md").read_text()
    assert read_json(out / "export/mixture.json")["status"] == "confirmed"
    assert read_json(out / "export/confirmation.json") == found
    page = (out / "report.html").read_text()
    assert "Better than every baseline" in page
    assert "This is a proposal" not in page
    assert "Mixture: confirmed." in closing(entry, out)


def test_what_is_not_shown_better_is_not_called_confirmed(out: Path, trials: Campaign) -> None:
    trials.lead = 0.0
    again(out, "confirm")
    assert read_json(out / "mixture.json")["status"] == "not shown better"
    assert "not shown better than the baselines" in (out / "export/README.md").read_text()
    assert "<strong>not shown better</strong>" in (out / "report.html").read_text()


def test_the_same_command_resumes_and_another_attempt_has_other_seeds(out: Path, trials: Campaign) -> None:
    again(out, "confirm")
    first = trials.asked[-1]["settings"].seeds
    again(out, "confirm")
    assert trials.asked[-1]["settings"].seeds == first
    again(out, "confirm", "confirm.seeds=4")
    assert not set(trials.asked[-1]["settings"].seeds) & {*first, 1, 2, 3}
    found = read_json(out / "confirmation.json")
    assert found["attempt"] == 2
    assert any("attempt 2" in note for note in found["notes"])


def test_a_confirmation_goes_with_the_verdict_it_belongs_to(out: Path) -> None:
    again(out, "confirm")
    again(out, "decide")
    assert read_json(out / "mixture.json")["status"] == "confirmed"  # the same mixture from the same campaign
    again(out, "decide", "decide.budget_tokens=3000")
    assert read_json(out / "mixture.json")["status"] == "proposal"
    assert not (out / "confirmation.json").exists()
    assert build(out).confirmation is None


def test_tokens_that_the_rows_cannot_give_are_refused(out: Path, trials: Campaign) -> None:
    with pytest.raises(RefusedError, match=r"set confirm\.tokens lower"):
        again(out, "confirm", "confirm.tokens=1000000")
    again(out, "confirm", "confirm.tokens=2000")
    assert any("trained on 2,000 tokens" in note for note in read_json(out / "confirmation.json")["notes"])


def test_the_verb_says_the_cost_before_and_the_difference_after(out: Path) -> None:
    answer = CliRunner().invoke(app, ["confirm", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "fresh seeds = 12 trials" in answer.stderr
    assert "proposal - proportional" in answer.stdout
    assert json.loads(CliRunner().invoke(app, ["confirm", str(out), "--json"]).stdout)["status"] == "confirmed"


def test_without_a_mixture_there_is_nothing_to_confirm(tmp_path: Path) -> None:
    path = write_world(tmp_path / "world", rows=40)
    run(Run(load(path), path.parent, tmp_path / "run", 1))
    with pytest.raises(InputError, match="no `ablate:` table"):
        again(tmp_path / "run", "confirm")


def test_the_dropped_rows_go_to_the_trials_whole(out: Path, trials: Campaign) -> None:
    given = trials.asked[0]["dropped"]["dedup"]
    ledger = read_frame(out / "ledger.parquet").filter(stage="dedup")
    assert sorted(given["id"]) == sorted(ledger["id"])
    assert given["witness"].null_count() == 0
    assert given["messages"].list.len().min() == 2
    recipe, base = stored_recipe(out, ())
    entry = read_json(out / "run.json")
    by_rule = dropped_rows(Run(recipe, base, out, 1), entry, ["exact_duplicate", "dedup"], ["id", "bucket"])
    assert by_rule["exact_duplicate"].height <= by_rule["dedup"].height
    with pytest.raises(InputError, match="did you mean 'exact_duplicate'"):
        dropped_rows(Run(recipe, base, out, 1), entry, ["exact_duplicates"], ["id", "bucket"])


def test_a_duplicate_goes_with_the_row_that_stands_in_the_end() -> None:
    """a fell to b, b to c in a later stage; were c held out and a put back, the answer to c would be trained on."""
    fell = pl.DataFrame({"id": ["a", "b", "d", "x", "y"], "witness": ["b", "c", None, "y", "x"]})
    assert survivors(fell, ["b", "c", None, "d", "y"]).to_list() == ["c", "c", None, "d", "y"]


def test_the_gain_ledger_stands_on_the_page_and_in_the_terminal(out: Path) -> None:
    lines = filters_part(out)
    assert lines[0].rule == "dedup"
    assert lines[0].word == "shown to help"  # 0.6 against 0.3 is planted
    ledger = read_frame(out / "ledger.parquet").filter(fate="dropped")
    assert lines[0].dropped == ledger.filter(stage="dedup").height
    assert {line.rule: line.dropped for line in lines[1:]} == dict(
        ledger.group_by("rule").len().filter(pl.col("rule") != "").iter_rows()
    )
    assert all(line.word == "not measured" for line in lines[1:])
    answer = CliRunner().invoke(app, ["gains", str(out)])
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.strip() == filters_text(lines)
    assert "Shown to help" in answer.stdout
    assert "What each filter buys" in render(build(out))


def test_a_rule_on_trial_that_dropped_nothing_is_said(out: Path) -> None:
    stored = read_json(out / "recipe.json")
    stored["recipe"]["ablate"]["rules"] = ["dedup", "balance"]
    write_json(out / "recipe.json", stored)
    (line,) = (line for line in filters_part(out) if line.rule == "balance")
    assert (line.word, line.dropped) == ("not measured", 0)
    assert "no row that can be trained on" in line.why
    assert line.why in filters_text(filters_part(out))


def test_false_drops_are_counted_against_labels(out: Path) -> None:
    """Of the rows that fell to dedup, the labels call one clean and one a duplicate."""
    stored = read_json(out / "recipe.json")
    base = (out / stored["base"]).resolve()
    fell = read_frame(out / "ledger.parquet").filter(stage="dedup").head(2)["origin"].to_list()
    of = {"file": "elsewhere", "row": 0}
    truth = [{**fell[0], "fault": None}, {**fell[1], "fault": "exact_duplicate", "of": of}]
    (base / "truth.jsonl").write_text("\n".join(map(json.dumps, truth)))
    write_json(out / "recipe.json", stored | {"recipe": stored["recipe"] | {"truth": "truth.jsonl"}})
    line = filters_part(out)[0]
    assert (line.labelled, line.false_drops) == (2, 1)
    assert line.false_rate is not None
    assert line.false_rate[0] == 0.5
    assert line.false_rate[1] < 0.1  # two labels say little
    assert line.false_rate[2] > 0.9


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("decontaminate", "recall would be scored as a gain"),
        ("semantic", "is off"),
        ("read", "drops no row by a rule"),
        ("no such rule", "is no name of a rule"),
    ],
)
def test_what_cannot_be_put_on_trial_is_said_before_anything_runs(tmp_path: Path, rule: str, why: str) -> None:
    path = write_world(tmp_path / "world", rows=40)
    ablate = {"model": {"corpus": ["raw/alpaca.json"]}, "holdout": 0.2, "metric": "nll", "rules": [rule]}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"ablate": ablate}))
    with pytest.raises(RecipeError, match=why):
        load(path)
