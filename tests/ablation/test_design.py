from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from ablation import AblationSettings, TinyModel, plan
from ablation.design import Supply, arms, model_parameters, plan_of, smallest_effect
from ablation.holdout import hold_out
from buckets import Draft, EvalItem, InputError, Message, frame_of, row_of

SUPPLY = {"code": Supply(100, 1000, 3000), "math_reasoning": Supply(50, 2000, 4000), "domain_qa": Supply(5, 10, 20)}


def items(count: int, bucket: str = "code", split: str = "dev") -> list[EvalItem]:
    draft = Draft((Message("user", "x" * 25),), reference="y")
    return [EvalItem(f"{bucket}-{split}-{i}", bucket, split, str(i), draft) for i in range(count)]  # type: ignore[arg-type]  # a Split


def pool(rows: int, prompts: int | None = None) -> pl.DataFrame:
    made = []
    for i in range(rows):
        draft = Draft((Message("user", f"question {i % (prompts or rows)}"), Message("assistant", f"answer {i}")))
        made.append(row_of(draft, source="s", path="p", file="f", row=i, format="x") | {"bucket": "code"})
    return frame_of(made)


def test_the_arms_are_base_full_doses_and_one_for_each_large_bucket() -> None:
    rows = {bucket: s.rows for bucket, s in SUPPLY.items()}
    assert [arm.name for arm in arms(AblationSettings(doses=(1.0, 0.5, 0.125)), rows)] == [
        "base",
        "full",
        "dose:0.125",
        "dose:0.5",
        "loo:code",
        "loo:math_reasoning",
    ]
    assert [arm.name for arm in arms(AblationSettings(doses=(), leave_one_out=False), rows)] == ["base", "full"]
    assert [arm.name for arm in arms(AblationSettings(doses=()), {"code": 100})] == ["base", "full"]
    assert [arm.name for arm in arms(AblationSettings(), rows, ["proposed", "uniform"])] == [
        "base",
        "mix:proposed",
        "mix:uniform",
    ]


def test_the_cost_is_what_a_hand_count_gives() -> None:
    settings = AblationSettings(model=TinyModel(base_tokens=1), doses=(0.5,), epochs=2, seeds=(1, 2))
    found = plan_of(settings, SUPPLY, items(10) + items(4, split="ood"), 140, 1000)
    # full, one dose (as many tokens), two leave-one-out arms
    trained = 2 * (3010 + 3010 + 2010 + 1010)
    processed = 2 * (7020 + 7020 + 4020 + 3020)
    sampled = (3 * 14 + 2 * 10) * 4 * 48
    read = 3 * 140 + 2 * 100
    assert found.trials == 10
    assert found.tokens == 2 * trained
    assert found.processed_tokens == 2 * processed + 1
    assert found.sampled_tokens == 2 * sampled
    assert found.flops == pytest.approx(1000 * (6 * (2 * processed + 1) + 2 * 2 * (sampled + read)))
    assert found.buckets["code"].items == {"dev": 10, "ood": 4}
    assert not found.buckets["domain_qa"].left_out
    assert found.buckets["domain_qa"].mde is None


def test_fixed_epochs_costs_less_for_small_doses() -> None:
    same, less = (
        plan_of(AblationSettings(control=control), SUPPLY, items(3), 30, 10).tokens
        for control in ("fixed_tokens", "fixed_epochs")
    )
    assert less < same


def test_caps_bound_the_plan() -> None:
    assert plan_of(AblationSettings(rows_per_bucket=10), SUPPLY, items(1), 9, 10).buckets["code"].rows == 10
    assert (
        plan_of(AblationSettings(tokens_per_bucket=100), SUPPLY, items(1), 9, 10).buckets["code"].trained_tokens == 100
    )


def test_the_smallest_effect_is_found_four_times_in_five() -> None:
    """Scores drawn with the planning values: a true effect of that size is significant in about 80% of runs."""
    n, k, seeds, runs = 200, 4, 3, 3000
    rng = np.random.default_rng(0)
    effect = smallest_effect(n, k, seeds)
    # A prompt's pass rate is 0 or 1 with weight rho = 0.6 shared, else 1/2: variance as in the formula.
    noise = rng.normal(0, np.sqrt(0.25 * 0.4 / k / n), (runs, seeds, 2)) + rng.normal(0, 0.03, (runs, seeds, 2))
    difference = (noise[..., 0] - noise[..., 1]).mean(axis=1) + effect
    error = np.sqrt(2 * 0.25 * 0.4 / (k * n * seeds) + 2 * 0.03**2 / seeds)
    assert np.mean(difference / error > 1.96) == pytest.approx(0.8, abs=0.03)
    assert smallest_effect(2 * n, k, seeds) < effect
    assert smallest_effect(n, k, 2 * seeds) < effect


def test_a_plan_needs_no_tokenizer() -> None:
    found = plan(AblationSettings(), pool(30), items(5))
    assert not found.exact
    assert found.buckets["code"].rows == 30
    assert found.tokens > 0
    assert found.to_json()["trials"] == 3 * 5


def test_the_hold_out_keeps_prompts_together_and_ignores_order() -> None:
    frame = pool(400, prompts=200)
    left, held = hold_out(frame, 0.2, 1000)
    prompts = {item.draft.messages[0].content for item in held}
    assert len(held) == len(prompts)
    assert 20 < len(held) < 60
    assert left.height == 400 - 2 * len(held)
    kept = {m[0]["content"] for m in left["messages"].to_list()}
    assert not kept & prompts
    assert all(item.draft.messages[-1].role == "assistant" and item.split == "dev" for item in held)
    again = hold_out(frame.sample(fraction=1, shuffle=True, seed=1), 0.2, 1000)
    assert [item.id for item in again[1]] == [item.id for item in held]
    few_left, few = hold_out(frame, 0.2, 5)
    assert len(few) == 5
    assert few_left.height == 390
    assert hold_out(frame, 0.0, 5)[0].height == 400


def test_wrong_settings_say_what_is_wrong() -> None:
    wrongs: list[dict[str, Any]] = [
        {"doses": [0.0]},
        {"doses": [1.5]},
        {"seeds": []},
        {"seeds": [1, 1]},
        {"model": {"hidden": 30, "heads": 4}},
        {"model": {"path": "x", "hidden": 3}},
        {"nosuch": 1},
    ]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            AblationSettings.model_validate(wrong)


def test_parameters_are_what_the_model_has(tmp_path: Path, world: object) -> None:
    from safetensors.numpy import load_file, save_file

    save_file({"a": np.zeros((3, 4), np.float32), "b": np.zeros(5, np.float32)}, tmp_path / "model.safetensors")
    assert model_parameters(AblationSettings.model_validate({"model": {"path": "."}}), tmp_path) == 17
    tiny = getattr(world, "model"), getattr(world, "base")  # noqa: B009 - the fixture's type lives in conftest
    weights = load_file(tiny[1] / "model.safetensors")
    slack = 32 * (330 - len(weights["model.embed_tokens.weight"]))  # a small corpus gives fewer merges
    assert model_parameters(AblationSettings(model=tiny[0]), tmp_path) - slack == sum(w.size for w in weights.values())
    with pytest.raises(InputError, match="holds no"):
        model_parameters(AblationSettings.model_validate({"model": {"path": "none"}}), tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="not a safetensors file"):
        model_parameters(AblationSettings.model_validate({"model": {"path": "."}}), tmp_path)
