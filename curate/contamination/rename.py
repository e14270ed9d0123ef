"""A Python program with every name of its own exchanged: what a copyist does to hide a solution."""

from __future__ import annotations

import ast
import builtins


def renamed(tree: ast.Module) -> str | None:
    """The source with functions, arguments and variables renamed by order of appearance; None when there are none.

    Names that the program does not bind itself (built-ins, modules) stay. The tree is changed.
    """
    names = new_names(tree)
    if not names:
        return None
    try:
        return ast.unparse(_Rename(names).visit(tree))
    except RecursionError:
        return None


def new_names(tree: ast.Module) -> dict[str, str]:
    """Every name that the program binds -> its new name."""
    return {name: f"sym{_letters(at)}" for at, name in enumerate(sorted(_bound(tree)))}


def _letters(number: int) -> str:
    """a, b, ... z, ba, bb, ...: names without digits, which would count as numbers of the question."""
    rest, last = divmod(number, 26)
    return (_letters(rest) if rest else "") + "abcdefghijklmnopqrstuvwxyz"[last]


def _bound(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    keywords = {each.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for each in node.keywords}
    return {name for name in found if name not in keywords and not hasattr(builtins, name)}


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node
