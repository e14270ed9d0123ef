"""A ladder of checkpoints: planted plateaus, rises, falls and collapses are named, noise is what it claims."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from ablation.candidates import Limit, bound_above, prefer
from ablation.gain import CandidateKind
from ablation.ladder import Ladder, Rung, Yardstick, aggregated
from ablation.plateau import choose_rung, read
from ablation.stats import NOTHING, Array, Estimate

Row = Sequence[float] | Array


def ladder(doses: Row, columns: Mapping[str, Row], yard: Yardstick | None = None) -> Ladder:
    rungs = (
        Rung(f"{dose:g}", dose, {name: values[i] for name, values in columns.items() if math.isfinite(values[i])}, {})
        for i, dose in enumerate(doses)
    )
    return Ladder(tuple(rungs), yard or Yardstick())


DOSES = (1, 2, 4, 8, 16, 32)
FLAT = (50.0, 60.0, 66.0, 68.0, 68.1, 67.9)


def test_a_plateau_is_done_at_its_foot_and_not_on_the_way_up() -> None:
    found = ladder(DOSES, {"score": FLAT, "hard": [v / 2 for v in FLAT]})
    verdicts = [read(found.upto(k)).verdict for k in range(1, 7)]
    assert verdicts == ["UNDECIDED", "CONTINUE", "CONTINUE", "CONTINUE", "DONE", "DONE"]
    assert read(found).choice.chosen == "8"
    assert set(read(found).choice.ties) == {"8", "16", "32"}


@pytest.mark.parametrize("column", ["hard", "pass@k", "level"])
def test_a_flat_score_is_not_done_while_something_else_rises(column: str) -> None:
    rising = [20.0, 28.0, 36.0, 44.0, 52.0, 60.0]
    assert read(ladder(DOSES, {"score": FLAT, column: rising})).verdict == "CONTINUE"


def test_a_set_that_every_rung_fails_has_no_vote() -> None:
    dead = [0.0, 0.1, 0.0, 0.2, 0.1, 4.0]
    assert read(ladder(DOSES, {"score": FLAT, "hard": dead})).verdict == "DONE"


def test_noise_forbids_done_and_says_how_much_smaller_it_must_be() -> None:
    loud = read(ladder(DOSES, {"score": FLAT}, Yardstick(noise=3.0)))
    assert loud.verdict == "UNDECIDED"
    assert "times smaller" in loud.needs
    assert read(ladder(DOSES, {"score": FLAT}, Yardstick(noise=0.4))).verdict == "DONE"


def test_over_takes_two_signals_and_steps_back() -> None:
    sunk = (*FLAT[:5], 64.0)
    one = read(ladder(DOSES, {"score": sunk}))
    assert one.verdict == "DONE"
    assert any("one signal down" in reason for reason in one.reasons)
    two = read(ladder(DOSES, {"score": sunk, "hard": (20, 30, 36, 38, 38, 30)}))
    assert (two.verdict, two.choice.chosen) == ("OVER", "8")


def test_falling_entropy_alone_stops_nothing_and_unpaid_entropy_does() -> None:
    rising = (20.0, 26.0, 32.0, 38.0, 44.0, 50.0)
    falling = (0.6, 0.4, 0.25, 0.15, 0.1, 0.05)
    paid = read(ladder(DOSES, {"score": rising, "entropy": falling}))
    assert (paid.verdict, paid.choice.chosen) == ("CONTINUE", "32")
    creeping = (20.0, 26.0, 26.5, 27.0, 27.5, 28.0)
    unpaid = read(ladder(DOSES, {"score": creeping, "entropy": falling}))
    assert unpaid.verdict == "UNDECIDED"
    assert unpaid.choice.chosen in ("2", "4")
    lower = read(ladder(DOSES, {"score": creeping, "entropy": falling, "level": (60, 60, 59, 55, 52, 48)}))
    assert lower.verdict == "OVER"


def test_validation_loss_has_no_vote() -> None:
    loss = (1.0, 1.1, 1.3, 1.8, 2.4, 3.0)
    with_loss = read(ladder(DOSES, {"score": FLAT, "valid_loss": loss}))
    assert with_loss.verdict == read(ladder(DOSES, {"score": FLAT})).verdict == "DONE"


def test_the_level_after_rl_decides_over_the_score() -> None:
    score = (60.0, 62.0, 64.0, 66.0, 68.0, 70.0)
    level = (80.0, 84.0, 83.9, 80.0, 76.0, 72.0)
    assert choose_rung(ladder(DOSES, {"score": score, "level": level})).leader == "2"


def test_below_the_base_is_neither_done_nor_continue() -> None:
    found = read(ladder((0, 1, 2, 4), {"score": (70.0, 60.0, 62.0, 64.0)}))
    assert found.verdict == "UNDECIDED"
    assert "below the base" in found.reasons[0]


def test_no_sft_is_not_a_candidate_once_training_is_better() -> None:
    found = choose_rung(ladder((0, 1, 2, 4), {"score": (40.0, 60.0, 62.0, 61.9)}))
    line = found.candidates[0]
    assert (line.kind, line.eligible, line.tied) == ("base", False, False)
    assert "no SFT" in line.why


def test_single_and_double_rungs_are_never_done() -> None:
    assert read(ladder((5,), {"score": (50.0,)})).verdict == "UNDECIDED"
    assert read(ladder((5, 10), {"score": (50.0, 50.0)}, Yardstick(noise=0.1))).verdict == "UNDECIDED"


def test_the_slope_is_least_squares_in_log_dose_with_its_error() -> None:
    doses = np.array([4.0, 5.0, 6.5, 8.0])
    values = np.array([50.0, 52.0, 51.0, 54.0])
    found = ladder(doses, {"score": values}).slope("score")
    x = np.log2(doses)
    want = np.polyfit(x, values, 1)[0]
    assert found.mean == pytest.approx(want)
    sd, df = ladder(doses, {"score": values}).noise("score")
    assert found.se == pytest.approx(sd / math.sqrt(float(np.square(x - x.mean()).sum())))
    assert (sd, df) == (0.4, 12.0)


def test_the_noise_moves_from_the_declared_toward_the_scatter() -> None:
    rng = np.random.default_rng(3)
    doses = np.arange(1, 61, dtype=float)
    drawn = [ladder(doses, {"score": 50 + rng.normal(0, 1.5, 60)}).noise("score")[0] for _ in range(40)]
    assert 1.0 < float(np.mean(drawn)) < 1.5
    knee = 70 - 30 * np.exp(-doses)
    assert ladder(doses, {"score": knee}).noise("score")[0] < 0.4


def test_given_errors_replace_the_declared_noise() -> None:
    rungs = tuple(Rung(str(d), d, {"score": v}, {"score": 0.05}) for d, v in ((1, 50.0), (2, 50.3), (4, 50.1)))
    slope = Ladder(rungs, Yardstick()).slope("score")
    assert slope.se == pytest.approx(0.05 / math.sqrt(2.0))
    assert math.isinf(slope.df)


def test_flat_ladders_are_seldom_called_over_and_rising_ones_seldom_done() -> None:
    rng = np.random.default_rng(11)
    over = done = 0
    for _ in range(200):
        noise = rng.normal(0, 0.4, (2, 8))
        doses = [2.0**k for k in range(8)]
        flat = {"score": 60 + noise[0], "hard": 30 + 3 * noise[1]}
        over += read(ladder(doses, flat)).verdict == "OVER"
        rise = 3.0 * np.arange(8)
        steep = {"score": 40 + rise + noise[0], "hard": 20 + rise + 3 * noise[1]}
        done += read(ladder(doses, steep)).verdict == "DONE"
    assert over <= 10
    assert done <= 10


def test_prefer_takes_the_cheapest_shown_as_good_and_drops_all_bars_when_none_is_left() -> None:
    scores = {"a": 49.0, "b": 50.0, "c": 50.5}

    def contrast(treated: str, control: str, signal: str) -> Estimate:
        del signal
        return aggregated(scores[treated] - scores[control], 0.1, math.inf)

    kinds: dict[str, CandidateKind] = {}
    kinds.update(dict.fromkeys(scores, "dose"))
    found = prefer(scores, kinds, [Limit("score", 1.0)], contrast, 0.05, {})
    assert (found.chosen, found.leader, found.ties) == ("b", "c", ("b", "c"))
    without = prefer(scores, kinds, [Limit("score", 1.0)], contrast, 0.05, {"c": "bad"})
    assert (without.chosen, without.leader) == ("b", "b")
    everyone = dict.fromkeys(scores, "bad")
    barred = prefer(scores, kinds, [Limit("score", 1.0)], contrast, 0.05, everyone)
    assert barred.chosen == "b"
    assert not any(line.eligible for line in barred.candidates)


def test_the_bound_is_one_sided() -> None:
    assert bound_above(aggregated(1.0, 1.0, math.inf), 0.05) == pytest.approx(2.645, abs=1e-3)
    assert bound_above(NOTHING, 0.05) == math.inf
