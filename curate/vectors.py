"""A store of embeddings on disk, addressed by what was embedded and with what; shared by runs and processes.

A space is one model, precision and cut; in it each text has one key. Files are written aside, renamed, and never
changed: a process that dies leaves whole files or none, and two that write the same vectors write them twice. Plain
parquet, nothing pickled. Not covered: clearing out what is no longer used (delete the folder).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import xxhash

from buckets import InputError, digest, read_frame, write_frame

F32 = npt.NDArray[np.float32]


def key_of(text: str) -> str:
    """32 hex digits over the text's bytes."""
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Embedded:
    """Vectors of some texts, in their order."""

    vectors: F32
    """(n, width), each of length one."""
    cut: npt.NDArray[np.bool_]
    """(n,) whether the text was longer than the model reads."""


class Vectors:
    """The vectors of one space: `folder / space / *.parquet` with columns key, cut and vector; no folder: in memory."""

    def __init__(self, folder: Path | None, space: str) -> None:
        self.path = None if folder is None else folder / space
        self._memory: dict[str, tuple[F32, bool]] = {}
        self._keys: dict[Path, pl.Series] = {}

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys, each once and in order, that have no vector yet."""
        wanted = pl.Series(list(dict.fromkeys(keys)), dtype=pl.String())
        known = pl.concat([pl.Series(list(self._memory), dtype=pl.String()), *self._files().values()])
        return wanted.filter(~wanted.is_in(known.implode())).to_list()

    def add(self, keys: Sequence[str], made: Embedded) -> None:
        if self.path is None:
            self._memory.update(zip(keys, zip(made.vectors, made.cut.tolist(), strict=True), strict=True))
            return
        frame = pl.DataFrame(
            {
                "key": list(keys),
                "cut": made.cut,
                "vector": pl.Series(made.vectors, dtype=pl.Array(pl.Float32(), made.vectors.shape[1])),
            }
        )
        write_frame(self.path / f"{digest(keys)}.parquet", frame)

    def get(self, keys: Sequence[str]) -> Embedded:
        """In the order of the keys, of which there is at least one; InputError for a key that is not there."""
        if self.path is None:
            held = [self._memory[key] for key in keys]
            return Embedded(np.stack([vector for vector, _ in held]), np.array([long for _, long in held]))
        places = pl.DataFrame({"key": pl.Series(keys, dtype=pl.String())}).with_row_index("row")
        out: F32 | None = None
        cut, filled = np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.bool_)
        for path, known in self._files().items():
            if not places["key"].is_in(known.implode()).any():
                continue
            found = places.join(read_frame(path), on="key", how="inner")
            part = found["vector"].to_numpy()
            out = np.empty((len(keys), part.shape[1]), np.float32) if out is None else out
            rows = found["row"].to_numpy()
            out[rows], cut[rows], filled[rows] = part, found["cut"].to_numpy(), True
        if out is None or not filled.all():
            raise InputError(f"{self.path}: {int((~filled).sum())} embeddings are gone from the cache; run again")
        return Embedded(out, cut)

    def _files(self) -> dict[Path, pl.Series]:
        """Path -> keys of every file, new ones read now."""
        if self.path is not None:
            for path in sorted(self.path.glob("*.parquet")):
                if path not in self._keys:
                    self._keys[path] = read_frame(path, ["key"])["key"]
        return self._keys
