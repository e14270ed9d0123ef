"""Texts to unit vectors with a sentence-transformers model: sorted by length, in batches of a token budget.

A text's batch is padded to a length that depends on that text alone and computed by one thread, so its vector does not
depend on what else is embedded. Weights come from safetensors only, and no code of a model is run unless
`trust_remote_code` says so. Not covered: what a text says after the model's last token (it is counted), and models
that are no transformer with a fast tokenizer (they are refused).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.backend import Runner, runner
from curate.model_folder import Backend, Precision, Trust, load, resolved
from curate.vectors import Embedded

F32 = npt.NDArray[np.float32]
Tell = Callable[[int, int], None]
"""Called with (texts done, texts in all)."""

LEAST_TOKENS = 64
"""A batch has at least so many tokens: products of very few rows go another way and round differently."""


@dataclass(frozen=True)
class Batch:
    """Texts of one padded length."""

    rows: list[int]
    ids: npt.NDArray[np.int64]
    mask: npt.NDArray[np.int64]


class Encoder:
    """One loaded model."""

    def __init__(
        self,
        folder: Path,
        backend: Backend = "torch",
        precision: Precision = "auto",
        max_tokens: int | None = None,
        batch_tokens: int = 1024,
        trust_remote_code: bool = False,
    ) -> None:
        self.precision = resolved(precision, backend)
        self._model: Any = load(folder, backend, Trust(trust_remote_code), self.precision)
        self._run: Runner = runner(self._model, backend, self.precision)
        own = self._model.max_seq_length
        self.max_tokens = min(own or max_tokens or 512, max_tokens or own or 512)
        self._budget = batch_tokens
        self._prefix = str(self._model.prompts.get(self._model.default_prompt_name or "", ""))

    def encode(self, texts: Sequence[str], tell: Tell | None = None) -> Embedded:
        """Unit vectors in the order of the texts, of which there is at least one."""
        ids, cut = self._tokens(texts)
        out = np.zeros((0, 0), np.float32)
        done = 0
        with self._run.ready(), ThreadPoolExecutor(self._run.threads, initializer=self._run.enter) as pool:
            for batch, part in pool.map(self._one, list(self._batches(ids))):
                out = out if out.size else np.zeros((len(texts), part.shape[1]), np.float32)
                out[batch.rows] = part
                done += len(batch.rows)
                if tell is not None:
                    tell(done, len(texts))
        return Embedded(out, cut)

    def _one(self, batch: Batch) -> tuple[Batch, F32]:
        vectors = self._run(batch.ids, batch.mask)[: len(batch.rows)].astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return batch, (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)

    def _tokens(self, texts: Sequence[str]) -> tuple[list[list[int]], npt.NDArray[np.bool_]]:
        tokenizer = self._model.tokenizer
        lower = bool(getattr(self._model[0], "do_lower_case", False))
        plain = [self._prefix + (text.lower() if lower else text).strip() for text in texts]
        # One token more than is read, to see which texts are cut; the end mark stays where the tokenizer puts it.
        whole = list(tokenizer(plain, truncation=True, max_length=self.max_tokens + 1)["input_ids"])
        cut = np.array([len(ids) > self.max_tokens for ids in whole])
        long = np.flatnonzero(cut).tolist()
        if long:
            again = tokenizer([plain[row] for row in long], truncation=True, max_length=self.max_tokens)["input_ids"]
            for row, ids in zip(long, again, strict=True):
                whole[row] = ids
        return whole, cut

    def _batches(self, ids: Sequence[Sequence[int]]) -> Iterator[Batch]:
        """Longest first, so that the last batches are small and no core waits long."""
        tokenizer = self._model.tokenizer
        pad, left = tokenizer.pad_token_id or 0, tokenizer.padding_side == "left"
        groups: dict[int, list[int]] = {}
        for row, tokens in enumerate(ids):
            groups.setdefault(min(padded(len(tokens)), self.max_tokens), []).append(row)
        for length in sorted(groups, reverse=True):
            size = max(1, self._budget // length)
            for first in range(0, len(groups[length]), size):
                rows = groups[length][first : first + size]
                height = max(len(rows), -(-LEAST_TOKENS // length))
                batch = Batch(rows, np.full((height, length), pad, np.int64), np.zeros((height, length), np.int64))
                batch.mask[len(rows) :, 0] = 1
                for place, row in enumerate(rows):
                    span = slice(length - len(ids[row]), length) if left else slice(0, len(ids[row]))
                    batch.ids[place, span], batch.mask[place, span] = ids[row], 1
                yield batch


def padded(tokens: int) -> int:
    """Up to 64 tokens to a multiple of four, above to a multiple of eight."""
    step = 4 if tokens <= 64 else 8
    return max(step, -(-tokens // step) * step)
