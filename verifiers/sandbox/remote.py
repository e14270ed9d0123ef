"""Stand-ins, on the side of the tests, for objects of the program under test.

A stand-in never decides a comparison with plain data in the program's favour: an object that is not rebuilt as plain
data is not equal to any. Where the program's own code decides (objects compared with objects, truth of an object), the
check is counted as delegated; where an operation with plain data gave plain data, it is opaque and raises.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

from verifiers.sandbox.operations import BINARY, ORDER, UNARY
from verifiers.sandbox.wire import GoneError, Packer, Unpacker, Wire


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

    def __getattr__(self, name: str) -> Any:
        return self._client.ask("get", self._number, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._client.ask("set", self._number, name, value)

    def __eq__(self, other: object) -> bool:
        if self is other or (isinstance(other, Remote) and self._client.may_judge(self, other)):
            return self is other or self._client.ask("eq", self._number, other) is True
        self._client.opaque += other is not None
        return False

    def __ne__(self, other: object) -> bool:
        if self is not other and isinstance(other, Remote) and self._client.may_judge(self, other):
            return self._client.ask("ne", self._number, other) is True
        self._client.opaque += other is not None
        return self is not other

    def __hash__(self) -> int:
        value = self._client.ask("hash", self._number)
        return value if isinstance(value, int) else self._number

    def __str__(self) -> str:
        return str(self._client.ask("str", self._number))

    def __repr__(self) -> str:
        return str(self._client.ask("repr", self._number))

    def __format__(self, style: str) -> str:
        return str(self._client.ask("format", self._number, style))


def _is_data(value: Any) -> bool:
    return not isinstance(value, Remote | RemoteClass)


def _operation(name: str) -> Callable[..., Any]:
    plain = name[1:] if name not in UNARY and name[1:] in BINARY and name.startswith("r") else name

    def perform(self: Any, *args: Any, **kwargs: Any) -> Any:
        client: Client = self._client
        if name == "bool":
            client.delegated += 1
        judges = name == "contains" or (name in ORDER and not any(map(_is_data, args)))
        if (judges or name in ORDER) and not (judges and client.may_judge(self)):
            client.opaque += 1
            raise OpaqueError("an object of the program would decide a comparison")
        result = client.request(name, self._number, args, kwargs)
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
        return cls._client.request("call", cls._number, args, kwargs)

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
        kind = getattr(instance, "_kind", None) if type(instance) in _SHADOW_TYPES else type(instance)
        return isinstance(kind, type) and issubclass(kind, cls)


def _shadow(base: type) -> type:
    """Plain data that came from a subclass: equal and ordered as plain data, other names asked over there."""

    def missing(self: Any, name: str) -> Any:
        if name.startswith("_") and name in ("_remote", "_kind"):
            raise AttributeError(name)
        return getattr(self.__dict__["_remote"], name)

    return type(base.__name__, (base,), {"__getattr__": missing})


_SHADOWS = {base: _shadow(base) for base in (str, int, float, tuple, bytes, complex)}
_SHADOW_TYPES = frozenset(_SHADOWS.values())


class Client:
    """Asks the program's process, and serves what little of the tests the program may touch."""

    def __init__(self, fd: int) -> None:
        self.wire = Wire(fd)
        self.delegated = self.opaque = self.requests = 0
        self.stand_ins: dict[int | str, Any] = {}
        self.exported: list[Any] = []
        self.named: set[Any] = set()
        """Classes of the program that the tests call by name."""
        self.numbers: dict[int, int] = {}

    def ask(self, operation: str, target: Any, *args: Any) -> Any:
        return self.request(operation, target, args, {})

    def request(self, operation: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Raises what the program raised; CandidateGoneError when it is no longer there."""
        self.requests += 1
        packer = Packer(self.export)
        message = ["q", operation, target, packer.pack(args), packer.pack(kwargs)]
        try:
            self.wire.send(message)
            while (reply := self.wire.receive())[0] == "q":
                self.serve(reply)
            kind, value, changed = reply
            unpacker = Unpacker(self.adopt, packer.kept)
            if changed is not None:
                unpacker.unpack(["t", changed])
            if kind == "x":
                raised = self.raised(unpacker, value)
            else:
                return unpacker.unpack(value)
        except (GoneError, ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, ValueError) and str(error).startswith("a value is"):
                raise
            raise CandidateGoneError(f"the program's process is gone ({error})") from None
        raise raised from None

    def may_judge(self, *objects: Remote) -> bool:
        """Whether the program's own code may compare these: only if the tests name their class, and then on the record.

        A class that the tests never heard of has no business in a comparison; an answer equal to everything is one.
        """
        if all(any(base in self.named for base in type(one).__mro__) for one in objects):
            self.delegated += 1
            return True
        return False

    def serve(self, message: list[Any]) -> None:
        """A request of the program: call, get, set, next, on what was exported to it."""
        _, operation, target, args, kwargs = message
        unpacker = Unpacker(self.adopt)
        values, named = unpacker.unpack(args), unpacker.unpack(kwargs)
        table = [unpacker.table[number] for number in range(len(unpacker.table))]
        packer = Packer(self.export, table)
        try:
            result = self.perform(operation, self.exported[target], values, named)
            again = [packer.pack(values), packer.pack(named)]
            reply = ["v", packer.pack(result), None if again == [args, kwargs] else again]
        except Exception as error:  # noqa: BLE001  # the program sees the exception that the tests' callback raised
            known = getattr(builtins, type(error).__name__, None) is type(error)
            name = type(error).__name__ if known else "RuntimeError"
            plain = [arg for arg in error.args if isinstance(arg, str | int | float)]
            reply = ["x", ["X", name, plain], None]
        self.wire.send(reply)

    def perform(self, operation: str, thing: Any, args: Any, kwargs: Any) -> Any:
        ours = type(thing).__module__ == "__main__"
        if operation == "call" and callable(thing):
            return thing(*args, **kwargs)
        if operation == "next" and hasattr(type(thing), "__next__"):
            return next(thing)
        public = bool(args) and isinstance(args[0], str) and not args[0].startswith("_")
        if operation == "get" and ours and public:
            return getattr(thing, args[0])
        if operation == "set" and ours and public:
            return setattr(thing, *args)
        raise AttributeError("the tests do not share this")

    def export(self, value: Any) -> Any:
        if isinstance(value, Remote | RemoteClass):
            return ["R", value._number]
        if type(value) in _SHADOW_TYPES:
            return ["R", value.__dict__["_remote"]._number]
        if isinstance(value, BaseException) and hasattr(type(value), "_number"):
            return ["R", value.__dict__["_number"]]
        name, home = getattr(value, "__qualname__", None), getattr(value, "__module__", None)
        standard = isinstance(home, str) and home in sys.stdlib_module_names and home != "__main__"
        if standard and isinstance(name, str) and getattr(sys.modules.get(str(home)), name, None) is value:
            return ["n", home, name]
        if isinstance(value, type({}.keys()) | type({}.values()) | type({}.items())):
            return Packer(self.export).pack(list(value))
        number = self.numbers.setdefault(id(value), len(self.exported))
        if number == len(self.exported):
            self.exported.append(value)
        return ["O", number]

    def adopt(self, packed: list[Any]) -> Any:
        tag = packed[0]
        if tag == "O":
            return self.exported[packed[1]]
        if tag == "n":
            kind = getattr(builtins, packed[2]) if packed[1] == "builtins" else None
            if not isinstance(kind, type):
                raise GoneError("no message")
            return kind
        if tag == "m":
            return self.module(packed[1])
        if tag == "K":
            return self.kind(packed)
        if tag == "b":
            return self.shadow(packed[1], packed[2])
        if tag != "R":
            raise GoneError("no message")
        if packed[1] not in self.stand_ins:
            self.stand_ins[packed[1]] = self.stand_in(packed[1], self.adopt(packed[2]), packed[3])
        return self.stand_ins[packed[1]]

    def module(self, name: str) -> types.ModuleType:
        """The tests' own copy of a standard module."""
        if name.partition(".")[0] not in sys.stdlib_module_names:
            raise GoneError("no message")
        return importlib.import_module(name)

    def stand_in(self, number: int, kind: type, manner: str) -> Any:
        if manner == "coroutine":
            return self.coroutine(number)
        if isinstance(kind, RemoteClass):
            made: Any = kind.__new__(kind)  # type: ignore[call-arg, arg-type]  # an instance: not the metaclass's
        else:
            made = Remote.__new__(
                self.kind(["K", f"of {kind.__name__}", kind.__name__, [], ["iter", "next", "getitem"]])
            )
        made.__dict__["_number"] = number
        return made

    async def coroutine(self, number: int) -> Any:
        return self.ask("await", number)

    def kind(self, packed: list[Any]) -> Any:
        number = packed[1]
        key = f"class {number}"
        if key in self.stand_ins:
            return self.stand_ins[key]
        name, bases, offers = str(packed[2]), [self.adopt(base) for base in packed[3]], packed[4]
        usable = tuple(
            base for base in bases if isinstance(base, RemoteClass) or issubclass(base, BaseException)
        )  # fmt: skip
        space: dict[str, Any] = {"_number": number, "_client": self, "__module__": "candidate"}
        for offer in offers:
            if offer == "call" or offer.strip("_") in _OFFERS:
                space[f"__{offer}__"] = _operation(offer)
        if any(issubclass(base, BaseException) for base in usable):
            space = {"_number": number, "_client": self, "__module__": "candidate", "__getattr__": Remote.__getattr__}
        elif not usable:
            usable = (Remote,)
        made = RemoteClass(name, usable, space)
        self.stand_ins[key] = made
        return made

    def shadow(self, plain: Any, packed: Any) -> Any:
        base = type(plain)
        if base is bool or base not in _SHADOWS:
            raise GoneError("no message")
        remote = self.adopt(packed)
        made: Any = _SHADOWS[base](plain)
        made.__dict__.update(_remote=remote, _kind=type(remote))
        return made

    def raised(self, unpacker: Unpacker, packed: list[Any]) -> BaseException:
        """The exception that the program raised, as one that the tests can catch by class."""
        if packed[0] != "E":
            raise GoneError("no message")
        kind, args = self.adopt(packed[1]), unpacker.unpack(packed[2])
        if not (isinstance(kind, type) and issubclass(kind, BaseException) and isinstance(args, tuple)):
            raise GoneError("no message")
        if kind in (CandidateGoneError, UnsupportedError):
            raise GoneError("no message")
        if isinstance(kind, RemoteClass):
            error = self.adopt(packed[3])
            error.args = args
        else:
            try:
                error = kind(*args)
            except TypeError:  # UnicodeDecodeError and others want arguments of their own
                error = kind.__new__(kind)
                error.args = args
        assert isinstance(error, BaseException)
        return error


_OFFERS = frozenset(
    {*BINARY, *(f"r{name}" for name in BINARY), *ORDER, *UNARY, "bool", "len", "iter", "next", "reversed", "contains",
     "getitem", "setitem", "delitem", "enter", "exit"}
)  # fmt: skip
