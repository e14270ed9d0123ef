"""How fast a run of a million rows answers: `python -m benchmarks.show --rows 1000000 --folder DIR --json FILE.json`

Writes made-up conversations (half as JSON Lines, half as one array; one in fifty repeats another), walks read and
dedup over them, and times `curate show` from outside: process start, reading, printing. Then a second run over the same
rows of which some were edited, taken out and added, and `curate diff` of the two, whose counts are known beforehand.
Everything is made in --folder, which takes about 8 GB for a million rows; runs that stand there are used again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

CALLS = 20
REPEATED, EDITED, REMOVED = 50, 100, 1_000
"""One row in so many."""
_WORDS = [f"{a}{b}{c}" for a in ("ba", "ke", "lo", "mi", "tu") for b in ("rin", "sol", "ven", "dar") for c in "aeiou"]


def talk(number: int, edited: bool = False) -> dict[str, Any]:
    """A conversation of about 700 characters; equal numbers give equal ones."""
    rng = random.Random(number)
    words = " ".join(rng.choices(_WORDS, k=110))
    question = f"Question {number}: {words[:200]}?"
    answer = f"{words[200:]} That is answer {number}{' in short' if edited else ''}."
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def write_rows(folder: Path, rows: int, second: bool) -> Path:
    """rows.jsonl and rows.json of `rows` rows together, and the recipe over both."""
    folder.mkdir(parents=True, exist_ok=True)
    half = rows // 2
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(half):
            lines.write(_row(number, second) + "\n" if not (second and _removed(number)) else "")
    with (folder / "rows.json").open("w", encoding="utf-8") as array:
        array.write("[\n" + ",\n".join(_row(number, second) for number in range(half, rows)) + "\n]\n")
    tables = {"sources": [{"name": "lines", "files": ["rows.jsonl"]}, {"name": "array", "files": ["rows.json"]}]}
    recipe = folder / "recipe.json"
    recipe.write_text(json.dumps({"read": tables, "dedup": {"near": None}}), encoding="utf-8")
    return recipe


def _row(number: int, second: bool) -> str:
    twin = number - 7 if number % REPEATED == 7 else number
    return json.dumps(talk(twin, edited=second and number % EDITED == 3))


def _removed(number: int) -> bool:
    return number % REMOVED == 5


def curate(*args: str) -> tuple[float, float, float, str]:
    """Seconds, seconds of processor, peak memory in MiB and output of a command."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([sys.executable, "-m", "curate.cli", *args], stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        if process.returncode:
            raise SystemExit(f"curate {shlex.join(args)}: exit {process.returncode}")
        out.seek(0)
        return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read()


def walked(folder: Path, name: str, rows: int, second: bool) -> tuple[Path, float | None]:
    out = folder / f"run-{name}"
    if (out / "ids.bin").exists():
        return out, None
    recipe = write_rows(folder / name, rows, second)
    seconds, *_ = curate("run", str(recipe), "--out", str(out), "--until", "dedup")
    return out, seconds


def show_times(run: Path) -> dict[str, Any]:
    """Median and worst of CALLS calls each for rows of every kind, interleaved, after one call to warm the disk."""
    fallen = pl.read_parquet(run / "ledger.parquet")
    shards = sorted(run.glob("stages/dedup-*/*.kept.parquet"))
    ids = {
        "kept, first shard": pl.read_parquet(shards[0])["id"][17],
        "kept, last row of the array": pl.read_parquet(shards[-1])["id"][-1],
        "fell, with its witness": fallen["id"][fallen.height // 2],
        "witness of a row": fallen["witness"][fallen.height // 3],
    }
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in ids}
    for turn in range(CALLS + 1):
        for kind, id in ids.items():
            seconds, processor, _, out = curate("show", str(run), id)
            assert out.startswith(id), out
            if turn:
                times[kind].append((seconds, processor))
    bare = [_python() for _ in range(CALLS)]
    found = {
        kind: {
            "median_ms": _ms(statistics.median(seconds for seconds, _ in taken)),
            "worst_ms": _ms(max(seconds for seconds, _ in taken)),
            "median_processor_ms": _ms(statistics.median(processor for _, processor in taken)),
        }
        for kind, taken in times.items()
    }
    return {"calls_each": CALLS, "load_1m": os.getloadavg()[0], "by_kind": found, "python_alone_ms": _ms(min(bare))}


def _python() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def expected(rows: int) -> dict[str, int]:
    """What must differ between the two runs, by how their rows were made."""
    half = rows // 2
    edited = [number for number in range(rows) if number % EDITED == 3]
    before = {number for number in range(half) if number % EDITED == 3 or _removed(number)}
    after = {number - _removed_before(number) for number in edited if number < half}
    same_place = len(before & after)
    return {
        "entered": len(after) - same_place,
        "left": len(before) - same_place,
        "edited": same_place + sum(number >= half for number in edited),
    }


def _removed_before(number: int) -> int:
    """Lines taken out before a line: by so many it moved up."""
    return len(range(5, number, REMOVED))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    first, seconds = walked(args.folder, "first", args.rows, False)
    shown = show_times(first)
    from curate.indexing import made

    stages = json.loads((first / "run.json").read_bytes())["stages"]
    started = time.perf_counter()
    data = made(first, stages)
    index = {"seconds": round(time.perf_counter() - started, 2), "bytes": len(data)}
    index["bytes_a_row"] = round(len(data) / args.rows, 2)
    assert data == (first / "ids.bin").read_bytes(), "the index of the run is not the one made now"
    second, _ = walked(args.folder, "second", args.rows, True)
    took, processor, memory, out = curate("diff", str(first), str(second), "--json")
    changes = json.loads(out)["changes"]
    made_so = expected(args.rows)
    assert made_so.items() <= changes.items(), (made_so, changes)
    found = {
        "command": f"python -m benchmarks.show --rows {args.rows} --folder DIR --json FILE",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "polars": pl.__version__},
        "rows": args.rows,
        "run_seconds": seconds and round(seconds, 1),
        "show": shown,
        "index": index,
        "diff": {
            "seconds": round(took, 1),
            "processor_seconds": round(processor, 1),
            "peak_mib": round(memory),
            "changes": changes,
            "made": made_so,
        },
    }
    text = json.dumps(found, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
