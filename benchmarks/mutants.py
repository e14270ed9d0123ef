"""Programs with one thing wrong: an operator, a comparison, a constant, a bound or a result of a reference swapped.

What a mutant does on the tests is told by CPython running program and asserts together as one script in the sandbox,
which shares neither interpreter nor comparison with the verifier under test. A mutant whose asserts all hold behaves
like the reference as far as the tests can see, and is labelled good; one that does not is labelled bad.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterable, Iterator

from verifiers.sandbox import Program
from verifiers.sandbox.pool import Pool

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
}  # fmt: skip
_ORDER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_HELD = "every assert held"

Swap = Callable[[ast.AST], bool]
"""Changes a node in place; False where it does not apply."""


def _operator(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _ARITHMETIC:
        node.op = _ARITHMETIC[type(node.op)]()
        return True
    return False


def _comparison(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _ORDER:
        node.ops[0] = _ORDER[type(node.ops[0])]()
        return True
    return False


def _logic(node: ast.AST) -> bool:
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return True
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return True
    return False


def _constant(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        node.value += 1
        return True
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        node.value = not node.value
        return True
    return False


def _bound(node: ast.AST) -> bool:
    """range(n) to range(n - 1), x[a:b] to x[a:b - 1]: off by one."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range" and node.args:
        at = min(1, len(node.args) - 1)
        node.args[at] = ast.BinOp(node.args[at], ast.Sub(), ast.Constant(1))
        return True
    if isinstance(node, ast.Slice) and node.upper is not None:
        node.upper = ast.BinOp(node.upper, ast.Sub(), ast.Constant(1))
        return True
    return False


def _result(node: ast.AST) -> bool:
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        node.value = ast.Constant(None)
        return True
    return False


SWAPS: dict[str, Swap] = {
    "operator": _operator, "comparison": _comparison, "logic": _logic, "constant": _constant, "bound": _bound,
    "result": _result,
}  # fmt: skip


def mutants(code: str, seed: str, most: int) -> Iterator[tuple[str, str]]:
    """(kind, program), at most so many: kinds in a seeded order, each at a seeded place. Raises SyntaxError."""
    tree = ast.parse(code)
    rng = random.Random(seed)
    told = 0
    for kind in rng.sample(sorted(SWAPS), len(SWAPS)):
        count = sum(1 for _ in ast.walk(tree))
        for place in rng.sample(range(count), count):
            changed = copy.deepcopy(tree)
            node = next(node for at, node in enumerate(ast.walk(changed)) if at == place)
            if SWAPS[kind](node):
                told += 1
                yield kind, ast.unparse(ast.fix_missing_locations(changed))
                break
        if told == most:
            return


def behave(pool: Pool, pairs: Iterable[tuple[str, str]]) -> list[bool | None]:
    """Of each (program, tests): whether every assert holds; None where the script was neither right nor wrong."""
    scripts = [Program(f"{code}\n{tests}\nprint({_HELD!r})\n", expected_stdout=f"{_HELD}\n") for code, tests in pairs]
    told: dict[str, bool | None] = {"pass": True, "fail": False, "timeout": False}
    return [told.get(done.verdict) for done in pool.check_all(scripts)]
