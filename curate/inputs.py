"""The raw files that the sources name: each with its format found or declared, or a sentence why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from buckets import (
    DAMAGE,
    FIRST_ROWS,
    CurateError,
    InputError,
    Named,
    Raw,
    RefusedError,
    Rows,
    archive_members,
    is_archive,
    read_rows,
    sniff_format,
)
from curate.source import Source, shown_as

_SHOWN = 3
"""So many faulty members of one archive are told of, each with its fault."""


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
    shown = shown_as(path, base)
    name = path.name if named.shown else path.relative_to(folder).as_posix()
    return InputFile(source, path, name, named.shown or shown, "", "")


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


def _common_folder(paths: list[Path]) -> Path:
    parents = [set(path.parents) for path in paths]
    return max(set.intersection(*parents), key=lambda folder: len(folder.parts))
