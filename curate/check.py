"""The stage that asks of every row whether it is right: content rules first, then per-record verifiers."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import polars as pl
from pydantic import Field

from buckets import InputError, Sorted, split
from curate.stage import Table
from verifiers import CHECK_NAMES, Trainability, check, flags, load_tokenizer, untrainable


class Trainable(Table):
    """Rows that the model to be trained could not learn from, or would learn wrongly from."""

    tokenizer: str
    """A folder or a name that transformers' AutoTokenizer knows; its chat template is used. No remote code is run."""
    max_tokens: int | None = Field(None, ge=1)
    """The length at which the trainer cuts a row; none: it does not."""


class Execution(Table):
    """How far a program in an answer may be run against its tests."""

    sandbox: Literal["off", "auto", "namespaces", "bubblewrap"] = "off"
    """off: only the small interpreter, which runs nothing. auto: programs it cannot decide go into the first tier whose
    live self-test passes on this machine, or into the named one; where none does, they stay undecided."""
    files: str | None = None
    """Folder of the databases and modules that tests name; none: rows whose tests name one stay undecided."""


class Check(Table):
    """Drops rows that a verifier FAILs; an ABSTAIN never drops, and a flag only where `drop` names it."""

    skip: tuple[str, ...] = ()
    """Verifiers, content rules, role laws and flags that are not asked, by name."""
    drop: tuple[str, ...] = ()
    """Flags whose rows fall (abrupt_end, placeholder_input, unseen_link, ...); all others are reported and stay."""
    trainable: Trainable | None = None
    """Also judge each row with the tokenizer and chat template that will be trained."""
    execution: Execution = Execution()
    """Programs in answers."""

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        falls = check(
            frame, skip=self._rules(), drop=self.drop, sandbox=self.execution.sandbox, files=self.execution.files
        ).falls
        if self.trainable is not None:
            left = frame.filter(~pl.col("id").is_in(falls["id"].implode()))
            found, _ = untrainable(left, _judge(self.trainable.tokenizer, self.trainable.max_tokens))
            falls = pl.concat([falls, found.select(falls.columns)])
        sorted_ = split(frame, falls)
        noted = flags(sorted_.kept, skip=(*self.skip, *self.drop))
        sources = sorted_.kept.select("id", "source")
        return Sorted(sorted_.kept, sorted_.dropped, noted.join(sources, on="id", how="left", maintain_order="left"))

    def _rules(self) -> tuple[str, ...]:
        return tuple(name for name in self.skip if name in CHECK_NAMES)


@lru_cache(maxsize=2)
def _judge(tokenizer: str, max_tokens: int | None) -> Trainability:
    try:
        return Trainability(load_tokenizer(tokenizer), max_tokens)
    except (OSError, ValueError) as error:
        raise InputError(f"check.trainable: {tokenizer} cannot be used as a tokenizer: {error}") from error
