"""Rule arms and designed mixtures trained for real, on the smallest model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ablation import AblationSettings, campaign, rule_gains
from ablation.holdout import hold_out
from buckets import Draft, EvalItem, Message, frame_of, read_json, row_of
from verifiers import Verdict, failed, passed


@dataclass(frozen=True)
class Graded:
    parsed: bool
    verdict: Verdict
    canonical: str


def exact(item: EvalItem, reply: str) -> Graded:
    return Graded(bool(reply), passed("e") if reply == item.draft.reference else failed("e", "no"), reply)


def wrong(question: str, number: int, bucket: str = "code") -> dict[str, Any]:
    draft = Draft((Message("user", question), Message("assistant", "salt")))
    row = row_of(draft, source="toy", path="t", file="dropped", row=number, format="x")
    return row | {"bucket": bucket}


@pytest.fixture(scope="module")
def done(world: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("rules")
    settings = AblationSettings(
        model=world.model,
        doses=(),
        leave_one_out=False,
        seeds=(1,),
        epochs=2.0,
        holdout=0.2,
        rules=("wrong", "nothing"),
        rule_arms=("random", "unfiltered"),
        random_mixtures=1,
        sample={"k": 2, "max_new_tokens": 6},
        train={"batch_tokens": 128, "learning_rate": 6e-3},
    )
    _, held = hold_out(world.pool, 0.2, 200)
    twin = held[0].id.removeprefix("holdout/")
    rows = [wrong(f"first: red dog {number} cat", number) for number in range(20)]
    leaks = [wrong(world.items[0].draft.messages[0].content, 20), wrong(held[0].draft.messages[0].content, 21)]
    dropped = frame_of([*rows, *leaks, wrong("first: a near copy of a held-out row", 22)])
    dropped = dropped.with_columns(witness=pl.when(pl.col("id") == dropped["id"][22]).then(pl.lit(twin)))
    given = {"wrong": dropped, "nothing": dropped.head(0)}
    outcome = campaign(settings, world.pool, world.items, folder, workers=2, grader=exact, dropped=given)
    return folder, outcome


def test_rule_arms_train_beside_the_others_at_equal_tokens(done: Any) -> None:
    plan = done[1]["plan"]
    assert list(plan["arm_tokens"]) == ["base", "full", "random:wrong", "unfiltered:wrong", "mix:random-1"]
    full = sum(plan["arm_tokens"]["full"].values())
    for arm in ("random:wrong", "unfiltered:wrong", "mix:random-1"):
        assert sum(plan["arm_tokens"][arm].values()) == pytest.approx(full, abs=4)
    assert plan["arm_tokens"]["unfiltered:wrong"]["math_reasoning"] == plan["arm_tokens"]["full"]["math_reasoning"]
    assert done[1]["status"] == {"ok": 5}
    off, full_rows = (
        read_json(done[0] / f"trials/{name}_s1/trial.json")["mixture"]["code"]["rows"]
        for name in ("unfiltered-wrong", "full")
    )
    assert off == full_rows + 20


def test_what_gives_a_held_out_answer_away_is_not_put_back(done: Any) -> None:
    """An eval prompt, a held-out opening, and a duplicate whose witness is held out."""
    (lost,) = (count for why, count in done[1]["plan"]["skipped"].items() if why.startswith("dropped by wrong"))
    assert lost == 3


def test_a_rule_that_dropped_nothing_has_no_arm_and_one_seed_shows_nothing(done: Any) -> None:
    (verdict,) = rule_gains(pl.read_parquet(done[0] / "scores.parquet"), "nll")
    assert verdict.rule == "wrong"
    assert verdict.word == "not shown to help"
    assert {gain.control for gain in verdict.gains} == {"random", "unfiltered"}
