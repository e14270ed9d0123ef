"""Proposals from surfaces in worlds whose truth is known, through `analyse` and `recommend`."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from ablation.analyse_settings import AnalyseSettings
from ablation.analysis import analyse
from ablation.evidence import Margins
from ablation.gain import Decision, Mixture
from ablation.gradient_search import best_smooth
from ablation.limits import Limits
from ablation.propose import Problem, solve
from ablation.recommend import recommend
from ablation.second_round import second_round
from ablation.simulate import Noise
from ablation.surface import fit_surface
from benchmarks.mixture_worlds import CAP, GUARDED, campaign, optimum, table, world
from buckets import RefusedError

SEED = 2  # six buckets
NOTHING = Decision("UNDECIDED", "", (), "", "unknown", "", ())
TRUE = world(SEED)
ARMS = campaign(TRUE, 16, SEED)
COUNTS = {arm: {n: round(1e5 * a) for n, a in zip(TRUE.names, row, strict=True)} for arm, row in ARMS.items()}
SCORES = table(TRUE, ARMS, 100, Noise(seed=0.01), SEED)


def _mix(counts: dict[str, dict[str, int]] = COUNTS, **limits: object) -> Mixture:
    chosen = Limits(**{"draws": 30, "floors": GUARDED, **limits})  # type: ignore[arg-type]  # keyword table of a test
    return recommend(SCORES, NOTHING, COUNTS["full"], margins=Margins(margin=0.05), limits=chosen, arm_tokens=counts)


@pytest.fixture(scope="module")
def mixture() -> Mixture:
    return _mix()


def test_the_proposal_is_near_the_true_optimum_and_obeys(mixture: Mixture) -> None:
    assert mixture.method == "surface"
    amounts = np.array([w.tokens / 1e5 for w in mixture.weights])
    _, top = optimum(TRUE, float(TRUE.size.sum()), 0.05)
    got = float(TRUE.scores(amounts[None]).mean())
    assert got > float(TRUE.scores(TRUE.size[None]).mean())
    assert got >= 0.96 * top
    assert sum(w.tokens for w in mixture.weights) == mixture.budget_tokens == sum(COUNTS["full"].values())
    for w in mixture.weights:
        assert w.epochs <= CAP + 1e-6
        assert w.weight >= GUARDED.get(w.bucket, 0.0) - 1e-4
        assert w.low <= w.weight <= w.high
    assert [f.name for f in mixture.forecasts] == ["proposal", "current", "proportional", "uniform"]
    assert mixture.forecasts[0].no_regression >= 0.95
    assert mixture.forecasts[1].change == pytest.approx(0.0)


def test_a_score_floor_is_kept_or_said_to_be_out_of_reach() -> None:
    safety = TRUE.names.index("safety_refusal")
    now = float(TRUE.scores(TRUE.size[None])[0, safety])
    kept = _mix(score_floors={"safety_refusal": now - 0.04})
    amounts = np.array([w.tokens / 1e5 for w in kept.weights])
    assert TRUE.scores(amounts[None])[0, safety] >= now - 0.04
    lost = _mix(score_floors={"safety_refusal": 0.99})
    assert any("known to be safe" in note for note in lost.notes)


def test_weights_of_evals_steer(mixture: Mixture) -> None:
    name = TRUE.names[0]
    tilted = _mix(eval_weights={name: 1.0})
    assert tilted.weights[0].weight > mixture.weights[0].weight


def test_too_few_arms_fall_back_to_the_curves_and_say_why() -> None:
    few = {name: COUNTS[name] for name in ("full", "dose:0.5", "dose:0.25")}
    found = _mix(few)
    assert found.method == "curves"
    assert any("different mixtures with known tokens" in note for note in found.notes)
    assert _mix({}).method == "curves"


def test_analyse_hands_the_tokens_on() -> None:
    found = analyse(SCORES, COUNTS["full"], AnalyseSettings(draws=20, floors=GUARDED), arm_tokens=COUNTS)
    assert found.mixture is not None
    assert found.mixture.method == "surface"
    assert found.to_json()["mixture"]["forecasts"][0]["name"] == "proposal"


def test_the_search_finds_what_a_solver_finds() -> None:
    rng = np.random.default_rng(0)
    points = rng.dirichlet(np.ones(4), 30)
    values = np.log1p(5 * points) @ np.array([0.4, 0.3, 0.2, 0.05])
    surface = fit_surface(points, values, lower_is_better=False)
    problem = Problem(
        surfaces={"x": surface},
        weights={"x": 1.0},
        low=np.array([0.0, 0.0, 0.1, 0.05]),
        high=np.full(4, 0.6),
        budget=1.0,
        prior=np.full(4, 0.25),
        current=np.full(4, 0.25),
        margins={"x": 0.05},
        pull=0.0,
    )
    found = solve(problem, np.vstack([np.full(4, 0.25), points[:2]]), draws=20)
    best = max(
        -minimize(
            lambda t: -float(surface.predict(t[None])[0]),
            start,
            bounds=list(zip(problem.low, problem.high, strict=True)),
            constraints={"type": "eq", "fun": lambda t: t.sum() - 1.0},
            method="SLSQP",
        ).fun
        for start in points[:6]
    )
    assert found.amounts.sum() == pytest.approx(1.0)
    assert float(surface.predict(found.amounts[None])[0]) >= best - 1e-3


def test_the_gradient_search_ends_on_a_curved_constraint_where_a_grid_does() -> None:
    """Three shares; the best point stands where the constraint binds, off every axis along which tokens move."""

    def judge(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = at / 50.0
        worth = np.log1p(4 * x) @ np.array([0.5, 0.3, 0.1])
        return worth, (0.12 - ((x - 1 / 3) ** 2).sum(axis=1))[:, None]

    low, high = np.zeros(3), np.full(3, 50.0)
    found = best_smooth(np.full(3, 50.0 / 3), low, high, 50.0, judge)
    axis = np.linspace(0.0, 1.0, 401)
    grid = np.array([[a, b, 1 - a - b] for a in axis for b in axis if a + b <= 1.0]) * 50.0
    worth, slack = judge(grid)
    top = float(worth[slack[:, 0] >= 0].max())
    reached, kept = judge(found[None])
    assert found.sum() == pytest.approx(50.0)
    assert float(kept[0, 0]) >= -1e-5
    assert float(reached[0]) >= top - 1e-5


def test_a_second_round_is_tried_around_the_optimum_of_the_first() -> None:
    floors = Limits(floors=GUARDED)
    arms = second_round(SCORES, COUNTS["full"], COUNTS, 5, margins=Margins(margin=0.05), limits=floors)
    budget = sum(COUNTS["full"].values())
    assert list(arms) == [f"around:{i}" for i in range(5)]
    best, _ = optimum(TRUE, float(TRUE.size.sum()), 0.05)
    apart = []
    for tokens in arms.values():
        assert sum(tokens.values()) == budget
        assert all(tokens[n] <= CAP * COUNTS["full"][n] + 1 for n in tokens)
        assert all(tokens[n] >= floor * budget - 1 for n, floor in GUARDED.items())
        apart.append(float(np.abs(np.array([tokens[n] for n in TRUE.names]) / budget - best / best.sum()).sum()))
    random = [np.abs(ARMS[f"mix:{i}"] / ARMS[f"mix:{i}"].sum() - best / best.sum()).sum() for i in range(16)]
    assert max(apart) < float(np.median(random))
    few = {name: COUNTS[name] for name in ("full", "dose:0.5", "dose:0.25")}
    with pytest.raises(RefusedError, match="different mixtures with known tokens"):
        second_round(SCORES, COUNTS["full"], few, 5)
