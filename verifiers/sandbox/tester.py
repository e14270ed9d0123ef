"""The side of the tests: runs them to the last statement against stand-ins, counts what was asserted, and reports.

Does NOT protect a verdict from tests that collude: whoever writes the tests owns this process. The program under test
reaches it with plain data only.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import re
import sys
import types
import unittest
import warnings
from collections.abc import Callable
from typing import Any

from verifiers.sandbox.client import Client
from verifiers.sandbox.confirm import Confirmed
from verifiers.sandbox.marks import Marks, marked
from verifiers.sandbox.names import APART, Usage, genuine, names_of, shared
from verifiers.sandbox.remote import CandidateGoneError, Remote, RemoteClass, UnsupportedError

_NAN = re.compile(r"(?<![a-z])(?:is)?nan(?![a-z])", re.IGNORECASE)


class NotPassedError(AssertionError):
    """A suite that failed, skipped or was empty."""


class Trial:
    """One run of the tests. `report` is what the host reads."""

    def __init__(self, fd: int, tests: str, entry_point: str | None, *, apart: bool = False) -> None:
        """apart: the program works on copies, and no NaN crosses; see `suspect`."""
        self.client = Client(fd)
        self.client.copies = apart
        self.client.nan = None if _NAN.search(tests) else 1.2345e300 if apart else float("nan")
        self.marks = Marks(self.client)
        self.tests, self.entry_point = tests, entry_point
        self.reached = False
        self.module = types.ModuleType("__main__")
        self.usage = Usage()
        self.apart: list[str] = []
        self.suites_run = False

    def report(self) -> dict[str, Any]:
        verdict, reason = self.run()
        client = self.client
        if verdict == "fail" and (self.apart or client.withheld):
            client.opaque += 1
            reason = (
                f"{', '.join(self.apart) or client.withheld} of the tests is not in the program's process; {reason}"
            )
        return {
            "verdict": verdict, "reason": reason[:300], "asserts": self.marks.asserts, "delegated": client.delegated,
            "opaque": client.opaque, "requests": client.requests, "suspect": self.marks.spoiled or client.nans > 0,
        }  # fmt: skip

    def run(self) -> tuple[str, str]:
        """(pass | fail | vacuous | memory | unverified, reason)."""
        try:
            code = self.compiled()
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return "unverified", f"the tests are no program: {said(error)}"
        try:
            self.prepare(code)
        except CandidateGoneError as error:
            return "fail", str(error)
        except BaseException as error:  # noqa: BLE001  # the program's own failure to load
            return ("memory" if isinstance(error, MemoryError) else "fail"), f"the program does not load: {said(error)}"
        try:
            exec(code, self.module.__dict__)  # noqa: S102  # in a sandbox, which is what it is for
            self.rest()
        except UnsupportedError as error:
            return "unverified", str(error)
        except MemoryError as error:
            return "memory", said(error)
        except ModuleNotFoundError as error:
            return ("fail" if self.client.requests > 1 else "unverified"), said(error)
        except BaseException as error:  # noqa: BLE001  # any way to leave the tests early is no pass
            return "fail", said(error)
        return self.held()

    def held(self) -> tuple[str, str]:
        """The verdict on tests that ran to their end."""
        if self.marks.failed:
            self.client.opaque += 1
            return "fail", "a failed assert of the tests was swallowed by the tests"
        if self.marks.asserts == 0:
            return "vacuous", "the tests ran to the end and asserted nothing"
        if self.client.requests <= 1 and not self.reached:
            return "vacuous", "the tests hold without the program: they use nothing that it defines"
        liar = Confirmed(self.client).liar()
        if liar:
            self.client.opaque += 1
            return "fail", f"an object of the program is equal to any {liar}"
        return "pass", ""

    def compiled(self) -> types.CodeType:
        tree = ast.parse(self.tests.removeprefix("\ufeff"), "<tests>")
        self.usage = Usage.of(tree)
        return compile(marked(tree), "<tests>", "exec")

    def prepare(self, code: types.CodeType) -> None:
        """Load the program; put the names it defines, and the tests use, into the world of the tests."""
        wanted = sorted(names_of(code) | ({self.entry_point} if self.entry_point else set()))
        loaded = self.client.request("load", 0, (tuple(wanted),), {})
        if not (isinstance(loaded, tuple) and len(loaded) == 2 and all(type(part) is dict for part in loaded)):
            raise CandidateGoneError("the program's process talks nonsense")
        defined = {name: value for name, value in loaded[0].items() if name in wanted}
        defined.update(genuine(loaded[1], wanted))
        space = self.module.__dict__
        space.update(self.marks.names())
        sys.modules["__main__"] = self.module
        self.client.named = {value for value in defined.values() if isinstance(value, RemoteClass)}
        self.client.proper = {value for name, value in defined.items() if name[:1].isupper()} & self.client.named
        given = shared(defined, wanted, self.entry_point, self.usage)
        self.reached = any(isinstance(v, RemoteClass) or not isinstance(v, Remote) for v in given.values())
        space.update(given)
        self.client.ends_loops = not {"StopIteration", "StopAsyncIteration"}.isdisjoint(wanted)
        self.apart = sorted(APART.intersection(wanted))
        unittest.main = self.suites  # type: ignore[assignment]
        for name in dir(unittest.TestCase) if "unittest" in wanted else ():
            if name.startswith("assert"):
                setattr(unittest.TestCase, name, self.counting(getattr(unittest.TestCase, name)))

    def counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            self.marks.asserts += not self.marks.judged_by_program()
            return result

        return counted

    def suites(self, *_args: Any, **_kwargs: Any) -> None:
        """Instead of unittest.main: all TestCase classes of the tests; failed, skipped or none is no pass."""
        self.suites_run = True
        loader, result = unittest.TestLoader(), unittest.TestResult()
        for kind in [kind for kind in self.module.__dict__.values() if is_suite(kind)]:
            loader.loadTestsFromTestCase(kind).run(result)
        odd = [*result.failures, *result.errors]
        if odd or result.unexpectedSuccesses or result.skipped or result.expectedFailures or not result.testsRun:
            raise NotPassedError(odd[0][1][-300:] if odd else "a suite that skipped or ran nothing")

    def rest(self) -> None:
        """What a test runner would still call: suites, `check` of the entry point, test functions."""
        space = self.module.__dict__
        if any(map(is_suite, space.values())) and not self.suites_run:
            self.suites()
        checker, entered = space.get("check"), self.marks.entered
        waits = isinstance(checker, types.FunctionType) and checker.__code__.co_argcount == 1
        if self.entry_point and callable(checker) and waits and "check" not in entered:
            checker(space[self.entry_point])
        for name, test in list(space.items()):
            ours = isinstance(test, types.FunctionType) and not test.__code__.co_argcount
            if ours and (name == "test" or name.startswith("test_")) and test.__name__ not in entered:
                test()


def is_suite(kind: Any) -> bool:
    return type(kind) is type and issubclass(kind, unittest.TestCase) and kind.__module__ == "__main__"


def said(error: BaseException) -> str:
    """An exception in a line, without asking an object of the program how it prints."""
    plain = [str(arg) for arg in error.args if type(arg) in (str, int, float, bool, type(None))]
    return f"{type(error).__name__}: {', '.join(plain)}"[:300]


def run_tests(fd: int, result: int, job: dict[str, Any]) -> None:
    """The whole life of a test process: one report over `result`, with the nonce of this check."""
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(5000)
    # Not the seed of the program's process: it would know every number that the tests draw.
    random.seed(hashlib.sha256(job["tests"].encode("utf-8", "replace")).digest())
    report = Trial(fd, job["tests"], job.get("entry_point"), apart=job.get("apart", False)).report()
    os.write(result, json.dumps({"nonce": job["nonce"], "end": True, **report}).encode())
