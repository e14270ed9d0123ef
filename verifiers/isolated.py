"""Programs that the small interpreter cannot decide, run in the sandbox: only clear cases get a verdict.

Does NOT judge what needs a library beyond the standard one, a file, or more than the limits (all ABSTAIN), and nothing
at all where no tier isolates: then every such row is ABSTAIN with the reason. A pass in which the program's own code
decided a comparison is ABSTAIN too (`delegated`).
"""

from __future__ import annotations

import atexit
import os
from functools import lru_cache

from buckets import Record
from verifiers.execution import code_of, judge_execution
from verifiers.sandbox import Checked, Limits, Program
from verifiers.sandbox.pool import Pool
from verifiers.sandbox.process import RefusedError
from verifiers.verdict import Outcome, Verdict, abstained, failed, passed

_UNDECIDED = frozenset({"outside_subset", "limits"})
"""What the interpreter says when the program may still be right."""
_SURROUNDINGS = (
    "ModuleNotFoundError", "ImportError", "FileNotFoundError", "PermissionError", "OSError", "BlockingIOError",
    "MemoryError", "EOFError", "RecursionError", "a value is",
)  # fmt: skip
"""Errors that may come from our limits or our bare world, not from the program."""
_MAX_TEXT = 200_000


def judge_isolated(record: Record, tier: str = "auto") -> Verdict:
    """The interpreter's verdict where it has one, else the sandbox's. Never raises."""
    verdict = judge_execution(record)
    if verdict.outcome is not Outcome.ABSTAIN or verdict.rule not in _UNDECIDED:
        return verdict
    code, tests = code_of(record.answer or ""), record.draft.tests or ""
    if len(code) + len(tests) > _MAX_TEXT:
        return verdict
    pool = _pool(tier, os.getpid())
    if isinstance(pool, str):
        return abstained("no_isolation", pool)
    return _told(pool.check(Program(code, tests)))


def _told(done: Checked) -> Verdict:
    if done.verdict == "pass" and done.trust == "strong":
        return passed("tests", f"{done.asserts} asserts hold (isolated)")
    if done.verdict == "pass":
        return abstained("delegated", "The asserts hold, but the program's own code decided a comparison.")
    if done.verdict == "vacuous":
        return abstained("vacuous", "The tests ran to the end and asserted nothing.")
    if done.verdict != "fail" or done.opaque or any(word in done.reason for word in _SURROUNDINGS):
        return abstained(
            "limits" if done.verdict in ("timeout", "memory", "killed") else "undecided",
            f"The sandbox came to no verdict: {done.verdict}, {done.reason}.",
        )
    if "AssertionError" in done.reason:
        return failed("test_failed", "A test fails.", done.reason)
    return failed("program_error", "The program raises an error or leaves before its tests end.", done.reason)


@lru_cache(maxsize=8)
def _pool(tier: str, process: int) -> Pool | str:
    """The warm worker of this process (a forked one makes its own), or why there is none."""
    try:
        pool = Pool(tier, Limits(), workers=1)
    except RefusedError as error:
        return str(error)
    atexit.register(lambda: pool.close() if os.getpid() == process else None)
    return pool
