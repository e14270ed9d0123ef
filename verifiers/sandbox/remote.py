"""Stand-ins, on the side of the tests, for objects of the program under test.

A stand-in never decides a comparison with plain data in the program's favour: an object that is not rebuilt as plain
data is not equal to any. Where the program's own code decides (objects compared with objects, truth of an object), the
check is counted as delegated; where an operation with plain data gave plain data, it is opaque and raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from verifiers.sandbox.operations import BINARY, ORDER, UNARY

if TYPE_CHECKING:
    from verifiers.sandbox.client import Client


class CandidateGoneError(BaseException):
    """The program's process ended or talks nonsense; not an Exception, so tests do not swallow it."""


class OpaqueError(TypeError):
    """The program's own object would have decided a comparison with plain data."""


class UnsupportedError(BaseException):
    """The tests need something that does not cross between two processes; no verdict follows."""


class Remote:
    """Base of all stand-ins: `_number` names the object over there, `_tainted` once it has met plain data."""

    _number: int
    _client: Client
    _tainted = False
    _apart = False
    """It came of a difference to plain data of the tests: what it says of itself is what it wants them to find."""

    def __getattr__(self, name: str) -> Any:
        return self._kept_apart(self._client.ask("get", self._number, name))

    def _kept_apart(self, result: Any) -> Any:
        if self._apart:
            if _is_data(result):
                self._client.opaque += 1
                raise OpaqueError("an object of the program would tell how far it is from what is expected")
            object.__setattr__(result, "_apart", True)
        return result

    def __deepcopy__(self, _memo: Any) -> Any:
        return self._client.ask("deepcopy", self._number)

    def __copy__(self) -> Any:
        return self._client.ask("copy", self._number)

    def __setattr__(self, name: str, value: Any) -> None:
        self._client.ask("set", self._number, name, value)

    def __eq__(self, other: object) -> bool:
        if self is other or (isinstance(other, Remote) and self._client.may_judge(self, other)):
            agreed = self is other or self._client.ask("eq", self._number, other) is True
            if agreed and self is not other:
                self._client.agreed.append((self, other))
            return agreed
        self._client.opaque += other is not None
        return False

    def __ne__(self, other: object) -> bool:
        if self is not other and isinstance(other, Remote) and self._client.may_judge(self, other):
            differs = self._client.ask("ne", self._number, other) is True
            if not differs:
                self._client.agreed.append((self, other))
            return differs
        self._client.opaque += other is not None
        return self is not other

    def __hash__(self) -> int:
        value = self._client.ask("hash", self._number)
        return value if isinstance(value, int) else self._number

    def __str__(self) -> str:
        return str(self._kept_apart(self._client.ask("str", self._number)))

    def __repr__(self) -> str:
        return str(self._kept_apart(self._client.ask("repr", self._number)))

    def __format__(self, style: str) -> str:
        return str(self._kept_apart(self._client.ask("format", self._number, style)))


_DIFFERENCES = frozenset({"sub", "xor", "mod", "truediv", "floordiv", "divmod", "and"})


def _is_data(value: Any) -> bool:
    return not isinstance(value, Remote | RemoteClass)


def operation(name: str) -> Callable[..., Any]:
    plain = name[1:] if name not in UNARY and name[1:] in BINARY and name.startswith("r") else name

    def perform(self: Any, *args: Any, **kwargs: Any) -> Any:
        client: Client = self._client
        if name == "bool":
            client.delegated += 1
        judges = name == "contains" or (name in ORDER and not any(map(_is_data, args)))
        if (judges or name in ORDER) and not (judges and client.may_judge(self)):
            client.opaque += 1
            raise OpaqueError("an object of the program would decide a comparison")
        if name == "exit":  # the program's word would end an exception of the tests
            client.opaque += args[0] is not None
            client.request(name, self._number, (), {})
            return False
        result = self._kept_apart(client.request(name, self._number, args, kwargs))
        if plain in _DIFFERENCES and any(map(_is_data, args)) and not _is_data(result) and not client.is_proper(self):
            object.__setattr__(result, "_apart", True)
        if plain in BINARY or name in UNARY or name == "bool":
            met = self._tainted or any(_is_data(arg) for arg in args) or any(getattr(a, "_tainted", 0) for a in args)
            if met and plain in BINARY | UNARY | {"bool": bool}:
                if name in UNARY and not self._tainted:
                    return result
                if _is_data(result):
                    client.opaque += 1
                    raise OpaqueError("an object of the program turned into plain data on meeting plain data")
                object.__setattr__(result, "_tainted", True)
        return result

    return perform


class RemoteClass(type):
    """The type of stand-in classes: the tests can build, ask and match instances as if the class were here."""

    _number: int
    _client: Client

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made = cls._client.request("call", cls._number, args, kwargs)
        if isinstance(made, Remote):
            cls._client.built[made._number] = (cls, args, kwargs)
        return made

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in ("__doc__", "__members__", "__annotations__"):
            raise AttributeError(name)
        return cls._client.ask("get", cls._number, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        cls._client.ask("set", cls._number, name, value)

    def __new__(meta, name: str, bases: tuple[type, ...], space: dict[str, Any], **_words: Any) -> RemoteClass:
        if "_number" not in space:
            raise UnsupportedError("a class of the tests derives from a class of the program")
        return super().__new__(meta, name, bases, space)

    def __init__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any], **_words: Any) -> None:
        super().__init__(name, bases, space)

    def __iter__(cls) -> Any:
        return cls._client.ask("iter", cls._number)

    def __len__(cls) -> int:
        return int(cls._client.ask("len", cls._number))

    def __getitem__(cls, key: Any) -> Any:
        return cls._client.ask("getitem", cls._number, key)

    def __contains__(cls, value: Any) -> bool:
        cls._client.delegated += 1
        return cls._client.ask("contains", cls._number, value) is True

    def __bool__(cls) -> bool:
        return True

    def __instancecheck__(cls, instance: Any) -> bool:
        kind = getattr(instance, "_kind", None) if type(instance) in SHADOW_TYPES else type(instance)
        return isinstance(kind, type) and issubclass(kind, cls)


def _shadow(base: type) -> type:
    """Plain data that came from a subclass: equal and ordered as plain data, other names asked over there."""

    def missing(self: Any, name: str) -> Any:
        if name.startswith("_") and name in ("_remote", "_kind"):
            raise AttributeError(name)
        return getattr(self.__dict__["_remote"], name)

    return type(base.__name__, (base,), {"__getattr__": missing})


SHADOWS = {base: _shadow(base) for base in (str, int, float, tuple, bytes, complex)}
SHADOW_TYPES = frozenset(SHADOWS.values())


OFFERS = frozenset(
    {*BINARY, *(f"r{name}" for name in BINARY), *ORDER, *UNARY, "bool", "len", "iter", "next", "reversed", "contains",
     "getitem", "setitem", "delitem", "enter", "exit"}
)  # fmt: skip
