"""Is a removal right? Witnesses kept, Jaccard exact, everything that must fall fallen, nothing else.

python -m benchmarks.near.score --input near.parquet --truth truth.parquet --removed removed.parquet

Truth must come from `benchmarks.near_input` at the same threshold. A row must fall when, of the rows before it that
this removal keeps, one has an exact Jaccard >= threshold with it: that is what keeping the first row of a group means
without chains. A removal is false when no kept row at all is that near. Peers that name no witness are scored on
recall and false removals only.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.near.join import jaccard
from buckets import InputError

_FAR = np.iinfo(np.int64).max
Rows = npt.NDArray[np.int64]


def score(texts: pl.Series, truth: pl.DataFrame, removed: pl.DataFrame, threshold: float) -> dict[str, float | int]:
    """Counts and rates of one removal (row, witness, jaccard; witness and jaccard may be null).

    Raises InputError when a row is named twice or does not exist.
    """
    fallen = _fallen(removed, len(texts))
    must, backed = _expected(fallen, truth.filter(pl.col("jaccard") >= threshold))
    found = int((must & fallen).sum())
    return {
        "removed": int(fallen.sum()),
        "must_fall": int(must.sum()),
        "must_fall_and_fell": found,
        "removal_recall": round(found / max(1, int(must.sum())), 6),
        "false_removals": int((fallen & ~backed).sum()),
        **_planted(fallen, must, truth, threshold),
        **_witnessed(texts, removed, fallen, threshold),
    }


def _fallen(removed: pl.DataFrame, rows: int) -> npt.NDArray[np.bool_]:
    places = removed["row"].to_numpy()
    if len(np.unique(places)) != len(places) or (len(places) and not (places.min() >= 0 and places.max() < rows)):
        raise InputError(f"removed rows must be distinct and in 0..{rows - 1}; is this the output for this input?")
    fallen = np.zeros(rows, dtype=bool)
    fallen[places] = True
    return fallen


def _expected(
    fallen: npt.NDArray[np.bool_], pairs: pl.DataFrame
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows that must fall, and rows that have any near row which is kept, given what this removal keeps."""
    rows = np.arange(len(fallen))
    twins = pairs.filter(pl.col("kind") == "twin")
    group = rows.copy()
    group[twins["row"].to_numpy()] = twins["other"].to_numpy()
    kept = np.where(fallen, _FAR, rows)
    first = np.full(len(rows), _FAR)
    np.minimum.at(first, group, kept)
    near = first.copy()
    joined = pairs.filter(pl.col("kind") == "join")
    left, right = joined["row"].to_numpy(), joined["other"].to_numpy()
    np.minimum.at(near, left, first[right])
    np.minimum.at(near, right, first[left])
    return near[group] < rows, near[group] < _FAR


def _planted(
    fallen: npt.NDArray[np.bool_], must: npt.NDArray[np.bool_], truth: pl.DataFrame, threshold: float
) -> dict[str, float | int]:
    """The same recall over rows planted as copies at or above the threshold, whose partner is kept and earlier."""
    near = truth.filter((pl.col("kind") == "planted") & (pl.col("jaccard") >= threshold))
    row, other = near["row"].to_numpy(), near["other"].to_numpy()
    due = np.unique(row[~fallen[other]])
    if not must[due].all():
        raise InputError("planted pairs are missing from the join: is the truth of this input and this threshold?")
    return {"planted_must_fall": len(due), "planted_recall": round(float(fallen[due].mean()) if len(due) else 1.0, 6)}


def _witnessed(
    texts: pl.Series, removed: pl.DataFrame, fallen: npt.NDArray[np.bool_], threshold: float
) -> dict[str, float | int]:
    """Named witnesses: how many rows fell themselves, and how many Jaccards are below the threshold or not exact."""
    named = removed.drop_nulls("witness").sort("witness")
    lost = low = wrong = 0
    for row, witness, claimed in named.select("row", "witness", "jaccard").iter_rows():
        exact = jaccard(texts[row], texts[witness])
        lost += bool(fallen[witness])
        low += exact < threshold
        wrong += claimed is not None and abs(exact - claimed) > 1e-6
    return {
        "witnessed": named.height,
        "witness_fell_itself": lost,
        "witness_below_threshold": low,
        "jaccard_stated": removed["jaccard"].count(),
        "jaccard_wrong": wrong,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--column", default="text")
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--removed", type=Path, required=True)
    parser.add_argument("--threshold", type=float, default=0.8)
    args = parser.parse_args()
    texts = pl.read_parquet(args.input, columns=[args.column])[args.column]
    truth, removed = pl.read_parquet(args.truth), pl.read_parquet(args.removed)
    json.dump(score(texts, truth, removed, args.threshold), sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
