"""The move of a bucket and of the run, one case a rule; and a gain that is worth nothing is no reason to go on."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from ablation.curve import curves
from ablation.decide import decide
from ablation.evidence import Margins
from ablation.gain import Boundary, BucketDecision, Decision
from ablation.scores import read_scores
from ablation.simulate import Noise, Plan, simulate

WIDE = Margins(margin=0.08)
FLAT = {"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.5, "full": 0.5}
RISES = {"base": 0.1, "dose:0.25": 0.3, "dose:0.5": 0.4, "full": 0.6}
SOLVED = {"base": 0.1, "dose:0.25": 0.8, "dose:0.5": 0.98, "full": 0.98}


def table(
    means: Mapping[str, float], bucket: str = "code", prompts: int = 300, clean: bool = True, split: str = "dev"
) -> pl.DataFrame:
    found = simulate(Plan({bucket: means}, {split: prompts}), Noise(seed=0.005), 1)
    return found.with_columns(parsed=pl.col("samples"), terminated=pl.col("samples")) if clean else found


def one(frame: pl.DataFrame, margins: Margins = WIDE) -> BucketDecision:
    scores = read_scores(frame)
    return decide(scores, margins, curves(scores, margins.metric, draws=40)).buckets[0]


def move(frame: pl.DataFrame) -> tuple[str, str]:
    found = one(frame).boundary
    assert found is not None
    assert 1 <= len(found.because) <= 3
    assert found.flips
    assert found.cheapest
    return found.move, found.kind


def test_flat_with_signal_and_a_verifier_goes_to_rl() -> None:
    bucket = one(table(FLAT))
    assert bucket.boundary is not None
    assert (bucket.verdict, bucket.boundary.move) == ("DONE", "rlvr")
    assert bucket.boundary.because[0].startswith("L_4 is 0.")
    assert "n=300" in bucket.boundary.because[0]
    assert "6 runs, scored on 300 dev prompts" in bucket.boundary.cheapest


def test_flat_without_a_verifier_goes_to_preference_pairs() -> None:
    assert move(table(FLAT, "general_instruction"))[0] == "preference tuning"


@pytest.mark.parametrize("bucket", ["code", "general_instruction"])
def test_solved_stops(bucket: str) -> None:
    assert move(table(SOLVED, bucket))[0] == "stop"


def test_no_signal_and_not_solved_wants_a_new_base() -> None:
    """Half of the prompts always right, half never: SFT is flat, and no group has both kinds of answer."""
    half = pl.when(pl.col("item").str.extract(r"(\d+)$").cast(pl.Int64) % 4 < 3).then(pl.col("samples")).otherwise(0)
    assert move(table(FLAT).with_columns(correct=half))[0] == "new base"


def test_an_unstable_protocol_asks_for_rows_of_that_form_first() -> None:
    noisy = table(FLAT, clean=False)
    assert move(noisy.with_columns(terminated=pl.col("samples"))) == ("sft more", "format")
    assert move(noisy.with_columns(terminated=pl.col("parsed"))) == ("sft more", "long")


def test_rising_splits_name_the_kind_of_rows() -> None:
    dev = table(FLAT)

    def rising(split: str) -> pl.DataFrame:
        return pl.concat([dev, table(RISES, prompts=200, split=split)])

    assert move(table(RISES)) == ("sft more", "same")
    assert move(table(RISES, "long_context")) == ("sft more", "long")
    assert move(rising("hard")) == ("sft more", "hard")
    assert move(rising("ood")) == ("sft more", "diverse")


def test_past_the_peak_fixes_the_mode_before_more_rows() -> None:
    bucket = one(table({**RISES, "full": 0.2}))
    assert bucket.boundary is not None
    assert (bucket.verdict, bucket.boundary.move) == ("OVER", "fix the mode")
    assert bucket.boundary.says.startswith("step back to dose:0.5, and fix the mode")
    assert "no training" in bucket.boundary.cheapest


def test_a_narrowed_mode_is_fixed_before_rl() -> None:
    full = pl.col("arm") == "full"
    lost = table(FLAT).with_columns(
        entropy=pl.when(full).then(0.05).otherwise(0.5), distinct_correct=pl.when(full).then(1).otherwise(3)
    )
    bucket = one(lost)
    assert bucket.boundary is not None
    assert (bucket.verdict, bucket.boundary.move) == ("DONE", "fix the mode")
    assert "entropy is low" in bucket.boundary.because[0]


def test_entropy_low_alone_changes_no_move() -> None:
    assert move(table(FLAT).with_columns(entropy=pl.lit(0.01)))[0] == "rlvr"


def test_never_right_asks_for_a_cold_start_and_not_for_rl() -> None:
    low = {"base": 0.02, "dose:0.25": 0.03, "dose:0.5": 0.05, "full": 0.05}
    assert move(table(low)) == ("sft more", "hard")


def test_below_the_base_wants_other_rows() -> None:
    assert move(table({**FLAT, "base": 0.8}))[0] == "sft other rows"


def test_an_open_question_is_measured_with_its_number() -> None:
    noisy = simulate(Plan({"code": FLAT}, {"dev": 24}), Noise(seed=0.03))
    bucket = one(noisy.with_columns(parsed=pl.col("samples"), terminated=pl.col("samples")), Margins(margin=0.05))
    assert bucket.boundary is not None
    assert (bucket.verdict, bucket.boundary.move) == ("UNDECIDED", "measure")
    assert bucket.boundary.cheapest == bucket.next


def run(frames: list[pl.DataFrame]) -> tuple[Decision, Boundary]:
    found = decide(pl.concat(frames), WIDE)
    assert found.boundary is not None
    return found, found.boundary


def test_a_bucket_worth_more_sft_keeps_the_run_in_sft() -> None:
    found, at = run([table(RISES, "math_reasoning"), table(FLAT)])
    assert (found.verdict, at.move) == ("CONTINUE", "sft more")
    wanted = "more SFT: unique rows of the same kind in math_reasoning. Beside it: RL with a verifier in code"
    assert at.says == wanted


def test_a_flat_run_moves_on_and_names_the_rest() -> None:
    found, at = run([table(FLAT), table(SOLVED, "tool_calls"), table(FLAT, "general_instruction")])
    assert (found.verdict, at.move) == ("DONE", "rlvr")
    assert "preference tuning in general_instruction" in at.says
    assert "stop in tool_calls" in at.says


def test_a_forecast_surely_under_the_margin_withholds_continue_and_says_so() -> None:
    """The last step gained, the three-dose line says that the next doubling will not: no claim that it pays."""
    bumpy = table({"base": 0.1, "dose:0.25": 0.5, "dose:0.5": 0.4, "full": 0.5}, prompts=900)
    bucket = one(bumpy, Margins(margin=0.09))
    assert bucket.verdict == "UNDECIDED"
    assert bucket.reasons[0].startswith("the next doubling should give ")
    assert "surely less than the margin 0.09" in bucket.reasons[0]
    assert bucket.next == "one dose arm with twice the rows of code, to see what the next doubling gives"


def test_a_solved_dev_set_does_not_stop_a_rising_ood_set() -> None:
    both = pl.concat([table({**RISES, "full": 0.98}), table(RISES, prompts=200, split="ood")])
    bucket = one(both)
    assert bucket.verdict == "CONTINUE"
    assert bucket.next.startswith("more rows of code, for ood (+0.")
    assert "ends at 1" in " ".join(bucket.reasons)


def test_one_seed_is_never_spent() -> None:
    alone = table({**RISES, "full": 0.98}).filter(pl.col("seed") == 0)
    assert one(alone).verdict == "CONTINUE"


def test_nothing_left_to_gain_is_said_at_most_at_the_nominal_rate_when_just_the_margin_is_left() -> None:
    """Truth: the full arm is at 1 - margin exactly, so the claim "less than the margin is left" is false."""
    means, runs = {"dose:0.5": 0.6, "full": 0.92}, 60
    said = 0
    for seed in range(runs):
        frame = simulate(Plan({"code": means}, {"dev": 80}), Noise(seed=0.01), seed)
        said += decide(frame, WIDE).buckets[0].verdict == "DONE"
    assert said <= 7  # nominal .05: at most 7 in 60 with probability .98


def test_the_next_step_of_a_flat_bucket_is_not_at_odds_with_its_boundary() -> None:
    loose = table(FLAT, clean=False).with_columns(terminated=pl.col("samples"))
    bucket = one(loose)
    assert bucket.boundary is not None
    assert (bucket.verdict, bucket.boundary.move) == ("DONE", "sft more")
    assert bucket.next == bucket.boundary.says
