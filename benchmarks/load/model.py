"""A model folder for peers to load: one token a byte, and a chat template that prints each message as a line of JSON.

What a peer hands to the template can then be read back from its tokens, whole. Every key that a peer may leave in a
message is named in the template, since axolotl passes on only what the template uses.
"""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

_KEYS = ("role", "content", "reasoning_content", "tool_calls", "tool_call_id", "name")
TEMPLATE = (
    "{%- if tools %}{{ {'tools': tools} | tojson }}\n{% endif -%}"
    "{%- for message in messages -%}{{ {"
    + ", ".join(f"'{key}': message.{key} | default(none)" for key in _KEYS)
    + "} | tojson }}\n{% endfor -%}"
)
_END = "<|end|>"
_CONFIG = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "max_position_embeddings": 131072,
}


def write_model(folder: Path) -> None:
    """config.json, tokenizer.json, tokenizer_config.json; no weights."""
    folder.mkdir(parents=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({sign: number for number, sign in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([_END, "<|pad|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": _END,
        "pad_token": "<|pad|>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 131072,
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(told), encoding="utf-8")
    config = {**_CONFIG, "vocab_size": tokenizer.get_vocab_size()}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
