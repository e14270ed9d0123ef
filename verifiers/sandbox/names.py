"""Which names of the program the tests may see, and what of the tests cannot be seen from the program's process.

Does NOT guess what a test means: it reads names. A name of the standard library that the tests use as a module is the
tests' own, and so are the few functions that compare or copy; a program that defines them would be its own judge.
"""

from __future__ import annotations

import ast
import builtins
import copy
import importlib
import math
import sys
import types
from dataclasses import dataclass, field
from typing import Any

from verifiers.sandbox.remote import Remote, RemoteClass

ORACLES: dict[str, Any] = {"isclose": math.isclose, "fabs": math.fabs, "deepcopy": copy.deepcopy}
APART = frozenset(
    {"redirect_stdout", "redirect_stderr", "stdout", "stderr", "stdin", "capsys", "capfd", "asdict", "astuple", "open",
     "signature", "getsource", "getfullargspec", "patch", "monkeypatch", "environ", "putenv", "chdir", "tmp_path",
     "TemporaryDirectory", "vars", "__dict__", "__doc__", "__module__", "dir", "getmembers", "__slots__",
     "NamedTemporaryFile", "mkdtemp", "mkstemp", "write_text", "write_bytes", "settrace"}
)  # fmt: skip
"""Means by which tests reach into the process of the program, which is another one: a failure then says nothing."""


@dataclass
class Usage:
    """How the tests use names: attributes asked of a bare name, and names that they assign themselves."""

    asked: dict[str, set[str]] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    """Names that the tests bind in any way, and in any scope."""

    @classmethod
    def of(cls, tree: ast.Module) -> Usage:
        made = cls()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                made.asked.setdefault(node.value.id, set()).add(node.attr)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                made.assigned |= {target.id for target in targets if isinstance(target, ast.Name)}
            if isinstance(node, ast.Name):
                (made.read if isinstance(node.ctx, ast.Load) else made.bound).add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
                made.bound.add(node.name or "")
            elif isinstance(node, ast.arg):
                made.bound.add(node.arg)
            elif isinstance(node, ast.alias):
                made.bound.add((node.asname or node.name).partition(".")[0])
        return made


def shared(defined: dict[str, Any], wanted: list[str], entry_point: str | None, usage: Usage) -> dict[str, Any]:
    """The world that the tests begin in: of what the program defines, what it may define for them."""
    own = {name for name in wanted if name in defined and not isinstance(defined[name], types.ModuleType)}
    plain = {name for name in own if not hasattr(builtins, name) and name not in ORACLES}
    missing = {name for name in usage.read - usage.bound if name not in defined and not hasattr(builtins, name)}
    space: dict[str, Any] = {}
    for name in wanted:
        # A program may be called like a builtin (a function `sum`), but only when it is all that the tests use: one
        # that lacks the function under test and defines `all` would end the tests before they call it.
        alone = (own == {name} and not missing - {"__name__"}) or (not plain and name == entry_point)
        if name not in defined or name.startswith("__") or (hasattr(builtins, name) and not alone):
            continue
        value = defined[name]
        if not isinstance(value, types.ModuleType) and _has_all(name, usage.asked.get(name, set())):
            value = importlib.import_module(name)
        elif name in ORACLES and not alone and name != entry_point:
            value = ORACLES[name]
        elif name in usage.assigned and not isinstance(value, Remote | RemoteClass):
            continue  # a tolerance that the tests set for themselves where nobody else has
        space[name] = value
    return space


def genuine(claims: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    """Names that the program says it took from the standard library, as the tests' own copies of them."""
    found = {}
    for name, home in claims.items():
        if name in wanted and home in _HOMES:
            module = importlib.import_module(home)
            if name in getattr(module, "__all__", dir(module)):
                found[name] = getattr(module, name)
    return found


_HOMES = frozenset(
    {"bisect", "collections", "copy", "datetime", "decimal", "fractions", "functools", "heapq", "itertools", "math",
     "operator", "re", "statistics", "string", "typing"}
)  # fmt: skip
"""Modules in which nothing is equal to everything and nothing ends a process."""


def _has_all(name: str, attributes: set[str]) -> bool:
    """Whether the tests use the name as the module of that name in the standard library."""
    if not attributes or name not in sys.stdlib_module_names or name in ("this", "antigravity"):
        return False
    try:
        module = importlib.import_module(name)
    except ImportError:  # a part that this interpreter was built without
        return False
    return all(hasattr(module, attribute) for attribute in attributes)


def names_of(code: types.CodeType) -> set[str]:
    """All names that a program reads or writes, in nested functions too."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= names_of(constant)
    return found
