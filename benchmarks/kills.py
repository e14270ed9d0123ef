"""kill -9 at random moments of a run: `python -m benchmarks.kills --kills 100 --rows 200000 --work DIR --result F`.

A reference run is left alone. Then a run into another folder is killed after a random time, started again, killed
again, until one start comes to its end; every file it leaves is compared with the reference. Half of the kills hit
the whole process group, half only the main process, as the kernel does when memory runs out. The outcome so far is in
DIR/kills.json: the same command goes on where it was stopped. Not covered: a power cut, where what was written last
may be lost by the disk.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.read_input import blocks
from curate.versions import versions

_TIMES = frozenset({"created", "seconds", "rows_per_second", "peak_rss_mib", "command", "costs"})
"""What two runs may differ in: when they ran, how long, and what they were asked."""
_TEXTS_WITH_TIMES = ("report.html", "README.md", "SHA256SUMS")
"""Files that hold such times in their text, or the digest of one that does; JSON files are compared without them."""
_RECIPE = """\
title: Killed
read:
  shard_rows: {shard_rows}
  sources:
    - {{name: alpaca, files: [alpaca.jsonl]}}
    - {{name: tools, files: [tools.jsonl.gz]}}
    - {{name: array, files: [array.json]}}
bucket: {{}}
check: {{}}
dedup: {{}}
export: {{}}
"""


def write_world(folder: Path, rows: int, shard_rows: int) -> Path:
    """Three files (lines, packed lines, an array) with damage and duplicates in each, and a recipe for them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alpaca.jsonl").write_bytes(_damaged(b"".join(blocks("alpaca", rows // 2, 1))))
    with gzip.open(folder / "tools.jsonl.gz", "wb", compresslevel=1) as packed:
        packed.write(_damaged(b"".join(blocks("tools", rows // 4, 2))))
    lines = b"".join(blocks("alpaca", rows - rows // 2 - rows // 4, 3)).splitlines()
    lines[len(lines) // 2] = b'{"instruction": tru'
    (folder / "array.json").write_bytes(b"[" + b",\n ".join([*lines, lines[0]]) + b"]")
    recipe = folder / "recipe.yaml"
    recipe.write_text(_RECIPE.format(shard_rows=shard_rows), encoding="utf-8")
    return recipe


def _damaged(data: bytes) -> bytes:
    """A line that does not parse, a blank one and a repeated one after every thousandth."""
    lines = data.splitlines(keepends=True)
    for place in range(0, len(lines), 1000):
        lines[place] += b'{"instruction": "cut\n\n' + lines[place // 2]
    return b"".join(lines)


def outcome(out: Path) -> dict[str, str]:
    """Digest of every file of a run by its name, times left out; nothing may lie there that a run did not mean to."""
    found = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file() and path.name != ".lock"):
        name = path.relative_to(out).as_posix()
        if path.suffix == ".json":
            data = json.dumps(_timeless(json.loads(path.read_bytes())), sort_keys=True).encode()
        elif path.name in _TEXTS_WITH_TIMES:
            continue
        else:
            data = path.read_bytes()
        found[name] = hashlib.blake2b(data, digest_size=16).hexdigest()
    return found


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in _TIMES}
    return [_timeless(item) for item in value] if isinstance(value, list) else value


def start(recipe: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "curate.cli", "run", str(recipe), "--out", str(out), "--workers", str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, env=environment
    )


def ended(process: subprocess.Popen[bytes]) -> None:
    """Wait for a run that nobody kills; RuntimeError with its last words when it fails."""
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a run ended with {process.returncode}: {said.decode()[-2000:]}")


def until_whole(recipe: Path, out: Path, workers: int, longest: float, most: int, rng: random.Random) -> list[float]:
    """Kill and start again until a start comes to its end; the moments of the kills, in seconds from each start."""
    moments: list[float] = []
    while True:
        process = start(recipe, out, workers)
        if len(moments) == most:
            ended(process)
            return moments
        moment = rng.uniform(0, longest)
        try:
            ended_before_its_kill = process.wait(timeout=moment) == 0
        except subprocess.TimeoutExpired:
            kill = os.killpg if rng.random() < 0.5 else os.kill
            kill(process.pid, signal.SIGKILL)
            process.communicate()
            moments.append(round(moment, 3))
            continue
        if ended_before_its_kill:
            process.communicate()
            return moments
        ended(process)


def run_kills(work: Path, *, kills: int, rows: int, shard_rows: int, workers: int, seed: int) -> dict[str, Any]:
    """The record of all kills, as in DIR/kills.json; a record that is there for the same settings goes on."""
    settings = {"rows": rows, "shard_rows": shard_rows, "workers": workers, "seed": seed}
    recipe = write_world(work / "world", rows, shard_rows)
    journal = work / "kills.json"
    record: dict[str, Any] = json.loads(journal.read_text()) if journal.exists() else {}
    if record.get("settings") != settings:
        shutil.rmtree(work / "reference", ignore_errors=True)
        began = time.perf_counter()
        ended(start(recipe, work / "reference", workers))
        record = {"settings": settings, "reference_seconds": round(time.perf_counter() - began, 1), "runs": []}
    wanted = outcome(work / "reference")
    record["files"] = len(wanted)
    while (done := sum(len(run["moments"]) for run in record["runs"])) < kills:
        rng = random.Random(f"{seed}-{len(record['runs'])}")
        shutil.rmtree(work / "killed", ignore_errors=True)
        longest = record["reference_seconds"]
        moments = until_whole(recipe, work / "killed", workers, longest, kills - done, rng)
        found = outcome(work / "killed")
        odd = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        record["runs"].append({"moments": moments, "different_files": odd})
        aside = journal.with_suffix(".part")
        aside.write_text(json.dumps(record), encoding="utf-8")
        aside.replace(journal)
    return record


def summary(record: dict[str, Any]) -> dict[str, Any]:
    runs = record["runs"]
    return {
        **record["settings"],
        "reference_seconds": record["reference_seconds"],
        "files_compared": record["files"],
        "kills": sum(len(run["moments"]) for run in runs),
        "runs": len(runs),
        "runs_identical": sum(not run["different_files"] for run in runs),
        "different_files": sorted({name for run in runs for name in run["different_files"]}),
        "moments": [run["moments"] for run in runs],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--shard-rows", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--work", type=Path, required=True, help="a folder for the world, the runs and kills.json")
    parser.add_argument("--result", type=Path, required=True)
    given = parser.parse_args()
    record = run_kills(
        given.work,
        kills=given.kills,
        rows=given.rows,
        shard_rows=given.shard_rows,
        workers=given.workers,
        seed=given.seed,
    )
    result = {
        "command": shlex.join(
            ["python", "-m", "benchmarks.kills", "--kills", str(given.kills), "--rows", str(given.rows)]
        ),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        **summary(record),
    }
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if result["runs_identical"] != result["runs"]:
        raise SystemExit(f"not the same bytes: {', '.join(result['different_files'])}")


if __name__ == "__main__":
    main()
