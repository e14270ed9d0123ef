"""Rules with a planted worth: a useless one is seldom "shown to help", a useful one is; no training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from ablation import rule_gains
from ablation.macro import macro
from ablation.scores import read_scores
from ablation.simulate import Noise, Plan, simulate

BUCKETS = ("code", "math_reasoning", "tool_calls")
NOISE = Noise(seed=0.02, seeds=4)


def table(means: Mapping[str, Mapping[str, float]], seed: int, prompts: int = 32, noise: Noise = NOISE) -> pl.DataFrame:
    """Arms of the names given, by bucket; `simulate` knows no rule arms and calls them leave-one-out."""
    scores = simulate(Plan({b: {"base": 0.1, **arms} for b, arms in means.items()}, {"dev": prompts}), noise, seed)
    ruled = pl.col("arm").str.contains(":")
    return scores.with_columns(
        kind=pl.when(ruled).then(pl.lit("rule")).otherwise("kind"),
        left_out=pl.when(ruled).then(None).otherwise("left_out"),
    )


def flat(effect: Mapping[str, float], **arms: float) -> dict[str, dict[str, float]]:
    return {b: {"full": 0.5, "random:r": 0.5 - effect.get(b, 0.0), **arms} for b in BUCKETS}


def test_a_useless_rule_is_not_shown_to_help() -> None:
    words = [rule_gains(table(flat({}), seed))[0].word for seed in range(60)]
    assert words.count("shown to help") + words.count("shown to harm") <= 6  # nominal 5% of 60 is 3
    assert words.count("not shown to help") >= 54


def test_a_rule_that_takes_poison_out_of_one_bucket_is_found_there() -> None:
    found = [rule_gains(table(flat({"math_reasoning": 0.25}), seed))[0] for seed in range(20)]
    assert sum(verdict.word == "shown to help" for verdict in found) >= 19
    helped = [{g.bucket for g in verdict.gains if g.word == "shown to help"} for verdict in found]
    assert sum("math_reasoning" in buckets for buckets in helped) >= 19
    assert sum(bool(buckets & {"code", "tool_calls"}) for buckets in helped) <= 2


def test_a_rule_that_takes_the_good_rows_is_shown_to_harm() -> None:
    (verdict,) = rule_gains(table(flat(dict.fromkeys(BUCKETS, -0.2)), 3))
    assert verdict.word == "shown to harm"
    assert "worse than a random filter" in verdict.why


def test_many_rules_share_the_error() -> None:
    """Each of ten useless rules at its own 5% would name one in most campaigns."""
    arms = {f"random:r{i}": 0.5 for i in range(10)}
    named = 0
    for seed in range(15):
        means = {b: {"full": 0.5, **arms} for b in BUCKETS}
        named += any(v.word != "not shown to help" for v in rule_gains(table(means, seed)))
    assert named <= 3


def test_without_its_control_or_with_one_seed_nothing_is_shown() -> None:
    means = {b: {"full": 0.8, "unfiltered:r": 0.3} for b in BUCKETS}
    (verdict,) = rule_gains(table(means, 1))
    assert verdict.word == "not shown to help"
    assert "no random control" in verdict.why
    (verdict,) = rule_gains(table(flat(dict.fromkeys(BUCKETS, 0.4)), 1, noise=Noise(seeds=1)))
    assert verdict.word == "not shown to help"
    assert "one seed" in verdict.why
    assert rule_gains(table({b: {"full": 0.5} for b in BUCKETS}, 1)) == []


def test_other_controls_are_reported_without_a_word() -> None:
    means = {b: {"full": 0.6, "random:r": 0.6, "unfiltered:r": 0.5, "only:r": 0.2} for b in BUCKETS}
    (verdict,) = rule_gains(table(means, 1))
    assert {(g.control, g.word is None) for g in verdict.gains} == {
        ("random", False),
        ("unfiltered", True),
        ("only", True),
    }
    only = next(g for g in verdict.gains if g.control == "only" and g.bucket == "all")
    assert only.interval.low > 0.2


def test_the_macro_mean_is_the_mean_of_the_bucket_differences() -> None:
    big = table({"code": {"full": 0.6, "random:r": 0.5}, "math_reasoning": {"full": 0.4, "random:r": 0.6}}, 5)
    uneven = big.filter((pl.col("bucket") == "code") | (pl.col("item").str.extract(r"(\d+)$").cast(pl.Int64) < 8))
    scores = read_scores(uneven)
    weights = {"full": 1.0, "random:r": -1.0}
    parts = [scores.contrast(weights, bucket, "dev", "pass@1").mean for bucket in ("code", "math_reasoning")]
    assert macro(scores.pooled["dev"], weights, "pass@1").mean == pytest.approx(np.mean(parts))
    assert scores.pooled["dev"].contrast(weights, "pass@1").mean != pytest.approx(np.mean(parts), abs=0.01)


def test_the_macro_interval_covers_when_seeds_move_all_buckets_together() -> None:
    """Nominal 95%; buckets combined as if independent would cover far less."""
    rng = np.random.default_rng(0)
    sizes = {"a": 40, "b": 15, "c": 25}
    seeds, truth, inside = 5, 0.3, 0
    frames = 150
    for _ in range(frames):
        rows = []
        shift = {arm: rng.normal(0, 0.1, seeds) for arm in ("full", "x", "y", "random:r")}
        for bucket, size in sizes.items():
            hard = rng.normal(0, 0.5, size)
            for arm, moved in shift.items():
                value = hard + (truth if arm == "full" else 0.0)
                values = value[None, :] + moved[:, None] + rng.normal(0, 0.3, (seeds, size))
                rows += [(arm, s, f"i{i}", bucket, float(values[s, i])) for s in range(seeds) for i in range(size)]
        frame = pl.DataFrame(rows, schema=["arm", "seed", "item", "bucket", "nll"], orient="row").with_columns(
            pl.lit("dev").alias("split"), pl.lit("rule").alias("kind"), pl.lit(None, pl.String).alias("left_out"),
            dose=1.0, cluster=pl.lit(""), samples=0.0, terminated=0.0, parsed=0.0, correct=0.0, entropy=float("nan"),
            nll=-pl.col("nll"),
        )  # fmt: skip
        found = macro(read_scores(frame).pooled["dev"], {"full": 1.0, "random:r": -1.0}, "nll").interval(0.95)
        inside += found.low <= truth <= found.high
    assert 0.90 <= inside / frames <= 0.99
