"""Faults that near-duplicate removers have shipped, one test each: none of them may come back here.

Where a fault was reported, the project and thread stand in the docstring.
"""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

from buckets import Draft, Message, Sorted, conserve, frame_of, row_of
from curate.dedup import Dedup, Near
from curate.near import Neighbours, Shape, jaccard, shingle_sets, sketch
from curate.stage import run_global

SHAPE = Shape("split", 3, 128)


def frame(pairs: list[tuple[str, str]], tools: list[str] | None = None) -> pl.DataFrame:
    where = {"source": "s", "path": "s.jsonl", "file": "s.jsonl", "format": "x"}
    drafts = [
        Draft((Message("user", prompt), Message("assistant", answer)), tools=tools[k] if tools else None)
        for k, (prompt, answer) in enumerate(pairs)
    ]
    return frame_of(row_of(draft, row=k, **where) for k, draft in enumerate(drafts))


def deduped(pairs: list[tuple[str, str]], **how: object) -> Sorted:
    rows = frame(pairs)
    out = run_global(Dedup(**how), rows)
    conserve("dedup", rows, out)
    assert set(out.dropped["witness"]) <= set(out.kept["id"])
    return out


def story(seed: int, length: int = 80) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices("bdklmnprst", k=2)) + rng.choice("aeiou") + rng.choice("nrst") for _ in range(length)]


def changed(words: list[str], *places: int) -> list[str]:
    """Other words in some places; none of them a number, for a number makes another text."""
    return [word[::-1] + "ish" if place in places else word for place, word in enumerate(words)]


def test_a_cluster_keeps_one_of_its_members() -> None:
    """text-dedup#129: the group's number was taken for a row's, and every member fell."""
    words = story(1)
    out = deduped([("Tell it", " ".join(changed(words, 40 + k))) for k in range(6)])
    assert out.kept.height == 1


def test_two_pairs_in_one_band_leave_two_rows() -> None:
    """text-dedup: verified pairs {1, 2} and {3, 4} of one band were put back into one cluster."""
    one, two = story(2), story(3)
    texts = [" ".join(t) for t in (one, changed(one, 30), two, changed(two, 30))]
    same_band = Neighbours(shingle_sets(pl.Series(texts), SHAPE), np.zeros((4, 1), np.int32), 0.7)
    kept = []
    for row in range(4):
        if not same_band.of(row, 8):
            same_band.keep(row)
            kept.append(row)
    assert kept == [0, 2]


def test_crowds_count_only_pairs_that_were_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows in two bands, two of which a row is compared with in each: what met in either is compared."""
    monkeypatch.setattr("curate.near.neighbours.CROWD", 2)
    texts = pl.Series([" ".join(story(seed)) for seed in range(5)])
    twice = Neighbours(shingle_sets(texts, SHAPE), np.array([[0, 1]] * 5, np.int32), 0.7)
    same = Neighbours(shingle_sets(pl.Series([texts[0]] * 5), SHAPE), np.zeros((5, 1), np.int32), 0.7)
    for row in range(5):
        assert len(same.of(row, 1)) == min(row, 1)
        twice.of(row, 8)
        twice.keep(row)
        same.keep(row)
    assert (twice.compared, twice.skipped, twice.unread) == (0 + 1 + 2 + 2 + 2, 1 + 2, 0)
    assert (same.compared, same.skipped, same.unread) == (7, 3, 1 + 1 + 1)


@pytest.mark.parametrize("answer", ["", "A", "42", "Yes", "one two"])
def test_rows_shorter_than_a_shingle_are_neither_lost_nor_merged_nor_fatal(answer: str) -> None:
    """text-dedup dropped them, data-juicer raised and lost the batch, DataFlow (before #526) kept one of them all."""
    others = ["A", "B", "42", "Yes", "No", "C"]
    out = deduped([("Which one?", text) for text in [answer, *others]])
    assert sorted(out.kept.select(pl.col("messages").list.last().struct.field("content")).to_series()) == sorted(
        {answer, *others}
    )


def test_identical_short_rows_are_duplicates() -> None:
    """datatrove: a row of fewer than five words writes no signature, so that its copies stay."""
    assert deduped([("Yes?", "No.")] * 5).kept.height == 1


def test_nothing_is_remembered_between_two_calls() -> None:
    """data-juicer#1043: state of the first call changed the second one's result."""
    rows = frame([("Tell it", " ".join(changed(story(4), 40 + k))) for k in range(4)])
    stage = Dedup()
    first, second = run_global(stage, rows), run_global(stage, rows)
    assert first.dropped.equals(second.dropped)


def test_every_copy_has_its_own_line_with_a_witness() -> None:
    """data-juicer#906: the pairs that were written down were fewer than the rows that fell."""
    words = story(5)
    out = deduped([("Tell it", " ".join(changed(words, 40 + k % 3))) for k in range(30)])
    assert out.dropped["id"].n_unique() == out.dropped.height == 29
    assert out.dropped["witness"].null_count() == 0


def test_another_order_of_reading_drops_the_same_rows() -> None:
    """datatrove: positional ids, so that another order between two steps dropped other rows."""
    rows = frame([("Tell it", " ".join(changed(story(k % 7), 30 + k % 5))) for k in range(40)])
    kept = {
        tuple(run_global(Dedup(), rows.sample(fraction=1.0, shuffle=True, seed=s)).kept["id"].sort()) for s in (1, 2)
    }
    assert len(kept) == 1


def test_a_bag_of_words_is_not_a_text() -> None:
    """distilabel: by bags of words the two questions have Jaccard 1, and reordered sentences fall."""
    out = deduped([("Which is larger, 9.11 or 9.9?", "9.9"), ("Which is larger, 9.9 or 9.11?", "9.9")])
    assert out.kept.height == 2
    words = story(6, 60)
    out = deduped([("Tell it", " ".join(words)), ("Tell it", " ".join(words[::-1]))])
    assert out.kept.height == 2


def test_a_chain_falls_only_as_far_as_a_kept_row_reaches() -> None:
    """Transitive closure (data-juicer, datatrove, NeMo Curator, text-dedup; marin#6851) drops the whole chain."""
    words = story(7, 120)
    chain, now = [], words
    for step in range(12):
        chain.append(" ".join(now))
        now = changed(now, *(5 * step + 10 + k for k in (0, 3)))
    near = Near()
    out = deduped([("Tell it", text) for text in chain], near=near)
    sets = shingle_sets(pl.Series([f"tell it\n{text}" for text in chain]), near.shape())
    place = {id: k for k, id in enumerate(frame([("Tell it", text) for text in chain])["id"])}
    assert out.kept.height > 1
    for id, witness in out.dropped.select("id", "witness").iter_rows():
        assert jaccard(sets[place[id]], sets[place[witness]]) >= near.threshold


def test_two_calls_under_one_tool_list_stay() -> None:
    """marin#6854: 859,092 rows of function calling became 2, because all shared their tool lists."""
    tools = '[{"type":"function","function":{"name":"f","description":"' + " ".join(story(8, 300)) + '"}}]'
    rows = frame([("What is the weather in Rome?", "f"), ("Book a table for two", "f")], [tools, tools])
    assert run_global(Dedup(), rows).dropped.is_empty()
    same = frame([("What is the weather in Rome?", "f")] * 2, [tools, tools])
    assert run_global(Dedup(), same).dropped.height == 1


def test_large_sets_are_not_made_alike() -> None:
    """datasketch#212: signatures cut to 32 bits overstated the similarity of large sets."""
    estimates = []
    for seed in range(20):
        words = story(100 + seed, 3000)
        texts = pl.Series([" ".join(words), " ".join(changed(words, *range(0, 3000, 9)))])
        made = sketch(texts, SHAPE).signatures
        sets = shingle_sets(texts, SHAPE)
        estimates.append((made[0] == made[1]).mean() - jaccard(sets[0], sets[1]))
    assert abs(float(np.mean(estimates))) < 0.02  # standard error of twenty: about 0.01
