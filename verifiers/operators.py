"""Operators and comparisons of the small interpreter, each checked before it is done."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from verifiers.meter import EXACT, VIEWS, Meter, OutOfLimitsError, OutsideError

_NUMBERS = (int, float, bool)
_SEQUENCES = (str, list, tuple)


def binary(meter: Meter, kind: type[ast.operator], left: Any, right: Any) -> Any:
    """`left op right`. Raises what Python raises, OutOfLimitsError before anything big is built, OutsideError."""
    check = _CHECKS.get(kind)
    if check is not None:
        check(meter, left, right)
    elif kind not in _BINARY:
        raise OutsideError(f"the operator {kind.__name__}")
    if type(left) is set or type(left) is dict:
        meter.spend(len(left) + 1)
    return meter.fit(_BINARY[kind](left, right))


def _add(meter: Meter, left: Any, right: Any) -> None:
    if type(left) in _SEQUENCES and type(left) is type(right):
        meter.sized(len(left) + len(right))


def _multiply(meter: Meter, left: Any, right: Any) -> None:
    if type(left) in _SEQUENCES and type(right) in (int, bool):
        meter.sized(len(left) * max(right, 0))
    elif type(right) in _SEQUENCES and type(left) in (int, bool):
        meter.sized(len(right) * max(left, 0))
    elif type(left) is int and type(right) is int and left.bit_length() + right.bit_length() > meter.limits.bits + 1:
        raise OutOfLimitsError(f"an integer of more than {meter.limits.bits} bits")


def _power(meter: Meter, left: Any, right: Any) -> None:
    whole = type(left) in (int, bool) and type(right) in (int, bool)
    if whole and right > 0 and abs(left) > 1 and (left.bit_length() - 1) * right > meter.limits.bits:
        raise OutOfLimitsError(f"an integer of more than {meter.limits.bits} bits")


def _shift(meter: Meter, left: Any, right: Any) -> None:
    if type(left) in (int, bool) and type(right) in (int, bool) and left.bit_length() + right > meter.limits.bits:
        raise OutOfLimitsError(f"an integer of more than {meter.limits.bits} bits")


def _modulo(_meter: Meter, left: Any, _right: Any) -> None:
    if type(left) is str:  # "%999999999d" % 1
        raise OutsideError("string formatting with %")


_CHECKS: dict[type[ast.operator], Callable[[Meter, Any, Any], None]] = {
    ast.Add: _add,
    ast.Mult: _multiply,
    ast.Pow: _power,
    ast.LShift: _shift,
    ast.Mod: _modulo,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}


def unary(meter: Meter, kind: type[ast.unaryop], value: Any) -> Any:
    """`op value`."""
    if kind is ast.Not:
        return not truth(value)
    return meter.fit(_UNARY[kind](value))


_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def truth(value: Any) -> bool:
    """Truth as Python has it; functions and streams are true."""
    return bool(value) if type(value) in EXACT or type(value) in VIEWS else True


def compare(meter: Meter, kind: type[ast.cmpop], left: Any, right: Any) -> bool:
    """One comparison; both sides are paid for in whole, because sharing can hide exponential size."""
    if kind in (ast.Is, ast.IsNot):
        singletons = (bool, type(None))
        if type(left) not in singletons and type(right) not in singletons:
            raise OutsideError("`is` on values other than None, True and False")
        return (left is right) == (kind is ast.Is)
    if kind in (ast.In, ast.NotIn):
        return contains(meter, right, left) == (kind is ast.In)
    if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
        meter.walk(left)
        meter.walk(right)
    return bool(_COMPARE[kind](left, right))


_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def contains(meter: Meter, container: Any, value: Any) -> bool:
    """`value in container`."""
    kind = type(container)
    if kind in (dict, set):
        meter.walk(value, len(container))
    elif kind is range:
        if type(value) is not int:  # anything else is searched for one by one
            meter.spend(len(container))
        meter.walk(value)
    elif kind in (list, tuple, str) or kind in VIEWS:
        meter.walk(container)
        meter.walk(value)
    elif kind not in EXACT:
        raise OutsideError(f"`in` on {kind.__name__}")
    return value in container
