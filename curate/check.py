"""The stage that asks of every row whether it is right: content rules first, then per-record verifiers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field

from buckets import InputError, Sorted, split
from curate.agreed import read_verifiers
from curate.stage import Table, canonical
from verifiers import CHECK_NAMES, TRAINABLE, Cascade, Trainability, check, flags, load_tokenizer, tokenizer_digest


class Trainable(Table):
    """Rows that the model to be trained could not learn from, or would learn wrongly from."""

    tokenizer: str
    """A folder (relative to the recipe) or a name that transformers' AutoTokenizer knows; its chat template is used. No
    remote code is run. An edit in the folder makes the stage run again."""
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
    agreement: str | None = None
    """What `curate agreement LABELS --out FILE` wrote; relative to the recipe. Verifiers in it are held to the next."""
    most_false_drop: float = Field(0.05, gt=0, lt=1)
    """95% upper bound (Wilson) that the share of good rows which a verifier drops must stay under."""

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        trainable = None
        if self.trainable is not None:
            untold = tuple(name for name in self.skip if name in TRAINABLE)
            trainable = _judge(self.trainable.tokenizer, self.trainable.max_tokens, untold)
        done = check(
            frame,
            skip=self._rules(),
            drop=self.drop,
            sandbox=self.execution.sandbox,
            files=self.execution.files,
            trainable=trainable,
        )
        sorted_ = split(frame, done.falls)
        noted = flags(sorted_.kept, skip=(*self.skip, *self.drop))
        sources = sorted_.kept.select("id", "source")
        seen = noted.join(sources, on="id", how="left", maintain_order="left")
        return Sorted(sorted_.kept, sorted_.dropped, seen, _counted(done))

    def mistakes(self, base: Path) -> Iterator[str]:
        """Verifiers that would drop rows and were shown to drop too many good ones, or not shown to drop few."""
        if self.agreement is None:
            return
        try:
            shown = read_verifiers(base / Path(self.agreement).expanduser())
        except InputError as error:
            yield f"check.agreement: {error}"
            return
        for name, found in shown.items():
            rate, (_, high) = found.false_drop_rate(), found.false_drop_interval()
            if name not in self.skip and high > self.most_false_drop:
                said = "no good row was labelled for it" if rate is None else f"{rate:.3f}, up to {high:.3f} at 95%"
                yield (
                    f"check.agreement: {name} may not drop rows: the share of good rows it drops must be shown to be "
                    f"{self.most_false_drop:g} or less ({said}); name it in check.skip or label more rows"
                )

    def at(self, base: Path) -> Check:
        """With the tokenizer folder as an absolute path; relative ones start at the recipe."""
        if self.trainable is None:
            return self
        folder = base / Path(self.trainable.tokenizer).expanduser()
        found = str(folder) if folder.is_dir() else self.trainable.tokenizer
        return self.model_copy(update={"trainable": self.trainable.model_copy(update={"tokenizer": found})})

    def parameters(self, base: Path) -> str:
        """What the outcome depends on: the table, and the bytes of the tokenizer."""
        return canonical(self) + ("" if self.trainable is None else tokenizer_digest(self.trainable.tokenizer, base))

    def _rules(self) -> tuple[str, ...]:
        return tuple(name for name in self.skip if name in CHECK_NAMES)


def _counted(done: Cascade) -> dict[str, dict[str, float]]:
    """Check -> rows by verdict, and its seconds."""
    return {
        name: {
            "passed": done.passed[name],
            "failed": done.failed[name],
            "abstained": done.abstained[name],
            "seconds": done.seconds[name],
        }
        for name in done.passed
    }


@lru_cache(maxsize=2)
def _judge(tokenizer: str, max_tokens: int | None, skip: tuple[str, ...]) -> Trainability:
    try:
        return Trainability(load_tokenizer(tokenizer), max_tokens, skip)
    except (OSError, ValueError) as error:
        raise InputError(f"check.trainable: {tokenizer} cannot be used as a tokenizer: {error}") from error
