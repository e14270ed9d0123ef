"""Raw files to canonical shards, beside two peers, in one run, measured from outside: wall, CPU, peak memory.

python -m benchmarks.read --rows 1000000 --more-rows 10000000 --peers-python read-peers/bin/python --cpus 0,1 \\
    --work DIR --result benchmarks/results/read.json

Ours is `curate run --until read`: start of the interpreter, digests of the inputs, parsing, conversion, ids and hashes,
measures, parquet written and counted. The peers do less, and that is said beside their figures: `datasets` parses and
maps to messages (no ids, hashes, measures, no row with its fault), Data-Juicer's converters rename keys, one row after
the other (they take one JSON array, so they get the same rows as that). The environment of the peers is in
`benchmarks/peers/README.md`. --more-rows reads a longer Alpaca-like file with ours alone: its memory should be the
same. Peak memory is summed over the process tree, pages that processes share counted once for each. Not covered: a
cold disk (a file is written just before it is read).
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import shutil
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.compare_dedup import Spent, spent
from benchmarks.read_input import write_array, write_rows
from curate.versions import versions

SHAPES = ("alpaca", "tools")
BARS = {"alpaca": 50_000, "tools": 15_000}
"""Rows a second on two cores."""
_LIMIT_MIB = 2048
_RECIPE = "title: Reading\nread:\n  sources:\n    - {{name: rows, files: [{name}]}}\n"
PEERS = {
    "datasets": "parses and maps to messages, saves Arrow; no ids, hashes, measures or faults",
    "data_juicer": "renames keys of a JSON array, writes JSON Lines; one process, whole file in memory",
}


def ours(path: Path, rows: int, cpus: str, workers: int, limit: float) -> dict[str, Any]:
    """What `curate run --until read` costs on a file of `rows` rows; all of them must be kept."""
    recipe, out = path.with_suffix(".yaml"), path.with_suffix(".run")
    recipe.write_text(_RECIPE.format(name=path.name), encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    asked = ["--out", str(out), "--until", "read", "--workers", str(workers)]
    cost = spent([sys.executable, "-m", "curate.cli", "run", str(recipe), *asked], cpus, limit)
    figures = speeds(cost, rows)
    if cost.failed is None:
        stage = json.loads((out / "run.json").read_text(encoding="utf-8"))["stages"][0]
        figures["stage_seconds"] = round(stage["seconds"], 2)
        figures["kept"] = stage["counts"]["kept"]
        if stage["counts"]["kept"] != rows:
            raise RuntimeError(f"{path.name}: {rows} rows written, {stage['counts']} read")
    shutil.rmtree(out, ignore_errors=True)
    return figures


def speeds(cost: Spent, rows: int) -> dict[str, Any]:
    """The cost with rows a second, by the clock and by the processor (user and system time of all processes)."""
    figures: dict[str, Any] = {key: value for key, value in asdict(cost).items() if value is not None}
    if cost.failed is None:
        figures["rows_per_second"] = round(rows / cost.wall_seconds)
        figures["rows_per_core_second"] = round(rows / cost.cpu_seconds)
    return figures


def peer(name: str, python: str, shape: str, path: Path, cpus: str, workers: int, rows: int, limit: float) -> Any:
    """What a peer costs on the same rows; `failed` says why it gave nothing."""
    aside = path.parent / "peer"
    aside.mkdir()
    given = path
    if name == "data_juicer":
        given = aside / "rows.json"
        write_array(given, path)
    script = Path(__file__).parent / "peers" / f"{name}_read.py"
    asked = ["--shape", shape, "--input", str(given), "--out", str(aside / "out"), "--workers", str(workers)]
    figures = speeds(spent([python, str(script), *asked], cpus, limit), rows)
    shutil.rmtree(aside)
    return {"does": PEERS[name], **figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--more-rows", type=int, default=0, help="rows of the longer file; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cpus", default="0,1", help="cores, as taskset takes them")
    parser.add_argument("--peers-python", help="interpreter of the peers' environment; without it, ours alone")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which a run is given up")
    parser.add_argument("--work", type=Path, required=True, help="a folder for inputs and outputs (about 10 GB)")
    parser.add_argument("--result", type=Path, required=True)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {}
    for shape in SHAPES:
        path = given.work / f"{shape}.jsonl"
        write_rows(path, shape, given.rows, given.seed)
        size = path.stat().st_size
        cost = ours(path, given.rows, given.cpus, given.workers, given.limit)
        fast = cost.get("rows_per_second", 0) >= BARS[shape]
        met = {"rows_per_second": fast, "peak_memory": cost["peak_rss_mib"] < _LIMIT_MIB}
        result[shape] = {"rows": given.rows, "bytes_per_row": round(size / given.rows), "ours": cost, "bars_met": met}
        for name in PEERS if given.peers_python else ():
            result[shape][name] = peer(
                name, given.peers_python, shape, path, given.cpus, given.workers, given.rows, given.limit
            )
        path.unlink()
    if given.more_rows:
        path = given.work / "long.jsonl"
        write_rows(path, "alpaca", given.more_rows, given.seed)
        result["long"] = {
            "rows": given.more_rows,
            "ours": ours(path, given.more_rows, given.cpus, given.workers, given.limit),
        }
        path.unlink()
    said = ["--rows", str(given.rows), "--more-rows", str(given.more_rows), "--workers", str(given.workers)]
    entry = {
        "command": shlex.join(["python", "-m", "benchmarks.read", *said, "--cpus", given.cpus]),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": platform.machine(),
        **result,
    }
    given.result.write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
