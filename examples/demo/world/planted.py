"""A raw row on its way to a file: the example, where it goes, and which fault it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from examples.demo.world.row import Row

Fault = Literal[
    "exact_duplicate",
    "near_duplicate",
    "template_twin",
    "contaminated",
    "wrong_answer",
    "wrong_tool_arguments",
    "invalid_json",
    "broken_roles",
    "empty_answer",
    "truncated_answer",
    "not_utf8",
]
Kind = Literal["file", "answer"]


@dataclass(frozen=True, slots=True)
class Planted:
    """`fault` None means clean. `of` is the original of a copy or twin; `item` the eval item it leaks."""

    row: Row
    file: str
    fault: Fault | None = None
    of: Planted | None = None
    item: str | None = None
    kind: Kind | None = None
