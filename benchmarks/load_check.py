"""Rows that we write, read by TRL, LLaMA-Factory and axolotl: is any row skipped, and are the messages the same?

python -m benchmarks.load_check --python trl=PATH --python llamafactory=PATH --python axolotl=PATH --work DIR \\
    --out benchmarks/results/load_check.json

Each peer lives in an environment of its own (`benchmarks/peers/README.md`) and reads with its own loader, as far as the
tokens of the prepared dataset. Every format that has a writer is written from seeded conversations; `curate export` is
run on one set of them and its files are read by the configs beside them. A row that a peer skips, or that differs in a
way that is not declared for it in `benchmarks/load/ways.py`, makes the exit code 1. Not covered: training.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import yaml

from benchmarks.load.changes import CHANGES, needed, plain, plain_of_messages, turns_of_messages, turns_of_row
from benchmarks.load.model import write_model
from benchmarks.load.samples import SHAPES, samples
from benchmarks.load.ways import EXPORTS, PEERS, Way
from buckets import FORMATS, Record
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from curate.versions import versions

Sample = tuple[Record, dict[str, Any]]
_NUMBER = re.compile(r"#(\d+)#")
_LIMIT = 900


def plan_for(
    peer: str, held: dict[str, list[Sample]], work: Path
) -> tuple[list[dict[str, Any]], dict[str, list[Sample]]]:
    """What the peer's script is told, with the files written, and the samples that each entry was given."""
    plan: list[dict[str, Any]] = []
    given: dict[str, list[Sample]] = {}
    info: dict[str, Any] = {}
    for form, way in PEERS[peer].items():
        if isinstance(way, str):
            continue
        given[form] = [sample for sample in held[form] if way.only is None or way.only(sample[0].messages)]
        file = f"{peer}.{form}.jsonl"
        (work / file).write_bytes(b"".join(orjson.dumps(row) + b"\n" for _, row in given[form]))
        plan.append({"name": form, "file": file, **way.entry})
        info[form] = {"file_name": file, **(way.info or {})}
    for name, way in EXPORTS[peer].items():
        given[name] = held["sharegpt"]
        dataset = {"dataset": "curated"} if peer == "llamafactory" else {}
        plan.append({"name": name, **way.entry} | dataset)
    if peer == "llamafactory":
        (work / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    return plan, given


def export(held: Sequence[Sample], work: Path) -> None:
    """`work/export`: what `curate export` makes of the records."""
    write = FORMATS["openai_messages"].write
    if write is None:
        raise RuntimeError("openai_messages has no writer")
    folder = work / "run"
    folder.mkdir()
    (folder / "rows.jsonl").write_bytes(b"".join(orjson.dumps(write(record)) + b"\n" for record, _ in held))
    recipe = {
        "read": {"sources": [{"name": "load", "files": ["rows.jsonl"]}]},
        "export": {"formats": ["messages", "sharegpt", "parquet"]},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    run(Run(load(folder / "recipe.yaml"), folder, folder / "out", 1))
    shutil.move(folder / "out" / "export", work / "export")


def judged(way: Way, given: Sequence[Sample], told: dict[str, Any]) -> dict[str, Any]:
    """Rows given, loaded, skipped, equal, changed in a declared way, and different in any other."""
    if "failed" in told:
        return {"given": len(given), "failed": told["failed"]}
    found: dict[int, list[dict[str, Any]]] = {}
    for row in told["rows"]:
        match = _NUMBER.search(json.dumps(row, ensure_ascii=False))
        if match:
            found.setdefault(int(match[1]), []).append(row)
    changed: Counter[str] = Counter()
    cell: dict[str, Any] = {"given": len(given), "loaded": len(told["rows"]), "equal": 0, "changed": 0}
    skipped, different = [], []
    for record, row in given:
        number = int(record.id.rpartition("/")[2])
        if len(found.get(number, ())) != 1:
            skipped.append(number)
            continue
        verdict = needed(*sides(way, record, row, found[number][0]), way.changes)
        if verdict is None:
            different.append({"row": number, "written": row, "found": found[number][0]})
        elif verdict:
            cell["changed"] += 1
            changed.update(verdict)
        else:
            cell["equal"] += 1
    if way.compared != "text" and told.get("trained", len(given)) != len(given):
        cell["not_trained"] = len(given) - told["trained"]
    cell |= {"skipped": skipped, "changes": {CHANGES[name].reason: rows for name, rows in sorted(changed.items())}}
    return cell | {"different": len(different), "examples_of_difference": different[:2]}


def sides(
    way: Way, record: Record, row: dict[str, Any], found: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was written and what was found, as values that can be compared."""
    if way.compared == "text":
        return {"text": row["text"]}, {"text": found.get("text")}
    if "messages" not in found:
        return {"turns": row}, {"turns": found}
    if way.compared == "turns":
        return turns_of_row(row), turns_of_messages(found)
    return plain(record.draft), plain_of_messages(found)


def asked(peer: str, python: str, plan: list[dict[str, Any]], work: Path) -> dict[str, Any]:
    """The answer of the peer's script, which runs in the peer's environment without the network."""
    (work / f"{peer}.plan.json").write_text(json.dumps(plan), encoding="utf-8")
    script = Path(__file__).parent / "peers" / f"{peer}_load.py"
    out = work / f"{peer}.found.json"
    home = {"HF_HOME": str(work / f"{peer}.hf"), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | home
    command = [python, str(script.resolve()), str(work), str(work / f"{peer}.plan.json"), str(out)]
    with (work / f"{peer}.log").open("wb") as log:
        done = subprocess.run(command, env=env, cwd=work, stdout=log, stderr=log, timeout=_LIMIT, check=False)
    if done.returncode or not out.exists():
        tail = (work / f"{peer}.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{peer}: its script ended with {done.returncode}: {tail}")
    answer: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return answer


def failed(cell: dict[str, Any]) -> bool:
    """Whether a reader broke the bar: it failed, skipped a row, or changed one in a way that is not declared."""
    return bool(cell.get("failed") or cell.get("skipped") or cell.get("different") or cell.get("not_trained"))


def word(cell: dict[str, Any]) -> str:
    """A cell of the table, for a person."""
    if "no_reader" in cell:
        return "no reader"
    if "failed" in cell:
        return "fails"
    parts = [f"{cell['equal']} of {cell['given']} equal"]
    parts += [f"{cell['changed']} changed by it"] if cell["changed"] else []
    parts += [f"{len(cell['skipped'])} skipped"] if cell["skipped"] else []
    parts += [f"{cell['different']} different"] if cell["different"] else []
    return ", ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", required=True, metavar="NAME=PATH", help="a peer's interpreter")
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, required=True, help="an empty folder for samples and logs")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    pythons = dict(pair.split("=", 1) for pair in args.python)
    if unknown := set(pythons) - set(PEERS):
        parser.error(f"--python names {', '.join(sorted(unknown))}; the peers are {', '.join(PEERS)}")
    work = args.work.resolve()
    write_model(work / "model")
    drawn = {form: samples(form, args.rows, args.seed) for form in SHAPES}
    held = {form: sample for form, (sample, _) in drawn.items()}
    export(held["sharegpt"], work)
    said = [f"--rows {args.rows} --seed {args.seed}", *(f"--python {name}=PATH" for name in pythons)]
    result: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.load_check", *said, "--work DIR"]),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(),
        "written": {form: {"rows": args.rows, "refused_by_writer": refused} for form, (_, refused) in drawn.items()},
        "peers": {},
    }
    for peer, python in pythons.items():
        plan, given = plan_for(peer, held, work)
        told = asked(peer, python, plan, work)
        cells: dict[str, Any] = {}
        for form, way in (PEERS[peer] | EXPORTS[peer]).items():
            if isinstance(way, str):
                cells[form] = {"no_reader": way}
                continue
            cells[form] = judged(way, given[form], told["loads"][form])
            if len(given[form]) < args.rows:
                cells[form]["not_given"] = {"rows": args.rows - len(given[form]), "reason": way.only_reason}
        result["peers"][peer] = {"versions": told["versions"], "formats": cells}
        for form, cell in cells.items():
            print(f"{peer:13} {form:18} {word(cell)}")
    if args.out:
        args.out.write_text(json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    broken = any(failed(cell) for peer in result["peers"].values() for cell in peer["formats"].values())
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
