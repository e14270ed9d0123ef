"""Where the rows of a raw file start, so that one row's text is read from the file without reading the rest.

Covers plain bytes of JSON: a line a row, or one array. Does NOT cover packed files, tables, objects keyed by id and
archives: their rows are found by reading from the start (`curate show --raw`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

EVERY = 64
"""Rows from one remembered offset to the next: 8 bytes for each, and at most 64 rows read for one."""
_BLOCK = 1 << 22
_HEAD = 1 << 22
_BOM = b"\xef\xbb\xbf"

Layout = Literal["lines", "array"]
Offsets = NDArray[np.uint64]


def row_offsets(path: Path, rows: int | None = None) -> tuple[Layout, Offsets] | None:
    """Start of rows 0, EVERY, 2 EVERY, ... in bytes; None when rows are laid out in another way. Raises OSError.

    An array with another number of elements than `rows` is None too: a damaged element has shifted the others.
    """
    with path.open("rb") as file:
        layout = _layout(file.read(_HEAD))
        file.seek(0)
        if layout is None:
            return None
        if layout == "lines":
            return layout, _lines(file)
        offsets, commas = _elements(file)
        return (layout, offsets) if rows is None or rows == commas + 1 else None


def _layout(head: bytes) -> Layout | None:
    """lines: the first line that is not blank is a JSON object of its own."""
    text = head.removeprefix(_BOM).lstrip()
    line = text.partition(b"\n")[0]
    try:
        first = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "array" if text.startswith(b"[") else None
    if isinstance(first, dict):
        return "lines"
    return "array" if isinstance(first, list) and not text[len(line) :].strip() else None


def _lines(file: BinaryIO) -> Offsets:
    parts, lines, offset = [np.zeros(1, np.uint64)], 0, 0
    while block := file.read(_BLOCK):
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
        first = -(lines + 1) % EVERY
        parts.append((ends[first::EVERY] + (offset + 1)).astype(np.uint64))
        lines += len(ends)
        offset += len(block)
    return np.concatenate(parts)


def _elements(file: BinaryIO) -> tuple[Offsets, int]:
    """Behind the opening bracket, and behind every EVERY-th comma that stands in no string and in no other bracket;
    and how many such commas there are."""
    parts: list[Offsets] = []
    inside, depth, commas, offset = 0, 0, 0, 0
    while block := file.read(_BLOCK):
        while block.endswith(b"\\") and (more := file.read(1)):  # an escape is not cut in two
            block += more
        data = np.frombuffer(block, np.uint8)
        quotes = _quotes(data)
        marks = np.flatnonzero(_MARK[data])
        marks = marks[(np.searchsorted(quotes, marks) + inside) % 2 == 0]
        depths = depth + np.cumsum(_STEP[data[marks]], dtype=np.int64)
        if not parts and len(marks):
            parts.append(np.array([offset + marks[0] + 1], np.uint64))
        top = marks[(data[marks] == ord(",")) & (depths == 1)]
        parts.append((top[-(commas + 1) % EVERY :: EVERY] + (offset + 1)).astype(np.uint64))
        inside = (inside + len(quotes)) % 2
        depth = int(depths[-1]) if len(depths) else depth
        commas += len(top)
        offset += len(block)
    return np.concatenate([np.empty(0, np.uint64), *parts]), commas


def _quotes(data: NDArray[np.uint8]) -> NDArray[Any]:
    """Positions of the quotes that open or close a string: an odd number of backslashes before one escapes it."""
    quotes = np.flatnonzero(data == ord('"'))
    odd = np.zeros(len(quotes), bool)
    left, back = np.arange(len(quotes)), 1
    while len(left):
        left = left[quotes[left] >= back]
        left = left[data[quotes[left] - back] == ord("\\")]
        odd[left] = back % 2 == 1
        back += 1
    return quotes[~odd]


_STEP = np.zeros(256, np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_MARK = _STEP != 0
_MARK[ord(",")] = True
