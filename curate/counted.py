"""What the parts of a row-wise stage counted of their own work, shard by shard: rows by verdict, and seconds.

Counts stand beside the shard, so that a run that was cut off loses none of them. Seconds do not: they differ from run
to run, and go into the journal alone; shards that an earlier run left are counted as untimed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from buckets import read_json, write_json

Counted = dict[str, dict[str, float]]
SECONDS = "seconds"


def keep(path: Path, counted: Counted | None) -> None:
    """Write what is the same in every run; as a list, for the order of the parts tells what was asked first."""
    if counted is not None:
        write_json(path, [[name, {k: v for k, v in part.items() if k != SECONDS}] for name, part in counted.items()])


def kept(path: Path) -> Counted | None:
    """What `keep` wrote, without seconds; None where the stage counts nothing."""
    return dict(read_json(path)) if path.exists() else None


def summed(parts: Iterable[Counted | None]) -> dict[str, Any]:
    """Notes of a stage: `checks` in order, and how many shards no time is known of; empty where nothing was counted."""
    total: Counted = {}
    untimed = 0
    for part in parts:
        if part is None:
            continue
        untimed += not all(SECONDS in measures for measures in part.values())
        for name, measures in part.items():
            sums = total.setdefault(name, {SECONDS: 0.0})
            for measure, number in measures.items():
                sums[measure] = sums.get(measure, 0) + number
    lines = [{"check": name, **sums} for name, sums in total.items()]
    return {"checks": lines, "untimed_shards": untimed} if lines else {}
