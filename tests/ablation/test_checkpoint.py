"""Which arm of a campaign is kept: planted protocol breaks, collapse and hard sets count, and luck is not reported."""

from __future__ import annotations

import polars as pl

from ablation.checkpoint import Checkpoint, choose, choosing_half
from ablation.evidence import Margins
from ablation.scores import read_scores
from ablation.simulate import Plan, simulate

WIDE = Margins(margin=0.08)
FLAT = {"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.6, "full": 0.6}


def _table(means: dict[str, float], prompts: int = 400, seed: int = 2) -> pl.DataFrame:
    return simulate(Plan({"code": means}, {"dev": prompts}), seed=seed)


def _choose(table: pl.DataFrame, averages: tuple[str, ...] = ()) -> Checkpoint:
    return choose(read_scores(table), WIDE, averages)


def _line(found: Checkpoint, name: str) -> str:
    return next(line.why for line in found.candidates if line.name == name)


def test_every_dose_is_listed_with_its_regret_on_the_other_half() -> None:
    table = _table(FLAT)
    found = _choose(table)
    assert found.arm == "dose:0.5"
    assert found.ties == ("dose:0.5", "full")
    assert [line.name for line in found.candidates] == ["dose:0.25", "dose:0.5", "full"]
    pool = read_scores(table).pooled["dev"]
    other = ~choosing_half(pool)
    for line in found.candidates:
        if line.name == found.arm:
            assert line.regret is None
            continue
        assert line.regret is not None
        means = {name: float(pool.arm(name, "pass@1")[:, other].mean()) for name in (found.arm, line.name)}
        assert abs(line.regret.estimate - (means[found.arm] - means[line.name])) < 1e-9
    assert found.last == "full"
    assert found.report is not None
    assert found.regret("full") is not None


def test_a_dose_whose_replies_do_not_end_is_not_eligible() -> None:
    broken = pl.col("arm") == "dose:0.5"
    # Half of its samples run on; those that end are right as often, so that pass@1 hides nothing of its own.
    table = _table(FLAT).with_columns(terminated=pl.when(broken).then(pl.lit(2)).otherwise(pl.lit(4)))
    found = _choose(table)
    assert found.arm == "full"
    assert "protocol not stable" in _line(found, "dose:0.5")


def test_collapse_needs_low_entropy_and_fewer_solved_prompts() -> None:
    last = pl.col("arm") == "full"
    low = _table(FLAT).with_columns(entropy=pl.when(last).then(pl.lit(0.05)).otherwise(pl.lit(0.5)))
    assert "collapsed" not in _line(_choose(low), "full")
    even = (pl.col("item").str.extract(r"(\d+)$").cast(pl.Int64) % 5) < 3
    narrow = low.with_columns(
        correct=pl.when(last).then(pl.when(even).then(pl.lit(4)).otherwise(pl.lit(0))).otherwise(pl.col("correct"))
    )
    found = _choose(narrow)
    assert "diversity collapsed" in _line(found, "full")
    assert found.arm == "dose:0.5"


def test_a_hard_set_that_still_rises_forbids_the_smaller_dose() -> None:
    parts = [
        simulate(Plan({"code": FLAT}, {"dev": 400}), seed=2),
        simulate(Plan({"code": {**FLAT, "dose:0.5": 0.3, "full": 0.5}}, {"hard": 400}), seed=3),
    ]
    found = _choose(pl.concat(parts))
    assert found.arm == "full"
    assert "on hard" in _line(found, "dose:0.5")


def test_an_average_is_a_candidate_when_it_was_scored() -> None:
    plan = {**FLAT, "dose:0.9": 0.75}
    table = _table(plan).with_columns(
        arm=pl.col("arm").replace("dose:0.9", "average"),
        kind=pl.when(pl.col("arm") == "dose:0.9").then(pl.lit("mixture")).otherwise(pl.col("kind")),
    )
    assert "average" not in [line.name for line in _choose(table).candidates]
    found = _choose(table, ("average", "never scored"))
    assert found.arm == "average"
    assert [line.kind for line in found.candidates] == ["dose", "dose", "dose", "average"]


def test_one_seed_never_prefers_less_data() -> None:
    table = _table({**FLAT, "full": 0.62}).filter(pl.col("seed") == 0)
    found = _choose(table)
    assert found.arm == found.highest
    assert len(found.ties) == 1
