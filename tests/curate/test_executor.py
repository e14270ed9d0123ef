"""Workers do not outlive a main process that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_MAIN = """
import os, sys
from curate.executor import LocalProcesses

if __name__ == "__main__":
    print(next(iter(LocalProcesses(1).map(abs, [-7]))), flush=True)
    sys.stdin.read()
"""


def test_a_worker_ends_when_its_main_process_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(_MAIN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe) as main:
        assert main.stdout is not None
        assert main.stdout.readline() == "7\n"
        workers = [child for child in psutil.Process(main.pid).children() if "spawn_main" in " ".join(child.cmdline())]
        assert len(workers) == 1
        main.kill()
        deadline = time.monotonic() + 20
        while workers[0].is_running() and workers[0].status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not workers[0].is_running() or workers[0].status() == psutil.STATUS_ZOMBIE
