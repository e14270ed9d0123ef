"""What TRL makes of samples: load_dataset, then SFTTrainer's own preparation. Runs in TRL's environment, alone.

python benchmarks/peers/trl_load.py FOLDER PLAN.json OUT.json

The chat template of the tokenizer in FOLDER/model prints each message as a line of JSON and there is one token a byte,
so the tokens of the prepared dataset, decoded, are the messages that a model would be trained on. Not covered: the
training itself, packing, truncation.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from datasets import load_dataset
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, SFTConfig, SFTTrainer, TrlParser, get_dataset


def prepared(folder: Path, entry: dict[str, Any]) -> list[str]:
    """The text of each row of the prepared dataset."""
    if "config" in entry:  # as `trl sft --config FILE` reads it
        parser = TrlParser((ScriptArguments, SFTConfig, ModelConfig, DatasetMixtureConfig))
        os.chdir((folder / entry["config"]).parent)
        asked = ["--config", str(folder / entry["config"]), "--output_dir", tempfile.mkdtemp(), "--use_cpu", "true"]
        script, args, _, mixture = parser.parse_args_and_config(args=asked)
        data = get_dataset(mixture)[script.dataset_train_split]
    else:
        args = SFTConfig(output_dir=tempfile.mkdtemp(), use_cpu=True)
        path = folder / entry["file"]
        given = {"path": str(path)} if path.is_dir() else {"path": "json", "data_files": str(path)}
        data = load_dataset(**given, split="train", cache_dir=tempfile.mkdtemp())
    args.max_length, args.report_to = None, []
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder / "model"), dtype=torch.float32)
    trainer = SFTTrainer(model=model, args=args, train_dataset=data, processing_class=tokenizer)
    return [tokenizer.decode(ids, clean_up_tokenization_spaces=False) for ids in trainer.train_dataset["input_ids"]]


def row(text: str, plain: bool) -> dict[str, Any]:
    """{"messages", "tools"} out of the lines of the echoing template, or {"text"}."""
    if plain:
        return {"text": text.removesuffix("<|end|>")}
    lines = [json.loads(line) for line in text.split("\n") if line]
    tools = lines.pop(0)["tools"] if lines and "tools" in lines[0] else None
    turns = [{key: value for key, value in line.items() if value is not None} for line in lines]
    return {"messages": turns, "tools": tools}


def main() -> None:
    folder, plan, out = (Path(argument) for argument in sys.argv[1:4])
    found: dict[str, Any] = {}
    for entry in json.loads(plan.read_text(encoding="utf-8")):
        try:
            texts = prepared(folder, entry)
            found[entry["name"]] = {"rows": [row(text, entry.get("plain", False)) for text in texts]}
        except Exception as error:  # noqa: BLE001  # a peer that fails on a format is a result
            found[entry["name"]] = {"failed": f"{type(error).__name__}: {error}"[:600]}
    packages = ("trl", "transformers", "datasets", "tokenizers", "torch")
    told = {"versions": {name: version(name) for name in packages}, "loads": found}
    out.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
