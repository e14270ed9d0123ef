"""Planted campaigns must be named rightly, and DONE must not be said while the data still help."""

from __future__ import annotations

import re

import polars as pl
import pytest

from ablation.checkpoint import choose, choosing_half
from ablation.curve import curves
from ablation.decide import decide
from ablation.evidence import Margins
from ablation.gain import BucketDecision, Decision
from ablation.scores import read_scores
from ablation.simulate import Kind, Noise, Plan, planted, simulate
from ablation.stats import at

WIDE = Margins(margin=0.08)
KINDS: dict[str, Kind] = {
    "math_reasoning": "growing",
    "code": "saturated",
    "domain_qa": "redundant",
    "safety_refusal": "harmful",
    "tool_calls": "over",
}


@pytest.fixture(scope="module")
def world() -> Decision:
    return decide(simulate(planted(KINDS, prompts={"dev": 300, "ood": 160, "hard": 160}), seed=5), WIDE)


def _by_name(decision: Decision) -> dict[str, BucketDecision]:
    return {bucket.bucket: bucket for bucket in decision.buckets}


def _one(means: dict[str, float], prompts: int = 300, noise: Noise | None = None, seed: int = 0) -> pl.DataFrame:
    return simulate(Plan({"code": means}, {"dev": prompts}), noise, seed)


def test_every_planted_kind_is_named(world: Decision) -> None:
    named = {name: (bucket.verdict, bucket.label) for name, bucket in _by_name(world).items()}
    assert named == {
        "math_reasoning": ("CONTINUE", "still gaining"),
        "code": ("DONE", "saturated"),
        "domain_qa": ("DONE", "redundant"),
        "safety_refusal": ("DONE", "harmful"),
        "tool_calls": ("OVER", "over-trained"),
    }


def test_the_headline_names_what_is_known_and_counts_the_rest(world: Decision) -> None:
    labels = [bucket.label for bucket in world.buckets]
    assert world.headline.startswith(f"{world.verdict}: still gaining: ")
    for bucket in world.buckets:
        assert (bucket.bucket in world.headline) == (bucket.label not in ("undecided", "not learned"))
    unknown = labels.count("undecided")
    assert (f"{unknown} undecided" in world.headline) == bool(unknown)


def test_one_gaining_bucket_makes_the_run_continue(world: Decision) -> None:
    assert world.verdict == "CONTINUE"
    assert "math_reasoning" in world.next
    assert world.move_to_rl == "no"
    assert "over-trained: tool_calls" in " ".join(world.reasons)


def test_the_four_signals_stand_beside_the_verdict(world: Decision) -> None:
    for bucket in world.buckets:
        assert [signal.name for signal in bucket.signals] == ["dS_dev", "dS_OOD", "dH_policy", "dG_RL"]
        assert bucket.signals[3].state == "unknown"
        assert bucket.signals[3].why.startswith("no RL probe in this run; from stored samples L_4 =")
        assert bucket.rule != "done"  # never without the RL signal
        assert bucket.flips
    growing = _by_name(world)["math_reasoning"]
    assert [signal.state for signal in growing.signals[:2]] == ["fails", "fails"]
    assert growing.rule == "not done"


def test_noise_is_undecided_with_a_number() -> None:
    flat = {"base": 0.2, "dose:0.5": 0.5, "full": 0.52}
    found = _by_name(decide(_one(flat, 30, Noise(seed=0.03)), Margins(margin=0.03)))["code"]
    assert found.verdict == "UNDECIDED"
    assert re.search(r"about \d+ more dev prompts?|\d+ more seeds?", " ".join(found.flips))
    assert "would stop here" in " ".join(found.reasons)


def test_a_score_at_the_floor_asks_for_a_better_model_and_not_for_prompts() -> None:
    bucket = decide(_one({"base": 0.02, "dose:0.5": 0.04, "full": 0.05}), WIDE).buckets[0]
    assert bucket.label == "not learned"
    said = f"{bucket.next} {' '.join(bucket.flips)}"
    assert "a larger model, more epochs or rows, or easier items for code" in bucket.next
    assert not re.search(r"\d+ more", said), said


def test_a_score_that_is_only_not_clearly_above_the_margin_asks_for_prompts() -> None:
    bucket = decide(_one({"base": 0.02, "dose:0.5": 0.25, "full": 0.25}, 24), Margins(margin=0.18)).buckets[0]
    assert bucket.label == "not learned"
    assert "would show the dev score clearly above the margin 0.18" in bucket.flips[0]


def test_a_gain_that_holm_withholds_asks_for_the_prompts_of_the_stricter_level() -> None:
    """Nine buckets, one of them gains a little: enough alone, not after Holm, and the asked prompts are enough."""
    gain, flat = {"dose:0.5": 0.4, "full": 0.52}, {"dose:0.5": 0.5, "full": 0.5}
    names = [f"b{i}" for i in range(9)]
    asked: list[int] = []
    for seed in range(12):
        table = simulate(Plan({n: gain if n == "b0" else flat for n in names}, {"dev": 40}), Noise(seed=0.0), seed)
        bucket = _by_name(decide(table, Margins(margin=0.05)))["b0"]
        if "not after Holm over buckets" in bucket.reasons[0]:
            assert "would show the gain on dev after Holm over 9 claims" in bucket.flips[0]
            assert (
                bucket.next
                == bucket.flips[0].split(" would ")[0] + " for b0, to show the gain on dev after Holm over 9 claims"
            )
            asked.append(int(re.findall(r"about (\d+) more dev prompt", bucket.flips[0])[0]))
    assert asked
    assert max(asked) > 5, "one more prompt does not buy the step from .05 to .05 / 9"
    more = simulate(
        Plan({n: gain if n == "b0" else flat for n in names}, {"dev": 40 + 2 * max(asked)}), Noise(seed=0.0)
    )
    assert _by_name(decide(more, Margins(margin=0.05)))["b0"].verdict == "CONTINUE"


def test_splits_that_disagree_ask_which_of_them_counts() -> None:
    dev = _one({"dose:0.5": 0.4, "full": 0.6}, 400)
    ood = _one({"dose:0.5": 0.6, "full": 0.4}, 200, seed=1).with_columns(
        split=pl.lit("ood"), item=pl.format("o{}", "item")
    )
    bucket = decide(pl.concat([dev, ood]), WIDE).buckets[0]
    assert bucket.verdict == "UNDECIDED"
    assert bucket.next == "read what code gained on dev beside what it lost on ood, and settle which of them counts"
    assert "CONTINUE if fresh seeds put the loss on ood across 0" in bucket.flips[0]


def test_no_sentence_shows_an_interval_without_its_level(world: Decision) -> None:
    noisy = decide(simulate(planted(KINDS), seed=5), WIDE)
    for decision in (world, noisy):
        said = [*decision.reasons, decision.next, decision.checkpoint_reason]
        for bucket in decision.buckets:
            said += [*bucket.reasons, *bucket.flips, bucket.next, *(signal.why for signal in bucket.signals)]
        for sentence in said:
            for rest in re.split(r"\[[+-]\d\.\d+, [+-]\d\.\d+\]", sentence)[1:]:
                assert re.match(r" \((90|95)%\)", rest), sentence


def test_a_gain_that_used_up_the_scale_is_done_and_one_near_it_is_promised_only_what_is_left() -> None:
    climb = {"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.6}
    over = read_scores(_one({**climb, "full": 0.95}))
    bucket = decide(over, WIDE, curves(over)).buckets[0]
    assert (bucket.verdict, bucket.label) == ("DONE", "saturated")
    assert "ends at 1: less than the margin 0.08 is left to gain there" in bucket.reasons[0]
    assert "under 0.92" in bucket.flips[0]
    near = read_scores(_one({**climb, "full": 0.92}, 60))
    bucket = decide(near, WIDE, curves(near)).buckets[0]
    assert bucket.verdict == "CONTINUE"
    assert "the score ends at 1, so the next doubling can give +0.0" in bucket.next
    assert "at most" in bucket.next


def test_done_is_rarely_false_where_the_folk_rule_is_mostly_false() -> None:
    """Truth: the last doubling gains twice the margin. Folk rule: stop when it is not significant."""
    done, folk, runs = 0, 0, 120
    for seed in range(runs):
        table = _one({"dose:0.5": 0.45, "full": 0.55}, 24, Noise(samples=2, seed=0.03), seed)
        bucket = decide(table, Margins(margin=0.05)).buckets[0]
        done += bucket.verdict == "DONE"
        gain = bucket.signals[0].gain
        assert gain is not None
        usual = at(gain.interval, 0.95)
        folk += usual.low <= 0 <= usual.high
    assert done / runs <= 0.05
    assert folk / runs > 0.4


def test_done_at_the_margin_is_false_at_most_at_the_nominal_rate_and_true_when_flat() -> None:
    edge, flat, runs = 0, 0, 80
    for seed in range(runs):
        noise = Noise(seed=0.005)
        edge += decide(_one({"dose:0.5": 0.45, "full": 0.55}, 250, noise, seed), Margins(0.1)).verdict == "DONE"
        flat += decide(_one({"dose:0.5": 0.5, "full": 0.5}, 250, noise, seed), Margins(0.1)).verdict == "DONE"
    assert edge / runs <= 0.10  # nominal 0.05, 80 runs
    assert flat / runs > 0.9


def test_false_continue_over_nine_flat_buckets_is_rare() -> None:
    names = [f"b{i}" for i in range(9)]
    wrong, runs = 0, 40
    for seed in range(runs):
        plan = Plan({name: {"dose:0.5": 0.5, "full": 0.5} for name in names}, {"dev": 24})
        wrong += decide(simulate(plan, Noise(seed=0.02), seed)).verdict in ("CONTINUE", "OVER")
    assert wrong / runs <= 0.15  # two any-of claims at 0.05 each, 40 runs


def test_a_single_seed_never_says_done_or_over() -> None:
    flat = _one({"dose:0.5": 0.5, "full": 0.5}, 800, Noise(seeds=1, seed=0.0))
    bucket = decide(flat, Margins(margin=0.1)).buckets[0]
    assert bucket.verdict == "UNDECIDED"
    assert "conditional on this run" in " ".join(bucket.reasons)
    assert "seeds" in " ".join(bucket.flips) + bucket.next
    fallen = _one({"dose:0.5": 0.8, "full": 0.4}, 400, Noise(seeds=1))
    assert decide(fallen).buckets[0].verdict == "UNDECIDED"
    risen = decide(_one({"dose:0.5": 0.4, "full": 0.8}, 400, Noise(seeds=1))).buckets[0]
    assert risen.verdict == "CONTINUE"
    assert "conditional on this run" in " ".join(risen.reasons)


def test_one_dose_cannot_be_decided_but_leave_one_out_still_speaks() -> None:
    means = {"base": 0.1, "full": 0.6, "loo:code": 0.6}
    bucket = decide(_one(means, 400), WIDE).buckets[0]
    assert (bucket.verdict, bucket.label) == ("UNDECIDED", "redundant")
    assert "floor share" in bucket.next
    assert "a dose arm" in bucket.flips[0]


def test_no_leave_one_out_arms_still_finds_saturation() -> None:
    means = {"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.6, "full": 0.6}
    bucket = decide(_one(means, 400), WIDE).buckets[0]
    assert (bucket.verdict, bucket.label) == ("DONE", "saturated")


def test_nothing_learned_at_all_is_redundant_to_the_base() -> None:
    bucket = decide(_one({"base": 0.5, "dose:0.5": 0.5, "full": 0.5}, 600), WIDE).buckets[0]
    assert (bucket.verdict, bucket.label) == ("DONE", "redundant")


def test_a_set_that_no_arm_solves_has_no_vote() -> None:
    table = _one({"base": 0.1, "dose:0.5": 0.6, "full": 0.6}, 400)
    dead = table.with_columns(split=pl.lit("ood"), item=pl.format("o{}", "item"), correct=pl.lit(0), parsed=pl.lit(0))
    bucket = decide(pl.concat([table, dead.cast(table.schema)]), WIDE).buckets[0]
    assert bucket.verdict == "DONE"
    assert "ood: every arm fails or every arm solves it, no vote" in bucket.reasons
    assert bucket.signals[1].state == "unknown"
    floor = decide(table.with_columns(correct=pl.lit(0)), WIDE).buckets[0]
    assert floor.verdict == "UNDECIDED"
    assert "at the floor" in " ".join(floor.reasons)


def test_flat_dev_with_rising_hard_continues() -> None:
    dev = _one({"dose:0.5": 0.6, "full": 0.6}, 400)
    hard = _one({"dose:0.5": 0.3, "full": 0.5}, 200, seed=1).with_columns(
        split=pl.lit("hard"), item=pl.format("h{}", "item")
    )
    bucket = decide(pl.concat([dev, hard]), WIDE).buckets[0]
    assert bucket.verdict == "CONTINUE"
    assert "hard" in bucket.reasons[0]


def test_over_needs_two_off_dev_splits_when_dev_is_flat() -> None:
    dev = _one({"dose:0.5": 0.6, "full": 0.6}, 400)

    def fallen(split: str, seed: int) -> pl.DataFrame:
        rows = _one({"dose:0.5": 0.6, "full": 0.4}, 200, seed=seed)
        return rows.with_columns(split=pl.lit(split), item=pl.format("{}{}", pl.lit(split), "item"))

    assert decide(pl.concat([dev, fallen("ood", 1)]), WIDE).buckets[0].verdict == "DONE"
    both = decide(pl.concat([dev, fallen("ood", 1), fallen("hard", 2)]), WIDE).buckets[0]
    assert (both.verdict, both.label) == ("OVER", "over-trained")


def test_nll_decides_without_samples_or_ood() -> None:
    table = _one({"base": 0.2, "dose:0.5": 0.4, "full": 0.7}, 60).with_columns(
        samples=pl.lit(0), correct=pl.lit(0), parsed=pl.lit(0), terminated=pl.lit(0), entropy=pl.lit(float("nan"))
    )
    bucket = decide(table, Margins(margin=0.05, metric="nll")).buckets[0]
    assert bucket.verdict == "CONTINUE"
    assert bucket.readiness is None
    assert bucket.signals[2].state == "unknown"


def test_move_to_rl_when_flat_with_signal_and_headroom() -> None:
    loose = _one({"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.5, "full": 0.5}, 400)
    first = decide(loose, WIDE)  # a fifth of the answers cannot be read: their form comes first
    assert (first.verdict, first.move_to_rl) == ("DONE", "no")
    assert first.next == first.rl_reason.removeprefix("first ").split(": answers")[0]
    table = loose.with_columns(parsed=pl.col("samples"), terminated=pl.col("samples"))
    ready = decide(table, WIDE)
    assert (ready.verdict, ready.move_to_rl) == ("DONE", "yes")
    assert "no RL probe" in ready.rl_reason
    assert decide(table, WIDE, verifiable=frozenset()).move_to_rl == "unknown"
    top = {"base": 0.1, "dose:0.25": 0.9, "dose:0.5": 0.99, "full": 0.99}
    solved = decide(_one(top, 400), WIDE)
    assert solved.move_to_rl == "no"


def test_checkpoint_is_the_least_data_as_good_and_is_reported_on_the_other_half() -> None:
    table = _one({"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.6, "full": 0.6}, 600)
    scores = read_scores(table)
    found = choose(scores, WIDE)
    assert found.arm == "dose:0.5"
    assert found.report is not None
    assert "on the other half full minus dose:0.5 is" in found.reason
    half = choosing_half(scores.pooled["dev"])
    assert found.report.n == int((~half).sum())
    labels = scores.pooled["dev"].labels
    chosen = {label for label, choosing in zip(labels, half, strict=True) if choosing}
    assert not chosen & {label for label, choosing in zip(labels, half, strict=True) if not choosing}
    over = _one({"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.7, "full": 0.5}, 600)
    assert choose(read_scores(over), WIDE).arm == "dose:0.5"


def test_failed_trials_and_tiny_buckets_do_not_raise() -> None:
    table = simulate(planted({"code": "growing", "math_reasoning": "saturated"}, prompts={"dev": 12, "ood": 4}))
    lost = table.filter(~((pl.col("arm") == "full") & (pl.col("seed") == 1)))
    assert _by_name(decide(lost))["code"].signals[0].gain is not None
    one_item = table.filter((pl.col("bucket") == "code") & (pl.col("item") == "code-dev-0"))
    assert decide(one_item).verdict == "UNDECIDED"
    assert decide(table.head(0)).verdict == "UNDECIDED"
    no_full = table.filter(pl.col("arm") != "full")
    assert decide(no_full).verdict in ("CONTINUE", "UNDECIDED")
