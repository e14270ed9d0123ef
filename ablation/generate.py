"""Batched sampling with a KV cache: k answers per prompt, the entropy of every step, stop at the end of turn.

Every (prompt, sample, step) has its own random number, drawn from the seed and the prompt's number alone:
batch sizes do not change the draw, and arms that share a seed share their luck, which narrows paired
differences. Needs torch and transformers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DynamicCache

Ints = NDArray[np.int64]
COMPACT = 0.8
"""Finished sequences leave the batch when fewer than this share is still running."""


@dataclass(frozen=True)
class Sampling:
    """`max_new_tokens` tokens at most per answer; `temperature` 0 is greedy; `batch` sequences at once."""

    k: int
    temperature: float
    max_new_tokens: int
    batch: int = 256


@dataclass(frozen=True)
class Answer:
    """One sample: its tokens without the stop token, whether it stopped by itself, nats per sampled token."""

    tokens: list[int]
    terminated: bool
    entropy: float
    length: int
    """Sampled tokens, the stop token included."""


@torch.inference_mode()
def sample(
    model: Any,
    prompts: Sequence[Ints],
    numbers: Sequence[int],
    stop: Sequence[int],
    context: int,
    how: Sampling,
    seed: int,
) -> list[list[Answer]]:
    """k answers to each prompt, in the order of the prompts.

    `numbers` name the prompts' random streams. The entropy is that of the whole softmax at the sampling
    temperature, before any truncation. No sequence grows beyond `context` tokens.
    """
    answers: list[list[Answer]] = [[] for _ in prompts]
    by_length = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    per_batch = max(1, how.batch // how.k)
    for begin in range(0, len(by_length), per_batch):
        group = by_length[begin : begin + per_batch]
        noise = np.stack([_noise(seed, numbers[i], how) for i in group])
        drawn = _Batch(model, [prompts[i] for i in group], stop, context, how, noise).run()
        for index, answer in zip(np.repeat(group, how.k), drawn, strict=True):
            answers[index].append(answer)
    return answers


def _noise(seed: int, number: int, how: Sampling) -> NDArray[np.float64]:
    """Uniform numbers [k, max_new_tokens] of one prompt."""
    return np.random.default_rng([seed, number]).random((how.k, how.max_new_tokens))


class _Batch:
    """One group of prompts, k sequences each, left-padded; rows leave when they are done."""

    def __init__(
        self,
        model: Any,
        prompts: Sequence[Ints],
        stop: Sequence[int],
        context: int,
        how: Sampling,
        noise: NDArray[np.float64],
    ) -> None:
        self.model, self.how = model, how
        device = model.device
        self.width = max(len(p) for p in prompts)
        padded = np.stack([np.pad(p, (self.width - len(p), 0)) for p in prompts])
        lengths = np.array([len(p) for p in prompts])
        real = np.arange(self.width)[None, :] >= (self.width - lengths)[:, None]
        self.ids = torch.from_numpy(padded).to(device)
        self.real = None if real.all() else torch.from_numpy(real.astype(np.int64)).to(device)
        self.lengths = torch.from_numpy(lengths).to(device)
        room = np.minimum(how.max_new_tokens, context - lengths).repeat(how.k)
        self.room = torch.from_numpy(room).to(device)
        self.noise = torch.from_numpy(noise.reshape(-1, how.max_new_tokens)).to(device)
        self.stop = torch.tensor(list(stop), device=device)
        size = len(prompts) * how.k
        self.tokens = torch.zeros((size, how.max_new_tokens), dtype=torch.int64, device=device)
        self.entropy = torch.zeros((size, how.max_new_tokens), device=device)
        self.counts = torch.zeros(size, dtype=torch.int64, device=device)
        self.ended = torch.zeros(size, dtype=torch.bool, device=device)

    def run(self) -> Iterator[Answer]:
        logits, cache = self._prefill()
        alive = torch.arange(len(self.tokens), device=logits.device)
        running = self.room > 0
        for step in range(int(self.room.max())):
            token = self._draw(alive, logits, step, running)
            running = running & ~torch.isin(token, self.stop) & (self.room[alive] > step + 1)
            if not running.any():
                break
            if float(running.float().mean()) < COMPACT:
                rows = torch.nonzero(running).flatten()
                alive, token, running = alive[rows], token[rows], running[rows]
                cache.batch_select_indices(rows)
                self.real = None if self.real is None else self.real[rows]
            logits = self._extend(alive, token, step, cache)
        return self._answers()

    def _prefill(self) -> tuple[torch.Tensor, DynamicCache]:
        cache = DynamicCache(config=self.model.config)
        inputs: dict[str, Any] = {"input_ids": self.ids}
        if self.real is not None:
            inputs |= {"attention_mask": self.real, "position_ids": (self.real.cumsum(1) - 1).clamp(min=0)}
        out = self.model(**inputs, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.batch_repeat_interleave(self.how.k)
        if self.real is not None:
            self.real = self.real.repeat_interleave(self.how.k, 0)
        self.lengths = self.lengths.repeat_interleave(self.how.k)
        return out.logits[:, -1].repeat_interleave(self.how.k, 0), cache

    def _draw(self, alive: torch.Tensor, logits: torch.Tensor, step: int, running: torch.Tensor) -> torch.Tensor:
        """Sample by inverting the cumulative distribution; record tokens and entropies of the running rows."""
        logits = logits.float()
        log_p = torch.log_softmax(logits / self.how.temperature if self.how.temperature else logits, -1)
        p = log_p.exp()
        if self.how.temperature:
            cumulative = p.double().cumsum(-1)
            target = self.noise[alive, step : step + 1] * cumulative[:, -1:]
            token = torch.searchsorted(cumulative, target, right=True).squeeze(1).clamp(max=p.shape[-1] - 1)
        else:
            token = logits.argmax(-1)
        rows = alive[running]
        self.tokens[rows, step] = token[running]
        self.entropy[rows, step] = -torch.xlogy(p, p).sum(-1)[running]
        self.counts[rows] = step + 1
        self.ended[rows] = torch.isin(token, self.stop)[running]
        return token

    def _extend(self, alive: torch.Tensor, token: torch.Tensor, step: int, cache: DynamicCache) -> torch.Tensor:
        inputs: dict[str, Any] = {"input_ids": token[:, None]}
        if self.real is not None:
            ones = torch.ones((len(alive), 1), dtype=self.real.dtype, device=self.real.device)
            self.real = torch.cat([self.real, ones], 1)
            inputs["attention_mask"] = self.real
        inputs["position_ids"] = (self.lengths[alive] + step)[:, None]
        out = self.model(**inputs, past_key_values=cache, use_cache=True)
        return torch.as_tensor(out.logits[:, -1])

    def _answers(self) -> Iterator[Answer]:
        tokens, counts, ended = self.tokens.tolist(), self.counts.tolist(), self.ended.tolist()
        means = (self.entropy.sum(1) / self.counts.clamp(min=1)).tolist()
        for row, (count, stopped) in enumerate(zip(counts, ended, strict=True)):
            yield Answer(tokens[row][: count - 1 if stopped else count], stopped, means[row], count)
