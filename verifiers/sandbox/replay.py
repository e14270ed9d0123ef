"""Replay tool calls against a Python implementation of the tools, in a sandbox: do they give the recorded results?

Does NOT judge whether the calls were wise. The implementation is the program under test; it runs as untrusted as any.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from verifiers.sandbox.limits import Checked, Program
from verifiers.sandbox.pool import Pool


@dataclass(frozen=True)
class Replayed:
    """One call with JSON arguments, and the JSON result that the conversation recorded."""

    name: str
    arguments: dict[str, Any]
    result: Any


def replay(pool: Pool, implementation: str, calls: Sequence[Replayed]) -> Checked:
    """The calls in order, against one fresh copy of the implementation; a pass when every result is as recorded.

    Raises ValueError for a name that is no function name and for arguments that are no JSON.
    """
    lines = ["import json"]
    for call in calls:
        if not call.name.isidentifier() or keyword.iskeyword(call.name) or call.name in ("json", "_due"):
            raise ValueError(f"{call.name!r} is no function name")
        arguments, result = (json.dumps(part, sort_keys=True) for part in (call.arguments, call.result))
        lines.append(f"_due = json.loads({result!r})")
        lines.append(f"assert {call.name}(**json.loads({arguments!r})) == _due, {call.name!r}")
    return pool.check(Program(implementation, "\n".join(lines)))
