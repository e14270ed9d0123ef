"""Members of zip and tar files as streams, in one pass: nothing is written to disk, nothing is held whole.

An archive is refused by name when a member's name leaves it, when one is encrypted, or when it unpacks to a thousand
times its size. A link or a device is never followed: it is passed over, and refused by name where it is asked for. Not
covered: archives inside archives, 7z and rar, and split archives. A tar may be packed with gz, bz2, xz or zst; a member
may be packed itself.
"""

from __future__ import annotations

import fnmatch
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from buckets.errors import InputError, RefusedError
from buckets.unpack import Unpacked, packing

_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)
_TAR_MARK = (257, b"ustar")
_TAR_NAMES = (".tar", ".tgz", ".tbz2", ".txz", ".tzst")
_DRIVE = re.compile(r"[A-Za-z]:")
_PIECE = 512  # what is lost at most where a member is damaged: the piece that fails does not come out
_FREE = 1 << 30
_MOST_TIMES = 1500
"""A zip may give 1 GiB, and beyond it this many times its own size."""


class Member(io.RawIOBase):
    """One member's bytes; damage ends them early and is said in `damage`."""

    def __init__(self, stream: BinaryIO, *, plain: bool = True) -> None:
        self._stream = stream
        self.damage: str | None = None
        self.plain = plain
        """Whether it is a file; a link or a device has no bytes of its own."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed asks for Buffer, 3.12
        if self.damage:
            return 0
        try:
            data = self._stream.read(min(len(buffer), _PIECE))
        except _DAMAGE as error:
            self.damage = f"the archive is damaged here: {error}"
            return 0
        buffer[: len(data)] = data
        return len(data)


def is_archive(path: Path) -> bool:
    """Whether the file is a zip or a tar, packed or not, by its content; False where it cannot be opened."""
    try:
        with path.open("rb") as file:
            start = packing(file.read(6))
            file.seek(0)
            if start is None and file.read(4) in (b"PK\3\4", b"PK\5\6"):
                return True
            if start is not None and not any(name in path.name.lower() for name in _TAR_NAMES):
                return False  # unpacking every packed file to look for a tar would read it twice
            file.seek(0)
            stream = io.BufferedReader(Unpacked(file, start)) if start else file
            return stream.read(512)[_TAR_MARK[0] :].startswith(_TAR_MARK[1])
    except OSError:
        return False


def open_members(path: Path) -> Iterator[tuple[str, Member | None]]:
    """(name, stream) of every file in the archive: by name for zip, as they stand for tar; read each before the next.

    Hidden members are left out. Call `asked` for a member before it is read: it may be a link. A last pair of an empty
    name and None says that a tar ends early, or goes on behind its end mark. Raises RefusedError for an archive that is
    unsafe (see above) and InputError for one that cannot be opened.
    """
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    try:
        yield from _zip(path) if zipped else _tar(path)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{path}: the archive is damaged ({error}); download it again") from error


def asked(path: Path, name: str, member: Member) -> Member:
    """The member, which somebody asked for. Raises RefusedError for a link or a device: it could point anywhere."""
    if not member.plain:
        raise RefusedError(
            f"{path}: member {name!r} is a link or a device, which is not followed; "
            "name a pattern that leaves it out, or unpack the archive yourself"
        )
    return member


def wanted(name: str, pattern: str | None) -> bool:
    """Whether a member is asked for; `*` stands for folders too, as in `*.csv` and `data/*/test.json`."""
    return pattern is None or fnmatch.fnmatchcase(name, pattern)


def _zip(path: Path) -> Iterator[tuple[str, Member | None]]:
    with zipfile.ZipFile(path) as archive:
        infos = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
        total = sum(info.file_size for info in infos)
        if total > max(_FREE, _MOST_TIMES * path.stat().st_size):
            raise RefusedError(f"{path}: unpacks to {total >> 20:,} MiB, far more than its size, as bombs do")
        for info in infos:
            if not _safe(path, info.filename):
                continue
            if info.external_attr >> 28 not in (0, 8):  # the upper bits hold the Unix mode; 8 is a plain file
                yield info.filename, Member(io.BytesIO(), plain=False)
                continue
            if info.flag_bits & 1:
                raise RefusedError(f"{path}: member {info.filename!r} is encrypted; unpack the archive yourself")
            try:
                stream = archive.open(info)
            except (zipfile.BadZipFile, NotImplementedError) as error:
                raise InputError(f"{path}: member {info.filename!r} cannot be read ({error}); unpack it") from error
            with stream:
                yield info.filename, Member(stream)  # type: ignore[arg-type]  # a ZipExtFile reads bytes


class _Header(tarfile.TarInfo):
    """Remembers how the walk over the headers ended: tarfile takes a damaged header for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except tarfile.TarError as error:
            archive.last_error = error  # type: ignore[attr-defined]  # ours, read below
            raise


def _tar(path: Path) -> Iterator[tuple[str, Member | None]]:
    with path.open("rb") as file:
        start = packing(file.read(6))
        file.seek(0)
        unpacked = Unpacked(file, start) if start else None
        stream = io.BufferedReader(unpacked, 1 << 20) if unpacked else file
        ended_well = seen = False
        try:
            with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
                for info in archive:
                    seen = True
                    if info.isdir() or not _safe(path, info.name):
                        continue
                    data = archive.extractfile(info) if info.isreg() else None
                    # Without its buffer, which gives nothing of a piece that ends early.
                    stream_of = io.BytesIO() if data is None else data.raw  # type: ignore[attr-defined]  # it has one
                    yield info.name, Member(stream_of, plain=data is not None)
                error = getattr(archive, "last_error", None)
                ended_well = (error is None or type(error).__name__ == "EOFHeaderError") and not _goes_on(stream)
        except tarfile.ReadError:
            if not seen:
                raise
        if not ended_well or (unpacked and unpacked.damage):
            yield "", None


def _goes_on(stream: BinaryIO) -> bool:
    """Whether more than padding stands behind the end mark, as where two tars were put together by `cat`."""
    while block := stream.read(1 << 20):
        if block.strip(b"\0"):
            return True
    return False


def _safe(path: Path, name: str) -> bool:
    """Whether the member is to be looked at. Raises RefusedError for a name that leaves the archive."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or _DRIVE.match(name):
        raise RefusedError(f"{path}: member {name!r} points outside the archive; such an archive is not read")
    return not any(part.startswith((".", "__MACOSX")) for part in pure.parts)
