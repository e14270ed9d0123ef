"""Who decided what the tests compare: marks put into the tests' own source, and the counts that they keep.

`assert f(a) == sorted(a)` proves nothing when f empties `a`; `assert f(1) == f(1)` never does; a loop over what the
program emptied ends early. Marks tell such comparisons; a second run in which the program works on copies decides.
Does NOT follow values through closures, containers of the tests, or functions of the tests that assert nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from verifiers.sandbox.client import Client
from verifiers.sandbox.remote import Remote, RemoteClass

_OPEN, _SIDE, _MET, _DONE = "__sft_open__", "__sft_side__", "__sft_met__", "__sft_done__"
_BEGIN, _HOLD, _SEEN, _MADE = "__sft_begin__", "__sft_hold__", "__sft_seen__", "__sft_made__"
_LOOP, _ENTER = "__sft_loop__", "__sft_enter__"
_MOST_PARTS = 1000


class Record:
    """One comparison, or one call with several arguments, while its sides are evaluated."""

    def __init__(self, changed_read: int) -> None:
        self.changed_read = changed_read
        self.sides: list[bool] = []

    @property
    def decided(self) -> bool:
        """Every side is plain data that the program had a part in."""
        return len(self.sides) > 1 and all(self.sides)


class Marks:
    """`asserts` that hold and say something, `failed` ones, and whether a comparison is `spoiled`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.asserts = self.failed = 0
        self.spoiled = False
        self.entered: set[str] = set()
        self._reads = self._changed_read = self._decided = self._independent = 0
        self._open: list[Record] = []
        self._made: dict[tuple[str, int], bool] = {}

    def names(self) -> dict[str, Any]:
        return {
            _OPEN: self.open, _SIDE: self.side, _MET: self.met, _DONE: self.done, _BEGIN: self.begin, _HOLD: self.hold,
            _SEEN: self.seen, _MADE: self.made, _LOOP: self.loop, _ENTER: self.entered.add,
        }  # fmt: skip

    def met(self) -> tuple[int, int]:
        """How often the tests have met the program, and read what it changed."""
        return self.client.requests + self._reads, self._changed_read

    def open(self) -> Record:
        self._open.append(Record(self._changed_read))
        return self._open[-1]

    def side(self, before: tuple[int, int], value: Any) -> Any:
        if self._open:
            data = not isinstance(value, Remote | RemoteClass)
            self._open[-1].sides.append(data and self.met()[0] > before[0])
        return value

    def done(self, record: Record, result: Any, compares: bool) -> Any:
        while self._open and self._open.pop() is not record:
            pass  # those above were left by an exception
        if record.decided:
            self._decided += compares
            self.spoiled = self.spoiled or self._changed_read > record.changed_read
        else:
            self._independent += compares
        return result

    def judged_by_program(self) -> bool:
        """Whether the call in hand got nothing but what the program had a part in."""
        return bool(self._open) and self._open[-1].decided

    def begin(self) -> tuple[int, int]:
        return self._decided, self._independent

    def hold(self, before: tuple[int, int], value: Any, constant: bool) -> bool:
        """The truth of an assert. One whose comparisons the program decided on all sides does not count."""
        if not value:
            self.failed += 1
            return False
        says = self._decided == before[0] or self._independent > before[1]
        self.asserts += says and not constant
        return True

    def seen(self, name: str, scope: int, value: Any) -> Any:
        made = self._made.get((name, scope))
        changed = bool(made) or self.is_changed(value)
        self._changed_read += changed
        self._reads += changed or made is not None
        return value

    def is_changed(self, value: Any) -> bool:
        changed = self.client.changed
        if not changed:
            return False
        parts = value[:_MOST_PARTS] if type(value) in (list, tuple) else ()
        return id(value) in changed or any(id(part) in changed for part in parts)

    def made(self, names: tuple[str, ...], scope: int, before: tuple[int, int], value: Any, grows: bool) -> Any:
        """The tests assign a value to names."""
        met, read = self.met()
        for name in names:
            if met > before[0]:
                self._made[name, scope] = read > before[1]
            elif not grows:
                self._made.pop((name, scope), None)
        return value

    def loop(self, items: Iterable[Any], *over: Any) -> Iterator[Any]:
        """Notes a loop over something that the program changed while it ran."""
        since = self.client.changes
        yield from items
        parts = [value for value in over if self.client.changed.get(id(value), (None, 0))[1] > since]
        self.spoiled = self.spoiled or bool(parts)


def marked(tree: ast.Module) -> ast.Module:
    """The tests with marks. Functions of the tests that assert nothing stay as they are, and as fast."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    made: ast.Module = _Marker(own).visit(tree)
    for node in made.body:
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.Expr(_call(_ENTER, ast.Constant(node.name))))
    return ast.fix_missing_locations(made)


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _side(value: ast.expr) -> ast.expr:
    return value if isinstance(value, ast.Starred) else _call(_SIDE, _call(_MET), value)


class _Marker(ast.NodeTransformer):
    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.scope = 0
        self.handled = False
        """In a handler: `assert True` there says that the program raised what it should."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not any(map(_asserts, ast.walk(node))):
            return node
        outer, self.scope = self.scope, node.lineno
        node.body = [self.visit(statement) for statement in node.body]
        self.scope = outer
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.visit_FunctionDef(node)  # type: ignore[arg-type]  # the same fields

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [
            self.visit(part) if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) else part
            for part in node.body
        ]  # fmt: skip
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.value = node.value and self._made(self.visit(node.value), [node.target], grows=False)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self._made(self.visit(node.value), node.targets, grows=False)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        node.value = self._made(self.visit(node.value), [node.target], grows=True)
        return node

    def _made(self, value: ast.expr, targets: list[ast.expr], *, grows: bool) -> ast.expr:
        names = sorted({n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and _is_stored(n)})
        if not names:
            return value
        told = ast.Tuple([ast.Constant(name) for name in names], ast.Load())
        return _call(_MADE, told, ast.Constant(self.scope), _call(_MET), value, ast.Constant(grows))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not isinstance(node.ctx, ast.Load):
            return node
        return _call(_SEEN, ast.Constant(node.id), ast.Constant(self.scope), node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        always = isinstance(node.test, ast.Tuple | ast.List | ast.Dict)
        constant = always or (isinstance(node.test, ast.Constant) and not self.handled)
        node.test = _call(_HOLD, _call(_BEGIN), self.visit(node.test), ast.Constant(constant))
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        outer, self.handled = self.handled, True
        self.generic_visit(node)
        self.handled = outer
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        node = self.generic_visit(node)  # type: ignore[assignment]
        if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            return node
        node.left = _side(node.left)
        node.comparators = [_side(part) for part in node.comparators]
        return _call(_DONE, _call(_OPEN), node, ast.Constant(value=True))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """`f(a) - len(a) == 0`: a difference is a comparison, too; it is no assert by itself."""
        node = self.generic_visit(node)  # type: ignore[assignment]
        if not isinstance(node.op, ast.Sub):
            return node
        node.left, node.right = _side(node.left), _side(node.right)
        return _call(_DONE, _call(_OPEN), node, ast.Constant(value=False))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = node.func
        if isinstance(function, ast.Attribute):
            function.value = self.visit(function.value)
        elif not isinstance(function, ast.Name):
            node.func = self.visit(function)
        node.args = [self.visit(arg) for arg in node.args]
        for word in node.keywords:
            word.value = self.visit(word.value)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if len(node.args) < 2 or not (name.startswith("assert") or name in self.own or "close" in name):
            return node
        node.args = [_side(arg) for arg in node.args]
        return _call(_DONE, _call(_OPEN), node, ast.Constant(value=False))

    def visit_For(self, node: ast.For) -> ast.AST:
        over = _plain_names(node.iter)
        self.generic_visit(node)
        node.iter = _call(_LOOP, node.iter, *over) if over else node.iter
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        over = [] if node.is_async else _plain_names(node.iter)
        self.generic_visit(node)
        node.iter = _call(_LOOP, node.iter, *over) if over else node.iter
        return node


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _asserts(node: ast.AST) -> bool:
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("assert")
    return isinstance(node, ast.Assert) or named


def _plain_names(node: ast.expr) -> list[ast.expr]:
    """The variables that a loop goes over; none where the expression has scopes of its own."""
    parts = list(ast.walk(node))
    if any(
        isinstance(part, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) for part in parts
    ):
        return []
    called = {id(part.func) for part in parts if isinstance(part, ast.Call)}
    found = [part for part in parts if isinstance(part, ast.Name) and id(part) not in called]
    return [ast.Name(part.id, ast.Load()) for part in found]
