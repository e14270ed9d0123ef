"""The methods of builtin types that the small interpreter offers: an explicit list, each with its price."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from verifiers.meter import EXACT, Meter, OutOfLimitsError, OutsideError, ProgramError, names
from verifiers.purelib import Call, Named, add_key, as_dict, as_set, items, ordered_list

_STR = names(
    "lower upper strip lstrip rstrip split rsplit splitlines startswith endswith find rfind index rindex count "
    "isdigit isalpha isalnum isupper islower isspace isnumeric isdecimal istitle title capitalize swapcase "
    "removeprefix removesuffix partition rpartition"
)
_LIST = names("append pop remove index count reverse copy clear insert")
_DICT = names("get keys values items pop copy clear setdefault")
_SET = names("add discard remove copy clear")
_SET_PAIRS = names("union intersection difference symmetric_difference issubset issuperset isdisjoint")
_TUPLE = frozenset({"index", "count"})


def method(meter: Meter, call: Call, owner: Any, name: str, args: list[Any], named: Named) -> Any:
    """The result of `owner.name(*args, **named)` for the listed methods of builtin types."""
    kind = type(owner)
    if kind not in EXACT:
        raise OutsideError(f"the method {name} of {kind.__name__}")
    if named and not (kind is list and name == "sort"):
        raise OutsideError(f"named arguments of {kind.__name__}.{name}")
    if kind is str:
        return meter.fit(_of_str(meter, owner, name, args))
    if kind is list:
        return meter.fit(_of_list(meter, call, owner, name, args, named))
    if kind is dict:
        return meter.fit(_of_dict(meter, owner, name, args))
    if kind is set:
        return meter.fit(_of_set(meter, owner, name, args))
    if kind is tuple and name in _TUPLE:
        meter.walk(owner)
        meter.walk(args)
        return getattr(owner, name)(*args)
    raise _unknown(kind, name)


def _unknown(kind: type, name: str) -> Exception:
    if name in dir(kind):
        return OutsideError(f"the method {kind.__name__}.{name}")
    return ProgramError(f"AttributeError: {kind.__name__!r} object has no attribute {name!r}")


def _of_str(meter: Meter, owner: str, name: str, args: list[Any]) -> Any:
    meter.spend((len(owner) >> 3) + 1)
    meter.walk(args)
    if name == "join" and len(args) == 1:
        parts = items(meter, args[0])
        if not all(type(part) is str for part in parts):
            raise TypeError("sequence item: expected str instance")
        meter.sized(sum(len(part) for part in parts) + len(owner) * len(parts))
        return owner.join(parts)
    if name == "replace" and len(args) >= 2 and type(args[0]) is type(args[1]) is str:
        meter.sized(len(owner) + owner.count(args[0]) * len(args[1]))
        return owner.replace(*args)
    if name in ("zfill", "ljust", "rjust", "center") and args and type(args[0]) is int:
        meter.sized(args[0])
        return getattr(owner, name)(*args)
    if name not in _STR:
        raise _unknown(str, name)
    found = getattr(owner, name)(*args)
    if type(found) is list:
        meter.spend(len(found))
    return found


def _of_list(meter: Meter, call: Call, owner: list[Any], name: str, args: list[Any], named: Named) -> Any:
    if name == "sort" and not args:
        owner[:] = ordered_list(meter, call, [owner], named)
        return None
    if name == "extend" and len(args) == 1:
        new = items(meter, args[0])
        meter.sized(len(owner) + len(new))
        owner.extend(new)
        return None
    if name not in _LIST:
        raise _unknown(list, name)
    if name in ("remove", "index", "count"):
        meter.walk(owner)
        meter.walk(args)
    elif name in ("append", "insert"):
        if len(owner) >= meter.limits.size:
            raise OutOfLimitsError(f"a sequence of more than {meter.limits.size}")
        meter.spend(len(owner) >> 5 if name == "insert" else 0)
    else:
        meter.spend(len(owner) >> 5)
    return getattr(owner, name)(*args)


def _of_dict(meter: Meter, owner: dict[Any, Any], name: str, args: list[Any]) -> Any:
    if name == "update" and len(args) == 1:
        for key, value in as_dict(meter, args[0]).items():
            add_key(meter, owner, key)
            owner[key] = value
        return None
    if name not in _DICT:
        raise _unknown(dict, name)
    if args:
        meter.walk(args[0], len(owner))
        if name == "setdefault":
            add_key(meter, owner, args[0])
    return getattr(owner, name)(*args)


def _of_set(meter: Meter, owner: set[Any], name: str, args: list[Any]) -> Any:
    if name == "update":
        for values in args:
            for part in as_set(meter, values):
                add_key(meter, owner, part)
                owner.add(part)
        return None
    if name in _SET_PAIRS:
        others: Iterable[Any] = [as_set(meter, values) for values in args]
        meter.spend(len(owner))
        return getattr(owner, name)(*others)
    if name not in _SET:
        raise _unknown(set, name)
    if args:
        add_key(meter, owner, args[0])
    return getattr(owner, name)(*args)
