"""A big input for near-duplicate removal, with its truth: real rows, new rows made of real sentences, mutated copies.

python -m benchmarks.near_input --rows 1000000 --out near.parquet --truth truth.parquet --data DIR --seed 0

Rows in random order: one refusal repeated in 2% of the rows, exact copies 3%, copies with edited words 15% (Jaccard
about .6 to .99, half of them between .76 and .86), long rows 0.05%, real rows at most half of the file, and for the
rest rows of 4 to 9 sentences drawn from different real rows, which are near nothing. Truth: every pair of the file at
or above --threshold by an exact join (`near/join.py`), and every planted pair whatever its Jaccard. Not covered:
other alphabets beyond what the real rows hold, rows of more than about 8,000 words.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.near.join import Texts, jaccard, join
from benchmarks.near.texts import real_texts

REFUSAL = "I'm sorry, but I can't help with that request. Is there anything else that I can do for you today?"
SHARE = {"refusal": 0.02, "exact": 0.03, "near": 0.15, "long": 0.0005}
_SHARD = 50_000


@dataclass(frozen=True)
class Plan:
    """What each row is (`kind`), and which base text it shows or copies (`base`)."""

    kind: list[str]
    base: npt.NDArray[np.int64]
    seed: int


@dataclass(frozen=True)
class World:
    """The real rows, and their sentences of 6 to 40 words for new rows."""

    real: Sequence[str]
    sentences: Sequence[str]

    def base(self, number: int, plan: Plan) -> str:
        """Base text `number`: a real row below len(real), a new row from there on, a long one if it is negative."""
        if 0 <= number < len(self.real):
            return self.real[number]
        rng = random.Random(plan.seed * (1 << 40) + number)
        size = rng.randint(4, 9) if number >= 0 else rng.randint(150, 400)
        return " ".join(rng.sample(self.sentences, size))


def world(folder: Path) -> World:
    real = real_texts(folder)
    parts = (part.strip() for text in real for part in re.split(r"(?<=[.!?。！？])\s+|\n+", text))
    return World(real, sorted({part for part in parts if 6 <= len(part.split()) <= 40}))


def plan(rows: int, real: int, seed: int) -> Plan:
    """`rows` rows in random order; at most half of them real, each real row at most once as itself."""
    rng = np.random.default_rng(seed)
    counts = {kind: int(rows * share) for kind, share in SHARE.items()}
    left = rows - sum(counts.values())
    shown = rng.permutation(real)[: min(real, rows // 2)]
    new = real + np.arange(left - len(shown))
    plain = np.concatenate([shown, new, -1 - np.arange(counts["long"])])
    copied = rng.choice(plain, counts["exact"] + counts["near"])
    base = np.concatenate([plain, copied, np.zeros(counts["refusal"], dtype=np.int64)])
    kind = ["plain"] * len(plain) + ["exact"] * counts["exact"] + ["near"] * counts["near"]
    kind += ["refusal"] * counts["refusal"]
    order = rng.permutation(rows)
    return Plan([kind[k] for k in order], base[order], seed)


def text_of(row: int, made: Plan, source: World) -> str:
    """The text of one row: deterministic, so that nothing but the real rows is ever held in memory."""
    kind = made.kind[row]
    if kind == "refusal":
        return REFUSAL
    text = source.base(int(made.base[row]), made)
    if kind != "near":
        return text
    rng = random.Random(made.seed * (1 << 40) + (1 << 39) + row)
    close = rng.uniform(0.76, 0.86) if rng.random() < 0.5 else rng.uniform(0.6, 0.99)
    return edited(rng, text, close, source.sentences)


def edited(rng: random.Random, text: str, close: float, sentences: Sequence[str]) -> str:
    """About n (1 - J) / (5 (1 + J)) words replaced, dropped or doubled by new ones: each breaks five shingles."""
    words = text.split()
    shingles = max(1, len(words) - 4)
    edits = max(1, round(shingles * (1 - close) / (5 * (1 + close))))
    for at in sorted(rng.sample(range(len(words)), min(edits, len(words))), reverse=True):
        new = rng.choice(rng.choice(sentences).split())
        words[at : at + 1] = rng.choice(([new], [new], [], [words[at], new]))
    return " ".join(words) or text


def write(rows: int, made: Plan, source: World, out: Path) -> None:
    """The rows as parquet (one column, text), shard by shard."""
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        for start in range(0, rows, _SHARD):
            part = [text_of(row, made, source) for row in range(start, min(rows, start + _SHARD))]
            pl.DataFrame({"text": part}).write_parquet(f"{folder}/{start:012d}.parquet")
        pl.scan_parquet(f"{folder}/*.parquet").sink_parquet(out)


def truth(made: Plan, texts: Texts, threshold: float) -> pl.DataFrame:
    """Pairs row > other with their exact Jaccard: kind join (both rows are first of their set), twin, planted."""
    found = join(texts, threshold)
    twins = np.flatnonzero(found.twin != np.arange(len(texts)))
    parts = [
        (found.pairs[:, 1], found.pairs[:, 0], found.jaccard, "join"),
        (twins, found.twin[twins], np.ones(len(twins)), "twin"),
        (*_planted(made, texts), "planted"),
    ]
    frames = [pl.DataFrame({"row": r, "other": o, "jaccard": j}).with_columns(kind=pl.lit(k)) for r, o, j, k in parts]
    types = {"row": pl.Int64(), "other": pl.Int64(), "jaccard": pl.Float64()}
    return pl.concat([frame.cast(types) for frame in frames])  # type: ignore[arg-type]


def _planted(made: Plan, texts: Texts) -> tuple[list[int], list[int], list[float]]:
    at = {int(base): row for row, (kind, base) in enumerate(zip(made.kind, made.base, strict=True)) if kind == "plain"}
    pairs = [(row, at[int(made.base[row])]) for row, kind in enumerate(made.kind) if kind in ("exact", "near")]
    ordered = [(max(pair), min(pair)) for pair in pairs]
    return [a for a, _ in ordered], [b for _, b in ordered], [jaccard(texts[a], texts[b]) for a, b in ordered]


def facts(made: Plan, table: pl.DataFrame, threshold: float) -> Iterator[tuple[str, object]]:
    """What a reader of the benchmark should know of its input."""
    yield "rows", len(made.kind)
    yield "kinds", {kind: made.kind.count(kind) for kind in sorted(set(made.kind))}
    planted = table.filter(pl.col("kind") == "planted")["jaccard"]
    cuts = (0.0, 0.6, 0.7, 0.75, 0.78, 0.8, 0.82, 0.85, 0.9, 0.99, 1.0)
    inside = {f"{a:g}..{b:g}": int(((planted >= a) & (planted < b)).sum()) for a, b in pairwise(cuts)}
    yield "planted_jaccard", {**inside, "1": int((planted == 1).sum())}
    new = table.filter(pl.col("kind") != "planted")
    yield (
        f"true_pairs_at_{threshold:g}",
        dict(sorted(new["kind"].value_counts().iter_rows())),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with the real data sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threshold", type=float, default=0.8)
    args = parser.parse_args()
    start = time.perf_counter()
    source = world(args.data)
    made = plan(args.rows, len(source.real), args.seed)
    write(args.rows, made, source, args.out)
    written = time.perf_counter() - start
    table = truth(made, pl.read_parquet(args.out)["text"], args.threshold)
    table.write_parquet(args.truth)
    seconds = {"seconds_write": round(written, 1), "seconds_truth": round(time.perf_counter() - start - written, 1)}
    json.dump({**dict(facts(made, table, args.threshold)), **seconds}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
