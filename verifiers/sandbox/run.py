"""The time in which a check runs, seen from outside: wall clock, summed memory, output, and who ended first."""

from __future__ import annotations

import os
import select
import time
from typing import Any

from verifiers.sandbox.limits import Limits
from verifiers.sandbox.process import Sandbox

_LOOK_SECONDS = 0.02
_GRACE_SECONDS = 4.0
_LENIENCE_SECONDS = 20.0
"""At most so much longer for a check that was ready to run and got no processor."""


class Run:
    """The time in which a check runs: wall clock, summed memory, and the pipes of a stdio program."""

    def __init__(self, boxes: dict[str, Sandbox], limits: Limits, until: str) -> None:
        self.boxes, self.limits, self.until = boxes, limits, until
        self.over = ""
        self.reports: dict[str, dict[str, Any] | None] = {}
        self.feed, self.output, self.fed = b"", bytearray(), False
        self.cpu = 0.0

    def watch(self, pipes: dict[str, int]) -> None:
        """Until the deciding process has ended or a limit is hit."""
        started = looked = time.monotonic()
        poller = select.poll()
        names = {}
        for name, sandbox in self.boxes.items():
            poller.register(sandbox.control, select.POLLIN)
            names[sandbox.control.fileno()] = name
        for name, fd in pipes.items():
            os.set_blocking(fd, False)
            poller.register(fd, select.POLLOUT if name == "in" else select.POLLIN)
            names[fd] = name
        while not self.over and self.until not in self.reports:
            for fd, _ in poller.poll(int(_LOOK_SECONDS * 1000)):
                self._event(poller, names[fd], fd)
            now = time.monotonic()
            if now - looked >= _LOOK_SECONDS:
                looked = now
                if any(sandbox.memory() > self.limits.total_memory_bytes for sandbox in self.boxes.values()):
                    self.over = "memory"
                elif now - started > self.limits.wall_seconds + min(self._starved(now - started), _LENIENCE_SECONDS):
                    self.over = "timeout"

    def _starved(self, elapsed: float) -> float:
        """Seconds that a busy machine owes the check: a slow machine must not make a right program wrong."""
        if elapsed < self.limits.wall_seconds:
            return 0.0
        return max(sandbox.starved() for sandbox in self.boxes.values())

    def _event(self, poller: select.poll, name: str, fd: int) -> None:
        if name == "in":
            try:
                self.feed = self.feed[os.write(fd, self.feed[:65536]) :] if self.feed else b""
            except BlockingIOError:
                return
            except OSError:
                self.feed = b""  # the program reads no further, which is its right
            if not self.feed:
                poller.unregister(fd)
                os.close(fd)
                self.fed = True
        elif name == "out":
            part = read_some(fd)
            if part == b"":
                poller.unregister(fd)
            self._collect(part or b"")
        else:
            poller.unregister(fd)
            self.reports[name] = self.boxes[name].report(0)

    def _collect(self, part: bytes) -> None:
        self.output += part
        if len(self.output) > self.limits.output_bytes:
            self.over = "output"

    def drain(self, fd: int) -> None:
        while not self.over and (part := read_some(fd)):
            self._collect(part)

    def finish(self) -> dict[str, dict[str, Any] | None]:
        """Stop what still runs; every report, None for a sandbox that no longer answers."""
        for name, sandbox in self.boxes.items():
            if name not in self.reports:
                sandbox.stop()
                self.reports[name] = sandbox.report(_GRACE_SECONDS)
        self.cpu = sum(report["cpu"] for report in self.reports.values() if report)
        return self.reports


def read_some(fd: int) -> bytes | None:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return None
