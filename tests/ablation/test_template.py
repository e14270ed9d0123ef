"""Openings and how alike they are, against brute force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import polars as pl
import pytest

from ablation.attribution import PARTS, _parts, attribution
from ablation.gains import Decomposition, attribute
from ablation.openings import opening
from ablation.scores import read_scores
from ablation.simulate import Plan, simulate
from ablation.template import _alike, excess


def test_numbers_and_quoted_values_do_not_tell_openings_apart() -> None:
    assert opening("There are 12 apples") == opening("there are  7.5 apples")
    assert opening('{"name": "Ana", "age": 3}') == opening('{"name": "Bo", "age": 41}')
    assert opening("There are pears") != opening("There are apples")
    assert opening("one two three four five six seven eight nine") == opening(
        "one two three four five six seven eight ten"
    )
    assert opening("") == opening("   ")


def _rows(rng: np.random.Generator, n: int, clusters: int) -> pl.DataFrame:
    names = rng.choice(["a", "b", "c"], size=(n, 2))
    return pl.DataFrame(
        {
            "cluster": [f"c{i}" for i in rng.integers(clusters, size=n)],
            "openings": [" ".join(pair) for pair in names],
        }
    )


def _brute(rows: pl.DataFrame) -> float:
    total, equal = 0, 0.0
    for (c, ours), (d, theirs) in permutations(rows.select("cluster", "openings").iter_rows(), 2):
        if c != d:
            total += 1
            equal += sum(x == y for x in ours.split() for y in theirs.split()) / 4
    return equal / total


@pytest.mark.parametrize("seed", range(3))
def test_chance_of_opening_alike_and_its_jackknife_are_what_pairs_give(seed: int) -> None:
    rows = _rows(np.random.default_rng(seed), 14, 5)
    chance, gone = _alike(rows)
    assert chance == pytest.approx(_brute(rows))
    for left, value in zip(sorted(set(rows["cluster"])), gone, strict=True):
        assert value == pytest.approx(_brute(rows.filter(pl.col("cluster") != left)))


def test_coverage_of_the_excess_is_near_nominal() -> None:
    """Truth: answers open in two ways, .7 and .3 (alike .58), references in four, .4 .3 .2 .1 (alike .30)."""
    rng, inside = np.random.default_rng(0), 0
    for _ in range(200):
        parts = []
        for seed in range(3):
            parts.append(
                pl.DataFrame(
                    {
                        "arm": "full", "seed": seed, "bucket": "b", "split": "dev",
                        "item": [f"i{i}" for i in range(40)],
                        "cluster": [f"c{i // 2}" for i in range(40)],
                        "openings": [" ".join(line) for line in rng.choice(["a", "b"], p=[0.7, 0.3], size=(40, 4))],
                    }
                )
            )  # fmt: skip
        references = rng.choice(["p", "q", "r", "s"], p=[0.4, 0.3, 0.2, 0.1], size=40)
        table = pl.concat(parts).with_columns(
            reference_opening=pl.col("item").replace_strict([f"i{i}" for i in range(40)], references)
        )
        found = excess(table, "b", "full")
        assert found is not None
        interval = found.over_reference.interval(0.9)
        inside += interval.low <= 0.28 <= interval.high
    assert 0.84 <= inside / 200 <= 0.99


def test_parts_of_a_gain_add_up_and_name_format() -> None:
    """Only the readable share changes: correct given readable is the same in both arms."""
    table = simulate(Plan({"code": {"base": 0.2, "dose:0.5": 0.4, "full": 0.4}}, {"dev": 200})).with_columns(
        samples=pl.lit(8), terminated=pl.lit(8),
        parsed=pl.when(pl.col("arm") == "full").then(8).otherwise(4),
        correct=pl.when(pl.col("arm") == "full").then(4).otherwise(2),
    )  # fmt: skip
    cell = read_scores(table).cells["code", "dev"]
    found = attribution(cell, "full", "dose:0.5")
    assert found is not None
    assert found.total == pytest.approx(0.25)
    assert sum(part.estimate for part in found.parts.values()) == pytest.approx(found.total)
    assert found.parts["parses"].estimate == pytest.approx(0.25)
    assert found.verdict(0.05) == "a gain in stopping and format, not in capability"
    assert attribution(cell, "full", "nowhere") is None


def test_a_gain_with_the_protocol_unchanged_is_capability() -> None:
    table = simulate(Plan({"code": {"dose:0.5": 0.3, "full": 0.6}}, {"dev": 200}))
    whole = table.with_columns(terminated=pl.col("samples"), parsed=pl.col("samples"))
    found = attribution(read_scores(whole).cells["code", "dev"], "full", "dose:0.5")
    assert found is not None
    assert found.verdict(0.05) == "a gain in capability"
    assert found.protocol.estimate == pytest.approx(0, abs=1e-9)


def test_all_draws_at_once_are_shared_out_as_one_by_one() -> None:
    rng = np.random.default_rng(2)
    means = np.sort(rng.random((50, 2, 3)), axis=2)[:, :, ::-1].reshape(50, 6)
    means[0, 1:3] = 0.0  # nothing could be read before: a factor is undefined
    for row, found in zip(means, _parts(means), strict=True):
        sides = [
            Decomposition("", "", "", c, t, p / t, c / p if p > 0 else float("nan")) for t, p, c in (row[:3], row[3:])
        ]
        wanted = attribute(*sides)
        assert found == pytest.approx([wanted[name] for name in PARTS])
