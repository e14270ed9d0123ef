"""All pairs above a cosine against brute force: planted neighbours, crowds, awkward shapes, permutations."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("faiss")

from curate.cosine import F32, Neighbours, exact_pairs, unit
from curate.lists import listed_pairs


def planted(seed: int, groups: int, size: int, width: int, noise: float) -> F32:
    """`groups` centres with `size` vectors around each, shuffled."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, width)) * rng.uniform(0.2, 2, size=width)
    rows = np.concatenate([centres + noise * rng.normal(size=centres.shape) for _ in range(size)])
    rng.shuffle(rows)
    return rows.astype(np.float32)


def brute(vectors: F32, threshold: float) -> set[tuple[int, int]]:
    long = unit(vectors).astype(np.float64)
    rows, others = np.nonzero(long @ long.T >= threshold)
    return {(a, b) for a, b in zip(rows.tolist(), others.tolist(), strict=True) if b < a}


def found(near: Neighbours) -> set[tuple[int, int]]:
    return set(zip(near.row().tolist(), near.other.tolist(), strict=True))


@pytest.mark.parametrize(
    ("groups", "size", "width", "noise", "threshold"),
    [
        (700, 3, 48, 0.25, 0.9),
        (400, 5, 96, 0.3, 0.8),
        (1, 900, 64, 0.05, 0.95),
        (30, 3, 8, 0.1, 0.9),
        (1, 1, 4, 0, 0.9),
    ],
)
def test_every_pair_and_no_other(groups: int, size: int, width: int, noise: float, threshold: float) -> None:
    vectors = planted(1, groups, size, width, noise)
    assert found(exact_pairs(vectors, threshold)) == brute(vectors, threshold)


def test_data_without_short_axes_is_compared_in_full_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(1600, 128)).astype(np.float32)
    vectors[800:] = vectors[:800] + 0.3 * rng.normal(size=(800, 128))
    near = exact_pairs(vectors, 0.9)
    assert found(near) == brute(vectors, 0.9)
    assert len(near.other) >= 800


def test_a_row_is_never_its_own_neighbour_and_pairs_across_lists_are_seen() -> None:
    vectors = planted(3, 600, 3, 32, 0.25)
    for near in (exact_pairs(vectors, 0.9), listed_pairs(vectors, 0.9, 1.0)):
        assert (near.other < near.row()).all()
        assert found(near) == brute(vectors, 0.9)


def test_the_recall_of_the_lists_is_measured_and_reached() -> None:
    vectors = planted(4, 900, 3, 32, 0.3)
    near = listed_pairs(vectors, 0.85, 0.99)
    truth = brute(vectors, 0.85)
    assert near.notes["recall"] >= 0.99
    assert near.notes["recall_low"] <= near.notes["recall"] <= near.notes["recall_high"]
    assert found(near) <= truth
    assert len(found(near)) >= 0.98 * len(truth)


def test_the_nearest_are_kept_and_the_others_counted() -> None:
    vectors = planted(5, 1, 300, 16, 0.05)
    near, whole = exact_pairs(vectors, 0.9, most=7), exact_pairs(vectors, 0.9)
    assert near.counts.tolist() == np.diff(whole.offsets).tolist()
    for row in range(300):
        assert list(near.of(row)) == list(whole.of(row))[:7]


def test_a_permutation_gives_the_same_pairs_with_the_same_bits() -> None:
    vectors = planted(6, 800, 3, 64, 0.2)
    order = np.random.default_rng(0).permutation(len(vectors))
    first, second = exact_pairs(vectors, 0.9), exact_pairs(vectors[order], 0.9)

    def named(near: Neighbours, names: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[frozenset[int], float]:
        pairs = zip(names[near.row()].tolist(), names[near.other].tolist(), near.cosine.tolist(), strict=True)
        return {frozenset((a, b)): cosine for a, b, cosine in pairs}

    assert named(first, np.arange(len(vectors))) == named(second, order)


def test_vectors_of_length_zero_are_near_nothing() -> None:
    vectors = np.zeros((5, 8), np.float32)
    vectors[0, 0] = vectors[1, 0] = 3
    assert found(exact_pairs(vectors, 0.5)) == {(1, 0)}
