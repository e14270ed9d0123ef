"""Does the program in the answer pass its tests? Run by a small interpreter, never by exec or eval.

Does NOT cover (all of it ABSTAIN, naming the construct): classes, try, with, imports other than typing, generators,
star arguments, format specifications, global and nonlocal, stdin/stdout programs, other languages than Python, and
programs that need more than the step budget. The sandbox runs those (verifiers/isolated.py); this check needs no
isolation, because the interpreter has nothing to escape to.

A PASS says that the given asserts hold, not that the program is right: tests may be weak, and an answer written for
exactly these asserts passes. Tests that assert nothing are ABSTAIN (vacuous). Running out of our limits is ABSTAIN,
since a slow right program is not a wrong one; who grades samples may count it as not correct.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

from buckets import Record
from verifiers.declared import DeclaredError, declared
from verifiers.interpreter import Interpreter
from verifiers.meter import Function, Limits, OutOfLimitsError, OutsideError, ProgramError, Scope
from verifiers.verdict import Verdict, abstained, failed, passed

MAX_SOURCE = 20_000
MAX_DEPTH = 60
"""Nesting of brackets and of the syntax tree."""
_FENCE = re.compile(r"```[ \t]*(python3?|py|)[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL | re.IGNORECASE)
_NAN = re.compile(r"(?<![a-z])(?:is)?nan(?![a-z])", re.IGNORECASE)
_RUNS = re.compile(r"(?:[-+~]\s*){40}|(?:\bnot\s+){40}")


class UnreadableError(Exception):
    """The text is no program; `deep` when it may be one that nests deeper than we read."""

    def __init__(self, message: str, deep: bool = False) -> None:
        self.deep = deep
        super().__init__(message)


def judge_execution(record: Record) -> Verdict:
    """PASS when all tests hold; FAIL for a false assert or an error; ABSTAIN without tests or outside the subset."""
    try:
        if declared(record.draft) is not None:
            return abstained("needs_sandbox", "These tests run in a sandbox only (check.execution.sandbox).")
    except DeclaredError as error:
        return abstained("bad_tests", f"The tests cannot be used: {error}.", record.draft.tests or "")
    if not record.draft.tests or not record.draft.tests.strip():
        return abstained("no_tests", "The row has no tests.")
    return judge_program(record.answer or "", record.draft.tests)


def judge_program(answer: str, tests: str, limits: Limits | None = None) -> Verdict:
    """The same for bare texts. Never raises; the same verdict on every machine."""
    body = _tests(tests)
    if isinstance(body, str):
        return abstained("bad_tests", f"The tests cannot be read: {body}.", tests)
    if language := other_language(answer):
        return abstained("other_language", f"The answer is written in {language}, and only Python is run.")
    try:
        program = parse(code_of(answer).removeprefix("\ufeff"))
    except UnreadableError as error:
        if error.deep:
            return abstained("limits", f"The program cannot be read: {error}.")
        return failed("syntax_error", f"The answer is no Python program: {error}.", answer)
    return _run(program, body, limits, wary_of_nan=_NAN.search(tests) is None)


def _run(program: ast.Module, tests: list[ast.stmt], limits: Limits | None, *, wary_of_nan: bool) -> Verdict:
    interpreter = Interpreter(limits)
    try:
        interpreter.run(program.body)
        interpreter.asserts = 0
        interpreter.shielded, interpreter.reached = True, False
        interpreter.tests = Scope(interpreter.globals)  # the program never sees the names of the tests
        interpreter.wary_of_nan = wary_of_nan
        interpreter.run(tests, interpreter.tests)
        _run_uncalled(interpreter)
    except OutsideError as error:
        return abstained("outside_subset", f"The interpreter does not know {error}.")
    except OutOfLimitsError as error:
        return abstained("limits", f"Stopped: {error}.")
    except ProgramError as error:
        rule = "test_failed" if str(error).startswith("AssertionError") else "program_error"
        return failed(rule, "A test fails." if rule == "test_failed" else "The program raises an error.", str(error))
    if interpreter.entangled.spoiled:
        return abstained("entangled", "The program changed the data from which the tests take what they expect.")
    if interpreter.asserts == 0:
        return abstained("vacuous", "The tests ran to the end and asserted nothing.")
    if not interpreter.reached:
        return abstained("unreached", "The tests hold without the program: they call nothing that it defines.")
    return passed("tests", f"{interpreter.asserts} asserts hold")


def _run_uncalled(interpreter: Interpreter) -> None:
    """Test functions that the tests define and leave to a test runner."""
    scope = interpreter.tests
    for name, function in list(scope.values.items()) if scope else ():
        ours = isinstance(function, Function) and name.startswith("test_") and not function.parameters
        if ours and function.name not in interpreter.called:
            interpreter.run([ast.Expr(ast.Call(ast.Name(name, ast.Load()), [], []))], scope)


@lru_cache(maxsize=4096)
def _tests(tests: str) -> list[ast.stmt] | str:
    """Parsed tests (many samples share them), or what is wrong with them."""
    try:
        return parse(tests).body
    except UnreadableError as error:
        return str(error)


def code_of(answer: str) -> str:
    """The fenced Python blocks of an answer, joined; or the whole answer when there is none."""
    blocks = _FENCE.findall(answer)
    python = [code for language, code in blocks if language] or [code for _, code in blocks]
    return "\n".join(python) if python else answer


_NAMED = re.compile(r"```[ \t]*([A-Za-z+#]+)[0-9]*[ \t]*\n")
_LANGUAGES = frozenset(
    {"c", "cpp", "c++", "cc", "java", "javascript", "js", "typescript", "ts", "go", "golang", "rust", "ruby", "php",
     "csharp", "cs", "c#", "kotlin", "swift", "scala", "haskell", "perl", "lua", "r", "bash", "sh", "sql"}
)  # fmt: skip
_FOREIGN = re.compile(r"\s*(#include\s*[<\"]|import java\.|using namespace |package main\b|public class |<\?php)")


def other_language(answer: str) -> str:
    """The language of a program that says that it is not Python; "" for Python, for none, and where it is not said."""
    named = [found.lower() for found in _NAMED.findall(answer)]
    if named:
        foreign = [name for name in named if name in _LANGUAGES]
        return foreign[0] if foreign and not {"python", "py"}.intersection(named) else ""
    found = _FOREIGN.match(answer)
    return found[1].strip() if found else ""


def parse(source: str) -> ast.Module:
    """The syntax tree of a program of bounded size and depth. Raises UnreadableError."""
    if len(source) > MAX_SOURCE:
        raise UnreadableError(f"longer than {MAX_SOURCE} characters", deep=True)
    if _nesting(source) > MAX_DEPTH or source.count("lambda") > MAX_DEPTH or _RUNS.search(source):
        raise UnreadableError("nested too deeply", deep=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in program text are not our news
            tree = ast.parse(source)
    except (RecursionError, MemoryError) as error:
        raise UnreadableError("nested too deeply", deep=True) from error
    except (SyntaxError, ValueError) as error:
        raise UnreadableError(str(error)[:120]) from error
    if _too_deep(tree):
        raise UnreadableError("nested too deeply", deep=True)
    return tree


def _nesting(source: str) -> int:
    depth = deepest = 0
    for mark in re.findall(r"[(\[{)\]}]", source):
        depth += 1 if mark in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def _too_deep(tree: ast.AST) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
