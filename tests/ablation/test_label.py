"""Words that rest on leave-one-out need evidence about every other bucket, not its absence."""

from __future__ import annotations

import polars as pl

from ablation.decide import decide
from ablation.evidence import Margins
from ablation.gain import BucketDecision
from ablation.simulate import Noise, Plan, simulate

FLAT = {"base": 0.1, "dose:0.25": 0.45, "dose:0.5": 0.6, "full": 0.6}


def _left_out(
    loss: float, prompts: int, margin: float, seed: int = 0, others: tuple[str, ...] = ("code", "math_reasoning")
) -> BucketDecision:
    """Leaving `chat` out costs chat nothing and math_reasoning `loss`."""
    means = {name: FLAT | {"loo:chat": 0.6 - (loss if name == "math_reasoning" else 0.0)} for name in ("chat", *others)}
    decision = decide(simulate(Plan(means, {"dev": prompts}), Noise(seed=0.02), seed), Margins(margin=margin))
    return next(bucket for bucket in decision.buckets if bucket.bucket == "chat")


def test_redundant_is_never_said_while_another_bucket_may_lose_twice_the_margin() -> None:
    """Truth: math loses .15 at a margin of .08, which 48 prompts and three seeds often cannot see."""
    found = [_left_out(0.15, 48, 0.08, seed) for seed in range(20)]
    assert "redundant" not in {bucket.label for bucket in found}
    own = "leaving it out changes its own eval by"
    unseen = [bucket for bucket in found if bucket.label == "undecided" and own in " ".join(bucket.reasons)]
    assert unseen
    for bucket in unseen:
        assert "but math_reasoning may lose more than 0.08 without it: " in " ".join(bucket.reasons)
        assert any(
            flip.startswith("redundant or not: about ") and "math_reasoning dev prompt" in flip for flip in bucket.flips
        )


def test_redundant_is_said_when_it_is_so_and_the_margin_can_be_seen() -> None:
    """The size of the demo: nine buckets, 48 prompts, three seeds, margin .15."""
    nine = ("code", "math_reasoning", *(f"b{i}" for i in range(6)))
    labels = [_left_out(0.0, 48, 0.15, seed, nine).label for seed in range(5)]
    assert labels == ["redundant"] * 5


def test_a_bucket_that_cannot_inform_has_no_vote_and_is_named() -> None:
    means = {name: FLAT | {"loo:chat": 0.6} for name in ("chat", "code")}
    table = simulate(Plan(means, {"dev": 200}), Noise(seed=0.005))
    dead = table.filter(bucket="code").with_columns(
        bucket=pl.lit("math_reasoning"), item=pl.format("m{}", "item"), correct=pl.lit(0, dtype=pl.Int64)
    )
    found = {b.bucket: b for b in decide(pl.concat([table, dead.cast(table.schema)]), Margins(margin=0.1)).buckets}
    assert found["chat"].label == "redundant"
    assert "no vote, as every arm fails or solves it: math_reasoning" in found["chat"].reasons


def test_at_the_base_without_a_leave_one_out_arm_others_are_not_known() -> None:
    still = {"base": 0.5, "dose:0.5": 0.5, "full": 0.5}
    table = simulate(Plan({"chat": still, "code": FLAT}, {"dev": 600}))
    chat = next(b for b in decide(table, Margins(margin=0.08)).buckets if b.bucket == "chat")
    assert (chat.verdict, chat.label) == ("DONE", "undecided")
    assert "what its rows do for code is not known" in " ".join(chat.reasons)
    assert "a leave-one-out arm" in chat.next


def _harming(harm: float, margin: float, seed: int) -> BucketDecision:
    """Leaving `chat` out lifts math_reasoning by `harm`."""
    means = {"chat": FLAT | {"loo:chat": 0.6}, "math_reasoning": FLAT | {"loo:chat": 0.6 + harm}}
    table = simulate(Plan(means, {"dev": 120}), Noise(seed=0.01), seed)
    return decide(table, Margins(margin=margin)).buckets[0]


def test_harm_must_be_shown_to_be_more_than_the_margin() -> None:
    """Harm of just the margin is clearly not nothing, and above the margin by luck half of the time: no claim."""
    found = [_harming(0.1, 0.1, seed).label for seed in range(12)]
    assert found.count("harmful") <= 2  # nominal .05 a campaign
    sure = _harming(0.2, 0.1, 0)
    assert sure.label == "harmful"
    assert sure.reasons[-1].startswith("without it math_reasoning is +0.")
    assert sure.reasons[-1].endswith("better (more than 0.1, Holm over eval buckets)")
