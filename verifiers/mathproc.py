"""One killable process a Python process for algebra: asked by line, killed at its deadline, started again.

Verdicts do not depend on the load of the machine as long as the CPU limit bites first: the wall deadline is five
times longer. What was too costly once stays UNKNOWN for the life of the process.
Does not cover: hard isolation. Parsing is by grammar (nothing is evaluated as code), memory, CPU and file size are
limited, but the process may read files and open sockets as its user may.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import selectors
import subprocess
import sys
import threading
from functools import lru_cache
from pathlib import Path

from verifiers.quantities import DIFFERENT, SAME, Compared, unknown

DEADLINE = 25.0
"""Seconds of wall clock for one request, and for the start."""
MAX_LEAF = 300
MAX_NESTING = 25
_WORKER = Path(__file__).with_name("mathworker.py")


@lru_cache(maxsize=1)
def installed() -> bool:
    return importlib.util.find_spec("math_verify") is not None


def settle(kind: str, gold: str, reply: str) -> Compared:
    """SAME or DIFFERENT by algebra for kind "expression" or "equation", else UNKNOWN with the reason. Never raises."""
    if max(len(gold), len(reply)) > MAX_LEAF:
        return unknown("too_long")
    if max(_nesting(gold), _nesting(reply)) > MAX_NESTING:
        return unknown("too_deep")
    if _letters(gold) != _letters(reply) and _letters(gold).lower() == _letters(reply).lower():
        return unknown("case_of_letters")  # the parser reads E as e
    if not installed():
        return unknown("math_not_installed")
    return _settled(kind, gold, reply)


@lru_cache(maxsize=16384)
def _settled(kind: str, gold: str, reply: str) -> Compared:
    found = _process().ask({"kind": kind, "gold": gold, "reply": reply})
    if found is None:
        return unknown("too_costly")
    verdict = found.get("verdict")
    if verdict == "same":
        return SAME
    return DIFFERENT if verdict == "different" else unknown(found.get("why", "unreadable"))


class MathProcess:
    """At most one child; a request that dies or overstays costs its own answer and nothing else."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, str]) -> dict[str, str] | None:
        """The worker's answer; None when it was killed or died on this request."""
        with self.lock:
            if self.child is None and not self._start():
                return {"verdict": "unknown", "why": "math_did_not_start"}
            answer = self._line(json.dumps(request))
            if answer is None:
                self._kill()
            return answer

    def close(self) -> None:
        if os.getpid() == self.owner:
            with self.lock:
                self._kill()

    def _start(self) -> bool:
        environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.child = subprocess.Popen(
            [sys.executable, "-P", "-s", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        if self._line(None) is None:
            self._kill()
            return False
        return True

    def _line(self, message: str | None) -> dict[str, str] | None:
        child = self.child
        if child is None or child.stdin is None or child.stdout is None:
            return None
        try:
            if message is not None:
                child.stdin.write(message.encode() + b"\n")
                child.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(child.stdout, selectors.EVENT_READ)
                if not selector.select(DEADLINE):
                    return None
            line = child.stdout.readline()
            return dict(json.loads(line)) if line else None
        except (OSError, ValueError):  # it died while being written to, or in the middle of its line
            return None

    def _kill(self) -> None:
        child, self.child = self.child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unsent bytes for a dead process
                    continue


_processes: dict[int, MathProcess] = {}
_starting = threading.Lock()


def _process() -> MathProcess:
    """The one of this process: after a fork the parent's pipe must not be shared."""
    with _starting:
        if os.getpid() not in _processes:
            _processes[os.getpid()] = MathProcess()
            atexit.register(_processes[os.getpid()].close)
        return _processes[os.getpid()]


def _nesting(text: str) -> int:
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return max(deepest, text.count("^"))


def _letters(text: str) -> str:
    """The variables: letters outside commands, sorted."""
    letters, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            while at < len(text) and text[at].isalpha():
                at += 1
            continue
        if text[at].isalpha():
            letters.append(text[at])
        at += 1
    return "".join(sorted(set(letters)))
