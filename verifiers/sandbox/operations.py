"""The operations that cross between the tests and the program, by the name of their special method."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable
from typing import Any

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "divmod": divmod, "pow": operator.pow,
    "lshift": operator.lshift, "rshift": operator.rshift, "and": operator.and_, "xor": operator.xor,
    "or": operator.or_, "matmul": operator.matmul,
}  # fmt: skip
ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg, "pos": operator.pos, "invert": operator.invert, "abs": abs, "int": int, "float": float,
    "complex": complex, "index": operator.index, "trunc": math.trunc, "floor": math.floor, "ceil": math.ceil,
    "round": round,
}  # fmt: skip
OTHERS: dict[str, Callable[..., Any]] = {
    "eq": operator.eq, "ne": operator.ne, "bool": bool, "hash": hash, "str": str, "repr": repr, "format": format,
    "len": len, "iter": iter, "next": next, "reversed": reversed, "contains": operator.contains,
    "getitem": operator.getitem, "setitem": operator.setitem, "delitem": operator.delitem,
    "enter": lambda it: type(it).__enter__(it), "exit": lambda it, *_: type(it).__exit__(it, None, None, None),
    "iadd": operator.iadd, "deepcopy": copy.deepcopy, "copy": copy.copy,
}  # fmt: skip
ALL: dict[str, Callable[..., Any]] = {**BINARY, **ORDER, **UNARY, **OTHERS}


def offered(kind: type) -> list[str]:
    """The operations that a class defines itself, so that a stand-in for it can define the same."""
    found = [name for name in ALL if name not in _EVERYONE and getattr(kind, f"__{name}__", None) is not None]
    found += [name for name in ORDER if any(f"__{name}__" in vars(base) for base in kind.__mro__ if base is not object)]
    reflected = [name for name in BINARY if getattr(kind, f"__r{name}__", None) is not None]
    has_call = ["call"] if any("__call__" in vars(base) for base in kind.__mro__) else []
    return [*found, *(f"r{name}" for name in reflected), *has_call]


_EVERYONE = frozenset({"eq", "ne", "hash", "str", "repr", "format", "lt", "le", "gt", "ge", "copy", "deepcopy"})
