"""How many cores this process may really use: affinity and the container's CPU quota, not what the machine has."""

from __future__ import annotations

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores(quota: Path = _QUOTA) -> int:
    """At least 1. A cgroup v2 quota of 1.5 cores counts as 2; cgroup v1 is not looked at."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(affinity, _allowed(quota)))


def _allowed(quota: Path) -> int:
    """Cores that `cpu.max` ("max 100000" or "150000 100000") allows; no such file means no limit."""
    try:
        limit, period = quota.read_text(encoding="ascii").split()[:2]
        return math.ceil(int(limit) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return os.cpu_count() or 1
