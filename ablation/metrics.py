"""Numbers read off k samples of one prompt: pass@k, maj@k, learnable groups, diversity, entropy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import comb, log, nan

import numpy as np


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that k of n samples, drawn without replacement, hold at least one of the c correct ones.

    Unbiased for pass@k (Chen et al. 2021); NaN when n < k.
    """
    if n < k:
        return nan
    return 1.0 - comb(n - c, k) / comb(n, k)


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Chance that all of k samples are correct (reliability, tau-bench's pass^k); NaN when n < k."""
    return comb(c, k) / comb(n, k) if n >= k else nan


def learnable_fraction(n: int, c: int, group: int) -> float:
    """L_g of one prompt: chance that `group` samples are neither all wrong nor all right; NaN when n < group.

    Unbiased plug-in for 1 - (1-p)^g - p^g with the hypergeometric ratios C(n-c,g)/C(n,g) and C(c,g)/C(n,g).
    """
    if n < group:
        return nan
    return 1.0 - (comb(n - c, group) + comb(c, group)) / comb(n, group)


def maj_at_k(
    answers: Sequence[Hashable | None], correct: Sequence[bool], k: int, draws: int = 256, seed: int = 0
) -> float:
    """Chance that the commonest answer among k of the n samples is correct; ties are broken at random.

    `None` is an answer that could not be read: it counts in k and forms no cluster; with no readable
    answer the vote is wrong. Exact over all subsets when there are at most `draws` of them, else the mean
    over `draws` seeded subsets. NaN when n < k.
    """
    n = len(answers)
    if n < k:
        return nan
    if comb(n, k) <= draws:
        from itertools import combinations

        subsets: list[tuple[int, ...]] = list(combinations(range(n), k))
    else:
        rng = np.random.default_rng(seed)
        subsets = [tuple(rng.permutation(n)[:k]) for _ in range(draws)]
    right = {answer for answer, ok in zip(answers, correct, strict=True) if ok}
    return float(np.mean([_vote(answers, right, subset) for subset in subsets]))


def _vote(answers: Sequence[Hashable | None], right: set[Hashable | None], subset: Sequence[int]) -> float:
    counts = Counter(answers[i] for i in subset if answers[i] is not None)
    if not counts:
        return 0.0
    top = max(counts.values())
    leaders = [answer for answer, count in counts.items() if count == top]
    return sum(answer in right for answer in leaders) / len(leaders)


def distinct_n(texts: Sequence[Sequence[Hashable]], n: int) -> float:
    """Unique n-grams over all n-grams of the token sequences; NaN without any. Falls with length by itself."""
    grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n + 1)]
    return len(set(grams)) / len(grams) if grams else nan


def answer_entropy(answers: Sequence[Hashable | None], corrected: bool = False) -> float:
    """Entropy in nats over clusters of equal readable answers; `corrected` adds Miller-Madow's (K-1)/(2n)."""
    counts = Counter(answer for answer in answers if answer is not None)
    n = sum(counts.values())
    if n == 0:
        return nan
    plain = -sum(count / n * log(count / n) for count in counts.values())
    return plain + (len(counts) - 1) / (2 * n) if corrected else plain
