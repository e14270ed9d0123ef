"""Semantic duplicates against plain libraries: `python -m benchmarks.semantic --texts F.parquet --model DIR --json`.

Pairs: all pairs of N vectors at or above a cosine, beside faiss IVF as it comes (train, add, range_search of all
vectors, nprobe 4); the truth for row recall is a whole product in double precision. Throughput: `Encoder` beside
`SentenceTransformer.encode` with its defaults in float32 on the same texts; nothing is cached, and a text that stands
twice is computed twice by both. Every figure is the best of `--repeats` runs, taken in turns. `--out` keeps the JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from buckets import cores, write_json
from curate.cosine import F32, exact_pairs, unit
from curate.embed import Encoder
from curate.lists import listed_pairs

PROBES = 4
PLAIN = 32
"""Batch size of a plain `encode`."""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def faiss_ivf(vectors: F32, threshold: float, lists: int) -> tuple[Any, Any]:
    """limits and ids of a plain IVF range search of the vectors in themselves."""
    import faiss

    faiss.omp_set_num_threads(cores())
    index: Any = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(vectors.shape[1]), vectors.shape[1], lists, faiss.METRIC_INNER_PRODUCT
    )
    index.train(vectors)
    index.add(vectors)
    index.nprobe = PROBES
    limits, _, found = index.range_search(vectors, threshold)
    return limits, found


def rows_with_a_neighbour(vectors: F32, threshold: float) -> tuple[set[int], int]:
    """(rows that have any other row at or above the cosine, pairs), by brute force in double precision."""
    long = vectors.astype(np.float64)
    rows: set[int] = set()
    pairs = 0
    for start in range(0, len(long), 1024):
        near = long[start : start + 1024] @ long.T >= threshold
        near[np.arange(len(near)), np.arange(start, start + len(near))] = False
        pairs += int(near.sum())
        rows.update((start + np.flatnonzero(near.any(axis=1))).tolist())
    return rows, pairs // 2


def pairs_part(vectors: F32, threshold: float, repeats: int) -> dict[str, Any]:
    """Wall seconds of ours and of faiss, in turns, and what each found."""
    exact_pairs(vectors[:2000], threshold)  # compile the loops once
    lists = int(np.sqrt(len(vectors)))
    peers: dict[str, Callable[[], Any]] = {
        f"faiss_ivf_{lists}_nprobe_{PROBES}": lambda: faiss_ivf(vectors, threshold, lists),
        f"faiss_ivf_{4 * lists}_nprobe_{PROBES}": lambda: faiss_ivf(vectors, threshold, 4 * lists),
    }
    seconds: dict[str, list[float]] = {name: [] for name in (*peers, "exact")}
    found: dict[str, Any] = {}
    for _ in range(repeats):
        for name, work in [*peers.items(), ("exact", lambda: exact_pairs(vectors, threshold))]:
            took, found[name] = timed(work)
            seconds[name].append(round(took, 3))
    truth, pairs = rows_with_a_neighbour(vectors, threshold)
    near = found["exact"]
    ours = {*near.row().tolist(), *near.other.tolist()}
    best = min(min(seconds[name]) for name in peers)
    listed = listed_pairs(vectors, threshold, 0.999)
    return {
        "vectors": len(vectors),
        "width": vectors.shape[1],
        "cosine": threshold,
        "seconds": seconds,
        "best_over_best_faiss": round(min(seconds["exact"]) / best, 3),
        "pairs_true": pairs,
        "pairs_found": near.notes["pairs"],
        "rows_true": len(truth),
        "row_recall": len(truth & ours) / max(1, len(truth)),
        "faiss_row_recall": {name: _faiss_recall(found[name], truth) for name in peers},
        "coordinates_compared_first": near.notes["coordinates_compared_first"],
        "lists_for_large_sets": listed.notes,
    }


def _faiss_recall(found: tuple[Any, Any], truth: set[int]) -> float:
    limits, ids = found
    row = np.repeat(np.arange(len(limits) - 1), np.diff(limits.astype(np.int64)))
    return len(truth & set(row[row != ids].tolist())) / max(1, len(truth))


def encode_part(texts: list[str], model: Path, repeats: int) -> dict[str, Any]:
    """Texts a second of plain `encode` and of each backend that is installed, in turns; cosines to the plain one."""
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(model), device="cpu", model_kwargs={"use_safetensors": True})
    ways: dict[str, Callable[[], F32]] = {
        "plain_float32": lambda: plain.encode(texts, batch_size=PLAIN, show_progress_bar=False)
    }
    for backend, module in (("torch", "torch"), ("openvino", "openvino"), ("onnx", "onnxruntime")):
        if find_spec(module) is not None:
            for precision in ("float32", "bfloat16") if backend != "onnx" else ("float32",):
                encoder = Encoder(model, backend=backend, precision=precision)  # type: ignore[arg-type]
                ways[f"{backend}_{precision}"] = lambda encoder=encoder: encoder.encode(texts).vectors  # type: ignore[misc]
    for work in ways.values():
        work() if len(texts) < 200 else None
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    made: dict[str, F32] = {}
    for _ in range(repeats):
        for name, work in ways.items():
            took, made[name] = timed(work)
            seconds[name].append(round(took, 3))
    base = min(seconds["plain_float32"])
    reference = unit(made["plain_float32"])
    result = {
        name: {
            "seconds": seconds[name],
            "texts_per_second": round(len(texts) / min(seconds[name]), 1),
            "times_plain": round(base / min(seconds[name]), 2),
            "cosine_min": round(float((reference * unit(made[name])).sum(axis=1).min()), 6),
            "cosine_mean": round(float((reference * unit(made[name])).sum(axis=1).mean()), 6),
        }
        for name in ways
    }
    return {"texts": len(texts), "distinct_texts": len(set(texts)), "ways": result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True, help="parquet file")
    parser.add_argument("--column", default="text")
    parser.add_argument("--model", type=Path, required=True, help="sentence-transformers folder")
    parser.add_argument("--vectors", type=int, default=50_000, help="vectors whose pairs are searched; 0: none")
    parser.add_argument("--encode", type=int, default=2_000, help="texts of the throughput part; 0: none")
    parser.add_argument("--cosine", type=float, default=0.9)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    texts = pl.read_parquet(options.texts, columns=[options.column])[options.column].drop_nulls().to_list()
    order = np.random.default_rng(0).permutation(len(texts))
    found: dict[str, Any] = {
        "command": shlex.join(["python", "-m", "benchmarks.semantic", *sys.argv[1:]]),
        "cores": cores(),
        "python": platform.python_version(),
        "versions": {
            name: metadata.version(name)
            for name in ("torch", "sentence-transformers", "faiss-cpu", "numpy", "openvino", "onnxruntime")
            if find_spec({"faiss-cpu": "faiss"}.get(name, name.replace("-", "_"))) is not None
        },
    }
    if options.encode:
        some = [texts[place] for place in order[: options.encode]]
        found["throughput"] = encode_part(some, options.model, options.repeats)
    if options.vectors:
        distinct = list(dict.fromkeys(texts[place] for place in order))[: options.vectors]
        vectors = Encoder(options.model).encode(distinct).vectors
        found["pairs"] = pairs_part(unit(vectors), options.cosine, options.repeats)
    if options.out is not None:
        write_json(options.out, found)
    print(json.dumps(found) if options.json else json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
