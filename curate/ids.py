"""Where the rows of a run stand, by id: a file beside the run that is searched without reading it.

`ids.bin` = magic, size of the header, header (JSON), then three columns over all entries: 64-bit hashes in ascending
order, row numbers (u32), tables (u32), and last the offsets of the raw files. 16 bytes an entry; a row has one entry
for its text, one if it fell, one for its witness and one for each finding. Memory-mapped, so a lookup reads a few
pages of it, whatever its size. `curate.indexing` makes it.
"""

from __future__ import annotations

import json
import mmap
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xxhash import xxh3_64_intdigest

from curate.onerow import Unread, one_row

NAME = "ids.bin"
MAGIC = b"curids2\n"
HEAD = len(MAGIC) + 4


@dataclass(frozen=True)
class Entry:
    """One place where an id stands: `role` is text, fell, witness, near (the row's flag), named (in another's flag),
    or seen:<stage>."""

    role: str
    path: Path
    row: int


class Ids:
    """The index of one run folder, open."""

    def __init__(self, folder: Path, data: Any, header: dict[str, Any]) -> None:
        self.folder = folder
        self._data = data
        self._header = header
        count, start = header["entries"], HEAD + header_size(data)
        view = memoryview(data)
        self._hashes = view[start : start + 8 * count].cast("Q")
        self._rows = view[start + 8 * count : start + 12 * count].cast("I")
        self._tables = view[start + 12 * count : start + 16 * count].cast("I")
        self._offsets = view[start + 16 * count :].cast("Q")

    @classmethod
    def of(cls, folder: Path, stages: list[dict[str, Any]]) -> Ids:
        """The stored index of a run with these stages, made now where there is none or an older one."""
        found = cls.stored(folder, stages)
        if found is not None:
            return found
        from curate.indexing import index  # loads polars: only where the run did not leave an index

        data = index(folder, stages)
        return cls(folder, data, header_of(data))

    @classmethod
    def stored(cls, folder: Path, stages: list[dict[str, Any]]) -> Ids | None:
        """None when there is no index, or one of another state of the run."""
        try:
            with (folder / NAME).open("rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (FileNotFoundError, ValueError):  # ValueError: an empty file cannot be mapped
            return None
        if data[: len(MAGIC)] != MAGIC:
            return None
        try:
            header = header_of(data)
        except ValueError:  # a file that was cut short
            return None
        whole = len(data) >= HEAD + header_size(data) + 16 * header["entries"] + 8 * header["offsets"]
        return cls(folder, data, header) if whole and header["of"] == names_of(stages) else None

    def find(self, id: str) -> Iterator[Entry]:
        """Every place where a row of this id may stand (another id may share its hash: compare)."""
        wanted = hashed(id)
        place = bisect_left(self._hashes, wanted)
        while place < len(self._hashes) and self._hashes[place] == wanted:
            role, path = self._header["tables"][self._tables[place]]
            yield Entry(role, self.folder / path, self._rows[place])
            place += 1

    def rows(self, id: str, role: str, most: int | None = None) -> list[dict[str, Any]]:
        """The rows of a role in which `id` stands; of many the first `most`."""
        found: list[dict[str, Any]] = []
        key = {"witness": "witness", "named": "other"}.get(role, "id")
        for entry in self.find(id):
            if entry.role == role and (most is None or len(found) < most):
                row = row_at(entry.path, entry.row)
                if row[key] == id:
                    found.append(row)
        return found

    def count(self, id: str, role: str) -> int:
        return sum(entry.role == role for entry in self.find(id))

    def raw_file(self, shown: str) -> dict[str, Any] | None:
        """What is known of a raw file: size, mtime_ns, layout (None: no offsets), every, at, count."""
        known: dict[str, Any] | None = self._header["raw"].get(shown)
        return known

    def offset(self, place: int) -> int:
        return self._offsets[place]


def hashed(id: str) -> int:
    """What an id is found by: 64 bits, the same on any machine."""
    digest: int = xxh3_64_intdigest(id.encode())
    return digest


def header_size(data: Any) -> int:
    return int.from_bytes(data[len(MAGIC) : HEAD], "little")


def header_of(data: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(data[HEAD : HEAD + header_size(data)])
    return found


def names_of(stages: list[dict[str, Any]]) -> list[str]:
    """What an index was made of: stages with their fingerprints."""
    return [f"{line['stage']}-{line['fingerprint']}" for line in stages]


def row_at(path: Path, row: int) -> dict[str, Any]:
    """One row of a parquet file, the light way where the file allows it. InputError when the file is not whole."""
    try:
        return one_row(path, row)
    except (OSError, ValueError, IndexError) as error:
        fault: Exception = error
    except Unread:
        import polars as pl

        try:
            return dict(pl.scan_parquet(path, glob=False).slice(row, 1).collect().row(0, named=True))
        except (pl.exceptions.PolarsError, OSError) as error:
            fault = error
    from buckets import InputError

    raise InputError(f"{path}: cannot be read ({fault}); run again to make this stage again")
