"""The builtin functions that the small interpreter offers: an explicit list, each with its price."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from verifiers.meter import EXACT, VIEWS, Builtin, Meter, OutOfLimitsError, OutsideError, Stream, names
from verifiers.operators import binary, truth

Call = Callable[[Any, list[Any]], Any]
"""Calls a function of the program."""
Named = dict[str, Any]

_TYPES: dict[str, type] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "set": set,
}
ERRORS = names(
    "Exception ValueError TypeError KeyError IndexError ZeroDivisionError ArithmeticError RuntimeError "
    "AssertionError NotImplementedError StopIteration OverflowError AttributeError LookupError"
)
"""Exceptions that a program may raise by name."""
FUNCTIONS = names(
    "abs all any bool chr dict divmod enumerate filter float int isinstance len list map max min ord pow print "
    "range repr reversed round set sorted str sum tuple zip"
)


def builtin(meter: Meter, call: Call, name: str, args: list[Any], named: Named) -> Any:
    """The result of `name(*args, **named)`. Raises what Python raises, OutsideError or OutOfLimitsError."""
    if named and name not in _NAMED:
        raise OutsideError(f"named arguments of {name}")
    if name in _WITH_CALL:
        return meter.fit(_WITH_CALL[name](meter, call, args, named))
    return meter.fit(_PLAIN[name](meter, *args))


def items(meter: Meter, value: Any) -> list[Any]:
    """The elements of an iterable as a list, each at the price of a step."""
    out = []
    for part in meter.iterate(value):
        out.append(part)
        if len(out) > meter.limits.size:
            raise OutOfLimitsError(f"a sequence of more than {meter.limits.size}")
    return out


def _number(meter: Meter, value: Any) -> Any:
    if type(value) not in (int, float, bool, str):
        meter.walk(value)
        if type(value) not in EXACT:
            raise TypeError(f"not a number: {type(value).__name__}")
    return value


def _int(meter: Meter, value: Any = 0, base: Any = None) -> Any:
    _number(meter, value)
    if type(value) is str:
        meter.spend(len(value) >> 2)
    return int(value) if base is None else int(value, base)


def _str(meter: Meter, value: Any = "") -> Any:
    return value if type(value) is str else _repr(meter, value)


def _repr(meter: Meter, value: Any) -> Any:
    meter.walk(value)
    level = [value]
    while level:  # paid for and bounded in depth by walk
        inner: list[Any] = []
        for part in level:
            if type(part) not in EXACT:
                raise OutsideError(f"the text of a {type(part).__name__}")
            if type(part) is set and len(part) > 1:
                raise OutsideError("the order of a set")
            if type(part) in (list, tuple, set):
                inner += part
            elif type(part) is dict:
                inner += [*part.keys(), *part.values()]
        level = inner
    return repr(value)


def _len(_meter: Meter, value: Any) -> Any:
    if type(value) not in EXACT and type(value) not in VIEWS:
        raise TypeError(f"object of type {type(value).__name__!r} has no len()")
    return len(value)


def _sum(meter: Meter, values: Any, start: Any = 0) -> Any:
    total = start
    if type(start) is str:
        raise TypeError("sum() can't sum strings")
    for part in meter.iterate(_ordered(meter, values)):
        total = binary(meter, ast.Add, total, part)
    return total


def _ordered(meter: Meter, values: Any) -> Any:
    """Sets in sorted order, for the builtins that do not depend on one; other values as they are."""
    if type(values) is not set:
        return values
    meter.walk(values)
    numbers = all(type(part) in (int, bool) for part in values)
    strings = all(type(part) is str for part in values)
    return sorted(values) if numbers or strings else values


def _keyed(meter: Meter, call: Call, values: list[Any], named: Named) -> list[Any]:
    key = named.get("key")
    meter.walk(values)
    return meter.walk([call(key, [value]) for value in values]) if key is not None else values


def _best(name: str) -> Callable[[Meter, Call, list[Any], Named], Any]:
    def best(meter: Meter, call: Call, args: list[Any], named: Named) -> Any:
        if set(named) - {"key", "default"}:
            raise OutsideError(f"named arguments of {name}")
        values = items(meter, _ordered(meter, args[0])) if len(args) == 1 else list(args)
        if not values and "default" in named:
            return named["default"]
        if not values:
            raise ValueError(f"{name}() of an empty sequence")
        keys = _keyed(meter, call, values, named)
        at = (max if name == "max" else min)(range(len(keys)), key=keys.__getitem__)
        return values[at]

    return best


def ordered_list(meter: Meter, call: Call, args: list[Any], named: Named) -> Any:
    if set(named) - {"key", "reverse"} or len(args) != 1:
        raise TypeError("sorted expects one argument and key or reverse")
    values = items(meter, _ordered(meter, args[0]))
    keys = _keyed(meter, call, values, named)
    meter.spend(2 * len(values))
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=truth(named.get("reverse", False)))
    return [values[at] for at in order]


def _map(meter: Meter, call: Call, args: list[Any], _named: Named) -> Any:
    if len(args) < 2:
        raise TypeError("map() must have at least two arguments")
    columns = [items(meter, values) for values in args[1:]]
    return Stream([call(args[0], list(row)) for row in zip(*columns, strict=False)])


def _filter(meter: Meter, call: Call, args: list[Any], _named: Named) -> Any:
    function, values = args
    return Stream([v for v in items(meter, values) if truth(v if function is None else call(function, [v]))])


def _enumerate(meter: Meter, _call: Call, args: list[Any], named: Named) -> Any:
    start = named.get("start", args[1] if len(args) > 1 else 0)
    return Stream(list(enumerate(items(meter, args[0]), start)))


def _zip(meter: Meter, *columns: Any) -> Any:
    return Stream(list(zip(*(items(meter, values) for values in columns), strict=False)))


def _reversed(meter: Meter, value: Any) -> Any:
    if type(value) not in (list, tuple, str, range):
        raise TypeError(f"{type(value).__name__!r} object is not reversible here")
    return Stream(items(meter, value)[::-1])


def _all(meter: Meter, values: Any) -> Any:
    return all(truth(part) for part in meter.iterate(_ordered(meter, values)))


def _any(meter: Meter, values: Any) -> Any:
    return any(truth(part) for part in meter.iterate(_ordered(meter, values)))


def _round(meter: Meter, value: Any, digits: Any = None) -> Any:
    _number(meter, value)
    if digits is not None and (type(digits) is not int or abs(digits) > 400):
        raise OutOfLimitsError("round() to more than 400 digits")
    return round(value) if digits is None else round(value, digits)


def _pow(meter: Meter, base: Any, exponent: Any, modulus: Any = None) -> Any:
    if modulus is None:
        return binary(meter, ast.Pow, base, exponent)
    for part in (base, exponent, modulus):
        if type(part) is not int:
            raise TypeError("pow() with three arguments needs integers")
        if part.bit_length() > 512:
            raise OutOfLimitsError("pow() with three arguments of more than 512 bits")
    meter.spend(100)
    return pow(base, exponent, modulus)


def _isinstance(_meter: Meter, value: Any, kinds: Any) -> Any:
    wanted = kinds if type(kinds) is tuple else (kinds,)
    if not all(isinstance(kind, Builtin) and kind.name in _TYPES for kind in wanted):
        raise OutsideError("isinstance with other than builtin types")
    return isinstance(value, tuple(_TYPES[kind.name] for kind in wanted))


def as_set(meter: Meter, values: Any = ()) -> Any:
    out: set[Any] = set()
    for part in items(meter, values) if type(values) is not set else values:
        add_key(meter, out, part)
        out.add(part)
    return out


def as_dict(meter: Meter, pairs: Any = ()) -> Any:
    out: dict[Any, Any] = {}
    for pair in pairs.items() if type(pairs) is dict else meter.iterate(pairs):
        key, value = items(meter, pair)
        add_key(meter, out, key)
        out[key] = value
    return out


def add_key(meter: Meter, container: Any, key: Any) -> None:
    """Pay for one more key of a dict or set."""
    meter.walk(key, len(container))
    if len(container) >= meter.limits.keys:
        raise OutOfLimitsError(f"more than {meter.limits.keys} keys")


def _print(meter: Meter, _call: Call, args: list[Any], _named: Named) -> None:
    meter.spend(len(args))


_NAMED = frozenset({"sorted", "min", "max", "enumerate", "print"})
_WITH_CALL: dict[str, Callable[[Meter, Call, list[Any], Named], Any]] = {
    "min": _best("min"),
    "max": _best("max"),
    "sorted": ordered_list,
    "map": _map,
    "filter": _filter,
    "enumerate": _enumerate,
    "print": _print,
}
_PLAIN: dict[str, Callable[..., Any]] = {
    "abs": lambda meter, value: abs(_number(meter, value)),
    "all": _all,
    "any": _any,
    "bool": lambda _meter, value=False: truth(value),
    "chr": lambda _meter, value: chr(value),
    "dict": as_dict,
    "divmod": lambda meter, left, right: (
        binary(meter, ast.FloorDiv, left, right),
        binary(meter, ast.Mod, left, right),
    ),
    "float": lambda meter, value=0.0: float(_number(meter, value)),
    "int": _int,
    "isinstance": _isinstance,
    "len": _len,
    "list": lambda meter, values=(): items(meter, values),
    "ord": lambda _meter, value: ord(value),
    "pow": _pow,
    "range": lambda _meter, *args: range(*args),
    "repr": _repr,
    "reversed": _reversed,
    "round": _round,
    "set": as_set,
    "str": _str,
    "sum": _sum,
    "tuple": lambda meter, values=(): tuple(items(meter, values)),
    "zip": _zip,
}
