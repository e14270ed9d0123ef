"""Each sign seen, not seen and not to be told, on planted tables; nothing is said of what was not measured."""

from __future__ import annotations

import polars as pl
import pytest

from ablation.decide import decide
from ablation.evidence import Margins, gather
from ablation.gain import Watched
from ablation.scores import read_scores
from ablation.signs import LossCurve
from ablation.simulate import Kind, Noise, Plan, planted, simulate
from ablation.watch import SIGNS, watch

WIDE = Margins(margin=0.08)
PROMPTS = {"dev": 160, "ood": 120, "hard": 120}
FEW = {"dev": 12, "ood": 8, "hard": 8}


def world(kind: Kind = "saturated", prompts: dict[str, int] | None = None, noise: Noise | None = None) -> pl.DataFrame:
    return simulate(planted({"code": kind}, prompts=prompts or PROMPTS), noise or Noise(), seed=3)


def signs(table: pl.DataFrame, losses: tuple[LossCurve, ...] = (), margins: Margins = WIDE) -> dict[str, Watched]:
    scores = read_scores(table)
    found = {name: gather(scores, name, margins) for name in scores.buckets}
    return {sign.name: sign for sign in watch(scores, found, margins, losses)["code"]}


def state(table: pl.DataFrame, name: str, losses: tuple[LossCurve, ...] = (), margins: Margins = WIDE) -> str:
    return signs(table, losses, margins)[name].state


def losses(drop: float, seeds: int = 3, arm: str = "full") -> tuple[LossCurve, ...]:
    """Flat but for the last fifth, which is lower by `drop`, and a little by seed."""
    return tuple(
        LossCurve(arm, seed, [(i, 1.0 + 0.001 * seed - (drop + 0.002 * seed if i >= 80 else 0)) for i in range(100)])
        for seed in range(seeds)
    )


READ = pl.col("samples")


def test_protocol() -> None:
    clean = world().with_columns(terminated=READ, parsed=READ)
    assert state(world(), "protocol") == "seen"  # half of the wrong answers cannot be read
    assert state(clean, "protocol") == "not seen"
    near = world(prompts=FEW).with_columns(
        terminated=READ, parsed=pl.when(pl.col("item").str.ends_with("7")).then(3).otherwise(4)
    )
    told = signs(near)["protocol"]
    assert told.state == "cannot tell"
    assert told.measured
    assert "more dev prompt" in told.needs


def test_rising() -> None:
    assert state(world("growing"), "rising") == "seen"
    assert state(world("saturated"), "rising") == "not seen"
    told = signs(world("saturated", FEW, Noise(seed=0.05)))["rising"]
    assert told.state == "cannot tell"
    assert "would show" in told.needs
    dev_only = signs(world(prompts={"dev": 40}))["rising"]
    assert (dev_only.state, dev_only.measured) == ("cannot tell", False)
    assert dev_only.why.startswith("not measured: ")


def test_reach() -> None:
    dull = world().with_columns(correct=pl.when(pl.col("item").str.ends_with("1")).then(1).otherwise(0))
    half = world(prompts=FEW).with_columns(correct=pl.col("item").str.extract(r"(\d+)$").cast(pl.Int64) % 2)
    assert state(dull, "reach") == "seen"
    assert state(world(), "reach") == "not seen"
    assert state(half, "reach") == "cannot tell"


def test_memory_is_training_loss_falling_while_no_split_rises() -> None:
    assert state(world("saturated"), "memory", losses(0.1)) == "seen"
    assert state(world("growing"), "memory", losses(0.1)) == "not seen"
    assert state(world("saturated"), "memory", losses(-0.1)) == "not seen"
    assert state(world("saturated", FEW, Noise(seed=0.05)), "memory", losses(0.1)) == "cannot tell"
    for curves in ((), losses(0.1, arm="dose:0.5")):
        told = signs(world("saturated"), curves)["memory"]
        assert (told.state, told.measured) == ("cannot tell", False)


def test_flat_at_an_end_of_the_scale_is_no_memorising() -> None:
    floor = world().with_columns(correct=pl.lit(0, dtype=pl.Int64))
    top = world().with_columns(correct=READ)
    assert state(floor, "memory", losses(0.1)) == "cannot tell"
    assert state(top, "memory", losses(0.1)) == "cannot tell"


def with_openings(table: pl.DataFrame, full: str, base: str, reference: str) -> pl.DataFrame:
    """Openings as expressions: "same" everywhere, or the item's own."""
    said = {"same": pl.lit("s"), "own": pl.col("item"), "": pl.lit("")}
    one = pl.when(pl.col("arm") == "base").then(said[base]).otherwise(said[full])
    return table.with_columns(openings=pl.concat_str([one, one], separator=" "), reference_opening=said[reference])


@pytest.mark.parametrize(
    ("full", "base", "reference", "wanted"),
    [
        ("same", "own", "own", "seen"),
        ("same", "own", "same", "not seen"),  # what is right opens alike too: JSON, a refusal
        ("same", "same", "own", "not seen"),  # the base did so before any SFT
        ("own", "own", "own", "not seen"),
        ("same", "own", "", "cannot tell"),  # references that are bare answers
    ],
)
def test_template(full: str, base: str, reference: str, wanted: str) -> None:
    assert state(with_openings(world(), full, base, reference), "template") == wanted


def test_template_needs_openings_in_the_table() -> None:
    told = signs(world())["template"]
    assert (told.state, told.measured) == ("cannot tell", False)
    assert "grade the stored answers again" in told.needs


def narrowed(k: int) -> pl.DataFrame:
    """Half dose: every prompt 3/8 right. Full: half of the prompts always, the others never."""
    even = pl.col("item").str.extract(r"(\d+)$").cast(pl.Int64) % 2 == 0
    wide = pl.lit(3 * k // 8, dtype=pl.Int64)
    right = pl.when(pl.col("arm") == "full").then(pl.when(even).then(k).otherwise(0)).otherwise(wide)
    return world(noise=Noise(samples=k)).with_columns(correct=right.cast(pl.Int64))


def test_narrowing() -> None:
    assert state(narrowed(8), "narrowing") == "seen"
    assert state(world("growing", noise=Noise(samples=16)), "narrowing") == "not seen"
    few = signs(world("growing"))["narrowing"]  # pass@4 does not fall, which says little about pass@large-k
    assert few.state == "cannot tell"
    assert "32 answers a prompt" in few.needs
    assert "160 prompts x 32 samples x 3 seeds" in few.needs
    assert state(world("saturated"), "narrowing") == "not seen"  # no rise, nothing to narrow


def test_a_vote_that_is_better_forgives_a_smaller_gain_from_voting() -> None:
    """maj@k - pass@1 must shrink as pass@1 nears 1; it is a sign only where the vote itself stands still."""
    table = world("growing", noise=Noise(samples=16))
    rate = pl.col("correct") / pl.col("samples")
    better = table.with_columns(majority=pl.min_horizontal(rate + 0.3 * (1 - rate), 1.0))
    stuck = table.with_columns(majority=pl.lit(0.75))
    assert state(better, "narrowing") == "not seen"
    assert state(stuck, "narrowing") == "seen"


def test_entropy_needs_fewer_distinct_right_answers_too() -> None:
    full = pl.col("arm") == "full"
    low = world().with_columns(entropy=pl.when(full).then(0.05).otherwise(0.6), distinct_correct=pl.lit(2))
    assert state(low, "entropy") == "not seen"  # a collapse of the entropy alone
    fewer = low.with_columns(distinct_correct=pl.when(full).then(1).otherwise(2))
    assert state(fewer, "entropy") == "seen"
    assert state(fewer.with_columns(entropy=pl.lit(0.6)), "entropy") == "not seen"
    some = fewer.with_columns(entropy=pl.when(pl.col("item").str.ends_with("3")).then(1.5).otherwise(0.05))
    assert state(some, "entropy") == "cannot tell"


def test_rl_says_how_to_measure_it() -> None:
    told = signs(world())["rl"]
    assert (told.state, told.measured) == ("cannot tell", False)
    assert told.needs.startswith("a short RL run from dose:0.5 and full, 3 seeds each (6 runs)")


def test_one_seed_sees_nothing() -> None:
    told = signs(world("growing", noise=Noise(seeds=1)), losses(0.1, seeds=1))
    assert {sign.state for sign in told.values()} == {"cannot tell"}
    assert told["rising"].needs == "at least 2 more seeds"


def test_nine_flat_buckets_are_seldom_called_rising() -> None:
    """Holm over buckets: without it about a third of the campaigns would name one."""
    named = 0
    flat = {"dose:0.5": 0.5, "full": 0.5}
    for seed in range(30):
        plan = Plan({f"b{i}": flat for i in range(9)}, {"ood": 20})
        table = simulate(plan, Noise(seed=0.01), seed)
        scores = read_scores(table)
        found = {name: gather(scores, name, Margins(margin=0.01)) for name in scores.buckets}
        told = watch(scores, found, Margins(margin=0.01))
        named += any(sign.state == "seen" for bucket in told.values() for sign in bucket if sign.name == "rising")
    assert named <= 4  # nominal .05: at most 4 in 30 with probability .94


def test_signs_never_change_a_verdict_and_stand_in_order() -> None:
    plain, marked = (decide(table, WIDE).buckets[0] for table in (world(), narrowed(8)))
    assert [sign.name for sign in plain.watch] == [sign.name for sign in SIGNS]
    assert "capability" in plain.made_of
    assert marked.verdict in ("CONTINUE", "UNDECIDED")
    assert {"not yet done", "gone too far"} == {sign.side for sign in plain.watch}
