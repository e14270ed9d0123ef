"""Expressions of the small interpreter: node type -> how its value comes about."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from verifiers.meter import EXACT, Builtin, Function, OutsideError, Scope
from verifiers.methods import method
from verifiers.operators import binary, compare, truth, unary
from verifiers.purelib import add_key, builtin

if TYPE_CHECKING:
    from verifiers.interpreter import Interpreter


def _constant(run: Interpreter, node: ast.Constant, _scope: Scope) -> Any:
    return run.meter.fit(node.value)


def _joined(run: Interpreter, node: ast.JoinedStr, scope: Scope) -> str:
    parts: list[str] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            if part.format_spec is not None or part.conversion not in (-1, 115):
                raise OutsideError("a format specification")
            parts.append(builtin(run.meter, run.callback, "str", [run.value(part.value, scope)], {}))
        else:
            parts.append(run.value(part, scope))
    run.meter.sized(sum(len(part) for part in parts))
    return "".join(parts)


def _logic(run: Interpreter, node: ast.BoolOp, scope: Scope) -> Any:
    stop_at = isinstance(node.op, ast.Or)
    found: Any = None
    for part in node.values:
        found = run.value(part, scope)
        if truth(found) is stop_at:
            break
    return found


def _compare(run: Interpreter, node: ast.Compare, scope: Scope) -> bool:
    marks = run.entangled
    read, met, sides = marks.changed_read, marks.met, []
    left = run.value(node.left, scope)
    for kind, part in zip(node.ops, node.comparators, strict=True):
        sides.append(marks.met > met)
        met = marks.met
        right = run.value(part, scope)
        if not compare(run.meter, type(kind), left, right):
            if run.testing:
                marks.spoil([*sides, marks.met > met], read)
            return False
        left = right
    if run.testing:
        marks.compared([*sides, marks.met > met], read)
    return True


def _binary(run: Interpreter, node: ast.BinOp, scope: Scope) -> Any:
    marks = run.entangled
    read, before = marks.changed_read, marks.met
    left, between = run.value(node.left, scope), marks.met
    right = run.value(node.right, scope)
    if run.testing and isinstance(node.op, ast.Sub):
        marks.spoil([between > before, marks.met > between], read)  # a difference is a comparison, too
    return binary(run.meter, type(node.op), left, right)


def _call(run: Interpreter, node: ast.Call, scope: Scope) -> Any:
    if any(isinstance(arg, ast.Starred) for arg in node.args) or any(word.arg is None for word in node.keywords):
        raise OutsideError("star arguments")
    if isinstance(node.func, ast.Attribute):
        owner = run.value(node.func.value, scope)
        args, named = _arguments(run, node, scope)
        return method(run.meter, run.callback, owner, node.func.attr, args, named)
    function = run.value(node.func, scope)
    if isinstance(function, Builtin) and function.name in ("all", "any") and len(node.args) == 1:
        only = node.args[0]
        if isinstance(only, ast.GeneratorExp):  # stops at the first that decides, as Python does
            decides = function.name == "any"
            return any(truth(part) is decides for part in _produce(run, only, scope)) is decides
    marks = run.entangled
    read = marks.changed_read
    args, named, sides = [], {}, []
    for arg in node.args:
        met = marks.met
        args.append(list(_produce(run, arg, scope)) if isinstance(arg, ast.GeneratorExp) else run.value(arg, scope))
        sides.append(marks.met > met)
    named = {str(word.arg): run.value(word.value, scope) for word in node.keywords}
    if run.testing and isinstance(function, Function) and run.of_tests(function):
        marks.spoil(sides, read)  # same(f(a), sum(a)) compares somewhere else
    return run.call(function, args, named)


def _arguments(run: Interpreter, node: ast.Call, scope: Scope) -> tuple[list[Any], dict[str, Any]]:
    args = [
        list(_produce(run, arg, scope)) if isinstance(arg, ast.GeneratorExp) else run.value(arg, scope)
        for arg in node.args
    ]
    return args, {str(word.arg): run.value(word.value, scope) for word in node.keywords}


def _produce(run: Interpreter, node: ast.GeneratorExp | ast.ListComp | ast.SetComp, scope: Scope) -> Iterator[Any]:
    for inner in _loop(run, node.generators, _inner(node.generators, scope), 0, scope):
        yield run.value(node.elt, inner)


def _inner(generators: list[ast.comprehension], scope: Scope) -> Scope:
    names = {n.id for g in generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
    return Scope(scope, frozenset(names))


def _loop(
    run: Interpreter, generators: list[ast.comprehension], inner: Scope, at: int, outer: Scope
) -> Iterator[Scope]:
    if at == len(generators):
        yield inner
        return
    generator = generators[at]
    if generator.is_async:
        raise OutsideError("an asynchronous comprehension")
    for item in run.meter.iterate(run.value(generator.iter, outer)):
        assign(run, generator.target, item, inner)
        if all(truth(run.value(test, inner)) for test in generator.ifs):
            yield from _loop(run, generators, inner, at + 1, inner)


def _list_comp(run: Interpreter, node: ast.ListComp, scope: Scope) -> list[Any]:
    return list(run.meter.fit(list(_produce(run, node, scope))))


def _set_comp(run: Interpreter, node: ast.SetComp, scope: Scope) -> set[Any]:
    return _set_of(run, _produce(run, node, scope))


def _dict_comp(run: Interpreter, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
    out: dict[Any, Any] = {}
    for inner in _loop(run, node.generators, _inner(node.generators, scope), 0, scope):
        key = run.value(node.key, inner)
        store(run, out, key, run.value(node.value, inner))
    return out


def _set_of(run: Interpreter, values: Iterator[Any]) -> set[Any]:
    out: set[Any] = set()
    for value in values:
        add_key(run.meter, out, value)
        out.add(value)
    return out


def _dict(run: Interpreter, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
    out: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            raise OutsideError("star arguments")
        name = run.value(key, scope)
        store(run, out, name, run.value(value, scope))
    return out


def _subscript(run: Interpreter, node: ast.Subscript, scope: Scope) -> Any:
    owner = run.value(node.value, scope)
    return fetch(run, owner, index(run, node.slice, scope))


def fetch(run: Interpreter, owner: Any, key: Any) -> Any:
    if type(owner) is dict:
        run.meter.walk(key, len(owner))
    elif type(owner) not in (list, tuple, str, range):
        raise TypeError(f"{type(owner).__name__!r} object is not subscriptable")
    return run.meter.fit(owner[key])


def index(run: Interpreter, node: ast.expr, scope: Scope) -> Any:
    if not isinstance(node, ast.Slice):
        return run.value(node, scope)
    parts = [None if part is None else run.value(part, scope) for part in (node.lower, node.upper, node.step)]
    if any(type(part) not in (int, bool, type(None)) for part in parts):
        raise TypeError("slice indices must be integers or None")
    return slice(*parts)


def assign(run: Interpreter, target: ast.expr, value: Any, scope: Scope) -> None:
    """Bind a value to a name, an element, or several targets."""
    if isinstance(target, ast.Name):
        scope.values[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        values = list(run.meter.iterate(value))
        if len(values) != len(target.elts):
            raise ValueError(f"cannot unpack {len(values)} values into {len(target.elts)}")
        for inner, part in zip(target.elts, values, strict=True):
            assign(run, inner, part, scope)
    elif isinstance(target, ast.Subscript):
        owner = run.value(target.value, scope)
        store(run, owner, index(run, target.slice, scope), value)
    else:
        raise OutsideError(f"assignment to {type(target).__name__}")


def store(run: Interpreter, owner: Any, key: Any, value: Any) -> None:
    """`owner[key] = value`."""
    if type(owner) is dict:
        run.meter.walk(key, len(owner))
        if key not in owner:
            add_key(run.meter, owner, key)
        owner[key] = value
    elif type(owner) is list and isinstance(key, slice):
        new = list(run.meter.iterate(value))
        run.meter.sized(len(owner) + len(new))
        owner[key] = new
    elif type(owner) is list:
        owner[key] = value
    elif type(owner) in EXACT:
        raise TypeError(f"{type(owner).__name__!r} object does not support item assignment")
    else:
        raise OutsideError("item assignment")


def make(run: Interpreter, name: str, args: ast.arguments, body: list[ast.stmt] | ast.expr, scope: Scope) -> Function:
    if args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs:
        raise OutsideError("star, keyword-only or positional-only parameters")
    names = tuple(arg.arg for arg in args.args)
    values = [run.value(default, scope) for default in args.defaults]
    defaults = dict(zip(names[len(names) - len(values) :], values, strict=True))
    local = frozenset(_bound(body)) | frozenset(names) if isinstance(body, list) else frozenset(names)
    return Function(name, names, defaults, body, local, scope)


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a function body binds, which makes them local in all of it. Inner functions keep their own."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            stack += ast.iter_child_nodes(node)


EXPRESSIONS: dict[type[ast.expr], Callable[[Interpreter, Any, Scope], Any]] = {
    ast.Constant: _constant,
    ast.JoinedStr: _joined,
    ast.Name: lambda run, node, scope: run.lookup(node.id, scope),
    ast.BinOp: _binary,
    ast.UnaryOp: lambda run, node, scope: unary(run.meter, type(node.op), run.value(node.operand, scope)),
    ast.BoolOp: _logic,
    ast.Compare: _compare,
    ast.IfExp: lambda run, node, scope: run.value(
        node.body if truth(run.value(node.test, scope)) else node.orelse, scope
    ),
    ast.Call: _call,
    ast.Lambda: lambda run, node, scope: make(run, "<lambda>", node.args, node.body, scope),
    ast.Subscript: _subscript,
    ast.List: lambda run, node, scope: [run.value(part, scope) for part in node.elts],
    ast.Tuple: lambda run, node, scope: tuple(run.value(part, scope) for part in node.elts),
    ast.Set: lambda run, node, scope: _set_of(run, (run.value(part, scope) for part in node.elts)),
    ast.Dict: _dict,
    ast.ListComp: _list_comp,
    ast.SetComp: _set_comp,
    ast.DictComp: _dict_comp,
}
