"""The embedding pass: a candidate falls only with a lexical witness; the model is stood in for by word counts."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import curate.contamination.semantic as semantic
from buckets import Draft, InputError, Message, Problem, frame_of, row_of
from curate.contamination import EvalIndex, Semantic, falls, hits, semantic_hits

ITEM = "A gardener plants 14 tulips and 9 roses along the fence. How many flowers does the gardener plant?"
CLOSE = "Along the fence a gardener plants 14 tulips; then 9 roses. What number of flowers is it?"
FAR_NUMBERS = CLOSE.replace("14", "15")
VAGUE = "Someone puts 14 things and 9 others somewhere, what is that together?"
OTHER = "Name a fruit."


def stand_in(texts: list[str], model: str) -> semantic.Vectors:
    """All texts about flowers or sums point one way, the rest another."""
    assert model
    flowers = [any(word in text for word in ("tulips", "things")) for text in texts]
    return np.array([[1.0, 0.0] if each else [0.0, 1.0] for each in flowers], np.float32)


def test_a_paraphrase_falls_with_a_witness_and_is_reported_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "embed", stand_in)
    index = EvalIndex([Problem("s", "1", (ITEM,))])
    drafts = [Draft((Message("user", text), Message("assistant", "x"))) for text in (CLOSE, FAR_NUMBERS, VAGUE, OTHER)]
    frame = frame_of(row_of(d, source="s", path="p", file="f", row=at, format="t") for at, d in enumerate(drafts))
    found = semantic_hits(frame, index, hits(frame, index), Semantic(), Path())
    kinds = {int(id.split(":")[1]): kind for id, kind in found.select("id", "class").iter_rows()}
    assert kinds == {0: "near", 1: "template-only", 2: "template-only"}
    assert falls(found)["id"].to_list() == [frame["id"][0]]
    assert found.filter(pl.col("id") == frame["id"][0])["how"][0].startswith("cosine 1.000")


def test_without_sentence_transformers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    semantic._model.cache_clear()
    with pytest.raises(InputError, match="sft-curate\\[semantic\\]"):
        semantic.embed(["x"], "no-such-model")
