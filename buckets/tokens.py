"""Token counts with a real tokenizer: any Hugging Face one, from a folder or by name.

Counts the same text as the estimate in `buckets.measure`: content, reasoning and tool calls of every turn. Does NOT
count what a chat template adds around the turns, or special tokens, and never truncates; no remote code is run.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from buckets.errors import InputError
from buckets.store import digest

_PARTS = ("content", "reasoning", "tool_calls")
_BATCH = 2_000
"""Texts encoded at a time: their tokens are held only so long."""


def tokenizer_digest(name: str) -> str:
    """Changes when the tokenizer does, wherever it lies."""
    return digest([str(load(name).to_str())])


@lru_cache(maxsize=2)
def load(name: str) -> Any:
    """A `tokenizers.Tokenizer` from tokenizer.json, a folder that holds one, or the hub; InputError otherwise."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise InputError("read.tokenizer needs the extra: pip install 'sft-curate[measures]'") from error
    path = Path(name)
    file = path / "tokenizer.json" if path.is_dir() else path
    if path.exists() and not file.is_file():
        raise InputError(f"read.tokenizer: {name} holds no tokenizer.json; save the tokenizer with save_pretrained")
    try:
        found = Tokenizer.from_file(str(file)) if file.is_file() else Tokenizer.from_pretrained(name)
    except Exception as error:
        raise InputError(_unusable(name, path.exists(), str(error))) from error
    found.no_truncation()
    found.no_padding()
    return found


def _unusable(name: str, here: bool, why: str) -> str:
    why = (why.splitlines() or ["it says nothing"])[0][:200].rstrip(".")
    if here:
        return f"read.tokenizer: {name} cannot be used ({why}); save the tokenizer again with save_pretrained"
    return (
        f"read.tokenizer: {name!r} is no folder beside the recipe, and no tokenizer of that name could be fetched from "
        f"the hub ({why}); name a folder that holds tokenizer.json"
    )


def count_tokens(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The frame with `tokens` and `answer_tokens` counted by a tokenizer in place of the estimate."""
    turns = frame.select("messages").with_row_index("row").explode("messages").drop_nulls("messages").unnest("messages")
    texts = turns.select("row", "role", *_PARTS).unpivot(on=_PARTS, index=["row", "role"], value_name="text")
    texts = texts.filter(pl.col("text").str.len_bytes() > 0)
    counted = texts.with_columns(tokens=_lengths(texts["text"], load(name)))
    answer = pl.col("tokens").filter(pl.col("role") == "assistant").sum()
    sums = counted.group_by("row").agg(pl.col("tokens").sum(), answer_tokens=answer)
    every = pl.DataFrame({"row": range(frame.height)}, schema={"row": pl.UInt32()})
    sizes = every.join(sums, on="row", how="left", maintain_order="left").select("tokens", "answer_tokens")
    return frame.with_columns(sizes.fill_null(0).cast(pl.Int32))


def _lengths(texts: pl.Series, tokenizer: Any) -> pl.Series:
    lengths: list[int] = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH].to_list()
        lengths += [len(line.ids) for line in tokenizer.encode_batch_fast(batch, add_special_tokens=False)]
    return pl.Series(lengths, dtype=pl.Int64)
