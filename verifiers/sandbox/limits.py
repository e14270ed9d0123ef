"""What a check may use, what a check is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """Processor and wall seconds a process and a check; bytes of address space a process, memory and disk a check."""

    cpu_seconds: int = 5
    wall_seconds: float = 10.0
    memory_bytes: int = 1 << 30
    total_memory_bytes: int = 1200 << 20
    scratch_bytes: int = 64 << 20
    output_bytes: int = 8 << 20
    processes: int = 128

    def __post_init__(self) -> None:
        if min(self.cpu_seconds, self.wall_seconds, self.processes) <= 0 or self.memory_bytes < 128 << 20:
            raise ValueError("limits are positive, and a process needs 128 MiB of address space")


@dataclass(frozen=True)
class Program:
    """One check. With `tests`: Python asserts against the program's names. Else: stdin in, stdout compared."""

    code: str
    tests: str | None = None
    setup: str = ""
    entry_point: str | None = None
    stdin: str = ""
    expected_stdout: str = ""


@dataclass(frozen=True)
class Checked:
    """What came of a check.

    `verdict`: pass, fail, timeout, memory, killed, output (too much of it), vacuous (nothing asserted), unverified (the
    tests need what does not cross, or are no program), broken (the sandbox itself failed; says nothing of the program).
    `trust`: strong (plain data only), delegated (code of the program decided a comparison), stdout, unverified.
    """

    verdict: str
    trust: str = "unverified"
    reason: str = ""
    asserts: int = 0
    opaque: int = 0
    cpu_seconds: float = 0.0
    stdout: bytes = field(default=b"", repr=False)
