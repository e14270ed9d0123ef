"""The command line, the clock and the result line that every peer shares.

Runs in the peers' environment: nothing of this project's packages is imported here. Peak memory is the larger of
this process and its largest child, not their sum; `benchmarks.compare_dedup` measures from outside.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

WORDS = 5
Removed = tuple[list[int], list[int | None]]
"""Removed rows, and for each the row it was removed for where the peer names one."""


def main(remove: Callable[[Path, str, float], tuple[int, Removed]]) -> None:
    """Run one peer: `remove(input, column, threshold)` gives the number of rows and what it removed."""
    parser = argparse.ArgumentParser(description=remove.__module__)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--column", default="text")
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="accepted for symmetry; the result is always JSON")
    args = parser.parse_args()
    start = time.perf_counter()
    rows, (removed, witness) = remove(args.input, args.column, args.threshold)
    frame = {"row": removed, "witness": witness, "jaccard": [None] * len(removed)}
    schema = {"row": pl.Int64(), "witness": pl.Int64(), "jaccard": pl.Float64()}
    pl.DataFrame(frame, schema=schema).write_parquet(args.out)
    json.dump(_result(rows, len(removed), time.perf_counter() - start), sys.stdout)
    sys.stdout.write("\n")


def _result(rows: int, removed: int, seconds: float) -> dict[str, float]:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "rows": rows,
        "removed": removed,
        "seconds_total": round(seconds, 3),
        "cpu_seconds": round(sum(use.ru_utime + use.ru_stime for use in uses), 3),
        "peak_rss_mib": round(max(use.ru_maxrss for use in uses) / 1024, 1),
    }


def texts(path: Path, column: str) -> pl.Series:
    return pl.read_parquet(path, columns=[column])[column]


def shingles(rows: pl.Series) -> Iterator[list[str]]:
    """The word 5-grams of each row; the whole token list when a row has fewer than five words."""
    for text in rows:
        words = text.lower().split()
        yield [" ".join(words[at : at + WORDS]) for at in range(max(1, len(words) - WORDS + 1))]
