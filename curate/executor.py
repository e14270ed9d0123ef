"""Where jobs run: in this process, in local processes, or on a Ray cluster. Nothing else knows which."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any, Protocol, TypeVar

from buckets import IncompleteError, InputError, cores

Job = TypeVar("Job")
Done = TypeVar("Done")


class Executor(Protocol):
    """`map` yields results in the order of the jobs and holds only a few jobs at a time."""

    def map(self, function: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]: ...

    def close(self) -> None: ...


class Here:
    """One job after the other, in this process."""

    def map(self, function: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        return map(function, jobs)

    def close(self) -> None:
        """Nothing to give back."""


class LocalProcesses:
    """`workers` fresh processes on this machine (spawned: polars does not survive a fork)."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        # Each worker computes alone on its core; read by polars when the worker first imports it.
        threads = max(1, cores() // workers)
        before = os.environ.get("POLARS_MAX_THREADS")
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        try:
            self._pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)
            with _born_deaf_to_ctrl_c():
                for _ in range(workers):
                    self._pool.submit(os.getpid)
        finally:
            if before is None:
                del os.environ["POLARS_MAX_THREADS"]
            else:
                os.environ["POLARS_MAX_THREADS"] = before

    def map(self, function: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        waiting: deque[Future[Done]] = deque()
        try:
            for job in jobs:
                waiting.append(self._pool.submit(function, job))
                if len(waiting) > 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise IncompleteError(
                "a worker process died (out of memory?); finished shards are kept: "
                "run the same command again to resume, with fewer --workers if memory was the cause"
            ) from error
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """A terminal sends Ctrl-C to workers too: they finish their shard, and the main process says why it stops."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A main process that is killed cannot stop its workers: each would wait for work, and hold its memory, forever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # at once: shards are whole or absent, whatever the main thread is at


@contextmanager
def _born_deaf_to_ctrl_c() -> Iterator[None]:
    """Processes started inside ignore Ctrl-C from their first moment; only the main thread can see to it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class RayTasks:
    """One Ray task a job, on the cluster that `ray.init()` finds; raw files and shards must lie on shared storage."""

    def __init__(self, in_flight: int) -> None:
        try:
            import ray
        except ImportError as error:
            raise InputError("executor 'ray' needs the extra: pip install 'sft-curate[ray]'") from error
        self._ray: Any = ray
        self._in_flight = in_flight
        if not ray.is_initialized():
            ray.init(log_to_driver=False, configure_logging=False)

    def map(self, function: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        remote = self._ray.remote(function)
        waiting: deque[Any] = deque()
        for job in jobs:
            waiting.append(remote.remote(job))
            if len(waiting) >= self._in_flight:
                yield self._ray.get(waiting.popleft())
        while waiting:
            yield self._ray.get(waiting.popleft())

    def close(self) -> None:
        self._ray.shutdown()


def executor(kind: str, workers: int) -> Executor:
    """ "local" (one worker means no extra process) or "ray"."""
    if kind == "ray":
        return RayTasks(max(2, 2 * workers))
    return Here() if workers == 1 else LocalProcesses(workers)
