"""A tokenizer of bytes that knows a template's control tokens, and small templates with a known fault each."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_HEAD = "{% for m in messages %}"
_TURN = "{{ '<|im_start|>' + m.role + '\n' + m.content }}"
_CALLS = "{% for c in m.tool_calls or [] %}{{ '<tool_call>' + (c.function | tojson) + '</tool_call>' }}{% endfor %}"
_TAIL = "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
_MARKED = "{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}"
TEMPLATES: dict[str, str] = {
    "chatml": _HEAD + _TURN + _CALLS + "{{ '<|im_end|>\n' }}" + _TAIL,
    "endless": _HEAD + _TURN + _CALLS + "{{ '\n' }}" + _TAIL,
    "no calls": _HEAD + _TURN + "{{ '<|im_end|>\n' }}" + _TAIL,
    "no system": "{% if messages[0].role == 'system' %}{{ raise_exception('No system turns') }}{% endif %}"
    + _HEAD + _TURN + "{{ '<|im_end|>\n' }}" + _TAIL,
    "end unmarked": _HEAD + "{{ '<|im_start|>' + m.role + '\n' }}" + _MARKED
    + "{{ m.content }}{% endif %}{{ '<|im_end|>\n' }}" + _TAIL,
    "all marked": _HEAD + "{% generation %}" + _TURN + "{{ '<|im_end|>\n' }}{% endgeneration %}" + _TAIL,
    "boilerplate": _HEAD + "{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' %}"
    "{{ 'As a large language model by Acme I say: ' }}{% endif %}{{ m.content + '<|im_end|>\n' }}" + _TAIL,
}  # fmt: skip
_SPECIAL = re.compile(
    r"<\|[\w/ ]+?\|>|<｜[^｜<>]+｜>|</?(?:start|end)_of_\w+>|<\|\w+>|<\w+\|>|\[/?INST\]|<[A-Z]+(?:_[A-Z]+)+>"
)


@lru_cache(maxsize=128)
def tokenizer_for(template: str) -> Any:
    """Every byte a token, every control token of the template one too: what it decodes is what it was given."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    specials = ["<bos>", "</s>", *sorted(set(_SPECIAL.findall(template)))]
    inner.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in specials])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<bos>", eos_token="</s>")
    tokenizer.chat_template = template
    return tokenizer


def trl_templates() -> list[Path]:
    """The chat templates that TRL's package ships, from an installed TRL or an unpacked wheel at $TRL_FOLDER."""
    spec = find_spec("trl")
    roots = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    if os.environ.get("TRL_FOLDER"):
        roots.append(Path(os.environ["TRL_FOLDER"]))
    return sorted(path for root in roots for path in (root / "chat_templates").glob("*.jinja"))
