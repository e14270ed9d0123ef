"""Parquet's run-length and bit-packed integers: levels in full, one dictionary index without the others.

Format: https://parquet.apache.org/docs/file-format/data-pages/encodings/ (RLE = 3, the hybrid).
"""

from __future__ import annotations

from functools import lru_cache


def levels(data: bytes, at: int, end: int, width: int, count: int) -> bytes:
    """`count` values of `width` (1 to 8) bits from data[at:end], one a byte."""
    parts: list[bytes] = []
    got = 0
    while got < count and at < end:
        head, at = _varint(data, at)
        if head & 1:
            for _ in range(head >> 1):
                parts.append(_eight(data[at : at + width], width))
                at += width
            got += 8 * (head >> 1)
        else:
            parts.append(data[at : at + 1] * (head >> 1))
            at += 1
            got += head >> 1
    found = b"".join(parts)[:count]
    if len(found) != count:
        raise ValueError("a page ends before its levels do")
    return found


def index_at(data: bytes, at: int, width: int, place: int) -> int:
    """The value at `place` of a run of `width`-bit integers (0 to 32 bits)."""
    if width == 0:
        return 0
    size = (width + 7) // 8
    while True:
        head, at = _varint(data, at)
        run = 8 * (head >> 1) if head & 1 else head >> 1
        if place < run:
            break
        place -= run
        at += width * (head >> 1) if head & 1 else size
    if not head & 1:
        return int.from_bytes(data[at : at + size], "little")
    first = at + place * width // 8
    word = int.from_bytes(data[first : first + 8], "little")
    return (word >> (place * width % 8)) & ((1 << width) - 1)


@lru_cache(maxsize=1 << 16)  # groups of eight repeat: most pages know a handful
def _eight(group: bytes, width: int) -> bytes:
    word, mask = int.from_bytes(group, "little"), (1 << width) - 1
    return bytes((word >> (width * place)) & mask for place in range(8))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
