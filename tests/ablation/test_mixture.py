from __future__ import annotations

import numpy as np
import pytest

from ablation.mixture import (
    Control,
    Draw,
    Pool,
    available,
    choose,
    interleave,
    portion,
    portion_of_tokens,
)
from buckets import CurateError

IDS = [f"{bucket}/{i:03d}" for bucket in ("x", "y", "z") for i in range(60)]
BUCKETS = [name[0] for name in IDS]
TRAINED = np.random.default_rng(0).integers(5, 40, len(IDS))
POOL = Pool.of(IDS, BUCKETS, TRAINED)


def draw(seed: int = 1, dose: float = 1.0, without: str = "", control: Control = "fixed_tokens") -> Draw:
    portions = {}
    for bucket in POOL.members:
        if bucket != without:
            full = available(POOL, bucket, seed, 40, None)
            portions[bucket] = portion(POOL, bucket, seed, full, dose, 2.0, control)
    return interleave(POOL, portions, seed)


def test_a_smaller_dose_is_a_subset_of_a_larger_one() -> None:
    held = [set(draw(dose=dose).order) for dose in (0.125, 0.25, 0.5, 1.0)]
    assert [len(h) for h in held] == [15, 30, 60, 120]
    assert held[0] < held[1] < held[2] < held[3]


def test_fixed_tokens_trains_every_dose_as_long() -> None:
    full = draw().shares
    for dose in (0.125, 0.5):
        for bucket, share in draw(dose=dose).shares.items():
            assert abs(share.trained_tokens - full[bucket].trained_tokens) <= TRAINED.max()
            assert share.unique_tokens < full[bucket].unique_tokens


def test_fixed_epochs_trains_two_passes_of_every_dose() -> None:
    for share in draw(dose=0.25, control="fixed_epochs").shares.values():
        assert share.trained_tokens == 2 * share.unique_tokens


def test_shares_count_what_is_in_the_order() -> None:
    drawn = draw(dose=0.5)
    for bucket, share in drawn.shares.items():
        mine = [row for row in drawn.order if BUCKETS[row] == bucket]
        assert share.rows == len(set(mine))
        assert share.unique_tokens == TRAINED[sorted(set(mine))].sum()
        assert share.trained_tokens == TRAINED[mine].sum()


def test_repeats_are_whole_passes() -> None:
    counts = np.bincount(draw(dose=0.25).order, minlength=len(IDS))
    for members in POOL.members.values():
        used = counts[members][counts[members] > 0]
        assert used.max() - used.min() <= 1


def test_leaving_a_bucket_out_leaves_the_others_as_they_were() -> None:
    full, less = draw(), draw(without="y")
    assert [row for row in full.order if BUCKETS[row] != "y"] == less.order.tolist()
    assert {b: s for b, s in full.shares.items() if b != "y"} == less.shares


def test_every_part_of_the_run_holds_the_full_mixture() -> None:
    for part in np.array_split(draw().order, 6):
        counts = [sum(BUCKETS[row] == bucket for row in part) for bucket in "xyz"]
        assert max(counts) - min(counts) <= 4


def test_a_draw_does_not_depend_on_the_order_of_the_input() -> None:
    shuffle = np.random.default_rng(3).permutation(len(IDS))
    other = Pool.of([IDS[i] for i in shuffle], [BUCKETS[i] for i in shuffle], TRAINED[shuffle])
    for bucket in "xyz":
        mine = [IDS[row] for row in choose(POOL, bucket, 7, 20)]
        assert mine == [IDS[shuffle[row]] for row in choose(other, bucket, 7, 20)]


def test_seeds_differ_and_repeat() -> None:
    assert draw(seed=1).order.tolist() == draw(seed=1).order.tolist()
    assert set(draw(seed=1).order) != set(draw(seed=2).order)


def test_a_token_cap_is_kept() -> None:
    rows = available(POOL, "x", 1, None, 300)
    assert 300 - TRAINED.max() < TRAINED[rows].sum() <= 300
    assert len(available(POOL, "x", 1, None, 1)) == 1


def test_over_drawing_is_refused_with_the_numbers() -> None:
    with pytest.raises(CurateError, match="61 rows asked, 60 available"):
        choose(POOL, "x", 1, 61)
    have = int(TRAINED[POOL.members["x"]].sum())
    with pytest.raises(CurateError, match=f"{4 * have + 1} trained tokens asked, {have} available x 4 epochs"):
        portion_of_tokens(POOL, "x", 1, 4 * have + 1, 4)
    with pytest.raises(CurateError, match="0 available"):
        portion_of_tokens(POOL, "nowhere", 1, 10, 4)
    with pytest.raises(CurateError, match="occur twice"):
        Pool.of(["a", "a"], ["x", "x"], [1, 1])


def test_a_mixture_gets_its_tokens() -> None:
    have = int(TRAINED[POOL.members["x"]].sum())
    for tokens in (100, have, 3 * have):
        part = portion_of_tokens(POOL, "x", 1, tokens, 4)
        assert abs(TRAINED[part.sequence].sum() - tokens) <= TRAINED.max()
        assert len(part.rows) <= 60
