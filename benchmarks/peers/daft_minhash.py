"""daft: its `minhash` expression over words, 16 bands of 8, grouping and connected components, as its guide shows.

Needs the environment of `benchmarks/peers/README.md`. The components come from scipy instead of the guide's star
contraction in data frames: the same answer, and faster, so the time is in daft's favour. Nothing is verified, and a
whole component falls for its first row.
"""

from __future__ import annotations

from pathlib import Path

import daft  # type: ignore[import-not-found]
import numpy as np
from daft import col
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.peers.meter import Removed, main

PERMUTATIONS = 128
BANDS = 16


@daft.func()  # type: ignore[untyped-decorator]
def numbered(bands: list[list[int]]) -> list[int]:
    return list(range(len(bands)))


def remove(path: Path, column: str, threshold: float) -> tuple[int, Removed]:
    """The bands alone decide, as in daft's guide; these are for 0.8, and another threshold is refused."""
    if threshold != 0.8:
        raise SystemExit(f"daft_minhash: bands are set for --threshold 0.8, not {threshold}; use 0.8 or change BANDS")
    table = daft.read_parquet(str(path)).select(col(column))
    table = table.with_column("node", daft.functions.monotonically_increasing_id())
    clean = col(column).normalize(remove_punct=False, lowercase=True, nfd_unicode=False, white_space=True)
    sketch = clean.minhash(num_hashes=PERMUTATIONS, ngram_size=5, seed=42, hash_function="xxhash")
    bands = table.select(col("node"), sketch.chunk(PERMUTATIONS // BANDS).alias("bands"))
    flat = bands.with_column("band", numbered(col("bands"))).explode("bands", "band")
    groups = flat.groupby(col("band"), col("bands")).agg(col("node").list_agg().alias("nodes"))
    groups = groups.where(col("nodes").length() > 1)
    edges = groups.with_column("first", col("nodes").list_min()).explode("nodes").select("first", "nodes").to_pydict()
    return _components(edges, table.count_rows())


def _components(edges: dict[str, list[int]], rows: int) -> tuple[int, Removed]:
    left, right = (np.asarray(edges[name], dtype=np.int64) for name in ("first", "nodes"))
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(rows, rows))
    _, label = connected_components(graph, directed=False)
    _, first, member = np.unique(label, return_index=True, return_inverse=True)
    head = first[member]
    removed = np.flatnonzero(head != np.arange(rows))
    return rows, (removed.tolist(), head[removed].tolist())


if __name__ == "__main__":
    main(remove)
