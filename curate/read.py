"""The first stage: raw files become shards of records; a row that cannot be read is quarantined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from buckets import (
    FIRST_ROWS,
    FORMATS,
    InputError,
    Kind,
    LanguageBy,
    Mapping,
    Raw,
    RowError,
    Sorted,
    digest,
    expand,
    fallen_frame,
    frame_of,
    measure,
    read_rows,
    record_id,
    row_of,
    sniff_format,
)
from curate.stage import Table


class Source(Table):
    """One named set of raw files."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Short name; the first part of every record id."""
    files: tuple[str, ...] = Field(min_length=1)
    """Paths, folders or globs, relative to the recipe."""
    format: str = "auto"
    """A format's name, or "auto" to look at the rows."""
    kind: Kind | None = None
    """How the file is laid out (json, jsonl, csv, tsv, parquet), when looking at its bytes is not enough."""
    mapping: Mapping | None = None
    """For rows of no known format: where the turns stand in a row."""
    bucket: str | None = None
    """The capability this source is known to hold; null lets signals decide row by row."""
    licence: str | None = None
    """SPDX identifier or a few words; carried into the dataset card."""


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


@dataclass(frozen=True)
class Chunk:
    """Some rows of one file: one job, one shard."""

    file: InputFile
    index: int
    rows: list[Raw]


def every_file(sources: Iterable[Source], base: Path) -> list[InputFile]:
    """Every file of the sources with its format found or declared; InputError names all that cannot be read."""
    found, faults = found_files(sources, base)
    if faults:
        raise InputError(all_of(faults))
    return found


def found_files(sources: Iterable[Source], base: Path) -> tuple[list[InputFile], list[str]]:
    """The files of the sources that can be read, and a sentence for each that cannot."""
    found: list[InputFile] = []
    faults: list[str] = []
    for source in sources:
        paths = expand(source.files, base)
        folder = _common_folder(paths)
        for path in paths:
            try:
                found.append(_input_file(source, path, folder, base))
            except InputError as error:
                faults.append(str(error))
    return found, faults


def input_files(source: Source, base: Path) -> list[InputFile]:
    """The files of one source."""
    return every_file((source,), base)


def all_of(faults: Sequence[str]) -> str:
    """Faults of single files as one message."""
    if len(faults) == 1:
        return faults[0]
    return f"{len(faults)} files cannot be read:" + "".join(f"\n  - {fault}" for fault in faults)


def _input_file(source: Source, path: Path, folder: Path, base: Path) -> InputFile:
    name = path.relative_to(folder).as_posix()
    shown = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()
    if source.mapping is not None:
        return InputFile(source, path, name, shown, "mapping", "declared mapping")
    if source.format != "auto":
        return InputFile(source, path, name, shown, source.format, "declared format")
    fault = "it holds no row"
    rows: list[dict[str, Any]] = []
    for raw in read_rows(path, source.kind):
        if raw.value is not None:
            rows.append(raw.value)
        elif raw.fault is not None and not rows and fault == "it holds no row":
            fault = f"row {raw.row} is {raw.fault.reason}: {raw.fault.detail}"
        if len(rows) == FIRST_ROWS:
            break
    if not rows:
        raise InputError(
            f"{shown}: not one row could be read ({fault}); check the file, or declare its kind in the recipe"
        )
    format, why = sniff_format(rows, shown)
    return InputFile(source, path, name, shown, format.name, why)


@dataclass(frozen=True)
class Tried:
    """How the first rows of a file read in the format that was found or declared for it."""

    rows: int
    readable: int
    fault: str
    """The first row that could not be read, and why; empty when all could."""


def try_rows(file: InputFile) -> Tried:
    """Read the first rows of a file as a run would."""
    rows = readable = 0
    fault = ""
    for raw in islice(read_rows(file.path, file.source.kind), FIRST_ROWS):
        rows += 1
        try:
            _rows(file, raw)
            readable += 1
        except RowError as error:
            fault = fault or f"row {raw.row} is {error}"
    return Tried(rows, readable, fault)


def _common_folder(paths: list[Path]) -> Path:
    parents = [set(path.parents) for path in paths]
    return max(set.intersection(*parents), key=lambda folder: len(folder.parts))


def chunks(file: InputFile, shard_rows: int) -> Iterator[Chunk]:
    """The rows of a file, `shard_rows` at a time."""
    rows = read_rows(file.path, file.source.kind)
    index = 0
    while block := list(islice(rows, shard_rows)):
        yield Chunk(file, index, block)
        index += 1


def read_chunk(chunk: Chunk) -> Sorted:
    """Records of one chunk with their measures, and its unreadable rows with file, row and reason."""
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for raw in chunk.rows:
        try:
            good.extend(_rows(chunk.file, raw))
        except RowError as error:
            bad.append(_quarantined(chunk.file, raw, error))
    frame = frame_of(good)
    kept = measure(frame).with_columns(licence=pl.lit(chunk.file.source.licence, dtype=pl.String()))
    return Sorted(kept.select(frame.columns), fallen_frame(bad))


def _rows(file: InputFile, raw: Raw) -> list[dict[str, Any]]:
    if raw.fault is not None:
        raise RowError(raw.fault.reason, raw.fault.detail)
    value = raw.value or {}
    if file.source.mapping is None:
        drafts = [FORMATS[file.format].read(value)]
    else:
        drafts = file.source.mapping.read(value)
    rows = []
    for part, draft in enumerate(drafts):
        row = row_of(draft, source=file.source.name, path=file.shown, file=file.name, row=raw.row, format=file.format)
        if len(drafts) > 1:  # one raw row, many examples: the part keeps equal ones apart
            row["id"] += f".{part}"
        rows.append(row)
    return rows


def _quarantined(file: InputFile, raw: Raw, error: RowError) -> dict[str, Any]:
    mark = raw.fault.digest if raw.fault is not None else digest([repr(raw.value)])
    return {
        "id": record_id(file.source.name, file.name, raw.row, mark),
        "source": file.source.name,
        "bucket": file.source.bucket,
        "origin": {"file": file.shown, "row": raw.row},
        "fate": "quarantined",
        "stage": "read",
        "rule": error.reason,
        "reason": error.detail or error.reason,
        "evidence": _excerpt(raw),
        "witness": None,
    }


def _excerpt(raw: Raw) -> str:
    return raw.fault.excerpt if raw.fault is not None else repr(raw.value)[:2000]
