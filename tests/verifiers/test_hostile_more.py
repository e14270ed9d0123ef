"""A second battery of hostile programs (rewards that are hacked, what is left for the next check) and honest twins.

Rows are in the form that `python -m verifiers.sandbox.battery tests/verifiers/hostile_more.jsonl` reads, too.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from verifiers.execution import judge_program
from verifiers.sandbox import Limits, Worker
from verifiers.sandbox.battery import run_row
from verifiers.sandbox.process import TIERS
from verifiers.sandbox.tiers import refusal
from verifiers.sandbox.traps import Traps

FILE = Path(__file__).with_name("hostile_more.jsonl")
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
TIER = next((tier for tier in TIERS if not refusal(tier)), "")
PARTS = 3


def test_every_row_gets_an_acceptable_verdict() -> None:
    """Rows stay in order within a worker: what one leaves, the next may not find."""
    if not TIER:
        pytest.skip("nothing isolates here")
    size = -(-len(ROWS) // PARTS)
    parts = [ROWS[at : at + size] for at in range(0, len(ROWS), size)]
    with Traps() as traps, ThreadPoolExecutor(PARTS) as threads:
        found = [row for part in threads.map(lambda rows: _run(rows, traps), parts) for row in part]
    odd = [(row["id"], row["got"], row["wrong"], row["reason"]) for row in found if not row["ok"]]
    assert odd == []
    assert len(found) == len(ROWS)


def _run(rows: list[dict[str, Any]], traps: Traps) -> list[dict[str, Any]]:
    worker = Worker(TIER, Limits(cpu_seconds=1, wall_seconds=1.5))
    try:
        return [run_row(worker, row, traps) for row in rows]
    finally:
        worker.close()


def test_the_interpreter_passes_no_hostile_and_fails_no_honest_program() -> None:
    rows = [row for row in ROWS if row["mode"] == "function"]
    said = {row["id"]: judge_program(row["code"], row["tests"]).outcome for row in rows}
    assert [row["id"] for row in rows if row["expected"] == "fail" and said[row["id"]] == "pass"] == []
    assert [row["id"] for row in rows if row["expected"] == "pass" and said[row["id"]] == "fail"] == []


def test_the_file_holds_many_hostile_rows_and_twins() -> None:
    names = [row["id"] for row in ROWS]
    assert len(set(names)) == len(names)
    assert sum(row["kind"] != "honest" for row in ROWS) >= 120
    assert sum(row["kind"] == "honest" for row in ROWS) >= 30
