"""A proposal is confirmed when every baseline is beaten, and only then; tables with planted truth, no training."""

from __future__ import annotations

import polars as pl
import pytest

from ablation import confirmation, contenders, fresh_seeds
from ablation.simulate import Noise, Plan, simulate
from buckets import InputError, RefusedError

BUCKETS = ("code", "math_reasoning", "tool_calls")


def table(seed: int = 0, seeds: int = 3, held_back: float = 0.0, **means: float) -> pl.DataFrame:
    """Means of mixtures by name on dev; on "ood" the proposal is `held_back` better."""
    arms = {f"mix:{name}": mean for name, mean in means.items()}
    noise = Noise(seed=0.02, seeds=seeds)
    parts = []
    for split, shift in (("dev", 0.0), ("ood", held_back)):
        planted = {"base": 0.1, **arms}
        if split == "ood":
            planted |= dict.fromkeys(arms, 0.5)
            planted["mix:proposal"] += shift
        parts.append(simulate(Plan(dict.fromkeys(BUCKETS, planted), {split: 40}), noise, seed))
    scores = pl.concat(parts)
    mixed = pl.col("arm").str.starts_with("mix:")
    return scores.with_columns(
        kind=pl.when(mixed).then(pl.lit("mixture")).otherwise("kind"),
        left_out=pl.lit(None, pl.String),
        seed=pl.col("seed") + 4,
    )


def status(scores: pl.DataFrame) -> str:
    return confirmation(scores, metric="pass@1", margin=0.05).status


def test_better_than_every_baseline_is_confirmed() -> None:
    found = confirmation(table(proposal=0.7, proportional=0.5, uniform=0.45), metric="pass@1", margin=0.05)
    assert found.status == "confirmed"
    assert found.best == "proportional"
    assert found.seeds == (4, 5, 6)
    whole = [line for line in found.differences if line.bucket == "all" and line.split == "dev"]
    assert len(whole) == 2
    assert all(line.interval.low > 0 for line in whole)
    assert {line.bucket for line in found.differences} == {"all", *BUCKETS}
    assert all(line.regression == "none" for line in found.differences if line.split == "dev")


def test_one_baseline_that_is_as_good_forbids_the_word() -> None:
    found = confirmation(table(proposal=0.6, proportional=0.4, uniform=0.6), metric="pass@1", margin=0.05)
    assert found.status == "not shown better"
    assert "uniform" in found.headline


def test_a_proposal_that_loses_is_called_worse() -> None:
    assert status(table(proposal=0.4, proportional=0.6, uniform=0.3)) == "worse"


def test_an_equal_proposal_is_seldom_confirmed() -> None:
    said = [status(table(seed, proposal=0.5, proportional=0.5, uniform=0.5)) for seed in range(25)]
    assert said.count("confirmed") <= 1
    assert said.count("worse") <= 3


def test_a_loss_where_nothing_was_chosen_forbids_the_word() -> None:
    assert status(table(proposal=0.7, proportional=0.5, uniform=0.5, held_back=-0.25)) == "not shown better"


def test_one_seed_confirms_nothing() -> None:
    assert status(table(seeds=1, proposal=0.9, proportional=0.3, uniform=0.3)) == "not shown better"


def test_a_bucket_that_lost_is_named_though_the_mean_rose() -> None:
    scores = table(proposal=0.7, proportional=0.4, uniform=0.4)
    worse = (pl.col("arm") == "mix:proposal") & (pl.col("bucket") == "code")
    scores = scores.with_columns(correct=pl.when(worse).then(0).otherwise("correct"))
    found = confirmation(scores, metric="pass@1", margin=0.05)
    lost = {line.bucket for line in found.differences if line.split == "dev" and line.regression == "shown"}
    assert lost == {"code"}


def test_without_the_proposal_there_is_nothing_to_read() -> None:
    scores = table(proposal=0.7, proportional=0.4)
    with pytest.raises(InputError, match="no score of the proposal"):
        confirmation(scores.filter(pl.col("arm") != "mix:proposal"), metric="pass@1", margin=0.05)


def test_contenders_have_equal_tokens_and_respect_their_caps() -> None:
    usable = {"code": 1000, "math_reasoning": 100, "tool_calls": 400}
    weights = {"code": 0.2, "math_reasoning": 0.2, "tool_calls": 0.6}
    found, notes = contenders(weights, {"code": 900, "math_reasoning": 90, "tool_calls": 10}, usable, 1500, 4.0)
    assert set(found) == {"proposal", "proportional", "uniform", "current"}
    assert all(sum(mixture.values()) == pytest.approx(1500, abs=3) for mixture in found.values())
    assert found["proportional"] == usable
    assert found["uniform"] == {"code": 550, "math_reasoning": 400, "tool_calls": 550}
    assert notes == ["uniform stops at 4 passes over math_reasoning; the rest is shared evenly"]


def test_a_current_mixture_that_is_another_one_has_no_arm() -> None:
    usable = {"code": 1000, "math_reasoning": 500}
    found, notes = contenders({"code": 1.0}, {"code": 2000, "math_reasoning": 1000}, usable, 1500, 4.0)
    assert "current" not in found
    assert "current mixture is the proportional one" in notes[0]


def test_more_than_the_rows_give_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"confirm: the rows give .* to the proportional mixture within 4 passes"):
        contenders({"code": 1.0}, {"code": 10}, {"code": 100}, 1000, 4.0)


def test_seeds_are_fresh() -> None:
    assert fresh_seeds((3, 1, 9), 2) == (10, 11)
    assert fresh_seeds((), 2) == (1, 2)
