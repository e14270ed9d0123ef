"""Run a file of hostile and honest programs through the sandbox: python -m verifiers.sandbox.battery FILE.jsonl

A row: id, mode (function | stdio), code, tests, setup?, entry_point?, stdin?, expected_stdout?, expected, accept, post?
(looked at from outside afterwards). Exit 0 only if every verdict is acceptable and no trap was sprung; 4 where nothing
isolates. A false pass is a pass that neither expected nor accept names.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from verifiers.sandbox.limits import Checked, Limits, Program
from verifiers.sandbox.process import TIERS, RefusedError
from verifiers.sandbox.tiers import usable_tier
from verifiers.sandbox.traps import Traps
from verifiers.sandbox.worker import Worker

_SANE = Program("def add(a, b):\n    return a + b\n", "assert add(2, 3) == 5\n")


def run_row(worker: Worker, row: dict[str, Any], traps: Traps) -> dict[str, Any]:
    """{id, expected, got, trust, ok, wrong, seconds} of one row."""
    started = time.monotonic()
    with Peak(worker) as peak:
        done = _patient(worker, _program(row, traps))
    post = dict(row.get("post") or {})
    wrong = traps.sprung(post)
    if post.get("next_check_ok") and worker.check(_SANE).verdict != "pass":
        wrong.append("the next check fails")
    below = post.get("peak_total_rss_below")
    if below is not None and peak.bytes >= below:
        wrong.append(f"{peak.bytes} bytes of memory at the peak")
    due = {row["expected"], *(row.get("accept") or ())}
    return {
        "id": row["id"], "expected": row["expected"], "got": done.verdict, "trust": done.trust,
        "ok": done.verdict in due and not wrong, "false_pass": done.verdict == "pass" and "pass" not in due,
        "wrong": wrong, "reason": done.reason, "seconds": round(time.monotonic() - started, 3),
    }  # fmt: skip


def _program(row: dict[str, Any], traps: Traps) -> Program:
    made = Program(
        code=traps.fill(row["code"]), setup=traps.fill(row.get("setup") or ""), entry_point=row.get("entry_point"),
        stdin=traps.fill(row.get("stdin") or ""), expected_stdout=row.get("expected_stdout") or "",
    )  # fmt: skip
    return made if row["mode"] == "stdio" else replace(made, tests=traps.fill(row.get("tests") or ""))


def _patient(worker: Worker, program: Program) -> Checked:
    """A broken sandbox is no verdict, and neither is a time-out that left half its processor time: once more."""
    done = worker.check(program)
    idle = done.verdict == "timeout" and done.cpu_seconds < worker.limits.cpu_seconds / 2
    return worker.check(program) if done.verdict == "broken" or idle else done


class Peak:
    """The most memory that the worker's sandboxes held together, looked at every 20 ms."""

    def __init__(self, worker: Worker) -> None:
        self.worker, self.bytes, self.over = worker, 0, threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self.over.wait(0.02):
            self.bytes = max(self.bytes, sum(sandbox.memory() for sandbox in list(self.worker.boxes.values())))

    def __enter__(self) -> Peak:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


def main(words: list[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m verifiers.sandbox.battery", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--tier", default="auto", choices=("auto", *TIERS))
    parser.add_argument("--json", action="store_true", help="one JSON object a row, then one with the totals")
    asked = parser.parse_args(words)
    try:
        tier = usable_tier(asked.tier)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return 4
    rows = [json.loads(line) for line in asked.file.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = []
    worker = Worker(tier, Limits())
    try:
        with Traps() as traps:
            for row in rows:
                found.append(run_row(worker, row, traps))
                print(json.dumps(found[-1]) if asked.json else _line(found[-1]), flush=True)
    finally:
        worker.close()
    totals = {
        "programs": len(found), "acceptable": sum(row["ok"] for row in found),
        "false_passes": sum(row["false_pass"] for row in found), "tier": tier,
    }  # fmt: skip
    told = "{programs} programs, {acceptable} acceptable, {false_passes} false passes, tier {tier}".format(**totals)
    print(json.dumps(totals) if asked.json else told)
    return 0 if found and totals["acceptable"] == len(found) else 1


def _line(row: dict[str, Any]) -> str:
    tail = "" if row["ok"] else f"  NOT ACCEPTABLE {'; '.join(row['wrong']) or row['reason']}"
    return f"{row['id']:<28} {row['expected']:<8} {row['got']:<10} {row['trust']}{tail}"


if __name__ == "__main__":
    sys.exit(main())
