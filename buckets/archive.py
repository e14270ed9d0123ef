"""Members of zip and tar files, read in memory: nothing is written to disk, and names that escape are refused.

Not covered: archives inside archives, encrypted members, and links (a link is refused, it could point anywhere).
"""

from __future__ import annotations

import fnmatch
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from buckets.errors import InputError, RefusedError

MAX_MEMBER = 256 << 20
"""Bytes that one member may unpack to."""
MAX_TOTAL = 2 << 30
"""Bytes that all members of one archive may unpack to: a bomb is refused before it fills the memory."""


def is_archive(path: Path) -> bool:
    """Whether the file is a zip or a tar (packed or not), by its content and, for tar, its name."""
    named = any(suffix in path.suffixes for suffix in (".tar", ".tgz", ".tbz2"))
    try:
        return zipfile.is_zipfile(path) or (named and tarfile.is_tarfile(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error


def members(path: Path, pattern: str | None = None) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file in the archive whose name matches the glob, sorted by name.

    Raises RefusedError for a name that leaves the archive, a link or a member that unpacks to too much, and
    InputError for damage, or when nothing matches.
    """
    reader = _zip if zipfile.is_zipfile(path) else _tar
    found, total = 0, 0
    try:
        for name, data in reader(path, pattern):
            found, total = found + 1, total + len(data)
            if total > MAX_TOTAL:
                raise RefusedError(f"{path}: unpacks to more than {MAX_TOTAL >> 30} GiB; unpack it yourself first")
            yield name, data
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, RuntimeError) as error:
        raise InputError(f"{path}: the archive is damaged or locked ({error}); download it again") from error
    if not found:
        what = f"no member matches {pattern!r}" if pattern else "holds no file"
        raise InputError(f"{path}: {what}; list the archive and name a glob of its members")


def _zip(path: Path, pattern: str | None) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if not info.is_dir() and _wanted(path, info.filename, pattern):
                with archive.open(info) as member:
                    yield info.filename, _bounded(path, info.filename, member.read(MAX_MEMBER + 1))


def _tar(path: Path, pattern: str | None) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for info in sorted(archive.getmembers(), key=lambda info: info.name):
            if info.isdir() or not _wanted(path, info.name, pattern):
                continue
            member = archive.extractfile(info) if info.isreg() else None
            if member is None:
                raise RefusedError(f"{path}: member {info.name!r} is a link or a device; remove it from the archive")
            yield info.name, _bounded(path, info.name, member.read(MAX_MEMBER + 1))


def _wanted(path: Path, name: str, pattern: str | None) -> bool:
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts:
        raise RefusedError(f"{path}: member {name!r} points outside the archive; such an archive is not read")
    hidden = any(part.startswith((".", "__MACOSX")) for part in pure.parts)
    return not hidden and (pattern is None or fnmatch.fnmatch(name, pattern))


def _bounded(path: Path, name: str, data: bytes) -> bytes:
    if len(data) > MAX_MEMBER:
        raise RefusedError(f"{path}: member {name!r} unpacks to more than {MAX_MEMBER >> 20} MiB; unpack it first")
    return data
