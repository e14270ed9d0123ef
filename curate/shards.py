"""Row-wise and global stages over shards on disk: parallel, resumable, and counted twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from buckets import Sorted, check_counts, conserve, empty_frame, read_frame, read_json, rows_of, write_frame, write_json
from curate.counted import Counted, keep, kept, summed
from curate.executor import Executor
from curate.inputs import InputFile
from curate.measures import Measures
from curate.read import Chunk, chunks, read_chunk
from curate.stage import Decided, GlobalStage, apply

Notify = Callable[[str, int, int], None]
"""Called with (stage, shards done, shards in all or 0 when not known yet)."""

Sorter = Callable[[pl.DataFrame], Sorted]


def silent(stage: str, done: int, total: int) -> None:
    """A Notify for where nobody looks."""


@dataclass(frozen=True)
class Counts:
    """rows_in = kept + dropped + quarantined, always."""

    rows_in: int
    kept: int
    dropped: int
    quarantined: int

    @classmethod
    def sum(cls, parts: Iterable[Counts]) -> Counts:
        parts = list(parts)
        names = ("rows_in", "kept", "dropped", "quarantined")
        return cls(*(sum(getattr(part, name) for part in parts) for name in names))


@dataclass(frozen=True)
class StageFolder:
    """Where one stage with one fingerprint leaves its shards; whole once `manifest.json` is there."""

    root: Path
    stage: str
    fingerprint: str

    @property
    def path(self) -> Path:
        return self.root / f"{self.stage}-{self.fingerprint[:16]}"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    def is_whole(self) -> bool:
        return self.manifest.exists()

    def kept(self, name: str) -> Path:
        return self.path / f"{name}.kept.parquet"

    def fallen(self, name: str) -> Path:
        return self.path / f"{name}.fallen.parquet"

    def sketch(self, name: str) -> Path:
        """What a global stage held of the shard; also the index that a later run looks its rows up in."""
        return self.path / f"{name}.sketch.parquet"

    def seen(self, name: str) -> Path:
        """What the stage reports of a shard without acting on it; absent where it reports nothing."""
        return self.path / f"{name}.seen.parquet"

    def counted(self, name: str) -> Path:
        """What the parts of a row-wise stage counted of the shard; absent where it counts nothing."""
        return self.path / f"{name}.counted.json"

    def table(self, name: str) -> Path:
        """A side table of the whole stage."""
        return self.path / f"{name}.parquet"

    def names(self) -> list[str]:
        """Shard names in reading order, as the manifest lists them."""
        return list(read_json(self.manifest)["shards"])

    def counts(self) -> Counts:
        return Counts(**read_json(self.manifest)["counts"])

    def finish(self, names: Sequence[str], counts: Counts, seconds: float, notes: dict[str, Any]) -> None:
        """Check the row law once more over the whole stage, then make the folder whole."""
        check_counts(self.stage, counts.rows_in, counts.kept, counts.dropped + counts.quarantined)
        entry = {
            "stage": self.stage,
            "fingerprint": self.fingerprint,
            "shards": list(names),
            "counts": asdict(counts),
            "seconds": seconds,
            "notes": notes,
        }
        for left in self.path.glob(".*"):
            left.unlink(missing_ok=True)  # what a killed run was writing
        write_json(self.manifest, entry)
        self.drop_others()

    def drop_others(self) -> None:
        """Remove what an older recipe left of the same stage."""
        for other in self.root.glob(f"{self.stage}-*"):
            if other != self.path:
                shutil.rmtree(other, ignore_errors=True)


@dataclass(frozen=True)
class ReadJob:
    chunk: Chunk
    folder: StageFolder
    name: str
    measures: Measures


@dataclass(frozen=True)
class RowJob:
    sorter: Sorter
    before: Path
    folder: StageFolder
    name: str


def read_shards(
    files: Sequence[InputFile],
    shard_rows: int,
    folder: StageFolder,
    executor: Executor,
    notify: Notify,
    measures: Measures,
) -> tuple[list[str], list[tuple[InputFile, Counts, int]]]:
    """Shard names in reading order, and the counts of each file: of its records, and of its raw rows."""
    names: list[str] = []

    def jobs() -> Iterable[ReadJob]:
        for place, file in enumerate(files):
            for chunk in chunks(file, shard_rows):
                names.append(f"{place:05d}-{chunk.index:06d}")
                yield ReadJob(chunk, folder, names[-1], measures)

    parts: list[list[Counts]] = [[] for _ in files]
    raw_rows = [0] * len(files)
    for done, (place, counts, raw) in enumerate(executor.map(_read_job, jobs()), start=1):
        parts[place].append(counts)
        raw_rows[place] += raw
        notify("read", done, 0)
    sums = map(Counts.sum, parts)
    return names, list(zip(files, sums, raw_rows, strict=True))


def _read_job(job: ReadJob) -> tuple[int, Counts, int]:
    """The place of the file, counts of records (a raw row may give several), and the number of raw rows.

    The row law is checked against a count of raw rows that parses nothing, also for a shard that an interrupted run
    has left.
    """
    place = int(job.name.split("-")[0])
    raw_rows = job.chunk.count()
    found = _already(job.folder, job.name)
    if found is None:
        out = job.measures(read_chunk(job.chunk))
        check_counts("read", raw_rows, _origins(out.kept), out.dropped.height)
        found = _write(job.folder, job.name, out)
    else:
        kept = read_frame(job.folder.kept(job.name), ["origin"])
        check_counts("read", raw_rows, _origins(kept), found.dropped + found.quarantined)
    return place, found, raw_rows


def _origins(records: pl.DataFrame) -> int:
    """How many raw rows stand behind the records of one file, or of several members of one archive."""
    return records["origin"].n_unique()


def row_shards(
    sorter: Sorter, before: StageFolder, folder: StageFolder, executor: Executor, notify: Notify
) -> tuple[list[str], Counts, dict[str, Any]]:
    """A row-wise stage over every shard of the stage before it, with what its parts counted as notes."""
    names = before.names()
    jobs = [RowJob(sorter, before.kept(name), folder, name) for name in names]
    counts, told = [], []
    for done, (part, counted) in enumerate(executor.map(_row_job, jobs), start=1):
        counts.append(part)
        told.append(counted)
        notify(folder.stage, done, len(jobs))
    return names, Counts.sum(counts), summed(told)


def _row_job(job: RowJob) -> tuple[Counts, Counted | None]:
    found = _already(job.folder, job.name)
    if found is not None:
        counts = Counts(rows_of(job.before), found.kept, found.dropped, found.quarantined)
        return counts, kept(job.folder.counted(job.name))
    frame = read_frame(job.before)
    out = job.sorter(frame)
    conserve(job.folder.stage, frame, out)
    return _write(job.folder, job.name, out), out.counted


def global_shards(
    stage: GlobalStage, before: StageFolder, folder: StageFolder, executor: Executor, notify: Notify
) -> tuple[list[str], Counts, dict[str, Any]]:
    """A stage that decides over all rows: sketch every shard, decide once, apply to every shard."""
    names = before.names()
    paths = [before.kept(name) for name in names]
    sketches = []
    for done, sketch in enumerate(executor.map(_Sketch(stage, before, folder), names), start=1):
        sketches.append(sketch)
        notify(folder.stage, done, 2 * len(paths))

    def fetch(ids: Sequence[str]) -> pl.DataFrame:
        wanted = pl.Series(list(ids))
        return pl.concat([read_frame(path).filter(pl.col("id").is_in(wanted.implode())) for path in paths])

    decided = stage.decide(sketches, fetch)
    for name, table in decided.tables.items():
        write_frame(folder.table(name), table)
    falls_only = Decided(decided.falls, decided.columns)  # what a worker is sent
    jobs = [RowJob(_Apply(falls_only), path, folder, name) for path, name in zip(paths, names, strict=True)]
    counts = []
    for done, (part, _) in enumerate(executor.map(_row_job, jobs), start=1):
        counts.append(part)
        notify(folder.stage, len(paths) + done, 2 * len(paths))
    return names, Counts.sum(counts), decided.notes


@dataclass(frozen=True)
class _Sketch:
    stage: GlobalStage
    before: StageFolder
    folder: StageFolder

    def __call__(self, name: str) -> pl.DataFrame:
        """Kept on disk, so that a run that was cut off need not make it again."""
        path = self.folder.sketch(name)
        if path.exists():
            return read_frame(path)
        sketch = self.stage.sketch(read_frame(self.before.kept(name)))
        write_frame(path, sketch)
        return sketch


@dataclass(frozen=True)
class _Apply:
    decided: Decided

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        return apply(self.decided, frame)


def _write(folder: StageFolder, name: str, out: Sorted) -> Counts:
    """Fallen first, kept last: a shard counts as done when its kept file is there."""
    if out.seen is not None:
        write_frame(folder.seen(name), out.seen)
    keep(folder.counted(name), out.counted)
    write_frame(folder.fallen(name), out.dropped)
    write_frame(folder.kept(name), out.kept)
    return _tally(out.kept.height, out.dropped["fate"])


def _already(folder: StageFolder, name: str) -> Counts | None:
    """The counts of a shard that an earlier, interrupted run has finished."""
    if not folder.kept(name).exists():
        return None
    return _tally(rows_of(folder.kept(name)), read_frame(folder.fallen(name), ["fate"])["fate"])


def _tally(kept: int, fates: pl.Series) -> Counts:
    quarantined = int((fates == "quarantined").sum())
    return Counts(kept + len(fates), kept, len(fates) - quarantined, quarantined)


def kept_frame(folder: StageFolder, columns: list[str] | None = None) -> pl.DataFrame:
    """All kept rows of a stage, in reading order."""
    parts = [read_frame(folder.kept(name), columns) for name in folder.names()]
    return pl.concat(parts) if parts else empty_frame()
