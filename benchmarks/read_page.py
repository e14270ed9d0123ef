"""The table of all folders of the public test data as a page: one row a folder, then every file and every fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

_HEAD = """# How the public test data is read

{folders} folders of public data, {files} files, each through the path of a run: format found (or declared), rows cut
into parts, records made, rows that cannot be read quarantined with a reason. {sniffed} folders are read by sniffing
alone; {mapped} need a few declared words for at least one file. Of {facts} facts known of the sets, from the data's
README or a count of the raw files, {held} are found as they are known, and the others say why not. Made by

    {command}

on {date} in {seconds:.0f} s on one core. It ends with an error when one count, reason or fact is not as expected.
The data itself is not part of this repository; `benchmarks/read_sources.yaml` holds what is declared for each file.

- **rows in**: raw rows, before a nested row is taken apart; each of them ends as records or as quarantined.
- **records**: what a run would go on with. **items**: questions of an evaluation set, read to be kept out of training.
  Where a set has both, its rows fit a format of training data too; a recipe names it under `decontaminate` alone.
- **exact duplicates**: raw rows that an earlier row of the file equals, as the data's own list (MANIFEST) has them.
- **equal records**: records with the turns and tools of an earlier one. They are more than exact duplicates where rows
  differ only in what goes to `meta`, or where one question stands in several nested rows.
- **refused by name**: a file that holds nothing to train on or to evaluate with; a run that names it stops before it
  begins and says why.

## Folders

"""


def page(result: dict[str, Any]) -> str:
    """The whole page, as Markdown."""
    by = Counter(one["by"] for one in result["folders"])
    head = _HEAD.format(
        folders=len(result["folders"]),
        files=result["files_of_manifest"],
        sniffed=by["sniffing"],
        mapped=by["mapping"],
        facts=len(result["facts"]),
        held=sum(one["found"] == one["expected"] for one in result["facts"]),
        command=result["command"],
        date=result["date"],
        seconds=result["cpu_seconds"],
    )
    parts = [
        head
        + _table(
            ("folder", "read by", "read as", "rows in", "records", "items", "quarantined", "exact duplicates"),
            _folders(result),
        )
    ]
    parts.append("## What is known of the sets\n\n" + _table(("file", "fact", "known", "found"), _facts(result)))
    parts.append("## Files\n\n" + _table(_FILE_HEAD, _files(result)))
    parts.append("## Where the counts differ, and what else to know\n\n" + "\n".join(_notes(result)))
    return "\n".join(parts) + "\n"


def _folders(result: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    for folder in result["folders"]:
        entries = [one for one in result["entries"] if one["folder"] == folder["folder"]]
        fallen: Counter[str] = sum((Counter(one["quarantined"]) for one in entries), Counter())
        yield (
            folder["folder"],
            folder["by"],
            _kinds(entries),
            _number(sum(one["rows"] for one in entries)),
            _number(sum(one["records"] for one in entries)),
            _number(sum(one["items"] for one in entries)),
            _reasons(fallen),
            _number(sum(one["duplicate_rows"] or 0 for one in entries)),
        )


_FILE_HEAD = (
    "file",
    "read as",
    "by",
    "MANIFEST",
    "rows in",
    "records",
    "items",
    "quarantined",
    "exact duplicates",
    "equal records",
)


def _kinds(entries: list[dict[str, Any]]) -> str:
    """What the files of a folder were read as, each once, and how many are no data."""
    found = dict.fromkeys(each for one in entries for each in one["read_as"].split("; as data "))
    named = [each for each in found if each not in ("nothing", "answers")]
    refused = sum(one["read_as"] == "nothing" for one in entries)
    return ", ".join(named) + (f"; {refused} refused" if refused else "")


def _files(result: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    for one in result["entries"]:
        yield (
            f"{one['folder']}/{one['file']}",
            one["read_as"],
            one["how"],
            _number(one["manifest_rows"]) + (" (see below)" if one["differs"] else ""),
            _number(one["rows"]),
            _number(one["records"]),
            _number(one["items"]),
            _reasons(one["quarantined"]),
            _number(one["duplicate_rows"] or 0),
            _number(one["equal_records"]),
        )


def _facts(result: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    for one in result["facts"]:
        told = _number(one["found"], zero="0") + (f": {one['why']}" if one["why"] else "")
        yield (
            _several(one["file"]),
            one["says"],
            _number(one["expected"], zero="0"),
            told if one["holds"] else f"**{told}**",
        )


def _several(files: str) -> str:
    names = files.split(" and ")
    return f"{names[0]} and {len(names) - 1} more files" if len(names) > 3 else ", ".join(names)


def _notes(result: dict[str, Any]) -> Iterable[str]:
    for one in result["entries"]:
        told = [text for text in (one["differs"], one["note"]) if text]
        if told or one["wrong"]:
            wrong = [f"**{each}**" for each in one["wrong"]]
            yield f"- `{one['folder']}/{one['file']}`: {'. '.join(_sentence(text) for text in told + wrong)}."


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _reasons(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in counts.items())


def _number(value: int, zero: str = "") -> str:
    return f"{value:,}" if value else zero


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "".join(f"| {line} |\n" for line in lines)
