"""Process 1 of a sandbox: settles in, then forks once a check, and leaves nothing of it behind.

Does NOT judge: it reports how a process ended, how much processor time it took, and whether the scratch room could be
emptied. It is single-threaded, holds no secret, and ends when the control socket closes.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import json
import os
import random
import resource
import select
import signal
import socket
import sys
import threading
from typing import Any

import verifiers.sandbox.box as box
import verifiers.sandbox.kernel as kernel
from verifiers.sandbox.candidate import load, serve
from verifiers.sandbox.tester import run_tests

_SCRATCH = ("/tmp", "/dev/shm")
_DEEPEST = 12
SURROUNDINGS = 71
"""Exit status of a program that raised what our limits or our bare world may be to blame for."""
_PRELOADED = (
    "bisect", "collections", "copy", "datetime", "decimal", "fractions", "functools", "heapq", "itertools", "math",
    "operator", "random", "re", "statistics", "string", "typing", "encodings.idna", "dataclasses", "enum",
)  # fmt: skip


def send(control: socket.socket, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    control.sendall(len(body).to_bytes(4, "big") + body)


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """A message and the descriptors that came with it; None when the host hung up."""
    head, fds, _, _ = socket.recv_fds(control, 4, 8)
    while head and len(head) < 4:
        more = control.recv(4 - len(head))
        head = head + more if more else b""
    if not head:
        return None
    size, parts = int.from_bytes(head, "big"), []
    while size:
        part = control.recv(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return json.loads(b"".join(parts)), list(fds)


def main(tier: str, control_fd: int, readable: list[str], scratch_bytes: int, uid: int | None) -> None:
    """Enter the sandbox of the tier, say so, and serve until the host hangs up."""
    control = socket.socket(fileno=control_fd)
    try:
        if tier == "namespaces":
            box.separate()
            send(control, {"separated": True})
            if receive(control) is None:
                return
            inner = os.fork()
            if inner:
                send(control, {"inner": inner})
                control.close()
                os.waitpid(inner, 0)
                return
            box.furnish(readable, scratch_bytes)
        for name in _PRELOADED:
            __import__(name)
        import site

        site.setquit()
        box.settle(uid)
        os.chdir("/tmp")
    except OSError as error:
        send(control, {"refused": str(error)})
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a handler, no signal from inside reaches process 1
    gc.collect()
    gc.freeze()
    send(control, {"ready": True, "process": os.getpid()})
    while (job := receive(control)) is not None:
        if job[0].get("mode"):
            run(control, *job)


def run(control: socket.socket, job: dict[str, Any], fds: list[int]) -> None:
    """One check: fork, wait for its end or for the host's word, kill all, empty the room, report."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            control.close()
            child(job, fds)
        os._exit(70)
    for fd in fds:
        os.close(fd)
    handle = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    poller.register(control, select.POLLIN)
    ready = {fd for fd, _ in poller.poll()}
    told = handle not in ready
    if told and receive(control) is None:
        os._exit(0)  # the host is gone; the kernel kills everything in here with process 1
    os.close(handle)
    status, usage = finish(pid)
    report = {"status": status, "stopped": told, "cpu": usage, "clean": swept()}
    send(control, report)


def finish(pid: int) -> tuple[int, float]:
    """Kill everything but this process, and reap it: (wait status, processor seconds) of the check's first process."""
    status, cpu = 0, 0.0
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            done, code, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return status, cpu
        cpu += usage.ru_utime + usage.ru_stime
        if done == pid:
            status = code


def swept() -> bool:
    """Empty the scratch room; False when it is too deep or too odd, and the sandbox must be thrown away."""
    try:
        for top in _SCRATCH:
            if os.stat(top).st_mode & 0o7777 != 0o1777:
                os.chmod(top, 0o1777)  # an ordinary user owns the scratch room, and a check may have locked it
            if _noted(top):
                return False
            _sweep(top, _DEEPEST)
    except OSError:
        return False
    return True


def _noted(folder: str) -> bool:
    """Whether a check has left a note on the folder itself, or an access list that later files would inherit."""
    try:
        return bool(os.listxattr(folder))
    except OSError as error:
        if error.errno == errno.ENOTSUP:  # then nothing can be left either
            return False
        raise


def _sweep(folder: str, depth: int) -> None:
    if depth == 0:
        raise OSError("too deep")
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            _sweep(entry.path, depth - 1)
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)


def child(job: dict[str, Any], fds: list[int]) -> None:
    """The check itself, in its own session and under its limits."""
    os.setsid()
    limit(job["limits"])
    os.umask(0o022)
    os.environ.clear()
    os.environ.update(box.environment())
    sys.argv, sys.orig_argv = ["program.py"], ["python", "program.py"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed(0)
    gc.enable()
    null = os.open("/dev/null", os.O_RDWR)
    mode = job["mode"]
    if mode == "stdio":
        standard(fds, null)
        script(job["code"])
        return
    for target in (0, 1, 2):
        os.dup2(null, target)
    sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    if mode == "candidate":
        serve(fds[0], job["code"])
    else:
        run_tests(fds[0], fds[1], job)
    os._exit(0)


def standard(fds: list[int], null: int) -> None:
    os.dup2(fds[0], 0)
    os.dup2(fds[1], 1)
    os.dup2(null, 2)
    for fd in (*fds, null):
        os.close(fd)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115


def script(source: str) -> None:
    """A program as __main__; its exit status is that of `python program.py`."""
    code = 0
    try:
        load(source, "__main__")
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except (ImportError, MemoryError, RecursionError, PermissionError, FileNotFoundError, BlockingIOError):
        code = SURROUNDINGS
    except BaseException:  # noqa: BLE001  # whatever it was, the program did not end well
        code = 1
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does at its end
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        code = code or 1
    os._exit(code & 0xFF)


def limit(limits: dict[str, int]) -> None:
    """Per-process limits. The summed memory and the wall clock are the host's to watch."""
    cpu, room = limits["cpu_seconds"], limits["scratch_bytes"]
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_AS, limits["memory_bytes"], limits["memory_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"], limits["processes"]),
        (resource.RLIMIT_NOFILE, 256, 256),
        (resource.RLIMIT_FSIZE, room, room),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_MEMLOCK, 0, 0),
        (resource.RLIMIT_MSGQUEUE, 0, 0),
    ):
        resource.setrlimit(kind, (soft, hard))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write past the limit is an OSError, as on a full disk
    with contextlib.suppress(OSError):
        kernel.hide_from_peers()
