"""One file of the public test data through the reading path of a run, beside what is declared and what MANIFEST says.

Data files go through found_files, chunks and read_chunk, evaluation sets through read_eval; rows and equal rows are
counted once more from the parsed values alone, before any format has a say. Not covered: the stages behind reading.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.read_facts import Read
from buckets import (
    EvalMapping,
    EvalSet,
    Layout,
    Raw,
    archive_members,
    digest,
    dumps,
    eval_rows,
    is_archive,
    read_eval,
    read_rows,
    sniff_eval,
)
from curate.inputs import found_files
from curate.read import chunks, read_chunk
from curate.source import Source

SHARD_ROWS = 20_000
_DECLARED = ("kind", "member", "members", "mapping")


@dataclass
class Entry:
    """One line of read_sources.yaml with what came out."""

    folder: str
    file: str
    declared: dict[str, Any]
    read_as: str = ""
    how: str = "sniffing"
    rows: int = 0
    records: int = 0
    items: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    manifest_rows: int | None = None
    manifest_duplicates: int | None = None
    duplicate_rows: int | None = None
    """Raw rows that are equal to an earlier one; null for members of archives."""
    equal_records: int = 0
    """Records whose content hash an earlier one of the file has."""
    members: int | None = None
    wrong: list[str] = field(default_factory=list)
    """What is not as read_sources.yaml or MANIFEST.json says, and not explained there."""

    def line(self) -> dict[str, Any]:
        """The entry in the result, as JSON."""
        return {
            "folder": self.folder,
            "file": self.file,
            "read_as": self.read_as,
            "how": self.how,
            "rows": self.rows,
            "manifest_rows": self.manifest_rows,
            "records": self.records,
            "items": self.items,
            "quarantined": dict(self.quarantined),
            "dropped": dict(self.dropped),
            "duplicate_rows": self.duplicate_rows,
            "manifest_duplicates": self.manifest_duplicates,
            "equal_records": self.equal_records,
            "members": self.members,
            "differs": self.declared.get("differs"),
            "note": self.declared.get("note"),
            "wrong": self.wrong,
        }

    def expect(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.wrong.append(f"{what}: {found}, not {expected}")


def read_entry(
    data: Path, folder: str, declared: dict[str, Any], manifest: dict[tuple[str, str], Any]
) -> tuple[Entry, Read]:
    """One file (or files of one pattern), read and compared."""
    entry = Entry(folder, declared["file"], declared)
    read = Read()
    paths = sorted((data / folder).glob(declared["file"]))
    noted = [manifest[folder, path.name] for path in paths]
    entry.manifest_rows = sum(one["rows"] for one in noted)
    entry.manifest_duplicates = sum(one["exact_duplicate_rows"] for one in noted)
    if is_archive(paths[0]):
        entry.members = sum(1 for _ in archive_members(paths[0], Layout()))
        entry.expect("members", entry.members, declared.get("all_members", entry.manifest_rows))
    else:
        _raw(entry, paths)
    if "eval" in declared:
        _as_eval(entry, data, read)
    if "refused" in declared:
        _refused(entry, data)
    elif "answers_of" in declared:
        entry.read_as, entry.how = "answers", f"with {declared['answers_of']}"
        entry.rows = entry.rows or sum(1 for _ in eval_rows(paths[0]))
    elif "format" in declared or "mapping" in declared:
        _as_data(entry, data, read)
    if "differs" not in declared:
        entry.expect("rows in MANIFEST", entry.rows, entry.manifest_rows)
    if "rows" in declared:
        entry.expect("rows", entry.rows, declared["rows"])
    if entry.duplicate_rows is not None:
        entry.expect("exact duplicate rows", entry.duplicate_rows, entry.manifest_duplicates)
    return entry, read


def _raw(entry: Entry, paths: list[Path]) -> None:
    """Rows and equal rows, by the parsed values, before any format has a say."""
    marks = [[_mark(raw) for raw in read_rows(path, entry.declared.get("kind"))] for path in paths]
    entry.rows = sum(map(len, marks))
    entry.duplicate_rows = sum(len(each) - len(set(each)) for each in marks)


def _mark(raw: Raw) -> str:
    value = raw.value if raw.value is not None else raw.bare
    if value is None and raw.fault is not None:
        return raw.fault.digest
    return digest([dumps(value)])


def _source(entry: Entry) -> Source:
    path = f"{entry.folder}/{entry.file}"
    inside = entry.declared.get("only_members", ())
    files = tuple(f"{path}::{name}" for name in inside) or (path,)
    return Source.model_validate(
        {"name": entry.folder, "files": files}
        | {key: entry.declared[key] for key in _DECLARED if key in entry.declared}
    )


def _as_data(entry: Entry, data: Path, read: Read) -> None:
    """Records, as the first stage of a run makes them."""
    found, faults = found_files([_source(entry)], data)
    entry.wrong += faults
    frames, rows = [], 0
    for file in found:
        for chunk in chunks(file, SHARD_ROWS):
            out = read_chunk(chunk)
            frames.append(out.kept)
            for fate, count in (("quarantined", entry.quarantined), ("dropped", entry.dropped)):
                count.update(out.dropped.filter(pl.col("fate") == fate)["rule"].to_list())
            origins = out.kept["origin"].n_unique() + out.dropped["origin"].n_unique()
            entry.expect("rows of a part, kept and fallen", origins, chunk.count())
            rows += chunk.count()
    read.frame = pl.concat(frames) if frames else None
    if read.frame is not None:
        read.hashes = read.frame["content_hash"].to_list()
    entry.rows = entry.rows or rows
    entry.expect("rows read", rows, entry.rows)
    entry.records = len(read.hashes)
    entry.equal_records = len(read.hashes) - len(set(read.hashes))
    formats = sorted({file.format for file in found})
    if "mapping" in entry.declared:
        entry.read_as, entry.how = "mapping", "mapping"
    else:
        name = ", ".join(formats)
        entry.read_as = f"{entry.read_as}; as data {name}" if entry.read_as else name
        entry.expect("format", formats, [entry.declared["format"]])
    if "records" in entry.declared:
        entry.expect("records", entry.records, entry.declared["records"])
        entry.expect("quarantined", dict(entry.quarantined), entry.declared.get("quarantined", {}))


def _as_eval(entry: Entry, data: Path, read: Read) -> None:
    """Items, as decontamination reads them."""
    asked = entry.declared["eval"]
    names = [entry.file] + ([asked["answers"]] if "answers" in asked else [])
    mapping = EvalMapping.model_validate(asked["mapping"]) if "mapping" in asked else None
    files = tuple(f"{entry.folder}/{name}" for name in names)
    one = EvalSet(name=entry.folder, files=files, mapping=mapping, members=entry.declared.get("members"))
    read.problems = read_eval(one, data)
    entry.items = len(read.problems)
    entry.expect("items", entry.items, asked["items"])
    first = sorted((data / entry.folder).glob(entry.file))[0]
    reader = "mapping" if mapping is not None else sniff_eval(one, first)[0]
    entry.expect("reader", reader, asked.get("reader", "mapping"))
    entry.read_as = f"eval {reader}" if mapping is None else "eval items"
    entry.how = "sniffing" if mapping is None else "mapping"
    entry.rows = entry.rows or sum(1 for _ in eval_rows(first, one.members, header=reader != "mmlu"))


def _refused(entry: Entry, data: Path) -> None:
    """A file that is no data: a run stops before it begins, and names it."""
    found, faults = found_files([_source(entry)], data)
    entry.read_as, entry.how = "nothing", "refused by name"
    entry.rows = entry.rows or sum(1 for _ in read_rows(data / entry.folder / entry.file, entry.declared.get("kind")))
    if found or not faults:
        entry.wrong.append("was read, though it is no data")
    entry.wrong += [
        fault for fault in faults if entry.declared["refused"] not in fault and "other members" not in fault
    ]
