"""The contract of every verifier: gold passes, damaged gold fails, deterministic, pure, never an exception.

CONTRACT_EXAMPLES=10000 asks each verifier about that many generated records; 60 by default. `benchmarks/contracts.py`
asks all of them about the same 10,000 and commits what it found.
"""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import Draft, Record, RowError, frame_of, row_of
from tests.contracts.records import DRAFT, RECORD
from tests.verifiers.templates import TEMPLATES, tokenizer_for
from verifiers import FLAG_NAMES, VERIFIERS, Check, Outcome, Trainability, Verdict, check, flags, trainable_check

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "60"))

CHECKS: dict[str, Check] = {
    **VERIFIERS,
    "trainable": trainable_check(Trainability(tokenizer_for(TEMPLATES["chatml"]), 4000)),
}
"""Trainability has no place in VERIFIERS, for it needs the tokenizer of the run; the contract holds for it too."""


@pytest.mark.parametrize("name", CHECKS)
def test_is_filed_under_its_name_with_gold_and_damaged_gold(name: str) -> None:
    assert CHECKS[name].name == name
    assert CHECKS[name].gold
    assert CHECKS[name].damaged


@pytest.mark.parametrize(("name", "at"), [(n, i) for n, c in CHECKS.items() for i in range(len(c.gold))])
def test_gold_passes(name: str, at: int) -> None:
    verdict = CHECKS[name](CHECKS[name].gold[at])
    assert verdict.outcome is Outcome.PASS, verdict


@pytest.mark.parametrize(("name", "at"), [(n, i) for n, c in CHECKS.items() for i in range(len(c.damaged))])
def test_damaged_gold_fails_and_says_why(name: str, at: int) -> None:
    verdict = CHECKS[name](CHECKS[name].damaged[at])
    assert verdict.outcome is Outcome.FAIL, verdict
    assert verdict.rule
    assert verdict.reason


@pytest.mark.parametrize("name", CHECKS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(record=RECORD)
def test_never_raises_and_is_deterministic(name: str, record: Record) -> None:
    before = deepcopy(record)
    first = CHECKS[name](record)
    assert record == before
    assert isinstance(first, Verdict)
    assert isinstance(first.outcome, Outcome)
    assert len(first.evidence) <= 400 or first.outcome is Outcome.PASS
    assert CHECKS[name](record) == first
    if first.outcome is not Outcome.PASS:
        assert first.reason


@settings(max_examples=max(20, EXAMPLES // 100), deadline=None, derandomize=True)
@given(drawn=st.lists(DRAFT, min_size=1, max_size=12))
def test_a_whole_frame_never_raises_and_flags_only_its_rows(drawn: list[Draft]) -> None:
    tried = (_row(draft, at) for at, draft in enumerate(drawn))
    frame = frame_of(row for row in tried if row is not None)
    falls, found = check(frame).falls, flags(frame)
    assert set(falls["id"]) | set(found["id"]) <= set(frame["id"])
    assert set(found["rule"]) <= set(FLAG_NAMES)
    assert flags(frame).equals(found)
    assert check(frame).falls.equals(falls)


def _row(draft: Draft, at: int) -> dict[str, Any] | None:
    """The row of a draft, or None where no frame can hold it: a lone surrogate, an unknown role."""
    try:
        row = row_of(draft, source="s", path="p", file="f", row=at, format="t")
        frame_of([row])
    except (RowError, UnicodeEncodeError, TypeError, pl.exceptions.PolarsError):
        return None
    return row


def test_verdicts_do_not_depend_on_the_process() -> None:
    """Another hash seed, another order: the same verdicts on all gold and damaged gold."""
    code = (
        "from verifiers import VERIFIERS\n"
        "for name in sorted(VERIFIERS, reverse=True):\n"
        "    for record in [*VERIFIERS[name].gold, *VERIFIERS[name].damaged]:\n"
        "        print(ascii(VERIFIERS[name](record)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    here = [
        ascii(CHECKS[name](record))
        for name in sorted(VERIFIERS, reverse=True)
        for record in [*CHECKS[name].gold, *CHECKS[name].damaged]
    ]
    assert done.stdout.splitlines() == here
