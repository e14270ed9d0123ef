"""A small Llama-family base model trained on the spot: tokenizer, chat template, language modelling.

It stands in for a real base model where none can be had: what it shows about data (a bucket helps, repeats
saturate, noise harms) is measured, but its level says nothing about a large model's level.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ablation.holdout import opening_hash
from ablation.mask import Encoder
from ablation.pack import Rows
from ablation.settings import TinyModel
from buckets import (
    Draft,
    IncompleteError,
    InputError,
    RowError,
    digest,
    digest_file,
    read_json,
    read_rows,
    sniff_format,
    write_json,
)

SPECIALS = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>"]
MARKS = ["<tool_call>", "</tool_call>", "<think>", "</think>"]
VERSION = "4"
"""Change it when the same settings would train another base."""
_MADE_FROM = "made_from.json"

# Tools are listed as name(param,param) in the system turn: a JSON Schema each would fill the context.
TEMPLATE = """\
{%- set ns = namespace(tools='') -%}
{%- for tool in tools or [] -%}
  {%- set f = tool.function if tool.function is defined else tool -%}
  {%- set given = ((f.parameters or {}).properties or {}) | list | join(',') -%}
  {%- set ns.tools = ns.tools ~ ' ' ~ f.name ~ '(' ~ given ~ ')' -%}
{%- endfor -%}
{%- if ns.tools and not (messages and messages[0].role == 'system') -%}
  {{- '<|system|>tools:' ~ ns.tools ~ '<|end|>' -}}
{%- endif -%}
{%- for m in messages -%}
  {{- '<|' ~ m.role ~ '|>' -}}
  {%- if m.reasoning_content -%}{{- '<think>' ~ m.reasoning_content ~ '</think>' -}}{%- endif -%}
  {{- m.content -}}
  {%- for call in m.tool_calls or [] -%}
    {{- '<tool_call>' ~ {'name': call.function.name, 'arguments': call.function.arguments}
        | tojson(separators=(',', ':')) ~ '</tool_call>' -}}
  {%- endfor -%}
  {%- if loop.first and ns.tools and m.role == 'system' -%}{{- ' tools:' ~ ns.tools -}}{%- endif -%}
  {{- '<|end|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}
"""


def parameters(model: TinyModel) -> int:
    """Weights of the model, embeddings tied: layers x (4 d^2 + 3 d f + 2 d) + d V + d."""
    d, f = model.hidden, _inner(model)
    return model.layers * (4 * d * d + 3 * d * f + 2 * d) + d * model.vocab + d


def build(model: TinyModel, corpus: Sequence[Path], folder: Path, withheld: Collection[int] = ()) -> Path:
    """The base in `folder`/<fingerprint>, trained unless it already stands there; whole or absent.

    `withheld` are the `opening_hash`es of eval items and held-out talks: what opens like one is no text for the base,
    which every arm starts from. Raises InputError for a corpus without usable rows.
    """
    files = [digest_file(path) for path in corpus]
    closed = [f"{key:016x}" for key in sorted(withheld)]
    name = digest([VERSION, model.model_dump_json(exclude={"corpus"}), *files, *closed])
    target = folder / f"tiny-{name[:16]}"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".tiny-", dir=folder))
    try:
        _train_base(model, corpus, aside, frozenset(withheld))
        aside.rename(target)
    except OSError as error:
        if not target.exists():  # another process may have finished the same base first
            raise IncompleteError(f"{target}: cannot write the base model ({error})") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def corpus_of(folder: Path) -> dict[str, int]:
    """What the base in `folder` was made from: conversations, and those withheld from it."""
    made: dict[str, int] = read_json(folder / _MADE_FROM)
    return made


def tokenizer_of(texts: Sequence[str], vocab: int, context: int) -> Any:
    """A byte-level BPE tokenizer of at most `vocab` tokens with the chat template."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab - len(MARKS),
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    raw.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in MARKS])
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        additional_special_tokens=SPECIALS[2:],
        chat_template=TEMPLATE,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def tiny_tokenizer(model: TinyModel, corpus: Sequence[Path]) -> Any:
    """The tokenizer of a tiny base before anything is withheld from its corpus: to look at masks without training."""
    talks = [talk for path in corpus for talk in _conversations(path)]
    return tokenizer_of(_texts(talks), model.vocab, model.context)


def _inner(model: TinyModel) -> int:
    """Width of the gated MLP: 8/3 of the model's, as multiples of 16."""
    return 16 * round(model.hidden * 8 / 3 / 16)


def _train_base(model: TinyModel, corpus: Sequence[Path], folder: Path, withheld: frozenset[int]) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    from ablation.train import fit

    found = [talk for path in corpus for talk in _conversations(path)]
    talks = [talk for talk in found if opening_hash(talk.messages) not in withheld]
    if found and not talks:
        raise InputError(
            f"all {len(found)} conversations of model.corpus open like an eval item or a held-out talk: name other "
            "files, or hold out less"
        )
    tokenizer = tokenizer_of(_texts(talks), model.vocab, model.context)
    rows, order = _language_rows(Encoder(tokenizer), talks, model)
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.set_num_threads(1)  # the same base on any number of cores
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=model.hidden,
            intermediate_size=_inner(model),
            num_hidden_layers=model.layers,
            num_attention_heads=model.heads,
            num_key_value_heads=model.heads,
            max_position_embeddings=model.context,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            initializer_range=model.hidden**-0.5 / 2,
        )
        network = LlamaForCausalLM(config)
        how = {"batch_tokens": 512, "micro_tokens": 8192, "learning_rate": model.learning_rate}
        done = fit(network, rows, order, how | {"warmup_fraction": 0.05, "decay_fraction": 0.2, "weight_decay": 0.01})
        torch.set_num_threads(threads)
    if not done.finite:
        raise InputError(f"the tiny base diverged at learning rate {model.learning_rate}; use a smaller one")
    write_json(folder / _MADE_FROM, {"conversations": len(talks), "withheld": len(found) - len(talks)})
    logging.disable_progress_bar()
    network.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


def _conversations(path: Path) -> Iterator[Draft]:
    """Conversations of one file in any known format; a row that cannot be read is passed over."""
    rows = [raw.value for raw in read_rows(path) if raw.value is not None]
    form, _ = sniff_format(rows, str(path))
    for row in rows:
        try:
            yield form.read(row)
        except RowError:
            continue  # the base needs text of the right kind, not every row of it


def _texts(talks: Sequence[Draft]) -> list[str]:
    texts = []
    for talk in talks:
        for m in talk.messages:
            texts += [part for part in (m.reasoning, m.content, m.tool_calls) if part]
    return texts


def _language_rows(encoder: Encoder, talks: Sequence[Draft], model: TinyModel) -> tuple[Rows, np.ndarray[Any, Any]]:
    """Whole conversations, assistant tokens in the loss, shuffled pass by pass up to `base_tokens`.

    Prompts are drawn at random, so that predicting them teaches little: with the loss on all tokens the same
    budget learned half as much of the copying that later training builds on.
    """
    encoded = []
    for talk in talks:
        try:
            row = encoder.encode(talk.messages, talk.tools)
        except RowError:
            continue  # the base needs text of the right kind, not every row of it
        if len(row.ids) <= model.context:
            encoded.append((row.ids, row.trained))
    if not encoded:
        raise InputError(f"the corpus holds no conversation that fits {model.context} tokens")
    rows = Rows.of(encoded)
    rng = np.random.default_rng(0)
    passes = -(-model.base_tokens // len(rows.tokens))
    order = np.concatenate([rng.permutation(len(rows)) for _ in range(passes)])
    enough = int(np.searchsorted(np.cumsum(rows.lengths[order]), model.base_tokens)) + 1
    return rows, order[:enough].astype(np.int64)
