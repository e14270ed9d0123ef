"""Mixtures that a campaign trains beside its other arms, so that a response surface has something to stand on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

MOST_EPOCHS = 8.0
"""A random mixture repeats a bucket's rows of dose 1 at most this often: twice the four passes up to which repeats
count almost as fresh rows (Muennighoff 2023), so that the surface sees over-repetition and is not ruled by it."""


def designed(buckets: Mapping[str, tuple[float, float]], random: int, add_one: bool) -> dict[str, dict[str, int]]:
    """Mixture name -> bucket -> trained tokens. `buckets` gives (unique tokens, trained tokens) of each in "full".

    "random-<i>": all tokens of "full", shared out by a flat Dirichlet draw; the draw is that of the number i alone, so
    that more mixtures keep the earlier ones. "add-<bucket>": the bucket's own tokens and no others.
    """
    names = sorted(bucket for bucket, (unique, _) in buckets.items() if unique > 0)
    budget = sum(buckets[bucket][1] for bucket in names)
    caps = {bucket: MOST_EPOCHS * buckets[bucket][0] for bucket in names}
    found = {}
    for number in range(1, random + 1):
        weights = np.random.default_rng([71, number]).dirichlet(np.ones(len(names)))
        found[f"random-{number}"] = shared_out(dict(zip(names, map(float, weights), strict=True)), budget, caps)
    if add_one:
        found |= {f"add-{bucket}": {bucket: round(buckets[bucket][1])} for bucket in names}
    return found


def shared_out(weights: Mapping[str, float], budget: float, caps: Mapping[str, float]) -> dict[str, int]:
    """`budget` tokens in proportion to `weights`, none above its cap; what a full bucket leaves goes to the others.

    Water-filling: buckets over their cap are fixed there and the rest is shared anew until none is. When the caps
    together are under the budget, the answer is the caps.
    """
    fixed: dict[str, float] = {}
    left = float(budget)
    while True:
        free = {bucket: weight for bucket, weight in weights.items() if bucket not in fixed and weight > 0}
        total = sum(free.values())
        asked = {bucket: left * weight / total for bucket, weight in free.items()}
        over = [bucket for bucket in asked if asked[bucket] > caps[bucket]]
        if not over:
            return {bucket: int(tokens) for bucket, tokens in sorted((fixed | asked).items()) if tokens >= 1}
        for bucket in over:
            fixed[bucket] = caps[bucket]
            left -= caps[bucket]
