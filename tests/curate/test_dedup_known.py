"""Duplicates that are known to stand in public data sets: found across files and schemas, with nothing else taken."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from buckets import Sorted, frame_of, read_rows, row_of, sniff_format
from curate.dedup import Dedup, Near
from curate.near import jaccard, shingle_sets
from curate.pairs import talk
from curate.stage import run_global
from curate.views import views

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout"),
]


def raw(name: str) -> list[dict[str, Any]]:
    return [row.value for row in read_rows(SHARED / name) if row.value is not None]


def frame(name: str, source: str) -> pl.DataFrame:
    rows = raw(name)
    form, _ = sniff_format(rows[:100], name)
    where = {"source": source, "path": name, "file": name, "format": form.name}
    return frame_of(row_of(form.read(row), row=place, **where) for place, row in enumerate(rows))


def repeats(name: str) -> set[int]:
    """Places of rows whose raw value stands earlier in the file."""
    seen: dict[str, int] = {}
    for place, row in enumerate(raw(name)):
        seen.setdefault(json.dumps(row, sort_keys=True), place)
    return set(range(len(raw(name)))) - set(seen.values())


def fallen_rows(out: Sorted, source: str | None = None) -> set[int]:
    rows = out.dropped if source is None else out.dropped.filter(pl.col("source") == source)
    return set(rows.select(pl.col("origin").struct.field("row")).to_series())


def test_two_schemas_of_one_set_meet_row_by_row() -> None:
    new, old = frame("codealpaca/new_codealpaca.json.gz", "new"), frame("gpteacher/codegen-instruct.json.gz", "old")
    assert new.height == old.height == 4535
    out = run_global(Dedup(prefer=("old",)), pl.concat([new, old]))
    assert fallen_rows(out, "new") == set(range(4535))
    alone = run_global(Dedup(), old)
    assert out.kept.height == alone.kept.height


@pytest.mark.parametrize("part", ["claude_t45", "helpfulness_t45", "random_9k"])
def test_a_subset_of_alpaca_falls_whole_to_alpaca(part: str, alpaca: pl.DataFrame) -> None:
    some = frame(f"alpagasus/{part}.json.gz", "part")
    out = run_global(Dedup(near=None, prefer=("alpaca",)), pl.concat([some, alpaca]))
    assert out.dropped.filter(pl.col("source") == "part").height == some.height
    assert set(out.dropped["witness"].str.slice(0, 7)) == {"alpaca/"}


@pytest.fixture(scope="module")
def alpaca() -> pl.DataFrame:
    return frame("stanford_alpaca/alpaca_data.json.gz", "alpaca")


def test_alpaca_has_no_exact_duplicate_and_its_repeated_outputs_stay(alpaca: pl.DataFrame) -> None:
    out = run_global(Dedup(near=None), alpaca)
    sides = views(alpaca)
    wordings = Counter(sides.select("prompt", "answer").rows())
    assert out.dropped.height <= sum(wordings.values()) - len(wordings) + 20, "more than articles apart"
    assert alpaca.height - out.dropped.height >= 0.998 * alpaca.height


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("llamafactory_demo/alpaca_en_demo.json", 14),
        ("llamafactory_demo/alpaca_zh_demo.json", 8),
        ("llamafactory_demo/glaive_toolcall_en_demo.json", 35),
        ("llamafactory_demo/glaive_toolcall_zh_demo.json", 43),
        ("llamafactory_demo/dpo_en_demo.json.gz", 5),
        ("alpagasus/dolly_3k.json.gz", 1),
    ],
)
def test_the_repeats_of_a_file_fall_and_hardly_anything_else_is_an_exact_duplicate(name: str, count: int) -> None:
    known = repeats(name)
    assert len(known) == count
    out = run_global(Dedup(), frame(name, "s"))
    exact = Sorted(out.kept, out.dropped.filter(pl.col("rule") == "exact_duplicate"))
    groups = {json.dumps(row, sort_keys=True): 0 for row in raw(name)}
    for place, row in enumerate(raw(name)):
        groups[json.dumps(row, sort_keys=True)] += place not in fallen_rows(out)
    assert max(groups.values()) == 1, "a row and its copy both stayed"
    assert count <= len(fallen_rows(exact)) <= count + 5


def test_a_system_prompt_that_all_rows_share_misleads_nobody() -> None:
    rows, near = frame("dsl_debug_parquet/sft_train.parquet", "dsl"), Near()
    whole = shingle_sets(rows.select(_whole()).to_series()[:200], near.shape())
    sets = shingle_sets(views(rows).select(talk()).to_series(), near.shape())
    pairs = [(a, b) for a in range(200) for b in range(a)]
    read_whole, read_by_role = (sum(jaccard(s[a], s[b]) for a, b in pairs) / len(pairs) for s in (whole, sets))
    assert read_whole > 2 * read_by_role, "read whole, rows look alike for their prompt: that is the trap"
    out = run_global(Dedup(near=near), rows)
    assert out.dropped.height < 0.05 * rows.height
    place = {id: k for k, id in enumerate(rows["id"])}
    for id, witness in out.dropped.select("id", "witness").iter_rows():
        assert jaccard(sets[place[id]], sets[place[witness]]) >= near.threshold


def _whole() -> pl.Expr:
    return pl.col("messages").list.eval(pl.element().struct.field("content").fill_null("")).list.join("\n")
