"""One worker: a sandbox for programs and one for tests, a check at a time, and the verdict from outside both.

Does NOT take a program's word: a pass needs the tests' report with this check's nonce, both processes ending as they
should, and no limit hit. Any odd end throws the sandbox away.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
from dataclasses import replace
from typing import Any

from verifiers.sandbox.limits import Checked, Limits, Program
from verifiers.sandbox.process import RefusedError, Sandbox
from verifiers.sandbox.run import Run, read_some

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
        """Where the program may have changed what it was compared with, a second run on copies decides."""
        done, suspect = self._tested(program, apart=False)
        if done.verdict not in ("pass", "vacuous") or not suspect:
            return done
        again, _ = self._tested(program, apart=True)
        if again.verdict in ("pass", "broken"):
            return again
        reason = f"the tests hold only through what the program changed, or through a NaN ({again.reason})"
        return replace(done, verdict="fail", trust="delegated", reason=reason[:300], opaque=done.opaque + 1)

    def _tested(self, program: Program, *, apart: bool) -> tuple[Checked, bool]:
        nonce = secrets.token_hex(16)
        candidate, tests = self._box("candidate"), self._box("tests")
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        result, report_end = os.pipe()
        try:
            text = f"{program.setup}\n{program.tests}" if program.setup else program.tests
            job = {"mode": "tests", "tests": text, "entry_point": program.entry_point, "nonce": nonce, "apart": apart}
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
            run = Run({"tests": tests, "candidate": candidate}, self.limits, until="tests")
            run.watch({})
            ended = run.finish()
            os.set_blocking(result, False)
            said = _read(result)
        finally:
            os.close(result)
            near.close()
        self._tidy(ended)
        report = _report(said, nonce)
        return _judged(run, ended, report), bool(report and report["suspect"])

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
        run = Run({"candidate": sandbox}, self.limits, until="candidate")
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
            if odd or (report and os.WIFSIGNALED(report["status"]) and _ended_itself(report)):
                self._throw_away(name)


def _read(fd: int) -> bytes:
    whole = b""
    while (part := read_some(fd)) and len(whole) < 1 << 16:
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


def _ended_itself(report: dict[str, Any]) -> bool:
    """Whether the process ended before our word reached it; the word may come while it is already dying."""
    status = report["status"]
    return not (report["stopped"] and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)


def _limit_hit(run: Run, ended: dict[str, dict[str, Any] | None]) -> str:
    """The limit that ended a process, or ''."""
    if run.over:
        return run.over
    for report in ended.values():
        if report is None:
            return "killed"
        if _ended_itself(report) and os.WIFSIGNALED(report["status"]):
            number = os.WTERMSIG(report["status"])
            used_up = report["cpu"] >= run.limits.cpu_seconds
            return "timeout" if number == signal.SIGXCPU or (number == signal.SIGKILL and used_up) else "killed"
    return ""


def _judged(run: Run, ended: dict[str, dict[str, Any] | None], report: dict[str, Any] | None) -> Checked:
    limit = _limit_hit(run, ended)
    if limit:
        return Checked(limit, reason=f"stopped: {limit}", cpu_seconds=run.cpu)
    candidate, tests = ended["candidate"], ended["tests"]
    if report is None or tests is None or tests["stopped"] or tests["status"] != 0:
        return Checked("fail", reason="the tests did not reach their end", cpu_seconds=run.cpu)
    verdict, reason = str(report["verdict"]), str(report["reason"])
    if verdict in ("pass", "vacuous") and (candidate is None or _ended_itself(candidate)):
        verdict, reason = "fail", "the program left before the tests ended"
    trust = "delegated" if report["delegated"] or report["opaque"] else "strong"
    if verdict == "unverified":
        trust = "unverified"
    return Checked(verdict, trust, reason, report["asserts"], report["opaque"], run.cpu)


def lines(text: str) -> list[str]:
    """Output as judges of programs compare it: line ends and trailing blanks do not count."""
    return [line.rstrip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]
