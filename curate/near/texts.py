"""A column of texts as bytes and offsets, ready for the compiled loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from buckets import WORD_PATTERN

Mode = Literal["split", "word"]
"""split: `text.lower().split()` of Python. word: words and single CJK characters of the lower-cased text."""


@dataclass(frozen=True)
class Bytes:
    """n rows in one array: row i is data[starts[i]:stops[i]]. ASCII letters may still be upper case."""

    data: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.uint64]
    stops: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.starts)


def bytes_of(texts: pl.Series, mode: Mode) -> Bytes:
    """UTF-8 of each text such that splitting it at ASCII white space gives its tokens; null counts as empty."""
    plain = pl.col("text").cast(pl.String()).fill_null("")
    if mode == "word":
        plain = plain.str.to_lowercase().str.extract_all(WORD_PATTERN).list.join(" ")
    # One query for all: each would cost more than the work in it.
    facts = (
        texts.alias("text")
        .to_frame()
        .select(plain, size=plain.str.len_bytes(), beyond_ascii=plain.str.len_bytes() != plain.str.len_chars())
    )
    ready, sizes = facts["text"], facts["size"]
    if mode == "split" and facts["beyond_ascii"].any():
        ready = _made_ready(facts)
        sizes = ready.str.len_bytes()
    stops = np.cumsum(sizes.to_numpy(), dtype=np.uint64)
    starts = np.concatenate([np.zeros(1, np.uint64), stops])[: len(texts)]
    every = pl.col("text").cast(pl.Binary()).cast(pl.List(pl.UInt8())).explode(empty_as_null=False, keep_nulls=False)
    return Bytes(ready.to_frame().select(every).to_series().to_numpy(), starts, stops)


_SPACES = r"[\s--[\x00-\x7F]]"
"""What `str.split` takes for white space beyond ASCII."""
_CHANGING = r"[[\s\p{Changes_When_Lowercased}]--[\x00-\x7F]]"


def _made_ready(facts: pl.DataFrame) -> pl.Series:
    """The texts, lowered and with plain spaces where the compiled loop, which knows ASCII alone, would not do it."""
    places = facts["beyond_ascii"].arg_true()
    texts = facts["text"].gather(places)
    changing = texts.str.contains(_CHANGING)
    if not changing.any():
        return facts["text"]
    lowered = texts.filter(changing).str.to_lowercase().str.replace_all(_SPACES, " ")
    order = np.arange(len(facts))
    order[places.filter(changing).to_numpy()] = len(facts) + np.arange(len(lowered))
    return pl.concat([facts["text"], lowered.alias("text")]).gather(order)
