"""Token rows on disk and in batches; no token ever sees another document. Needs numpy only.

Padded batches are sorted by length and padded on the right: a causal model never looks to the right, so no
attention mask is needed. Rows of very different lengths are laid end to end instead (see `documents`) where
the model allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """Ragged token rows: row i is tokens[starts[i]:starts[i + 1]]; `trained` marks the tokens in the loss.

    `weights` says how much each trained token counts in the loss; None: all count 1.
    """

    tokens: Ints
    trained: Bools
    starts: Ints
    weights: Floats | None = None

    @classmethod
    def of(cls, rows: Iterable[tuple[Sequence[int], Sequence[float]]]) -> Rows:
        """From (ids, loss weights): a weight is 0 or False for a token out of the loss."""
        rows = list(rows)
        lengths = [len(ids) for ids, _ in rows]
        tokens = [token for ids, _ in rows for token in ids]
        counted = np.array([weight for _, weights in rows for weight in weights], np.float32)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        weighted = bool(((counted != 0) & (counted != 1)).any())
        return cls(np.array(tokens, np.int64), counted > 0, starts, counted if weighted else None)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints:
        return np.diff(self.starts)

    @property
    def trained_counts(self) -> Ints:
        """Trained tokens per row, whatever they weigh."""
        total = np.concatenate([[0], np.cumsum(self.trained, dtype=np.int64)])
        return np.asarray(total[self.starts[1:]] - total[self.starts[:-1]], np.int64)

    def row(self, index: int) -> tuple[Ints, Bools]:
        span = slice(int(self.starts[index]), int(self.starts[index + 1]))
        return self.tokens[span], self.trained[span]

    def scored_weights(self, indices: Ints) -> Floats | None:
        """Weights of the tokens that `Scorer.nll` scores, in its order; None: all 1. A first token is never scored."""
        if self.weights is None:
            return None
        spans = [slice(int(self.starts[i]) + 1, int(self.starts[i + 1])) for i in indices]
        return np.concatenate([self.weights[span][self.trained[span]] for span in spans])

    def take(self, indices: Ints) -> Rows:
        picked = [self.row(int(i)) for i in indices]
        if not picked:
            return Rows.of([])
        starts = np.concatenate([[0], np.cumsum([len(ids) for ids, _ in picked])]).astype(np.int64)
        weights = None
        if self.weights is not None:
            weights = np.concatenate([self.weights[self.starts[i] : self.starts[i + 1]] for i in indices])
        tokens, flags = (np.concatenate(column) for column in zip(*picked, strict=True))
        return Rows(tokens, flags, starts, weights)

    def and_then(self, more: Rows) -> Rows:
        """These rows, then those of `more`."""
        weights = None
        if self.weights is not None or more.weights is not None:
            both = [r.weights if r.weights is not None else r.trained.astype(np.float32) for r in (self, more)]
            weights = np.concatenate(both)
        return Rows(
            np.concatenate([self.tokens, more.tokens]),
            np.concatenate([self.trained, more.trained]),
            np.concatenate([self.starts, self.starts[-1] + more.starts[1:]]),
            weights,
        )

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Three arrays for an npz, in the smallest dtype that holds the tokens; a fourth where tokens are weighted."""
        small = np.uint16 if len(self.tokens) == 0 or self.tokens.max() < 2**16 else np.uint32
        found: dict[str, NDArray[Any]] = {
            f"{prefix}_tokens": self.tokens.astype(small),
            f"{prefix}_trained": self.trained,
            f"{prefix}_starts": self.starts,
        }
        return found if self.weights is None else found | {f"{prefix}_weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: Any, prefix: str) -> Rows:
        """The inverse of `arrays`, from an open npz."""
        tokens = arrays[f"{prefix}_tokens"].astype(np.int64)
        weights = arrays.get(f"{prefix}_weights")
        return cls(tokens, arrays[f"{prefix}_trained"], arrays[f"{prefix}_starts"], weights)


def steps(lengths: Ints, order: Ints, batch_tokens: int) -> list[Ints]:
    """Cut `order` (row numbers, repeats allowed) into optimizer steps of at most `batch_tokens` tokens.

    Steps keep the order, so each holds the full mixture; a row longer than `batch_tokens` is a step alone.
    """
    cut: list[Ints] = []
    begin, held = 0, 0
    for end, row in enumerate(order):
        length = int(lengths[row])
        if end > begin and held + length > batch_tokens:
            cut.append(order[begin:end])
            begin, held = end, 0
        held += length
    if begin < len(order):
        cut.append(order[begin:])
    return cut


def micro_batches(lengths: Ints, rows: Ints, micro_tokens: int, overhead: int = 120) -> list[Ints]:
    """Sort one step's rows by length and cut them so that padded area + `overhead` per cut is smallest.

    `overhead` is what one more forward pass costs, in tokens (measured: about 120 for a tiny model on a CPU).
    The padded area of a cut (rows x longest row) never exceeds `micro_tokens` unless a single row does.
    """
    ordered = rows[np.argsort(lengths[rows], kind="stable")]
    sizes = [int(n) for n in lengths[ordered]]
    best, cut_from = [0.0], [0]
    for end in range(1, len(sizes) + 1):
        least, begin_at = float("inf"), end - 1
        for begin in range(end - 1, -1, -1):
            area = (end - begin) * sizes[end - 1]
            if area > micro_tokens and begin < end - 1:
                break
            if best[begin] + area + overhead < least:
                least, begin_at = best[begin] + area + overhead, begin
        best.append(least)
        cut_from.append(begin_at)
    cuts, end = [], len(sizes)
    while end:
        cuts.append(ordered[cut_from[end] : end])
        end = cut_from[end]
    return cuts[::-1]


def pad(rows: Rows, indices: Ints) -> tuple[Ints, Bools]:
    """(ids, trained), both [len(indices), longest]; padding on the right is token 0, never trained."""
    width = int(rows.lengths[indices].max())
    ids = np.zeros((len(indices), width), np.int64)
    trained = np.zeros((len(indices), width), np.bool_)
    for line, index in enumerate(indices):
        tokens, flags = rows.row(int(index))
        ids[line, : len(tokens)] = tokens
        trained[line, : len(tokens)] = flags
    return ids, trained
