"""One killable process a Python process for algebra: asked by line, killed at its deadline, started again.

Verdicts do not depend on the load of the machine as long as the CPU limit bites first: the wall deadline is five
times longer. What was too costly once stays UNKNOWN for the life of the process.
It runs in the first tier of the sandbox that isolates here. Does not cover: isolation where no tier does. There parsing
is still by grammar (nothing is evaluated as code), and memory, CPU and file size are limited, but the process may read
files and open sockets as its user may.
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
from typing import IO

from verifiers.confined import Confined, close_quietly
from verifiers.quantities import DIFFERENT, SAME, Compared, unknown
from verifiers.sandbox.process import RefusedError

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

    def __init__(self, tier: str = "auto") -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.tier = tier
        self.child: Confined | Plain | None = None

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

    @property
    def isolated(self) -> bool:
        return isinstance(self.child, Confined)

    def _start(self) -> bool:
        """In a sandbox where one works with these packages, else as a plain process with the same limits."""
        if self.tier != "off":
            try:
                self.child = Confined(_WORKER.read_text(encoding="utf-8"), _packages(), self.tier)
                if self._line(None) is not None:
                    return True
                self._kill()
            except (OSError, RefusedError):
                pass
            self.tier = "off"  # tried once; the limits of the worker are the same outside
        self.child = Plain()
        if self._line(None) is None:
            self._kill()
            return False
        return True

    def _line(self, message: str | None) -> dict[str, str] | None:
        child = self.child
        if child is None:
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
        if child is not None:
            child.close()


class Plain:
    """The worker as a child of this process."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-s", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin: IO[bytes] = self.process.stdin
        self.stdout: IO[bytes] = self.process.stdout

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        close_quietly(self.stdin, self.stdout)


def _packages() -> tuple[str, ...]:
    """The folders that hold math-verify and what it needs."""
    names = ("math_verify", "latex2sympy2_extended", "sympy", "mpmath", "antlr4")
    found = (importlib.util.find_spec(name) for name in names)
    places = {str(Path(spec.origin).resolve().parents[1]) for spec in found if spec and spec.origin}
    return tuple(sorted(places))


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
