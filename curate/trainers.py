"""The exported files in the words of TRL, axolotl and LLaMA-Factory: configs that their own parsers read.

Paths are relative to the export folder, from where the commands in the first lines are run. NOT covered: the model,
its chat template and how to train; open-instruct; weights of a mixture (the export already holds its rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml


def write_configs(folder: Path, name: str, formats: Sequence[str], with_tools: bool) -> None:
    """`trl.yaml` and `axolotl.yaml` for the messages, `llamafactory.yaml` and `data/dataset_info.json` for ShareGPT.

    LLaMA-Factory's reader of OpenAI messages drops reasoning and the text beside calls, so it gets no config for them.
    `with_tools` says whether any row declares tools: it fails on a column that no row has.
    """
    messages = f"data/{name}.messages.jsonl"
    if "messages" in formats:
        trl = {"datasets": [{"path": "json", "data_files": messages, "split": "train"}]}
        _write(folder / "trl.yaml", "trl sft --config trl.yaml --model_name_or_path MODEL", trl)
        axolotl = {"datasets": [{"path": messages, "ds_type": "json", "type": "chat_template"}]}
        _write(folder / "axolotl.yaml", "add base_model and the rest; axolotl train axolotl.yaml", axolotl)
    if "sharegpt" in formats:
        tools = {"tools": "tools"} if with_tools else {}
        columns = {"messages": "conversations", **tools}
        info = {name: {"file_name": f"{name}.sharegpt.jsonl", "formatting": "sharegpt", "columns": columns}}
        (folder / "data" / "dataset_info.json").write_bytes(orjson.dumps(info, option=orjson.OPT_INDENT_2) + b"\n")
        how = "llamafactory-cli train llamafactory.yaml model_name_or_path=MODEL template=TEMPLATE output_dir=OUT"
        _write(folder / "llamafactory.yaml", how, {"stage": "sft", "dataset_dir": "data", "dataset": name})


def _write(path: Path, how: str, config: dict[str, Any]) -> None:
    path.write_text(f"# {how}\n{yaml.safe_dump(config, sort_keys=True)}", encoding="utf-8")
