"""The dataset card: a README.md that the Hugging Face hub and people can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from buckets import read_json


def card(
    name: str, formats: Sequence[str], recipe: dict[str, Any], summary: Sequence[dict[str, Any]], out: Path
) -> str:
    """YAML front matter (configs, licences, size) and tables of buckets, sources and what fell."""
    rows = sum(line["rows"] for line in summary)
    front = {
        "pretty_name": name,
        "license": _licence(summary),
        "size_categories": [_size(rows)],
        "task_categories": ["text-generation"],
        "tags": ["sft", "sft-curate"],
        "configs": _configs(name, formats),
    }
    return "\n".join(
        [
            "---",
            yaml.safe_dump(front, sort_keys=True).strip(),
            "---",
            "",
            f"# {name}",
            "",
            f"{rows:,} rows for supervised fine-tuning, made with sft-curate from the recipe in `recipe.yaml`.",
            "",
            "## Rows by bucket and source",
            "",
            *_table(("bucket", "source", "licence", "rows", "tokens"), [_cells(line) for line in summary]),
            "",
            "## What was taken out",
            "",
            *_table(("stage", "rule", "rows"), _fallen(out)),
            "",
            *_mixture(out),
            "Tokens are the toolkit's local estimate. Tool lists and call arguments are JSON strings in parquet.",
            f"Files: {', '.join(sorted(formats))}; SHA256SUMS lists every file. Sources: "
            + ", ".join(source["name"] for source in recipe["read"]["sources"])
            + ".",
            "",
        ]
    )


_STATUS = {
    "proposal": "a proposal: it has not been trained beside the proportional and uniform mixtures",
    "confirmed": "confirmed: trained afresh, it was better than every baseline",
    "not shown better": "not shown better than the baselines, although it was trained beside them",
    "worse": "worse than a baseline that was trained beside it: do not use it",
}


def _mixture(out: Path) -> list[str]:
    """What may be said of the mixture in mixture.json; nothing where there is none."""
    if not (out / "mixture.json").exists():
        return []
    lines = [
        "## Mixture",
        "",
        f"The mixture in `mixture.json` is {_STATUS[read_json(out / 'mixture.json')['status']]}.",
    ]
    if (out / "confirmation.json").exists():
        lines.append(read_json(out / "confirmation.json")["headline"])
    return [*lines, ""]


def _licence(summary: Sequence[dict[str, Any]]) -> str:
    found = {line["licence"] for line in summary}
    return str(found.pop()).lower() if len(found) == 1 and None not in found else "other"


def _size(rows: int) -> str:
    for limit, word in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")):
        if rows < limit:
            return word
    return "1M<n<10M" if rows < 10_000_000 else "n>10M"


def _configs(name: str, formats: Sequence[str]) -> list[dict[str, Any]]:
    """One config a file: the default is what trainers read; parquet, where calls are JSON strings, is `canonical`."""
    files = {
        "messages": ("messages", f"data/{name}.messages.jsonl"),
        "sharegpt": ("sharegpt", f"data/{name}.sharegpt.jsonl"),
        "parquet": ("canonical", f"data/{name}.parquet"),
    }
    found = [files[form] for form in files if form in formats]
    named = [("default", found[0][1]), *found[1:]]
    return [{"config_name": config, "data_files": path} for config, path in named]


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    named = (line["bucket"] or "unsure", line["source"], line["licence"] or "not stated")
    return (*map(_escape, named), f"{line['rows']:,}", f"{line['tokens']:,}")


def _fallen(out: Path) -> list[tuple[str, ...]]:
    ledger = pl.read_parquet(out / "ledger.parquet", columns=["stage", "rule"])
    counts = Counter(ledger.iter_rows())
    return [(stage, rule, f"{count:,}") for (stage, rule), count in sorted(counts.items())]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
