"""The text of one raw row as it stands in its file today, and whether that is still the file that was read.

Rows of plain JSON (lines, one array) are found by a remembered offset. Does NOT read other files unless it is asked to:
a row of a packed file or of a table is found only by reading from the start.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from buckets import Kind
    from curate.ids import Ids


@dataclass(frozen=True)
class RawText:
    """`text` is None where it was not read; `note` says why, or what to know about it."""

    text: str | None
    note: str = ""


def raw_text(ids: Ids, base: Path, origin: dict[str, Any], read: bool, kind: Kind | None = None) -> RawText:
    """The raw text of a row. `read`: also where that means reading the file, laid out as `kind`, from its start."""
    path = base / origin["file"]
    known = ids.raw_file(origin["file"])
    try:
        about = os.stat(path)
    except OSError as error:
        if known is None and ("!" in origin["file"] or "#" in origin["file"]):
            return _slow(path, origin, read, kind)
        return RawText(None, f"{origin['file']} cannot be read any more ({error.strerror})")
    if known is None:
        return _slow(path, origin, read, kind)
    if (about.st_size, about.st_mtime_ns) != (known["size"], known["mtime_ns"]):
        return RawText(None, f"{origin['file']} has changed since the run; its row {origin['row']} may be another one")
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
    except (ValueError, RecursionError) as error:
        return RawText(None, f"the array in {origin['file']} cannot be taken apart there ({error})")


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


def _slow(path: Path, origin: dict[str, Any], read: bool, kind: Kind | None) -> RawText:
    if not read:
        return RawText(None, "not plain JSON; --raw reads the file up to this row")
    import orjson

    from buckets import InputError, read_rows

    try:
        for raw in read_rows(path, kind):
            if raw.row == origin["row"]:
                if raw.fault is not None:
                    return RawText(raw.fault.excerpt, "as far as the ledger holds it")
                return RawText(orjson.dumps(raw.value).decode(), "as read: spaces and escapes are not the file's")
    except InputError as error:
        return RawText(None, str(error))
    return RawText(None, f"{origin['file']} has no row {origin['row']} any more")
