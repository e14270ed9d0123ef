"""Makes the index by id of a run (see `curate.ids`): once, when the cleaning of a run is done.

A second of work and 16 bytes a row for a million rows. The same run gives the same bytes for any number of workers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buckets import (
    CurateError,
    IncompleteError,
    Layout,
    is_archive,
    is_plain_lines,
    read_frame,
    write_bytes,
)
from curate.ids import MAGIC, NAME, Ids, hashed, names_of
from curate.rawlines import EVERY, Offsets, row_offsets
from curate.rawtext import source_layout
from curate.shards import StageFolder
from curate.stored import recipe_of


def keep_index(folder: Path, stages: list[dict[str, Any]]) -> None:
    """Write the index of a run unless the one that stands is of these stages."""
    if Ids.stored(folder, stages) is None:
        write_bytes(folder / NAME, made(folder, stages))


def index(folder: Path, stages: list[dict[str, Any]]) -> bytes:
    """The index made now; kept where the folder can be written."""
    data = made(folder, stages)
    try:
        write_bytes(folder / NAME, data)
    except IncompleteError:  # a folder that may only be read: the answer does not need the file
        return data
    return data


def made(folder: Path, stages: list[dict[str, Any]]) -> bytes:
    tables = _Tables(folder)
    stood = [StageFolder(folder / "stages", line["stage"], line["fingerprint"]) for line in stages]
    for place, at in enumerate(stood):
        _add_stage(tables, stood[place - 1] if place else None, at)
    for name in stood[-1].names():
        tables.add("text", stood[-1].kept(name), read_frame(stood[-1].kept(name), ["id"])["id"])
    hashes, rows, places = tables.columns()
    raw, offsets = _raw_files(folder, stages[0])
    header = {
        "of": names_of(stages),
        "entries": len(hashes),
        "offsets": len(offsets),
        "tables": tables.names,
        "raw": raw,
    }
    head = json.dumps(header, sort_keys=True).encode()
    columns = (hashes.data, rows.data, places.data, offsets.data)
    return b"".join((MAGIC, len(head).to_bytes(4, "little"), head, *columns))


class _Tables:
    """Entries as they come, by table."""

    def __init__(self, folder: Path) -> None:
        self.names: list[list[str]] = []
        self._folder = folder
        self._parts: list[tuple[NDArray[np.uint64], NDArray[np.uint32]]] = []

    def add(self, role: str, path: Path, ids: pl.Series, rows: Sequence[int] | None = None) -> None:
        """Ids at `rows` of a file; without rows: at 0, 1, 2, ... Null ids stand nowhere."""
        there = ids.is_not_null()
        if there.any():
            self.names.append([role, path.relative_to(self._folder).as_posix()])
            hashes = np.array([hashed(id) for id in ids.filter(there).to_list()], np.uint64)
            places = np.arange(len(ids), dtype=np.uint32) if rows is None else np.array(rows, np.uint32)
            self._parts.append((hashes, places[there.to_numpy()]))

    def columns(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]]:
        """Hashes in ascending order, rows and tables; entries of one hash in the order in which they were added."""
        hashes = np.concatenate([np.empty(0, np.uint64), *(part[0] for part in self._parts)])
        rows = np.concatenate([np.empty(0, np.uint32), *(part[1] for part in self._parts)])
        sizes = [len(part[0]) for part in self._parts]
        self._parts.clear()  # with ten million rows each copy is a hundred megabytes
        places = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], rows[order], places[order]


def _add_stage(tables: _Tables, before: StageFolder | None, at: StageFolder) -> None:
    """What fell to a stage, where its text stands, for whom it fell, and what the stage found in rows that stay."""
    for name in at.names():
        fallen = read_frame(at.fallen(name), ["id", "witness"])
        tables.add("fell", at.fallen(name), fallen["id"])
        tables.add("witness", at.fallen(name), fallen["witness"])
        if before is not None and fallen.height:
            ids = read_frame(before.kept(name), ["id"])["id"]
            rows = ids.is_in(fallen["id"].implode()).arg_true()
            tables.add("text", before.kept(name), ids.gather(rows), rows.to_list())
        if at.seen(name).exists():
            tables.add(f"seen:{at.stage}", at.seen(name), read_frame(at.seen(name), ["id"])["id"])
    if at.table("flags").exists():
        flags = read_frame(at.table("flags"), ["id", "other", "cosine"]).with_row_index()
        tables.add("near", at.table("flags"), flags["id"])
        nearest = flags.sort("cosine", "id", descending=[True, False])
        tables.add("named", at.table("flags"), nearest["other"], nearest["index"].to_list())


def _raw_files(folder: Path, read: dict[str, Any]) -> tuple[dict[str, Any], NDArray[np.uint64]]:
    """For each raw file its state, and of plain JSON where every EVERY-th row starts."""
    tables, base = recipe_of(folder)
    sources = {one["name"]: one for one in tables["read"]["sources"]}
    known: dict[str, Any] = {}
    parts: list[NDArray[np.uint64]] = [np.empty(0, np.uint64)]
    for file in read["notes"]["files"]:
        path = base / file["path"]
        try:
            about = os.stat(path)
            layout, offsets = _laid_out(path, source_layout(sources[file["source"]]), file["rows"])
        except (OSError, CurateError):  # gone or changed since: `show` says so
            continue
        state = {"layout": layout, "size": about.st_size, "mtime_ns": about.st_mtime_ns}
        known[file["path"]] = {**state, "every": EVERY, "at": sum(map(len, parts)), "count": len(offsets)}
        parts.append(offsets)
    return known, np.concatenate(parts)


def _laid_out(path: Path, how: Layout, rows: int) -> tuple[str | None, Offsets]:
    """lines or array, with offsets, for a file whose rows are found so; it must also have been read so."""
    nothing = np.empty(0, np.uint64)
    if is_archive(path):
        return None, nothing
    if is_plain_lines(path, how):
        found = row_offsets(path)
        return found if found is not None and found[0] == "lines" else (None, nothing)
    if how.member is not None or how.kind not in (None, "json_array"):
        return None, nothing
    found = row_offsets(path, rows)
    return found if found is not None and found[0] == "array" else (None, nothing)
