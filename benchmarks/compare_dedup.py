"""Ours and four peers on the same file in the same run, measured from outside: wall, CPU, peak memory, quality.

python -m benchmarks.compare_dedup --input near.parquet --truth truth.parquet --peers-python peers-venv/bin/python \\
    --repeats 3 --cpus 0,1 --out benchmarks/results/dedup-52k.json

Input and truth come from `benchmarks.near_input`; the peers' environment from `benchmarks/peers/README.md`. Rounds are
interleaved, so that a slow minute of the machine meets all. Everything from starting the interpreter to the written
output counts. Peak memory is summed over the process tree, sampled every 50 ms. A peer that dies or passes --limit is
reported as that. Not covered: a cold disk (the file is read once before the first round).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psutil

from benchmarks.near.score import score
from buckets import InputError
from curate.meter import resident_mib

OURS = "ours"
PEERS = ("daft_minhash", "rensa_minhash", "datasketch_lsh", "textdedup_minhash")
_EVERY = 0.05


@dataclass(frozen=True)
class Spent:
    """What one process tree cost, or why it gave nothing."""

    wall_seconds: float
    cpu_seconds: float
    peak_rss_mib: float
    failed: str | None = None


def spent(command: Sequence[str], cpus: str, limit: float) -> Spent:
    """Run a command on the given cores until it ends or `limit` seconds have passed."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            ["taskset", "-c", cpus, *command], stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        peak, late = _watched(process.pid, start + limit)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        errors.seek(0)
        tail = errors.read().decode(errors="replace")[-300:]
    code = os.waitstatus_to_exitcode(status)
    failed = f"over {limit:.0f} s" if late else f"exit {code}: {tail}" if code else None
    return Spent(round(wall, 3), round(used.ru_utime + used.ru_stime, 3), round(peak, 1), failed)


def _watched(pid: int, deadline: float) -> tuple[float, bool]:
    """(peak MiB, whether it had to be killed); returns when the process has ended but is not yet reaped."""
    tree, peak = psutil.Process(pid), 0.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.perf_counter() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            return peak, True
        peak = max(peak, resident_mib(tree))
        time.sleep(_EVERY)
    return peak, False


def command_of(name: str, peers_python: Path, source: Path, column: str, out: Path) -> list[str]:
    """The same command line for all: threshold 0.8, word 5-grams."""
    options = ["--input", str(source), "--column", column, "--threshold", "0.8", "--out", str(out), "--json"]
    if name == OURS:
        return [sys.executable, "-m", "benchmarks.dedup", *options, "--shingle", "word5"]
    return [str(peers_python), "-m", f"benchmarks.peers.{name}", *options]


def compared(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """By name: the rounds, their medians, and the quality of the last output."""
    texts = pl.read_parquet(options.input, columns=[options.column])[options.column]
    truth = pl.read_parquet(options.truth)
    names = [OURS, *options.only.split(",")]
    rounds: dict[str, list[Spent]] = {name: [] for name in names}
    quality: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.repeats):
            for name in names:
                if any(one.failed for one in rounds[name]):
                    continue
                out = Path(folder, f"{name}.parquet")
                command = command_of(name, options.peers_python, options.input, options.column, out)
                rounds[name].append(spent(command, options.cpus, options.limit))
                print(f"round {turn + 1} {name}: {rounds[name][-1]}", file=sys.stderr, flush=True)
                if rounds[name][-1].failed is None and name not in quality:
                    quality[name] = score(texts, truth, pl.read_parquet(out), 0.8)
    return {name: _summed(rounds[name], quality.get(name)) for name in names}


def _summed(rounds: Sequence[Spent], quality: Any) -> dict[str, Any]:
    good = [one for one in rounds if one.failed is None]
    keys = ("wall_seconds", "cpu_seconds", "peak_rss_mib")
    medians = {key: statistics.median(getattr(one, key) for one in good) for key in keys} if good else None
    return {"median": medians, "quality": quality, "rounds": [asdict(one) for one in rounds]}


def bars(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Ours against the fastest peer by wall time, and against the one that needs the least CPU."""
    medians = {name: result["median"] for name, result in results.items() if result["median"]}
    peers = {name: median for name, median in medians.items() if name != OURS}
    if OURS not in medians or not peers:
        raise InputError("ours or every peer failed; the rounds on standard error say why")
    fastest = min(peers, key=lambda name: peers[name]["wall_seconds"])
    thriftiest = min(peers, key=lambda name: peers[name]["cpu_seconds"])
    ours = medians[OURS]
    return {
        "fastest_peer": fastest,
        "wall_over_fastest_peer": round(ours["wall_seconds"] / peers[fastest]["wall_seconds"], 3),
        "cpu_over_fastest_peer": round(ours["cpu_seconds"] / peers[fastest]["cpu_seconds"], 3),
        "thriftiest_peer": thriftiest,
        "cpu_over_thriftiest_peer": round(ours["cpu_seconds"] / peers[thriftiest]["cpu_seconds"], 3),
        "peak_rss_mib": ours["peak_rss_mib"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--column", default="text")
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--peers-python", type=Path, required=True)
    parser.add_argument("--only", default=",".join(PEERS), help="peers to run, with commas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cpus", default="0,1", help="cores that each process may use")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which a process is killed")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    results = compared(options)
    head = {
        "command": shlex.join(["python", "-m", "benchmarks.compare_dedup", *sys.argv[1:]]),
        "created": datetime.now(UTC).date().isoformat(),
        "cpu_cores": len(options.cpus.split(",")),
        "machine": platform.machine(),
        "rows": pl.scan_parquet(options.input).select(pl.len()).collect().item(),
        "input_mib": round(options.input.stat().st_size / 2**20, 1),
        "bars": bars(results),
    }
    options.out.write_text(json.dumps({**head, "results": results}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(head["bars"], indent=1))


if __name__ == "__main__":
    main()
