"""Every folder of the public test data through the reading path of a run: what was found, rows in, records out.

python -m benchmarks.read_table DATA --result benchmarks/results/read_table.json --table docs/read-table.md

How each file is read and what must come out stands in read_sources.yaml; what the data's README knows of the sets, in
read_known.py. Rows, formats, records, reasons, exact duplicates and facts that are not as expected end the run with
exit code 1, and the table names them. Data files are read as `curate run` reads them (found_files, chunks, read_chunk),
evaluation sets as `decontaminate` reads them. Not covered: the stages behind reading; no text of the data is written.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.read_entry import Entry, read_entry
from benchmarks.read_facts import Read
from benchmarks.read_known import ACROSS, FACTS
from benchmarks.read_page import page
from curate.versions import versions

SOURCES = Path(__file__).with_name("read_sources.yaml")


def run(data: Path, folders: list[dict[str, Any]]) -> dict[str, Any]:
    """Entries and facts of the folders, as JSON."""
    manifest = {(one["folder"], one["file"]): one for one in json.loads((data / "MANIFEST.json").read_text("utf-8"))}
    entries: list[Entry] = []
    facts: list[dict[str, Any]] = []
    kept: dict[str, Read] = {}
    for source in folders:
        for declared in source["files"]:
            entry, read = read_entry(data, source["folder"], declared, manifest)
            entries.append(entry)
            name = f"{entry.folder}/{entry.file}"
            name = f"{name} (again)" if name in kept else name
            facts += [fact.of(name, read) for fact in FACTS.get(name, ())]
            kept[name] = read.light()
    facts += [fact.across(kept) for fact in ACROSS if all(file in kept for file in fact.files)]
    asked = {source["folder"] for source in folders}
    listed = {place for place, one in manifest.items() if one["rows"] and place[0] in asked}
    seen = {(entry.folder, path.name) for entry in entries for path in (data / entry.folder).glob(entry.file)}
    return {
        "folders": [{"folder": source["folder"], "by": source["by"]} for source in folders],
        "files_of_manifest": len(listed),
        "files_not_read": sorted("/".join(each) for each in listed - seen),
        "entries": [entry.line() for entry in entries],
        "facts": facts,
    }


def wrongs(result: dict[str, Any]) -> list[str]:
    """All that is not as expected, a sentence each."""
    found = [f"{one['folder']}/{one['file']}: {wrong}" for one in result["entries"] for wrong in one["wrong"]]
    found += [
        f"{one['file']}: {one['says']}: {one['found']}, not {one['expected']}"
        for one in result["facts"]
        if not one["holds"]
    ]
    return found + [f"{name}: is in MANIFEST.json, but was not read" for name in result["files_not_read"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that holds MANIFEST.json and the sets")
    parser.add_argument("--only", nargs="*", help="some folders, to try; nothing is written")
    parser.add_argument("--result", type=Path)
    parser.add_argument("--table", type=Path)
    asked = parser.parse_args()
    folders = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))
    if asked.only:
        folders = [one for one in folders if one["folder"] in asked.only]
    started, spent = time.perf_counter(), time.process_time()
    result = run(asked.data, folders)
    named = [each if each != str(asked.data) else "DATA" for each in sys.argv[1:]]
    result = {
        "command": shlex.join(["python", "-m", "benchmarks.read_table", *named]),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: each for name, each in versions().items() if name in ("python", "sft-curate", "polars")},
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(time.process_time() - spent, 1),
        **result,
    }
    if not asked.only and asked.result:
        asked.result.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not asked.only and asked.table:
        asked.table.write_text(page(result), encoding="utf-8")
    for wrong in wrongs(result):
        print(wrong)
    counted = f"{len(result['entries'])} entries, {len(result['facts'])} facts, {result['seconds']} s"
    print(f"{counted}, {len(wrongs(result))} wrong")
    sys.exit(1 if wrongs(result) else 0)


if __name__ == "__main__":
    main()
