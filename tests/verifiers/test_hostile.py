"""Hostile programs of our own: none passes, none reaches outside or the next check, and every honest twin passes."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from verifiers.sandbox import Limits, Worker
from verifiers.sandbox.battery import run_row
from verifiers.sandbox.process import TIERS
from verifiers.sandbox.tiers import refusal
from verifiers.sandbox.traps import Traps


def _rows() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


HOSTILE = _rows()
WHY = {tier: refusal(tier) for tier in TIERS}
TIER = next((tier for tier in TIERS if not WHY[tier]), "")
FAMILIES = {
    "liars": HOSTILE.LIARS, "helpers": HOSTILE.HELPERS, "channel": HOSTILE.CHANNEL, "resources": HOSTILE.RESOURCES,
    "world": HOSTILE.WORLD, "text": HOSTILE.TEXT, "printed": HOSTILE.PRINTED,
}  # fmt: skip
FIRST_TIER = [(TIER, name) for name in FAMILIES]
OTHER_TIERS = [(tier, name) for tier in TIERS if tier != TIER for name in ("helpers", "world")]


@pytest.fixture(scope="module")
def traps() -> Iterator[Traps]:
    with Traps() as made:
        yield made


@pytest.mark.parametrize(("tier", "family"), [*FIRST_TIER, *OTHER_TIERS])
def test_every_row_gets_an_acceptable_verdict(traps: Traps, tier: str, family: str) -> None:
    if not tier or WHY[tier]:
        pytest.skip(f"{tier}: {WHY.get(tier, WHY)}")
    worker = Worker(tier, Limits(cpu_seconds=1, wall_seconds=1.5))
    try:
        found: list[dict[str, Any]] = [run_row(worker, row, traps) for row in FAMILIES[family]]
    finally:
        worker.close()
    odd = [(row["id"], row["got"], row["wrong"], row["reason"]) for row in found if not row["ok"]]
    assert odd == []
    assert len(found) > 3


def test_there_are_twins_and_names_are_unique() -> None:
    names = [row["id"] for row in HOSTILE.ROWS]
    assert len(set(names)) == len(names)
    assert sum(row["expected"] == "fail" for row in HOSTILE.ROWS) >= 60
