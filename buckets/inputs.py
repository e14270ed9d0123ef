"""Which files the words of a recipe name: paths, folders, globs, members of archives, data sets on disk or on a hub."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buckets.dataset_folder import dataset_files
from buckets.errors import InputError
from buckets.hub import HUB, hub_files
from buckets.kind import SUFFIXES, suffix_of

_CHAIN = "::"
_ARCHIVES = ("zip://", "tar://")


@dataclass(frozen=True, slots=True)
class Named:
    """A file, and what is asked of it."""

    path: Path
    members: tuple[str, ...] = ()
    """Globs of the members that are meant, if it is an archive; none: all that are data files by their name."""
    shown: str | None = None
    """What to call it where the path says nothing to anybody (a file in a cache)."""


def expand(patterns: Sequence[str], base: Path) -> list[Path]:
    """The files that the patterns name, sorted, each once; relative patterns start at `base`.

    A folder stands for all data files below it (by suffix, hidden ones left out). Raises InputError
    for a pattern that matches nothing.
    """
    return [named.path for named in located(patterns, base)]


def located(
    patterns: Sequence[str],
    base: Path,
    *,
    members: str | None = None,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> list[Named]:
    """The files that the patterns name, sorted, each once, with the members that are meant of each.

    A file that is named twice, by a link or through another folder, is one file: the first name stands, and of one
    pattern a plain file's before a link's.

    `members` is a glob for the archives whose pattern has none; `split` and `config` choose in folders that hold a data
    set, and with `revision` in one on the hub. Raises InputError for a pattern that matches nothing, naming all such.
    """
    found: dict[str, Named] = {}
    faults: list[str] = []
    for pattern in patterns:
        try:
            if pattern.startswith(HUB):
                for path, shown in hub_files(pattern, config=config, split=split, revision=revision):
                    found[os.path.realpath(path)] = Named(path, shown=shown)
                continue
            where, inside = _parted(pattern, base)
            for path in sorted(_files(where, base, split, config), key=lambda path: (path.is_symlink(), path)):
                place = os.path.realpath(path)
                before = found.get(place, Named(path))
                wanted = (*before.members, *filter(None, (inside or members,)))
                found[place] = Named(before.path, tuple(dict.fromkeys(wanted)), before.shown)
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError("; ".join(faults))
    return sorted(found.values(), key=lambda named: named.path)


def passed_over(
    patterns: Sequence[str], base: Path, *, split: str | None = None, config: str | None = None
) -> list[Path]:
    """The files, sorted, that lie in folders which the patterns name and are not read: no data files by their suffix.

    Archives are among them, since one may repeat what lies beside it. Hidden files are not, nor what lies in the folder
    of a data set that tells itself which files are its data.
    """
    where = [_parted(pattern, base)[0] for pattern in patterns if not pattern.startswith(HUB)]
    matches = {match for pattern in where for match in _matches(pattern, base)}
    return sorted({other for match in matches if match.is_dir() for other in _others(match, split, config)} - matches)


def _others(folder: Path, split: str | None, config: str | None) -> Iterator[Path]:
    if dataset_files(folder, split=split, config=config) is not None:
        return
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _others(entry, split, config)
        elif suffix_of(entry) not in SUFFIXES and entry.is_file():
            yield entry


def _parted(pattern: str, base: Path) -> tuple[str, str | None]:
    """A pattern as the file's and the members': `x.zip::*.csv`, or `zip://*.csv::x.zip` as fsspec writes it."""
    if pattern.startswith(_ARCHIVES) and _CHAIN in pattern:
        inside, _, where = pattern.partition(_CHAIN)
        return where, inside.partition("://")[2] or None
    if _CHAIN in pattern and not (base / Path(pattern).expanduser()).exists():
        where, _, inside = pattern.partition(_CHAIN)
        return where, inside or None
    return pattern, None


def _files(pattern: str, base: Path, split: str | None, config: str | None) -> list[Path]:
    whole = base / Path(pattern).expanduser()
    try:
        files = [
            file
            for match in _matches(pattern, base)
            for file in (inside(match, split, config) if match.is_dir() else [match])
        ]
    except OSError as error:
        raise InputError(f"{pattern!r} cannot be looked into ({error.strerror}); check its permissions") from error
    if odd := [file for file in files if file.exists() and not file.is_file()]:
        raise InputError(f"{odd[0]}: is a pipe or a device, which is read only once; write it to a file first")
    if not files:
        what = "holds no data file" if whole.is_dir() else "matches no file"
        raise InputError(f"{pattern!r} {what} (looked in {base.resolve()}); name a file, a folder or a glob")
    return files


def _matches(pattern: str, base: Path) -> list[Path]:
    whole = base / Path(pattern).expanduser()
    return [whole] if whole.exists() else [Path(name) for name in glob.glob(str(whole), recursive=True)]


def inside(folder: Path, split: str | None, config: str | None) -> Iterator[Path]:
    """The data files of a folder: of the data set that it is, or all below it by suffix."""
    files = dataset_files(folder, split=split, config=config)
    if files is not None:
        yield from files
        return
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from inside(entry, split, config)
        elif suffix_of(entry) in SUFFIXES and entry.is_file():
            yield entry
