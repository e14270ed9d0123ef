"""Statements of the small interpreter: node type -> what it does. None, or what stopped the block."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from verifiers.expressions import assign, fetch, index, make, store
from verifiers.meter import OutsideError, ProgramError, Scope
from verifiers.methods import method
from verifiers.operators import binary, truth
from verifiers.purelib import ERRORS

if TYPE_CHECKING:
    from verifiers.interpreter import Interpreter

_BREAK, _CONTINUE = object(), object()


def _expression(run: Interpreter, node: ast.Expr, scope: Scope) -> None:
    run.value(node.value, scope)


def _return(run: Interpreter, node: ast.Return, scope: Scope) -> tuple[Any]:
    return (None if node.value is None else run.value(node.value, scope),)


def _if(run: Interpreter, node: ast.If, scope: Scope) -> Any:
    return run.block(node.body if truth(run.value(node.test, scope)) else node.orelse, scope)


def _while(run: Interpreter, node: ast.While, scope: Scope) -> Any:
    while truth(run.value(node.test, scope)):
        done = run.block(node.body, scope)
        if done is _BREAK:
            return None
        if isinstance(done, tuple):
            return done
    return run.block(node.orelse, scope)


def _for(run: Interpreter, node: ast.For, scope: Scope) -> Any:
    for item in run.meter.iterate(run.value(node.iter, scope)):
        assign(run, node.target, item, scope)
        done = run.block(node.body, scope)
        if done is _BREAK:
            return None
        if isinstance(done, tuple):
            return done
    return run.block(node.orelse, scope)


def _assign(run: Interpreter, node: ast.Assign, scope: Scope) -> None:
    met = run.entangled.met
    value = run.value(node.value, scope)
    for target in node.targets:
        assign(run, target, value, scope)
        for name in ast.walk(target) if run.testing else ():
            if isinstance(name, ast.Name):
                run.entangled.wrote(scope, name.id, met)


def _annotated(run: Interpreter, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(run, node.target, run.value(node.value, scope), scope)


def _augmented(run: Interpreter, node: ast.AugAssign, scope: Scope) -> None:
    if isinstance(node.target, ast.Subscript):
        owner, key = run.value(node.target.value, scope), index(run, node.target.slice, scope)
        store(run, owner, key, _grow(run, type(node.op), fetch(run, owner, key), run.value(node.value, scope)))
    elif isinstance(node.target, ast.Name):
        if node.target.id not in scope.values:
            raise ProgramError(f"UnboundLocalError: {node.target.id} is read before it is assigned")
        left = scope.values[node.target.id]
        scope.values[node.target.id] = _grow(run, type(node.op), left, run.value(node.value, scope))
    else:
        raise OutsideError(f"augmented assignment to {type(node.target).__name__}")


def _grow(run: Interpreter, kind: type[ast.operator], left: Any, right: Any) -> Any:
    """`left op= right`: lists and sets change in place."""
    if type(left) is list and kind is ast.Add:
        method(run.meter, run.callback, left, "extend", [right], {})
        return left
    if type(left) in (list, set, dict):
        raise OutsideError("augmented assignment to a list, set or dict")
    return binary(run.meter, kind, left, right)


def _function(run: Interpreter, node: ast.FunctionDef, scope: Scope) -> None:
    if node.decorator_list:
        raise OutsideError("a decorator")
    scope.values[node.name] = make(run, node.name, node.args, node.body, scope)


def _assert(run: Interpreter, node: ast.Assert, scope: Scope) -> None:
    marks = run.entangled
    decided, independent = marks.decided, marks.independent
    if not truth(run.value(node.test, scope)):
        raise ProgramError(f"AssertionError: {ast.unparse(node.test)[:160]}")
    if isinstance(node.test, ast.Constant | ast.Tuple | ast.List | ast.Dict):
        return  # always true: assert (f(1) == 2, "message")
    if marks.decided == decided or marks.independent > independent:
        run.asserts += 1


def _raise(_run: Interpreter, node: ast.Raise, _scope: Scope) -> None:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    if isinstance(raised, ast.Name) and raised.id in ERRORS:
        raise ProgramError(raised.id)
    raise OutsideError("raise of something else than a builtin exception")


def _import(_run: Interpreter, node: ast.ImportFrom, _scope: Scope) -> None:
    if node.module not in ("typing", "__future__", "collections.abc"):
        raise OutsideError(f"import of {node.module}")
    if node.module == "__future__" and any(name.name not in __future__.all_feature_names for name in node.names):
        raise ProgramError(f"SyntaxError: future feature {node.names[0].name} is not defined")
    # annotations are never evaluated: typing names are not needed


STATEMENTS: dict[type[ast.stmt], Callable[[Interpreter, Any, Scope], Any]] = {
    ast.Expr: _expression,
    ast.Return: _return,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.FunctionDef: _function,
    ast.Assert: _assert,
    ast.Raise: _raise,
    ast.ImportFrom: _import,
    ast.Pass: lambda _run, _node, _scope: None,
    ast.Break: lambda _run, _node, _scope: _BREAK,
    ast.Continue: lambda _run, _node, _scope: _CONTINUE,
}
