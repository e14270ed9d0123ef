"""Forecasts on planted laws: exact recovery, the line unless a law is earned, widths that mean what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ablation.forecast import forecast
from ablation.laws import bent, curvature, fit_power, fit_rectified, step_level
from ablation.series import last_points_line, law
from ablation.stats import Array
from benchmarks.scaling_laws import World, draw

SIZES: Array = np.array([200.0 * 2.0**k for k in range(14)])


def test_the_line_is_least_squares_in_log_log() -> None:
    loss = np.random.default_rng(0).uniform(1, 3, (5, 6))
    found = last_points_line(SIZES[:6], loss, SIZES[6:])
    for row in range(5):
        slope, start = np.polyfit(np.log(SIZES[2:6]), np.log(loss[row, 2:]), 1)
        assert np.log(found[row]) == pytest.approx(start + slope * np.log(SIZES[6:]))


def test_rectified_and_power_recover_an_exact_law_on_the_grid() -> None:
    knee, beta = 200.0 * 2**5, 0.4
    loss = 0.5 + 30 / (knee**beta + SIZES**beta)
    fitted = fit_rectified(SIZES, -loss[None], 0.0, relative=True)
    assert -fitted.over(SIZES * 8)[0] == pytest.approx(0.5 + 30 / (knee**beta + (8 * SIZES) ** beta), rel=1e-3)
    power = fit_power(SIZES, -(0.5 + 30 * SIZES**-beta)[None], 0.0)
    assert float(power.asymptote[0]) == pytest.approx(-0.5, abs=1e-6)
    assert float(power.knee[0]) == 0.0


def test_bounds_hold_for_every_draw() -> None:
    draws = np.random.default_rng(1).normal(0.6, 0.2, (200, 8))
    for fit in (fit_power, fit_rectified):
        fitted = fit(SIZES[:8], draws, 1.0)
        assert (fitted.asymptote <= 1.0).all()
        assert (fitted.drop >= 0).all()
        assert ((fitted.beta >= 0.05 - 1e-9) & (fitted.beta <= 1 + 1e-9)).all()
        assert (fitted.over(SIZES[8:]) <= 1.0).all()


def test_a_step_is_found_where_it_is_and_never_downward() -> None:
    y = np.array([[0.2, 0.2, 0.7, 0.7], [0.7, 0.7, 0.2, 0.2]])
    assert step_level(y) == pytest.approx([0.7, 0.45])


def test_a_known_parabola_goes_on_straight_with_its_last_slope() -> None:
    u = np.arange(6.0)
    y = (1.0 - 0.1 * u - 0.02 * u**2)[None]
    bends, noise = curvature(u, y, 6)
    assert bends[0] == pytest.approx(-0.02)
    assert noise[0] == pytest.approx(0.0, abs=1e-12)
    ahead = bent(u, y, np.array([6.0, 8.0]), 4, -0.02)[0]
    slope = -0.1 - 0.04 * 5
    assert ahead == pytest.approx(y[0, -1] + slope * np.array([1.0, 3.0]))


def test_straight_curves_keep_exactly_the_line() -> None:
    rng = np.random.default_rng(2)
    loss = np.exp(1.0 - rng.uniform(0.03, 0.06, (30, 1)) * np.log2(SIZES / 200) + rng.normal(0, 0.005, (30, 14)))
    found = forecast(SIZES[:9], loss[:, :9], SIZES[9:])
    assert found.weights == {"line": 1.0}
    assert (found.value == last_points_line(SIZES[:9], loss[:, :9], SIZES[9:])).all()
    assert 0.8 <= float(((found.low <= loss[:, 9:]) & (loss[:, 9:] <= found.high)).mean()) <= 1.0


def test_a_shared_knee_earns_a_law_and_beats_the_line() -> None:
    sizes, loss = draw(World(knee=2.0**13, spread=1.0, beta=0.25, floor=0.2, noise=0.005, series=30), seed=0)
    found = forecast(sizes[:8], loss[:, :8], sizes[8:])
    assert len(found.weights) > 1
    assert sum(found.weights.values()) == pytest.approx(1.0)
    ours = np.median(_log_rmse(found.value, loss[:, 8:]))
    assert ours < 0.75 * np.median(_log_rmse(last_points_line(sizes[:8], loss[:, :8], sizes[8:]), loss[:, 8:]))


def test_intervals_grow_with_distance_and_level() -> None:
    sizes, loss = draw(World(knee=2.0**10, spread=1.0, beta=0.3, floor=0.2, noise=0.01, series=12), seed=1)
    narrow, wide = (forecast(sizes[:7], loss[:, :7], sizes[7:], level=level) for level in (0.5, 0.95))
    width = np.log(narrow.high / narrow.low)
    assert (np.diff(width, axis=1) > 0).all()
    assert (np.log(wide.high / wide.low) > width).all()


def test_missing_cells_shift_each_series_to_its_own_last_size() -> None:
    sizes, loss = draw(World(knee=2.0**10, spread=1.0, beta=0.3, floor=0.2, noise=0.01, series=12), seed=1)
    holed = loss[:, :8].copy()
    holed[0, 7] = holed[1, 3] = np.nan
    holed[2] = np.nan
    found = forecast(sizes[:8], holed, sizes[8:])
    assert np.isnan(found.value[2]).all()
    assert np.isfinite(found.value[[0, 1, 3]]).all()
    alone = last_points_line(sizes[:7], loss[:1, :7], sizes[8:])
    assert last_points_line(sizes[:8], holed, sizes[8:])[0] == pytest.approx(alone[0])
    width = np.log(found.high / found.low)
    assert width[0, 0] > width[3, 0]  # two doublings ahead, not one


def test_a_single_bending_series_is_covered() -> None:
    world = World(knee=2.0**13, spread=1.0, beta=0.25, floor=0.2, noise=0.005, series=1)
    hits = []
    for seed in range(40):
        sizes, loss = draw(world, seed)
        found = forecast(sizes[:6], loss[:, :6], sizes[6:])
        hits.append(((found.low <= loss[:, 6:]) & (loss[:, 6:] <= found.high)).mean())
    assert 0.75 <= float(np.mean(hits)) <= 0.98


def test_two_points_give_a_line_without_bounds() -> None:
    found = forecast(SIZES[:2], np.array([[3.0, 2.0]]), SIZES[2:4])
    assert found.value[0] == pytest.approx([4 / 3, 8 / 9])
    assert found.high[0].tolist() == [math.inf, math.inf]


def test_a_rate_never_passes_its_top() -> None:
    rates = np.array([[0.2, 0.4, 0.6, 0.8, 0.95]])
    found = forecast(SIZES[:5], rates, SIZES[5:8], scale="score", top=1.0)
    assert (found.high <= 1.0).all()
    assert (found.value <= 1.0).all()
    assert (law("power", SIZES[:5], rates, SIZES[5:8], "score", 1.0) <= 1.0).all()


def _log_rmse(found: Array, truth: Array) -> Array:
    value: Array = np.sqrt(np.mean((np.log(found) - np.log(truth)) ** 2, axis=1))
    return value
