"""The exact join against all pairs compared one by one, the big input against its plan, the scorer against plants."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from benchmarks.near.join import jaccard, join, word5
from benchmarks.near.score import score
from benchmarks.near.texts import real_texts
from benchmarks.near_input import REFUSAL, SHARE, Plan, World, edited, plan, text_of, truth, write
from buckets import InputError

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
WORDS = [
    "ka",
    "lo",
    "mi",
    "ru",
    "te",
    "so",
    "na",
    "ve",
    "xi",
    "du",
    "pa",
    "ré",
    "İo",
    "ſt",
    "漢字",
    "a",
    "b",
    "c",
    "d",
    "e",
]


def corpus(seed: int, rows: int = 300) -> list[str]:
    """Short and long rows over few words, many of them copies with some words changed."""
    rng = random.Random(seed)
    texts = ["", " ", "one", "one two", "Two one"]
    while len(texts) < rows:
        if rng.random() < 0.5:
            texts.append(" ".join(rng.choices(WORDS, k=rng.choice((1, 3, 4, 5, 6, 30, 80)))))
        else:
            words = rng.choice(texts).split() or ["x"]
            words[rng.randrange(len(words))] = rng.choice(WORDS).upper()
            texts.append("\n".join(words) if rng.random() < 0.5 else " ".join(words))
    rng.shuffle(texts)
    return texts


def by_brute_force(texts: list[str], threshold: float) -> dict[tuple[int, int], float]:
    found = {(a, b): jaccard(texts[a], texts[b]) for a, b in combinations(range(len(texts)), 2)}
    return {pair: value for pair, value in found.items() if value >= threshold}


def expanded(texts: list[str], threshold: float) -> dict[tuple[int, int], float]:
    """All pairs that the join implies: pairs of first rows, for every pair of their twins."""
    found = join(texts, threshold)
    members: dict[int, list[int]] = {}
    for row, first in enumerate(found.twin.tolist()):
        members.setdefault(first, []).append(row)
    pairs = {pair: 1.0 for rows in members.values() for pair in combinations(rows, 2)}
    for (a, b), value in zip(found.pairs.tolist(), found.jaccard.tolist(), strict=True):
        pairs |= {(min(x, y), max(x, y)): value for x in members[a] for y in members[b]}
    return pairs


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_join_is_all_pairs(seed: int, threshold: float) -> None:
    texts = corpus(seed)
    expected = by_brute_force(texts, threshold)
    assert len(expected) > 40
    assert expanded(texts, threshold) == pytest.approx(expected)


def test_word5_is_what_the_bars_name() -> None:
    assert word5("A b  c\nd E f") == {("a", "b", "c", "d", "e"), ("b", "c", "d", "e", "f")}
    assert word5("Yes") == {("yes",)}
    assert word5("") == {()}


@pytest.fixture(scope="module")
def source() -> World:
    rng = random.Random(5)
    sentences = [" ".join(f"w{rng.randrange(5000)}" for _ in range(rng.randint(6, 20))) + "." for _ in range(3000)]
    return World([f"real {k}: {' '.join(rng.sample(sentences, 4))}" for k in range(400)], sentences)


@pytest.fixture(scope="module")
def made(source: World) -> Plan:
    return plan(2000, len(source.real), seed=3)


@pytest.fixture(scope="module")
def texts(made: Plan, source: World) -> list[str]:
    return [text_of(row, made, source) for row in range(len(made.kind))]


def test_the_input_holds_what_the_plan_says(made: Plan, source: World, texts: list[str]) -> None:
    counts = Counter(made.kind)
    assert {kind: counts[kind] for kind in ("refusal", "exact", "near")} == {
        kind: int(2000 * SHARE[kind]) for kind in ("refusal", "exact", "near")
    }
    assert texts.count(REFUSAL) == counts["refusal"]
    assert sum(text in set(source.real) for text in texts) >= len(source.real)
    assert texts == [text_of(row, plan(2000, len(source.real), seed=3), source) for row in range(2000)]


def test_new_rows_are_near_nothing(made: Plan, texts: list[str]) -> None:
    plain = [text for text, kind in zip(texts, made.kind, strict=True) if kind == "plain"]
    found = join(plain, 0.5)
    assert len(found.pairs) == 0
    assert (found.twin == range(len(plain))).all()


def test_every_planted_pair_at_the_threshold_is_in_the_join(made: Plan, texts: list[str]) -> None:
    table = truth(made, texts, 0.8)
    planted = table.filter(pl.col("kind") == "planted")
    assert planted.height == made.kind.count("exact") + made.kind.count("near")
    close = ((planted["jaccard"] > 0.75) & (planted["jaccard"] < 0.87)).sum()
    assert 0.3 < close / made.kind.count("near") < 0.8
    all_pairs = expanded(texts, 0.8)
    for row, other, value in planted.select("row", "other", "jaccard").iter_rows():
        assert (value >= 0.8) == ((other, row) in all_pairs)


def test_edits_aim_at_the_jaccard_asked_for() -> None:
    rng = random.Random(1)
    text = " ".join(f"w{k}" for k in range(600))
    for close in (0.6, 0.8, 0.95):
        values = [jaccard(text, edited(rng, text, close, ["new words here"])) for _ in range(30)]
        assert sum(values) / len(values) == pytest.approx(close, abs=0.06)


def test_the_file_is_the_rows_in_order(tmp_path: Path, made: Plan, source: World, texts: list[str]) -> None:
    write(2000, made, source, tmp_path / "near.parquet")
    assert pl.read_parquet(tmp_path / "near.parquet")["text"].to_list() == texts


def removal(rows: dict[int, tuple[int | None, float | None]]) -> pl.DataFrame:
    schema = {"row": pl.Int64(), "witness": pl.Int64(), "jaccard": pl.Float64()}
    return pl.DataFrame([(row, *said) for row, said in rows.items()], schema=schema, orient="row")


def greedy(texts: list[str], threshold: float) -> dict[int, tuple[int | None, float | None]]:
    """First row of a group survives, one pair at a time."""
    fallen: dict[int, tuple[int | None, float | None]] = {}
    for (other, row), value in sorted(by_brute_force(texts, threshold).items(), key=lambda pair: pair[0][::-1]):
        if other not in fallen and row not in fallen:
            fallen[row] = (other, value)
    return fallen


def table_of(texts: list[str]) -> pl.DataFrame:
    """The truth of texts that nobody planned: joined pairs and twins only."""
    empty = Plan(["plain"] * len(texts), pl.Series(range(len(texts))).to_numpy(), 0)
    return truth(empty, texts, 0.8)


def test_a_greedy_removal_scores_full_and_each_fault_shows() -> None:
    rows = corpus(7)
    table, right = table_of(rows), greedy(rows, 0.8)
    series = pl.Series(rows)
    good = score(series, table, removal(right), 0.8)
    assert (good["removal_recall"], good["false_removals"], good["witness_fell_itself"]) == (1.0, 0, 0)
    assert good["jaccard_wrong"] == good["witness_below_threshold"] == 0
    assert good["must_fall"] == len(right)
    row = max(right)
    assert score(series, table, removal({k: v for k, v in right.items() if k != row}), 0.8)["removal_recall"] < 1
    assert score(series, table, removal({**right, row: (right[row][0], 0.5)}), 0.8)["jaccard_wrong"] == 1
    alone = next(k for k in range(len(rows)) if k not in right and not any(k in p for p in by_brute_force(rows, 0.8)))
    bad = score(series, table, removal({**right, alone: (right[row][0], None)}), 0.8)
    assert (bad["false_removals"], bad["witness_below_threshold"]) == (1, 1)
    chained = score(series, table, removal({**right, row: (min(right), None)}), 0.8)
    assert chained["witness_fell_itself"] == 1


def test_a_removal_that_does_not_fit_the_input_is_refused() -> None:
    rows = ["one", "two"]
    for wrong in (removal({5: (None, None)}), pl.concat([removal({1: (0, 1.0)})] * 2)):
        with pytest.raises(InputError, match="distinct"):
            score(pl.Series(rows), table_of(rows), wrong, 0.8)


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"alpaca_data\.json\.gz"):
        real_texts(tmp_path)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets beside the checkout")
def test_the_real_rows_are_read_whole() -> None:
    texts = real_texts(SHARED)
    assert len(texts) > 120_000
    assert sum(text.startswith("Natalia sold clips") for text in texts) == 1
