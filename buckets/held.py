"""A whole file as one buffer that need not fit in memory: large ones are mapped, packed ones from a temporary file.

Not covered: a file that another program cuts short while it is mapped ends the process.
"""

from __future__ import annotations

import io
import mmap
import tempfile
from typing import BinaryIO

from buckets.errors import IncompleteError

Buffer = bytes | mmap.mmap
_SMALL = 64 << 20
_BLOCK = 1 << 20


def held(stream: BinaryIO) -> Buffer:
    """All bytes of a stream, from where it stands at its start.

    Up to 64 MiB in memory; a larger file is mapped where it lies, and any other stream is written to a temporary
    file first (TMPDIR says where). Raises IncompleteError when there is no room for that.
    """
    start = stream.read(_SMALL)
    more = stream.read(1)
    if not more:
        return start
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        with tempfile.TemporaryFile() as file:
            file.write(start + more)
            while block := stream.read(_BLOCK):
                file.write(block)
            file.flush()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise IncompleteError(
            f"{tempfile.gettempdir()}: cannot unpack a large file there ({error.strerror}); "
            "make room, or set TMPDIR to another folder, and run again to resume"
        ) from error


def let_go(data: Buffer, position: int) -> None:
    """What lies before `position` need not stay in memory (it can still be read)."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        whole_pages = position // mmap.PAGESIZE * mmap.PAGESIZE
        if whole_pages:
            data.madvise(mmap.MADV_DONTNEED, 0, whole_pages)
