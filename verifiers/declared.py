"""What the tests of a row are: Python asserts, or a JSON declaration of printed output, of a query, or of tool calls.

Read from `tests`, or for stdin/stdout cases from meta["io_tests"]. Nothing is run here, and no file is opened.
Does NOT cover interactive programs, special judges (several right outputs), and tests in other languages than Python.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from buckets import Draft
from verifiers.jsonish import too_deep

MAX_CASES = 500
_COMPARE = ("lines", "tokens", "exact")


class DeclaredError(ValueError):
    """The tests are JSON, but no declaration that is known; the message is the end of a sentence."""


@dataclass(frozen=True)
class Stdio:
    """Cases of (stdin, due stdout). `compare` is "" where the row does not say how strict layout is."""

    cases: tuple[tuple[str, str], ...]
    compare: str = ""
    tolerance: float | None = None


@dataclass(frozen=True)
class Sql:
    """A query is asked of `database`: an SQL script, or (`file`) a path under the recipe's folder of files."""

    database: str = ""
    file: str = ""
    gold: str | None = None
    rows: list[list[Any]] | None = None
    ordered: bool | None = None
    columns: str = ""
    tolerance: float = 1e-9


@dataclass(frozen=True)
class Tools:
    """Calls are replayed against functions in `code` (or `file`): `f(**arguments)`, or `f(state, **arguments)` when
    there is an `initial` state. Due: each recorded result, the final state, or the state that `actions` lead to."""

    code: str = ""
    file: str = ""
    initial: dict[str, Any] | None = None
    expected: dict[str, Any] | None = None
    actions: tuple[tuple[str, dict[str, Any]], ...] | None = None
    results: bool = True


Declared = Stdio | Sql | Tools


def declared(draft: Draft) -> Declared | None:
    """The declaration, or None for plain Python tests and for no tests. Raises DeclaredError."""
    text = (draft.tests or "").strip()
    if not text and isinstance(cases := draft.meta.get("io_tests"), list) and cases:
        return _stdio({"cases": cases})
    if text[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None  # a Python display may begin so, too
    if too_deep(value):
        raise DeclaredError("they nest too deeply")
    return _read(value, draft.reference)


def _read(value: Any, reference: str | None) -> Declared:
    if isinstance(value, list):
        return _stdio({"cases": value})
    kind = value.get("kind")
    if kind == "sql":
        return _sql(value, reference)
    if kind == "tools":
        return _tools(value)
    if kind == "stdio" or (
        kind is None and ({"inputs", "outputs"} <= value.keys() or {"input", "output"} <= value.keys())
    ):
        return _stdio(value)
    raise DeclaredError(f"their kind is {kind!r}, and there are stdio, sql and tools" if kind else "they have no kind")


def _stdio(value: dict[str, Any]) -> Stdio:
    if value.get("fn_name"):
        raise DeclaredError("they call a function by fn_name: write them as asserts")
    compare = _of(value, "compare", str, "")
    if compare and compare not in _COMPARE:
        raise DeclaredError(f"compare is {compare!r}, and there are {', '.join(_COMPARE)}")
    found = tuple(_case(case) for case in _cases(value))
    if not found:
        raise DeclaredError("they have no case")
    if len(found) > MAX_CASES:
        raise DeclaredError(f"they have more than {MAX_CASES} cases")
    tolerance = value.get("tolerance")
    return Stdio(found, compare, None if tolerance is None else _number(tolerance))


def _cases(value: dict[str, Any]) -> list[Any]:
    """[{"input", "output"}], or the columns of APPS (inputs, outputs) and of CodeContests (input, output)."""
    if isinstance(value.get("cases"), list):
        return list(value["cases"])
    many = "s" if "inputs" in value else ""
    inputs, outputs = value.get(f"input{many}"), value.get(f"output{many}")
    if isinstance(inputs, str) and isinstance(outputs, str):
        return [value]
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
        raise DeclaredError("inputs and outputs do not pair")
    return [{"input": one, "output": other} for one, other in zip(inputs, outputs, strict=True)]


def _case(case: Any) -> tuple[str, str]:
    if not isinstance(case, dict) or case.get("testtype", "stdin") not in ("stdin", "stdio"):
        raise DeclaredError("a case is no {input, output} of a program that prints")
    return _lines(case.get("input", "")), _lines(case.get("output"))


def _lines(value: Any) -> str:
    """A text, or a list of its lines, as APPS has both."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if not isinstance(value, str):
        raise DeclaredError("an input or output is no text")
    return value


def _sql(value: dict[str, Any], reference: str | None) -> Sql:
    database, gold, rows = _of(value, "database", str, ""), _of(value, "gold", str, reference), value.get("rows")
    if _of(value, "dialect", str, "sqlite").lower() != "sqlite":
        raise DeclaredError(f"the dialect is {value['dialect']!r}, and only SQLite can be asked")
    if not database.strip():
        raise DeclaredError("they name no database")
    if rows is not None and not (isinstance(rows, list) and all(isinstance(row, list) for row in rows)):
        raise DeclaredError("rows is no list of lists")
    if rows is None and not gold:
        raise DeclaredError("they have neither a gold query nor rows")
    is_script = re.search(r"\b(?:create|insert)\s", database, re.IGNORECASE) is not None
    return Sql(
        database if is_script else "", "" if is_script else database, None if rows is not None else gold, rows,
        _of(value, "ordered", bool, None), _of(value, "columns", str, ""), _number(value.get("tolerance", 1e-9)),
    )  # fmt: skip


def _tools(value: dict[str, Any]) -> Tools:
    code, file = _of(value, "code", str, ""), _of(value, "module", str, "")
    if bool(code) == bool(file):
        raise DeclaredError("they need either code or a module")
    initial, expected = _of(value, "initial", dict, None), _of(value, "expected", dict, None)
    actions = value.get("actions")
    if initial is None and (expected is not None or actions is not None):
        raise DeclaredError("a final state needs an initial one")
    if actions is not None:
        if not isinstance(actions, list):
            raise DeclaredError("actions is no list")
        actions = tuple(map(_action, actions))
    return Tools(code, file, initial, expected, actions, _of(value, "results", bool, True))


def _action(action: Any) -> tuple[str, dict[str, Any]]:
    """{"name", "arguments"}; tau-bench writes kwargs."""
    arguments = action.get("arguments", action.get("kwargs", {})) if isinstance(action, dict) else None
    if not isinstance(arguments, dict) or not isinstance(action.get("name"), str):
        raise DeclaredError("an action is no {name, arguments}")
    return action["name"], arguments


def _of(value: dict[str, Any], key: str, kind: type, otherwise: Any) -> Any:
    found = value.get(key)
    if found is None:
        return otherwise
    if not isinstance(found, kind):
        raise DeclaredError(f"{key} is no {kind.__name__}")
    return found


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise DeclaredError("the tolerance is no number from 0 to 1")
    return float(value)
