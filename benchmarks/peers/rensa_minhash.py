"""rensa: R-MinHash with generator input to its streaming deduplicator, 16 bands of 8.

Needs the environment of `benchmarks/peers/README.md`. The deduplicator compares signatures, so a removed row has no
exact Jaccard, and the call that its README recommends names no witness.
"""

from __future__ import annotations

from pathlib import Path

from rensa import RMinHashDeduplicator  # type: ignore[import-not-found]

from benchmarks.peers.meter import Removed, main, shingles, texts

PERMUTATIONS = 128
BANDS = 16


def remove(path: Path, column: str, threshold: float) -> tuple[int, Removed]:
    rows = texts(path, column)
    seen = RMinHashDeduplicator(threshold=threshold, num_perm=PERMUTATIONS, use_lsh=True, num_bands=BANDS, seed=42)
    kept = seen.add_pairs((str(row), grams) for row, grams in enumerate(shingles(rows)))
    removed = [row for row, keep in enumerate(kept) if not keep]
    return len(rows), (removed, [None] * len(removed))


if __name__ == "__main__":
    main(remove)
