"""Programs, queries and tool calls that need a sandbox: only clear cases get a verdict.

Does NOT judge what needs a library beyond the standard one, a file, or more than the limits (all ABSTAIN), and nothing
at all where no tier isolates: then every such row is ABSTAIN with the reason. A pass in which the program's own code
decided a comparison is ABSTAIN too (`delegated`).
"""

from __future__ import annotations

import atexit
import os
from functools import lru_cache
from pathlib import Path

from buckets import Record
from verifiers.calls import Call, read_calls
from verifiers.declared import Declared, DeclaredError, Sql, Stdio, Tools, declared
from verifiers.execution import code_of, judge_execution, other_language
from verifiers.jsonish import lenient
from verifiers.outputs import compare_output
from verifiers.queries import query_of
from verifiers.sandbox import Checked, Limits, Program
from verifiers.sandbox.pool import Pool
from verifiers.sandbox.process import RefusedError
from verifiers.sandbox.replay import Replayed, replay
from verifiers.sandbox.sql import compare_queries
from verifiers.sandbox.zygote import SURROUNDINGS
from verifiers.verdict import Outcome, Verdict, abstained, failed, passed

UNGRADED = frozenset({"outside_subset", "needs_sandbox", "no_isolation"})
"""Rules of an ABSTAIN that is about this machine and its settings, not about the answer."""
_UNDECIDED = frozenset({"outside_subset", "limits", "needs_sandbox", "entangled"})
"""What the interpreter says when the program may still be right."""
_SURROUNDINGS = (
    "ModuleNotFoundError", "ImportError", "FileNotFoundError", "PermissionError", "OSError", "BlockingIOError",
    "MemoryError", "EOFError", "RecursionError", "a value is",
)  # fmt: skip
"""Errors that may come from our limits or our bare world, not from the program."""
_MAX_TEXT = 200_000
_MAX_FILE = 32 << 20
_CPU_SECONDS = 60.0
"""Processor time for all cases of a row."""


def judge_isolated(record: Record, tier: str = "auto", files: str | None = None) -> Verdict:
    """The interpreter's verdict where it has one, else the sandbox's. Never raises.

    files: the folder in which databases and modules lie that tests name; None: no file is opened for a row.
    """
    verdict = judge_execution(record)
    if verdict.outcome is not Outcome.ABSTAIN or verdict.rule not in _UNDECIDED:
        return verdict
    try:
        tests = declared(record.draft)
        written = files_of(tests, files)
    except DeclaredError as error:
        return abstained("bad_tests", f"The tests cannot be used: {error}.")
    if isinstance(tests, Stdio) and (language := other_language(record.answer)):
        return abstained("other_language", f"The answer is written in {language}, and only Python is run.")
    code = code_of(record.answer or "")
    if len(code) + len(record.draft.tests or "") > _MAX_TEXT and tests is None:
        return abstained("limits", "The program and its tests are too long to be run.")
    pool = _pool(tier, os.getpid())
    if isinstance(pool, str):
        return abstained("no_isolation", pool)
    if tests is None:
        return _told(pool.check(Program(code, record.draft.tests or "")))
    if isinstance(tests, Stdio):
        return _printed(pool, code, tests)
    if isinstance(tests, Sql):
        return _queried(pool, query_of(record.answer), tests, written)
    return _replayed(pool, record, tests, written.decode("utf-8", "replace") if isinstance(written, bytes) else written)


def files_of(tests: Declared | None, folder: str | None) -> str | bytes:
    """The database or module that the tests name, or hold themselves. Raises DeclaredError."""
    if tests is None or isinstance(tests, Stdio):
        return ""
    if not tests.file:
        return tests.database if isinstance(tests, Sql) else tests.code
    if folder is None:
        raise DeclaredError("they name a file, and the recipe names no folder for it (check.execution.files)")
    root = Path(folder).resolve()
    try:
        path = (root / tests.file).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise DeclaredError(f"{tests.file!r} is no file in the folder of files")
        if path.stat().st_size > _MAX_FILE:
            raise DeclaredError(f"{tests.file!r} is larger than {_MAX_FILE >> 20} MiB")
        beside = path.with_name(path.name + "-wal")
        if beside.exists() and beside.stat().st_size:
            raise DeclaredError(f"{tests.file!r} has changes that are not yet written into it (-wal)")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, DeclaredError):
            raise
        raise DeclaredError(f"{tests.file!r} cannot be read") from error


def _told(done: Checked) -> Verdict:
    if done.verdict == "pass" and done.trust == "strong":
        return passed("tests", f"{done.asserts} asserts hold (isolated)")
    if done.verdict == "pass":
        return abstained("delegated", "The asserts hold, but the program's own code decided a comparison.")
    if done.verdict == "vacuous":
        return abstained("vacuous", "The tests ran to the end and asserted nothing.")
    if done.verdict != "fail" or done.opaque or any(word in done.reason for word in _SURROUNDINGS):
        return _undecided(done)
    if "AssertionError" in done.reason:
        return failed("test_failed", "A test fails.", done.reason)
    return failed("program_error", "The program raises an error or leaves before its tests end.", done.reason)


def _undecided(done: Checked) -> Verdict:
    rule = "limits" if done.verdict in ("timeout", "memory", "killed", "output") else "undecided"
    return abstained(rule, f"The sandbox came to no verdict: {done.verdict}, {done.reason}.")


def _printed(pool: Pool, code: str, tests: Stdio) -> Verdict:
    """All cases; the first FAIL decides, then the first that could not be decided."""
    if not any(due.strip() for _, due in tests.cases):
        return abstained("vacuous", "No case wants any output.")
    open_ones: list[Verdict] = []
    spent = 0.0
    for at, (given, due) in enumerate(tests.cases, 1):
        done = pool.check(Program(code, stdin=given, expected_stdout=due))
        spent += done.cpu_seconds
        verdict = _case(done, due, tests, at)
        if verdict is not None and verdict.outcome is Outcome.FAIL:
            return verdict
        open_ones += [verdict] if verdict is not None else []
        if spent > _CPU_SECONDS:
            return abstained("limits", f"Stopped after {at} of {len(tests.cases)} cases: too much processor time.")
    return open_ones[0] if open_ones else passed("tests", f"{len(tests.cases)} outputs agree (isolated)")


def _case(done: Checked, due: str, tests: Stdio, at: int) -> Verdict | None:
    """None when the output is as due."""
    if done.verdict not in ("pass", "fail") or done.reason.endswith(f"status {SURROUNDINGS}"):
        return _undecided(done)
    got = done.stdout.decode("utf-8", "replace")
    if "status" in done.reason:
        return failed("program_error", f"In case {at} the program fails.", done.reason)
    found = compare_output(got, due, tests.compare, tests.tolerance)
    if found == "same":
        return None
    evidence = f"due {_short(due)}, given {_short(got)}"
    if found == "different":
        return failed("test_failed", f"In case {at} the program prints something else.", evidence)
    what = "its layout" if found == "layout" else "the last digits of decimals"
    return abstained(found, f"In case {at} the output differs in {what} alone, and the tests do not say.", evidence)


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:120]}...")


def _queried(pool: Pool, query: str, tests: Sql, database: str | bytes) -> Verdict:
    found = compare_queries(
        pool, query, tests.gold, database, rows=tests.rows, ordered=tests.ordered,
        columns_free=tests.columns == "any", tolerance=tests.tolerance,
    )  # fmt: skip
    if found.outcome == "same":
        return passed("rows", "the query gives the rows that are due (isolated)")
    if found.outcome == "different":
        return failed("other_rows", "The query gives other rows than are due.", found.reason)
    if found.outcome == "wrong":
        return failed("query_fails", "The database cannot answer the query.", found.reason)
    return abstained("undecided", f"The query could not be judged: {found.reason}.")


def _replayed(pool: Pool, record: Record, tests: Tools, code: str) -> Verdict:
    calls = _recorded(record, tests)
    if isinstance(calls, Verdict):
        return calls
    if not calls and tests.expected is None and tests.actions is None:
        return abstained("no_call", "The row calls no tool and names no final state.")
    done = replay(pool, code, calls, initial=tests.initial, expected=tests.expected, actions=tests.actions)
    if done.verdict == "fail" and "gold call" in done.reason:
        return abstained("unusable_gold", "The declared actions cannot be done.", done.reason)
    if done.reason.startswith("the program does not load"):
        return abstained("bad_tests", "The implementation of the tools does not load.", done.reason)
    if done.verdict == "pass" and done.trust == "strong":
        return passed("replay", f"{len(calls)} calls replayed, {done.asserts} asserts hold (isolated)")
    return _told(done)


def _recorded(record: Record, tests: Tools) -> list[Replayed] | Verdict:
    """The calls of all turns, in order, each with its recorded result where results are compared."""
    found: list[Replayed] = []
    waiting: list[tuple[Call, int]] = []
    for turn in record.messages:
        if turn.role == "assistant" and turn.tool_calls:
            calls = read_calls(turn.tool_calls)
            if isinstance(calls, Verdict):
                return calls
            waiting = []
            for call in calls:
                if not isinstance(call.arguments, dict):
                    return failed("bad_arguments", f"The arguments of {call.name} are no object.", str(call.arguments))
                waiting.append((call, len(found)))
                found.append(Replayed(call.name, call.arguments, None, False))
        elif turn.role == "tool" and tests.results and waiting:
            call, at = next((pair for pair in waiting if pair[0].id and pair[0].id == turn.tool_call_id), waiting[0])
            waiting = [pair for pair in waiting if pair[1] != at]
            value = lenient(turn.content)
            result = turn.content if value is None and turn.content.strip() != "null" else value
            found[at] = Replayed(call.name, call.arguments, result)
    return found


def isolation(tier: str) -> str:
    """The tier that programs run in for this setting ("off" for off), or the sentence that says why none does."""
    if tier == "off":
        return "off"
    pool = _pool(tier, os.getpid())
    return pool if isinstance(pool, str) else pool.tier


@lru_cache(maxsize=8)
def _pool(tier: str, process: int) -> Pool | str:
    """The warm worker of this process (a forked one makes its own), or why there is none."""
    try:
        pool = Pool(tier, Limits(), workers=1)
    except RefusedError as error:
        return str(error)
    atexit.register(lambda: pool.close() if os.getpid() == process else None)
    return pool
