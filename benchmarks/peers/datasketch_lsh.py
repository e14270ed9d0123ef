"""datasketch 2: `MinHash.generator` (the streaming form of `bulk`) and `MinHashLSH`, each row against the kept rows.

Needs the environment of `benchmarks/peers/README.md`. Bands are the ones that `MinHashLSH` chooses for the threshold
(9 of 13 at 0.8), as its documentation does; the hash is xxh32, which its documentation allows and which is faster than
its default SHA-1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xxhash
from datasketch import MinHash, MinHashLSH

from benchmarks.peers.meter import Removed, main, shingles, texts

PERMUTATIONS = 128


def remove(path: Path, column: str, threshold: float) -> tuple[int, Removed]:
    rows = texts(path, column)
    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    grams = ([gram.encode() for gram in row] for row in shingles(rows))
    kept: dict[int, Any] = {}
    removed: list[int] = []
    witness: list[int | None] = []
    sketches = MinHash.generator(grams, num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
    for row, sketch in enumerate(sketches):
        twin = next((key for key in index.query(sketch) if sketch.jaccard(kept[key]) >= threshold), None)
        if twin is None:
            index.insert(row, sketch, check_duplication=False)
            kept[row] = sketch
        else:
            removed.append(row)
            witness.append(twin)
    return len(rows), (removed, witness)


if __name__ == "__main__":
    main(remove)
