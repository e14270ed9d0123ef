"""What decontamination finds and what it drops wrongly: `python -m benchmarks.contamination --data DIR --json`.

DIR holds public data sets, one folder each (gsm8k, math_eval, humaneval, ...). Measured are the card of eight eval
sets, the leak that is known in a MATH training file, what falls in training sets that hold no item on purpose (every
dropped row is printed, to be read), and the rows a second of the stage.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from buckets import Draft, EvalSet, Message, Problem, cores, frame_of, read_evals, row_of, write_json
from curate.contamination import EvalIndex, hits
from curate.contamination.card import card, code_alone_line
from curate.inputs import input_files
from curate.read import chunks, read_chunk
from curate.source import Source

SETS = (
    EvalSet(name="gsm8k", files=("gsm8k/test.jsonl.gz",), reader="gsm8k"),
    EvalSet(name="math500", files=("math_eval/math500_test.jsonl",), reader="math"),
    EvalSet(name="humaneval", files=("humaneval/HumanEval.jsonl.gz",), reader="humaneval"),
    EvalSet(name="mbpp", files=("mbpp/mbpp.jsonl",), reader="mbpp"),
    EvalSet(name="ifeval", files=("ifeval/input_data.jsonl",), reader="ifeval"),
    EvalSet(name="bfcl", files=("bfcl_v4/BFCL_v4_*.json", "bfcl_v4/possible_answer.tar.gz"), reader="bfcl"),
    EvalSet(name="mmlu", files=("mmlu/mmlu.zip",), reader="mmlu", members="*/test/*.csv"),
    EvalSet(name="xstest", files=("xstest/xstest_prompts.csv",), reader="xstest"),
)
MATH = EvalSet(name="math", files=("math_eval/math_test.jsonl.gz",), reader="math")
CLEAN = {
    "alpaca": "stanford_alpaca/alpaca_data.json.gz",
    "gsm8k train": "gsm8k/train.jsonl.gz",
    "codealpaca": "codealpaca/*.json.gz",
    "toolformer": "gpteacher/toolformer-dedupe-only-dataset.json.gz",
    "glaive": "llamafactory_demo/glaive_toolcall_en_demo.json",
    "hh-rlhf": "hh_rlhf/harmless-base_test.jsonl.gz",
    "dsl-debug": "dsl_debug_parquet/sft_train.parquet",
}
RUN = 13


def math_leak(data: Path, mmlu: Sequence[Problem]) -> dict[str, Any]:
    """Items of MMLU and MATH test in the MATH training file, by class; and what a 13-word rule would say."""
    math = read_evals((MATH,), data)
    train = pl.read_parquet(data / "math_train_parquet/math_train.parquet")
    asked = [row[0]["content"] for row in train["prompt"].to_list()]
    worked = train["extra_info"].struct.field("answer").to_list()
    drafts = [Draft((Message("user", q), Message("assistant", a))) for q, a in zip(asked, worked, strict=True)]
    frame = frame_of(row_of(d, source="m", path="m", file="m", row=at, format="m") for at, d in enumerate(drafts))
    found = hits(frame, EvalIndex([*math, *mmlu]))
    best = best_class(found)
    flagged = thirteen(math, [f"{q}\n{a}" for q, a in zip(asked, worked, strict=True)])
    whole = whole_text(math, asked)
    of_flagged = {key: best.get(key, "no hit") for key in flagged}
    return {
        "rows": frame.height,
        "mmlu_items": tally(best, "mmlu:"),
        "math_items": tally(best, "math:"),
        "math_items_dropped_for": sorted(k for k, v in best.items() if k.startswith("math:") and v != "template-only"),
        "flagged_by_13_words": len(flagged),
        "flagged_by_class": {kind: list(of_flagged.values()).count(kind) for kind in sorted(set(of_flagged.values()))},
        "whole_prompt_in_a_row_word_for_word": {key: best.get(key, "no hit") for key in sorted(whole)},
    }


def best_class(found: pl.DataFrame) -> dict[str, str]:
    """Item -> the best class of its hits."""
    order = {"verbatim": 0, "near": 1, "template-only": 2}
    best: dict[str, str] = {}
    for item, kind in found.select("item", "class").iter_rows():
        if item not in best or order[kind] < order[best[item]]:
            best[item] = kind
    return best


def tally(best: dict[str, str], prefix: str) -> dict[str, int]:
    kinds = [kind for key, kind in best.items() if key.startswith(prefix)]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def thirteen(problems: Sequence[Problem], texts: Sequence[str]) -> list[str]:
    """Items that share any 13 words in a row with a text: the rule of the field."""
    runs = {run for text in texts for run in _runs(text)}
    return [p.key for p in problems if not runs.isdisjoint(_runs(p.turns[0]))]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def whole_text(problems: Sequence[Problem], texts: Sequence[str]) -> list[str]:
    """Items of 13 words and more all of whose words stand in a row in a text, signs not looked at (brute force)."""
    word = re.compile(r"[^\W_]+")
    plain = [f" {' '.join(word.findall(text.lower()))} " for text in texts]
    found = []
    for problem in problems:
        words = word.findall(problem.turns[0].lower())
        if len(words) >= RUN and any(f" {' '.join(words)} " in text for text in plain):
            found.append(problem.key)
    return found


def clean_sets(data: Path, index: EvalIndex) -> dict[str, Any]:
    """Dropped and reported rows of training sets, every dropped one shown."""
    prompts = {problem.key: problem.turns[0] for problem in index.problems}
    lines: dict[str, Any] = {}
    for name, pattern in CLEAN.items():
        files = input_files(Source(name="s", files=(pattern,)), data)
        parts = [read_chunk(chunk).kept for file in files for chunk in chunks(file, 20_000)]
        rows = sum(part.height for part in parts)
        started = time.perf_counter()
        found = pl.concat([hits(part, index) for part in parts])
        seconds = time.perf_counter() - started
        dropped = found.filter(pl.col("class") != "template-only")
        lines[name] = {
            "rows": rows,
            "seconds": round(seconds, 2),
            "rows_per_second": round(rows / seconds),
            "dropped_rows": dropped["id"].n_unique(),
            "dropped": [
                f"{row['class']} {row['item']} ({row['how']}): {prompts[row['item']][:100]!r} ~ {row['span'][:100]!r}"
                for row in dropped.iter_rows(named=True)
            ],
            "reported_rows": found.filter(pl.col("class") == "template-only")["id"].n_unique(),
        }
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--sample", type=int, default=None, help="at most so many items a set for the card")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="also write the JSON here")
    parser.add_argument("--json", action="store_true", help="print the JSON")
    options = parser.parse_args()
    problems = read_evals(SETS, options.data)
    started = time.perf_counter()
    index = EvalIndex(problems)
    built = time.perf_counter() - started
    found = {
        "command": shlex.join(["python", "-m", "benchmarks.contamination", *sys.argv[1:]]),
        "cores": cores(),
        "items": len(problems),
        "index_seconds": round(built, 2),
        "math_train": math_leak(options.data, [p for p in problems if p.set == "mmlu"]),
        "training_sets": clean_sets(options.data, index),
        "card": card(problems, index, options.seed, options.sample),
        "code_without_its_question": code_alone_line(problems, index, options.seed),
    }
    if options.out:
        write_json(options.out, found)
    text = json.dumps(found, indent=2, ensure_ascii=False)
    print(text if options.json else json.dumps(found["math_train"], indent=2))


if __name__ == "__main__":
    main()
