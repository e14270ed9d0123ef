"""Runs trials, each in its own process, several at a time; what is already done is not done again.

A trial that dies, hangs or cannot start leaves a Result of that kind. Not covered: several machines.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol

from ablation.trial import Result, Status, Trial
from buckets import IncompleteError

FINAL: tuple[Status, ...] = ("ok", "nan")
"""Results that a re-run keeps; a crash, an OOM or a timeout is tried again by the next run."""

OnResult = Callable[[Trial, Result], None]


class Launcher(Protocol):
    """Starts processes for trial files and says which have ended."""

    def start(self, trial: Path) -> None: ...
    def wait(self, seconds: float) -> list[tuple[Path, int]]: ...
    def kill(self, trial: Path) -> None: ...
    def close(self) -> None: ...


def run_trials(
    trials: Sequence[Trial],
    folder: Path,
    workers: int,
    on_result: OnResult = lambda _trial, _result: None,
    timeout: float = 3600.0,
) -> list[Result]:
    """Results in the order of the trials; `folder`/<trial name> holds each one's npz and gets its trial.json.

    `on_result` is called in this process as each trial ends (at once for those already done), after the
    next one was started. `timeout` is in seconds per trial.
    """
    results: dict[str, Result] = {}
    waiting: list[Trial] = []
    for trial in trials:
        if done := finished(trial, folder):
            results[trial.name] = done
            on_result(trial, done)
        else:
            waiting.append(trial)
    if waiting:
        with _launcher(folder) as launcher:
            for trial, result in _run(waiting, folder, workers, launcher, timeout):
                results[trial.name] = result
                on_result(trial, result)
    return [results[trial.name] for trial in trials]


def finished(trial: Trial, folder: Path) -> Result | None:
    """The final Result of this very trial, if one stands in the folder."""
    path = folder / trial.name / "result.json"
    if not path.exists():
        return None
    try:
        result = Result.read(path)
    except (ValueError, KeyError, TypeError):
        return None
    return result if result.fingerprint == trial.fingerprint and result.status in FINAL else None


def _run(
    waiting: list[Trial], folder: Path, workers: int, launcher: Launcher, timeout: float
) -> Iterator[tuple[Trial, Result]]:
    queue = list(reversed(waiting))
    running: dict[Path, tuple[Trial, float]] = {}
    late: set[Path] = set()

    def fill() -> None:
        while queue and len(running) < workers:
            trial = queue.pop()
            path = folder / trial.name / "trial.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "result.json").unlink(missing_ok=True)
            trial.write(path)
            running[path] = (trial, time.monotonic())
            launcher.start(path)

    fill()
    while running:
        ended = [(*running.pop(path), path, code) for path, code in launcher.wait(1.0)]
        fill()  # before the caller grades, so that no processor idles
        for trial, started, path, code in ended:
            yield trial, _result(trial, path, code, time.monotonic() - started, path in late)
        for path, (_, started) in running.items():
            if time.monotonic() - started > timeout and path not in late:
                late.add(path)
                launcher.kill(path)


def _result(trial: Trial, path: Path, code: int, seconds: float, late: bool) -> Result:
    """What the trial wrote, or a Result for a process that could not write one."""
    written = path.parent / "result.json"
    if written.exists():
        return Result.read(written)
    log = path.parent / "log.txt"
    tail = log.read_text(encoding="utf-8", errors="replace")[-1500:].strip() if log.exists() else ""
    how = f"stopped after {seconds:.0f} s" if late else f"the process ended with code {code} and left no result"
    result = Result(
        name=trial.name,
        arm=trial.arm,
        seed=trial.seed,
        status="timeout" if late else "crash",
        error=f"{how}\n{tail}".strip(),
        seconds=seconds,
        fingerprint=trial.fingerprint,
    )
    result.write(written)
    return result


@contextmanager
def _launcher(folder: Path) -> Iterator[Launcher]:
    folder.mkdir(parents=True, exist_ok=True)
    launcher: Launcher = Forked(folder / "processes.log") if sys.platform == "linux" else Spawned()
    try:
        yield launcher
    finally:
        launcher.close()


class Forked:
    """Trials forked from one process that has torch loaded (see `zygote`)."""

    def __init__(self, log: Path) -> None:
        self.log, self.buffer = log, b""
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ablation.zygote"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                bufsize=0,
                env=_environment(),
            )
        self._receive()  # "ready": a trial's clock must not run while torch loads

    def start(self, trial: Path) -> None:
        self._say({"start": str(trial), "log": str(trial.with_name("log.txt"))})

    def kill(self, trial: Path) -> None:
        self._say({"kill": str(trial)})

    def wait(self, seconds: float) -> list[tuple[Path, int]]:
        pipe = self.process.stdout
        if pipe is None or not select.select([pipe], [], [], seconds)[0]:
            return []
        return [(Path(m["ended"]), int(m["code"])) for m in self._receive() if "ended" in m]

    def _receive(self) -> list[dict[str, Any]]:
        """Messages of the process, after waiting for at least one."""
        pipe = self.process.stdout
        data = os.read(pipe.fileno(), 65536) if pipe is not None else b""
        if not data:
            self._died()
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _say(self, message: dict[str, str]) -> None:
        if self.process.stdin is not None:
            try:
                self.process.stdin.write(json.dumps(message).encode() + b"\n")
            except BrokenPipeError:
                self._died()

    def _died(self) -> NoReturn:
        tail = self.log.read_text(encoding="utf-8", errors="replace")[-800:].strip()
        raise IncompleteError(
            f"the process that starts trials ended; finished trials are kept and the same command resumes.\n{tail}"
        )


class Spawned:
    """Trials as fresh interpreters: slower to start, works everywhere."""

    def __init__(self) -> None:
        self.running: dict[Path, subprocess.Popen[bytes]] = {}

    def start(self, trial: Path) -> None:
        with trial.with_name("log.txt").open("wb") as sink:
            command = [sys.executable, "-m", "ablation.train", str(trial)]
            self.running[trial] = subprocess.Popen(command, stdout=sink, stderr=sink, env=_environment())

    def kill(self, trial: Path) -> None:
        self.running[trial].kill()

    def wait(self, seconds: float) -> list[tuple[Path, int]]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = [(path, p.returncode) for path, p in self.running.items() if p.poll() is not None]
            if ended:
                for path, _ in ended:
                    del self.running[path]
                return ended
            time.sleep(0.02)
        return []

    def close(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    """Children find this package where we found it, stay quiet and off the network."""
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TRANSFORMERS_VERBOSITY": "error"}
    return {**os.environ, "PYTHONPATH": path, "HF_HUB_DISABLE_PROGRESS_BARS": "1", **quiet}
