"""The trap set against its seed, its labels against what they claim, and its scorer against planted outcomes."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from benchmarks.traps.make import DISTINCT, DUPLICATE, EACH, as_text
from benchmarks.traps.score import Falls, flat_text, frame, ours, read_pairs, score
from curate.dedup import Dedup


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, Any]]:
    return read_pairs()


def rows_of(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [pair[side] for pair in pairs for side in "ab"]


def bare(row: dict[str, Any]) -> str:
    """Everything of a row that a reader would notice, with case, blanks and accents' encoding out of the way."""
    text = json.dumps([[t["content"], t.get("tool_calls")] for t in row["messages"]], ensure_ascii=False)
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def test_the_committed_pairs_are_what_the_seed_makes(pairs: list[dict[str, Any]]) -> None:
    assert as_text() == "".join(json.dumps(pair, ensure_ascii=False, sort_keys=True) + "\n" for pair in pairs)


def test_every_kind_has_its_share_and_its_reason(pairs: list[dict[str, Any]]) -> None:
    assert len(pairs) >= 2000
    assert Counter(pair["kind"] for pair in pairs) == dict.fromkeys([*DISTINCT, *DUPLICATE], EACH)
    assert all((kind.__doc__ or "").strip() for kind in (*DISTINCT.values(), *DUPLICATE.values()))
    assert len({pair["id"] for pair in pairs}) == len(pairs)


def test_distinct_pairs_differ_in_what_is_asked_or_answered(pairs: list[dict[str, Any]]) -> None:
    assert [p["id"] for p in pairs if p["label"] == "distinct" and bare(p["a"]) == bare(p["b"])] == []


def test_duplicate_pairs_ask_for_the_same_with_the_same_numbers(pairs: list[dict[str, Any]]) -> None:
    def numbers(row: dict[str, Any]) -> list[str]:
        calls = [t.get("tool_calls", "") for t in row["messages"] if t["role"] != "system"]
        return sorted("".join(c if c.isdigit() else " " for c in "".join(calls)).split())

    assert [p["id"] for p in pairs if p["label"] == "duplicate" and numbers(p["a"]) != numbers(p["b"])] == []


def test_no_row_repeats_a_row_of_another_pair(pairs: list[dict[str, Any]]) -> None:
    owners: dict[str, set[int]] = {}
    for place, row in enumerate(rows_of(pairs)):
        owners.setdefault(bare(row), set()).add(place // 2)
    assert [sorted(found) for found in owners.values() if len(found) > 1] == []


def test_the_set_is_not_one_template(pairs: list[dict[str, Any]]) -> None:
    """Over pairs, word 5-grams of the talk repeat little: fewer than one in three rows shares half of them."""
    grams = [set(zip(*(words[k:] for k in range(5)), strict=False)) for words in map(words_of, (p["a"] for p in pairs))]
    seen = Counter(gram for row in grams for gram in row)
    common = [sum(seen[gram] > EACH // 4 for gram in row) / len(row) for row in grams if row]
    assert sum(share > 0.5 for share in common) / len(common) < 1 / 3


def words_of(row: dict[str, Any]) -> list[str]:
    return flat_text(row, "talk").lower().split()


def test_tool_pairs_share_almost_all_their_letters(pairs: list[dict[str, Any]]) -> None:
    """The known trap: unrelated calls under one tool list, at a Jaccard above the usual threshold."""
    shared = [pair for pair in pairs if pair["kind"] == "tools_shared"]
    assert sorted(jaccard(p["a"], p["b"], "whole") for p in shared)[len(shared) // 2] > 0.8
    assert max(jaccard(p["a"], p["b"], "talk") for p in shared) < 0.6


def jaccard(left: dict[str, Any], right: dict[str, Any], view: Any) -> float:
    sets = [
        set(zip(*(flat_text(row, view).lower().split()[k:] for k in range(5)), strict=False)) for row in (left, right)
    ]
    return len(sets[0] & sets[1]) / max(1, len(sets[0] | sets[1]))


def perfect(pairs: list[dict[str, Any]]) -> Falls:
    return {2 * k + 1: 2 * k for k, pair in enumerate(pairs) if pair["label"] == "duplicate"}


def test_a_perfect_dedup_scores_full(pairs: list[dict[str, Any]]) -> None:
    result = score(pairs, perfect(pairs))
    assert (result["false_drops"]["hits"], result["cross_pair"]) == (0, 0)
    assert result["found"]["rate"] == 1.0


@pytest.mark.parametrize(
    ("spoil", "false_drops", "found", "cross"),
    [
        (lambda falls, _: {**falls, 0: 1}, 1, 0, 0),
        (lambda falls, _: {**falls, 0: None, 1: None}, 1, 0, 0),
        (lambda falls, pair: {**falls, 2 * pair: 2 * pair + 1}, 0, -1, 0),
        (lambda falls, pair: {**falls, 2 * pair + 1: 5}, 0, -1, 1),
        (lambda falls, pair: {row: w for row, w in falls.items() if row != 2 * pair + 1}, 0, -1, 0),
        (lambda falls, _: dict.fromkeys(falls), 0, 0, 0),
    ],
)
def test_each_fault_is_counted_once(
    pairs: list[dict[str, Any]],
    spoil: Callable[[Falls, int], Falls],
    false_drops: int,
    found: int,
    cross: int,
) -> None:
    duplicate = next(k for k, pair in enumerate(pairs) if pair["label"] == "duplicate")
    result = score(pairs, spoil(perfect(pairs), duplicate))
    assert result["false_drops"]["hits"] == false_drops
    assert result["found"]["hits"] == len(DUPLICATE) * EACH + found
    assert result["cross_pair"] == cross


def test_the_stage_runs_over_the_set_through_its_interface(pairs: list[dict[str, Any]]) -> None:
    some = [pair for pair in pairs if pair["kind"] in ("exact_copy", "tools_shared", "numbers_changed")]
    rows = frame(some)
    assert isinstance(rows, pl.DataFrame)
    assert rows.height == 2 * len(some)
    result = score(some, ours(rows, Dedup()))
    assert result["kinds"]["duplicate/exact_copy"]["rate"] == 1.0
    assert result["false_drops"]["hits"] == 0
