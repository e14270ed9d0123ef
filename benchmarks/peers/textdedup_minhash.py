"""text-dedup: its own command `python -m text_dedup.minhash`, with its banding for the threshold.

Needs the environment of `benchmarks/peers/README.md`. It splits words on every non-word character and drops rows of
fewer than five words from the data set: both are how it works, and such rows count as removed here. A copy of the input
with a row number is made first (seconds per million rows), because the command returns rows without their place.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
from datasets import load_from_disk

from benchmarks.peers.meter import Removed, main


def remove(path: Path, column: str, threshold: float) -> tuple[int, Removed]:
    with tempfile.TemporaryDirectory() as folder:
        frame = pl.read_parquet(path, columns=[column]).with_row_index("place")
        rows = frame.height
        frame.write_parquet(f"{folder}/input.parquet", compression="uncompressed")
        del frame
        subprocess.run(_command(folder, column, threshold), check=True, stdout=sys.stderr)
        kept = set(load_from_disk(f"{folder}/out")["place"])
    removed = [row for row in range(rows) if row not in kept]
    return rows, (removed, [None] * len(removed))


def _command(folder: str, column: str, threshold: float) -> list[str]:
    options = {
        "--path": "parquet",
        "--data_files": f"{folder}/input.parquet",
        "--split": "train",
        "--cache_dir": f"{folder}/cache",
        "--output": f"{folder}/out",
        "--column": column,
        "--ngram": "5",
        "--threshold": str(threshold),
        "--hash_func": "xxh3",
        "--num_proc": str(len(os.sched_getaffinity(0))),
    }
    return [sys.executable, "-m", "text_dedup.minhash", *(part for pair in options.items() for part in pair)]


if __name__ == "__main__":
    main(remove)
