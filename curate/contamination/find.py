"""Where items may stand in texts: whole, whole but for the numbers, or by enough of their rare grams.

Nothing is decided here; `judge` looks at every place that is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from curate.contamination.index import SIZE, EvalIndex
from curate.contamination.words import Ints, Rolling, Words, grams

SHARE = 0.4
"""Least share of an item's rare grams, by weight, that a text must hold to be looked at."""
FEW = 3
"""Fewer grams in common say nothing."""
SENTENCE = 5
"""Words of a prompt that may be recognised with other numbers in it,"""
CONTENT = 3
"""and how many of them are no numbers."""


@dataclass(frozen=True)
class Places:
    """Texts and probes that meet. `whole` has text, probe, start, same (numbers too); `part` has low and high."""

    whole: pl.DataFrame
    part: pl.DataFrame


def find(words: Words, index: EvalIndex) -> Places:
    """All places, in the order of texts and probes."""
    hashes, at = grams(words, words.masked, SIZE)
    hit, gram = index.known(hashes)
    seen = pl.DataFrame({"place": at[hit], "gram": gram, "text": words.text_of[at[hit]]})
    whole = _whole(words, index, seen)
    return Places(whole, _part(words, index, seen, whole))


def _whole(words: Words, index: EvalIndex, seen: pl.DataFrame) -> pl.DataFrame:
    near = seen.join(index.anchors, on="gram", how="inner")
    start = near["place"].to_numpy() - near["offset"].to_numpy()
    probe = near["probe"].to_numpy()
    text = near["text"].to_numpy()
    length = index.lengths[probe]
    inside = (start >= words.first[text]) & (start + length <= words.first[text + 1])
    start, probe, text, length = start[inside], probe[inside], text[inside], length[inside]
    masked = Rolling(words.masked).window(start, length) == index.whole_masked[probe]
    start, probe, text, length = start[masked], probe[masked], text[masked], length[masked]
    same = Rolling(words.plain).window(start, length) == index.whole[probe]
    told = same | ((length >= SENTENCE) & (length - index.numbers[probe] >= CONTENT))
    start, probe, text, same = start[told], probe[told], text[told], same[told]
    found = pl.DataFrame({"text": text, "probe": probe, "start": start, "same": same})
    return found.sort(["text", "probe", "same", "start"], descending=[False, False, True, False])


def _part(words: Words, index: EvalIndex, seen: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Texts with enough of a probe's rare grams close together: low and high are stream places round them."""
    met = seen.join(index.postings, on="gram", how="inner")
    rough = met.group_by("text", "probe").len("n")
    most = rough["n"].to_numpy()
    size = index.gram_count[rough["probe"].to_numpy()]
    may = (most >= np.maximum(size * (SHARE / 2), np.minimum(FEW, size))) & (size > 0)
    met = met.join(rough.filter(pl.Series(may)).select("text", "probe"), on=["text", "probe"], how="semi")
    counted = met.group_by("text", "probe").agg(
        n=pl.col("gram").n_unique(),
        low=(pl.col("place") - pl.col("offset")).quantile(0.25, "nearest").cast(pl.Int64),
        high=(pl.col("place") - pl.col("offset")).quantile(0.75, "nearest").cast(pl.Int64),
        earliest=pl.col("place").min(),
        latest=pl.col("place").max(),
    )
    probe = counted["probe"].to_numpy()
    part = counted["n"].to_numpy() / np.maximum(index.gram_count[probe], 1)
    few = np.minimum(FEW, index.gram_count[probe])
    counted = counted.filter(pl.Series((part >= SHARE / 2) & (counted["n"].to_numpy() >= few)))
    counted = counted.join(whole.select("text", "probe").unique(), on=["text", "probe"], how="anti")
    held = (
        met.join(counted.select("text", "probe"), on=["text", "probe"], how="semi")
        .unique(["text", "probe", "gram"])
        .group_by("text", "probe")
        .agg(pl.col("weight").sum())
    )
    counted = counted.join(held, on=["text", "probe"])
    probe = counted["probe"].to_numpy()
    share = counted["weight"].to_numpy() / np.maximum(index.gram_weight[probe], 1)
    counted = counted.with_columns(share=pl.Series(share, dtype=pl.Float64)).filter(pl.col("share") >= SHARE)
    return _windows(words, index, counted).sort("text", "probe")


def _windows(words: Words, index: EvalIndex, counted: pl.DataFrame) -> pl.DataFrame:
    """Where the probe would lie: its grams agree on a start, give or take a quarter of its length."""
    probe, text = counted["probe"].to_numpy(), counted["text"].to_numpy()
    length = index.lengths[probe]
    slack = length // 4 + SIZE
    low: Ints = np.minimum(counted["low"].to_numpy(), counted["earliest"].to_numpy())
    high: Ints = np.maximum(counted["high"].to_numpy() + length, counted["latest"].to_numpy() + SIZE)
    far = high - low > 2 * length + 2 * slack  # scattered over a long text: only round the agreed start
    low = np.where(far, counted["low"].to_numpy(), low) - slack
    high = np.where(far, counted["high"].to_numpy() + length, high) + slack
    low = np.maximum(low, words.first[text])
    high = np.minimum(high, words.first[text + 1])
    return counted.select("text", "probe", "share").with_columns(low=pl.Series(low), high=pl.Series(high))
