"""Near-duplicate pairs: retrieved by MinHash bands, verified by exact Jaccard and by what differs, greedily.

Only rows that can be the same exchange meet: those with one prompt (banded by their answers), those with one answer
(banded by their prompts), and long prompts (banded by both sides together). A refusal that ten thousand questions share
makes no pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.agree import LONG_PROMPT, SHORT_ANSWER, TELLING_ANSWER, Exchange, same_exchange
from curate.minhash import U32, U64, banding, candidates, jaccard, shingles

Pairs = npt.NDArray[np.int64]
Chosen = npt.NDArray[np.bool_]
Sides = Callable[[Sequence[str]], pl.DataFrame]
"""id, prompt, answer, refuses of some rows, in any order."""

BOILERPLATE = 16
"""An answer that more prompts than this share tells nothing about them."""


@dataclass(frozen=True)
class Twin:
    """A verified near-duplicate pair: `row` falls, `witness` stays."""

    row: str
    witness: str
    jaccard: float

    def fall(self) -> dict[str, Any]:
        return {
            "id": self.row,
            "stage": "dedup",
            "rule": "near_duplicate",
            "reason": "almost the same question and answer as a row that is kept",
            "evidence": f"jaccard {self.jaccard:.3f}",
            "witness": self.witness,
        }


def near_twins(
    rows: pl.DataFrame, sides: Sides, threshold: float, width: int
) -> tuple[dict[str, Twin], dict[str, float | int]]:
    """Falling id -> its twin, and facts for the report. `rows` are best first and hold no exact duplicates."""
    prompts, answers = rows["prompt_signature"].to_numpy(), rows["answer_signature"].to_numpy()
    bands, per_band, recall = banding(threshold, prompts.shape[1])
    retrieved, skipped = _retrieved(rows, prompts, answers, bands, per_band)
    likely = _estimate(prompts, answers, retrieved) >= threshold - 4 * (0.25 / prompts.shape[1]) ** 0.5
    pairs = retrieved[likely]
    found = _greedy(pairs, rows["id"], sides, threshold, width)
    notes: dict[str, float | int] = {
        "threshold": threshold,
        "bands": bands,
        "rows_per_band": per_band,
        "retrieval_recall_at_threshold": recall,
        "pairs_retrieved": len(retrieved),
        "pairs_verified": len(pairs),
        "pairs_skipped_in_crowded_bands": skipped,
    }
    return found, notes


def _retrieved(rows: pl.DataFrame, prompts: U32, answers: U32, bands: int, per_band: int) -> tuple[Pairs, int]:
    """Pairs of the three kinds, each once, and how many were skipped in crowds."""
    same_prompt = rows.select(pl.struct("prompt_key", "tools_key").rank("dense")).to_series()
    same_answer = rows.select(pl.struct("answer_key", "tools_key").rank("dense")).to_series()
    same_tools = rows["tools_key"].rank("dense")
    long = rows["prompt_words"].to_numpy() >= LONG_PROMPT
    wordy = rows["answer_words"].to_numpy() >= SHORT_ANSWER
    sharing = rows.select(pl.len().over("answer_key")).to_series().to_numpy()
    telling = (rows["answer_words"].to_numpy() >= TELLING_ANSWER) & (sharing <= BOILERPLATE)
    found = [
        _banded(answers, _shared(same_prompt) & wordy, bands, per_band, same_prompt),
        _banded(np.minimum(prompts, answers), _shared(same_answer) & (telling | long), bands, per_band, same_answer),
        _banded(np.minimum(prompts, answers), long & wordy, bands, per_band, same_tools),
    ]
    return np.unique(np.concatenate([pairs for pairs, _ in found]), axis=0), sum(skipped for _, skipped in found)


def _shared(block: pl.Series) -> Chosen:
    shared: Chosen = block.is_duplicated().to_numpy()
    return shared


def _banded(matrix: U32, chosen: Chosen, bands: int, per_band: int, block: pl.Series) -> tuple[Pairs, int]:
    """Pairs of chosen rows of one block that share a band."""
    places = np.flatnonzero(chosen)
    pairs, skipped = candidates(matrix[places], bands, per_band, block.to_numpy().astype(np.uint32)[places])
    return places[pairs], skipped


def _estimate(prompts: U32, answers: U32, pairs: Pairs) -> npt.NDArray[np.float64]:
    """MinHash estimate of each pair's Jaccard over both sides: a union's signature is the minimum of the two."""
    out = np.empty(len(pairs))
    for start in range(0, len(pairs), 65_536):
        left, right = pairs[start : start + 65_536].T
        talks = (np.minimum(prompts[rows], answers[rows]) for rows in (left, right))
        out[start : start + len(left)] = np.equal(*talks).mean(axis=1)
    return out


def _greedy(pairs: Pairs, ids: pl.Series, sides: Sides, threshold: float, width: int) -> dict[str, Twin]:
    """In order of preference a row falls to the most similar of its twins that is itself kept."""
    if not len(pairs):
        return {}
    needed = np.unique(pairs)
    names = ids.gather(needed)
    texts = pl.DataFrame({"id": names}).join(sides(names.to_list()), on="id", how="left", maintain_order="left")
    talks = list(_talks(texts, width))
    exchanges = list(_exchanges(texts))
    fallen: dict[int, tuple[int, float]] = {}
    places = np.searchsorted(needed, pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))])
    for left, right in places.tolist():  # by falling row, so the fate of each possible witness is known
        if left in fallen:
            continue
        similarity = jaccard(talks[left], talks[right])
        better = similarity >= threshold and similarity > fallen.get(right, (0, 0.0))[1]
        if better and same_exchange(exchanges[left], exchanges[right]):
            fallen[right] = (left, similarity)
    return {names[row]: Twin(names[row], names[by], score) for row, (by, score) in fallen.items()}


def _talks(texts: pl.DataFrame, width: int) -> Iterator[U64]:
    """The shingles of both sides of each row, as one sorted set."""
    prompts, answers = shingles(texts["prompt"], width), shingles(texts["answer"], width)
    for row in range(texts.height):
        yield np.union1d(prompts[row], answers[row])


def _exchanges(texts: pl.DataFrame) -> Iterator[Exchange]:
    for prompt, answer, refuses in texts.select("prompt", "answer", "refuses").iter_rows():
        yield Exchange(prompt.split(), answer.split(), bool(refuses))
