"""A whole evaluation set from its files: by a named reader, by the first reader that fits, or by a declared mapping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from buckets.errors import InputError, RowError
from buckets.evals.problem import Problem
from buckets.evals.readers import READERS, Reader
from buckets.evals.rows import Place, eval_rows
from buckets.formats.explode import at, exploded
from buckets.formats.template import template
from buckets.inputs import expand

_HEADERLESS = ("mmlu",)
_SNIFF = 20


class EvalMapping(BaseModel):
    """Says where the parts of an item stand in a row, for sets that no reader knows: paths, or `{templates}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    prompt: str
    """Path or template of the question."""
    options: str | None = None
    """Path of the list of choices."""
    answer: str | None = None
    """Path or template of the gold answer."""
    code: str | None = None
    """Path or template of a whole reference solution in Python."""
    id: str | None = None
    """Path of the item's id; without it, file and row."""
    explode: str | None = None
    """Path of a list in the row that gives one item each, called `{_}` in the other paths, as in `mapping:` of data."""

    def read(self, set: str, place: Place, row: dict[str, Any]) -> list[Problem]:
        if self.explode is None:
            return [self._read(set, row, f"{place.stem}/{place.row}")]
        each = exploded(row, [self.explode])
        return [self._read(set, one, f"{place.stem}/{place.row}/{number}") for number, one in enumerate(each)]

    def _read(self, set: str, row: dict[str, Any], place: str) -> Problem:
        prompt = self._value(row, self.prompt)
        turns = tuple(str(each) for each in prompt) if isinstance(prompt, list) else (str(prompt),)
        if not any(turn.strip() for turn in turns):
            raise ValueError(f"{self.prompt!r} is empty")
        options = self._value(row, self.options) if self.options else ()
        if not isinstance(options, list | tuple):
            raise TypeError(f"{self.options!r} is no list")
        answer, code, id = (self._value(row, path) if path else None for path in (self.answer, self.code, self.id))
        return Problem(
            set,
            place if id is None else str(id),
            turns,
            tuple(str(each) for each in options),
            None if answer is None else str(answer),
            None if code is None else str(code),
        )

    def _value(self, row: dict[str, Any], text: str) -> Any:
        parsed = template(text)
        if not parsed.paths:
            return at(row, text.strip())
        return at(row, parsed.lone) if parsed.lone else parsed.fill(row, at)


class EvalSet(BaseModel):
    """One evaluation set of a recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Short name; the first part of every item's key."""
    files: tuple[str, ...] = Field(min_length=1)
    """Paths, folders or globs, relative to the recipe; JSON, JSON Lines, CSV, parquet, packed or in a zip or tar."""
    reader: str = "auto"
    """A known set, or "auto": the first reader that can read the first rows."""
    mapping: EvalMapping | None = None
    """For sets that no reader knows."""
    members: str | None = None
    """Glob of the archive's members, such as `*/test/*.csv`."""


def read_evals(sets: Iterable[EvalSet], base: Path) -> list[Problem]:
    """All problems of all sets. Raises InputError naming set, file and row; a key that two items share is one."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for one in sets:
        for problem in read_eval(one, base):
            if problem.key in seen:
                raise InputError(f"eval set {one.name!r}: two items have the id {problem.id!r}; give an `id` mapping")
            seen[problem.key] = one.name
            problems.append(problem)
    return problems


def read_eval(one: EvalSet, base: Path) -> list[Problem]:
    """The problems of one set, in the order of its files."""
    found: list[Problem] = []
    reader: Reader | None = one.mapping.read if one.mapping else READERS.get(one.reader)
    name = "mapping" if one.mapping else one.reader
    for path in expand(one.files, base):
        if reader is None:
            name, reader = sniff_eval(one, path)
        for place, row in eval_rows(path, one.members, header=name not in _HEADERLESS or _has_header(path)):
            try:
                found += reader(one.name, place, row)
            except (KeyError, TypeError, ValueError, IndexError, AttributeError, RowError) as error:
                raise InputError(
                    f"{place} of eval set {one.name!r} is not what reader {name!r} reads ({_why(error)}); "
                    f"name another reader ({', '.join(READERS)}), limit `members`, or declare a `mapping`"
                ) from error
    return _joined(one, found)


def _has_header(path: Path) -> bool:
    return path.suffix in (".parquet", ".json", ".jsonl") or ".jsonl" in path.suffixes


def _why(error: Exception) -> str:
    return f"no key {error}" if isinstance(error, KeyError) else str(error)


def sniff_eval(one: EvalSet, path: Path) -> tuple[str, Reader]:
    """The name and the function of the first reader that takes the first rows of a file."""
    for name, reader in READERS.items():
        try:
            rows = islice(eval_rows(path, one.members, header=name not in _HEADERLESS or _has_header(path)), _SNIFF)
            if [reader(one.name, place, row) for place, row in rows]:
                return name, reader
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            continue
        except InputError:
            if name not in _HEADERLESS:
                raise
    raise InputError(
        f"{path}: no reader knows the rows of eval set {one.name!r}; name one ({', '.join(READERS)}) "
        "or say where things stand: `mapping: {prompt: question, answer: answer}`"
    )


def _joined(one: EvalSet, problems: Sequence[Problem]) -> list[Problem]:
    """Rows that hold only answers (BFCL and MT-Bench keep them in other files) join the question with their id."""
    answers = {p.id: p for p in problems if not p.turns}
    questions = [p for p in problems if p.turns]
    if not questions:
        raise InputError(f"eval set {one.name!r}: its files hold no question; add the file with the prompts")
    pairs = [(p, answers.get(p.id, p)) for p in questions]
    return [replace(p, calls=own.calls, answer=p.answer if own.answer is None else own.answer) for p, own in pairs]
