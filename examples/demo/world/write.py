"""Writes the world to disk: raw files in their containers, eval items, base corpus and the truth."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import zstandard

from examples.demo.world.files import FILES
from examples.demo.world.planted import Planted
from examples.demo.world.row import Row
from examples.demo.world.shapes import SHAPES, openai


def line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def raw_file(name: str, rows: Sequence[Planted]) -> bytes:
    """The bytes of one raw file; row i of `rows` is row i of the file."""
    shape = SHAPES[FILES[name].shape]
    if name.endswith(".json"):
        return b"[\n" + b",\n".join(line(shape(each.row)) for each in rows) + b"\n]\n"
    if name.endswith(".csv"):
        return table([shape(each.row) for each in rows])
    if name.endswith(".parquet"):
        return parquet([shape(each.row) for each in rows])
    return packed(name, b"".join(damaged(each, line(shape(each.row))) + b"\n" for each in rows))


def damaged(planted: Planted, text: bytes) -> bytes:
    """Faults of the file itself: a line cut short, or bytes that are no UTF-8."""
    middle = len(text) // 2
    if planted.fault == "invalid_json" and planted.kind == "file":
        return text[:middle]
    if planted.fault == "not_utf8":
        return text[:middle] + b"\xff\xfe\xe9" + text[middle:]
    return text


def packed(name: str, text: bytes) -> bytes:
    """Compressed as the name says, without a clock in the header."""
    pack: dict[str, Callable[[bytes], bytes]] = {
        "gz": lambda data: gzip.compress(data, mtime=0),
        "bz2": bz2.compress,
        "zst": lambda data: zstandard.ZstdCompressor(level=10).compress(data),
        "jsonl": lambda data: data,
    }
    return pack[name.rsplit(".", 1)[1]](text)


def table(rows: Sequence[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["prompt", "response"])
    writer.writerows([row["prompt"], row["response"]] for row in rows)
    return out.getvalue().encode()


def parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(list(rows), schema={"question": pl.String, "answer": pl.String}).write_parquet(out)
    return out.getvalue()


def truth(files: dict[str, list[Planted]]) -> bytes:
    """One line a raw row: where it is, its bucket, its fault, and what it copies or leaks."""
    place = {id(each): (name, at) for name, rows in files.items() for at, each in enumerate(rows)}
    lines = []
    for name, rows in files.items():
        for at, each in enumerate(rows):
            entry: dict[str, Any] = {"file": f"raw/{name}", "row": at, "bucket": each.row.bucket, "fault": each.fault}
            if each.of is not None:
                file, row = place[id(each.of)]
                entry["of"] = {"file": f"raw/{file}", "row": row}
            elif each.item is not None:
                entry["of"] = each.item
            if each.kind is not None:
                entry["kind"] = each.kind
            lines.append(line(entry) + b"\n")
    return b"".join(lines)


def items(evals: dict[str, Row]) -> bytes:
    """Eval items: the prompt alone, and what grades the answer. Ids are bucket/split/number."""
    lines = []
    for name, row in evals.items():
        bucket, split, _ = name.split("/")
        entry: dict[str, Any] = {"id": name, "bucket": bucket, "split": split}
        entry["cluster"] = f"{bucket}/{row.cluster or row.template}"
        entry["messages"] = list(row.prompt)
        if row.tools:
            entry["tools"] = list(row.tools)
        entry["reference"] = row.reference
        if row.tests:
            entry["tests"] = "\n".join(row.tests)
        if row.schema is not None:
            entry["schema"] = row.schema
        lines.append(line(entry) + b"\n")
    return b"".join(lines)


def base(rows: Sequence[Row]) -> bytes:
    """The base corpus: canonical rows with messages, and tools where some are declared."""
    text = b"".join(
        line({key: openai(row)[key] for key in ("messages", "tools") if key in openai(row)}) + b"\n" for row in rows
    )
    return packed("base.jsonl.gz", text)
