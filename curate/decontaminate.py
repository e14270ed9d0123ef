"""The stage that takes out rows which give away an evaluation item, and reports those that share its pattern."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError, model_validator

from buckets import (
    READERS,
    EvalSet,
    InputError,
    Problem,
    Sorted,
    digest_file,
    expand,
    problem_of,
    read_evals,
    read_items,
    split,
)
from curate.contamination import HIT_SCHEMA, EvalIndex, Semantic, falls, hits, semantic_hits
from curate.model_folder import found, identity
from curate.stage import Table, canonical


class Decontaminate(Table):
    """Drops rows that hold an eval item verbatim or near; template-only hits stay and are reported."""

    items: tuple[str, ...] = ()
    """JSON Lines files of eval items in the canonical form, relative to the recipe."""
    evals: tuple[EvalSet, ...] = ()
    """Evaluation sets as their authors publish them, each with a name, files, and a reader or a mapping."""
    semantic: Semantic | None = None
    """Candidates by embedding, for paraphrases; without a lexical witness they are only reported."""

    @model_validator(mode="after")
    def _has_something(self) -> Decontaminate:
        if not self.items and not self.evals:
            raise ValueError("needs items: or evals:, else there is nothing to compare with")
        names = [one.name for one in self.evals]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"evals: the name {twice[0]!r} is used twice; the keys of items would clash")
        return self

    def sort(self, frame: pl.DataFrame, base: Path) -> Sorted:
        index = self.index(base)
        seen = hits(frame, index)
        if self.semantic is not None:
            seen = semantic_hits(frame, index, seen, self.semantic, base)
        out = split(frame, falls(seen))
        return Sorted(out.kept, out.dropped, seen)

    def files(self, base: Path) -> list[Path]:
        """Every file that the outcome depends on."""
        return [
            *(expand(self.items, base) if self.items else []),
            *(path for one in self.evals for path in expand(one.files, base)),
        ]

    def parameters(self, base: Path) -> str:
        """What the outcome depends on: the table, the bytes of every file, and the model's."""
        model = "" if self.semantic is None else identity(found(self.semantic.model, base))
        return canonical(self) + "".join(digest_file(path) for path in self.files(base)) + model

    def problems(self, base: Path) -> list[Problem]:
        """All items to keep out, those of `items` first."""
        paths = expand(self.items, base) if self.items else []
        ours = [problem_of(item) for path in paths for item in read_items(path)]
        return [*(problem for problem in ours if problem.turns), *read_evals(self.evals, base)]

    def index(self, base: Path) -> EvalIndex:
        """The items as the stage sees them, built once a process."""
        return _index(self.items, self.evals, base, self._state(base))

    def notes(self, seen: Sequence[pl.DataFrame], base: Path) -> dict[str, Any]:
        """For the manifest: hits by set and class, and the items that only a whole turn can show."""
        every = pl.concat(seen) if seen else pl.DataFrame(schema=HIT_SCHEMA)
        counts = every.group_by("set", "class").agg(rows=pl.col("id").n_unique(), items=pl.col("item").n_unique())
        index = self.index(base)
        blind = index.blind
        return {
            "items": len(index.problems),
            "hits": counts.sort("set", "class").to_dicts(),
            "only_as_whole_turn": len(blind),
            "only_as_whole_turn_first": dict(list(blind.items())[:20]),
        }

    def _state(self, base: Path) -> tuple[tuple[str, int, int], ...]:
        stats = ((path, path.stat()) for path in self.files(base))
        return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)


@lru_cache(maxsize=4)
def _index(items: tuple[str, ...], evals: tuple[EvalSet, ...], base: Path, state: object) -> EvalIndex:  # noqa: ARG001
    """Built once in each worker process; `state` lets a changed file be read again."""
    return EvalIndex(Decontaminate(items=items, evals=evals).problems(base))


def table_of(recipe: Path | None, evals: Sequence[str]) -> tuple[Decontaminate, Path]:
    """The table of a recipe, or one of eval sets written as NAME=FILE; and the folder its paths start from."""
    from curate.recipe import load  # the recipe module imports this one

    if (recipe is None) == (not evals):
        raise InputError("name either a recipe with a decontaminate table, or eval sets with --evals NAME=FILE")
    if recipe is not None:
        table = load(recipe).decontaminate
        if table is None:
            raise InputError(f"{recipe}: has no decontaminate table, so there are no eval items to measure")
        return table, recipe.parent.resolve()
    sets = []
    for each in evals:
        name, equals, file = each.partition("=")
        if not equals or not file:
            raise InputError(f"--evals {each}: write it as NAME=FILE, for example --evals gsm8k=test.jsonl")
        try:
            sets.append(EvalSet(name=name, files=(file,), reader=name if name in READERS else "auto"))
        except ValidationError as error:
            raise InputError(f"--evals {each}: {error.errors()[0]['msg']}") from error
    return Decontaminate(evals=tuple(sets)), Path.cwd()
