"""False-alarm rates of the content rules and flags: `python -m benchmarks.alarms.score --out FILE.json`

labels.jsonl holds, for a seeded draw of up to 200 hits a rule (all hits where there are fewer), the id of the row and
what one reader said of it from its text: `right`, `false`, `unclear` (left out of the rates), and for refusals `half`
(declines and answers) and `other_kind` (declines, but the request is of the other kind than the flag says). No text
is kept. The reader also wrote the rules and mended six of them after a first draw, so these are rates on known
rows: `truncated_answer`, `unseen_picture`, `unseen_link`, `little_effort`, `other_script` and `placeholder_answer`
were drawn again after the mending, from the same sets. Precision is over the labelled rows that are still hit.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shlex
import time
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.alarms.hits import LABELS, find, read_sets
from buckets import write_json
from verifiers import FLAG_NAMES, flags, wilson

SAID = ("right", "false", "half", "other_kind", "unclear")
DECLINES = ("right", "half", "other_kind")
NO_INPUT_KINDS = {
    "no input, noinput, n/a, none": r"(?i)\W*(?:no ?input|n/?a|none)\W*",
    "no input required, no input needed": r"(?i)\W*no ?input (?:required|needed)\W*",
}


def read_labels(path: Path = LABELS) -> pl.DataFrame:
    """rule, id, label."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return pl.DataFrame(lines, schema={"rule": pl.String, "id": pl.String, "label": pl.String})


def score(hits: pl.DataFrame, labels: pl.DataFrame) -> dict[str, Any]:
    """A line a rule: hits, labels of those that are still hit, labelled rows that are no longer hit, rates."""
    return {
        rule: _line(rule, rows, labels.filter(rule=rule))
        for (rule,), rows in sorted(hits.group_by("rule"), key=lambda group: str(group[0]))
    }


def _line(rule: object, rows: pl.DataFrame, labels: pl.DataFrame) -> dict[str, Any]:
    still = labels.join(rows, on="id", how="semi")
    said = Counter(still["label"].to_list())
    n = still.height - said["unclear"]
    found: dict[str, Any] = {
        "drops": rule not in FLAG_NAMES,
        "hits": rows.height,
        "sources": dict(sorted(rows["source"].value_counts().iter_rows())),
        "labels": {label: said[label] for label in SAID if said[label]},
        "labelled_but_no_longer_hit": labels.height - still.height,
        "precision": _share(said["right"], n),
        "false_alarms": _share(n - said["right"], n),
    }
    if said["half"] or said["other_kind"]:
        found["declines_at_all"] = _share(sum(said[label] for label in DECLINES), n)
        each = (
            still.join(rows.select("id", "source"), on="id").group_by("source", "label").len().sort("source", "label")
        )
        found["labels_by_source"] = {
            source: dict(part.select("label", "len").iter_rows())
            for (source,), part in each.group_by("source", maintain_order=True)
        }
    return found


def _share(right: int, n: int) -> dict[str, Any]:
    low, high = wilson(right, n)
    return {"of": n, "share": round(right / n, 4) if n else None, "interval": [round(low, 4), round(high, 4)]}


def placeholder_inputs(frame: pl.DataFrame) -> dict[str, int]:
    """All Alpaca rows of `placeholder_input` by what stands last in the prompt.

    By hand, 635 inputs that say nothing else were counted; two more end a longer input.
    """
    alpaca = frame.filter(source="alpaca")
    ids = flags(alpaca, skip=[name for name in FLAG_NAMES if name != "placeholder_input"])["id"]
    kinds: Counter[str] = Counter()
    for turns in alpaca.filter(pl.col("id").is_in(ids.implode()))["messages"]:
        tail = str(turns[0]["content"]).rpartition("\n\n")[2]
        kind = next((kind for kind, how in NO_INPUT_KINDS.items() if re.fullmatch(how, tail.strip())), None)
        kinds[kind or "at the end of a longer input"] += 1
    return dict(sorted(kinds.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description="False-alarm rates of content rules and flags")
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    options = parser.parse_args()
    frame = read_sets()
    hits = find(frame)
    out = ["--out", str(options.out)] if options.out else []
    result = {
        "command": shlex.join(["python", "-m", "benchmarks.alarms.score", *out]),
        "date": time.strftime("%Y-%m-%d"),
        "versions": {"python": platform.python_version(), "polars": pl.__version__},
        "rows": frame.height,
        "readers": 1,
        "rules": score(hits, read_labels()),
        "alpaca_placeholder_inputs": placeholder_inputs(frame),
    }
    print(json.dumps(result, indent=1))
    if options.out:
        write_json(options.out, result)


if __name__ == "__main__":
    main()
