"""Streams that unpack gz, bz2, xz and zst, and end quietly, with a note, where the file is damaged.

Not covered: packed files with a password, and .lzma without the xz container.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

import zstandard

from buckets.errors import RefusedError

_CHUNK = 64 << 10
_SMALL = 4 << 10  # bz2, xz and zst can pack a thousandfold and more: a small piece bounds what comes out of it at once
_NO_WAY_BACK = 256  # what a damaged piece costs where the file cannot be read again from an earlier place
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
_FREE = 1 << 30
_MOST_TIMES = 1500
"""A packed file may give 1 GiB, and beyond it this many times its own size (gz cannot give more than 1,032 times)."""


class Decoder(Protocol):
    """What zlib, bz2 and zstandard decompression objects have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> Decoder:
    return zlib.decompressobj(wbits=31)


def _zstd() -> Decoder:
    return zstandard.ZstdDecompressor().decompressobj()


def _xz() -> Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=1 << 30)


PACKINGS: dict[bytes, Callable[[], Decoder]] = {
    b"\x1f\x8b": _gzip,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": _xz,
    b"\x28\xb5\x2f\xfd": _zstd,
}


class Unpacked(io.RawIOBase):
    """Reads `file` unpacked; at damage or a missing end it stops and says why in `damage`."""

    def __init__(self, file: BinaryIO, start: Callable[[], Decoder]) -> None:
        self._file = file
        self._start = start
        self._decoder = start()
        self._fresh = True  # the decoder has seen nothing yet
        self._member = 0  # where in the file the current member starts
        self._fed = 0  # bytes of it that the decoder has taken
        self._ready = memoryview(b"")
        self._taken = self._given = 0  # bytes of the whole file
        self._seekable = file.seekable()
        self._piece = _CHUNK if start is _gzip else _SMALL
        if not self._seekable:
            self._piece = _NO_WAY_BACK
        self.damage: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed asks for Buffer, 3.12
        while not self._ready:
            packed = self._more()
            if not packed:
                return 0
            try:
                self._ready = memoryview(self._decoder.decompress(packed))
            except _DAMAGE as error:
                self.damage = f"the packed data is damaged: {error}"
                self._ready = memoryview(self._before_damage(packed) if self._seekable else b"")
            self._fresh = False
            self._fed += len(packed)
            self._taken += len(packed)
            self._given += len(self._ready)
            if self._given > max(_FREE, _MOST_TIMES * self._taken):
                raise RefusedError(
                    f"{getattr(self._file, 'name', 'a member')}: unpacks to more than {_MOST_TIMES:,} times its size, "
                    "as bombs do; unpack it yourself if it is no bomb"
                )
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _before_damage(self, packed: bytes) -> bytes:
        """What a chunk gives before its bad byte: a decoder that fails keeps even the good part to itself."""
        decoder, start = self._start(), self._file.tell()
        self._file.seek(self._member)
        left, found = self._fed, bytearray()
        while left and (again := self._file.read(min(left, _CHUNK))):
            decoder.decompress(again)
            left -= len(again)
        try:
            for index in range(len(packed)):
                found += decoder.decompress(packed[index : index + 1])
        except _DAMAGE:
            self._file.seek(start)
        return bytes(found)

    def _more(self) -> bytes:
        """Packed bytes for the decoder, from the rest of the last member or from the file."""
        if self.damage:
            return b""
        rest = b""
        if self._decoder.eof:
            rest = self._decoder.unused_data
            self._decoder, self._fresh = self._start(), True
            self._member, self._fed = self._file.tell() - len(rest) if self._seekable else 0, 0
            self._taken -= len(rest)
        try:
            packed = rest or self._file.read(self._piece)
        except OSError as error:
            self.damage = f"reading stopped: {error.strerror}"
            return b""
        while self._fresh and packed and not packed.strip(b"\0"):
            packed = self._file.read(self._piece)  # the zero padding that some tapes and tools leave
        if self._fresh and not packed:
            return b""  # the end
        if not packed:
            self.damage = "the packed file ends before its end mark"
        return packed

    def close(self) -> None:
        self._file.close()
        super().close()


def packing(head: bytes) -> Callable[[], Decoder] | None:
    """The decoder for a file that starts with `head`; None for a file that is not packed."""
    return next((start for magic, start in PACKINGS.items() if head.startswith(magic)), None)
