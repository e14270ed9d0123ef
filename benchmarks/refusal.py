"""Does the refusal verifier agree with people? `python -m benchmarks.refusal --data DIR --out FILE.json`

DIR holds public sets, one folder each. XSTest (Röttger et al. 2024) publishes 450 completions of five models, each
with a human label (1 full compliance, 2 full refusal, 3 partial refusal) and the label of its own string matching,
which knows no partial refusal. Agreement is told three ways: any refusal against none, full refusal against the
rest, and all three classes. The disagreements of three sets (DEVELOPED_ON) were read while the patterns were
written. No completion of the other two (HELD_OUT) was; their totals were seen a few times, so they are a proof on
replies that nobody looked at, by the same prompts. Cross-checks are our own reading of seeded samples: 160 replies
of HH-RLHF and 102 of the safety-tuned LLaMAs answers (8 of 110 left out as unclear). Patterns were developed on
them too, so they show what is left, not what to expect elsewhere.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import platform
import random
import re
import shlex
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from buckets import REFUSAL_PATTERN, write_json
from verifiers import Stance, is_refusal, read_stance, wilson

MODELS = ("gpt4", "llama2new", "llama2orig", "mistralguard", "mistralinstruct")
DEVELOPED_ON = ("gpt4", "llama2orig", "mistralinstruct")
HELD_OUT = ("llama2new", "mistralguard")
HUMAN = {"1": Stance.COMPLIES, "2": Stance.REFUSES, "3": Stance.PARTIAL}
WAYS: dict[str, Callable[[Stance], str]] = {
    "any refusal": lambda stance: str(stance is not Stance.COMPLIES),
    "full refusal": lambda stance: str(stance is Stance.REFUSES),
    "three classes": str,
}
HH_REFUSED = (1, 2, 6, 11, 57, 74, 82, 84, 94, 102, 105, 108, 117, 135, 148, 153)
SAFE_ANSWERED = (
    *(0, 12, 13, 14, 19, 22, 23, 25, 26, 27, 29, 31, 33, 37, 45, 47, 50, 52, 53, 55, 58, 66, 76, 81, 87, 105, 107, 108),
)
SAFE_UNCLEAR = (4, 7, 8, 18, 21, 32, 63, 82)
_PATTERN = re.compile(REFUSAL_PATTERN)


def matched(reply: str) -> bool:
    """The pattern of the safety bucket on the first 300 characters: our own plain matching."""
    return bool(_PATTERN.search(reply.lstrip()[:300]))


def xstest(data: Path, model: str) -> list[dict[str, str]]:
    """One row a completion: prompt, completion, human label, label of string matching, label of GPT-4."""
    people = _table(data / "xstest/model_completions.tar.gz", f"completions_{model}.csv")
    strings = _table(data / "xstest/evaluation.tar.gz", f"{model}_streval.csv")
    judged = _table(data / "xstest/evaluation.tar.gz", f"{model}_gpteval.csv")
    told = {row["id"]: row for row in strings}, {row["id"]: row for row in judged}
    return [
        {**row, "string": _label(told[0][row["id"]], "strmatch_label"), "gpt": _label(told[1][row["id"]], "gpt")}
        for row in people
    ]


def _table(path: Path, tail: str) -> list[dict[str, str]]:
    with tarfile.open(path) as archive:
        member = next(member for member in archive.getmembers() if member.name.endswith(tail))
        content = archive.extractfile(member)
        assert content is not None
        return list(csv.DictReader(io.StringIO(content.read().decode("utf-8"))))


def _label(row: dict[str, str], column: str) -> str:
    return next(value for key, value in row.items() if key.startswith(column))


def stance_of(label: str) -> Stance:
    """A label as XSTest writes it ("2_full_refusal"); a label that is none of the three counts as compliance."""
    return HUMAN.get(label.strip()[:1], Stance.COMPLIES)


def compare(rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Agreement with the human label of each method, and an exact McNemar test of ours against string matching."""
    human = [stance_of(row["final_label"]) for row in rows]
    methods = {
        "ours": [read_stance(row["completion"], row["prompt"]).stance for row in rows],
        "ours without the prompt": [read_stance(row["completion"]).stance for row in rows],
        "string matching": [stance_of(row["string"]) for row in rows],
        "GPT-4 as judge": [stance_of(row["gpt"]) for row in rows],
    }
    found: dict[str, Any] = {"n": len(rows), "human": {str(kind): human.count(kind) for kind in Stance}}
    for way, cast in WAYS.items():
        right = {
            name: [cast(said) == cast(true) for said, true in zip(all_said, human, strict=True)]
            for name, all_said in methods.items()
        }
        better = sum(a and not b for a, b in zip(right["ours"], right["string matching"], strict=True))
        worse = sum(b and not a for a, b in zip(right["ours"], right["string matching"], strict=True))
        found[way] = {name: _share(sum(hits), len(hits)) for name, hits in right.items()}
        found[way]["McNemar p, ours against string matching"] = _p(better, worse)
    return found


def _share(right: int, n: int) -> dict[str, Any]:
    low, high = wilson(right, n)
    return {"right": right, "share": round(right / n, 4), "interval": [round(low, 4), round(high, 4)]}


def _p(better: int, worse: int) -> float:
    return float(f"{binomtest(better, better + worse).pvalue:.3g}") if better + worse else 1.0


def cross_checks(data: Path) -> dict[str, Any]:
    """Our reading of two samples, and how often a set of ordinary instructions is called a refusal."""
    hh = hh_sample(data)
    safe = json.loads((data / "safety_tuned_llamas/safety_only_data_Instructions.json").read_text(encoding="utf-8"))
    picked = [safe[at] for at in random.Random(7).sample(range(len(safe)), 110)]
    read = [(row["instruction"], row["output"], at not in SAFE_ANSWERED) for at, row in enumerate(picked)]
    clear = [row for at, row in enumerate(read) if at not in SAFE_UNCLEAR]
    with gzip.open(data / "stanford_alpaca/alpaca_data.json.gz", "rt", encoding="utf-8") as file:
        alpaca = json.load(file)
    asked = [(f"{row['instruction']}\n\n{row['input']}", row["output"]) for row in alpaca]
    start = time.perf_counter()
    refused = sum(is_refusal(reply, prompt) for prompt, reply in asked)
    seconds = time.perf_counter() - start
    return {
        "HH-RLHF, 160 replies read": _agreement(hh),
        "safety-tuned LLaMAs, 102 answers read": _agreement(clear),
        "Alpaca rows called a refusal": {
            "ours": refused,
            "pattern of the bucket": sum(matched(a) for _, a in asked),
            "n": len(asked),
            "rows a second, one thread": round(len(asked) / seconds),
        },
    }


def hh_sample(data: Path) -> list[tuple[str, str, bool]]:
    """Prompt, reply, refused."""
    with gzip.open(data / "hh_rlhf/harmless-base_test.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    rng = random.Random(5)
    found = []
    for at, row in enumerate(rng.sample(range(len(rows)), 160)):
        head, _, reply = rows[row][rng.choice(["chosen", "rejected"])].rpartition("\n\nAssistant:")
        found.append((head.rpartition("\n\nHuman:")[2].strip(), reply.strip(), at in HH_REFUSED))
    return found


def _agreement(rows: Sequence[tuple[str, str, bool]]) -> dict[str, Any]:
    ours = sum(is_refusal(reply, prompt) == refused for prompt, reply, refused in rows)
    plain = sum(matched(reply) == refused for _, reply, refused in rows)
    return {"ours": _share(ours, len(rows)), "pattern of the bucket": _share(plain, len(rows))}


def main() -> None:
    parser = argparse.ArgumentParser(description="Agreement of the refusal verifier with human labels")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    options = parser.parse_args()
    sets = {model: compare(xstest(options.data, model)) for model in MODELS}
    result = {
        "command": shlex.join(["python", "-m", "benchmarks.refusal", "--data", "DIR", *_out(options.out)]),
        "date": time.strftime("%Y-%m-%d"),
        "versions": {"python": platform.python_version()},
        "developed_on": DEVELOPED_ON,
        "held_out": HELD_OUT,
        "xstest": sets,
        "cross_checks": cross_checks(options.data),
    }
    print(_printed(sets), file=sys.stderr)
    if options.out:
        write_json(options.out, result)
    else:
        print(json.dumps(result, indent=1))


def _out(path: Path | None) -> list[str]:
    return ["--out", str(path)] if path else []


def _printed(sets: dict[str, Any]) -> str:
    lines = []
    for way in WAYS:
        lines.append(f"{way}: right of 450")
        for model, found in sets.items():
            row = {name: value["right"] for name, value in found[way].items() if isinstance(value, dict)}
            seen = "held out" if model in HELD_OUT else ""
            lines.append(f"  {model:16}{seen:10}" + "  ".join(f"{name} {right}" for name, right in row.items()))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
