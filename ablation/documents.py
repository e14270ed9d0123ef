"""Documents laid end to end as one row of tokens: linear layers see no padding, attention sees each alone.

Plain causal attention only (no window, no soft cap), so it is used for the model families named here; other
models train on padded batches (see `pack`). Measured on one CPU thread with rows of 10 to 130 tokens: 1.3
times the tokens per second of well-cut padded batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from ablation.pack import Bools, Ints, Rows, micro_batches

NAME = "documents"
FAMILIES = ("llama", "qwen2", "qwen3")
CALL = 40
"""What one attention call costs, in tokens: groups of similar length are cut accordingly."""


@dataclass(frozen=True)
class Layout:
    """Rows end to end: `ids`, `trained` and `positions` are [tokens].

    `groups` are index grids [rows, longest] into the tokens, rows of similar length together (a short row
    repeats its last token); `back` [tokens] finds each token in the concatenated grids.
    """

    ids: Ints
    trained: Bools
    positions: Ints
    groups: tuple[torch.Tensor, ...]
    back: torch.Tensor


def lay_out(rows: Rows, indices: Ints) -> Layout:
    """The rows in the order of `indices`, which should be sorted by length. A first token is never scored."""
    parts = [rows.row(int(i)) for i in indices]
    lengths = np.array([len(ids) for ids, _ in parts])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    positions = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    groups, back, held = [], np.empty(len(positions), np.int64), 0
    for members in micro_batches(lengths, np.arange(len(parts)), int(lengths.sum()) ** 2, CALL):
        column = np.arange(lengths[members].max())[None, :]
        own = lengths[members][:, None]
        groups.append(torch.from_numpy(starts[members][:, None] + np.minimum(column, own - 1)))
        inside = column < own
        back[groups[-1].numpy()[inside]] = held + np.flatnonzero(inside)
        held += inside.size
    ids = np.concatenate([ids for ids, _ in parts])
    trained = np.concatenate([flags for _, flags in parts]) & (positions > 0)
    return Layout(ids, trained, positions, tuple(groups), torch.from_numpy(back))


def attention(
    module: torch.nn.Module,  # noqa: ARG001 - transformers' signature
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,  # noqa: ARG001
    documents: Layout,
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention inside each document: [1, heads, tokens, width] in, [1, tokens, heads, width] out."""
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
    fewer = key.shape[1] != query.shape[1]
    grids = []
    for group in documents.groups:
        one, two, three = (x[group].transpose(1, 2) for x in (q, k, v))
        mixed = scaled_dot_product_attention(one, two, three, is_causal=True, scale=scaling, enable_gqa=fewer)
        grids.append(mixed.transpose(1, 2).flatten(0, 1))
    return torch.cat(grids)[documents.back][None], None


def no_mask(*_: Any, **__: Any) -> None:
    """The layout says who sees whom."""


def install() -> None:
    """Make the attention known to transformers under its name."""
    ALL_ATTENTION_FUNCTIONS.register(NAME, attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, no_mask)
