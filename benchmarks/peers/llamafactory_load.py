"""What LLaMA-Factory makes of samples: its argument parser, its loader and converters, its template. Runs alone.

python benchmarks/peers/llamafactory_load.py FOLDER PLAN.json OUT.json

FOLDER/dataset_info.json declares the files. Rows are taken from the aligned dataset (what `align_dataset` leaves), the
calls in them as the formatter of the `qwen` template writes them and reads them again; then the aligned dataset goes
through the SFT preprocessing, and a row that it drops, or that its converter emptied, is skipped. Not covered: the
training itself, other templates.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from llamafactory.data.data_utils import Role
from llamafactory.data.loader import _get_merged_dataset, _get_preprocessed_dataset
from llamafactory.data.template import get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from transformers import AutoTokenizer


def loaded(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """Rows as {"messages", "tools"} or {"text"}; `trained` is how many the preprocessing leaves."""
    asked: dict[str, Any] = {"dataset": entry["name"], "dataset_dir": str(folder), "template": "qwen", "stage": "sft"}
    if "config" in entry:
        asked |= yaml.safe_load((folder / entry["config"]).read_text(encoding="utf-8"))
        asked["dataset_dir"] = str((folder / entry["config"]).parent / asked["dataset_dir"])
    if entry.get("plain"):
        asked["stage"] = "pt"
    asked |= {
        "model_name_or_path": str(folder / "model"),
        "output_dir": tempfile.mkdtemp(),
        "do_train": True,
        "finetuning_type": "full",
        "cutoff_len": 65536,
        "overwrite_cache": True,
        "packing": False,
        "report_to": "none",
        "use_cpu": True,
        "cache_dir": tempfile.mkdtemp(),
    }
    model_args, data_args, training_args, finetuning_args, _ = get_train_args(asked)
    stage = finetuning_args.stage
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    template = get_template_and_fix_tokenizer(tokenizer, data_args)
    aligned = _get_merged_dataset(data_args.dataset, model_args, data_args, training_args, stage)
    rows = [row(item, template, entry.get("plain", False)) for item in aligned]
    made = _get_preprocessed_dataset(aligned, data_args, training_args, stage, template, tokenizer)
    return {"rows": rows, "trained": len(made)}


def row(item: dict[str, Any], template: Any, plain: bool) -> dict[str, Any]:
    """One aligned row; no messages where the converter skipped it."""
    turns = [*item["_prompt"], *item["_response"]]
    if plain:
        return {"text": turns[0]["content"]}
    if not turns:
        return {"messages": [], "tools": None}
    messages = [{"role": "system", "content": item["_system"]}] if item["_system"] else []
    messages += [turn_of(turn, template) for turn in turns]
    return {"messages": messages, "tools": json.loads(item["_tools"]) if item["_tools"] else None}


def turn_of(turn: dict[str, str], template: Any) -> dict[str, Any]:
    """An aligned turn as a chat message; a function turn by way of the template's formatter."""
    if turn["role"] == Role.OBSERVATION.value:
        return {"role": "tool", "content": turn["content"]}
    if turn["role"] != Role.FUNCTION.value:
        return {"role": turn["role"], "content": turn["content"]}
    words = {"thought_words": template.thought_words, "tool_call_words": template.tool_call_words}
    text = template.format_function.apply(content=turn["content"], **words)[0].removesuffix("<|im_end|>\n")
    calls = template.format_tools.extract(text)
    if isinstance(calls, str):
        return {"role": "assistant", "content": text}
    made = [{"type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls]
    return {"role": "assistant", "content": text.split("<tool_call>")[0].removesuffix("\n"), "tool_calls": made}


def main() -> None:
    folder, plan, out = (Path(argument) for argument in sys.argv[1:4])
    found: dict[str, Any] = {}
    for entry in json.loads(plan.read_text(encoding="utf-8")):
        try:
            found[entry["name"]] = loaded(folder, entry)
        except Exception as error:  # noqa: BLE001  # a peer that fails on a format is a result
            found[entry["name"]] = {"failed": f"{type(error).__name__}: {error}"[:600]}
    packages = ("llamafactory", "transformers", "datasets", "tokenizers", "torch")
    told = {"versions": {name: version(name) for name in packages}, "loads": found}
    out.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
