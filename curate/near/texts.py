"""A column of texts as bytes and offsets, ready for the compiled loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from buckets import WORD_PATTERN

Mode = Literal["split", "word"]
"""split: `text.lower().split()` of Python. word: words and single CJK characters of the lower-cased text."""


@dataclass(frozen=True)
class Bytes:
    """n rows in one array: row i is data[starts[i]:stops[i]]. ASCII letters may still be upper case."""

    data: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.uint64]
    stops: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.starts)


def bytes_of(texts: pl.Series, mode: Mode) -> Bytes:
    """UTF-8 of each text such that splitting it at ASCII white space gives its tokens; null counts as empty."""
    plain = texts.cast(pl.String()).fill_null("")
    if mode == "word":
        plain = plain.str.to_lowercase().str.extract_all(WORD_PATTERN).list.join(" ")
    data, starts, stops = _flat(plain)
    beyond_ascii = plain.str.len_bytes() != plain.str.len_chars()
    if mode == "word" or not beyond_ascii.any():
        return Bytes(data, starts, stops)
    # The compiled loop lowers and splits ASCII rows; the others stand once more, made ready, behind all the rest.
    wide, begins, ends = _flat(plain.filter(beyond_ascii).str.to_lowercase())
    places, shift = beyond_ascii.to_numpy(), np.uint64(len(data))
    starts[places], stops[places] = begins + shift, ends + shift
    return Bytes(np.concatenate([data, _with_plain_spaces(wide)]), starts, stops)


def _flat(texts: pl.Series) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """All bytes, and where each text begins and ends in them."""
    stops = np.cumsum(texts.str.len_bytes().to_numpy(), dtype=np.uint64)
    starts = np.concatenate([np.zeros(1, np.uint64), stops])[: len(texts)]
    flat = texts.cast(pl.Binary()).cast(pl.List(pl.UInt8())).explode(empty_as_null=False, keep_nulls=False)
    return flat.to_numpy(), starts, stops


_WIDE_SPACES = tuple(
    np.frombuffer(chr(code).encode(), dtype=np.uint8)
    for code in (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
)
"""What `str.split` takes for white space beyond ASCII, in UTF-8."""


def _with_plain_spaces(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """UTF-8 bytes with blanks in place of every wide space, as long as before."""
    out = data.copy()
    for lead in sorted({int(space[0]) for space in _WIDE_SPACES}):
        places = np.flatnonzero(data[:-1] == lead)  # a lead byte is never the last one
        for space in _WIDE_SPACES:
            if space[0] == lead:
                met = places[data[places + 1] == space[1]]
                met = met[data[met + 2] == space[2]] if len(space) == 3 else met
                for step in range(len(space)):
                    out[met + step] = 32
    return out
