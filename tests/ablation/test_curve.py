"""Curves on planted shapes: the line is the baseline, the power law must earn its place."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from ablation.curve import Curve, curve, curves, slope_weights
from ablation.dose_fit import line_step
from ablation.laws import fit_power
from ablation.scores import read_scores
from ablation.simulate import Noise, Plan, simulate
from ablation.stats import resample

QUIET = Noise(cluster=0.2, prompt=0.4, seed=0.004, samples=16)


def _curve(means: dict[float, float], seed: int = 0, noise: Noise = QUIET, prompts: int = 150) -> Curve:
    arms = {"full" if dose == 1 else f"dose:{dose:g}": mean for dose, mean in means.items()}
    plan = Plan({"code": {"base": 0.05, **arms}}, {"dev": prompts})
    return curves(read_scores(simulate(plan, noise, seed)), tokens={"code": 8000}, draws=200)[0]


def test_slope_weights_are_least_squares() -> None:
    x, y = [0.125, 0.25, 1.0], np.array([0.1, 0.4, 0.3])
    assert float(np.dot(slope_weights(x), y)) == pytest.approx(np.polyfit(np.log2(x), y, 1)[0])


def test_a_log_linear_world_keeps_the_line_and_predicts_the_next_doubling() -> None:
    found = _curve({0.125: 0.3, 0.25: 0.4, 0.5: 0.5, 1.0: 0.6})
    assert found.fit == "line"
    assert found.next_doubling is not None
    assert found.next_doubling.low < 0.1 < found.next_doubling.high
    assert [point.tokens for point in found.points] == [1000, 2000, 4000, 8000]


def test_a_saturating_world_is_fitted_by_the_power_law_and_promises_less() -> None:
    doses = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0]
    truth = {dose: 0.8 - 0.04 * dose**-0.8 for dose in doses}
    found = _curve({k: v for k, v in truth.items() if v > 0.01})
    assert found.fit == "power", found.why
    assert found.next_doubling is not None
    assert found.next_doubling.estimate == pytest.approx(0.04 * (1 - 2**-0.8), abs=0.015)
    assert found.asymptote == pytest.approx(0.8, abs=0.05)
    assert {type(found.next_doubling.low), type(found.next_doubling.high)} == {float}, "numpy floats are no JSON"


def test_three_doses_fall_back_to_the_line_and_say_so() -> None:
    found = _curve({0.25: 0.4, 0.5: 0.5, 1.0: 0.6})
    assert found.fit == "line"
    assert "needs at least 4" in found.why


def test_a_bend_is_not_extrapolated_through() -> None:
    found = _curve({0.25: 0.3, 0.5: 0.6, 1.0: 0.6})
    assert "bends down" in found.why
    assert found.next_doubling is not None
    assert abs(found.next_doubling.estimate) < 0.04


def test_the_predicted_gain_covers_the_truth_with_three_seeds() -> None:
    noise = Noise(seed=0.02)
    hits = 0
    for seed in range(60):
        found = _curve({0.25: 0.4, 0.5: 0.5, 1.0: 0.6}, seed, noise, prompts=48)
        assert found.next_doubling is not None
        hits += found.next_doubling.low <= 0.1 <= found.next_doubling.high
    assert hits >= 52


def test_a_rate_is_promised_no_more_than_is_left_to_one() -> None:
    found = _curve({0.25: 0.3, 0.5: 0.6, 1.0: 0.92})
    assert found.next_doubling is not None
    score, ahead = found.points[-1].score, found.next_doubling
    assert ahead.estimate == pytest.approx(1.0 - score)
    assert ahead.high == pytest.approx(1.0 - score)
    assert ahead.low <= ahead.estimate
    assert "cut off where the score would leave 0 to 1" in found.why
    falling = _curve({0.25: 0.9, 0.5: 0.45, 1.0: 0.03})
    assert falling.next_doubling is not None
    assert falling.points[-1].score + falling.next_doubling.low >= 0.0


def test_a_loss_is_extrapolated_in_log_log_and_never_below_zero() -> None:
    plan = Plan({"code": {"base": 0.05, "dose:0.5": 0.2, "full": 0.9}}, {"dev": 60})
    scores = read_scores(simulate(plan, QUIET))
    found = curve(scores.cells["code", "dev"], scores.doses, "nll")
    assert found.next_doubling is not None
    half, full = (point.score for point in found.points)  # about -1.7 and -0.65: a straight line would promise +0.4
    assert full + found.next_doubling.estimate == pytest.approx(-(full**2) / -half, rel=1e-6)
    assert "cut off" not in found.why


def test_the_delta_method_of_the_loss_agrees_with_the_bootstrap() -> None:
    plan = Plan({"code": {"base": 0.05, "dose:0.25": 0.3, "dose:0.5": 0.42, "full": 0.5}}, {"dev": 80})
    scores = read_scores(simulate(plan, Noise(seed=0.01), 3))
    cell = scores.cells["code", "dev"]
    step = line_step(cell, scores.doses, "nll")
    assert step is not None
    block, clusters = cell.block(tuple(scores.doses), "nll")
    drawn = np.log(-resample(block.shape[1], clusters, 4000, 1).means(block))
    slope = drawn @ np.array(slope_weights(list(scores.doses.values())))
    last = -block[-1].mean()
    assert step.mean == pytest.approx(float(np.mean(last * (1 - np.exp(slope)))), rel=0.05)
    assert step.se == pytest.approx(float(np.std(last * (1 - np.exp(slope)))), rel=0.5)


def test_a_level_world_promises_nothing_and_says_no_gain() -> None:
    doses = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0]
    found = _curve(dict.fromkeys(doses, 0.5))
    assert found.fit == "flat", found.why
    assert found.next_doubling is not None
    assert found.next_doubling.estimate == 0.0
    assert found.next_doubling.low < 0 < found.next_doubling.high


def test_what_the_line_missed_widens_its_prediction() -> None:
    straight = _curve({0.0625: 0.2, 0.125: 0.3, 0.25: 0.4, 0.5: 0.5, 1.0: 0.6})
    rising = _curve({0.0625: 0.1, 0.125: 0.12, 0.25: 0.2, 0.5: 0.4, 1.0: 0.75})  # steeper at every dose
    assert straight.fit == rising.fit == "line"
    assert straight.next_doubling is not None
    assert rising.next_doubling is not None
    assert rising.next_doubling.estimate - rising.next_doubling.low > 0.25
    assert straight.next_doubling.estimate - straight.next_doubling.low < 0.15


def test_the_base_model_stands_beside_the_doses() -> None:
    found = _curve({0.5: 0.4, 1.0: 0.6})
    assert found.base == pytest.approx(0.05, abs=0.03)
    for point in found.points:
        assert point.gain is not None
        assert found.base is not None
        assert point.gain.estimate == pytest.approx(point.score - found.base, abs=1e-9)
        assert -found.base <= point.gain.low
        assert point.gain.high <= 1.0 - found.base


def test_one_dose_has_no_slope() -> None:
    found = _curve({1.0: 0.6})
    assert found.fit == "none"
    assert found.next_doubling is None
    assert "one dose" in found.why


def test_power_fit_recovers_an_exact_law_and_respects_the_ceiling() -> None:
    x = np.array([0.125, 0.25, 0.5, 1.0])
    fitted = fit_power(x, (0.7 - 0.1 * x**-0.5)[None])
    assert float(fitted.at(2.0)[0]) == pytest.approx(0.7 - 0.1 * 2**-0.5, abs=1e-6)
    steep = fit_power(x, np.array([[0.2, 0.45, 0.7, 0.95]]), top=1.0)
    assert float(steep.asymptote[0]) <= 1.0
    falling = fit_power(x, np.array([[0.9, 0.6, 0.5, 0.4]]))
    assert float(falling.gain(1.0)[0]) == 0.0


def test_unmeasured_arms_are_left_out() -> None:
    plan = Plan({"code": {"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.4, "full": 0.5}}, {"dev": 20})
    table = simulate(plan).with_columns(
        nll=pl.when(pl.col("arm") == "dose:0.25").then(float("nan")).otherwise(pl.col("nll"))
    )
    scores = read_scores(table)
    found = curve(scores.cells["code", "dev"], scores.doses, "nll")
    assert [point.arm for point in found.points] == ["dose:0.5", "full"]
    assert found.next_doubling is not None
    assert math.isfinite(found.next_doubling.low)
