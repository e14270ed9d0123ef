"""Rows of XML: one for each element of a declared name, read with expat as the file streams by.

A row is written as the common converters write it: attributes under "@name", text beside them under "#text", an element
with text alone as that text, elements of one name in a row as a list. What the elements around it say in attributes is
kept under "_in". Not covered: schemas, namespaces (a prefix stays part of the name), text between the children of an
element is joined. A document type declaration is refused: entities, the bombs of XML, need one, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from buckets.errors import InputError, RefusedError
from buckets.raw import MAX_ROW_BYTES, Raw, fault_of

_BLOCK = 64 << 10
_DEPTH = 200
_OTHERS = 20


class _Reader:
    """Collects the elements called `name`; elements of that name inside one of them are part of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.around: list[tuple[str, dict[str, str]]] = []
        self.open: list[tuple[dict[str, Any], list[str]]] = []  # attributes and children, and pieces of text
        self.rows: list[dict[str, Any] | tuple[str, str]] = []
        self.size = 0
        self.fault: tuple[str, str] | None = None
        self.others: dict[str, None] = {}
        """Names of the elements around, or beside; so many that a person sees what to declare."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.open and tag != self.name:
            self.around.append((tag, attributes))
            if len(self.others) < _OTHERS:
                self.others[tag] = None
            return
        if not self.open:
            self.size, self.fault = 0, None
        if len(self.open) > _DEPTH:
            self.fault = ("too_deep", "the element nests too many others")
        self.open.append(({f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        if self.open:
            self.size += len(text)
            if self.size > MAX_ROW_BYTES:
                self.fault = ("row_too_long", f"the element has more than {MAX_ROW_BYTES >> 20} MiB")
            elif self.fault is None:
                self.open[-1][1].append(text)

    def end(self, tag: str) -> None:
        if not self.open:
            self.around.pop()
            return
        fields, pieces = self.open.pop()
        text = "".join(pieces)
        value: Any = text
        if fields and all(key.startswith("@") for key in fields):
            value = {**fields, "#text": text}
        elif fields:
            value = {**fields, "#text": text.strip()} if text.strip() else fields
        if self.open:
            self._put(self.open[-1][0], tag, value)
            return
        if self.fault is not None:
            self.rows.append(self.fault)
            return
        row = value if isinstance(value, dict) else {"#text": text}
        outside = {tag: {f"@{k}": v for k, v in said.items()} for tag, said in self.around if said}
        self.rows.append({"_in": outside, **row} if outside and "_in" not in row else row)

    @staticmethod
    def _put(fields: dict[str, Any], tag: str, value: Any) -> None:
        if tag not in fields:
            fields[tag] = value
        elif isinstance(fields[tag], list):
            fields[tag].append(value)
        else:
            fields[tag] = [fields[tag], value]


def xml_rows(stream: BinaryIO, where: str, element: str | None) -> Iterator[Raw]:
    """Rows counted from 0; the stream is UTF-8, whatever its declaration says. Damage ends the reading with a fault.

    Raises InputError without the name of an element, and RefusedError for a document type declaration.
    """
    if not element:
        raise InputError(f"{where}: XML needs `member`: the name of the element that is one row")
    reader = _Reader(element)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise RefusedError(f"{where}: has a document type declaration (DTD), which can hide bombs; remove it")

    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = refuse
    row, ended = 0, False
    while not ended:
        block = stream.read(_BLOCK)
        ended = not block
        fault = None
        try:
            parser.Parse(block, ended)
        except expat.ExpatError as error:
            fault = f"{expat.errors.messages[error.code]} at line {error.lineno}, column {error.offset}"
            ended = True
        for value in reader.rows:
            yield Raw(row, value) if isinstance(value, dict) else Raw(row, None, fault_of(*value, str(row).encode()))
            row += 1
        reader.rows.clear()
        if fault:
            left = str([fields for fields, _ in reader.open]).encode("utf-8", "replace")
            yield Raw(row, None, fault_of("invalid_xml", f"{fault}; what follows cannot be read", left))
        elif ended and not row:
            others = ", ".join(reader.others)
            yield Raw(0, None, fault_of("no_such_element", f"no element is called {element!r}, but {others}", b""))
