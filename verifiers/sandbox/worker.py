"""One worker: a sandbox for programs and one for tests, a check at a time, and the verdict from outside both.

Does NOT take a program's word: a pass needs the tests' report with this check's nonce, both processes ending as they
should, and no limit hit. Any odd end throws the sandbox away.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import socket
import time
from typing import Any

from verifiers.sandbox.limits import Checked, Limits, Program
from verifiers.sandbox.process import RefusedError, Sandbox

_LOOK_SECONDS = 0.02
_GRACE_SECONDS = 4.0
_LENIENCE_SECONDS = 20.0
_CHECKS_A_SANDBOX = 500


class Worker:
    """Not for two threads at once. `check` never raises for what a program does."""

    def __init__(self, tier: str, limits: Limits) -> None:
        self.tier, self.limits = tier, limits
        self.boxes: dict[str, Sandbox] = {}

    def check(self, program: Program) -> Checked:
        try:
            return self._functions(program) if program.tests is not None else self._stdio(program)
        except (OSError, RefusedError) as error:
            self.close()
            return Checked("broken", reason=f"the sandbox failed: {error}")

    def close(self) -> None:
        for sandbox in self.boxes.values():
            sandbox.close()
        self.boxes.clear()

    def _box(self, name: str) -> Sandbox:
        if name in self.boxes and self.boxes[name].checks >= _CHECKS_A_SANDBOX:
            self._throw_away(name)
        if name not in self.boxes:
            self.boxes[name] = Sandbox(self.tier, self.limits)
        return self.boxes[name]

    def _throw_away(self, name: str) -> None:
        if name in self.boxes:
            self.boxes.pop(name).close()

    def _functions(self, program: Program) -> Checked:
        nonce = secrets.token_hex(16)
        candidate, tests = self._box("candidate"), self._box("tests")
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        result, report_end = os.pipe()
        try:
            text = f"{program.setup}\n{program.tests}" if program.setup else program.tests
            job = {"mode": "tests", "tests": text, "entry_point": program.entry_point, "nonce": nonce}
            tests.begin(job, [near.fileno(), report_end])
            candidate.begin({"mode": "candidate", "code": program.code}, [far.fileno()])
        except BaseException:
            os.close(result)
            near.close()
            raise
        finally:
            far.close()
            os.close(report_end)
        try:  # our end of the tests' side stays open, so that the program waits to be stopped when the tests are done
            run = _Run({"tests": tests, "candidate": candidate}, self.limits, until="tests")
            run.watch({})
            ended = run.finish()
            os.set_blocking(result, False)
            said = _read(result)
        finally:
            os.close(result)
            near.close()
        self._tidy(ended)
        return _judged(run, ended, _report(said, nonce))

    def _stdio(self, program: Program) -> Checked:
        sandbox = self._box("candidate")
        source, sink = os.pipe(), os.pipe()
        try:
            sandbox.begin({"mode": "stdio", "code": program.code}, [source[0], sink[1]])
        except BaseException:
            for fd in (*source, *sink):
                os.close(fd)
            raise
        os.close(source[0])
        os.close(sink[1])
        run = _Run({"candidate": sandbox}, self.limits, until="candidate")
        run.feed = program.stdin.encode("utf-8", "replace")
        try:
            run.watch({"in": source[1], "out": sink[0]})
            ended = run.finish()
            run.drain(sink[0])
        finally:
            if not run.fed:
                os.close(source[1])
            os.close(sink[0])
        self._tidy(ended)
        limit = _limit_hit(run, ended)
        output = bytes(run.output)
        if limit:
            return Checked(limit, "stdout", f"stopped: {limit}", cpu_seconds=run.cpu, stdout=output)
        status = os.waitstatus_to_exitcode(ended["candidate"]["status"])  # type: ignore[index]
        if status != 0:
            return Checked("fail", "stdout", f"the program ended with status {status}", 0, 0, run.cpu, output)
        same = lines(output.decode("utf-8", "surrogateescape")) == lines(program.expected_stdout)
        return Checked("pass" if same else "fail", "stdout", "" if same else "another output", 0, 0, run.cpu, output)

    def _tidy(self, ended: dict[str, dict[str, Any] | None]) -> None:
        for name, report in ended.items():
            odd = report is None or not report["clean"]
            if odd or (report and os.WIFSIGNALED(report["status"]) and not report["stopped"]):
                self._throw_away(name)


class _Run:
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
            part = _read_some(fd)
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
        while not self.over and (part := _read_some(fd)):
            self._collect(part)

    def finish(self) -> dict[str, dict[str, Any] | None]:
        """Stop what still runs; every report, None for a sandbox that no longer answers."""
        for name, sandbox in self.boxes.items():
            if name not in self.reports:
                sandbox.stop()
                self.reports[name] = sandbox.report(_GRACE_SECONDS)
        self.cpu = sum(report["cpu"] for report in self.reports.values() if report)
        return self.reports


def _read_some(fd: int) -> bytes | None:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return None


def _read(fd: int) -> bytes:
    whole = b""
    while (part := _read_some(fd)) and len(whole) < 1 << 16:
        whole += part
    return whole


def _report(said: bytes, nonce: str) -> dict[str, Any] | None:
    """The tests' report, if it is one of this check."""
    try:
        report = json.loads(said)
    except ValueError:
        return None
    genuine = isinstance(report, dict) and report.get("nonce") == nonce and report.get("end") is True
    return report if genuine else None


def _limit_hit(run: _Run, ended: dict[str, dict[str, Any] | None]) -> str:
    """The limit that ended a process, or ''."""
    if run.over:
        return run.over
    for report in ended.values():
        if report is None:
            return "killed"
        if not report["stopped"] and os.WIFSIGNALED(report["status"]):
            number = os.WTERMSIG(report["status"])
            used_up = report["cpu"] >= run.limits.cpu_seconds
            return "timeout" if number == signal.SIGXCPU or (number == signal.SIGKILL and used_up) else "killed"
    return ""


def _judged(run: _Run, ended: dict[str, dict[str, Any] | None], report: dict[str, Any] | None) -> Checked:
    limit = _limit_hit(run, ended)
    if limit:
        return Checked(limit, reason=f"stopped: {limit}", cpu_seconds=run.cpu)
    candidate, tests = ended["candidate"], ended["tests"]
    if report is None or tests is None or tests["stopped"] or tests["status"] != 0:
        return Checked("fail", reason="the tests did not reach their end", cpu_seconds=run.cpu)
    verdict, reason = str(report["verdict"]), str(report["reason"])
    if verdict in ("pass", "vacuous") and (candidate is None or not candidate["stopped"]):
        verdict, reason = "fail", "the program left before the tests ended"
    trust = "delegated" if report["delegated"] or report["opaque"] else "strong"
    if verdict == "unverified":
        trust = "unverified"
    return Checked(verdict, trust, reason, report["asserts"], report["opaque"], run.cpu)


def lines(text: str) -> list[str]:
    """Output as judges of programs compare it: line ends and trailing blanks do not count."""
    return [line.rstrip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]
