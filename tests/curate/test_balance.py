"""Quotas against their arithmetic, and difficulty against hand-made orders."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from buckets import SCHEMA, conserve
from curate.balance import Balance, fill
from curate.difficulty import difficulty
from curate.stage import run_global


def frame(sizes: dict[str | None, int], tokens: int = 40) -> pl.DataFrame:
    rows = [
        {
            "id": f"{bucket}-{i}",
            "source": "s",
            "bucket": bucket,
            "tokens": tokens + i,
            "answer_tokens": 10 + i // 2,
            "turns": 2,
            "n_tool_calls": 0,
        }
        for bucket, size in sizes.items()
        for i in range(size)
    ]
    return pl.DataFrame([{name: row.get(name) for name in SCHEMA.names()} for row in rows], schema=SCHEMA)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 50), min_size=1), st.integers(0, 200))
def test_fill_is_as_even_as_the_sizes_allow(sizes: dict[str, int], total: int) -> None:
    quotas = fill(sizes, total)
    assert sum(quotas.values()) == min(total, sum(sizes.values()))
    assert all(0 <= quotas[name] <= sizes[name] for name in sizes)
    full = max((quotas[name] for name in sizes if quotas[name] < sizes[name]), default=None)
    if full is not None:  # nobody has more than one row above a cell that wanted more
        assert all(q <= full + 1 for q in quotas.values())


def test_caps_hold_shortfalls_are_said_and_unsure_rows_stay() -> None:
    rows = frame({"math_reasoning": 200, "code": 5, None: 7})
    out = run_global(Balance(max_rows=60, min_rows=10), rows)
    conserve("balance", rows, out)
    counts = dict(out.kept.group_by("bucket").len().iter_rows())
    assert counts == {"math_reasoning": 60, "code": 5, None: 7}
    assert set(out.dropped["rule"]) == {"over_quota"}
    stage = Balance(max_rows=60, min_rows=10)
    notes = stage.decide([stage.sketch(rows)], lambda _: rows).notes
    assert {"bucket": "code", "quota": 10, "got": 5, "why": "fewer rows than min_rows"} in notes["shortfalls"]


def test_the_choice_depends_on_the_seed_only() -> None:
    rows = frame({"code": 100})
    first = set(run_global(Balance(max_rows=30), rows).kept["id"])
    assert set(run_global(Balance(max_rows=30), rows.reverse()).kept["id"]) == first
    assert set(run_global(Balance(max_rows=30, seed=1), rows).kept["id"]) != first


def test_difficulty_orders_rows_within_their_bucket() -> None:
    rows = frame({"code": 9, "math_reasoning": 3})
    scores = rows.with_columns(difficulty(rows))
    code = scores.filter(pl.col("bucket") == "code")["difficulty"].to_list()
    assert code == sorted(code)
    assert 0 <= min(code) < 0.2 < 0.8 < max(code) <= 1
    equal = frame({"code": 1})
    assert difficulty(equal).to_list() == [0.5]


def test_difficulty_is_written_into_the_kept_rows() -> None:
    out = run_global(Balance(), frame({"code": 4}))
    assert out.dropped.is_empty()
    assert out.kept["difficulty"].null_count() == 0
    assert out.kept.schema == SCHEMA
