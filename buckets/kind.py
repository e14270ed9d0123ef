"""What kind of file it is, told from its first bytes, its first lines, and last from its name."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, get_args

import orjson

from buckets.errors import InputError

Kind = Literal["json_array", "json_object", "jsonl", "csv", "tsv", "parquet", "arrow", "yaml", "xml"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".arrow", ".feather", ".yaml", ".yml")
PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")


def table_kind(head: bytes) -> Kind | None:
    """The kind of a table of columns, which its first bytes name."""
    if head.startswith(b"PAR1"):
        return "parquet"
    return "arrow" if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")) else None


def kind_of_file(where: str, name: PurePath, head: bytes, *, whole: bool, declared: Kind | None) -> Kind:
    """The kind of a file that starts with `head` (`whole`: that is all of it), as UTF-8 where it is text.

    Raises InputError, with what to do, for a head that cannot be data: a web page, a Git LFS pointer, XML of which no
    element is declared, an unknown binary.
    """
    text = head.lstrip()
    refuse(where, text, declared)
    if declared:
        return declared
    if found := table_kind(head):
        return found
    if text[:1] not in (b"{", b"[") and _is_binary(head[:4096], named=suffix_of(name) in SUFFIXES):
        raise InputError(
            f"{where}: is a binary file of a kind that is not known; unpack it or convert it to JSON Lines"
        )
    return _text_kind(where, name, text, whole)


def _is_binary(head: bytes, *, named: bool) -> bool:
    """Whether zero bytes speak against text; where the name says that it is data, a few only damage some rows."""
    return head.count(0) > (0.3 * len(head) if named else 0)


def refuse(where: str, text: bytes, declared: Kind | None) -> None:
    start = text[:300].lower()
    if start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<!doctype") and declared != "xml"):
        raise InputError(f"{where}: is a web page, not data; download the raw file (not the page that shows it)")
    if start.startswith(b"<?xml") and declared != "xml":
        raise InputError(
            f"{where}: is XML; if one element of it is one row, declare `kind: xml` and its name as `member`"
        )
    if text.startswith(b"version https://git-lfs"):
        raise InputError(f"{where}: is a Git LFS pointer, not the data; run `git lfs pull`")


def suffix_of(path: PurePath) -> str:
    """The suffix that names the kind, lower case, below .gz and the like."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _text_kind(where: str, name: PurePath, text: bytes, whole: bool) -> Kind:
    suffix, first = suffix_of(name), text[:1]
    if suffix in (".yaml", ".yml"):
        return "yaml"
    line, _, rest = text.partition(b"\n")
    parsed = _parsed(line)
    if first == b"[" and not (isinstance(parsed, list) and rest.strip()):
        return "json_array" if suffix not in (".csv", ".tsv") or parsed is not None else _by_suffix(where, suffix, line)
    if first == b"{" and suffix not in (".jsonl", ".ndjson"):
        if isinstance(parsed, dict):
            alone = whole and not rest.strip()
            keyed = alone and bool(parsed) and all(isinstance(value, dict) for value in parsed.values())
            return "json_object" if keyed else "jsonl"
        later = [item for item in rest.splitlines()[:50] if item.startswith(b"{")]
        if any(isinstance(_parsed(item), dict) for item in later):
            return "jsonl"
        return _by_suffix(where, suffix, line) if suffix in (".csv", ".tsv") else "json_object"
    return _by_suffix(where, suffix, line)


def _by_suffix(where: str, suffix: str, line: bytes) -> Kind:
    if suffix in (".json", ".jsonl", ".ndjson") or line[:1] in (b"{", b"["):
        return "jsonl"
    if suffix == ".tsv" or (suffix != ".csv" and b"\t" in line):
        return "tsv"
    if suffix == ".csv" or b"," in line:
        return "csv"
    raise InputError(f"{where}: cannot tell what kind of file this is; declare one of {', '.join(KINDS)}")


def _parsed(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
