"""Rows of YAML, read from libyaml's events one row at a time: only text, numbers, true, false and null come out.

The rows are the items of a list, the documents of a file with several, or the values of one mapping keyed by id. Words
that YAML 1.1 and 1.2 read in two ways, and dates, stay text: `no`, `2024-01-02`, `007`, `1e5` and `1:30`.
Not covered: tags beyond the JSON types (a row with one is quarantined, nothing is ever constructed from it) and keys
that are no text. An alias counts as what it stands for, so a bomb is one quarantined row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from buckets.errors import InputError
from buckets.raw import BOM, Raw, fault_of, not_an_object
from buckets.yaml_values import BREAKS, Signs, YamlRow

MAX_BYTES = 512 << 20
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is some ten times as fast
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MARK = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def yaml_rows(data: bytes, where: str, member: str | None, damage: str | None) -> Iterator[Raw]:
    """Rows counted from 0 through the file; `member` names the key whose list or mapping holds them.

    A part that is no YAML is one row of `invalid_yaml`, and the reading goes on at the next item or document.
    Raises InputError for a file too large for one piece, or without the key `member`.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{where}: has more than {MAX_BYTES >> 20} MiB of YAML; convert it to JSON Lines")
    walk = _Walk(data, member)
    yield from walk.rows()
    if member is not None and not walk.found:
        raise InputError(f"{where}: has no key {member!r} at its top; name the key that holds the rows")
    if damage:
        yield Raw(walk.row, None, fault_of("truncated_file", damage, b""))


class _Walk:
    """One pass over the file, begun again behind each part that does not parse."""

    def __init__(self, data: bytes, member: str | None) -> None:
        text = data.removeprefix(BOM).decode("utf-8", "surrogateescape")
        self.signs = signs = Signs(text)
        text = _NOT_TEXT.sub(lambda sign: signs.not_utf8 if "\ud800" <= sign[0] <= "\udfff" else signs.control, text)
        self.lines = _LINE.findall(text.translate(signs.to_signs) if any(end in text for end in BREAKS) else text)
        self.several = len(_MARK.findall(text.lstrip("\n\ufeff "))) > text.lstrip().startswith("---")
        self.member = member
        self.found = False
        self.row = 0
        self.base = 0  # the line at which the present part starts
        self.begun = 0  # the line at which the present row starts
        self.given = False  # whether it has been given already
        self.indent: str | None = None  # of the items of the list that holds the rows
        self.anchors: dict[str, tuple[Any, int]] = {}

    def rows(self) -> Iterator[Raw]:
        while self.base < len(self.lines):
            self.begun, self.given = self.base, False
            try:
                yield from self._part("".join(self.lines[self.base :]))
                return
            except yaml.YAMLError as error:
                mark = getattr(error, "problem_mark", None)
                line = self.base + (mark.line if mark else 0)
                if self.given:  # libyaml looks ahead: the fault is in the row behind
                    self.begun = self._next_start(self.begun + 1)
                stop = self._next_start(self.begun + 1)
                said = f"{getattr(error, 'problem', None) or 'it does not parse'} (line {line + 1} of the file)"
                yield Raw(self.row, None, fault_of("invalid_yaml", said, self._text(self.begun, stop)))
                self.row += 1
                self.base = stop

    def _next_start(self, line: int) -> int:
        """The line of the next item or document behind a part that does not parse."""
        start = "---" if self.indent is None else self.indent + "-"
        while line < len(self.lines) and not self.lines[line].startswith(start):
            line += 1
        return line

    def _text(self, begun: int, stop: int) -> bytes:
        text = "".join(self.lines[begun:stop]).translate(self.signs.from_signs)
        return text.replace(self.signs.not_utf8, "\ufffd").replace(self.signs.control, "\ufffd").encode()

    def _part(self, text: str) -> Iterator[Raw]:
        events = yaml.parse(text, Loader=_Loader)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.begun, self.given = self.base + _line(event), False
                yield from self._document(next(events), events)

    def _document(self, root: Any, events: Iterator[Any]) -> Iterator[Raw]:
        if isinstance(root, yaml.SequenceStartEvent) and (self.member is None or self.found):
            yield from self._items(root, events)
        elif isinstance(root, yaml.MappingStartEvent) and self.member is not None:
            yield from self._member(events)
        elif isinstance(root, yaml.MappingStartEvent) and not self.several:
            yield from self._mapping(events)
        elif not (isinstance(root, yaml.ScalarEvent) and root.value == ""):
            yield self._one(root, events)

    def _one(self, start: Any, events: Iterator[Any]) -> Raw:
        row = YamlRow(self.anchors, self.signs)
        return self._raw(row, row.value(start, events, 0))

    def _items(self, start: Any, events: Iterator[Any]) -> Iterator[Raw]:
        self.indent = None if start.flow_style else " " * start.start_mark.column
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            self.begun, self.given = self.base + _line(event), False
            yield self._one(event, events)

    def _member(self, events: Iterator[Any]) -> Iterator[Raw]:
        for key in events:
            if isinstance(key, yaml.MappingEndEvent):
                return
            row = YamlRow(self.anchors, self.signs)
            name = row.value(key, events, 0, is_key=True)
            value = next(events)
            if name != self.member or not isinstance(value, yaml.SequenceStartEvent | yaml.MappingStartEvent):
                row.value(value, events, 0)
                continue
            self.found = True
            if isinstance(value, yaml.SequenceStartEvent):
                yield from self._items(value, events)
            else:
                yield from (self._keyed(*pair) for pair in self._pairs(events))

    def _mapping(self, events: Iterator[Any]) -> Iterator[Raw]:
        """The only document of a file: its values are rows where each is a mapping, else it is one row itself."""
        begun = self.begun
        pairs = list(self._pairs(events))
        if pairs and all(isinstance(value, dict) for _, _, value, _ in pairs):
            yield from (self._keyed(*pair) for pair in pairs)
            return
        self.begun = begun
        whole = YamlRow(self.anchors, self.signs)
        whole.fault = next((row.fault for row, _, _, _ in pairs if row.fault), None)
        yield self._raw(whole, whole.assembled([(key, value) for _, key, value, _ in pairs]))

    def _pairs(self, events: Iterator[Any]) -> Iterator[tuple[YamlRow, str, Any, int]]:
        for key in events:
            if isinstance(key, yaml.MappingEndEvent):
                return
            row, line = YamlRow(self.anchors, self.signs), self.base + _line(key)
            name = str(row.value(key, events, 0, is_key=True))
            yield row, name, row.value(next(events), events, 0), line

    def _keyed(self, row: YamlRow, key: str, value: Any, line: int) -> Raw:
        self.begun = line
        if isinstance(value, dict):
            value = {"_key" if "_key" not in value else "_key_of_row": key, **value}
        raw = self._raw(row, value)
        if raw.bare is not None:
            raw.bare = {"_key": key, **raw.bare}
        return raw

    def _raw(self, row: YamlRow, value: Any) -> Raw:
        number, self.row, self.given = self.row, self.row + 1, True
        text = self._text(self.begun, min(len(self.lines), self.begun + 200)) if row.fault else b""
        if row.fault:
            return Raw(number, None, fault_of(*row.fault, text + str(number).encode()))
        if not isinstance(value, dict):
            return not_an_object(number, str(value).encode("utf-8", "replace"), value, sound=True)
        return Raw(number, value)


def _line(event: yaml.Event) -> int:
    """The line at which an event starts, in the part that is read."""
    return event.start_mark.line if event.start_mark else 0
