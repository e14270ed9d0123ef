"""The dataset as trainers read it: messages JSONL, ShareGPT JSONL, parquet, card, recipe, checksums.

The same recipe and seed give the same bytes: nothing here holds a date, a duration or a machine.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import orjson
import polars as pl
import yaml
from pydantic import Field

from buckets import BUCKETS, FORMATS, IncompleteError, Record, RowError, read_frame, read_json, records
from curate.card import card
from curate.shards import StageFolder
from curate.stage import Table
from curate.trainers import write_configs

Kind = Literal["messages", "sharegpt", "parquet"]


class Export(Table):
    """What is written to the export folder of the run."""

    formats: tuple[Kind, ...] = Field(("messages", "parquet"), min_length=1)
    """messages: OpenAI messages JSONL; sharegpt: ShareGPT JSONL; parquet: the canonical schema.

    In both JSONL files `tools` is a JSON string: trainers read it as that, and Arrow would merge the keys of all tools.
    """
    name: str = Field("curated", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Dataset name, in the card and in file names."""


def export(table: Export, data: StageFolder, out: Path) -> dict[str, Any]:
    """Write `out/export` whole (the old one is replaced last); returns what was written.

    A row that a format cannot hold is listed in `not_exported.jsonl` with its reason, never left out
    in silence. Raises IncompleteError when the disk is full.
    """
    aside, final = out / ".export.part", out / "export"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        (aside / "data").mkdir(parents=True)
        notes = _write_all(table, data, out, aside)
        (aside / "SHA256SUMS").write_text("".join(_checksums(aside)), encoding="utf-8")
    except OSError as error:
        raise IncompleteError(f"{aside}: cannot write ({error}); make room and run again") from error
    shutil.rmtree(final, ignore_errors=True)
    aside.rename(final)
    return {"folder": "export", **notes}


def _write_all(table: Export, data: StageFolder, out: Path, folder: Path) -> dict[str, Any]:
    stem = folder / "data" / table.name
    rows = 0
    refused: list[dict[str, str]] = []
    if "messages" in table.formats:
        rows, refused = _jsonl(data, stem.with_name(f"{table.name}.messages.jsonl"), _messages_row)
    if "sharegpt" in table.formats:
        rows, more = _jsonl(data, stem.with_name(f"{table.name}.sharegpt.jsonl"), _sharegpt_row)
        refused += more
    if "parquet" in table.formats:
        rows = _parquet(data, stem.with_name(f"{table.name}.parquet"))
    if refused:
        (folder / "not_exported.jsonl").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in refused))
    resolved = read_json(out / "recipe.json")["recipe"]
    text = yaml.safe_dump(resolved, sort_keys=True, allow_unicode=True)
    (folder / "recipe.yaml").write_text(text, encoding="utf-8")
    for name in ("decision.json", "mixture.json", "confirmation.json"):
        if (out / name).exists():
            shutil.copyfile(out / name, folder / name)
    write_configs(folder, table.name, table.formats, _has_tools(data))
    page = card(table.name, table.formats, resolved, _summary(data), out)
    (folder / "README.md").write_text(page, encoding="utf-8")
    return {"rows": rows, "refused": len(refused)}


def _jsonl(data: StageFolder, path: Path, row: Callable[[Record], dict[str, Any]]) -> tuple[int, list[dict[str, str]]]:
    """Rows written, and the rows that this format cannot hold."""
    written = 0
    refused: list[dict[str, str]] = []
    with path.open("wb") as file:
        for record in _records(data):
            try:
                file.write(orjson.dumps(row(record)) + b"\n")
                written += 1
            except RowError as error:
                refused.append({"id": record.id, "file": path.name, "reason": str(error)})
    return written, refused


def _records(data: StageFolder) -> Iterator[Record]:
    for name in data.names():
        yield from records(read_frame(data.kept(name)))


def _has_tools(data: StageFolder) -> bool:
    return any(read_frame(data.kept(name), ["tools"])["tools"].is_not_null().any() for name in data.names())


def _messages_row(record: Record) -> dict[str, Any]:
    return {"id": record.id, "bucket": record.bucket, "source": record.source, **_written("openai_messages", record)}


def _sharegpt_row(record: Record) -> dict[str, Any]:
    return {"id": record.id, "bucket": record.bucket, "source": record.source, **_written("sharegpt", record)}


def _written(format: str, record: Record) -> dict[str, Any]:
    write = FORMATS[format].write
    if write is None:
        raise RowError("no_writer", f"format {format} cannot be written")
    return write(record)


def _parquet(data: StageFolder, path: Path) -> int:
    """One file over all shards, streamed; tools and arguments stay JSON strings, so no null is invented."""
    rows = pl.scan_parquet([data.kept(name) for name in data.names()])
    rows.sink_parquet(path, compression="zstd", row_group_size=50_000, maintain_order=True)
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _summary(data: StageFolder) -> list[dict[str, Any]]:
    """Rows and tokens by bucket and source, buckets in house order."""
    parts = [read_frame(data.kept(name), ["bucket", "source", "licence", "tokens"]) for name in data.names()]
    table = pl.concat(parts).group_by("bucket", "source", "licence").agg(rows=pl.len(), tokens=pl.col("tokens").sum())
    order = {bucket: place for place, bucket in enumerate(BUCKETS)}
    lines = table.sort("source", "licence").to_dicts()
    return sorted(lines, key=lambda line: order.get(line["bucket"], len(order)))


def _checksums(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                yield f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.relative_to(folder).as_posix()}\n"
