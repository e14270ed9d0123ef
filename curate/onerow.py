"""One row of a parquet file as a dict, read in a few milliseconds without polars, whose import alone takes a fifth of
the time that `curate show` has.

Reads what `buckets.write_frame` writes: zstd or plain pages, lists and structs, PLAIN and dictionary encodings.
Does NOT cover other codecs and encodings, or logical types beyond text: it raises Unread on these, and the caller
reads the row with polars. A small row group makes it cheap: of a column only the pages of one group are unpacked.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.levels import index_at, levels
from curate.thrift import Compact, Struct

_REQUIRED, _OPTIONAL, _REPEATED = 0, 1, 2
_BOOLEAN, _INT32, _INT64, _FLOAT, _DOUBLE, _BYTES = 0, 1, 2, 4, 5, 6
_FIXED = {_INT32: "<i", _INT64: "<q", _FLOAT: "<f", _DOUBLE: "<d"}
_PLAIN, _PLAIN_DICTIONARY, _RLE_DICTIONARY = 0, 2, 8
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_UNCOMPRESSED, _ZSTD = 0, 6

Triples = list[tuple[int, int, Any]]
"""Repetition level, definition level and value (None below the full definition) of a leaf within one row."""


class Unread(Exception):
    """The file uses something that this reader does not know; polars does."""


@dataclass
class Node:
    """A field of the schema with the levels at which it is there and repeats."""

    name: str
    repetition: int
    definition: int
    repeated: int
    kind: int | None
    children: list[Node] = field(default_factory=list)


def one_row(path: Path, row: int) -> dict[str, Any]:
    """Row `row`, counted from 0, with all columns. Raises Unread, OSError, or IndexError past the end."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        size = int.from_bytes(data[-8:-4], "little")
        if data[-4:] != b"PAR1":
            raise Unread(f"{path}: not a whole parquet file")
        meta = Compact(data[-8 - size : -8]).struct()
        roots, leaves = _schema(meta[2])
        for group in meta[4]:
            if row < group[3]:
                break
            row -= group[3]
        else:
            raise IndexError(f"{path}: fewer rows than asked for")
        found = {id(leaf): _leaf(data, chunk[3], leaf, row) for leaf, chunk in zip(leaves, group[1], strict=True)}
    return {root.name: _value(root, found) for root in roots}


def _schema(elements: list[Struct]) -> tuple[list[Node], list[Node]]:
    """Top fields, and leaves in the order of the column chunks."""
    leaves: list[Node] = []
    rest = iter(elements)

    def walk(definition: int, repeated: int) -> Node:
        element = next(rest)
        repetition = element.get(3, _REQUIRED)
        definition += repetition != _REQUIRED
        repeated += repetition == _REPEATED
        count = element.get(5, 0)
        node = Node(element[4].decode(), repetition, definition, repeated, None if count else element[1])
        node.children = [walk(definition, repeated) for _ in range(count)]
        if not count:
            leaves.append(node)
        return node

    return walk(0, 0).children, leaves


def _leaf(data: mmap.mmap, chunk: Struct, leaf: Node, row: int) -> Triples:
    """The triples of one leaf in row `row` of its row group."""
    if chunk[4] not in (_UNCOMPRESSED, _ZSTD):
        raise Unread(f"codec {chunk[4]}")
    at, dictionary = min(chunk.get(11) or chunk[9], chunk[9]), None
    while True:
        head = Compact(data[at : at + 4096])  # headers are small: statistics hold short prefixes
        try:
            page = head.struct()
        except IndexError:
            head = Compact(data[at : at + (1 << 20)])
            page = head.struct()
        body = at + head.at
        at = body + page[3]
        if page[1] == _DICTIONARY:
            dictionary = _unpacked(data[body:at], chunk[4], page[2])
        elif page[1] == _DATA:
            about = page[5]
            if leaf.repeated == 0 and row >= about[1]:  # one value a row: pages before it stay packed
                row -= about[1]
                continue
            raw = _unpacked(data[body:at], chunk[4], page[2])
            found = _page(raw, leaf, row, about[1], about[2], dictionary)
            if isinstance(found, list):
                return found
            row -= found
        elif page[1] == _DATA_V2:
            raise Unread("data page v2")
        else:
            raise Unread(f"page type {page[1]}")


def _page(raw: bytes, leaf: Node, row: int, count: int, encoding: int, dictionary: bytes | None) -> Triples | int:
    """Triples of row `row` of a page, or how many rows the page holds when it is not among them."""
    at = 0
    if leaf.repeated:
        size = int.from_bytes(raw[:4], "little")
        reps = levels(raw, 4, 4 + size, leaf.repeated.bit_length(), count)
        at = 4 + size
        rows = reps.count(0)
        if row >= rows:
            return rows
        first = -1
        for _ in range(row + 1):
            first = reps.index(0, first + 1)
        end = reps.find(0, first + 1)
        end = count if end < 0 else end
    else:
        reps, first, end = bytes(count), row, row + 1
    if leaf.definition:
        size = int.from_bytes(raw[at : at + 4], "little")
        defs = levels(raw, at + 4, at + 4 + size, leaf.definition.bit_length(), count)
        at += 4 + size
    else:
        defs = bytes(count)
    before, there = defs.count(leaf.definition, 0, first), defs.count(leaf.definition, first, end)
    values = iter(_values(raw, at, leaf, encoding, dictionary, before, there))
    return [(reps[k], defs[k], next(values) if defs[k] == leaf.definition else None) for k in range(first, end)]


def _values(
    raw: bytes, at: int, leaf: Node, encoding: int, dictionary: bytes | None, first: int, count: int
) -> list[Any]:
    """Values first, first + 1, ... of those that a page holds."""
    if encoding == _PLAIN:
        return _plain(raw, at, leaf, first, count)
    if encoding in (_PLAIN_DICTIONARY, _RLE_DICTIONARY) and dictionary is not None:
        places = [index_at(raw, at + 1, raw[at], first + k) for k in range(count)]
        return [_plain(dictionary, 0, leaf, place, 1)[0] for place in places]
    raise Unread(f"encoding {encoding}")


def _plain(raw: bytes, at: int, leaf: Node, first: int, count: int) -> list[Any]:
    if leaf.kind == _BYTES:
        found = []
        for place in range(first + count):
            size = int.from_bytes(raw[at : at + 4], "little")
            if place >= first:
                found.append(raw[at + 4 : at + 4 + size].decode())
            at += 4 + size
        return found
    if leaf.kind == _BOOLEAN:
        return [bool(raw[at + place // 8] >> (place % 8) & 1) for place in range(first, first + count)]
    code = _FIXED.get(-1 if leaf.kind is None else leaf.kind)
    if code is None:
        raise Unread(f"type {leaf.kind}")
    size = struct.calcsize(code)
    return [struct.unpack_from(code, raw, at + size * place)[0] for place in range(first, first + count)]


def _unpacked(raw: bytes, codec: int, size: int) -> bytes:
    if codec == _UNCOMPRESSED:
        return raw
    from zstandard import ZstdDecompressor

    return ZstdDecompressor().decompress(raw, max_output_size=size) if size else b""


def _value(node: Node, found: dict[int, Triples]) -> Any:
    """The value of a field within the part of a row that `found` holds: Dremel's assembly, for one row."""
    definition = _first(node, found)[1]
    if node.repetition == _OPTIONAL and definition < node.definition:
        return None
    if node.kind is not None:
        return found[id(node)][0][2]
    if len(node.children) == 1 and node.children[0].repetition == _REPEATED:
        return _list(node.children[0], found)
    return {child.name: _value(child, found) for child in node.children}


def _list(node: Node, found: dict[int, Triples]) -> list[Any]:
    if _first(node, found)[1] < node.definition:
        return []
    parts: list[dict[int, Triples]] = []
    for leaf in _leaves(node):
        place = -1
        for triple in found[id(leaf)]:
            if place < 0 or triple[0] <= node.repeated:  # deeper levels go on with the same element
                place += 1
                if place == len(parts):
                    parts.append({})
                parts[place][id(leaf)] = []
            parts[place][id(leaf)].append(triple)
    element = node.children[0] if node.children else node
    return [_value(element, part) for part in parts]


def _first(node: Node, found: dict[int, Triples]) -> tuple[int, int, Any]:
    return found[id(next(iter(_leaves(node))))][0]


def _leaves(node: Node) -> list[Node]:
    return [node] if node.kind is not None else [leaf for child in node.children for leaf in _leaves(child)]
