"""The judge on the road: scores into meta, unscored rows quarantined, no call twice, and no drop without a licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

pytest.importorskip("openai", reason="the judge extra is not installed")

from buckets import IncompleteError, RecipeError, RefusedError, read_frame, read_json
from curate.gains import filters_part
from curate.job import Run
from curate.pipeline import run
from curate.putback import dropped_rows
from curate.recipe import load
from curate.report import render
from curate.report.build import build
from curate.survivor import facts
from curate.verbs import app
from tests.verifiers.judge_server import Body, JudgeServer

ROWS = 240


def recipe(folder: Path, url: str, **changes: Any) -> Path:
    """Rows whose answers name the grade that the server will give."""
    rows = [
        {"messages": [{"role": "user", "content": f"Question {n} of the old town, please?"},
                      {"role": "assistant", "content": f"Answer {n} is this one, GRADE{(2, 5, 4)[n % 3]}"}],
         "judge_score": 99}
        for n in range(ROWS)
    ]  # fmt: skip
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    how = {"base_url": url, "model": "m", "cap_usd": 5, "input_usd": 1, "output_usd": 1, "max_tokens": 20}
    how |= {"attempts": 2, "backoff_s": 0.01, "give_up_after": 1000, **changes.pop("endpoint", {})}
    table = {
        "read": {"sources": [{"name": "s", "files": ["rows.jsonl"]}], "shard_rows": 50},
        "judge": {"endpoint": how, **changes},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(table), encoding="utf-8")
    return path


def walk(path: Path, out: Path, **how: Any) -> dict[str, Any]:
    return run(Run(load(path), path.parent, out, 1), **how)


def kept(out: Path) -> pl.DataFrame:
    folder = out / read_json(out / "run.json")["data"]
    return pl.concat([read_frame(path) for path in sorted(folder.glob("*.kept.parquet"))])


def test_scores_stand_in_meta_failures_in_quarantine_and_no_call_is_made_twice(tmp_path: Path) -> None:
    def plan(body: Body, _n: int) -> str:
        text = body["messages"][-1]["content"]
        return "refusal" if "Question 3 " in text else "500" if "Question 7 " in text else "ok"

    server = JudgeServer(plan)
    with server.running() as url:
        path, out = recipe(tmp_path, url), tmp_path / "out"
        entry = walk(path, out)
        line = entry["stages"][-1]
        assert line["counts"] == {"rows_in": ROWS, "kept": ROWS - 2, "dropped": 0, "quarantined": 2}
        assert line["notes"]["verdicts"] == {"abstain": 2, "fail": 79, "pass": 159}
        assert 0 < line["notes"]["spent_usd"] < 5
        hits = len(server.hits)
        assert hits == ROWS + 1
        rows = kept(out)
        metas = [json.loads(text) for text in rows["meta"]]
        for meta, content in zip(metas, rows["messages"].list.last().struct.field("content"), strict=True):
            assert meta["judge_score"] == int(content[-1])
            assert meta["judge_pass"] == (int(content[-1]) >= 4)
        assert facts(rows)["judge"].to_list() == [meta["judge_score"] for meta in metas]  # what dedup.survivor reads
        fallen = read_frame(out / "ledger.parquet")
        assert fallen.select("fate", "stage", "rule").unique().rows() == [("quarantined", "judge", "unscored")]
        assert any("refusal" in reason for reason in fallen["reason"])
        assert read_json(out / "judge_forecast.json")["calls"] == ROWS
        walk(path, out)
        assert len(server.hits) == hits
        page = build(out).judged
        assert page is not None
        assert (page.action, page.passed, page.failed, page.unscored, page.dropped) == ("score", 159, 79, 2, 0)
        assert sum(line.count for line in page.reasons) == 2
        assert {line.grade: line.rows for line in page.grades} == {2.0: 79, 4.0: 80, 5.0: 79}
        assert page.spent_usd == line["notes"]["spent_usd"] < page.cap_usd == 5
        assert page.allowance is None
        assert {example.outcome for example in page.examples} == {"fail", "unscored"}
        assert all("Question" in example.excerpt for example in page.examples)
        assert "its grades are an opinion" in render(build(out))
        for folder in (out / "stages").glob("judge-*"):
            (folder / "manifest.json").unlink()
            for shard in folder.glob("*.kept.parquet"):
                shard.unlink()
        walk(path, out)
        assert len(server.hits) == hits + 2  # the lost call again, twice; nothing that was paid for


def test_the_recommended_way_to_a_judge_that_drops(tmp_path: Path) -> None:
    server = JudgeServer("ok")
    with server.running() as url:
        path, out = recipe(tmp_path, url), tmp_path / "out"
        walk(path, out)
        calls = len(server.hits)
        said = read_frame(out / "judge.parquet")
        assert set(said["outcome"]) == {"pass", "fail"}
        labels = [
            {"id": id, "label": "bad" if outcome == "fail" else "good"}
            for id, outcome in said[["id", "outcome"]].rows()
        ]
        labels[0]["label"] = "good"  # one slip
        for count, allowed in ((30, False), (ROWS, True)):
            (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labels[:count])), encoding="utf-8")
            shown = ["agreement", str(tmp_path / "labels.jsonl"), "--run", str(out), "--out", str(tmp_path / "a.json")]
            done = CliRunner().invoke(app, [*shown, "--json"])
            assert done.exit_code == 0, done.output
            assert bool(json.loads(done.stdout)["shortfalls"]) is not allowed
            recipe(tmp_path, url, action="drop", agreement="a.json")
            if not allowed:
                with pytest.raises(RecipeError, match="precision of its FAILs"):
                    load(path)
        assert "enough to drop rows at this level" in CliRunner().invoke(app, shown).stdout
        entry = walk(path, out)
        assert entry["stages"][-1]["counts"] == {"rows_in": ROWS, "kept": 160, "dropped": 80, "quarantined": 0}
        assert len(server.hits) == calls
        page = build(out).judged
        assert page is not None
        assert page.dropped == page.failed == 80
        assert page.allowance is not None
        assert (page.allowance.labelled, page.allowance.shortfalls) == (ROWS, ())
        assert "it may drop rows" in render(build(out))
        back = dropped_rows(Run(load(path), path.parent, out, 1), entry, ["judge"], ["id", "messages"])["judge"]
        assert sorted(back["id"]) == sorted(said.filter(outcome="fail")["id"])
        assert back["messages"].list.last().struct.field("content").str.ends_with("GRADE2").all()
        assert [(line.stage, line.rule, line.dropped) for line in filters_part(out)] == [("judge", "judge", 80)]
        measured = json.loads(CliRunner().invoke(app, [*shown, "--json"]).stdout)
        assert [(r["rule"], r["labelled"], r["good"]) for r in measured["rules"]] == [("judge", 80, 1)]
        for change in ({"pass_at": 5}, {"endpoint": {"model": "other"}}, {"least_precision": 0.99}):
            recipe(tmp_path, url, action="drop", agreement="a.json", **change)
            with pytest.raises(RecipeError, match=r"judge\.agreement"):
                load(path)


def test_only_a_judge_that_drops_can_be_put_on_trial(tmp_path: Path) -> None:
    table = yaml.safe_load(recipe(tmp_path, "http://127.0.0.1:9/v1").read_text(encoding="utf-8"))
    table |= {"bucket": None, "ablate": {"rules": ["judge"], "holdout": 0.1, "metric": "nll", "model": {"corpus": []}}}
    path = tmp_path / "trial.yaml"
    path.write_text(yaml.safe_dump(table), encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert any("the judge only scores" in mistake for mistake in caught.value.mistakes)
    with pytest.raises(RecipeError) as caught:
        load(path, ["judge.action=drop"])
    assert not any("ablate.rules" in mistake for mistake in caught.value.mistakes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"action": "drop"}, "only after agreement with people was shown"),
        ({"action": "drop", "agreement": "none.json"}, "no such file"),
        ({"rubric": "anser_quality"}, "no rubric"),
        ({"rubric": "better_answer"}, "compares pairs"),
        ({"pass_at": 1}, "judge.pass_at: must be above 1"),
        ({"endpoint": {"votes": 3}}, "one vote"),
        ({"endpoint": {"cap_usd": -1}}, "cap_usd"),
        ({"endpoint": {"concurency": 3}}, "did you mean 'concurrency'"),
    ],
)  # fmt: skip
def test_mistakes_are_sentences(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        load(recipe(tmp_path, "http://127.0.0.1:9/v1", **changes))
    assert said in "\n".join(caught.value.mistakes)


def test_an_agreement_file_of_another_make_is_no_licence(tmp_path: Path) -> None:
    for text in ("{}", "[]", "{", '{"judge": "x", "pass_at": 4, "counts": {"true_fail": -1}}'):
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        with pytest.raises(RecipeError, match="not written by"):
            load(recipe(tmp_path, "http://127.0.0.1:9/v1", action="drop", agreement="a.json"))


def test_a_cap_that_cannot_pay_is_refused_before_the_first_call_and_one_that_runs_out_quarantines(
    tmp_path: Path,
) -> None:
    server = JudgeServer("ok")
    with server.running() as url:
        with pytest.raises(RefusedError, match="not enough"):
            walk(recipe(tmp_path, url, endpoint={"cap_usd": 0.01}), tmp_path / "out")
        assert not server.hits
        assert read_json(tmp_path / "out" / "judge_forecast.json")["calls"] == ROWS
        entry = walk(recipe(tmp_path, url, endpoint={"cap_usd": 0.2}), tmp_path / "out")
    line = entry["stages"][-1]
    assert line["counts"]["quarantined"] > 0
    assert line["counts"]["kept"] > 0
    assert line["notes"]["spent_usd"] <= 0.2
    assert all("cap_reached" in reason for reason in line["notes"]["unscored"])


def test_check_says_what_it_would_cost_before_anything_runs(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(recipe(tmp_path, "http://127.0.0.1:9/v1"))])
    assert done.exit_code == 0, done.output
    assert f"judge: {ROWS} calls to make, 0 in the ledger" in done.stdout
    assert "of the cap of $5.00" in done.stdout
    assert not (tmp_path / "out").exists()


def test_an_endpoint_that_is_down_decides_nothing(tmp_path: Path) -> None:
    server = JudgeServer("503")
    with server.running() as url:
        path = recipe(tmp_path, url, endpoint={"give_up_after": 5, "attempts": 1})
        with pytest.raises(IncompleteError, match="down"):
            walk(path, tmp_path / "out")
        assert not list((tmp_path / "out" / "stages").glob("judge-*/*.kept.parquet"))
        server.plan = "ok"
        assert walk(path, tmp_path / "out")["stages"][-1]["counts"]["kept"] == ROWS
