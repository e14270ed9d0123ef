"""What axolotl makes of samples: its config parser and the loading of `axolotl preprocess`. Runs in its environment.

python benchmarks/peers/axolotl_load.py FOLDER PLAN.json OUT.json

The chat template of the tokenizer in FOLDER/model prints each message as a line of JSON and there is one token a byte,
so the tokens of the prepared dataset, decoded, are the messages that a model would be trained on. Prompts of the
Alpaca family are taken apart at their own headings. Not covered: the training itself, packing.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("AXOLOTL_DO_NOT_TRACK", "1")
os.environ.setdefault("AXOLOTL_IS_PREPROCESS", "1")

import yaml
from axolotl.cli.args import PreprocessCliArgs
from axolotl.cli.config import load_cfg
from axolotl.common.datasets import load_datasets
from axolotl.utils.dict import DictDefault
from transformers import AutoTokenizer

_HEADINGS = re.compile(r"(?:(?P<system>.*?)\n\n)?### Instruction:\n(?P<user>.*)\n\n### Response:\n", re.DOTALL)


def prepared(folder: Path, entry: dict[str, Any]) -> list[tuple[list[int], list[int]]]:
    """Tokens and labels of each row of the prepared dataset."""
    if "config" in entry:
        os.chdir((folder / entry["config"]).parent)
        config = yaml.safe_load((folder / entry["config"]).read_text(encoding="utf-8"))
    else:
        config = {"datasets": [{"path": str(folder / entry["file"]), **entry["dataset"]}]}
    config |= {
        "base_model": str(folder / "model"),
        "output_dir": tempfile.mkdtemp(),
        "dataset_prepared_path": tempfile.mkdtemp(),
        "sequence_len": 65536,
        "micro_batch_size": 1,
        "gradient_accumulation_steps": 1,
        "num_epochs": 1,
        "learning_rate": 1e-5,
        "optimizer": "adamw_torch",
        "lr_scheduler": "constant",
        "dataset_num_proc": 1,
        "bf16": False,
    }
    cfg = load_cfg(DictDefault(config))
    cfg.is_preprocess = True
    data = load_datasets(cfg=cfg, cli_args=PreprocessCliArgs()).train_dataset
    return [(list(item["input_ids"]), list(item["labels"])) for item in data]


def row(tokenizer: Any, ids: list[int], labels: list[int], entry: dict[str, Any]) -> dict[str, Any]:
    """{"messages", "tools"} of a row, or {"text"}."""
    text = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    if entry.get("plain"):
        return {"text": text.removesuffix("<|end|>").removesuffix("<|end|>")}
    if entry.get("headings"):
        asked = sum(label == -100 for label in labels)
        prompt = tokenizer.decode(ids[:asked], clean_up_tokenization_spaces=False)
        answer = tokenizer.decode(ids[asked:], clean_up_tokenization_spaces=False).removesuffix("<|end|>")
        match = _HEADINGS.fullmatch(prompt)
        if match is None:
            return {"text": text}
        first = [{"role": "system", "content": match["system"]}] if match["system"] is not None else []
        turns = [*first, {"role": "user", "content": match["user"]}, {"role": "assistant", "content": answer}]
        return {"messages": turns, "tools": None}
    lines = [json.loads(line) for line in text.split("\n") if line]
    tools = lines.pop(0)["tools"] if lines and "tools" in lines[0] else None
    turns = [{key: value for key, value in line.items() if value is not None} for line in lines]
    return {"messages": turns, "tools": tools}


def main() -> None:
    folder, plan, out = (Path(argument) for argument in sys.argv[1:4])
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    found: dict[str, Any] = {}
    for entry in json.loads(plan.read_text(encoding="utf-8")):
        try:
            rows = [row(tokenizer, ids, labels, entry) for ids, labels in prepared(folder, entry)]
            found[entry["name"]] = {"rows": rows}
        except Exception as error:  # noqa: BLE001  # a peer that fails on a format is a result
            found[entry["name"]] = {"failed": f"{type(error).__name__}: {error}"[:600]}
    packages = ("axolotl", "transformers", "datasets", "tokenizers", "torch")
    told = {"versions": {name: version(name) for name in packages}, "loads": found}
    out.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
