"""The stage that asks of every row whether it is right: content rules first, then per-record verifiers."""

from __future__ import annotations

from functools import lru_cache

import polars as pl
from pydantic import Field

from buckets import InputError, Sorted, split
from curate.stage import Table
from verifiers import Trainability, check, load_tokenizer, untrainable


class Trainable(Table):
    """Rows that the model to be trained could not learn from, or would learn wrongly from."""

    tokenizer: str
    """A folder or a name that transformers' AutoTokenizer knows; its chat template is used. No remote code is run."""
    max_tokens: int | None = Field(None, ge=1)
    """The length at which the trainer cuts a row; none: it does not."""


class Check(Table):
    """Drops rows that a verifier FAILs; an ABSTAIN never drops."""

    skip: tuple[str, ...] = ()
    """Verifiers, content rules and role laws that are not asked, by name."""
    trainable: Trainable | None = None
    """Also judge each row with the tokenizer and chat template that will be trained."""

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        falls = check(frame, skip=self.skip).falls
        if self.trainable is not None:
            left = frame.filter(~pl.col("id").is_in(falls["id"].implode()))
            found, _ = untrainable(left, _judge(self.trainable.tokenizer, self.trainable.max_tokens))
            falls = pl.concat([falls, found.select(falls.columns)])
        return split(frame, falls)


@lru_cache(maxsize=2)
def _judge(tokenizer: str, max_tokens: int | None) -> Trainability:
    try:
        return Trainability(load_tokenizer(tokenizer), max_tokens)
    except (OSError, ValueError) as error:
        raise InputError(f"check.trainable: {tokenizer} cannot be used as a tokenizer: {error}") from error
