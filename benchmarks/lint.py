"""What the chat, tool and schema checks say about real data: `python -m benchmarks.lint --data DIR [--json FILE]`.

DIR holds public data sets, one folder each (bfcl_v4, llamafactory_demo, tau_bench). Every alarm is written out with
its evidence, to be read. Not measured here: the planted faults and the JSON Schema suite, which are tests.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from buckets import Draft, Message, Record, frame_of, read_rows, records, row_of, sniff_format, write_json
from verifiers import VERIFIERS, Outcome, Verdict

BFCL = ("simple_python", "multiple", "parallel", "parallel_multiple", "live_simple")
TALKS = {
    "glaive en": "llamafactory_demo/glaive_toolcall_en_demo.json",
    "glaive zh": "llamafactory_demo/glaive_toolcall_zh_demo.json",
    "tau-bench airline": "tau_bench/gpt-4o-airline.json.gz",
    "reason tool use": "llamafactory_demo/reason_tool_use_demo_50.jsonl",
}


def gold_calls(truth: list[dict[str, Any]], *, optional: bool) -> str:
    """The calls of a BFCL answer: the first allowed value each; "" among them allows to leave the argument out."""
    calls = []
    for each in truth:
        for name, arguments in each.items():
            told = {key: _value(values) for key, values in arguments.items() if optional or "" not in values}
            given = {key: value for key, value in told.items() if value != ""}
            calls.append({"type": "function", "function": {"name": name, "arguments": json.dumps(given)}})
    return json.dumps(calls)


def _value(allowed: list[Any]) -> Any:
    value = next((one for one in allowed if one != ""), "")
    return _inner(value)


def _inner(value: Any) -> Any:
    """Objects inside an answer list the allowed values of each key again."""
    if isinstance(value, dict):
        pairs = ((key, _value(part) if isinstance(part, list) else part) for key, part in value.items())
        return {key: part for key, part in pairs if part != ""}
    return [_inner(part) for part in value] if isinstance(value, list) else value


def bfcl(data: Path, name: str) -> Iterator[tuple[str, int, Verdict]]:
    """(id, calls, verdict) of each gold answer, with its optional arguments or, if those break it, without."""
    file = f"BFCL_v4_{name}.json"
    lines = (data / "bfcl_v4" / file).read_text(encoding="utf-8").splitlines()
    tools = {row["id"]: json.dumps(row["function"]) for row in map(json.loads, filter(str.strip, lines))}
    with tarfile.open(data / "bfcl_v4/possible_answer.tar.gz") as archive:
        member = next(m for m in archive if m.name.rpartition("/")[2] == file)
        stream = archive.extractfile(member)
        answers = [json.loads(line) for line in stream or () if line.strip()]
    for answer in answers:
        for optional in (True, False):
            calls = gold_calls(answer["ground_truth"], optional=optional)
            turns = (Message("user", "?"), Message("assistant", tool_calls=calls))
            verdict = VERIFIERS["tools"](Record(answer["id"], "bfcl", Draft(turns, tools=tools[answer["id"]])))
            if verdict.outcome is Outcome.PASS:
                break
        yield answer["id"], len(json.loads(calls)), verdict


def talks(path: Path) -> list[Record]:
    """The rows of a file as records; tau-bench keeps its turns under `traj`."""
    rows = [{"messages": raw["traj"]} if "traj" in raw else raw for r in read_rows(path) if (raw := r.value)]
    form, _ = sniff_format(rows, path.name)
    frame = frame_of(
        row_of(form.read(row), source="s", path="p", file=path.name, row=i, format=form.name)
        for i, row in enumerate(rows)
    )
    return list(records(frame))


def counted(verdicts: list[tuple[str, int, Verdict]]) -> dict[str, Any]:
    outcomes = Counter(verdict.outcome for _, _, verdict in verdicts)
    return {
        "rows": len(verdicts),
        "calls": sum(calls for _, calls, _ in verdicts),
        **{outcome.value: outcomes[outcome] for outcome in Outcome},
        "alarms": [
            {"id": id, "rule": v.rule, "evidence": v.evidence[:200]}
            for id, _, v in verdicts
            if v.outcome is Outcome.FAIL
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found: dict[str, Any] = {f"bfcl {name}": {"tools": counted(list(bfcl(asked.data, name)))} for name in BFCL}
    for name, file in TALKS.items():
        subjects = talks(asked.data / file)
        made = [sum(len(json.loads(m.tool_calls)) for m in r.messages if m.tool_calls) for r in subjects]
        found[name] = {
            check: counted([(r.id, n, VERIFIERS[check](r)) for r, n in zip(subjects, made, strict=True)])
            for check in ("chat", "tools")
        }
    for name, checks in found.items():
        for check, told in checks.items():
            print(f"{name:20} {check:6}", {key: value for key, value in told.items() if key != "alarms"})
            for alarm in told["alarms"]:
                print("    ", alarm["id"], alarm["rule"], alarm["evidence"][:120])
    if asked.json:
        write_json(
            asked.json,
            {
                "command": shlex.join(["python", "-m", "benchmarks.lint", "--data", "DIR", *sys.argv[3:]]),
                "date": datetime.now(UTC).date().isoformat(),
                "versions": {name: version(name) for name in ("jsonschema", "polars")},
                "found": found,
            },
        )


if __name__ == "__main__":
    main()
