"""Python functions compared by their syntax tree, whatever their names are.

Text is parsed, never run. Not covered: other languages, code that does not parse, reordered statements, and
solutions that do the same in another way.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from buckets import digest

MAX_CHARS = 20_000
"""Longer code is not parsed: the parser's memory grows with it."""
MAX_NODES = 5_000
MAX_INDENT = 40
"""Deeper brackets than this are not parsed."""
TELLING_NODES = 100
"""A function with so many nodes is not written twice by chance."""
WITNESSED_NODES = 30
"""One with so many counts where the question is alike too."""
SMALL_NODES = 12
"""A smaller one (`return a + b`) is everybody's."""

_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
_DEF = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+\w+", re.MULTILINE)


def functions(text: str) -> Iterator[tuple[str, int, str]]:
    """(digest, nodes, name) of every function in the Python code that a text holds, outermost first."""
    for code in snippets(text):
        for node in ast.walk(code):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found = fingerprint(node)
                if found is not None:
                    yield *found, node.name


def snippets(text: str) -> Iterator[ast.Module]:
    """Parsed code blocks of a text; a text without fences is tried from its first def (or import) on."""
    blocks = [block for block in _FENCE.findall(text) if _DEF.search(block)]
    if not blocks and (start := _DEF.search(text)):
        blocks = [text, text[start.start() :]]
    for block in blocks:
        tree = parse(block)
        if tree is not None:
            yield tree
            if len(blocks) == 2 and blocks[0] is text:
                return


def parse(code: str) -> ast.Module | None:
    """The tree, or None for what is no Python, too long or too deep."""
    if len(code) > MAX_CHARS or "\0" in code or _depth(code) > MAX_INDENT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in strings of strangers
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _depth(code: str) -> int:
    """Deepest nesting of brackets, strings and comments not told apart: an upper bound is enough."""
    depth = deepest = 0
    for char in code:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth = max(0, depth - 1)
    return deepest


def fingerprint(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, int] | None:
    """(digest, nodes) of a function with names by order of appearance, without docstring and annotations."""
    names: dict[str, str] = {}
    parts: list[str] = []
    try:
        _write(function, names, parts)
    except RecursionError:
        return None
    if not SMALL_NODES <= len(parts) <= MAX_NODES:
        return None
    return digest(parts), len(parts)


_SKIPPED = frozenset(("ctx", "annotation", "returns", "type_comment", "type_ignores", "decorator_list", "kind"))
_NAMES = frozenset(("id", "arg", "name", "asname"))


def _write(node: ast.AST, names: dict[str, str], parts: list[str]) -> None:
    line = [type(node).__name__]
    children: list[ast.AST] = []
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED:
            continue
        if isinstance(value, ast.AST):
            children.append(value)
        elif isinstance(value, list):
            line.append(f"{field}:{len(value)}")
            children += [each for each in value if isinstance(each, ast.AST)]
        elif isinstance(value, str) and field in _NAMES and not isinstance(node, ast.alias):
            line.append(names.setdefault(value, f"n{len(names)}"))
        else:
            line.append(repr(value)[:200])
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node, clean=False) is not None:
        children.remove(node.body[0])
        line = [f"body:{len(node.body) - 1}" if part.startswith("body:") else part for part in line]
    parts.append(" ".join(line))
    for child in children:
        _write(child, names, parts)
