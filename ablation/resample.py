"""Bootstrap over seeds x prompt clusters, for functions of many means (curves, mixtures) that have no formula.

A prompt rides with its cluster: resampling prompts again inside a drawn cluster would count that variance twice.
Percentiles are too narrow with two or three seeds: for a claim about one mean, use the interval of `estimate`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ablation.crossed import Array, Codes, cluster_sums


@dataclass(frozen=True)
class Resample:
    """Bootstrap weights, reused over arms so that pairs stay pairs."""

    seeds: Array
    """draws x seeds, counts."""
    clusters: Array
    """draws x clusters, counts."""
    codes: Codes

    def means(self, scores: Array) -> Array:
        """scores: arms x seeds x prompts -> draws x arms."""
        sums, sizes = cluster_sums(scores, self.codes)
        by_seed = np.einsum("bc,asc->bas", self.clusters, sums, optimize=True)
        weight = (scores.shape[1] * (self.clusters @ sizes))[:, None]
        total: Array = np.einsum("bas,bs->ba", by_seed, self.seeds) / weight
        return total


def resample(seeds: int, clusters: Codes, draws: int, seed: int) -> Resample:
    rng = np.random.default_rng(seed)
    _, codes = np.unique(clusters, return_inverse=True)
    count = int(codes.max()) + 1
    by_seed = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=draws).astype(np.float64)
    by_cluster = rng.multinomial(count, np.full(count, 1.0 / count), size=draws).astype(np.float64)
    return Resample(by_seed, by_cluster, codes)
