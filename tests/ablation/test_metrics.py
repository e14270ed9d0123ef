from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations, product

import pytest

from ablation.metrics import answer_entropy, distinct_n, learnable_fraction, maj_at_k, pass_at_k, pass_hat_k


@pytest.mark.parametrize("n", range(1, 7))
def test_rates_over_subsets_are_what_enumeration_gives(n: int) -> None:
    for c, k in product(range(n + 1), range(1, n + 1)):
        subsets = list(combinations([True] * c + [False] * (n - c), k))
        assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))
        assert pass_hat_k(n, c, k) == pytest.approx(sum(map(all, subsets)) / len(subsets))
        mixed = sum(any(s) and not all(s) for s in subsets) / len(subsets)
        assert learnable_fraction(n, c, k) == pytest.approx(mixed)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_plug_ins_are_unbiased(k: int) -> None:
    n, p = 5, Fraction(1, 3)
    weight = [math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    assert sum(float(w) * pass_at_k(n, c, k) for c, w in enumerate(weight)) == pytest.approx(1 - (1 - float(p)) ** k)
    expected = 1 - (1 - float(p)) ** k - float(p) ** k
    assert sum(float(w) * learnable_fraction(n, c, k) for c, w in enumerate(weight)) == pytest.approx(expected)


def test_too_few_samples_give_nan() -> None:
    values = [pass_at_k(2, 1, 3), pass_hat_k(2, 1, 3), learnable_fraction(2, 1, 3), maj_at_k(["a"], [True], 2)]
    assert all(map(math.isnan, values))


def brute_vote(answers: list[str | None], right: set[str | None], k: int) -> float:
    total = []
    for subset in combinations(answers, k):
        counts = Counter(a for a in subset if a is not None)
        leaders = [a for a in counts if counts[a] == max(counts.values())]
        total.append(sum(a in right for a in leaders) / len(leaders) if leaders else 0.0)
    return sum(total) / len(total)


def test_majority_vote_is_exact_and_breaks_ties_evenly() -> None:
    answers = ["a", "a", "b", None, "c", None]
    correct = [True, True, False, False, False, False]
    for k in range(1, 7):
        assert maj_at_k(answers, correct, k) == pytest.approx(brute_vote(answers, {"a"}, k))
    assert maj_at_k(["a", "b"], [True, False], 2) == 0.5
    assert maj_at_k([None, None], [False, False], 2) == 0.0


def test_sampled_majority_vote_is_near_the_exact_one() -> None:
    answers: list[str | None] = ["a"] * 5 + ["b"] * 4 + [None] * 3
    correct = [a == "a" for a in answers]
    exact = maj_at_k(answers, correct, 5, draws=10_000)
    assert exact == pytest.approx(brute_vote(answers, {"a"}, 5))
    assert maj_at_k(answers, correct, 5, draws=400) == pytest.approx(exact, abs=0.08)


def test_diversity() -> None:
    assert distinct_n([["a", "b", "a", "b"]], 2) == pytest.approx(2 / 3)
    assert distinct_n([["a", "b"], ["a", "b"]], 1) == 0.5
    assert math.isnan(distinct_n([["a"]], 2))
    assert answer_entropy(["x", "x", "y", "y", None]) == pytest.approx(math.log(2))
    assert answer_entropy(["x", "x", "y", "y"], corrected=True) == pytest.approx(math.log(2) + 1 / 8)
    assert answer_entropy(["x"]) == 0
    assert math.isnan(answer_entropy([None]))
