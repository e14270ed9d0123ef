"""Peak memory of a run: this process and all its children, sampled while the work goes on."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil


class PeakMemory:
    """`with PeakMemory() as peak: ...; peak.mib` is the highest summed resident memory, in MiB.

    Pages shared between processes count once per process, so the figure errs on the high side;
    peaks shorter than the sampling interval can be missed.
    """

    def __init__(self, every: float = 0.1) -> None:
        self.mib = 0.0
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.is_set():
            self.mib = max(self.mib, resident_mib(me))
            self._stop.wait(self._every)


def resident_mib(process: psutil.Process) -> float:
    """Summed resident memory of a process and its children, in MiB."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # a child that ended between the listing and the reading
    return total / 2**20
