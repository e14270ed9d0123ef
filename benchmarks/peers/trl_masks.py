"""TRL's masks of given conversations: `python trl_masks.py FOLDER`, alone in an environment that has TRL.

FOLDER holds one tokenizer folder a family and talks.jsonl ({"family", "id", "chat", "tools"}). Prints one JSON line for
each: ids and mask of `apply_chat_template(return_assistant_tokens_mask=True)` under the template that
`get_training_chat_template` gives, or the error. `--templates NAME...` prints stock and training template of each name.
"""

import json
import sys
from pathlib import Path
from typing import Any

import jinja2
import transformers
import trl
from transformers import AutoTokenizer
from trl.chat_template_utils import get_training_chat_template


def templates(names: list[str]) -> None:
    place = Path(trl.__file__).parent / "chat_templates"
    told = {"trl": trl.__version__, "transformers": transformers.__version__}
    for name in names:
        told[name] = (place / f"{name}.jinja").read_text(encoding="utf-8")
    print(json.dumps(told))


def masks(folder: Path) -> None:
    loaded: dict[str, Any] = {}
    for line in (folder / "talks.jsonl").open(encoding="utf-8"):
        talk = json.loads(line)
        family = talk["family"]
        if family not in loaded:
            tokenizer = AutoTokenizer.from_pretrained(folder / family)
            loaded[family] = tokenizer, get_training_chat_template(tokenizer) or tokenizer.chat_template
        tokenizer, template = loaded[family]
        try:
            found = tokenizer.apply_chat_template(
                talk["chat"],
                tools=talk["tools"],
                chat_template=template,
                tokenize=True,
                return_dict=True,
                return_assistant_tokens_mask=True,
            )
            told = {"ids": found["input_ids"], "mask": found["assistant_masks"]}
        except (jinja2.TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
            told = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps({"family": family, "id": talk["id"], **told}))


if __name__ == "__main__":
    if sys.argv[1] == "--templates":
        templates(sys.argv[2:])
    else:
        masks(Path(sys.argv[1]))
