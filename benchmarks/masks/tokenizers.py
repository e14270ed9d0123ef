"""A tokenizer for a chat template, made on the spot: byte-level BPE of a little text and the template's control tokens.

It stands in for the family's own where no hub can be reached: token borders at control tokens and white space are those
of byte-level BPE, not of SentencePiece.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

SPECIAL = re.compile(
    r"<\|[A-Za-z_0-9]+\|>|<｜[^｜<>]+｜>|<(?:start|end)_of_(?:turn|image|utterance)>|<end_of_utterance>|\[/?INST\]"
)
MARK = re.compile(r"</?(?:think|tool_call|tool_response)>")
_TEXT = "the cat sat on the mat assistant user system weather in Paris is 21 degrees <b>bold</b>\n" * 20


def tokenizer_for(template: str, bos: str | None, eos: str, extra: Sequence[str] = ()) -> Any:
    """Fast, with `template` as its chat template; every control token that the template spells is special."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    specials = dict.fromkeys([t for t in (bos, eos) if t] + SPECIAL.findall(template) + list(extra))
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        [_TEXT], trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    )
    raw.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    marks = [mark for mark in dict.fromkeys(MARK.findall(template)) if mark not in specials]
    raw.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in marks])
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token=bos, eos_token=eos, chat_template=template, clean_up_tokenization_spaces=False
    )
