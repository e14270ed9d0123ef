"""Rows a second of all content rules and flags: `python -m benchmarks.rules --data DIR --rows 1000000 --out FILE.json`

Real rows (Alpaca, Alpaca and identity demos in English and Chinese, HH-RLHF, safety-tuned LLaMAs, MedicalGPT) are
repeated until there are enough. They go through in shards of 50,000, as a run does; building the frames is not
counted. Every rule and every flag is on. `--threads` sets the threads of polars, which must be said before polars
is loaded.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHARD = 50_000


def pairs(data: Path) -> list[tuple[str, str]]:
    """Prompt and answer of every row."""
    found: list[tuple[str, str]] = []
    for name in ("stanford_alpaca/alpaca_data.json.gz", "llamafactory_demo/alpaca_en_demo.json"):
        found += _alpaca(data / name)
    for name in ("llamafactory_demo/alpaca_zh_demo.json", "llamafactory_demo/identity.json"):
        found += _alpaca(data / name)
    found += _alpaca(data / "safety_tuned_llamas/safety_only_data_Instructions.json")
    for line in _text(data / "hh_rlhf/harmless-base_test.jsonl.gz").splitlines():
        head, _, reply = json.loads(line)["chosen"].rpartition("\n\nAssistant:")
        found.append((head, reply))
    for line in _text(data / "medicalgpt_zh/medical_sft_1K_format.jsonl").splitlines():
        turns = [turn["value"] for turn in json.loads(line)["conversations"]]
        found.append((turns[0], turns[-1]))
    return found


def _alpaca(path: Path) -> Iterator[tuple[str, str]]:
    for row in json.loads(_text(path)):
        yield "\n\n".join(part for part in (row["instruction"], row.get("input", "")) if part), row["output"]


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


def measure(data: Path, rows: int) -> dict[str, Any]:
    """Seconds and findings over `rows` rows."""
    import polars as pl

    from buckets import Draft, Message, frame_of, row_of
    from verifiers import check, flags

    texts = pairs(data)
    where = {"source": "bench", "path": "bench.jsonl", "file": "bench.jsonl", "format": "openai"}
    drafts = (Draft((Message("user", prompt), Message("assistant", answer))) for prompt, answer in texts)
    once = frame_of(row_of(draft, row=at, **where) for at, draft in enumerate(drafts))
    seconds, cpu, done = 0.0, 0.0, 0
    fell: dict[str, int] = {}
    noted: dict[str, int] = {}
    while done < rows:
        start = done % once.height
        shard = pl.concat([once.slice(start), once.slice(0, start)]).head(min(SHARD, rows - done))
        begin, spent = time.perf_counter(), time.process_time()
        falls = check(shard, names=["rules"]).falls
        kept = shard.filter(~pl.col("id").is_in(falls["id"].implode()))
        found = flags(kept)
        seconds, cpu = seconds + time.perf_counter() - begin, cpu + time.process_time() - spent
        done += shard.height
        for counts, frame in ((fell, falls), (noted, found)):
            for rule, count in frame["rule"].value_counts().iter_rows():
                counts[rule] = counts.get(rule, 0) + count
    return {
        "rows": done,
        "distinct_rows": once.height,
        "characters_a_row": round(sum(len(p) + len(a) for p, a in texts) / len(texts)),
        "seconds": round(seconds, 2),
        "rows_a_second": round(done / seconds),
        "processor_seconds": round(cpu, 2),
        "rows_a_processor_second": round(done / cpu),
        "threads": pl.thread_pool_size(),
        "fell": dict(sorted(fell.items())),
        "flagged": dict(sorted(noted.items())),
        "load_of_the_machine_at_the_end": [round(load, 1) for load in os.getloadavg()],
        "versions": {"python": platform.python_version(), "polars": pl.__version__},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Rows a second of the content rules")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    options = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = str(options.threads)
    from buckets import write_json

    said = ["--rows", str(options.rows), "--threads", str(options.threads)]
    out = ["--out", str(options.out)] if options.out else []
    result = {
        "command": shlex.join(["python", "-m", "benchmarks.rules", "--data", "DIR", *said, *out]),
        "date": time.strftime("%Y-%m-%d"),
        **measure(options.data, options.rows),
    }
    print(json.dumps(result, indent=1))
    if options.out:
        write_json(options.out, result)


if __name__ == "__main__":
    main()
