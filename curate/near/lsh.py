"""Stored signatures as datasketch's own index, for those who query one: in memory, or in Redis.

Keys are record ids as bytes and are never pickled. What the index answers are candidates: verify them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
import xxhash
from datasketch import MinHash, MinHashLSH

from curate.near.bands import banding
from curate.near.sketch import U32, Shape, permutations

Storage = Mapping[str, Any]
"""`storage_config` of datasketch: {"type": "redis", "basename": b"...", "redis": {"host": ..., "port": ...}}."""


def xxh32(data: bytes) -> int:
    """The hash function under the signatures."""
    return xxhash.xxh32_intdigest(data)


def minhashes(signatures: U32, shape: Shape) -> Iterator[MinHash]:
    """One `MinHash` of datasketch for each row of (n, num_perm)."""
    a, b = permutations(shape.num_perm, shape.seed)
    for row in signatures:
        yield MinHash(seed=shape.seed, hashfunc=xxh32, hashvalues=row.copy(), permutations=(a, b), scheme="affine32")


def empty_index(shape: Shape, threshold: float, storage: Storage | None = None) -> MinHashLSH:
    """An index with the bands that a run at this threshold uses: recall .995 at it, wide below."""
    bands, per_band, _ = banding(threshold, shape.num_perm)
    config = dict(storage) if storage is not None else {"type": "dict"}
    return MinHashLSH(num_perm=shape.num_perm, params=(bands, per_band), storage_config=config, prepickle=False)


def fill(index: MinHashLSH, sketches: Iterable[pl.DataFrame], shape: Shape) -> int:
    """Insert rows (id, signature) in one session; returns how many. Rows that stand in it already are left alone."""
    filled = 0
    with index.insertion_session() as session:
        for part in sketches:
            signatures = part["signature"].to_numpy().astype(np.uint32, copy=False)
            for name, minhash in zip(part["id"], minhashes(signatures, shape), strict=True):
                if name.encode() not in index.keys:
                    session.insert(name.encode(), minhash, check_duplication=False)
                    filled += 1
    return filled
