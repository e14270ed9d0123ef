"""The text of one raw row as it stands in its file today, and whether that is still the file that was read.

Rows of plain JSON (lines, one array) are found by a remembered offset. Does NOT read other files unless it is asked to:
a row of a packed file, an archive or a table is found only by reading from the start.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from buckets import Layout
    from curate.ids import Ids


@dataclass(frozen=True)
class RawText:
    """`text` is None where it was not read; `note` says why, or what to know about it."""

    text: str | None
    note: str = ""


def raw_text(ids: Ids, base: Path, origin: dict[str, Any], read: bool, source: dict[str, Any]) -> RawText:
    """The raw text of a row. `read`: also where that means reading the file from its start, as its `source` says."""
    shown, part = _place(base, origin["file"])
    path = base / shown
    known = ids.raw_file(shown)
    try:
        about = os.stat(path)
    except OSError as error:
        return RawText(None, f"{shown} cannot be read any more ({error.strerror})")
    if known is not None and (about.st_size, about.st_mtime_ns) != (known["size"], known["mtime_ns"]):
        return RawText(None, f"{shown} has changed since the run; its row {origin['row']} may be another one")
    if known is None or known["layout"] is None:
        return _slow(path, part, origin, read, source)
    block, at = divmod(origin["row"], known["every"])
    if block >= known["count"]:
        return RawText(None, f"{origin['file']} has no row {origin['row']}")
    start = ids.offset(known["at"] + block)
    with path.open("rb") as file:
        file.seek(start)
        if known["layout"] == "lines":
            for _ in range(at):
                file.readline()
            return RawText(file.readline().rstrip(b"\r\n").decode("utf-8", "backslashreplace"))
        last = block + 1 == known["count"]
        text = file.read(-1 if last else ids.offset(known["at"] + block + 1) - start)
    try:
        return RawText(_element(text.decode("utf-8"), at))
    except (ValueError, IndexError, RecursionError):  # damaged near there: found as it was read, from the start
        return _slow(path, part, origin, read, source)


def _element(text: str, at: int) -> str:
    """Element `at` of the elements that `text` begins with, as it is written."""
    decoder = json.JSONDecoder(strict=False)
    start = 0
    while True:
        while text[start] in " \t\r\n,":
            start += 1
        end = decoder.raw_decode(text, start)[1]
        if at == 0:
            return text[start:end]
        start, at = end, at - 1


def _place(base: Path, file: str) -> tuple[str, str]:
    """The file that an origin names, and the member of it: `x.zip::a.jsonl`. Either name may hold `::` itself."""
    names = file.split("::")
    for count in range(len(names), 0, -1):
        if (base / "::".join(names[:count])).is_file():
            return "::".join(names[:count]), "::".join(names[count:])
    return file, ""


def source_layout(source: dict[str, Any]) -> Layout:
    """What a source of a stored recipe declares of its files; a recipe of an older version lacks keys."""
    from buckets import Layout

    columns, header = source.get("columns"), source.get("header")
    return Layout(
        source.get("kind"),
        source.get("member"),
        source.get("encoding"),
        None if columns is None else tuple(columns),
        header if header is not None else columns is None,
    )


def _slow(path: Path, part: str, origin: dict[str, Any], read: bool, source: dict[str, Any]) -> RawText:
    if not read:
        return RawText(None, "not plain JSON; --raw reads the file up to this row")
    import orjson

    from buckets import CurateError, read_rows

    how = source_layout(source)
    try:
        for raw in read_rows(
            path,
            how.kind,
            how.member,
            encoding=how.encoding,
            columns=how.columns,
            header=how.header,
            inside=part.__eq__,
        ):
            if raw.row == origin["row"]:
                if raw.fault is not None:
                    return RawText(raw.fault.excerpt, "as far as the ledger holds it")
                return RawText(orjson.dumps(raw.value).decode(), "as read: spaces and escapes are not the file's")
    except CurateError as error:
        return RawText(None, str(error))
    return RawText(None, f"{origin['file']} has no row {origin['row']} any more")
