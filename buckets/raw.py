"""One raw row of a file: its value, or the fault that keeps it from having one."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from buckets.doubled import lost_key

BARE = "_value"
"""Where a mapping finds a row that is no object."""
BOM = b"\xef\xbb\xbf"
MAX_ROW_BYTES = 64 << 20
_EXCERPT = 2000
_WRAP = 16  # records wrap a value a few levels deeper; orjson writes at most 254 levels
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG = b"0" * 19
_LONG_INTEGER = re.compile(rb"(?<![0-9.])[0-9]{19,}(?![0-9.])")  # not the fraction of a number, which may be long
_DEEP_BYTES = 2 * (254 - _WRAP)  # fewer bytes cannot nest too deep


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row has no value.

    `reason` is a stable slug: invalid_json, not_utf8, not_an_object, truncated_file, not_finite,
    huge_integer, lone_surrogate, too_deep, row_too_long, duplicate_key, invalid_csv, wrong_cell_count, not_json,
    not_decodable, invalid_yaml, invalid_xml, unknown_tag, too_many_aliases.
    """

    reason: str
    detail: str
    excerpt: str
    """The raw text, at most 2000 characters; bytes that are not UTF-8 are shown as \\xNN."""
    digest: str
    """32 hex digits over the raw bytes: the content part of the row's id."""


@dataclass(slots=True)
class Raw:
    """Position in the file (see `read_rows`), and either `value` or `fault`."""

    row: int
    value: dict[str, Any] | None = None
    fault: Fault | None = None
    part: str = ""
    """The member of an archive that the row stands in; empty for a plain file."""
    bare: dict[str, Any] | None = None
    """Of a row that is a list, a text or a number, and sound: the object that a declared mapping may read instead."""


def fault_of(reason: str, detail: str, raw: bytes) -> Fault:
    excerpt = raw[: 4 * _EXCERPT].decode("utf-8", "backslashreplace")[:_EXCERPT]
    return Fault(reason, detail, excerpt, hashlib.blake2b(raw, digest_size=16).hexdigest())


def raw_of(row: int, text: bytes, offset: int) -> Raw | None:
    """Parse one row that starts at byte `offset` of the (unpacked) file; None for a blank row."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if not text.strip():
            return None
        if text.startswith(BOM):
            return raw_of(row, text[len(BOM) :], offset + len(BOM))
        return Raw(row, None, explain(text, offset, str(error)))
    if type(value) is not dict:
        return not_an_object(row, text, value)
    fault = (risk(text, value, offset) if needs_care(text) else None) or doubled(text, value)
    return Raw(row, None, fault) if fault else Raw(row, value)


def doubled(text: bytes, value: dict[str, Any]) -> Fault | None:
    """The fault of a row in which a key stands twice, with two values."""
    key = lost_key(text, value)
    if key is None:
        return None
    return fault_of("duplicate_key", f"the key {key!r} stands twice in one object, with two values", text)


def not_an_object(row: int, text: bytes, value: object, *, sound: bool | None = None) -> Raw:
    """The fault of a list, a text, a number or null; with its value where the text says all of it (`sound`)."""
    detail = f"the row is {json_type(value)}, not an object; only a declared mapping can read it, as {BARE}"
    if sound is None:
        whole = b'{"%b":%b}' % (BARE.encode(), text)
        sound = not (needs_care(text) and risk(text, value, 0)) and lost_key(whole, {BARE: value}) is None
    return Raw(row, None, fault_of("not_an_object", detail, text), bare={BARE: value} if sound else None)


def json_type(value: object) -> str:
    """The JSON name of a value's type, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def has_long_digits(text: bytes) -> bool:
    """Whether 19 digits stand in a row somewhere; translating first is 8 times as fast as a regex."""
    return _LONG in text.translate(_DIGITS)


def long_digits(text: bytes) -> Iterator[int]:
    """Where 19 digits stand in a row: the first byte of each such run, and of what is left of it 19 digits on."""
    plain = text.translate(_DIGITS)
    place = plain.find(_LONG)
    while place >= 0:
        yield place
        place = plain.find(_LONG, place + len(_LONG))


def may_be_deep(text: bytes) -> bool:
    return len(text) > _DEEP_BYTES and text.count(b"{") + text.count(b"[") > 254 - _WRAP


def needs_care(text: bytes) -> bool:
    """Whether the text might hold an integer beyond 64 bits or too deep a nest (cheap, errs to True)."""
    return may_be_deep(text) or has_long_digits(text)


def too_deep(value: object) -> bool:
    """Whether a value nests too deep to be written again as part of a record."""
    for _ in range(_WRAP):
        value = [value]
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return True
    return False


def risk(text: bytes, value: object, offset: int) -> Fault | None:
    """The fault of a text that parses, but whose value is not what it says."""
    if too_deep(value):
        return fault_of("too_deep", "the row nests too many lists or objects", text)
    if has_long_digits(text) and _LONG_INTEGER.search(text):
        # orjson reads an integer beyond 64 bits as a float, without a word.
        found = explain(text, offset, "")
        return found if found.reason == "huge_integer" else None
    return None


def explain(text: bytes, offset: int, message: str) -> Fault:
    """Name the fault of a row that orjson refused (`message`), with a second, more lenient parser."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        where = f"byte 0x{text[error.start]:02x} at offset {offset + error.start} of the file is not UTF-8"
        return fault_of("not_utf8", where, text)
    seen: list[str] = []
    try:
        value = _lenient(decoded, seen)
    except RecursionError:
        return fault_of("too_deep", "the row nests too many lists or objects", text)
    except json.JSONDecodeError as error:
        return fault_of("invalid_json", f"{error.msg} at character {error.pos} of the row", text)
    if seen:
        details = {
            "not_finite": "the row holds NaN, Infinity or a number beyond a double, which JSON does not have",
            "huge_integer": "the row holds an integer beyond 64 bits",
        }
        return fault_of(seen[0], details[seen[0]], text)
    if _has_surrogate(value):
        return fault_of("lone_surrogate", "the row holds half of a surrogate pair (\\ud800 to \\udfff)", text)
    if too_deep(value):
        return fault_of("too_deep", "the row nests too many lists or objects", text)
    return fault_of("invalid_json", message, text)


def _lenient(text: str, seen: list[str]) -> object:
    def constant(_: str) -> float:
        seen.append("not_finite")
        return 0.0

    def integer(digits: str) -> int:
        if len(digits) < 19:
            return int(digits)
        if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
            seen.append("huge_integer")
            return 0
        return int(digits)

    def real(digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            seen.append("not_finite")
        return number

    return json.loads(text, parse_constant=constant, parse_int=integer, parse_float=real)


def _has_surrogate(value: object) -> bool:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if any("\ud800" <= char <= "\udfff" for char in item):
                return True
        elif isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False
