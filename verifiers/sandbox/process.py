"""The host's handle on one sandbox: start it in a tier, hand it checks, measure it, throw it away.

Does NOT cover memory between two looks (every 20 ms): a burst may overshoot the summed limit until the next look,
though never the address space limit of each process. There is no way to start a program here without a sandbox.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import verifiers.sandbox.box as box
import verifiers.sandbox.kernel as kernel
from verifiers.sandbox.limits import Limits
from verifiers.sandbox.zygote import receive, send

TIERS = ("namespaces", "bubblewrap")
"""In order of preference. There is no further tier: where neither isolates, nothing is run."""
_STARTING_SECONDS = 20.0
_HERE = str(Path(__file__).resolve().parent)
_SERIAL = itertools.count()
_PAGE = os.sysconf("SC_PAGE_SIZE")
_FILES_BYTES = 48 << 20

_BOOT = """
import sys, types, json
tier, control, folder, readable, scratch, uid = json.loads(sys.argv[1])
for name, path in (("verifiers", folder + "/.."), ("verifiers.sandbox", folder)):
    package = types.ModuleType(name); package.__path__ = [path]; sys.modules[name] = package
from verifiers.sandbox.zygote import main
main(tier, control, readable, scratch, uid)
"""
"""The package is stood in for, so that a sandbox loads these few files and not the whole of `verifiers`."""


class RefusedError(RuntimeError):
    """A tier does not isolate here; the message says what was tried."""


class Sandbox:
    """One running sandbox. Raises RefusedError when it cannot be started as asked."""

    def __init__(self, tier: str, limits: Limits, shown: tuple[str, ...] = ()) -> None:
        """shown: folders that a program may read besides the interpreter's own."""
        if not kernel.SUPPORTED:
            raise RefusedError("only Linux on x86_64 or aarch64 can isolate a program here")
        self.limits = limits
        self.checks = 0
        self.first = 0
        """The process that is number 1 inside, as the host numbers it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.control = ours
        self.control.settimeout(_STARTING_SECONDS)
        uid = _unused_uid() if os.geteuid() == 0 else None
        try:
            with theirs:
                command = _command(tier, theirs.fileno(), limits, uid, shown)
                self.process = subprocess.Popen(
                    command, pass_fds=(theirs.fileno(),), env=box.environment(), cwd="/", stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            ours.close()
            raise RefusedError(str(error)) from error
        try:
            self._start(tier, uid)
        except BaseException:
            self.close()
            raise

    def _start(self, tier: str, uid: int | None) -> None:
        if tier == "namespaces":
            self._expect("separated")
            _map_ids(self.process.pid, uid)
            send(self.control, {"mapped": True})
            self.first = self._expect("inner")["inner"]
        if self._expect("ready")["process"] != 1:
            raise RefusedError("the sandbox is not process 1 of its own world")
        if tier == "bubblewrap":
            self.first = _only_grandchild(self.process.pid)
        self.control.settimeout(None)

    def _expect(self, word: str) -> dict[str, Any]:
        try:
            answer = receive(self.control)
        except (OSError, ValueError) as error:
            raise RefusedError(f"no answer from the sandbox ({error})") from error
        if answer is None:
            raise RefusedError(f"the sandbox ended while starting: {self._complaint()}")
        if "refused" in answer[0]:
            raise RefusedError(str(answer[0]["refused"]))
        if word not in answer[0]:
            raise RefusedError("the sandbox talks nonsense")
        return answer[0]

    def _complaint(self) -> str:
        assert self.process.stderr is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        ready, _, _ = select.select([self.process.stderr], [], [], 0)
        said = os.read(self.process.stderr.fileno(), 2000).decode(errors="replace").strip() if ready else ""
        return said.splitlines()[-1][:200] if said else "no message"

    def begin(self, job: dict[str, Any], fds: list[int]) -> None:
        """Hand over a check and the descriptors of its process. Raises OSError when the sandbox is gone."""
        self.checks += 1
        limits = self.limits
        job["limits"] = {
            "cpu_seconds": limits.cpu_seconds, "memory_bytes": limits.memory_bytes,
            "processes": limits.processes, "scratch_bytes": limits.scratch_bytes,
        }  # fmt: skip
        body = json.dumps(job).encode()
        socket.send_fds(self.control, [len(body).to_bytes(4, "big")], fds)
        self.control.sendall(body)

    def stop(self) -> None:
        """Ask for the end of the check in hand; its report follows."""
        with contextlib.suppress(OSError):
            send(self.control, {"stop": True})

    def report(self, seconds: float) -> dict[str, Any] | None:
        """The report of the check in hand; None when the sandbox does not give it in time."""
        ready, _, _ = select.select([self.control], [], [], seconds)
        if not ready:
            return None
        try:
            answer = receive(self.control)
        except (OSError, ValueError):
            return None
        return answer[0] if answer else None

    def memory(self) -> int:
        """Bytes of memory of its own, summed over every process inside."""
        total = 0
        for process in self._inside():
            with contextlib.suppress(OSError, ValueError, IndexError):
                sizes = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
                total += (int(sizes[1]) - int(sizes[2])) * _PAGE
                if int(sizes[2]) * _PAGE > _FILES_BYTES:  # more than the interpreter's files: memory without a file
                    total += _shared(process)
        return total

    def starved(self) -> float:
        """The most seconds that a process of the check in hand was ready to run and got no processor."""
        longest = 0
        for process in self._inside():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if process != self.first:
                    waits = Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()
                    longest = max(longest, int(waits[1]))
        return longest / 1e9

    def _inside(self) -> Iterator[int]:
        todo = [self.first]
        while todo:
            process = todo.pop()
            yield process
            with contextlib.suppress(OSError, ValueError):
                for thread in os.listdir(f"/proc/{process}/task"):
                    children = Path(f"/proc/{process}/task/{thread}/children").read_text(encoding="ascii")
                    todo += map(int, children.split())

    def close(self) -> None:
        """End it and all inside; the kernel kills a world with its process 1."""
        self.control.close()
        if self.first:
            with contextlib.suppress(OSError):
                os.kill(self.first, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.stderr:
            self.process.stderr.close()


def _shared(process: int) -> int:
    """Bytes of shared memory that a process has touched. What several map is counted for each."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("RssShmem:")[2].split()[0]) << 10


def _command(tier: str, control: int, limits: Limits, uid: int | None, shown: tuple[str, ...]) -> list[str]:
    python, readable = interpreter()
    readable += [path for path in shown if not any(path.startswith(f"{base}/") for base in readable)]
    inside = box.INSIDE_UID if tier == "namespaces" and uid is not None else uid
    boot = [python, "-P", "-s", "-S", "-B", "-c", _BOOT]
    folder = _HERE if tier == "namespaces" else "/box"
    arguments = json.dumps([tier, control, folder, readable, limits.scratch_bytes, inside])
    if tier == "namespaces":
        return [*boot, arguments]
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise RefusedError("bubblewrap (bwrap) is not installed")
    command = [bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--new-session"]
    if uid is None:
        command += ["--unshare-user", "--uid", str(box.INSIDE_UID), "--gid", str(box.INSIDE_UID)]
    else:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for path in readable:
        for parent in reversed(Path(path).parents[:-1]):  # bubblewrap would give them to the superuser alone
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", path, path]
    command += ["--ro-bind", _HERE, "/box", "--dev", "/dev"]
    for link in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            command += ["--ro-bind", link, link]
    room = ["--perms", "1777", "--size"]
    command += [*room, str(limits.scratch_bytes), "--tmpfs", "/tmp", *room, str(16 << 20), "--tmpfs", "/dev/shm"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    return [*command, "--", *boot, arguments]


def interpreter() -> tuple[str, list[str]]:
    """The interpreter itself (never a virtual environment), and the folders that it needs to see."""
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    folders = ["/usr"]
    for folder in (os.path.realpath(sys.base_prefix), os.path.realpath(sys.base_exec_prefix)):
        if folder not in folders and not folder.startswith("/usr/"):
            folders.append(folder)
    if not any(python.startswith(folder + "/") for folder in folders):
        raise RefusedError(f"the interpreter {python} lies outside its own prefix")
    return python, folders


def _unused_uid() -> int:
    """A user that owns nothing: process limits count by user, and do not bind the superuser."""
    first, _, count = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()[-1].split()
    room = min(int(count), 2_000_000_000)
    if room < 70_000:
        return int(first) + room - 2 if room > 2 else 65534
    return int(first) + room - 2 - (os.getpid() * 256 + next(_SERIAL) % 256) % (room - 66_000)


def _map_ids(process: int, uid: int | None) -> None:
    """Who is who inside: for the superuser itself (to build the root) and one unused user, else the user alone."""
    pairs = [(0, 0), (box.INSIDE_UID, uid)] if uid is not None else [(box.INSIDE_UID, os.geteuid())]
    groups = [(0, 0), (box.INSIDE_UID, uid)] if uid is not None else [(box.INSIDE_UID, os.getegid())]
    try:
        if uid is None:
            Path(f"/proc/{process}/setgroups").write_text("deny", encoding="ascii")
        for name, lines in (("uid_map", pairs), ("gid_map", groups)):
            text = "".join(f"{inside} {outside} 1\n" for inside, outside in lines)
            Path(f"/proc/{process}/{name}").write_text(text, encoding="ascii")
    except OSError as error:
        raise RefusedError(f"user ids cannot be mapped: {error}") from error


def _only_grandchild(process: int) -> int:
    """Process 1 of a bubblewrap world is the one child of the monitor, which may be the process itself."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    raise RefusedError("process 1 of the sandbox cannot be found from outside")
