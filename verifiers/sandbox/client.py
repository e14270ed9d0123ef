"""The tests' end of the wire: asks the program's process, and serves what little of the tests the program may touch.

Does NOT trust an answer: classes, exceptions and values are rebuilt from names and plain data, and anything else than a
well-formed message means that the program's process is gone.
"""

from __future__ import annotations

import builtins
import importlib
import secrets
import sys
import types
from typing import Any

from verifiers.sandbox.alike import alike, items_of
from verifiers.sandbox.remote import (
    OFFERS,
    SHADOW_TYPES,
    SHADOWS,
    CandidateGoneError,
    Remote,
    RemoteClass,
    UnsupportedError,
    operation,
)  # fmt: skip
from verifiers.sandbox.wire import GoneError, Packer, Unpacker, Wire

_ENDS_LOOPS = (StopIteration, StopAsyncIteration)
_LOUD = frozenset({"test", "idlelib", "lib2to3", "turtledemo", "antigravity", "this"})
"""Modules that do something when they are imported."""


class Client:
    """One conversation with one program; counts the comparisons that the program decided or would have."""

    def __init__(self, fd: int) -> None:
        self.wire = Wire(fd)
        self.delegated = self.opaque = self.requests = 0
        self.stand_ins: dict[int | str, Any] = {}
        self.shadows: dict[int, Any] = {}
        self.exported: list[Any] = []
        self.named: set[Any] = set()
        """Classes of the program that the tests call by name."""
        self.numbers: dict[int, int] = {}
        self.liars: dict[type, bool] = {}
        self.ends_loops = False
        """Whether StopIteration may come out of a call: else it would end a `map` in the tests as if all were well."""
        self.proper: set[Any] = set()
        """Those of them that go by the name of a class, and not of the function under test."""
        self.built: dict[int, tuple[Any, tuple[Any, ...], dict[str, Any]]] = {}
        """What the tests built, by calling which class with what."""
        self.agreed: list[tuple[Remote, Remote]] = []
        """Pairs of objects that the program called equal."""
        self.changed: dict[int, tuple[Any, int]] = {}
        """Containers and objects of the tests that the program has changed, by id: the thing itself, and when."""
        self.changes = 0
        self.copies = False
        """The program works on copies: nothing that it changes is changed here."""
        self.overlay: dict[tuple[int, str], Any] = {}
        self.nan: float | None = None
        self.nans = 0
        self.withheld = ""
        """The class of an object of the tests that the program was not given to use: its failure says nothing."""

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
            unpacker = self.unpacker(packer.kept if changed is None or not self.copies else None)
            if changed is not None:
                before = [items_of(value) for value in packer.kept]
                unpacker.unpack(["t", changed])
                self.note(packer.kept, before)
            if kind == "x":
                raised = self.raised(unpacker, value)
                if operation != "next" and not self.ends_loops and isinstance(raised, _ENDS_LOOPS):
                    raised = RuntimeError("the program raised StopIteration")
            else:
                result = unpacker.unpack(value)
                self.nans += unpacker.nans
                return result
        except (GoneError, ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, ValueError) and str(error).startswith("a value is"):
                raise
            raise CandidateGoneError(f"the program's process is gone ({error})") from None
        raise raised from None

    def unpacker(self, table: list[Any] | None) -> Unpacker:
        made = Unpacker(self.adopt, table)
        made.nan = self.nan
        return made

    def note(self, kept: list[Any], before: list[list[Any]]) -> None:
        """Remember what a call changed; with one container, all that it was handed."""
        if not all(alike(was, items_of(value)) for was, value in zip(before, kept, strict=True)):
            self.changes += 1
            self.changed.update((id(value), (value, self.changes)) for value in kept)

    def is_proper(self, one: Remote) -> bool:
        return any(base in self.proper for base in type(one).__mro__)

    def may_judge(self, *objects: Remote) -> bool:
        """Whether the program's own code may compare these: only if the tests name their class, and then on the record.

        A class that the tests never heard of has no business in a comparison; an answer equal to everything is one.
        """
        if all(any(base in self.named for base in type(one).__mro__) for one in objects):
            self.delegated += 1
            return not any(map(self.equal_to_all, objects))
        return False

    def equal_to_all(self, one: Remote) -> bool:
        """Whether its class says yes to a text made up on the spot; asked once a class."""
        kind = type(one)
        if kind not in self.liars:
            try:
                self.liars[kind] = self.ask("eq", one._number, secrets.token_hex(8)) is True
            except Exception:  # noqa: BLE001  # an honest comparison may fail on a text in any way
                self.liars[kind] = False
        return self.liars[kind]

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
            kept = self.overlay.get((id(thing), args[0]), thing)
            return getattr(thing, args[0]) if kept is thing else kept
        if operation in ("set", "put") and ours and public and not callable(getattr(type(thing), args[0], None)):
            return self.write(operation, thing, *args)
        if public and type(thing).__module__ != "builtins":
            self.withheld = self.withheld or type(thing).__name__
        raise AttributeError("the tests do not share this")

    def write(self, operation: str, thing: Any, name: str, value: Any) -> None:
        """The program writes what the tests may read in a comparison."""
        self.delegated += 1
        if self.copies:
            self.overlay[id(thing), name] = value
            return
        self.changes += 1
        old: Any = getattr(thing, name, None)
        self.changed.update({id(thing): (thing, self.changes), id(old): (old, self.changes)})
        if operation == "put" and type(old) is type(value) and isinstance(old, list | dict | set):
            old.clear()
            old.extend(value) if isinstance(old, list) else old.update(value)
        else:
            setattr(thing, name, value)

    def export(self, value: Any) -> Any:
        if isinstance(value, Remote | RemoteClass):
            return ["R", value._number]
        if type(value) in SHADOW_TYPES:
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
        if name.partition(".")[0] in _LOUD or name.endswith("__main__"):
            raise GoneError("no message")
        return importlib.import_module(name)

    def stand_in(self, number: int, kind: type, manner: str) -> Any:
        if manner == "coroutine":
            return self.coroutine(number)
        if not isinstance(kind, RemoteClass) and issubclass(kind, Exception) and kind.__module__ == "builtins":
            args = self.ask("get", number, "args")
            plain: Any = kind.__new__(kind)
            plain.args = args if isinstance(args, tuple) else ()
            return plain
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
            if offer == "call" or offer.strip("_") in OFFERS:
                space[f"__{offer}__"] = operation(offer)
        if any(issubclass(base, BaseException) for base in usable):
            space = {"_number": number, "_client": self, "__module__": "candidate", "__getattr__": Remote.__getattr__}
        elif not usable:
            usable = (Remote,)
        made = RemoteClass(name, usable, space)
        self.stand_ins[key] = made
        return made

    def shadow(self, plain: Any, packed: Any) -> Any:
        base = type(plain)
        if base is bool or base not in SHADOWS:
            raise GoneError("no message")
        remote = self.adopt(packed)
        if not isinstance(remote, Remote):
            raise GoneError("no message")
        known = self.shadows.get(remote._number)
        if known is not None and known == plain and type(known) is SHADOWS[base]:
            return known  # an object that the tests ask for twice is one object
        made: Any = SHADOWS[base](plain)
        made.__dict__.update(_remote=remote, _kind=type(remote))
        self.shadows[remote._number] = made
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
            error = self.adopt(packed[3]) if packed[3][0] == "R" else None
            if not isinstance(error, BaseException):
                raise GoneError("no message")
            error.args = args
        else:
            try:
                error = kind(*args)
            except TypeError:  # UnicodeDecodeError and others want arguments of their own
                error = kind.__new__(kind)
                error.args = args
        assert isinstance(error, BaseException)
        return error
