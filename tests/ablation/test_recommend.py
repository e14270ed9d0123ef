"""Mixtures from planted worlds: budgets, caps, floors and the right order of buckets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from ablation.decide import decide
from ablation.evidence import Margins
from ablation.gain import Mixture, Weight
from ablation.recommend import Limits, recommend, water_fill
from ablation.scores import Scores, read_scores
from ablation.simulate import Kind, Plan, planted, simulate
from buckets import RefusedError

MARGINS = Margins(margin=0.08)
KINDS: dict[str, Kind] = {
    "math_reasoning": "growing",
    "code": "saturated",
    "domain_qa": "redundant",
    "safety_refusal": "harmful",
}
AVAILABLE = dict.fromkeys(KINDS, 10_000)


@pytest.fixture(scope="module")
def scores() -> Scores:
    return read_scores(simulate(planted(KINDS, prompts={"dev": 250}), seed=2))


def _mix(scores: Scores, budget: int | None = None, **limits: object) -> Mixture:
    chosen = Limits(**{"draws": 60, **limits})  # type: ignore[arg-type]  # keyword table of a test
    return recommend(scores, decide(scores, MARGINS), AVAILABLE, budget, margins=MARGINS, limits=chosen)


def _by_name(mixture: Mixture) -> dict[str, Weight]:
    return {weight.bucket: weight for weight in mixture.weights}


def test_water_filling_is_the_constrained_optimum() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        wish, low = rng.uniform(0.1, 1, 5), rng.uniform(0, 5, 5)
        high = low + rng.uniform(5, 40, 5)
        budget = float(rng.uniform(low.sum() + 1, high.sum() - 1))
        found = water_fill(wish, low, high, budget)
        assert found.sum() == pytest.approx(budget)
        best = minimize(
            lambda t, w=wish: -float(w @ np.log(t + 1e-9)),
            (low + high) / 2,
            bounds=list(zip(low + 1e-6, high, strict=True)),
            constraints={"type": "eq", "fun": lambda t, b=budget: t.sum() - b},
            method="SLSQP",
            options={"maxiter": 300},
        )
        assert float(wish @ np.log(found + 1e-9)) >= -best.fun - 1e-4


def test_weights_follow_the_planted_worth(scores: Scores) -> None:
    mixture = _mix(scores)
    found = _by_name(mixture)
    assert mixture.status == "proposal"
    assert mixture.budget_tokens == 40_000
    assert sum(weight.tokens for weight in mixture.weights) == 40_000
    assert sum(weight.weight for weight in mixture.weights) == pytest.approx(1.0)
    assert found["safety_refusal"].tokens == 0
    assert found["math_reasoning"].weight > 2 * found["code"].weight
    assert found["domain_qa"].weight < found["code"].weight
    assert found["domain_qa"].why.startswith("redundant")
    for weight in mixture.weights:
        assert weight.low <= weight.weight <= weight.high
        assert weight.epochs <= 4.0 + 1e-9
        assert weight.proportional == pytest.approx(0.25)
        assert weight.uniform == pytest.approx(0.25)


def test_saturated_buckets_keep_the_dose_they_need(scores: Scores) -> None:
    code = _by_name(_mix(scores))["code"]
    assert 4_500 <= code.tokens <= 7_500  # planted: half of the rows are enough


def test_floors_hold_even_for_harmful_buckets(scores: Scores) -> None:
    found = _by_name(_mix(scores, floors={"safety_refusal": 0.05}))
    assert found["safety_refusal"].weight == pytest.approx(0.05, abs=0.001)
    assert "floor" in found["safety_refusal"].why


@pytest.mark.parametrize("budget", [1_000, 20_000, 60_000, 90_000])
def test_other_budgets_are_met_within_the_cap(scores: Scores, budget: int) -> None:
    mixture = _mix(scores, budget)
    assert sum(weight.tokens for weight in mixture.weights) == mixture.budget_tokens == budget
    assert all(weight.epochs <= 4.0 + 1e-9 for weight in mixture.weights)
    assert _by_name(mixture)["math_reasoning"].weight == max(weight.weight for weight in mixture.weights)


def test_a_share_held_by_the_cap_says_so(scores: Scores) -> None:
    found = _by_name(_mix(scores, 60_000, repetition_cap=2.0))
    held = {name for name, weight in found.items() if "held at 2 epochs of its rows" in weight.why}
    assert held == {name for name, weight in found.items() if weight.epochs > 1.98}
    assert "math_reasoning" in held


def test_budgets_that_would_need_harmful_rows_are_cut_and_say_so(scores: Scores) -> None:
    mixture = _mix(scores, 150_000)
    assert mixture.budget_tokens == 120_000
    assert any("only 120000 of 150000" in note for note in mixture.notes)


def test_impossible_budgets_and_floors_are_refused(scores: Scores) -> None:
    with pytest.raises(RefusedError, match=r"4\.2 epochs"):
        _mix(scores, 170_000)
    with pytest.raises(RefusedError, match="floors add up"):
        _mix(scores, floors={"code": 0.6, "domain_qa": 0.6})
    with pytest.raises(RefusedError, match="no bucket has tokens"):
        recommend(scores, decide(scores, MARGINS), {"code": 0})


def test_without_curves_the_prior_stands() -> None:
    plan = Plan({"code": {"base": 0.1, "full": 0.5}, "math_reasoning": {"base": 0.1, "full": 0.5}}, {"dev": 20})
    scores = read_scores(simulate(plan))
    available = {"code": 3_000, "math_reasoning": 1_000, "long_context": 1_000}
    mixture = recommend(scores, decide(scores), available, limits=Limits(draws=20))
    assert {w.bucket: w.weight for w in mixture.weights} == pytest.approx(
        {"code": 0.6, "long_context": 0.2, "math_reasoning": 0.2}, abs=0.01
    )
    assert any("no dose curve" in note for note in mixture.notes)


def test_less_noise_gives_narrower_weights(scores: Scores) -> None:
    small = read_scores(simulate(planted(KINDS, prompts={"dev": 24}), seed=2))
    decision = decide(scores, MARGINS)
    wide, tight = (
        sum(w.high - w.low for w in recommend(table, decision, AVAILABLE, margins=MARGINS).weights)
        for table in (small, scores)
    )
    assert tight < wide


def test_same_seed_same_mixture(scores: Scores) -> None:
    assert _mix(scores) == _mix(scores)


def test_a_bucket_near_its_ceiling_is_weighed_by_what_is_left() -> None:
    """Both rise by .3 a doubling; one has .1 left to one, which is just worth the margin."""
    steep = {"base": 0.05, "dose:0.25": 0.3, "dose:0.5": 0.6, "full": 0.9}
    roomy = {"base": 0.05, "dose:0.25": 0.1, "dose:0.5": 0.4, "full": 0.7}
    scores = read_scores(simulate(Plan({"code": steep, "domain_qa": roomy}, {"dev": 250}), seed=3))
    mixture = recommend(scores, decide(scores, MARGINS), {"code": 10_000, "domain_qa": 10_000}, margins=MARGINS)
    found = _by_name(mixture)
    assert found["code"].tokens < 0.5 * found["domain_qa"].tokens
    assert float(found["code"].why.split()[2]) <= 0.13  # "still gaining: +0.1 per doubling"
