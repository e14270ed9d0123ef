"""What kind of file it is, told from its first bytes, its first lines, and last from its name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import orjson

from buckets.errors import InputError

Kind = Literal["json_array", "json_object", "jsonl", "csv", "tsv", "parquet", "arrow"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".arrow", ".feather")
PACKED_SUFFIXES = (".gz", ".bz2", ".zst")


def kind_of_file(path: Path, head: bytes, *, whole: bool, declared: Kind | None) -> Kind:
    """The kind of a file that starts with `head` (`whole`: that is all of it).

    Raises InputError, with what to do, for a head that cannot be data: a web page, a Git LFS pointer,
    UTF-16, an unknown binary.
    """
    text = head.lstrip()
    refuse(path, head, text)
    if declared:
        return declared
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    if text[:1] not in (b"{", b"[") and b"\0" in head[:4096]:
        raise InputError(f"{path}: is a binary file of a kind that is not known; unpack it or convert it to JSON Lines")
    return _text_kind(path, text, whole)


def refuse(path: Path, head: bytes, text: bytes) -> None:
    if text[:300].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(f"{path}: is a web page or XML, not data; download the raw file (not the page that shows it)")
    if text.startswith(b"version https://git-lfs"):
        raise InputError(f"{path}: is a Git LFS pointer, not the data; run `git lfs pull`")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: is UTF-16 text; save it as UTF-8")


def suffix_of(path: Path) -> str:
    """The suffix that names the kind, lower case, below .gz and the like."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _text_kind(path: Path, text: bytes, whole: bool) -> Kind:
    suffix, first = suffix_of(path), text[:1]
    line, _, rest = text.partition(b"\n")
    parsed = _parsed(line)
    if first == b"[" and not (isinstance(parsed, list) and rest.strip()):
        return "json_array" if suffix not in (".csv", ".tsv") or parsed is not None else _by_suffix(path, suffix, line)
    if first == b"{" and suffix not in (".jsonl", ".ndjson"):
        if isinstance(parsed, dict):
            alone = whole and not rest.strip()
            keyed = alone and bool(parsed) and all(isinstance(value, dict) for value in parsed.values())
            return "json_object" if keyed else "jsonl"
        later = [item for item in rest.splitlines()[:50] if item.startswith(b"{")]
        if any(isinstance(_parsed(item), dict) for item in later):
            return "jsonl"
        return _by_suffix(path, suffix, line) if suffix in (".csv", ".tsv") else "json_object"
    return _by_suffix(path, suffix, line)


def _by_suffix(path: Path, suffix: str, line: bytes) -> Kind:
    if suffix in (".json", ".jsonl", ".ndjson") or line[:1] in (b"{", b"["):
        return "jsonl"
    if suffix == ".tsv" or (suffix != ".csv" and b"\t" in line):
        return "tsv"
    if suffix == ".csv" or b"," in line:
        return "csv"
    raise InputError(f"{path}: cannot tell what kind of file this is; declare one of {', '.join(KINDS)}")


def _parsed(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
