"""Intervals against brute force, scipy and simulation."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy import stats as st

from ablation.gain import Interval
from ablation.stats import (
    Array,
    Codes,
    Need,
    at,
    clustered_se,
    complete,
    estimate,
    holm,
    mde,
    n_for,
    non_superior,
    resample,
    seed_ratio,
    tost,
)


def interval(d: Array, clusters: Codes, level: float = 0.95, *, bounded: float = 0.0) -> Interval:
    return estimate(d, clusters, bounded=bounded).interval(level)


def bootstrap(d: Array, clusters: Codes, draws: int, seed: int) -> Array:
    return resample(d.shape[0], clusters, draws, seed).means(d[None])[:, 0]


def _block(rng: np.random.Generator, arms: int, seeds: int, n: int, seed_sd: float, samples: int = 4) -> Array:
    chance = np.clip(rng.beta(1.2, 1.2, n), 0.02, 0.98)
    shift = rng.normal(0, seed_sd, (arms, seeds, 1))
    return rng.binomial(samples, np.clip(chance + shift, 0, 1)) / samples


def test_one_seed_without_clusters_is_the_paired_t_test() -> None:
    d = np.random.default_rng(0).normal(0.1, 1.0, 40)
    found = interval(d[None], np.arange(40), 0.95)
    low, high = st.ttest_1samp(d, 0.0).confidence_interval(0.95)
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)
    assert found.seeds == 1


def test_clustered_se_is_the_double_sum_over_pairs_in_a_cluster() -> None:
    rng = np.random.default_rng(1)
    values, clusters = rng.normal(size=30), rng.integers(0, 7, 30)
    e = values - values.mean()
    double = sum(e[i] * e[j] for i in range(30) for j in range(30) if clusters[i] == clusters[j])
    count = len(set(clusters.tolist()))
    assert clustered_se(values, clusters) == pytest.approx(math.sqrt(count / (count - 1) * double) / 30)


def test_variance_components_are_recovered() -> None:
    rng = np.random.default_rng(2)
    draws = [
        estimate(
            rng.normal(0, 0.3, (5, 1)) + rng.normal(0, 0.5, (1, 200)) + rng.normal(0, 1.0, (5, 200)), np.arange(200)
        )
        for _ in range(200)
    ]
    assert np.mean([d.seed_var for d in draws]) == pytest.approx(0.09, rel=0.2)
    assert np.mean([d.prompt_var for d in draws]) == pytest.approx(0.25, rel=0.1)
    assert np.mean([d.rest_var for d in draws]) == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("seed_sd", [0.0, 0.02, 0.05])
def test_three_seeds_cover_at_the_nominal_level(seed_sd: float) -> None:
    """Own F, and F pooled over ten arms; percentiles of the bootstrap are shown to be too narrow."""
    rng = np.random.default_rng(3)
    clusters = np.arange(60) // 2
    own, pooled, naive, runs = 0, 0, 0, 700
    for run in range(runs):
        arms = _block(rng, 10, 3, 60, seed_sd)
        d = arms[0] - arms[1]
        a, b = estimate(d, clusters).interval(0.95), estimate(d, clusters, ratio=seed_ratio(arms, clusters)).interval()
        own += a.low <= 0 <= a.high
        pooled += b.low <= 0 <= b.high
        low, high = np.percentile(bootstrap(d, clusters, 200, run), [2.5, 97.5])
        naive += bool(low <= 0 <= high)
    assert 0.92 <= own / runs <= 0.98
    assert 0.92 <= pooled / runs <= 0.98
    if seed_sd == 0.05:
        assert naive / runs < 0.91


def test_bootstrap_has_the_spread_of_the_formula_when_seeds_are_many() -> None:
    rng = np.random.default_rng(4)
    d = rng.normal(0, 0.3, (30, 1)) + rng.normal(0, 1.0, (1, 300)) + rng.normal(0, 0.5, (30, 300))
    clusters = np.arange(300)
    assert bootstrap(d, clusters, 4000, 0).std() == pytest.approx(estimate(d, clusters).se, rel=0.08)


def test_bootstrap_weights_are_the_means_of_explicit_resamples() -> None:
    rng = np.random.default_rng(5)
    scores, clusters = rng.normal(size=(2, 3, 10)), np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3])
    weights = resample(3, clusters, 5, 0)
    found = weights.means(scores)
    for draw in range(5):
        seeds = np.repeat(np.arange(3), weights.seeds[draw].astype(int))
        items = np.concatenate(
            [np.flatnonzero(clusters == c) for c in np.repeat(np.arange(4), weights.clusters[draw].astype(int))]
        )
        assert found[draw] == pytest.approx(scores[:, seeds][:, :, items].mean(axis=(1, 2)))


def test_bootstrap_is_fast_and_seeded() -> None:
    d, clusters = np.random.default_rng(0).normal(size=(3, 500)), np.arange(500)
    first = bootstrap(d, clusters, 2000, 7)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        again = bootstrap(d, clusters, 2000, 7)
        times.append(time.perf_counter() - start)
    assert (first == again).all()
    assert min(times) < 0.15  # 0.03 s alone; other jobs share the machine


def test_gaps_drop_failed_seeds_then_unmeasured_prompts() -> None:
    d = np.zeros((3, 6))
    d[2] = np.nan
    d[0, 4] = np.nan
    block, kept = complete(d)
    assert block.shape == (2, 5)
    assert kept.tolist() == [True, True, True, True, False, True]
    nothing = estimate(np.full((2, 4), np.nan), np.arange(4)).interval()
    assert nothing.n == 0
    assert tost(nothing, 0.1) == "unknown"


def test_equal_outcomes_of_a_rate_are_not_certainty() -> None:
    few, many = (interval(np.zeros((3, n)), np.arange(n), 0.9, bounded=1.0) for n in (10, 200))
    assert tost(few, 0.05) == "unknown"
    assert tost(many, 0.05) == "equivalent"


def test_one_cluster_has_no_error_bar() -> None:
    assert math.isinf(interval(np.random.default_rng(0).normal(size=(3, 9)), np.zeros(9, dtype=np.int64)).high)


def test_tost_is_two_one_sided_t_tests() -> None:
    rng = np.random.default_rng(6)
    for _ in range(300):
        d = rng.normal(rng.uniform(-0.3, 0.3), 1.0, 80)
        inner = interval(d[None], np.arange(80), 0.90)
        p_low = st.ttest_1samp(d, -0.25, alternative="greater").pvalue
        p_high = st.ttest_1samp(d, 0.25, alternative="less").pvalue
        p_up, p_down = (st.ttest_1samp(d, 0, alternative=side).pvalue for side in ("greater", "less"))
        expected = "unknown"
        if max(p_low, p_high) < 0.05:
            expected = "equivalent"
        elif p_up < 0.05:
            expected = "improved"
        elif p_down < 0.05:
            expected = "worse"
        assert tost(inner, 0.25) == expected
        assert non_superior(inner, 0.25) == (p_high < 0.05)
        assert estimate(d[None], np.arange(80)).p_above() == pytest.approx(p_up)


def test_another_level_is_the_interval_computed_at_it() -> None:
    d = np.random.default_rng(7).normal(size=(3, 50))
    assert at(interval(d, np.arange(50), 0.95), 0.8) == interval(d, np.arange(50), 0.8)


def test_holm_against_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_mde_is_found_with_the_promised_power() -> None:
    rng = np.random.default_rng(8)
    plan = mde(estimate(rng.normal(0, 1.0, (1, 4000)), np.arange(4000))) * math.sqrt(4000 / 100)
    hits = sum(interval(rng.normal(plan, 1.0, (1, 100)), np.arange(100)).low > 0 for _ in range(1000))
    assert 0.76 < hits / 1000 < 0.84


def test_asked_prompts_would_have_decided() -> None:
    rng = np.random.default_rng(9)
    asked = []
    for _ in range(40):
        d = rng.normal(0, 0.4, (3, 40)) + rng.normal(0, 0.2, (1, 40))
        d -= d.mean()
        need = n_for(estimate(d, np.arange(40)), 0.05)
        asked.append(need.prompts)
    known = [prompts for prompts in asked if prompts is not None]
    assert len(known) > 25  # else three seeds happened to look too different for prompts alone
    n = 40 + int(np.median(known))
    widths = []
    for _ in range(100):
        more = interval(rng.normal(0, 0.4, (3, n)) + rng.normal(0, 0.2, (1, n)), np.arange(n), 0.90)
        widths.append((more.high - more.low) / 2)
    assert np.median(widths) == pytest.approx(0.05, rel=0.3)


def test_prompts_cannot_buy_down_seed_variance() -> None:
    d = np.array([[-0.2], [0.0], [0.2]]) + np.random.default_rng(0).normal(0, 0.05, (3, 200))
    need = n_for(estimate(d, np.arange(200)), 0.02)
    assert need.prompts is None
    assert need.seeds is not None
    assert "seeds" in need.words("dev")


def test_one_is_not_many() -> None:
    assert Need(1, 1).words("dev") == "about 1 more dev prompt or 1 more seed"
    assert Need(2, 3).words("dev") == "about 2 more dev prompts or 3 more seeds"
    assert Need(1, None).words() == "about 1 more prompt"
    assert Need(None, 1).words("dev") == "about 1 more seed (seeds vary more than dev prompts)"
