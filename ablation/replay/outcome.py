"""What a replay hands back: lines for people, and the same as plain values for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """`lines` are printed; with --json `values` (plain dicts, lists, strings, finite numbers, None) are instead."""

    lines: tuple[str, ...]
    values: dict[str, Any] = field(default_factory=dict)
