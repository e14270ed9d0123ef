"""Paraphrases of eval items, by embedding: candidates that fall only with a lexical witness, else are reported.

The distance of two sentences is no proof: "add two numbers" and "multiply two numbers" are closer than many a
paraphrase. Not covered: turns longer than the model reads (they are cut by it), and answers: only what users say is
embedded.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from curate.contamination.hits import HIT_SCHEMA, SPAN_CHARS, texts_of
from curate.contamination.index import EvalIndex
from curate.contamination.wording import is_number
from curate.contamination.words import words_of
from curate.model_folder import found as found_model
from curate.model_folder import missing

if TYPE_CHECKING:
    from curate.embed import Encoder

Vectors = npt.NDArray[np.float32]
_BLOCK = 1024


class Semantic(BaseModel):
    """The embedding candidate pass."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A model's name or folder, as sentence-transformers takes it."""
    cosine: float = Field(0.85, gt=0, le=1)
    """Least cosine of a candidate."""
    witness: float = Field(0.5, ge=0, le=1)
    """Least share of the item's words, by rarity, that the turn must hold, with all its numbers, to fall."""


def embed(texts: list[str], model: Path) -> Vectors:
    """Unit vectors, one row a text, by the encoder that the semantic stage uses: safetensors only, no foreign code."""
    return _encoder(model).encode(texts).vectors


@lru_cache(maxsize=1)
def _encoder(folder: Path) -> Encoder:
    try:
        from curate.embed import Encoder
    except ImportError as error:
        raise missing(error) from error
    return Encoder(folder)


def semantic_hits(
    frame: pl.DataFrame, index: EvalIndex, found: pl.DataFrame, table: Semantic, base: Path
) -> pl.DataFrame:
    """`found` and, for rows and items that have no hit yet, the candidates of the embedding.

    A pair that was laid side by side word by word keeps its class: "domain" and "range" are close in every embedding.
    """
    units = texts_of(frame).filter(pl.col("role") == "user")
    if units.is_empty() or not index.problems:
        return found
    model = found_model(table.model, base)
    items = _items(index, model)
    known = set(found.select("id", "item").iter_rows())
    rows: list[tuple[str, ...]] = []
    ids, sources = frame["id"].to_list(), frame["source"].to_list()
    texts = units["text"].to_list()
    vectors = embed(texts, model)
    for start in range(0, len(texts), _BLOCK):
        cosine = vectors[start : start + _BLOCK] @ items.T
        for unit, probe in np.argwhere(cosine >= table.cosine):
            row = units["row"][int(start + unit)]
            problem = index.problems[index.probes[probe].problem]
            if (ids[row], problem.key) in known:
                continue
            known.add((ids[row], problem.key))
            text = texts[start + unit]
            share = shared(text, int(probe), index)
            kind = "near" if share >= table.witness else "template-only"
            how = f"cosine {cosine[unit, probe]:.3f}, {share:.0%} of its words"
            span = " ".join(text.split())[:SPAN_CHARS]
            rows.append((ids[row], sources[row], problem.key, problem.set, kind, how, "user", span))
    both = pl.concat([found, pl.DataFrame(rows, schema=HIT_SCHEMA, orient="row")])
    order = pl.DataFrame({"id": ids, "_row": range(len(ids))})
    rank = pl.col("class").replace_strict({"verbatim": 0, "near": 1, "template-only": 2}, return_dtype=pl.Int8)
    return both.join(order, on="id", how="left").sort("_row", rank, "item").drop("_row")


def shared(text: str, probe: int, index: EvalIndex) -> float:
    """Share of a probe's words, by rarity, that a text holds; 0 when their numbers differ."""
    words = words_of(pl.Series([text]))
    mine = words.words(0, len(words.stream))
    asked = index.words_at(probe)
    if sorted(filter(is_number, mine)) != sorted(filter(is_number, asked)):
        return 0.0
    once = dict.fromkeys(asked)
    total = sum(map(index.weight, once))
    return sum(index.weight(word) for word in once if word in set(mine)) / total if total else 0.0


_VECTORS: dict[str, Vectors] = {}


def _items(index: EvalIndex, model: Path) -> Vectors:
    """Vectors of the probes, kept for the process: they are the same for every shard."""
    texts = [probe.text for probe in index.probes]
    key = hashlib.blake2b("\0".join([str(model), *texts]).encode(), digest_size=16).hexdigest()
    if key not in _VECTORS:
        _VECTORS.clear()
        _VECTORS[key] = embed(texts, model)
    return _VECTORS[key]
