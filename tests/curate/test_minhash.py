"""Shingles against a set of tuples, signatures against datasketch itself, banding against its formula."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.minhash import banding, jaccard, shingles, signatures

TEXTS = st.lists(st.text(alphabet="ab cd\n.é你好0", max_size=60), min_size=1, max_size=8)


def words(text: str) -> list[str]:
    return re.findall(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+", text.lower())


def grams(text: str, width: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + width]) for i in range(max(1, len(found) - width + 1))} if found else set()


@given(TEXTS, st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_shingle_sets_are_the_word_grams(texts: list[str], width: int) -> None:
    sets = shingles(pl.Series(texts), width)
    assert [len(sets[i]) for i in range(len(texts))] == [len(grams(t, width)) for t in texts]
    for i, left in enumerate(texts):
        for j, right in enumerate(texts):
            a, b = grams(left, width), grams(right, width)
            want = len(a & b) / len(a | b) if a | b else 1.0
            assert abs(jaccard(sets[i], sets[j]) - want) < 1e-12


def test_nulls_blanks_and_nothing_at_all() -> None:
    sets = shingles(pl.Series([None, "", " \n", "one"], dtype=pl.String()))
    assert np.diff(sets.offsets).tolist() == [0, 0, 0, 1]
    assert len(shingles(pl.Series([], dtype=pl.String()))) == 0


def test_signatures_are_datasketch_affine32_and_do_not_depend_on_the_shard() -> None:
    texts = pl.Series([f"row {i} " + " ".join(f"w{(i * j) % 37}" for j in range(30)) for i in range(20)])
    sets = shingles(texts)
    matrix = signatures(sets, num_perm=64, seed=3)
    for row in range(20):
        folded = (sets[row] ^ (sets[row] >> np.uint64(32))).astype(np.uint32)
        sketch = MinHash(num_perm=64, seed=3, scheme="affine32", hashfunc=int)
        sketch.update_batch(folded)
        assert (matrix[row] == sketch.hashvalues).all()
    alone = signatures(shingles(texts[7:8]), num_perm=64, seed=3)
    assert (alone[0] == matrix[7]).all()


def test_signature_agreement_estimates_jaccard() -> None:
    left = " ".join(f"a{i}" for i in range(300))
    right = " ".join(f"a{i}" if i < 240 else f"b{i}" for i in range(300))
    sets = shingles(pl.Series([left, right]))
    matrix = signatures(sets, num_perm=512)
    true = jaccard(sets[0], sets[1])
    assert abs(float((matrix[0] == matrix[1]).mean()) - true) < 4 * (true * (1 - true) / 512) ** 0.5


def test_banding_keeps_the_promised_recall_and_says_it() -> None:
    for threshold in (0.5, 0.7, 0.8, 0.9, 0.99):
        bands, rows, recall = banding(threshold, 128)
        assert bands * rows <= 128
        assert recall >= 0.995
        assert recall == 1 - (1 - threshold**rows) ** bands
        assert 1 - (1 - threshold ** (rows + 1)) ** (128 // (rows + 1)) < 0.995  # one longer would miss it
