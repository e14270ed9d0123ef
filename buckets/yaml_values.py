"""JSON values out of YAML events; a plain word is a number, true, false or null only where YAML 1.1 and 1.2 agree.

So `no`, `0x1F`, `1e5` and dates stay text, whichever version the writer had in mind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from buckets.raw import MAX_ROW_BYTES

BREAKS = "\x85\u2028\u2029"
"""What libyaml, which reads YAML 1.1, would take for ends of lines."""
_DEPTH = 200
_TAG = "tag:yaml.org,2002:"
_NULL = ("", "~", "null", "Null", "NULL")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"(?:[-+]?(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TEXTS = tuple(_TAG + name for name in ("str", "timestamp", "binary"))
_WORDS = tuple(_TAG + name for name in ("int", "float", "bool", "null"))


class Signs:
    """Signs that a text does not hold, to stand in it for what libyaml would stop at or change."""

    def __init__(self, text: str) -> None:
        free = (chr(code) for code in range(0x10FFFD, 0xF0000, -1) if chr(code) not in text)
        self.not_utf8 = next(free)
        self.control = next(free)
        self.to_signs = {ord(end): next(free) for end in BREAKS}
        self.from_signs = {ord(sign): chr(end) for end, sign in self.to_signs.items()}


class YamlRow:
    """Values out of events; the first thing that no record could hold is kept as `fault`, and the reading goes on."""

    def __init__(self, anchors: dict[str, tuple[Any, int]], signs: Signs) -> None:
        self.anchors = anchors
        self.signs = signs
        self.size = 0  # characters and nodes, aliases counted as what they stand for
        self.fault: tuple[str, str] | None = None

    def wrong(self, reason: str, detail: str) -> None:
        self.fault = self.fault or (reason, detail)

    def value(self, event: Any, events: Iterator[Any], depth: int, *, is_key: bool = False) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor or "")
        before = self.size
        if isinstance(event, yaml.ScalarEvent):
            self._grow(len(event.value) + 1)
            value = self._scalar(event, is_key)
        elif depth > _DEPTH:
            self.wrong("too_deep", "the row nests too many lists or mappings")
            _skip(events)
            value = None
        elif is_key:
            self.wrong("key_not_text", "a key of the row is a list or a mapping; a key is text")
            _skip(events)
            value = "?"
        elif isinstance(event, yaml.SequenceStartEvent):
            self._tag(event.tag, "seq")
            value = self._list(events, depth)
        else:
            self._tag(event.tag, "map")
            value = self._dict(events, depth)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.size - before)
        return value

    def _list(self, events: Iterator[Any], depth: int) -> list[Any]:
        items: list[Any] = []
        self._grow(1)
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.value(event, events, depth + 1))
        return items

    def _dict(self, events: Iterator[Any], depth: int) -> dict[str, Any]:
        pairs: list[tuple[str, Any]] = []
        self._grow(1)
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.value(event, events, depth + 1, is_key=True)
            pairs.append((str(key), self.value(next(events), events, depth + 1)))
        return self.assembled(pairs)

    def assembled(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """The mapping of these pairs; `<<` brings in what it lacks."""
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in pairs:
            if key == "<<" and isinstance(value, dict | list):
                for one in value if isinstance(value, list) else [value]:
                    merged = {**(one if isinstance(one, dict) else {}), **merged}
            elif key in found:
                self.wrong("duplicate_key", f"the key {key!r} stands twice in one mapping")
            else:
                found[key] = value
        return {**found, **{key: value for key, value in merged.items() if key not in found}}

    def _alias(self, name: str) -> Any:
        value, size = self.anchors.get(name, (None, -1))
        if size < 0:
            self.wrong("invalid_yaml", f"the alias *{name} stands for nothing, or for what it is a part of")
            return None
        self._grow(size)
        return value

    def _grow(self, size: int) -> None:
        self.size += size
        if self.size > MAX_ROW_BYTES:
            self.wrong("too_many_aliases", f"written out, the row has more than {MAX_ROW_BYTES >> 20} MiB")

    def _tag(self, tag: str | None, kind: str) -> None:
        if tag not in (None, "!", _TAG + kind):
            self.wrong("unknown_tag", f"the tag {tag} stands for no JSON value; nothing is constructed from it")

    def _scalar(self, event: Any, is_key: bool) -> Any:
        text = event.value if event.value.isascii() else event.value.translate(self.signs.from_signs)
        if self.signs.not_utf8 in text:
            self.wrong("not_utf8", "the row holds a byte that is not UTF-8")
        if self.signs.control in text:
            self.wrong("invalid_yaml", "the row holds a control character, which YAML does not allow")
        tag = event.tag
        if tag in (None, "!"):
            plain = event.implicit[0]
        else:
            plain = tag in _WORDS
            if tag not in _TEXTS and not plain:
                self._tag(tag, "str")
        return text if is_key or not plain else self._resolved(text)

    def _resolved(self, text: str) -> Any:
        """What a plain word stands for in both versions of YAML; text where they differ."""
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _INTEGER.fullmatch(text):
            if len(text) > 20 or not -(2**63) <= int(text) < 2**64:
                self.wrong("huge_integer", "the row holds an integer beyond 64 bits")
                return None
            return int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                self.wrong("not_finite", "the row holds a number beyond a double")
            return number
        if _NOT_FINITE.fullmatch(text):
            self.wrong("not_finite", "the row holds NaN or an infinity, which JSON does not have")
        return text


def _skip(events: Iterator[Any]) -> None:
    """Pass over the rest of the list or mapping that has just begun."""
    depth = 1
    while depth:
        event = next(events)
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            depth += 1
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            depth -= 1
