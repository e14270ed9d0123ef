"""Code with its tests: MBPP, HumanEval, KodCode, APPS and TACO, CodeContests, and rows that look like them.

Asserts become record.tests, for the program in the answer. Tests of programs that read stdin and print are kept in
meta["io_tests"], a list of {"input": text, "output": text}; nothing here says that an answer passes them.
NOT covered: rows that have tests but no solution (MultiPL-E, LiveCodeBench) and other languages than Python.
"""

from __future__ import annotations

import re
from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import compact, first_key, leftovers, parsed, text
from buckets.formats.format import Format, Row
from buckets.formats.thought import answered
from buckets.record import Draft, Message

_QUESTIONS = ("question", "description", "problem", "prompt", "text")
_SOLUTIONS = ("solutions", "solution", "code")
_LISTS = ("test_setup_code", "test_imports", "test_list", "challenge_test_list")
_PYTHON3 = (3, "PYTHON3", "python3", "python", "Python 3")


def sniff(row: Row) -> str | None:
    kind = _kind(row)
    return None if kind is None else f"code with tests, as in {kind}"


def _kind(row: Row) -> str | None:
    if {"prompt", "canonical_solution", "entry_point"} <= row.keys() and isinstance(row.get("test"), str):
        return "HumanEval"
    if "code" in row and isinstance(row.get("test_list"), list) and first_key(row, ("text", "prompt")):
        return "MBPP"
    if first_key(row, _QUESTIONS) is None or first_key(row, _SOLUTIONS) is None:
        return None
    if "input_output" in row:
        return "APPS"
    if isinstance(row.get("public_tests"), dict):
        return "CodeContests"
    test = row.get("test")
    if isinstance(row.get("solution"), str) and isinstance(test, str) and _TEST_FUNCTION.search(test):
        return "KodCode"
    return None


def read(row: Row) -> Draft:
    """Question, solution and tests; a row without a solution is RowError("no_answer")."""
    readers = {
        "HumanEval": _humaneval,
        "MBPP": _mbpp,
        "APPS": _apps,
        "CodeContests": _contests,
        "KodCode": _kodcode,
    }
    kind = _kind(row)
    if kind is None:
        raise RowError("unexpected_keys", f"no question, code and tests among {sorted(row)[:20]}")
    return readers[kind](row)


def _draft(row: Row, used: set[str], question: str, answer: str, tests: str | None, **notes: object) -> Draft:
    if not answer.strip():
        raise RowError("no_answer", "the row has tests and no solution")
    turns = (Message("user", question), answered(answer))
    return Draft(turns, tests=tests, meta=leftovers(row, used, **notes))


def _humaneval(row: Row) -> Draft:
    """The answer is the whole function: the prompt with its body, or the solution where that is whole (EvalPlus)."""
    prompt, body, entry = text(row, "prompt"), text(row, "canonical_solution"), text(row, "entry_point")
    if not entry.isidentifier():
        raise RowError("bad_tests", f"the entry point is not a name: {entry[:60]!r}")
    whole = re.search(rf"^(?:async )?def {re.escape(entry)}\b", body, re.MULTILINE) is not None
    tests = row["test"]
    if re.search(r"^def check\(", tests, re.MULTILINE) and not re.search(r"^check\(", tests, re.MULTILINE):
        tests = f"{tests.rstrip()}\n\ncheck({entry})"
    used = {"prompt", "canonical_solution", "test"}
    return _draft(row, used, prompt, body if whole or not body.strip() else prompt + body, tests)


def _mbpp(row: Row) -> Draft:
    """Setup code, then the asserts, then the harder ones."""
    key = first_key(row, ("text", "prompt")) or "text"
    parts: list[str] = []
    used = {key, "code"}
    for name in _LISTS:
        value = row.get(name)
        lines = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        if not all(isinstance(line, str) for line in lines):
            raise RowError("bad_tests", f"{name!r} is not a list of texts")
        if name in row:
            used.add(name)
        parts += [line for line in lines if line.strip()]
    return _draft(row, used, text(row, key), text(row, "code"), "\n".join(parts) or None)


_TEST_FUNCTION = re.compile(r"^def (test\w*)\(\s*\)", re.MULTILINE)
_IMPORT = re.compile(r"^from solution import [^\n(]*$|^from solution import \([^)]*\)$", re.MULTILINE)


def _kodcode(row: Row) -> Draft:
    """Pytest functions: without their import of the solution, and each called once behind them."""
    names = list(dict.fromkeys(_TEST_FUNCTION.findall(row["test"])))
    body = _IMPORT.sub("", row["test"]).strip("\n")
    tests = body + "\n\n" + "\n".join(f"{name}()" for name in names)
    key = first_key(row, _QUESTIONS) or "question"
    return _draft(row, {key, "solution", "test"}, text(row, key), text(row, "solution"), tests)


def _apps(row: Row) -> Draft:
    """The first solution is trained, the others are meta["other_solutions"]; calls of `fn_name` become asserts."""
    cases = row["input_output"]
    cases = parsed(cases) if isinstance(cases, str) and cases.strip() else cases
    solution_key, solutions = _solutions(row)
    key = first_key(row, _QUESTIONS) or "question"
    question = text(row, key)
    used = {key, solution_key, "input_output"}
    starter = row.get("starter_code")
    if isinstance(starter, str) and starter.strip():
        question = f"{question}\n\n{starter}"
        used.add("starter_code")
    pairs = _pairs(cases)
    name = cases.get("fn_name") if isinstance(cases, dict) else None
    first = solutions[0] if solutions else ""
    tests = _asserts(name, first, pairs) if isinstance(name, str) and pairs else None
    io_tests = _io_tests(pairs) if not isinstance(name, str) else None
    if pairs and tests is None and io_tests is None:
        used.discard("input_output")
    return _draft(row, used, question, first, tests, io_tests=io_tests, other_solutions=solutions[1:] or None)


def _solutions(row: Row) -> tuple[str, list[str]]:
    key = first_key(row, _SOLUTIONS) or "solutions"
    value = row.get(key)
    if isinstance(value, str) and value.lstrip()[:1] == "[" and isinstance(listed := parsed(value), list):
        value = listed
    found = value if isinstance(value, list) else [value]
    return key, [each for each in found if isinstance(each, str) and each.strip()]


def _pairs(cases: object) -> list[tuple[Any, Any]]:
    """(input, output) of {"inputs": [...], "outputs": [...]}; RowError where they do not pair."""
    if not isinstance(cases, dict) or not cases:
        return []
    inputs = cases.get("inputs", cases.get("input"))
    outputs = cases.get("outputs", cases.get("output"))
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
        raise RowError("bad_tests", "the inputs and outputs of the tests do not pair")
    return list(zip(inputs, outputs, strict=True))


def _asserts(name: str, program: str, pairs: list[tuple[Any, Any]]) -> str | None:
    """One assert a case; None where the program has no function of that name, plain or in a class Solution."""
    if not name.isidentifier() or not all(isinstance(given, list) for given, _ in pairs):
        return None
    if re.search(rf"^def {name}\b", program, re.MULTILINE):
        called = name
    elif re.search(r"^class Solution\b", program, re.MULTILINE) and re.search(rf"\bdef {name}\b", program):
        called = f"Solution().{name}"
    else:
        return None
    lines = []
    for given, wanted in pairs:
        arguments = ", ".join(repr(each) for each in given)
        # The set's own runner takes the value or, where a list is stored, its first item.
        held = f"in ({wanted!r}, {wanted[0]!r})" if isinstance(wanted, list) and wanted else f"== {wanted!r}"
        lines.append(f"assert {called}({arguments}) {held}")
    return "\n".join(lines)


def _io_tests(pairs: list[tuple[Any, Any]]) -> list[dict[str, str]] | None:
    """stdin and stdout as text; a list of lines is joined by line ends, as the set's own runner does."""
    cases = [{"input": _lines(given), "output": _lines(wanted)} for given, wanted in pairs]
    return cases or None


def _lines(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_lines(each) for each in value)
    return value if isinstance(value, str) else compact(value)


def _contests(row: Row) -> Draft:
    """The first Python 3 solution; tests of all kinds, public first."""
    listed = row.get("solutions")
    languages = listed.get("language") if isinstance(listed, dict) else None
    programs = listed.get("solution") if isinstance(listed, dict) else None
    if not isinstance(languages, list) or not isinstance(programs, list) or len(languages) != len(programs):
        raise RowError("unexpected_keys", "the solutions are not {language: [...], solution: [...]}")
    python = [program for language, program in zip(languages, programs, strict=True) if language in _PYTHON3]
    if not python or not isinstance(python[0], str):
        raise RowError("no_answer", "no solution in Python 3")
    pairs = [pair for name in ("public_tests", "private_tests", "generated_tests") for pair in _pairs(row.get(name))]
    key = first_key(row, _QUESTIONS) or "description"
    used = {key, "public_tests", "private_tests", "generated_tests"}
    return _draft(row, used, text(row, key), python[0], None, io_tests=_io_tests(pairs))


CODE_TESTS = Format(
    "code_tests", "a question, a program and its tests (MBPP, HumanEval, KodCode, APPS, CodeContests)", sniff, read
)
