"""The side of the program under test: loads it as a module and serves calls, attributes and operations on its objects.

Does NOT defend itself: the program owns every byte of this process. Nothing here knows an expected value, a nonce or
the tests; a forged answer is only another return value, and the other side treats it as one.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from typing import Any

from verifiers.sandbox.operations import ALL, BINARY, offered
from verifiers.sandbox.wire import GoneError, Packer, Unpacker, Wire

MODULE = "candidate"


def load(source: str, name: str) -> types.ModuleType:
    """Run a program as the module `name`. Raises whatever it raises."""
    warnings.simplefilter("ignore")
    code = compile(source.removeprefix("\ufeff"), f"<{name}>", "exec")
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(code, module.__dict__)  # noqa: S102  # in a sandbox, which is what it is for
    return module


def home_of(name: str, value: Any) -> str:
    """The module of the standard library in which this very object goes by this name; "" for all that is plain data."""
    if not isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        return ""
    for home in (str(getattr(value, "__module__", "")), "math", "functools", "itertools", "copy", "operator"):
        known = home.lstrip("_")
        if getattr(sys.modules.get(known), name, None) is value:
            return known if known in sys.stdlib_module_names else ""
    return ""


class Callback:
    """Something of the tests that was handed to the program: it can be called, iterated, and asked for plain names."""

    def __init__(self, server: Server, number: int) -> None:
        self.__dict__.update(_server=server, _number=number)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._server.ask("call", self._number, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return self._server.ask("get", self._number, (name,), {})

    def __setattr__(self, name: str, value: Any) -> None:
        self._server.ask("set", self._number, (name, value), {})

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self._server.ask("next", self._number, (), {})


class Server:
    """Answers requests until the other side hangs up; requests may nest through callbacks."""

    def __init__(self, fd: int, source: str) -> None:
        self.wire = Wire(fd)
        self.source = source
        self.objects: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}
        self.classes: dict[int, list[Any]] = {}
        self.borrowed: list[tuple[int, str, Any, Any]] = []
        self.thread = threading.get_ident()

    def run(self) -> None:
        while True:
            self.answer(self.wire.receive())

    def answer(self, message: Any) -> None:
        """message: ["q", operation, target, args, kwargs]; the answer: [kind, value, changed args or null]."""
        _, operation, target, args, kwargs = message
        unpacker = Unpacker(self.adopt)
        values = unpacker.unpack(args)
        named = unpacker.unpack(kwargs)
        table = [unpacker.table[number] for number in range(len(unpacker.table))]
        try:
            kind, result = "v", self.perform(operation, target, values, named)
            self.give_back()
        except GoneError:
            raise
        except BaseException as error:  # noqa: BLE001  # the tests must see whatever the program raises
            kind, result = "x", error
            error.__traceback__ = None
        packer = Packer(self.export, table)
        try:
            again = [packer.pack(values), packer.pack(named)]
            reply = [kind, self.exception(packer, result) if kind == "x" else packer.pack(result)]
            self.wire.send([*reply, None if again == [args, kwargs] else again])
        except (RecursionError, ValueError, MemoryError, TypeError, AttributeError) as error:
            self.wire.send(["x", self.exception(Packer(self.export), ValueError(str(error)[:200])), None])

    def perform(self, operation: str, target: Any, args: Any, kwargs: Any) -> Any:
        if operation == "load":
            return self.names(args[0])
        if operation == "call":
            return self.objects[target](*args, **kwargs)
        if operation == "get":
            return getattr(self.objects[target], args[0])
        if operation == "set":
            return setattr(self.objects[target], *args)
        if operation == "await":
            return importlib.import_module("asyncio").run(self.objects[target])  # heavy, and rarely asked for
        if operation.startswith("r") and operation[1:] in BINARY and operation != "round":
            return BINARY[operation[1:]](args[0], self.objects[target])
        return ALL[operation](self.objects[target], *args)

    def names(self, wanted: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, str]]:
        """Load the program: the wanted names that it defines, and of which modules it has some."""
        space = load(self.source, MODULE).__dict__
        found = {name: space[name] for name in wanted if name in space}
        homes = {name: home for name, value in found.items() if (home := home_of(name, value))}
        return found, homes

    def ask(self, operation: str, target: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A request in the other direction, while the tests wait for an answer."""
        if threading.get_ident() != self.thread:
            raise RuntimeError("what belongs to the tests can only be used in the main thread")
        packer = Packer(self.export)
        self.wire.send(["q", operation, target, packer.pack(args), packer.pack(kwargs)])
        while (message := self.wire.receive())[0] == "q":
            self.answer(message)
        kind, value, changed = message
        unpacker = Unpacker(self.adopt, packer.kept)
        if changed is not None:
            unpacker.unpack(["t", changed])
        result = unpacker.unpack(value)
        if kind == "x":
            raise result if isinstance(result, BaseException) else RuntimeError("the tests raised")
        if operation == "get" and isinstance(result, list | dict | set):
            self.borrowed.append((target, args[0], result, Packer(self.export).pack(result)))
        return result

    def give_back(self) -> None:
        """Containers that were got out of objects of the tests and changed here change there, too."""
        for at, (target, name, value, was) in enumerate(self.borrowed):
            now = Packer(self.export).pack(value)
            if now != was:
                self.borrowed[at] = (target, name, value, now)
                self.ask("put", target, (name, value), {})

    def adopt(self, packed: list[Any]) -> Any:
        if packed[0] == "R":
            return self.objects[packed[1]]
        if packed[0] == "n":
            return getattr(importlib.import_module(packed[1]), packed[2])
        if packed[0] == "b":  # plain data of a subclass: its own object if it came from here, else the data
            return self.objects[packed[2][1]] if packed[2][0] == "R" else packed[1]
        if packed[0] == "X":
            kind = getattr(builtins, packed[1])
            return kind(*packed[2]) if issubclass(kind, Exception) else RuntimeError("the tests raised")
        return Callback(self, packed[1])

    def export(self, value: Any) -> Any:
        if type(value) is Callback:
            return ["O", value._number]
        if isinstance(value, type):
            name = value.__name__
            if getattr(builtins, name, None) is value:
                return ["n", "builtins", name]
        if isinstance(value, types.ModuleType):
            return ["m", value.__name__]
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = len(self.objects)
            self.objects[number] = value
        if isinstance(value, type):
            return self.described(value, number)
        kind = "coroutine" if isinstance(value, types.CoroutineType) else "object"
        return ["R", number, self.export(type(value)), kind]

    def described(self, kind: type, number: int) -> list[Any]:
        if number not in self.classes:
            self.classes[number] = ["K", number, kind.__name__, [], offered(kind)]
            self.classes[number][3] = [self.export(base) for base in kind.__bases__]
        return self.classes[number]

    def exception(self, packer: Packer, error: Any) -> list[Any]:
        """[exported class, args, exported instance]; args that are no plain data are left out."""
        try:
            args = packer.pack(tuple(error.args))
        except Exception:  # noqa: BLE001  # an object that cannot be packed is left out of the message
            args = ["t", []]
        return ["E", self.export(type(error)), args, self.export(error)]


def serve(fd: int, source: str) -> None:
    """The whole life of a candidate process."""
    sys.setrecursionlimit(3000)
    try:
        Server(fd, source).run()
    except GoneError:
        return
