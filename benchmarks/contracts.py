"""The contract of every verifier on 10,000 generated records: no exception, the same verdict twice, nothing changed.

The records are those of `tests/contracts/records.py`: invalid and deep JSON in every column, bombs for regexes, algebra
and the interpreter, a megabyte of one letter. All verifiers see the same ones, drawn once. A verdict without a sentence
or with evidence beyond 400 characters is a breach too.

    python -m benchmarks.contracts [--records 10000] [--only answers] [--json benchmarks/results/contracts.json]

With --only, what the file holds of the other verifiers stays: one run a verifier makes the whole table.
Does not cover: the judge (its answers are another process's) and programs run in the sandbox.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from buckets import Record
from tests.contracts.records import RECORD
from tests.verifiers.templates import TEMPLATES, tokenizer_for
from verifiers import VERIFIERS, Check, Outcome, Trainability, Verdict, trainable_check


def drawn(count: int) -> list[Record]:
    """The same records in every run of one version of hypothesis; fewer when it runs out of new ones."""
    found: list[Record] = []

    @settings(
        max_examples=count, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(record=RECORD)
    def draw(record: Record) -> None:
        found.append(record)

    draw()
    return found


def asked(check: Check, records: list[Record]) -> dict[str, Any]:
    """What a verifier did with the records."""
    verdicts: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    breaches: list[str] = []
    slowest, started = 0.0, time.perf_counter()
    for at, record in enumerate(records):
        before, begun = deepcopy(record), time.perf_counter()
        try:
            first = check(record)
            slowest = max(slowest, time.perf_counter() - begun)
            again = check(record)
        except Exception as error:  # noqa: BLE001  # that there is none is what is measured
            breaches.append(f"record {at}: {type(error).__name__}: {str(error)[:200]}")
            continue
        verdicts[first.outcome] += 1
        rules[first.rule] += 1
        if broken := _breach(first, again, pure=record == before):
            breaches.append(f"record {at}: {broken}")
    return {
        "records": len(records),
        "breaches": breaches,
        "verdicts": {outcome.value: verdicts[outcome] for outcome in Outcome},
        "rules": dict(sorted(rules.items())),
        "seconds": round(time.perf_counter() - started, 1),
        "slowest_seconds": round(slowest, 2),
    }


def _breach(first: Verdict, again: Verdict, *, pure: bool) -> str:
    if not pure:
        return "the record was changed"
    if first != again:
        return f"two verdicts: {first} {again}"
    if first.outcome is not Outcome.PASS and not (first.reason and len(first.evidence) <= 400):
        return f"no reason, or long evidence: {first.rule}"
    return ""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--records", type=int, default=10_000)
    options.add_argument("--only", action="append", help="a verifier; may be repeated")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    tokenizer = tokenizer_for(TEMPLATES["chatml"])
    checks = {**VERIFIERS, "trainable": trainable_check(Trainability(tokenizer, 4000))}
    records = drawn(chosen.records)
    table: dict[str, dict[str, Any]] = {}
    if chosen.only and chosen.json and chosen.json.exists():
        stands = json.loads(chosen.json.read_bytes())
        if stands["records"] == len(records):  # figures over other records do not belong in one table
            table = stands["verifiers"]
    for name, check in checks.items():
        if not chosen.only or name in chosen.only:
            table[name] = asked(check, records)
            print(name, json.dumps({k: v for k, v in table[name].items() if k != "rules"})[:600], flush=True)
            if chosen.json:  # after each, so that a run that is cut off has told what it has done
                chosen.json.write_text(_told(table, len(records)), encoding="utf-8")


def _told(table: dict[str, dict[str, Any]], records: int) -> str:
    result = {
        "command": "python -m benchmarks.contracts " + " ".join(a for a in sys.argv[1:] if "/" not in a),
        "records": records,
        "exceptions_and_breaches": sum(len(row["breaches"]) for row in table.values()),
        "verifiers": table,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("hypothesis", "polars", "jsonschema", "math-verify", "transformers")},
        "date": datetime.now(UTC).date().isoformat(),
    }
    return json.dumps(result, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    main()
