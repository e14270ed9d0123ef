"""Near-duplicate removal from one text column of a parquet file, timed: `python -m benchmarks.dedup --help`.

Streams the file twice: once to sketch every row, once for the exact shingles of the rows that share a band. The first
row of a group stays; `--out` gets row (0-based), witness (the kept row) and jaccard of every row that falls.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

STARTED = time.perf_counter()

import numpy as np  # noqa: E402 - the clock starts before the imports
import polars as pl  # noqa: E402

from buckets import cores, write_frame  # noqa: E402
from curate.near import Found, Sets, Shape, banding, find, keys_of, shingle_sets, sketch  # noqa: E402

BATCH = 16_384
PIECE = 4_096
"""Rows that one thread works on at a time."""
AHEAD = 16
"""Pieces read but not yet worked on, at most: bounds the memory, and keeps every core busy while the file is read."""
MOST_PERMUTATIONS = 256

Made = TypeVar("Made")


def columns(path: Path, column: str) -> Iterator[tuple[int, pl.Series]]:
    """(number of the first row, texts) of each batch, in order."""
    start = 0
    for batch in pl.scan_parquet(path).select(pl.col(column).cast(pl.String())).collect_batches(chunk_size=BATCH):
        yield start, batch.to_series()
        start += batch.height


def in_pieces(path: Path, column: str, work: Callable[[int, pl.Series], Made]) -> Iterator[Made]:
    """`work(number of the first row, texts)` of every piece, in order, on all cores."""
    with ThreadPoolExecutor(cores()) as pool:
        waiting: deque[Future[Made]] = deque()
        for start, texts in columns(path, column):
            for at in range(0, len(texts), PIECE):
                waiting.append(pool.submit(work, start + at, texts[at : at + PIECE]))
            while len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def shape_of(threshold: float, width: int, recall: float) -> tuple[Shape, int, int, float]:
    """The fewest permutations whose bands reach the recall with five rows a band, or fewer rows if five cannot."""
    for rows in (5, 4, 3, 2, 1):
        for bands in range(1, MOST_PERMUTATIONS // rows + 1):
            found = 1.0 - (1.0 - threshold**rows) ** bands
            if found >= recall:
                return Shape("split", width, bands * rows), bands, rows, found
    bands, rows, found = banding(threshold, MOST_PERMUTATIONS, recall)
    return Shape("split", width, MOST_PERMUTATIONS), bands, rows, found


def near_duplicates(
    path: Path, column: str, threshold: float, width: int, recall: float
) -> tuple[Found, dict[str, Any]]:
    """What falls, and the facts of the run: rows, bands, seconds of each stage."""
    shape, bands, per_band, reached = shape_of(threshold, width, recall)
    clock = time.perf_counter()
    count = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    # Filled in place: joining parts at the end would hold everything twice for a moment.
    keys, whole = np.empty((count, bands), np.uint64, order="F"), np.empty(count, np.uint64)
    words = np.empty(count, np.int32)

    def work(start: int, texts: pl.Series) -> None:
        part, rows = sketch(texts, shape), slice(start, start + len(texts))
        keys[rows] = keys_of(part.signatures, bands, per_band)
        whole[rows], words[rows] = part.whole, part.words

    for _ in in_pieces(path, column, work):
        pass
    sketched = time.perf_counter()
    fetched = 0.0

    def sets_of(rows: np.ndarray[Any, np.dtype[np.int64]]) -> Sets:
        nonlocal fetched
        begun = time.perf_counter()
        sets = _sets(path, column, rows, shape)
        fetched = time.perf_counter() - begun
        return sets

    found = find(keys, whole, words, sets_of, threshold)
    facts = {
        "rows": count,
        "removed": len(found.row),
        **found.notes,
        "bands": bands,
        "rows_per_band": per_band,
        "recall_at_threshold": round(reached, 5),
        "seconds": {
            "imports": round(clock - STARTED, 3),
            "sketch": round(sketched - clock, 3),
            "shingles_of_candidates": round(fetched, 3),
            "bands_and_verification": round(time.perf_counter() - sketched - fetched, 3),
        },
    }
    return found, facts


def _sets(path: Path, column: str, rows: np.ndarray[Any, np.dtype[np.int64]], shape: Shape) -> Sets:
    """Shingle sets of the given rows (in rising order), from a second pass over the file."""

    def work(start: int, texts: pl.Series) -> tuple[Any, Any]:
        low, high = np.searchsorted(rows, [start, start + len(texts)])
        part = shingle_sets(texts.gather(rows[low:high] - start), shape)
        return part.values, np.diff(part.offsets)

    parts = list(in_pieces(path, column, work)) if len(rows) else []
    counts = np.concatenate([np.zeros(1, np.int64), *(count for _, count in parts)])
    return Sets(np.concatenate([np.zeros(0, np.uint64), *(values for values, _ in parts)]), np.cumsum(counts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True, help="parquet file")
    parser.add_argument("--column", default="text")
    parser.add_argument("--threshold", type=float, default=0.8, help="exact Jaccard at or above which a row falls")
    parser.add_argument("--shingle", default="word5", help="wordN: N-grams of text.lower().split()")
    parser.add_argument("--recall", type=float, default=0.996, help="of the bands, for a pair at the threshold")
    parser.add_argument("--out", type=Path, required=True, help="parquet with row, witness, jaccard")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    shingle = re.fullmatch(r"word([1-9]\d?)", options.shingle)
    if shingle is None:
        parser.error(f"--shingle {options.shingle}: write word1 to word99")
    if not 0 < options.threshold <= 1:
        parser.error(f"--threshold {options.threshold}: a Jaccard in (0, 1]")
    try:
        found, facts = near_duplicates(
            options.input, options.column, options.threshold, int(shingle[1]), options.recall
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        parser.error(f"{options.input}: column {options.column!r} cannot be read: {str(error)[:300]}")
    write_frame(options.out, pl.DataFrame({"row": found.row, "witness": found.witness, "jaccard": found.jaccard}))
    used = resource.getrusage(resource.RUSAGE_SELF)
    facts |= {
        "seconds_total": round(time.perf_counter() - STARTED, 3),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
        "peak_rss_mib": round(used.ru_maxrss / 1024, 1),
        "cores": cores(),
    }
    print(json.dumps(facts) if options.json else "\n".join(f"{name:>24}  {value}" for name, value in facts.items()))


if __name__ == "__main__":
    main()
