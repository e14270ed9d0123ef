"""The duplicate index that a run has stored: what it holds, and its hand-over to datasketch.

The index is the sketches beside the shards of the dedup stage, cut down to the rows that the run kept. `dedup.against`
reads it by itself; `lsh` puts it into datasketch's `MinHashLSH` for a service of one's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from buckets import InputError
from curate.dedup import Dedup, Near
from curate.earlier import EarlierRun
from curate.near import Shape, banding
from curate.pairs import talk
from curate.stored import stored_recipe
from curate.views import views

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

    from curate.near.lsh import Storage


@dataclass(frozen=True)
class Index:
    """A run's sketches and how they were made."""

    run: EarlierRun
    dedup: Dedup
    near: Near

    @classmethod
    def of(cls, folder: Path) -> Index:
        """The index of a run folder; InputError when its recipe keeps none."""
        recipe, _ = stored_recipe(folder, ())
        if recipe.dedup is None or recipe.dedup.near is None:
            raise InputError(f"{folder}: no duplicate index; the recipe has no `dedup:` table, or `near: null` in it")
        return cls(EarlierRun(str(folder), folder), recipe.dedup, recipe.dedup.near)

    @property
    def shape(self) -> Shape:
        return self.near.shape()

    def sketches(self) -> Iterator[pl.DataFrame]:
        """id, signature and the other columns of `Dedup.sketch`, for the rows that the run kept."""
        return self.run.sketches(self.dedup.sketch, self.dedup.index())

    def facts(self) -> dict[str, Any]:
        """Rows, and the parameters that whoever queries the index must use."""
        bands, per_band, recall = banding(self.near.threshold, self.shape.num_perm)
        return {
            "rows": sum(part.height for part in self.sketches()),
            "num_perm": self.shape.num_perm,
            "seed": self.shape.seed,
            "scheme": "affine32",
            "hash": "xxh32",
            "shingle": f"{self.shape.width} words",
            "bands": bands,
            "rows_per_band": per_band,
            "recall_at_threshold": round(recall, 5),
            "threshold": self.near.threshold,
        }

    def lsh(self, storage: Storage | None = None) -> tuple[MinHashLSH, int]:
        """datasketch's index with the rows of the run under their ids (bytes), and how many of them were new in it."""
        from curate.near.lsh import empty_index, fill

        index = empty_index(self.shape, self.near.threshold, storage)
        return index, fill(index, self.sketches(), self.shape)

    def into_redis(self, address: str, name: str) -> int:
        """Rows added to the index `name` at HOST:PORT; InputError when nobody answers there."""
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            raise InputError(f"--redis {address}: write it as HOST:PORT")
        try:
            from redis.exceptions import RedisError
        except ModuleNotFoundError as error:
            raise InputError("--redis needs the client: pip install redis") from error
        where = {"type": "redis", "basename": name.encode(), "redis": {"host": host, "port": int(port)}}
        try:
            return self.lsh(where)[1]
        except RedisError as error:
            raise InputError(f"--redis {address}: {error}; is a server running there?") from error

    def minhashes(self, frame: pl.DataFrame) -> list[MinHash]:
        """What to query the index with: one `MinHash` for each record of `frame`."""
        from curate.near import sketch
        from curate.near.lsh import minhashes

        sides = views(frame, reasoning=self.dedup.reasoning)
        return list(minhashes(sketch(sides.select(talk()).to_series(), self.shape).signatures, self.shape))
