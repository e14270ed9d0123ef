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
    """n rows in one array: row i is data[offsets[i]:offsets[i+1]]. ASCII letters may still be upper case."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1


def bytes_of(texts: pl.Series, mode: Mode) -> Bytes:
    """UTF-8 of each text such that splitting it at ASCII white space gives its tokens; null counts as empty."""
    plain = texts.cast(pl.String()).fill_null("")
    if mode == "word":
        plain = plain.str.to_lowercase().str.extract_all(WORD_PATTERN).list.join(" ")
    else:
        plain = _as_python_splits(plain)
    sizes = plain.str.len_bytes().to_numpy()
    offsets = np.zeros(len(plain) + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    flat = plain.cast(pl.Binary()).cast(pl.List(pl.UInt8())).explode(empty_as_null=False, keep_nulls=False)
    return Bytes(flat.to_numpy(), offsets)


_WIDE_SPACE = r"[\x85\xa0\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}]"
"""What `str.split` takes for white space beyond ASCII."""


def _as_python_splits(texts: pl.Series) -> pl.Series:
    """Rows beyond ASCII lower-cased and with plain spaces; the compiled loop does the same for ASCII rows."""
    wide = texts.str.len_bytes() != texts.str.len_chars()
    if not wide.any():
        return texts
    lowered = texts.filter(wide).str.to_lowercase().str.replace_all(_WIDE_SPACE, " ")
    place = np.empty(len(texts), dtype=np.uint32)
    place[(~wide).arg_true().to_numpy()] = np.arange(len(texts) - len(lowered), dtype=np.uint32)
    place[wide.arg_true().to_numpy()] = np.arange(len(texts) - len(lowered), len(texts), dtype=np.uint32)
    return pl.concat([texts.filter(~wide), lowered]).gather(pl.Series(place))
