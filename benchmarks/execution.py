"""The sandbox on published programs with known verdicts, and how many isolated checks it does in a minute.

python -m benchmarks.execution ../shared/data --json benchmarks/results/execution.json   (minutes on two cores)

HumanEval, MBPP and CRUXEval references must pass, empty bodies must not; MbppPlus compares each reference with
itself on the base inputs of EvalPlus. The speed is that of CRUXEval checks over a fresh warm pool, beside the processor
time of a check (program, tests, both first processes, host), which a busy machine changes less.
"""

from __future__ import annotations

import bz2
import gzip
import json
import os
import platform
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from verifiers.sandbox import Program
from verifiers.sandbox.pool import Pool

_OPEN = {".gz": gzip.open, ".bz2": bz2.open}


def rows(path: Path) -> list[dict[str, Any]]:
    with _OPEN.get(path.suffix, open)(path, "rt", encoding="utf-8") as lines:  # type: ignore[operator]
        return [json.loads(line) for line in lines if line.strip()]


def humaneval(data: Path, dummy: bool) -> list[Program]:
    return [
        Program(
            row["prompt"] + ("    pass\n" if dummy else row["canonical_solution"]),
            f"{row['test']}\ncheck({row['entry_point']})\n",
            entry_point=row["entry_point"],
        )
        for row in rows(data / "humaneval" / "HumanEval.jsonl.gz")
    ]


def mbpp(data: Path) -> list[Program]:
    return [
        Program(row["code"], "\n".join(row["test_list"]), row.get("test_setup_code") or "")
        for row in rows(data / "mbpp" / "mbpp.jsonl")
    ]


def cruxeval(data: Path) -> list[Program]:
    return [
        Program(row["code"], f"assert f({row['input']}) == {row['output']}")
        for row in rows(data / "cruxeval" / "cruxeval.jsonl")
    ]


def mbpp_plus(data: Path) -> list[Program]:
    return [_against_itself(row) for row in rows(data / "evalplus" / "MbppPlus.jsonl.gz")]


def _against_itself(row: dict[str, Any]) -> Program:
    """The reference twice: as the program, and inside the tests as the oracle, each on its own copy of the input."""
    name, code = row["entry_point"], row["canonical_solution"]
    inputs = [_typed(int(str(row["task_id"]).rsplit("/", 1)[-1]), given) for given in row["base_input"]]
    same = "(got is None) == (want is None)" if name in _ONLY_WHETHER else "got == want"
    tests = (
        "import copy\noracle = {}\n"
        f"exec({code!r}, oracle)\n"
        f"oracle = oracle[{name!r}]\n"
        f"inputs = {inputs!r}\n"
        "for given in inputs:\n"
        "    want = oracle(*copy.deepcopy(given))\n"
        f"    got = {name}(*copy.deepcopy(given))\n"
        f"    assert {same}\n"
    )
    return Program(code, tests, entry_point=name)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


_ONLY_WHETHER = {"check_str", "text_match_three", "text_starta_endb"}
"""They return a match object, of which EvalPlus asks only whether there is one."""
_FLAT = {2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809}
_INNER = {63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780}
_FIRST_INNER, _FIRST = {75, 413, 444, 753}, {250, 405, 446, 617, 720, 763, 808, 307}
_DEEP = {259, 401, 445, 278, 580, 615, 791}


def _typed(task: int, given: list[Any]) -> list[Any]:
    """JSON has no tuples, sets and complex numbers; EvalPlus keeps by task number which inputs were such."""
    if task in _FLAT:
        return [tuple(part) for part in given]
    if task in _INNER:
        return [[tuple(part) for part in inner] for inner in given]
    if task in _FIRST_INNER:
        return [[tuple(part) for part in given[0]], *given[1:]]
    if task in (106, 750):
        return [given[0], tuple(given[1])]
    if task == 115:
        return [[set(part) if isinstance(part, list) and part else {} for part in given[0]]]
    if task == 124:
        return [float(given[0]), complex(given[1])]
    if task == 252:
        return [complex(given[0])]
    if task in _FIRST:
        return [tuple(given[0]), *given[1:]]
    if task == 722:
        return [{key: tuple(value) for key, value in given[0].items()}, *given[1:]]
    return list(_tuples(given)) if task in _DEEP else given


def processor_seconds(pool: Pool) -> float:
    """Of this process and of every sandbox with all that it has reaped; valid while no sandbox is replaced."""
    total = time.process_time()
    for sandbox in (box for worker in pool.workers for box in worker.boxes.values()):
        fields = Path(f"/proc/{sandbox.first}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def main() -> None:
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--tier", default="auto")
    parser.add_argument("--speed-checks", type=int, default=700)
    asked = parser.parse_args()
    sets = {
        "HumanEval references": humaneval(asked.data, False), "HumanEval dummy bodies": humaneval(asked.data, True),
        "MBPP references": mbpp(asked.data), "CRUXEval outputs": cruxeval(asked.data),
        "MbppPlus references on base inputs": mbpp_plus(asked.data),
    }  # fmt: skip
    report: dict[str, Any] = {
        "command": f"python -m benchmarks.execution {' '.join(sys.argv[1:])}",
        "date": datetime.now(UTC).date().isoformat(), "python": platform.python_version(), "kernel": platform.release(),
        "cores": len(os.sched_getaffinity(0)), "user": "superuser" if os.geteuid() == 0 else "ordinary", "sets": {},
    }  # fmt: skip
    with Pool(asked.tier) as pool:
        report["tier"] = pool.tier
        for name, programs in sets.items():
            started = time.monotonic()
            done = pool.check_all(programs)
            odd = {f"{at}": f"{one.verdict}: {one.reason[:80]}" for at, one in enumerate(done) if one.verdict != "pass"}
            report["sets"][name] = {
                "programs": len(programs), "verdicts": dict(Counter(one.verdict for one in done)),
                "trust": dict(Counter(one.trust for one in done if one.verdict == "pass")),
                "seconds": round(time.monotonic() - started, 1), "not_passed": {} if "dummy" in name else odd,
            }  # fmt: skip
            print(name, json.dumps(report["sets"][name]), flush=True)
    many = [sets["CRUXEval outputs"][at % 800] for at in range(asked.speed_checks)]
    with Pool(asked.tier) as pool:  # no sandbox of it is replaced within so few checks
        pool.check_all(many[: 8 * pool.size])
        before, started = processor_seconds(pool), time.monotonic()
        passed = sum(one.verdict == "pass" for one in pool.check_all(many))
        seconds = time.monotonic() - started
        report["speed"] = {
            "programs": "CRUXEval, warm pool", "checks": len(many), "passed": passed, "seconds": round(seconds, 1),
            "checks_a_minute": round(60 * len(many) / seconds), "load_average_before": os.getloadavg()[0],
            "cpu_ms_a_check": round(1000 * (processor_seconds(pool) - before) / len(many), 2),
        }  # fmt: skip
        print("speed", json.dumps(report["speed"]))
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
