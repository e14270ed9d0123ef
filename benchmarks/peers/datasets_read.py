"""Hugging Face datasets: load_dataset("json"), map to messages, save to disk. Runs in the peers' environment.

Choices in its favour: batched map with as many processes as there are workers, tools as they are.
"""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from datasets import load_dataset


def alpaca(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Instruction and input joined by a blank line, as ours does."""
    rows = zip(batch["instruction"], batch["input"], batch["output"], strict=True)
    return {
        "messages": [
            [
                {"role": "user", "content": f"{instruction}\n\n{context}" if context.strip() else instruction},
                {"role": "assistant", "content": output},
            ]
            for instruction, context, output in rows
        ]
    }


def tools(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The messages stand already; a null content becomes empty text."""
    return {"messages": [[{**turn, "content": turn["content"] or ""} for turn in row] for row in batch["messages"]]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=("alpaca", "tools"), required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        rows = load_dataset("json", data_files=given.input, split="train", cache_dir=cache)
        change, drop = (alpaca, rows.column_names) if given.shape == "alpaca" else (tools, None)
        rows.map(change, batched=True, num_proc=given.workers, remove_columns=drop).save_to_disk(given.out)


if __name__ == "__main__":
    main()
