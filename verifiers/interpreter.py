"""A small pure subset of Python, run by walking its syntax tree: nothing of the host can be reached from it.

There is no exec, eval, compile or free getattr on program text. Values are exact builtin types (int, float, bool, str,
None, list, tuple, dict, set, range), functions of the program, and builtins from an allow list; attribute access exists
only as a method call from an allow list. Every step, size, integer and depth is counted against `Limits`, so `9**9**9`,
`'a' * 10**9`, endless loops and endless recursion end in OutOfLimitsError, the same on every machine.
What is outside the subset is OutsideError, never a guess. Not covered: classes, try, with, imports, generators, star
arguments, format specifications, global and nonlocal, complex numbers. Those need a process sandbox.
"""

from __future__ import annotations

import ast
from typing import Any

from verifiers.entangled import Entangled
from verifiers.expressions import EXPRESSIONS
from verifiers.meter import Builtin, Function, Limits, Meter, OutOfLimitsError, OutsideError, ProgramError, Scope, names
from verifiers.purelib import ERRORS, FUNCTIONS, builtin
from verifiers.statements import STATEMENTS

_RAISED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError)
"""What operations on plain values raise. RecursionError is a RuntimeError and is sorted out first."""
_PYTHON_NAMES = names(
    "open input eval exec compile getattr setattr delattr hasattr vars dir globals locals type object super "
    "iter next id hash format bytes bytearray memoryview complex frozenset property staticmethod classmethod "
    "callable ascii bin hex oct breakpoint slice __import__ __name__ __file__ __builtins__ NotImplemented "
    "Ellipsis math itertools re collections functools sys os"
)


class Interpreter:
    """Runs module bodies. One a check: its state is the global scope and the counters."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.meter: Meter = Meter(limits or Limits())
        self.globals = Scope(None)
        self.shielded = False
        """In tests: a program that replaces `len` or `sorted` there is not judged."""
        self.asserts = 0
        self.tests: Scope | None = None
        """The scope of the tests, once they run."""
        self.reached = False
        """The tests have called a function of the program, or read a value of it."""
        self.entangled = Entangled()
        self.wary_of_nan = False
        """The tests do not speak of NaN, so one that comes is no answer that they can judge."""
        self.called: set[str] = set()
        """Functions of the tests that have run."""

    def run(self, body: list[ast.stmt], scope: Scope | None = None) -> None:
        """Run a module body. Raises OutsideError, OutOfLimitsError or ProgramError, and nothing else."""
        self.meter.depth = 0
        try:
            done = self.block(body, scope or self.globals)
        except RecursionError as error:
            raise OutOfLimitsError("nested too deeply") from error
        except MemoryError as error:
            raise OutOfLimitsError("memory") from error
        except _RAISED as error:
            raise ProgramError(f"{type(error).__name__}: {error}"[:200]) from error
        if done is not None:
            raise ProgramError("SyntaxError: return, break or continue outside its place")

    def block(self, body: list[ast.stmt], scope: Scope) -> Any:
        """Run statements: None at the end, or what stopped it: break, continue, a one-element tuple (return)."""
        self.meter.enter()
        for statement in body:
            self.meter.spend()
            handler = STATEMENTS.get(type(statement))
            if handler is None:
                raise OutsideError(f"the statement {type(statement).__name__}")
            done = handler(self, statement, scope)
            if done is not None:
                self.meter.depth -= 1
                return done
        self.meter.depth -= 1
        return None

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression."""
        handler = EXPRESSIONS.get(type(node))
        if handler is None:
            raise OutsideError(f"the expression {type(node).__name__}")
        self.meter.spend()
        self.meter.enter()
        found = handler(self, node, scope)
        self.meter.depth -= 1
        return found

    def lookup(self, name: str, scope: Scope) -> Any:
        at: Scope | None = scope
        while at is not None:
            if self.shielded and at is self.globals and name in FUNCTIONS and name in at.values:
                raise OutsideError(f"a test that uses {name}, which the program redefines")
            if name in at.values:
                value = at.values[name]
                if self.testing:
                    self.reached = self.reached or (at is self.globals and not isinstance(value, Function))
                    self.entangled.read(at, name, value)
                return value
            if name in at.names:
                raise ProgramError(f"UnboundLocalError: {name} is read before it is assigned")
            at = at.parent
        if name in FUNCTIONS:
            return Builtin(name)
        if name in _PYTHON_NAMES or name in ERRORS:
            raise OutsideError(f"the name {name}")
        raise ProgramError(f"NameError: name {name!r} is not defined")

    def call(self, function: Any, args: list[Any], named: dict[str, Any]) -> Any:
        self.meter.spend()
        if isinstance(function, Builtin):
            return builtin(self.meter, self.callback, function.name, args, named)
        if not isinstance(function, Function):
            raise TypeError(f"{type(function).__name__!r} object is not callable")
        if self.testing and not self.of_tests(function):
            self.reached = True
            before = self.entangled.enter([self.meter.walk(arg) for arg in (*args, *named.values())])
            found = self._called(function, args, named)
            self.entangled.leave(before)
            if self.wary_of_nan and _has_nan(found):
                raise OutsideError("a test of a NaN that the program gave")  # max() forgets one, and `not x > 1` holds
            return found
        return self._called(function, args, named)

    @property
    def testing(self) -> bool:
        """The tests run, and not the program that they have called."""
        return self.tests is not None and not self.entangled.inside

    def _called(self, function: Function, args: list[Any], named: dict[str, Any]) -> Any:
        if self.testing:
            self.called.add(function.name)
        scope = Scope(function.scope, function.locals)
        self.bind(function, args, named, scope.values)
        shielded, self.shielded = self.shielded, False
        if isinstance(function.body, ast.expr):
            found = self.value(function.body, scope)
        else:
            done = self.block(function.body, scope)
            found = done[0] if isinstance(done, tuple) else None
        self.shielded = shielded
        return found

    def of_tests(self, function: Function) -> bool:
        at: Scope | None = function.scope
        while at is not None and at is not self.tests:
            at = at.parent
        return at is not None

    def callback(self, function: Any, args: list[Any]) -> Any:
        return self.call(function, args, {})

    @staticmethod
    def bind(function: Function, args: list[Any], named: dict[str, Any], values: dict[str, Any]) -> None:
        """Arguments to parameters. Raises TypeError as Python does."""
        if len(args) > len(function.parameters):
            raise TypeError(f"{function.name}() takes {len(function.parameters)} arguments, {len(args)} given")
        values.update(zip(function.parameters, args, strict=False))
        for name, value in named.items():
            if name in values or name not in function.parameters:
                raise TypeError(f"{function.name}() got an unexpected or repeated argument {name!r}")
            values[name] = value
        for name in function.parameters:
            if name not in values:
                if name not in function.defaults:
                    raise TypeError(f"{function.name}() lacks the argument {name!r}")
                values[name] = function.defaults[name]


def _has_nan(value: Any, depth: int = 3) -> bool:
    if type(value) is float:
        return value != value
    if depth and type(value) in (list, tuple):
        return any(_has_nan(part, depth - 1) for part in value)
    return depth > 0 and type(value) is dict and any(_has_nan(part, depth - 1) for part in value.values())
