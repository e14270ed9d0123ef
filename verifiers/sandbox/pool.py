"""Many checks at once: two workers a core, results in order, time-outs judged again alone before they are final."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from verifiers.sandbox.limits import Checked, Limits, Program
from verifiers.sandbox.tiers import usable_tier
from verifiers.sandbox.worker import Worker


class Pool:
    """Warm workers. Raises RefusedError where nothing isolates. A context manager; safe for threads."""

    def __init__(self, tier: str = "auto", limits: Limits | None = None, workers: int | None = None) -> None:
        self.limits = limits or Limits()
        self.tier = usable_tier(tier)
        self.size = workers or 2 * len(os.sched_getaffinity(0))  # the two sides of a check wait for each other
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self.workers = [Worker(self.tier, self.limits) for _ in range(self.size)]
        self._alone = threading.Lock()
        for worker in self.workers:
            self._idle.put(worker)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for worker in self.workers:
            worker.close()

    def check(self, program: Program) -> Checked:
        """One check on any idle worker; a check whose sandbox broke is tried once more."""
        worker = self._idle.get()
        try:
            done = worker.check(program)
            return worker.check(program) if done.verdict == "broken" else done
        finally:
            self._idle.put(worker)

    def check_all(self, programs: Iterable[Program]) -> list[Checked]:
        """All checks, in order. A time-out that used under half its processor time is run again with nothing beside."""
        asked: Sequence[Program] = list(programs)
        with ThreadPoolExecutor(self.size) as threads:
            done = list(threads.map(self.check, asked))
        with self._alone:
            for at, result in enumerate(done):
                if result.verdict == "timeout" and result.cpu_seconds < self.limits.cpu_seconds / 2:
                    done[at] = self.check(asked[at])
        return done
