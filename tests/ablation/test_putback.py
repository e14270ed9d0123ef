"""Rule arms against hand counts: what is put back, what a random filter takes, and that nothing is over-drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from ablation import AblationSettings, Arm, plan
from ablation.design import Supply, arms, plan_of
from ablation.designed import designed, shared_out
from ablation.mask import Encoder
from ablation.mixture import Pool
from ablation.pack import Rows
from ablation.putback import put_back, rule_portion, without_at_random
from ablation.trials import Encodings, draw_arm, encode_pool, with_dropped
from buckets import Draft, Message, RefusedError, frame_of, row_of

KEPT, FELL = 60, 30
IDS = [f"x/{i:03d}" for i in range(KEPT)] + [f"y/{i:03d}" for i in range(KEPT)]
LENGTHS = np.random.default_rng(0).integers(5, 40, 2 * KEPT + FELL)
ENCODINGS = Encodings(
    rows=Rows.of([([1] * int(n), [True] * int(n)) for n in LENGTHS]),
    pool=replace(Pool.of(IDS, [name[0] for name in IDS], LENGTHS[: 2 * KEPT]), trained=LENGTHS),
    skipped=Counter(),
    available={},
    dropped={"r": {"x": np.arange(2 * KEPT, 2 * KEPT + FELL)}, "few": {"x": np.arange(2 * KEPT, 2 * KEPT + 2)}},
)
SETTINGS = AblationSettings(rows_per_bucket=40, epochs=2.0, rules=("r",))


def drawn(arm: str, seed: int = 1, settings: AblationSettings = SETTINGS) -> Any:
    kind: Any = "full" if arm == "full" else "mixture" if arm.startswith("mix") else "rule"
    return draw_arm(Arm(arm, kind), seed, ENCODINGS, settings, {"a": {"x": 300}}, capped=True)


def of_x(arm: str, seed: int = 1) -> set[int]:
    return {int(row) for row in drawn(arm, seed).order if row < KEPT or row >= 2 * KEPT}


def test_rule_off_puts_the_drops_back_in_the_share_in_which_they_fell() -> None:
    off, full = of_x("unfiltered:r"), of_x("full")
    assert full <= off
    assert len(full) == 40
    assert len(off - full) == 20  # 30 fell for 60 kept; 40 kept rows are drawn
    assert min(off - full) >= 2 * KEPT


def test_the_random_control_takes_as_many_tokens_as_fell_from_the_same_rows() -> None:
    off, control, full = of_x("unfiltered:r"), of_x("random:r"), of_x("full")
    assert control < off
    assert control - full, "some of what the rule drops stays"
    longest = int(LENGTHS.max())
    assert abs(sum(LENGTHS[list(control)]) - sum(LENGTHS[list(full)])) <= longest / 2 + 1


@pytest.mark.parametrize("arm", ["unfiltered:r", "random:r", "only:r"])
def test_every_rule_arm_trains_as_many_tokens_and_leaves_other_buckets_alone(arm: str) -> None:
    full, other = drawn("full"), drawn(arm)
    assert other.shares["x"].trained_tokens == pytest.approx(full.shares["x"].trained_tokens, abs=LENGTHS.max() / 2 + 1)
    assert other.shares["y"] == full.shares["y"]
    y = [row for row in other.order if KEPT <= row < 2 * KEPT]
    assert y == [row for row in full.order if KEPT <= row < 2 * KEPT]


def test_a_draw_is_that_of_its_seed() -> None:
    assert of_x("random:r") == of_x("random:r")
    assert of_x("random:r") != of_x("random:r", seed=2)
    assert (drawn("unfiltered:r").order == drawn("unfiltered:r").order).all()


def test_drops_alone_are_never_over_drawn() -> None:
    settings = SETTINGS.model_copy(update={"rules": ("few",)})
    with pytest.raises(RefusedError, match=r"2 rows that can be trained on fell to 'few', too few .* 16 passes"):
        drawn("only:few", settings=settings)
    assert drawn("unfiltered:few", settings=settings).shares["x"].rows == 41


def test_at_least_one_row_stays() -> None:
    pool = Pool.of(["x/1", "x/2"], ["x", "x"], [3, 4])
    assert len(without_at_random(pool, np.array([0, 1]), 1000, np.random.default_rng(0))) == 1
    assert len(put_back(pool, "x", 0, "r", np.array([0]), np.array([1]))) == 1
    assert rule_portion(pool, "x", 0, ("unfiltered", "r"), np.array([0]), np.array([], np.int64), 9.0, 16) is None


def test_the_design_asks_for_rule_arms_and_their_cost_is_that_of_full() -> None:
    supply = {"code": Supply(100, 1000, 3000)}
    settings = AblationSettings(doses=(), leave_one_out=False, rules=("dedup",), seeds=(1,))
    names = [arm.name for arm in arms(settings, {"code": 100})]
    assert names == ["base", "full", "random:dedup", "unfiltered:dedup", "only:dedup"]
    assert plan_of(settings, supply, [], 0, 10).tokens == 4 * plan_of(settings, supply, [], 0, 10, rules=[]).tokens
    with pytest.raises(ValidationError):
        AblationSettings(rule_arms=("on",))


def test_random_mixtures_share_out_the_tokens_of_full() -> None:
    buckets = {"x": (1000.0, 2000.0), "y": (10.0, 20.0), "z": (500.0, 1000.0)}
    found = designed(buckets, 20, add_one=True)
    for number in range(1, 21):
        mixture = found[f"random-{number}"]
        assert sum(mixture.values()) == pytest.approx(3020, abs=3)
        assert all(tokens <= 8 * buckets[bucket][0] for bucket, tokens in mixture.items())
    assert found["add-y"] == {"y": 20}
    assert designed(buckets, 3, add_one=False).items() <= found.items()
    settings = AblationSettings(doses=(), leave_one_out=False, random_mixtures=2, add_one=True)
    planned = plan_of(settings, {"code": Supply(100, 1000, 3000), "domain_qa": Supply(9, 50, 90)}, [], 0, 10)
    assert [arm.name for arm in planned.arms[2:]] == [
        "mix:random-1",
        "mix:random-2",
        "mix:add-code",
        "mix:add-domain_qa",
    ]
    assert planned.mixtures["add-code"] == {"code": 2000}


def test_shared_out_by_hand() -> None:
    caps = {"a": 10.0, "b": 100.0, "c": 100.0}
    assert shared_out({"a": 2.0, "b": 1.0, "c": 1.0}, 90, caps) == {"a": 10, "b": 40, "c": 40}
    assert shared_out({"a": 0.0, "b": 3.0, "c": 1.0}, 80, caps) == {"b": 60, "c": 20}
    assert sum(shared_out({"a": 1.0, "b": 1.0}, 500, caps).values()) == 110


def test_a_mixture_beside_full_takes_the_rows_of_dose_one() -> None:
    assert of_x("mix:a") <= of_x("full")


def test_dropped_rows_stand_behind_the_pool_and_in_no_bucket_of_it(tokenizer: Any) -> None:
    def frame(name: str, bucket: str, count: int) -> pl.DataFrame:
        made = []
        for i in range(count):
            draft = Draft((Message("user", f"{name} {i}"), Message("assistant", f"answer {i}")))
            made.append(row_of(draft, source="s", path="p", file=name, row=i, format="x") | {"bucket": bucket})
        return frame_of(made)

    encoder = Encoder(tokenizer)
    kept = encode_pool(frame("kept", "code", 5), encoder, 64)
    fell, lost = frame("fell", "code", 3), frame("lost", "domain_qa", 2)
    both = with_dropped(kept, {"a": pl.concat([fell, lost]), "b": fell.head(1)}, encoder, 64)
    assert both.supply() == kept.supply()
    assert both.available == kept.available
    assert {rule: {b: list(r) for b, r in rows.items()} for rule, rows in both.dropped.items()}.keys() == {"a", "b"}
    assert len(both.dropped["a"]["code"]) == 3  # no kept row of domain_qa: nothing to put those back into
    (row,) = both.dropped["b"]["code"]
    again = encode_pool(fell.head(1), encoder, 64)
    assert list(both.rows.row(int(row))[0]) == list(again.rows.row(0)[0])
    assert list(both.pool.trained[:5]) == list(kept.pool.trained)


def test_the_forecast_knows_the_rule_arms() -> None:
    draft = Draft((Message("user", "q"), Message("assistant", "a")))
    pool = frame_of([row_of(draft, source="s", path="p", file="f", row=0, format="x") | {"bucket": "code"}])
    assert len(plan(AblationSettings(doses=(), rules=("check",)), pool, []).arms) == 5
