"""How often are equal answers rejected and different ones accepted? Rewrites and damages made from known values.

Each kind draws a value in Python (Fraction, integer polynomial, radical, interval ...), writes it in several ways, and
damages it; that a damage is a true difference is checked here by exact arithmetic or fifty digits of `decimal`,
never by the code under test. Also: the real golds of MATH-500, boxed against answer and damaged.

    python benchmarks/answers.py [--data FOLDER] [--each 90] [--seed 5] [--out benchmarks/results/answers.json]
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.rewrites.kinds import KINDS, pairs
from benchmarks.rewrites.real import damaged_golds
from verifiers.answers import judge_text


def boxed(text: str) -> str:
    return f"So the value follows. \\boxed{{{text}}}"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, help="folder with math500_test.jsonl")
    options.add_argument("--each", type=int, default=90)
    options.add_argument("--seed", type=int, default=5)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    table: dict[str, dict[str, int]] = {}
    faults: list[str] = []
    start = time.perf_counter()
    for kind in KINDS:
        row = table.setdefault(
            kind.__name__, {"rewrites": 0, "rejected": 0, "damaged": 0, "accepted": 0, "abstained": 0}
        )
        for equal, gold, other, question in pairs(kind, chosen.seed, chosen.each):
            verdict = judge_text(boxed(other), gold, question)
            right = (verdict.outcome == "pass") == equal
            row["rewrites" if equal else "damaged"] += 1
            row["abstained"] += verdict.outcome == "abstain"
            row["rejected" if equal else "accepted"] += not right
            if not right:
                faults.append(f"{kind.__name__}: {gold} | {other} | {verdict.outcome} {verdict.rule}")
    result: dict[str, object] = {"table": table}
    for name in ("rewrites", "rejected", "damaged", "accepted"):
        result[name] = sum(row[name] for row in table.values())
    if chosen.data:
        result["math500"] = _math500(chosen.data / "math500_test.jsonl", faults)
    result |= {"faults": faults, "seconds": round(time.perf_counter() - start, 1), "speed": speed()}
    result |= {
        "command": "python benchmarks/answers.py "
        + " ".join(a if "/" not in a else Path(a).name for a in sys.argv[1:]),
        "versions": {"python": platform.python_version()}
        | {n: version(n) for n in ("math-verify", "sympy", "latex2sympy2_extended")},
        "date": datetime.now(UTC).date().isoformat(),
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")
    print(text)


def _math500(path: Path, faults: list[str]) -> dict[str, int]:
    found = {"golds": 0, "boxed_passes": 0, "damaged": 0, "accepted": 0}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found["golds"] += 1
        found["boxed_passes"] += judge_text(row["solution"], row["answer"], row["problem"]).outcome == "pass"
        for other in damaged_golds(row["answer"]):
            found["damaged"] += 1
            verdict = judge_text(boxed(other), row["answer"], row["problem"])
            if verdict.outcome == "pass":
                found["accepted"] += 1
                faults.append(f"math500: {row['answer']} | {other}")
    return found


def speed(count: int = 20_000) -> dict[str, float]:
    """Distinct easy answers (numbers, money, fractions) a second on one core."""
    rng = random.Random(1)
    easy = [
        (f"It costs {n} in all.\n#### {n:,}", f"{n if n % 3 else -n}")
        for n in (rng.randrange(10**6) for _ in range(count))
    ]
    start = time.process_time()
    for reply, gold in easy:
        judge_text(reply, gold)
    return {"easy_checks_per_second_one_core": round(count / (time.process_time() - start))}


if __name__ == "__main__":
    main()
