"""The first stage: raw files become shards of records; a row that cannot be read is quarantined."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from buckets import (
    DAMAGE,
    FIRST_ROWS,
    FORMATS,
    NOT_WANTED,
    Columns,
    CurateError,
    Draft,
    InputError,
    Kind,
    LanguageBy,
    Layout,
    Mapping,
    Named,
    Raw,
    RefusedError,
    RowError,
    Rows,
    Sorted,
    Span,
    archive_members,
    codec_name,
    digest,
    fallen_frame,
    is_archive,
    located,
    measure,
    passed_over,
    read_rows,
    record_id,
    sniff_format,
    spans,
)
from curate.stage import Table

_SHOWN = 3
"""So many faulty members of one archive are told of, each with its fault."""


class Source(Table):
    """One named set of raw files."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Short name; the first part of every record id."""
    files: tuple[str, ...] = Field(min_length=1)
    """Paths, folders or globs, relative to the recipe; members of archives as `x.zip::*.csv`; `hf://owner/name`."""
    format: str = "auto"
    """A format's name, or "auto" to look at the rows."""
    kind: Kind | None = None
    """How the file is laid out (json_array, jsonl, csv, yaml, xml, ...), when looking at its bytes is not enough."""
    member: str | None = None
    """Key of a JSON object or YAML mapping whose list holds the rows; of XML, the element that is one row."""
    members: str | None = None
    """Glob of the members to read of archives that `files` names without one; null: all data files in them."""
    encoding: str | None = None
    """Encoding of text files, such as gb18030 or latin-1; null: UTF-8, or another one where the bytes show it."""
    header: bool | None = None
    """Whether a CSV starts with the names of its columns; null: it does, unless `columns` names them."""
    columns: tuple[str, ...] | None = None
    """Names of the columns of a CSV, in its order."""
    split: str | None = None
    """Split of a Hugging Face data set, on disk or on the hub; null: all of them."""
    config: str | None = None
    """Configuration of a Hugging Face data set, where it has several."""
    revision: str | None = None
    """Branch, tag or commit of a data set on the hub."""
    mapping: Mapping | None = None
    """For rows of no known format: where the turns stand in a row."""
    bucket: str | None = None
    """The capability this source is known to hold; null lets signals decide row by row."""
    licence: str | None = None
    """SPDX identifier or a few words; carried into the dataset card."""

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, value: str | None) -> str | None:
        if value is not None:
            codec_name(value)
        return value

    @property
    def layout(self) -> Layout:
        """What is declared of its files."""
        header = self.header if self.header is not None else self.columns is None
        return Layout(self.kind, self.member, self.encoding, self.columns, header)

    def named(self, base: Path) -> list[Named]:
        """The files that it names. Raises InputError for a pattern that matches none."""
        return located(
            self.files, base, members=self.members, split=self.split, config=self.config, revision=self.revision
        )

    def passed_over(self, base: Path) -> list[str]:
        """The files in its folders that are not read, as people know them."""
        return [_shown(path, base) for path in passed_over(self.files, base, split=self.split, config=self.config)]


class Read(Table):
    """What to read."""

    sources: tuple[Source, ...] = Field(min_length=1)
    """Raw data, in the order in which it is read and shown. Which of two copies stays is dedup's to say."""
    tokenizer: str | None = None
    """Counts `tokens` and `answer_tokens`: a Hugging Face tokenizer, as a folder with tokenizer.json or a name on the
    hub; null: a fast estimate without one."""
    language: LanguageBy | None = "script"
    """How the language is told: script (fast; und where letters do not decide), py3langid (97 languages), or null."""
    shard_rows: int = Field(20_000, ge=1)
    """Rows in a shard: the unit of parallel work, of memory and of resuming."""

    def passed_over(self, base: Path) -> dict[str, list[str]]:
        """For each source whose folders hold files that are not read, these files."""
        found = {source.name: source.passed_over(base) for source in self.sources}
        return {name: files for name, files in found.items() if files}


@dataclass(frozen=True)
class InputFile:
    """One file of a source with the way to read it."""

    source: Source
    path: Path
    name: str
    """Path relative to the source's common folder: part of every id."""
    shown: str
    """Path relative to the recipe: what people recognise."""
    format: str
    why: str
    members: frozenset[str] = frozenset()
    """Those members of an archive that are read in this format; their names end the file's in ids and origins."""

    def rows(self) -> Rows:
        """Its rows from the first on."""
        how = self.source.layout
        return read_rows(
            self.path,
            how.kind,
            how.member,
            encoding=how.encoding,
            columns=how.columns,
            header=how.header,
            inside=self.inside,
        )

    @property
    def inside(self) -> Callable[[str], bool] | None:
        """Whether a member of an archive is read, by its name; None for a file that is no archive."""
        return self.members.__contains__ if self.members else None

    def place(self, raw: Raw) -> tuple[str, str]:
        """What a row's file is called: in its id, and to people."""
        return (f"{self.name}::{raw.part}", f"{self.shown}::{raw.part}") if raw.part else (self.name, self.shown)


@dataclass(frozen=True)
class Chunk:
    """A part of one file: one job, one shard."""

    file: InputFile
    index: int
    span: Span

    def count(self) -> int:
        """Raw rows in it."""
        return self.span.count()


def every_file(sources: Iterable[Source], base: Path) -> list[InputFile]:
    """Every file of the sources with its format found or declared; InputError names all that cannot be read."""
    found, faults = found_files(sources, base)
    if faults:
        raise InputError(all_of(faults))
    return found


def found_files(sources: Iterable[Source], base: Path) -> tuple[list[InputFile], list[str]]:
    """The files of the sources that can be read, and a sentence for each that cannot.

    Raises RefusedError, with all these sentences, where one of the files is unsafe.
    """
    found: list[InputFile] = []
    faults: list[CurateError] = []
    for source in sources:
        try:
            named = source.named(base)
        except InputError as error:
            faults.append(error)
            continue
        folder = _common_folder([one.path for one in named])
        for one in named:
            file = _named_file(source, one, folder, base)
            try:
                found += _archived(file, one.members, faults) if is_archive(one.path) else [_input_file(file)]
            except CurateError as error:
                faults.append(_as_shown(error, file))
    if any(isinstance(fault, RefusedError) for fault in faults):
        raise RefusedError(all_of([str(fault) for fault in faults]))
    return found, [str(fault) for fault in faults]


def input_files(source: Source, base: Path) -> list[InputFile]:
    """The files of one source."""
    return every_file((source,), base)


def all_of(faults: Sequence[str]) -> str:
    """Faults of single files as one message."""
    if len(faults) == 1:
        return faults[0]
    return f"{len(faults)} files cannot be read:" + "".join(f"\n  - {fault}" for fault in faults)


def _named_file(source: Source, named: Named, folder: Path, base: Path) -> InputFile:
    path = named.path
    shown = _shown(path, base)
    name = path.name if named.shown else path.relative_to(folder).as_posix()
    return InputFile(source, path, name, named.shown or shown, "", "")


def _shown(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _as_shown(error: CurateError, file: InputFile) -> CurateError:
    """A fault that a reader told of the whole path, told of the path that the recipe has."""
    text = str(error).replace(str(file.path), file.shown)
    return RefusedError(text) if isinstance(error, RefusedError) else InputError(text)


def _input_file(file: InputFile) -> InputFile:
    """The file with the format that is declared for it, or that its first rows have."""
    format, why = _format(file.source, file.rows(), file.shown)
    return replace(file, format=format, why=why)


def _archived(file: InputFile, patterns: Sequence[str], faults: list[CurateError]) -> list[InputFile]:
    """The members of an archive that are meant, as one file for each format among them; one pass over the archive."""
    groups: dict[str, tuple[str, list[str]]] = {}
    others = 0
    unread: list[CurateError] = []
    damaged: tuple[str, ...] = ()
    for name, rows in archive_members(file.path, file.source.layout, patterns):
        if rows is None:
            others += name != DAMAGE
            damaged = (DAMAGE,) if name == DAMAGE else damaged
            continue
        try:
            format, why = _format(file.source, rows(), f"{file.shown}::{name}")
        except CurateError as error:
            unread.append(_as_shown(error, file))
            continue
        groups.setdefault(format, (why, []))[1].append(name)
    faults += unread[:_SHOWN]
    if len(unread) > _SHOWN:
        more = f"{file.shown}: {len(unread) - _SHOWN} other members cannot be read either"
        faults.append(InputError(f"{more}; name those that hold data with `members:`"))
    if not groups and not unread:
        what = f"no member matches {' or '.join(map(repr, patterns))}" if patterns else "holds no data file"
        raise InputError(f"{file.shown}: {what}; list the archive and name a glob of its members")
    left = f"; {others} other {'member is' if others == 1 else 'members are'} left out" if others else ""
    return [
        replace(
            file,
            format=format,
            why=f"{why}; {_listed(names)}{left}",
            members=frozenset((*names, *(damaged * (place == 0)))),
        )
        for place, (format, (why, names)) in enumerate(groups.items())  # the first tells of the archive's damage
    ]


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"member {names[0]}"
    return f"{len(names)} members: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"


def _format(source: Source, raws: Rows, shown: str) -> tuple[str, str]:
    """The format of rows and how it is known, with the encoding where that is not UTF-8."""
    encoding = "" if raws.encoding.is_utf8 else f"; encoding {raws.encoding.name}: {raws.encoding.evidence}"
    if source.mapping is not None:
        return "mapping", "declared mapping" + encoding
    if source.format != "auto":
        return source.format, "declared format" + encoding
    fault = "it holds no row"
    rows: list[dict[str, Any]] = []
    for raw in raws:
        if raw.value is not None:
            rows.append(raw.value)
        elif raw.fault is not None and not rows and fault == "it holds no row":
            fault = f"row {raw.row} is {raw.fault.reason}: {raw.fault.detail}"
        if len(rows) == FIRST_ROWS:
            break
    if not rows:
        raise InputError(
            f"{shown}: not one row could be read ({fault}); check the file, or declare its kind or encoding"
        )
    format, why = sniff_format(rows, shown)
    return format.name, why + encoding


@dataclass(frozen=True)
class Tried:
    """How the first rows of a file read in the format that was found or declared for it."""

    rows: int
    readable: int
    """Rows that could be read, also those that `only` does not want."""
    not_wanted: int
    fault: str
    """The first row that could not be read, and why; empty when all could."""


def try_rows(file: InputFile) -> Tried:
    """Read the first rows of a file as a run would."""
    rows = readable = not_wanted = 0
    fault = ""
    for raw in islice(file.rows(), FIRST_ROWS):
        rows += 1
        try:
            _drafts(file, raw)
            readable += 1
        except RowError as error:
            if error.reason == NOT_WANTED:
                readable += 1
                not_wanted += 1
                continue
            fault = fault or " ".join(f"row {raw.row} is {error}".split())
    return Tried(rows, readable, not_wanted, fault)


def _common_folder(paths: list[Path]) -> Path:
    parents = [set(path.parents) for path in paths]
    return max(set.intersection(*parents), key=lambda folder: len(folder.parts))


def chunks(file: InputFile, shard_rows: int) -> Iterator[Chunk]:
    """The file in parts of at most `shard_rows` rows; the parts do not depend on who reads them."""
    how = file.source.layout
    for index, span in enumerate(spans(file.path, how, shard_rows, inside=file.inside)):
        yield Chunk(file, index, span)


def read_chunk(chunk: Chunk) -> Sorted:
    """Records of one chunk with their measures, and its unreadable rows with file, row and reason."""
    file = chunk.file
    good = Columns(source=file.source.name, format=file.format, licence=file.source.licence)
    bad: list[dict[str, Any]] = []
    with _no_collection():
        for raw in chunk.span.rows():
            try:
                good.add(_drafts(file, raw), row=raw.row, place=file.place(raw))
            except RowError as error:
                bad.append(_quarantined(file, raw, error))
    return Sorted(measure(good.frame()), fallen_frame(bad))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Rows are trees, freed as they go: looking for cycles among the texts of a part finds none, in a tenth of the
    time. A part is small, and what cycles it did leave are found behind it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _drafts(file: InputFile, raw: Raw) -> list[Draft]:
    """The records of one raw row: one, or with a mapping that explodes a list, several."""
    mapping = file.source.mapping
    if mapping is not None and raw.bare is not None:
        return mapping.read(raw.bare)
    if raw.fault is not None:
        raise RowError(raw.fault.reason, raw.fault.detail)
    value = raw.value or {}
    return FORMATS[file.format].drafts(value) if mapping is None else mapping.read(value)


def _quarantined(file: InputFile, raw: Raw, error: RowError) -> dict[str, Any]:
    mark = raw.fault.digest if raw.fault is not None else digest([repr(raw.value)])
    name, shown = file.place(raw)
    return {
        "id": record_id(file.source.name, name, raw.row, mark),
        "source": file.source.name,
        "bucket": file.source.bucket,
        "origin": {"file": shown, "row": raw.row},
        "fate": "dropped" if error.reason == NOT_WANTED else "quarantined",
        "stage": "read",
        "rule": error.reason,
        "reason": error.detail or error.reason,
        "evidence": _excerpt(raw),
        "witness": None,
    }


def _excerpt(raw: Raw) -> str:
    return raw.fault.excerpt if raw.fault is not None else repr(raw.value)[:2000]
