"""Tables that no campaign should write, and pages that would contradict themselves: a sentence or a guarded answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pytest

from ablation import AnalyseSettings, Analysis, analyse, confirmation, rule_gains
from ablation.decide import decide
from ablation.evidence import Margins, gather
from ablation.gain import Readiness
from ablation.next_step import ready_for_rl
from ablation.scores import read_scores
from ablation.signs import Bucket
from ablation.simulate import Noise, Plan, planted, simulate
from ablation.standing import Standing
from ablation.stats import n_until
from ablation.template import excess
from ablation.worth import worth
from buckets import InputError

NAMES = ("code", "math_reasoning", "tool_calls")
SMALL = simulate(planted(dict.fromkeys(NAMES, "saturated"), prompts={"dev": 16, "ood": 8}), seed=3)
FULL, HALF = pl.col("arm") == "full", pl.col("arm") == "dose:0.5"


def answer(table: pl.DataFrame, margin: float = 0.08, metric: str = "pass@1") -> Analysis:
    """Whatever the table, what comes out can be written as JSON without NaN."""
    tokens = dict.fromkeys(table["bucket"].unique().sort().to_list(), 1000)
    settings = AnalyseSettings(margin=margin, metric="nll" if metric == "nll" else "pass@1", draws=20)
    found = analyse(table, tokens, settings)
    json.dumps(found.to_json(), allow_nan=False)
    return found


ODD: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "one seed": lambda t: t.filter(seed=0),
    "one bucket": lambda t: t.filter(bucket="code"),
    "no dev": lambda t: t.filter(split="ood"),
    "all wrong": lambda t: t.with_columns(correct=pl.lit(0)),
    "all right": lambda t: t.with_columns(correct="samples"),
    "twice": lambda t: pl.concat([t, t]),
    "a seed of one arm failed": lambda t: t.filter(~((pl.col("seed") == 2) & FULL)),
    "no common seed": lambda t: t.filter((FULL & (pl.col("seed") == 0)) | (~FULL & (pl.col("seed") == 1))),
    "every third row lost": lambda t: t.filter(pl.int_range(pl.len()) % 3 > 0),
    "one prompt": lambda t: t.filter(pl.col("item").str.ends_with("-0")),
    "one cluster": lambda t: t.with_columns(cluster=pl.lit("c")),
    "one sample": lambda t: t.with_columns(samples=pl.lit(1), correct=pl.min_horizontal("correct", 1)).with_columns(
        terminated="samples", parsed="samples"
    ),
    "no full": lambda t: t.filter(~FULL),
    "no base": lambda t: t.filter(pl.col("arm") != "base"),
    "base alone": lambda t: t.filter(arm="base"),
    "full alone": lambda t: t.filter(FULL),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_table_is_answered_and_claims_nothing_from_one_run(name: str) -> None:
    found = answer(ODD[name](SMALL)).decision
    assert found.headline.startswith(found.verdict)
    thin = name in ("one seed", "no dev", "no common seed", "one prompt", "one cluster", "base alone", "full alone")
    if thin:
        assert {bucket.verdict for bucket in found.buckets} <= {"UNDECIDED", "CONTINUE"}
        assert found.move_to_rl != "yes"


def test_a_loss_of_nothing_has_no_logarithm_and_no_gain() -> None:
    found = answer(SMALL.with_columns(nll=pl.lit(0.0)), metric="nll")
    assert all(curve.next_doubling is None or curve.next_doubling.estimate == 0 for curve in found.curves)


WRONG: dict[str, tuple[pl.Expr, str]] = {
    "dose 0": (pl.when(HALF).then(0.0).otherwise("dose").alias("dose"), "'dose:0.5' the dose 0"),
    "no dose": (pl.when(HALF).then(None).otherwise("dose").alias("dose"), "the dose None"),
    "a dose twice": (pl.when(HALF).then(0.25).otherwise("dose").alias("dose"), "dose 0.25 twice"),
    "more right than drawn": (pl.lit(9).alias("correct"), "9 of 4 samples correct"),
    "fewer than none": (pl.lit(-1).alias("correct"), "-1 of 4 samples correct"),
}


@pytest.mark.parametrize("name", WRONG)
def test_numbers_that_cannot_be_are_refused_in_a_sentence(name: str) -> None:
    change, said = WRONG[name]
    with pytest.raises(InputError, match=said):
        read_scores(SMALL.with_columns(change))


def test_buckets_that_all_harm_each_other_have_a_next_step_and_a_mixture_of_numbers() -> None:
    """A flat run in which every bucket is better without the other: no RL from there, and no division by nothing."""
    means = {
        one: {"base": 0.2, "dose:0.25": 0.5, "dose:0.5": 0.5, "full": 0.5, f"loo:{one}": 0.5, f"loo:{other}": 0.8}
        for one, other in (("code", "tool_calls"), ("tool_calls", "code"))
    }
    found = answer(simulate(Plan(means, {"dev": 300}), seed=1))
    assert [bucket.label for bucket in found.decision.buckets] == ["harmful", "harmful"]
    assert (found.decision.verdict, found.decision.move_to_rl) == ("DONE", "no")
    assert found.decision.boundary is not None
    assert found.decision.boundary.move == "sft other rows"
    assert found.decision.boundary.because[0].startswith("without it tool_calls is +0.")
    assert found.mixture is not None
    assert sum(line.weight for line in found.mixture.weights) == pytest.approx(1.0)
    assert any("harmful to another" in note for note in found.mixture.notes)


def test_over_never_says_step_back_to_the_arm_that_went_too_far() -> None:
    """With few prompts the checkpoint stays at the last arm; the bucket still names where it was better."""
    fallen = {"base": 0.1, "dose:0.25": 0.6, "dose:0.5": 0.95, "full": 0.2}
    found = answer(simulate(Plan({"code": fallen}, {"dev": 10}), Noise(cluster=0.1, prompt=0.1), 1)).decision
    assert (found.verdict, found.checkpoint) == ("OVER", "full")
    assert found.next == "step back to dose:0.5 for code"


def _spent_world(**dev: float) -> tuple[Standing, Margins]:
    margins = Margins(margin=0.08)
    ood = {"base": 0.2, "dose:0.25": 0.5, "dose:0.5": 0.9, "full": 0.985}
    parts = [
        simulate(Plan({"code": dev}, {"dev": 300}), Noise(seed=0.002), 1),
        simulate(Plan({"code": ood}, {"ood": 300}), Noise(seed=0.002), 2),
    ]
    evidence = gather(read_scores(pl.concat(parts)), "code", margins)
    assert [step.split for step in evidence.rising(margins.alpha)] == ["ood"]
    alone = Standing("UNDECIDED", ("a gain if looked at alone",), "gain alone", tuple(evidence.rising(margins.alpha)))
    return worth(alone, evidence, margins, None), margins


def test_what_forbids_done_forbids_it_also_where_the_scale_is_spent() -> None:
    flat = {"dose:0.25": 0.5, "dose:0.5": 0.5, "full": 0.5}
    assert _spent_world(base=0.1, **flat)[0].verdict == "DONE"
    assert _spent_world(base=0.7, **flat)[0].verdict == "UNDECIDED"  # worse than no SFT
    floor = {"dose:0.25": 0.03, "dose:0.5": 0.03, "full": 0.03}
    assert _spent_world(base=0.07, **floor)[0].verdict == "UNDECIDED"  # nothing was learned


def test_one_seed_cannot_call_a_split_flat_beside_one_that_is_spent() -> None:
    margins = Margins(margin=0.08)
    dev = simulate(Plan({"code": {"base": 0.1, "dose:0.5": 0.5, "full": 0.5}}, {"dev": 300}), Noise(seeds=1), 1)
    ood = simulate(Plan({"code": {"base": 0.1, "dose:0.5": 0.9, "full": 0.985}}, {"ood": 300}), Noise(seed=0.002), 2)
    evidence = gather(read_scores(pl.concat([dev, ood])), "code", margins)
    alone = Standing("UNDECIDED", (), "gain alone", tuple(evidence.rising(margins.alpha)))
    assert worth(alone, evidence, margins, None).verdict == "UNDECIDED"


def test_what_would_settle_a_sign_is_asked_at_the_level_of_the_look() -> None:
    scores = read_scores(SMALL)
    needs = {}
    for looks in (1, 12):
        margins = Margins(looks=looks)
        bucket = Bucket(scores, gather(scores, "code", margins), margins)
        value = bucket.level("parses")
        gap = abs(value.mean - 0.9)
        moved = type(value)(gap, *(getattr(value, name) for name in list(value.__dataclass_fields__)[1:]))
        assert bucket.more(value, 0.9) == n_until(moved, gap, margins.confidence).words("dev")
        needs[looks] = n_until(moved, gap, margins.confidence).cost
        readiness = gather(scores, "code", margins).readiness
        assert isinstance(readiness, Readiness)
        assert readiness.learnable.level == max(0.95, 1 - 2 * margins.alpha)
    assert needs[12] > needs[1]


def test_headroom_is_a_rate_whatever_the_metric_of_the_score() -> None:
    """A margin of half a nat says nothing about pass@k - pass@1: `move_to_rl` and the boundary read the same one."""
    world = Plan({"code": {"base": 0.1, "dose:0.5": 0.5, "full": 0.5}}, {"dev": 200})
    stable = simulate(world, seed=4).with_columns(parsed=pl.col("samples"), terminated=pl.col("samples"))
    found = answer(stable, margin=0.5, metric="nll").decision
    assert found.verdict == "DONE"
    assert found.boundary is not None
    assert (found.move_to_rl, found.boundary.move) == ("yes", "rlvr")
    assert ready_for_rl("DONE", found.buckets, Margins(0.5, metric="nll"), frozenset({"code"}))[0] == "yes"


def test_openings_are_compared_over_items_that_every_run_has() -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"arm": arm, "seed": seed, "item": f"i{i}", "bucket": "code", "split": "dev", "cluster": f"c{i}"}
        | {"openings": " ".join(rng.choice(["a", "b"], 4)), "reference_opening": "abcd"[i % 4]}
        for arm in ("base", "full")
        for seed in (1, 2, 3)
        for i in range(12)
        if (arm, seed, i) not in {("full", 2, 3), ("base", 1, 5)}
    ]
    found = excess(pl.DataFrame(rows), "code", "full")
    assert found is not None
    assert (found.over_base.n, found.over_reference.n) == (10, 11)


def _ruled(means: Mapping[str, float], **noise: int) -> pl.DataFrame:
    scores = simulate(Plan(dict.fromkeys(NAMES, means), {"dev": 24}), Noise(**noise), 2)
    ruled, mixed = pl.col("arm").str.starts_with("random"), pl.col("arm").str.starts_with("mix:")
    kind = pl.when(ruled).then(pl.lit("rule")).when(mixed).then(pl.lit("mixture")).otherwise("kind")
    return scores.with_columns(kind=kind, left_out=pl.lit(None, pl.String))


def test_a_rule_whose_control_was_scored_on_one_bucket_is_judged_there_and_says_so() -> None:
    whole = _ruled({"base": 0.1, "full": 0.8, "random:r": 0.3}, seeds=4)
    (found,) = rule_gains(whole.filter((pl.col("arm") == "full") | (pl.col("bucket") == "code")))
    assert (found.word, [gain.bucket for gain in found.gains]) == ("shown to help", ["code"])
    assert "mean over buckets: not measured" in found.why


MIXED = {"base": 0.1, "mix:proposal": 0.8, "mix:proportional": 0.4, "mix:uniform": 0.3}
UNIFORM, PROPOSAL = pl.col("arm") == "mix:uniform", pl.col("arm") == "mix:proposal"


@pytest.mark.parametrize(
    "lost",
    [UNIFORM, (UNIFORM & (pl.col("seed") > 0)) | (PROPOSAL & (pl.col("seed") == 0))],
    ids=["its trials failed", "no seed in common"],
)
def test_a_baseline_that_was_not_compared_forbids_confirmed(lost: pl.Expr) -> None:
    table = _ruled(MIXED)
    assert confirmation(table, metric="pass@1", margin=0.05).status == "confirmed"
    found = confirmation(table.filter(~lost), metric="pass@1", margin=0.05)
    assert found.status == "not shown better"
    assert found.headline.startswith("Not compared with the uniform mixture")


def test_worse_needs_two_seeds_and_nothing_in_common_is_an_error() -> None:
    worse = _ruled(MIXED | {"mix:proposal": 0.2})
    assert confirmation(worse, metric="pass@1", margin=0.05).status == "worse"
    one = confirmation(worse.filter(seed=0), metric="pass@1", margin=0.05)
    assert (one.status, one.headline.split(" ")[0]) == ("not shown better", "One")
    apart = worse.filter((PROPOSAL & (pl.col("seed") == 0)) | (~PROPOSAL & (pl.col("seed") == 1)))
    with pytest.raises(InputError, match="common prompts and seeds"):
        confirmation(apart, metric="pass@1", margin=0.05)


def test_too_few_mixtures_for_a_surface_are_left_to_the_curves() -> None:
    """One bucket asks for four different mixtures by the rule of twice the buckets; a surface needs eight runs."""
    arms = {"base": 0.1, "dose:0.5": 0.4, "full": 0.5, **{f"mix:random-{i}": 0.3 for i in range(4)}}
    table = simulate(Plan({"code": arms}, {"dev": 40}), seed=1)
    mixed = pl.col("arm").str.starts_with("mix:")
    table = table.with_columns(kind=pl.when(mixed).then(pl.lit("mixture")).otherwise("kind"))
    tokens = {
        "full": {"code": 1000},
        "dose:0.5": {"code": 500},
        **{f"mix:random-{i}": {"code": 200 * i} for i in (1, 2, 3)},
    }
    found = analyse(table, {"code": 1000}, AnalyseSettings(draws=20), arm_tokens=tokens)
    assert found.mixture is not None
    assert found.mixture.method == "curves"
    assert any("and 8 or more" in note for note in found.mixture.notes)


def test_weights_that_weigh_nothing_are_a_mistake_of_the_recipe() -> None:
    for weights in ({"code": -1.0, "tool_calls": 2.0}, {"code": 0.0}):
        with pytest.raises(ValueError, match="not all 0"):
            AnalyseSettings(eval_weights=weights)


def test_a_floor_that_curves_cannot_keep_is_said() -> None:
    settings = AnalyseSettings(draws=20, score_floors={"code": 0.9})
    found = analyse(SMALL, dict.fromkeys(NAMES, 1000), settings)
    assert found.mixture is not None
    assert any("does not keep them" in note for note in found.mixture.notes)


def test_a_signal_shows_the_interval_that_its_state_is_read_from() -> None:
    """At 95% the bar of a DONE bucket could leave the margin that it was found to lie in."""
    for looks in (1, 12):
        margins = Margins(margin=0.08, looks=looks)
        dev = decide(read_scores(SMALL), margins).buckets[0].signals[0]
        assert dev.gain is not None
        assert dev.gain.interval.level == pytest.approx(1 - 2 * margins.alpha)
        assert dev.gain.interval.words() in dev.why
