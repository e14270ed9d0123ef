"""Rows of eval files: any file that `read_rows` reads, members of zip and tar, and the headerless CSV of MMLU."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from buckets.errors import InputError, RefusedError
from buckets.files import opened, read_rows
from buckets.members import asked, is_archive, open_members, wanted

DATA = (".json", ".jsonl", ".csv", ".tsv", ".parquet")
_MOST = 256 << 20  # bytes that one member may unpack to: it is held whole


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: what error messages and default ids name."""

    file: Path
    member: str
    """Name inside the archive, or empty."""
    row: int

    @property
    def stem(self) -> str:
        return Path(self.member).stem if self.member else self.file.name.split(".")[0]

    def __str__(self) -> str:
        inside = f" member {self.member}" if self.member else ""
        return f"{self.file}{inside}: row {self.row}"


def eval_rows(path: Path, pattern: str | None = None, header: bool = True) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Every row with its place. Without a header, cells are named "0", "1", ...; a JSON object in an archive is a row.

    A row that cannot be read is an InputError: an eval set that is only half compared would look clean.
    """
    if is_archive(path):
        for name, data in _members(path, pattern):
            yield from _cells(path, name, data) if not header else _member_rows(path, name, data)
    elif not header:
        yield from _cells(path, "", path.read_bytes())
    else:
        for raw in read_rows(path):
            place = Place(path, "", raw.row)
            if raw.fault and raw.fault.reason in ("huge_integer", "not_finite"):
                yield place, _exact(path, raw.row, place)
            elif raw.value is None:
                why = f"{raw.fault.reason}: {raw.fault.detail}" if raw.fault else "no value"
                raise InputError(f"{place} of the eval set cannot be read ({why}); repair the row or the file")
            else:
                yield place, raw.value


def _members(path: Path, pattern: str | None) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the data files in an archive that the glob matches. One that is damaged is an InputError."""
    found = 0
    for name, member in open_members(path):
        if member is None or (wanted(name, pattern) and Path(name).suffix in DATA):
            data = b"" if member is None else io.BufferedReader(asked(path, name, member)).read(_MOST + 1)
            if member is None or member.damage:
                raise InputError(f"{path}: the archive is damaged at {name or 'its end'}; download it again")
            if len(data) > _MOST:
                raise RefusedError(f"{path}: member {name!r} unpacks to more than {_MOST >> 20} MiB; unpack it first")
            found += 1
            yield name, data
    if not found:
        what = f"no data file matches {pattern!r}" if pattern else "holds no data file"
        raise InputError(f"{path}: {what}; list the archive and name a glob of its members")


def _exact(path: Path, row: int, place: Place) -> dict[str, Any]:
    """A JSON row with integers beyond 64 bits or NaN, which a record could not hold but an item may well have."""
    with opened(path) as stream:
        line = next(islice(stream, row, None), b"")
    try:
        value = json.loads(line)
    except ValueError as error:
        raise InputError(f"{place} has an integer beyond 64 bits; write the set as JSON Lines") from error
    if not isinstance(value, dict):
        raise InputError(f"{place} is no object; an eval item is one")
    return value


def _member_rows(path: Path, name: str, data: bytes) -> Iterator[tuple[Place, dict[str, Any]]]:
    try:
        values = _values(name, data)
    except (ValueError, csv.Error, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} member {name}: cannot be read ({str(error)[:200]}); repair the file") from error
    for number, value in enumerate(values):
        if not isinstance(value, dict):
            raise InputError(f"{path} member {name}: row {number} is no object; name the members with `members:`")
        yield Place(path, name, number), value


def _values(name: str, data: bytes) -> list[Any]:
    """The rows of a member by its suffix; `.json` may hold an array, one object, or JSON Lines."""
    suffix = Path(name).suffix
    if suffix == ".parquet":
        return pl.read_parquet(io.BytesIO(data)).to_dicts()
    if suffix in (".csv", ".tsv"):
        csv.field_size_limit(1 << 30)
        text = io.StringIO(data.decode(), newline="")
        return list(csv.DictReader(text, delimiter="," if suffix == ".csv" else "\t", strict=True))
    if suffix == ".json":
        try:
            whole = orjson.loads(data)
            return whole if isinstance(whole, list) else [whole]
        except orjson.JSONDecodeError:
            pass  # JSON Lines under another name: BFCL's files are
    return [orjson.loads(line) for line in data.splitlines() if line.strip()]


def _cells(path: Path, member: str, data: bytes) -> Iterator[tuple[Place, dict[str, Any]]]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} {member}: is not UTF-8 ({error}); save it as UTF-8") from error
    csv.field_size_limit(1 << 30)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True)):
            if cells:
                yield Place(path, member, number), {str(at): cell for at, cell in enumerate(cells)}
    except csv.Error as error:
        raise InputError(f"{path} {member}: is no valid CSV ({error}); repair the quotes") from error
