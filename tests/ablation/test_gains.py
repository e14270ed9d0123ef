"""Gains against brute force on small tables, and the parts of a score."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from ablation.gains import attribute, decompose, gains, pairs, readiness
from ablation.scores import read_scores
from ablation.simulate import Noise, Plan, planted, simulate
from buckets import InputError


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return simulate(planted({"math_reasoning": "growing", "code": "redundant"}, prompts={"dev": 20, "ood": 10}), seed=1)


def _paired(table: pl.DataFrame, treated: str, control: str, bucket: str, split: str, value: pl.Expr) -> float:
    rows = table.filter((pl.col("bucket") == bucket) & (pl.col("split") == split)).with_columns(value.alias("v"))
    left, right = rows.filter(pl.col("arm") == treated), rows.filter(pl.col("arm") == control)
    on = ["item"] if control == "base" else ["item", "seed"]
    both = left.join(right, on=on)
    return float((both["v"] - both["v_right"]).to_numpy().mean())


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("pass@1", pl.col("correct") / pl.col("samples")),
        ("nll", -pl.col("nll")),
        ("entropy", pl.col("entropy")),
        ("learnable", ((pl.col("correct") > 0) & (pl.col("correct") < pl.col("samples"))).cast(pl.Float64)),
        ("headroom", (pl.col("correct") > 0).cast(pl.Float64) - pl.col("correct") / pl.col("samples")),
        ("terminates", pl.col("terminated") / pl.col("samples")),
    ],
)
def test_every_gain_is_the_mean_paired_difference(table: pl.DataFrame, metric: str, value: pl.Expr) -> None:
    found = gains(table, metric)
    assert len(found) == 5 * 2 * 2  # full - base, two dose steps, two left out; two buckets, two splits
    for gain in found:
        expected = _paired(table, gain.treated, gain.control, gain.bucket, gain.split, value)
        assert gain.interval.estimate == pytest.approx(expected)
        assert gain.interval.low < expected < gain.interval.high
        assert gain.mde > 0


def test_the_pairs_of_a_campaign(table: pl.DataFrame) -> None:
    assert pairs(read_scores(table)) == [
        ("full", "base"),
        ("dose:0.5", "dose:0.25"),
        ("full", "dose:0.5"),
        ("full", "loo:code"),
        ("full", "loo:math_reasoning"),
    ]


def test_row_order_and_repeats_change_nothing(table: pl.DataFrame) -> None:
    shuffled = pl.concat([table, table.head(50)]).sample(fraction=1.0, shuffle=True, seed=3)
    first = {(g.treated, g.control, g.bucket, g.split): g.interval for g in gains(table)}
    again = {(g.treated, g.control, g.bucket, g.split): g.interval for g in gains(shuffled)}
    assert first.keys() == again.keys()
    for key, interval in first.items():
        assert again[key].low == pytest.approx(interval.low)


def test_a_failed_trial_costs_its_seed_and_no_more(table: pl.DataFrame) -> None:
    part = table.filter(~((pl.col("arm") == "loo:code") & (pl.col("seed") == 2)))
    by_control = {g.control: g for g in gains(part) if g.bucket == "code" and g.split == "dev"}
    assert by_control["loo:code"].interval.seeds == 2
    assert by_control["dose:0.5"].interval.seeds == 3


def test_no_reference_turn_is_no_nll(table: pl.DataFrame) -> None:
    holed = table.with_columns(
        nll=pl.when(pl.col("bucket") == "code").then(float("nan")).otherwise(pl.col("nll")),
    )
    assert {g.bucket for g in gains(holed, "nll")} == {"math_reasoning"}


def test_bad_tables_and_metrics_are_named() -> None:
    with pytest.raises(InputError, match="lacks the columns"):
        gains(pl.DataFrame({"arm": ["full"]}))
    table = simulate(planted({"code": "growing"}, prompts={"dev": 4}))
    with pytest.raises(InputError, match="unknown metric"):
        gains(table, "vibes")
    with pytest.raises(InputError, match="wrong type"):
        gains(table.with_columns(correct=pl.lit("three")))


def test_score_is_the_product_of_its_factors_and_its_change_is_shared_out(table: pl.DataFrame) -> None:
    cell = read_scores(table).cells["math_reasoning", "dev"]
    before, after = decompose(cell, "base"), decompose(cell, "full")
    for part in (before, after):
        assert part.score == pytest.approx(part.terminates * part.parses * part.correct)
    shares = attribute(before, after)
    assert sum(shares.values()) == pytest.approx(after.score - before.score)


def test_a_gain_from_stopping_alone_is_named_so() -> None:
    table = simulate(planted({"code": "growing"}, prompts={"dev": 10}), Noise(seeds=1))
    full = pl.col("arm") == "full"
    table = table.with_columns(
        samples=pl.lit(4),
        terminated=pl.when(full).then(4).otherwise(2),
        parsed=pl.when(full).then(4).otherwise(2),
        correct=pl.when(full).then(2).otherwise(1),
    )
    cell = read_scores(table).cells["code", "dev"]
    shares = attribute(decompose(cell, "base"), decompose(cell, "full"))
    assert shares == pytest.approx({"terminates": 0.25, "parses": 0.0, "correct": 0.0})


def test_readiness_is_the_share_of_mixed_groups(table: pl.DataFrame) -> None:
    cell = read_scores(table).cells["math_reasoning", "dev"]
    rows = table.filter((pl.col("bucket") == "math_reasoning") & (pl.col("split") == "dev") & (pl.col("arm") == "full"))
    correct = rows["correct"].to_numpy()
    found = readiness(cell)
    assert found is not None
    assert found.group == 4
    assert found.learnable.estimate == pytest.approx(np.mean((correct > 0) & (correct < 4)))
    assert found.headroom.estimate == pytest.approx(np.mean(correct > 0) - correct.mean() / 4)
    assert math.isfinite(found.learnable.low)
    one = read_scores(table.with_columns(samples=pl.lit(1), correct=pl.col("correct").clip(0, 1)))
    assert readiness(one.cells["math_reasoning", "dev"]) is None


def test_readiness_of_a_set_that_nobody_solves_ends_at_zero_and_one() -> None:
    plan = Plan({"code": {"base": 0.05, "full": 0.03}, "domain_qa": {"base": 0.5, "full": 0.98}}, {"dev": 12})
    scores = read_scores(simulate(plan))
    for bucket in ("code", "domain_qa"):
        found = readiness(scores.cells[bucket, "dev"])
        assert found is not None
        for rate in (found.pass_rate, found.learnable, found.headroom):
            assert 0.0 <= rate.low <= rate.estimate <= rate.high <= 1.0
