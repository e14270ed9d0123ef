"""Near vectors by faiss inverted lists, for sets too large to compare whole: searched wider until the recall holds.

Range search, never the nearest k: every vector of the lists that are looked at counts. What share of the true pairs
that finds is measured against an exact search from a sample of rows, and said with its interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from curate.cosine import F32, Held, Neighbours, Pairs, exact_with, joined, unit
from curate.cosine_loops import checked
from verifiers import wilson

QUERIES = 512
"""Rows searched at a time."""
SAMPLE = 2_000
"""Rows whose true neighbours are all computed."""
FIRST_PROBES = 4


def listed_pairs(vectors: F32, threshold: float, recall: float, most: int | None = None, seed: int = 0) -> Neighbours:
    """Pairs at or above `threshold` by IVF lists; probes double until the sample's recall of pairs is `recall`.

    The notes give probes, recall, its 95% Wilson interval, and whether it was reached: it is when every list is
    searched. Rows should come in an order that does not depend on the reading order; the outcome depends on it.
    """
    import faiss

    vectors = unit(vectors)
    rows, width = vectors.shape
    lists = max(1, min(int(4 * np.sqrt(rows)), rows // 64))  # fewer rows a list make poor centres
    index: Any = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = seed + 1234
    index.cp.max_points_per_centroid = 64
    index.train(vectors)
    index.add(vectors)
    sample = np.sort(np.random.default_rng(seed).choice(rows, min(rows, SAMPLE), replace=False))
    truth = exact_with(vectors, sample, threshold)
    probes = min(FIRST_PROBES, lists)
    while True:
        index.nprobe = probes
        hits = _hits(index, vectors, sample, threshold, truth)
        if probes == lists or hits >= recall * len(truth):
            break
        probes = min(2 * probes, lists)
    strips = [
        _strip(index, vectors, start, min(start + QUERIES, rows), threshold, most) for start in range(0, rows, QUERIES)
    ]
    low, high = wilson(hits, len(truth))
    notes = {
        "method": "ivf",
        "lists": lists,
        "probes": probes,
        "recall": hits / len(truth) if len(truth) else None,
        "recall_low": low,
        "recall_high": high,
        "recall_reached": hits >= recall * len(truth),
        "recall_rows": len(sample),
        "recall_pairs": len(truth),
    }
    return joined(strips, notes)


def _search(index: Any, queries: F32, threshold: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """(query, row) of all that the lists hold at or above the cosine, the query itself too."""
    limits, _, found = index.range_search(queries, float(threshold) - 1e-5)
    return np.repeat(np.arange(len(queries), dtype=np.int32), np.diff(limits.astype(np.int64))), found.astype(np.int32)


def _hits(
    index: Any, vectors: F32, sample: npt.NDArray[np.int64], threshold: float, truth: set[tuple[int, int]]
) -> int:
    query, found = _search(index, vectors[sample], threshold)
    return len(truth & set(zip(sample[query].tolist(), found.tolist(), strict=True)))


def _strip(index: Any, vectors: F32, start: int, stop: int, threshold: float, most: int | None) -> Held:
    held = Held(start, stop, most)
    query, found = _search(index, vectors[start:stop], threshold)
    row = query + np.int32(start)
    before = found < row
    held.add(Pairs(*checked(vectors, row[before], found[before], np.float32(threshold))))
    held.cut()
    return held
