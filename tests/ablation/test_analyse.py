"""The whole half: scores in, JSON out, in time."""

from __future__ import annotations

import json
import time

import polars as pl
import pytest
from pydantic import ValidationError

from ablation.analyse_settings import AnalyseSettings
from ablation.analysis import Analysis, analyse
from ablation.simulate import Kind, planted, simulate
from buckets import InputError

NINE: tuple[Kind, ...] = (
    "growing",
    "saturated",
    "redundant",
    "saturated",
    "redundant",
    "over",
    "growing",
    "saturated",
    "harmful",
)
BUCKETS = (
    "general_instruction",
    "domain_qa",
    "math_reasoning",
    "code",
    "tool_calls",
    "multi_turn_dialogue",
    "safety_refusal",
    "structured_output",
    "long_context",
)
AVAILABLE = dict.fromkeys(BUCKETS, 10000)


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return simulate(planted(dict(zip(BUCKETS, NINE, strict=True))), seed=1)


@pytest.fixture(scope="module")
def answer(table: pl.DataFrame) -> Analysis:
    return analyse(table, AVAILABLE)


def test_a_full_campaign_takes_seconds(table: pl.DataFrame) -> None:
    assert table.select(pl.struct("arm", "seed").n_unique()).item() == 37
    start = time.perf_counter()
    analyse(table, AVAILABLE)
    assert time.perf_counter() - start < 6


def test_json_holds_only_plain_finite_values(answer: Analysis) -> None:
    text = json.dumps(answer.to_json(), allow_nan=False)
    back = json.loads(text)
    assert set(back) == {"gains", "curves", "decomposition", "decision", "mixture"}
    assert back["decision"]["verdict"] == answer.decision.verdict
    assert len(back["curves"]) == 27
    assert {gain["metric"] for gain in back["gains"]} >= {"pass@1", "entropy", "learnable", "headroom", "terminates"}


def test_small_campaigns_still_find_what_is_large(answer: Analysis) -> None:
    """48 dev prompts, 4 samples, 3 seeds: big effects are found, flat buckets are not called gaining."""
    found = {bucket.bucket: bucket for bucket in answer.decision.buckets}
    for bucket, kind in zip(BUCKETS, NINE, strict=True):
        if kind == "growing":
            assert found[bucket].verdict == "CONTINUE"
        elif kind == "over":
            assert found[bucket].label == "over-trained"
        elif kind == "harmful":
            assert found[bucket].label == "harmful"
        else:
            assert found[bucket].verdict in ("DONE", "UNDECIDED")
            assert found[bucket].label != "harmful"


def test_same_scores_same_answer(table: pl.DataFrame, answer: Analysis) -> None:
    assert analyse(table.sample(fraction=1.0, shuffle=True, seed=0), AVAILABLE).to_json() == answer.to_json()


def test_nll_campaign_without_samples(table: pl.DataFrame) -> None:
    bare = table.filter(pl.col("split") == "dev").with_columns(
        samples=pl.lit(0), terminated=pl.lit(0), parsed=pl.lit(0), correct=pl.lit(0), entropy=pl.lit(float("nan"))
    )
    found = analyse(bare, AVAILABLE, AnalyseSettings(metric="nll", margin=0.1))
    json.dumps(found.to_json(), allow_nan=False)
    assert found.decision.move_to_rl in ("no", "unknown")
    growing = next(b for b in found.decision.buckets if b.bucket == "general_instruction")
    assert growing.verdict == "CONTINUE"
    with pytest.raises(InputError, match=r"no score on 'pass@1'.*decide\.metric"):
        analyse(bare, AVAILABLE)


def test_no_tokens_no_mixture(table: pl.DataFrame) -> None:
    assert analyse(table, {}).mixture is None


def test_settings_are_frozen_and_strict() -> None:
    with pytest.raises(ValidationError):
        AnalyseSettings.model_validate({"margn": 0.1})
    with pytest.raises(ValidationError):
        AnalyseSettings(metric="bleu")
    with pytest.raises(ValidationError):
        AnalyseSettings().margin = 0.2  # type: ignore[misc]  # frozen is what is tested
