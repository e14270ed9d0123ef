"""The number of usable cores against the system's own word and written quotas."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from buckets import cores


@pytest.mark.parametrize(
    ("text", "most"), [("max 100000", 4096), ("150000 100000", 2), ("50000 100000", 1), ("", 4096)]
)
def test_a_quota_is_a_limit(text: str, most: int, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert 1 <= cores(tmp_path / "cpu.max") <= min(most, os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU affinity on this system")
def test_affinity_is_a_limit() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from buckets import cores; print(cores())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
