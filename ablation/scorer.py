"""NLL of trained tokens, for the loss and for teacher-forced evaluation alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from ablation.documents import FAMILIES, NAME, Layout, install, lay_out
from ablation.pack import Ints, Rows, micro_batches, pad, steps


class Scorer:
    """NLL of the trained tokens of rows; logits are made for those positions only, where that is safe."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.head = model.get_output_embeddings()
        self.short = self._short_cut_is_exact()
        plain = model.config.model_type in FAMILIES and not getattr(model.config, "use_sliding_window", False)
        self.end_to_end = self.short and plain and model.device.type == "cpu"

    @contextmanager
    def ready(self) -> Iterator[Scorer]:
        """The model attends within documents for as long as this lasts."""
        before = self.model.config._attn_implementation
        if self.end_to_end:
            install()
            self.model.set_attn_implementation(NAME)
        try:
            yield self
        finally:
            self.model.set_attn_implementation(before)

    def parts(self, lengths: Ints, rows: Ints, micro_tokens: int) -> list[Ints]:
        """Row numbers, sorted by length, in pieces that fit into one forward pass."""
        if not self.end_to_end:
            return micro_batches(lengths, rows, micro_tokens)
        return steps(lengths, rows[np.argsort(lengths[rows], kind="stable")], micro_tokens)

    def nll(self, rows: Rows, indices: Ints) -> torch.Tensor:
        """Nats of each trained token, row by row in the order of `indices`; a first token is never scored."""
        if self.end_to_end:
            return self._end_to_end(lay_out(rows, indices))
        ids, trained = pad(rows, indices)
        device = self.model.device
        tokens = torch.from_numpy(ids).to(device)
        marked = torch.from_numpy(trained[:, 1:]).to(device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            if self.short:
                hidden = self.model.base_model(input_ids=tokens, use_cache=False).last_hidden_state
                logits = self.head(hidden[:, :-1][marked])
            else:
                logits = self.model(input_ids=tokens, use_cache=False).logits[:, :-1][marked]
        return F.cross_entropy(logits.float(), tokens[:, 1:][marked], reduction="none")

    def _end_to_end(self, layout: Layout) -> torch.Tensor:
        tokens = torch.from_numpy(layout.ids)
        marked = torch.from_numpy(np.flatnonzero(layout.trained))
        hidden = self.model.base_model(
            input_ids=tokens[None],
            position_ids=torch.from_numpy(layout.positions)[None],
            use_cache=False,
            documents=layout,
        ).last_hidden_state
        return F.cross_entropy(self.head(hidden[0, marked - 1]), tokens[marked], reduction="none")

    @torch.no_grad()
    def _short_cut_is_exact(self) -> bool:
        """Some models scale or cap their logits after the head: then the whole forward pass is used."""
        if self.head is None or self.model.base_model is self.model:
            return False
        ids = torch.arange(1, 9, device=self.model.device)[None]
        hidden = self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        return bool(torch.equal(self.head(hidden), self.model(input_ids=ids, use_cache=False).logits))


@torch.inference_mode()
def row_nll(model: Any, rows: Rows, micro_tokens: int) -> list[float]:
    """Mean NLL per trained token of each row, in nats, teacher-forced."""
    model.eval()
    means = np.full(len(rows), np.nan)
    counts = rows.trained_counts - rows.trained[rows.starts[:-1]]  # a first token has no prediction
    by_length = np.argsort(rows.lengths, kind="stable")
    with Scorer(model).ready() as scorer:
        for part in steps(rows.lengths, by_length, micro_tokens):
            for micro in scorer.parts(rows.lengths, part, micro_tokens):
                nats = scorer.nll(rows, micro).double().cpu().numpy()
                owner = np.repeat(micro, counts[micro])
                means[micro] = (np.bincount(owner, nats, len(rows)) / np.maximum(counts, 1))[micro]
    return [float(m) for m in means]
