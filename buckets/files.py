"""Rows out of any raw file: what kind it is by its content, and each row or its fault, none lost."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from buckets.delimited import delimited_rows
from buckets.documents import document_rows, is_keyed, member_rows
from buckets.encodings import Encoding, Recoded, codec_name, encoding_of, original
from buckets.errors import InputError
from buckets.held import held
from buckets.jsonl import line_rows
from buckets.kind import KINDS, SUFFIXES, Kind, kind_of_file, suffix_of, table_kind
from buckets.members import Member, asked, is_archive, open_members, wanted
from buckets.raw import BOM, Raw, fault_of
from buckets.salvage import array_rows, object_rows
from buckets.source import UTF8, Source, look, open_file, open_member
from buckets.tables import table_rows
from buckets.xml_rows import xml_rows
from buckets.yaml_rows import yaml_rows

DAMAGE = ""
"""What stands for the name of a member where an archive is damaged itself."""
_BLOCK = 1 << 20
_XML_ENCODING = re.compile(rb"""\A\s*<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


@dataclass(frozen=True)
class Layout:
    """What is declared of a file; None is found from its content. See `read_rows`."""

    kind: Kind | None = None
    member: str | None = None
    encoding: str | None = None
    columns: tuple[str, ...] | None = None
    header: bool = True

    def check(self, where: object) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise InputError(f"{where}: kind {self.kind!r} is not one of {', '.join(KINDS)}")
        if self.encoding is not None:
            try:
                codec_name(self.encoding)
            except ValueError as error:
                raise InputError(f"{where}: encoding {self.encoding!r}: {error}") from error


class Rows:
    """The rows of one file, to be walked once, with the kind and the encoding that were found or declared."""

    def __init__(self, kind: Kind | None, encoding: Encoding, rows: Iterator[Raw]) -> None:
        self.kind = kind
        """None for an archive, whose members differ."""
        self.encoding = encoding
        self._rows = rows

    def __iter__(self) -> Iterator[Raw]:
        return self._rows

    def __next__(self) -> Raw:
        return next(self._rows)


def read_rows(
    path: Path,
    kind: Kind | None = None,
    member: str | None = None,
    *,
    encoding: str | None = None,
    columns: Sequence[str] | None = None,
    header: bool = True,
    inside: Callable[[str], bool] | None = None,
) -> Rows:
    """Every row of a file in order, each with a value or a fault.

    `kind` is found from the content unless it is given. `member` names the key of a JSON object or a YAML mapping whose
    list holds the rows, or the element of XML that is one. Row numbers count from 0: lines for JSON Lines (blank lines
    are counted but give no row), elements for JSON arrays and objects, records without the header for CSV and TSV.
    An object keyed by id gives each value as a row, its key added as "_key". Files may be packed with gz, bz2, xz or
    zst; a file that ends early gives its good rows and then one `truncated_file` fault. `encoding` is found, with
    evidence, unless it is given. `columns` names the cells of a CSV, in place of its header if it has one (`header`).
    An archive gives the rows of its members, each with the member's name as `part`: of those that `inside` says yes to,
    or of all data files in it. Raises InputError when the file as a whole cannot be read, RefusedError when it is
    unsafe.
    """
    layout = Layout(kind, member, encoding, tuple(columns) if columns is not None else None, header)
    layout.check(path)
    if is_archive(path):
        return Rows(None, UTF8, _member_rows(path, layout, inside))
    return _begun(open_file(path), layout)


def is_plain_lines(path: Path, layout: Layout) -> bool:
    """Whether a file is JSON Lines in UTF-8, packed or not: it can then be cut at any line end without being parsed."""
    layout.check(path)
    if is_archive(path):
        return False
    source = open_file(path)
    rows = _begun(source, layout)
    source.stream.close()
    return rows.kind == "jsonl" and rows.encoding.is_utf8


def archive_members(
    path: Path, layout: Layout, patterns: Sequence[str] = ()
) -> Iterator[tuple[str, Callable[[], Rows] | None]]:
    """(name, its rows) of each member of an archive; None for those that are not meant. Take the rows before the next.

    A last pair of DAMAGE and None says that the archive is damaged itself.

    Meant are those that a glob of `patterns` matches, or all that are data files by name. The callable raises
    InputError for a member that cannot be read. Raises as `read_rows` does.
    """
    layout.check(path)
    seen: set[str] = set()
    for name, member in open_members(path):
        if member is None:
            yield name, None
            continue
        meant = any(wanted(name, glob) for glob in patterns) if patterns else is_data(name, layout.kind)
        if meant:
            _must_be_new(path, name, seen)
        yield name, partial(_member, path, name, asked(path, name, member), layout) if meant else None


def _must_be_new(path: Path, name: str, seen: set[str]) -> None:
    """Rows are told apart by the name of their member: two of one name would share ids."""
    if name in seen:
        raise InputError(f"{path}: holds two members called {name!r}; unpack it, and name each one for itself")
    seen.add(name)


def _member(path: Path, name: str, member: Member, layout: Layout) -> Rows:
    return _begun(open_member(path, name, member), layout)


def _rows_or_damage(path: Path, name: str, member: Member, layout: Layout) -> Iterator[Raw]:
    try:
        rows = _member(path, name, member, layout)
    except InputError:
        if member.damage is None:
            raise
        rows = Rows(None, UTF8, iter([Raw(0, None, fault_of("truncated_file", member.damage, b""))]))
    yield from rows


def is_data(name: str, kind: Kind | None) -> bool:
    """Whether a member is a data file by its name."""
    suffix = suffix_of(PurePosixPath(name))
    return suffix in SUFFIXES or (kind == "xml" and suffix == ".xml")


def _member_rows(path: Path, layout: Layout, inside: Callable[[str], bool] | None) -> Iterator[Raw]:
    seen: set[str] = set()
    for name, member in open_members(path):
        if member is None:
            if inside is None or inside(DAMAGE):
                said = "the archive ends early, is damaged behind this, or goes on behind its end mark"
                yield Raw(0, None, fault_of("truncated_file", said, b""))
        elif inside(name) if inside else is_data(name, layout.kind):
            _must_be_new(path, name, seen)
            for raw in _rows_or_damage(path, name, asked(path, name, member), layout):
                raw.part = name
                yield raw


def opened(path: Path) -> BinaryIO:
    """The file, unpacked where its first bytes say that it is packed."""
    return open_file(path).stream


def _begun(source: Source, layout: Layout) -> Rows:
    """The rows of an open file, its kind and encoding known."""
    try:
        head, whole = look(source)
        if not head.removeprefix(BOM).strip():
            raise InputError(f"{source.where}: {source.damage or 'is empty'}; download or write the file again")
        if table_kind(head) is None:
            source.encoding = _encoding(head, whole, layout)
        if not source.encoding.is_utf8:
            source.stream = io.BufferedReader(Recoded(source.stream, source.encoding), _BLOCK)
            source.path = None
            head, whole = look(source)
        head, declared = head.removeprefix(BOM), layout.kind
        if layout.member is not None and declared is None and head.lstrip().startswith(b"{") and not _is_yaml(source):
            declared = "json_object"
        kind = kind_of_file(source.where, source.name, head, whole=whole, declared=declared)
    except BaseException:
        source.stream.close()
        raise
    return Rows(kind, source.encoding, _rows(source, replace(layout, kind=kind), declared is not None))


def _is_yaml(source: Source) -> bool:
    return suffix_of(source.name) in (".yaml", ".yml")


def _encoding(head: bytes, whole: bool, layout: Layout) -> Encoding:
    declared = layout.encoding
    said = _XML_ENCODING.match(head) if layout.kind == "xml" and declared is None else None
    if said:
        try:
            return encoding_of(head, whole=whole, declared=codec_name(said[1].decode()))
        except ValueError:
            return UTF8  # an encoding that is none: what does not decode is a fault
    return encoding_of(head, whole=whole, declared=declared)


def _rows(source: Source, layout: Layout, declared: bool) -> Iterator[Raw]:
    with source.stream:
        rows = _rows_of_kind(source, layout, declared)
        yield from rows if source.encoding.is_utf8 else _recoded(rows, source.encoding.name)


def _recoded(rows: Iterator[Raw], name: str) -> Iterator[Raw]:
    """Faults of recoded text in the words of the file that it came from."""
    for raw in rows:
        fault = raw.fault
        if fault is not None and fault.reason == "not_utf8":
            fault = replace(fault, reason="not_decodable", detail=f"the row holds a byte that is not {name}")
        if fault is not None:
            raw.fault = replace(fault, excerpt=original(fault.excerpt))
        yield raw


def _rows_of_kind(source: Source, layout: Layout, declared: bool) -> Iterator[Raw]:
    kind = layout.kind
    if kind in ("parquet", "arrow"):
        return table_rows(source, kind)
    if kind == "jsonl":
        return line_rows(source.stream, lambda: source.damage)
    if kind in ("csv", "tsv"):
        return _cell_rows(source, layout)
    if kind == "yaml":
        return _yaml_rows(source, layout.member)
    if kind == "xml":
        return _xml_rows(source, layout.member)
    return _json_rows(source, layout, declared)


def _json_rows(source: Source, layout: Layout, declared: bool) -> Iterator[Raw]:
    if source.path is not None:
        with source.path.open("rb") as file:
            data = held(file)
    else:
        data = held(source.stream)
    start = len(BOM) if data[: len(BOM)] == BOM else 0
    if layout.kind == "json_array":
        yield from array_rows(data, 0, source.damage, start)
        return
    if layout.member is not None:
        yield from member_rows(data, layout.member, source.where, source.damage, start)
    elif declared or is_keyed(data, start):
        yield from object_rows(data, 0, source.damage, start)
    else:  # a row on many lines, or several such rows
        yield from document_rows(data, source.damage, start)


def _yaml_rows(source: Source, member: str | None) -> Iterator[Raw]:
    data = source.stream.read()
    yield from yaml_rows(data, source.where, member, source.damage)


def _xml_rows(source: Source, member: str | None) -> Iterator[Raw]:
    for raw in xml_rows(source.stream, source.where, member):
        if raw.fault is not None and source.damage:
            raw.fault = replace(raw.fault, reason="truncated_file", detail=source.damage)
        yield raw


def _cell_rows(source: Source, layout: Layout) -> Iterator[Raw]:
    cut: list[bytes] = []
    row = -1
    delimiter = "\t" if layout.kind == "tsv" else None
    lines = _whole_lines(source, cut)
    for raw in delimited_rows(lines, source.where, delimiter, columns=layout.columns, header=layout.header):
        row = raw.row
        yield raw
    if source.damage:
        yield Raw(row + 1, None, fault_of("truncated_file", source.damage, b"".join(cut)))


def _whole_lines(source: Source, cut: list[bytes]) -> Iterator[bytes]:
    """The lines of the stream; a last line that damage cut short goes to `cut`, it would read as a good row."""
    for line in source.stream:
        if source.damage and not line.endswith(b"\n"):
            cut.append(line)
        else:
            yield line
