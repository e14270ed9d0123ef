"""The embedding pass: a candidate falls only with a lexical witness; the model is stood in for by word counts."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import curate.contamination.semantic as semantic
from buckets import Draft, InputError, Message, Problem, frame_of, row_of
from curate.contamination import HIT_SCHEMA, EvalIndex, Semantic, falls, hits, semantic_hits
from tests.curate.semantic_world import tiny_model

ITEM = "A gardener plants 14 tulips and 9 roses along the fence. How many flowers does the gardener plant?"
CLOSE = "Along the fence a gardener plants 14 tulips; then 9 roses. What number of flowers is it?"
FAR_NUMBERS = CLOSE.replace("14", "15")
VAGUE = "Someone puts 14 things and 9 others somewhere, what is that together?"
OTHER = "Name a fruit."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds a sentence-transformers model; what it computes is nothing."""
    pytest.importorskip("sentence_transformers")
    return tiny_model(tmp_path_factory.mktemp("model"))


def stand_in(texts: list[str], model: Path) -> semantic.Vectors:
    """All texts about flowers or sums point one way, the rest another."""
    assert model
    flowers = [any(word in text for word in ("tulips", "things")) for text in texts]
    return np.array([[1.0, 0.0] if each else [0.0, 1.0] for each in flowers], np.float32)


def test_a_paraphrase_falls_with_a_witness_and_is_reported_without(
    monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    monkeypatch.setattr(semantic, "embed", stand_in)
    index = EvalIndex([Problem("s", "1", (ITEM,))])
    drafts = [Draft((Message("user", text), Message("assistant", "x"))) for text in (CLOSE, FAR_NUMBERS, VAGUE, OTHER)]
    frame = frame_of(row_of(d, source="s", path="p", file="f", row=at, format="t") for at, d in enumerate(drafts))
    found = semantic_hits(frame, index, hits(frame, index), Semantic(model=str(model)), Path())
    kinds = {int(id.split(":")[1]): kind for id, kind in found.select("id", "class").iter_rows()}
    assert kinds == {0: "near", 1: "template-only", 2: "template-only"}
    assert falls(found)["id"].to_list() == [frame["id"][0]]
    assert found.filter(pl.col("id") == frame["id"][0])["how"][0].startswith("cosine 1.000")


def test_without_sentence_transformers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    semantic._encoder.cache_clear()
    with pytest.raises(InputError, match="sft-curate\\[semantic\\]"):
        semantic.embed(["x"], Path("no-such-model"))


def test_the_real_encoder_is_asked_and_the_item_itself_is_near(model: Path) -> None:
    index = EvalIndex([Problem("s", "1", (ITEM,))])
    draft = Draft((Message("user", ITEM.replace("A gardener", "The gardener")), Message("assistant", "x")))
    frame = frame_of([row_of(draft, source="s", path="p", file="f", row=0, format="t")])
    semantic._VECTORS.clear()  # those of the stand-in
    none = pl.DataFrame(schema=HIT_SCHEMA)
    found = semantic_hits(frame, index, none, Semantic(model=str(model)), Path())
    assert found["class"].to_list() == ["near"]
