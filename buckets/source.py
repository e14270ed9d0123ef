"""An open raw file as one stream of bytes, unpacked, whose start can be looked at before it is read."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO, Protocol

from buckets.encodings import Encoding
from buckets.errors import InputError
from buckets.members import Member
from buckets.unpack import Unpacked, packing

UTF8 = Encoding("utf-8")
_BLOCK = 1 << 20
_HEAD_LIMIT = 64 << 20


class _Damaged(Protocol):
    """A layer of a stream that ends early where it is damaged."""

    @property
    def damage(self) -> str | None: ...


@dataclass
class Source:
    """An open file, unpacked and in UTF-8 where needed."""

    where: str
    name: PurePath
    """Tells the kind where the content does not."""
    stream: BinaryIO
    layers: list[_Damaged] = field(default_factory=list)
    path: Path | None = None
    """The file itself, where it is plain: tables are then read from it in pieces."""
    encoding: Encoding = UTF8

    @property
    def damage(self) -> str | None:
        return next((layer.damage for layer in self.layers if layer.damage), None)


def open_file(path: Path) -> Source:
    try:
        file = path.open("rb")
        start = packing(file.read(6))
        file.seek(0)
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; name the files in it, or a pattern such as {path}/*.jsonl") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error
    if start is None:
        return Source(str(path), path, file, path=path)
    unpacked = Unpacked(file, start)
    return Source(str(path), path, io.BufferedReader(unpacked, _BLOCK), [unpacked])


def open_member(path: Path, name: str, member: Member) -> Source:
    packed = io.BufferedReader(member, _BLOCK)
    start = packing(packed.peek(6)[:6])
    if start is None:
        return Source(f"{path}::{name}", PurePosixPath(name), packed, [member])
    unpacked = Unpacked(packed, start)
    stream = io.BufferedReader(unpacked, _BLOCK)
    return Source(f"{path}::{name}", PurePosixPath(name), stream, [unpacked, member])


class _Again(io.RawIOBase):
    """A stream whose start has been looked at, from its first byte."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed asks for Buffer, 3.12
        if not self._head:
            data = self._rest.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)
        count = min(len(buffer), len(self._head))
        buffer[:count] = self._head[:count]
        self._head = self._head[count:]
        return count

    def close(self) -> None:
        self._rest.close()
        super().close()


def look(source: Source) -> tuple[bytes, bool]:
    """The start of the file, up to the end of its first line with text where that can be had, and whether it is all.
    The stream stands at its first byte again."""
    stream = source.stream
    head = stream.read(_BLOCK)
    while len(head) < _HEAD_LIMIT and b"\n" not in head.lstrip() and (more := stream.read(_BLOCK)):
        head += more
    whole = not (more := stream.read(1))
    source.stream = io.BufferedReader(_Again(head + more, stream), _BLOCK)
    return head, whole
