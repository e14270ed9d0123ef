"""A bucket that training leaves below the base model is never told to continue, and never to stop as saturated."""

from __future__ import annotations

import polars as pl
import pytest

from ablation.analyse_settings import AnalyseSettings
from ablation.analysis import analyse
from ablation.decide import decide
from ablation.evidence import Margins
from ablation.gain import BucketDecision
from ablation.simulate import Noise, Plan, simulate

CLIMBS = {"base": 0.7, "dose:0.25": 0.1, "dose:0.5": 0.3, "full": 0.55}
"""Small doses overfit under fixed tokens: the last step gains, and no SFT at all is better."""
GAINS = {"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.45, "full": 0.6}


def _table(means: dict[str, float], seeds: int = 3, prompts: int = 200) -> pl.DataFrame:
    return simulate(Plan({"code": means}, {"dev": prompts}), Noise(seeds=seeds))


def _one(means: dict[str, float], metric: str = "pass@1", margin: float = 0.08, seeds: int = 3) -> BucketDecision:
    return decide(_table(means, seeds), Margins(margin=margin, metric=metric)).buckets[0]


@pytest.mark.parametrize("metric", ["pass@1", "nll"])
@pytest.mark.parametrize("seeds", [1, 3])
def test_a_climb_back_towards_the_base_is_no_gain(metric: str, seeds: int) -> None:
    bucket = _one(CLIMBS, metric, seeds=seeds)
    assert (bucket.verdict, bucket.label) == ("UNDECIDED", "below the base")
    assert bucket.reasons[0].startswith("worse than no SFT: full - base is -0.")
    assert "the last dose step gained, but only to there" in bucket.reasons[1]
    assert ("one seed: conditional on this run" in bucket.reasons) == (seeds == 1)
    assert "fewer epochs, a lower learning rate or other rows" in bucket.next
    assert "not shown to help" in bucket.next
    assert "full - base above 0" in bucket.flips[0]


def test_flat_below_the_base_is_not_done() -> None:
    bucket = _one({"base": 0.7, "dose:0.25": 0.3, "dose:0.5": 0.5, "full": 0.5})
    assert (bucket.verdict, bucket.label) == ("UNDECIDED", "below the base")


def test_past_the_peak_it_is_over_and_says_so_of_the_base_too() -> None:
    bucket = _one({"base": 0.6, "dose:0.25": 0.5, "dose:0.5": 0.7, "full": 0.4})
    assert (bucket.verdict, bucket.label) == ("OVER", "over-trained")
    assert "worse than no SFT" in " ".join(bucket.reasons)
    assert bucket.next == "step back to dose:0.5 for code, and compare that with the base model"


def test_one_dose_below_the_base_is_named() -> None:
    bucket = _one({"base": 0.7, "full": 0.4})
    assert (bucket.verdict, bucket.label) == ("UNDECIDED", "below the base")


def test_a_climb_to_just_under_the_base_is_no_gain_either() -> None:
    """Clearly under the base, yet within the margin: no harm is claimed, and no gain."""
    bucket = decide(_table(CLIMBS | {"full": 0.64}, prompts=1500), Margins(margin=0.15)).buckets[0]
    assert (bucket.verdict, bucket.label) == ("UNDECIDED", "undecided")
    assert "only climbed back to the base model" in bucket.reasons[0]


def test_above_the_base_it_still_continues() -> None:
    assert _one(GAINS).verdict == "CONTINUE"


def test_the_run_names_it_and_does_not_follow_it() -> None:
    both = decide(simulate(Plan({"chat": GAINS, "code": CLIMBS}, {"dev": 200})), Margins(margin=0.08))
    assert both.verdict == "CONTINUE"
    assert both.headline == "CONTINUE: still gaining: chat; below the base: code"
    assert "worse than the base model: code" in both.reasons
    assert both.next.startswith("more rows of chat")
    alone = decide(_table(CLIMBS), Margins(margin=0.08))
    assert alone.verdict == "UNDECIDED"
    assert alone.next.startswith("add no rows of code yet")
    assert "but the base model is better" in alone.checkpoint_reason
    assert "over all buckets full against the base model is -0.1" in " ".join(alone.reasons)


def test_its_slope_does_not_buy_it_tokens() -> None:
    table = simulate(Plan({"chat": GAINS, "code": CLIMBS}, {"dev": 200}))
    answer = analyse(table, {"chat": 10_000, "code": 10_000}, AnalyseSettings(margin=0.08, draws=40))
    assert answer.mixture is not None
    weights = {weight.bucket: weight for weight in answer.mixture.weights}
    assert weights["code"].weight == pytest.approx(0.5, abs=0.01), "its prior share: neither more nor less"
    assert "its slope does not count" in weights["code"].why
