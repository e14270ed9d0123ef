"""Response surfaces against planted laws, closed forms and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import spearmanr

from ablation.additive import Additive, _objective, additive
from ablation.gaussian import Posterior
from ablation.mixture_laws import linear, log_linear
from ablation.surface import fit_surface
from buckets import RefusedError


def mixtures(runs: int, buckets: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(buckets), runs)


def law(points: np.ndarray) -> np.ndarray:
    return 2.0 + np.exp(1.0 - points @ np.linspace(-1.0, 3.0, points.shape[1]))


def test_a_planted_log_linear_law_is_found_from_forty_runs_over_seventeen_buckets() -> None:
    train, test = mixtures(40, 17, 0), mixtures(200, 17, 1)
    noise = np.random.default_rng(2).normal(0, 0.01, 40)
    found = log_linear(train, law(train) + noise)
    assert spearmanr(found.predict(test), law(test)).statistic > 0.99
    straight = linear(train, law(train) + noise)
    assert np.mean((found.predict(test) - law(test)) ** 2) < 0.5 * np.mean((straight.predict(test) - law(test)) ** 2)


def test_a_score_is_the_mirror_image_of_a_loss() -> None:
    train, test = mixtures(30, 5, 0), mixtures(20, 5, 1)
    loss = log_linear(train, law(train))
    score = log_linear(train, -law(train), lower_is_better=False)
    assert score.predict(test) == pytest.approx(-loss.predict(test), rel=1e-6)


def test_held_out_values_are_those_of_refits() -> None:
    points, values = mixtures(15, 4, 3), law(mixtures(15, 4, 3))
    whole = additive(points, (values - values.mean()) / values.std())
    held_out, variance = whole.held_out()
    for row in (0, 7):
        rest = np.arange(15) != row
        part = Posterior(whole.kernel, points[rest], whole.values[rest], whole.noise[rest])
        assert part.mean(points[[row]])[0] == pytest.approx(held_out[row], abs=1e-6)
        assert part.variance(points[[row]])[0] + whole.noise[row] == pytest.approx(variance[row], rel=1e-4)


def test_the_gradient_of_the_marginal_likelihood_is_right() -> None:
    points, values = mixtures(12, 3, 4), np.random.default_rng(5).normal(size=12)
    curved = Additive(points.max(axis=0), 0.2, np.ones(3), 0.0, 1.0).curve(points).T
    apart = (curved[:, :, None] - curved[:, None, :]) ** 2
    at, width = np.array([-1.0, 0.3, -0.5, -1.0, -0.4, -2.0]), np.ones(6)
    error = check_grad(
        lambda x: _objective(x, apart, values, at, width)[0],
        lambda x: _objective(x, apart, values, at, width)[1],
        at + 0.1,
    )
    assert error < 1e-4


def test_draws_have_the_mean_and_the_spread_that_are_told() -> None:
    points = mixtures(25, 4, 6)
    surface = fit_surface(points, law(points) + np.random.default_rng(7).normal(0, 0.1, 25))
    at = mixtures(5, 4, 8)
    draws = surface.draws(at, 4000, np.random.default_rng(9))
    assert draws.mean(axis=0) == pytest.approx(surface.predict(at), abs=0.05)
    assert draws.std(axis=0) == pytest.approx(surface.spread(at), rel=0.25)


def test_told_deviations_are_of_the_size_of_the_errors() -> None:
    errors, told = [], []
    for seed in range(8):
        points, at = mixtures(30, 4, seed), mixtures(20, 4, 100 + seed)
        surface = fit_surface(points, law(points) + np.random.default_rng(seed).normal(0, 0.1, 30))
        mean, sd = surface.change(at, points[:1])
        errors.append(mean - (law(at) - law(points[:1])))
        told.append(sd)
    ratio = np.sqrt(np.mean(np.square(told)) / np.mean(np.square(errors)))
    assert 0.75 <= ratio <= 2.0


def test_trees_join_from_fifty_runs_on() -> None:
    few, many = mixtures(30, 3, 0), mixtures(60, 3, 0)
    assert "trees" not in fit_surface(few, law(few)).errors
    assert "trees" in fit_surface(many, law(many)).errors


def test_for_another_scale_the_two_multiplicative_laws_share() -> None:
    points = mixtures(30, 3, 0)
    surface = fit_surface(points, law(points), transfer=True)
    assert {item.name: w for item, w in zip(surface.laws, surface.weights, strict=True)} == {
        "log-linear": 0.5,
        "log-additive": 0.5,
    }


def test_gaps_duplicates_and_constant_scores_are_met() -> None:
    points = mixtures(20, 3, 0)
    values = law(points)
    values[3] = np.nan
    assert fit_surface(points, values).runs == 19
    twice = fit_surface(np.vstack([points, points]), np.concatenate([law(points), law(points)]))
    assert np.isfinite(twice.predict(points)).all()
    assert fit_surface(points, np.full(20, 0.5)).predict(points) == pytest.approx(np.full(20, 0.5))
    idle = np.hstack([points, np.zeros((20, 1))])  # a bucket that no run trained
    assert np.isfinite(fit_surface(idle, law(points)).predict(idle)).all()
    with pytest.raises(RefusedError, match="6 runs"):
        fit_surface(points[:7], values[:7])
