"""Rows that stood before this run: what an earlier run kept, or a corpus in files. None of them ever falls.

A new row that repeats one of them falls to it, and its witness reads `<name>#<id>`, where the name is what the recipe
says under `dedup.against`. An earlier run with the same settings and code lends its stored sketches; otherwise its
rows are sketched again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from buckets import InputError, digest, digest_file, empty_frame, expand, read_frame, read_json
from curate.inputs import InputFile, input_files
from curate.read import chunks, read_chunk
from curate.shards import StageFolder
from curate.source import Source

SEPARATOR = "#"
"""Between the name of the earlier rows and the id that a row has there."""
_CHUNK = 20_000

Sketcher = Callable[[pl.DataFrame], pl.DataFrame]


class Earlier(Protocol):
    """Rows that stay whatever comes; ids as they are there, without the name."""

    @property
    def name(self) -> str: ...

    def fingerprint(self) -> str:
        """Changes when any row does."""
        ...

    def frames(self) -> Iterator[pl.DataFrame]: ...

    def sketches(self, sketch: Sketcher, index: str) -> Iterator[pl.DataFrame]:
        """`sketch` of every frame; stored ones serve when they were made under the same `index` key."""
        ...


@dataclass(frozen=True)
class EarlierRun:
    """The rows that a run kept at the end of its cleaning."""

    name: str
    folder: Path

    def _data(self) -> StageFolder:
        return _folder_at(self.folder, read_json(self.folder / "run.json")["data"])

    def fingerprint(self) -> str:
        return self._data().fingerprint

    def frames(self) -> Iterator[pl.DataFrame]:
        data = self._data()
        for shard in data.names():
            yield read_frame(data.kept(shard))

    def sketches(self, sketch: Sketcher, index: str) -> Iterator[pl.DataFrame]:
        stored = self._stored(index)
        data = self._data()
        for shard in data.names():
            if stored is None:
                yield sketch(read_frame(data.kept(shard)))
            else:
                ids = read_frame(data.kept(shard), ["id"])["id"]
                yield read_frame(stored.sketch(shard)).filter(pl.col("id").is_in(ids.implode()))

    def _stored(self, index: str) -> StageFolder | None:
        """The stage folder whose sketches were made in the same way, if the run has one."""
        for line in read_json(self.folder / "run.json")["stages"]:
            folder = StageFolder(self.folder / "stages", line["stage"], line["fingerprint"])
            if line["stage"] == "dedup" and line["notes"].get("index") == index and folder.is_whole():
                return folder if all(folder.sketch(shard).exists() for shard in folder.names()) else None
        return None


@dataclass(frozen=True)
class Corpus:
    """Files in any known format, read as a source of that name would be; unreadable rows cannot be anybody's copy."""

    name: str
    files: tuple[InputFile, ...]

    def fingerprint(self) -> str:
        return digest(text for file in self.files for text in (file.shown, file.format, digest_file(file.path)))

    def frames(self) -> Iterator[pl.DataFrame]:
        for file in self.files:
            for chunk in chunks(file, _CHUNK):
                yield read_chunk(chunk).kept

    def sketches(self, sketch: Sketcher, index: str) -> Iterator[pl.DataFrame]:  # noqa: ARG002 - nothing is stored
        return map(sketch, self.frames())


def earlier(against: Sequence[str], base: Path) -> tuple[Earlier, ...]:
    """What each entry of `dedup.against` names; InputError when it is neither a cleaned run nor readable files."""
    return tuple(_one(name, base) for name in against)


def _one(name: str, base: Path) -> Earlier:
    folder = base / Path(name).expanduser()
    if (folder / "run.json").exists():
        journal = read_json(folder / "run.json")
        if "data" not in journal or not _folder_at(folder, journal["data"]).is_whole():
            raise InputError(f"{name}: this run has not been cleaned to its end; run it again first")
        return EarlierRun(name, folder)
    try:
        expand((name,), base)
    except InputError as error:
        raise InputError(f"{name}: neither a run folder (no run.json in it) nor files to read: {error}") from error
    return Corpus(name, tuple(input_files(Source(name="corpus", files=(name,)), base)))


def _folder_at(run: Path, data: str) -> StageFolder:
    """The stage folder that run.json names by its path."""
    manifest = run / data / "manifest.json"
    if not manifest.exists():
        raise InputError(f"{run}: {data} is gone; run it again first")
    entry = read_json(manifest)
    return StageFolder(run / "stages", entry["stage"], entry["fingerprint"])


def named(name: str, ids: pl.Expr) -> pl.Expr:
    """Ids as they stand in the ledger of this run."""
    return pl.concat_str(pl.lit(name + SEPARATOR), ids)


def rows_behind(rows: Sequence[Earlier], ids: Sequence[str]) -> list[pl.DataFrame]:
    """The full rows behind those of `ids` that are named ones, under these names."""
    parts = []
    for some in rows:
        prefix = some.name + SEPARATOR
        wanted = pl.Series([id.removeprefix(prefix) for id in ids if id.startswith(prefix)], dtype=pl.String())
        if len(wanted):
            for frame in some.frames():
                here = frame.filter(pl.col("id").is_in(wanted.implode()))
                parts.append(here.with_columns(id=named(some.name, pl.col("id"))))
    return parts


def earlier_rows(folder: Path, ids: Sequence[str]) -> pl.DataFrame:
    """Of some witnesses those that stood before the run (`dedup.against`), in full, as long as they can be read."""
    stored = read_json(folder / "recipe.json")
    against = (stored["recipe"].get("dedup") or {}).get("against", [])
    base = (folder / stored["base"]).resolve()
    return pl.concat([empty_frame(), *rows_behind(earlier(against, base), ids)])
