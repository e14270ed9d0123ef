"""A long-running helper of ours in a sandbox: it answers line by line, and is gone when it is closed.

Does NOT watch what it is asked: the helper keeps its own limits of time, and the host its deadline. It sees the
interpreter, the folders it is shown, and a small scratch room; no network, no other process, no file of the host.
"""

from __future__ import annotations

import os
from typing import IO

from verifiers.sandbox import Limits
from verifiers.sandbox.process import Sandbox
from verifiers.sandbox.tiers import usable_tier

_LIMITS = Limits(cpu_seconds=10_000_000, memory_bytes=4 << 30, scratch_bytes=1 << 20, processes=8)
"""The helper sets tighter ones for itself, by the request."""


class Confined:
    """`source` runs as __main__ with `shown` on its path. Raises RefusedError or OSError where it cannot be started."""

    def __init__(self, source: str, shown: tuple[str, ...], tier: str = "auto") -> None:
        self.sandbox = Sandbox(usable_tier(tier), _LIMITS, shown)
        inner, outer = os.pipe(), os.pipe()
        try:
            code = f"import sys\nsys.path += {list(shown)!r}\nexec(compile({source!r}, 'worker', 'exec'), globals())\n"
            self.sandbox.begin({"mode": "stdio", "code": code}, [inner[0], outer[1]])
        except BaseException:
            self.sandbox.close()
            for fd in (inner[1], outer[0]):
                os.close(fd)
            raise
        finally:
            os.close(inner[0])
            os.close(outer[1])
        self.stdin: IO[bytes] = open(inner[1], "wb")  # noqa: SIM115
        self.stdout: IO[bytes] = open(outer[0], "rb")  # noqa: SIM115

    def close(self) -> None:
        self.sandbox.close()
        close_quietly(self.stdin, self.stdout)


def close_quietly(*pipes: IO[bytes]) -> None:
    for pipe in pipes:
        try:
            pipe.close()
        except OSError:  # unsent bytes for a dead process
            continue
