"""Near-duplicate pairs: retrieved by MinHash bands, verified by exact Jaccard and by what differs, greedily.

Only rows that can be the same exchange meet: those with one prompt, those with one answer, and long prompts. A refusal
that ten thousand questions share makes no pairs. A row that falls meets nobody any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.agree import LONG_PROMPT, SHORT_ANSWER, TELLING_ANSWER, Exchange, same_exchange
from curate.near import Neighbours, Shape, banding, groups_of, keys_of, shingle_sets

Chosen = npt.NDArray[np.bool_]
Sides = Callable[[Sequence[str]], pl.DataFrame]
"""id, prompt, answer, refuses of some rows, in any order."""

BOILERPLATE = 16
"""An answer that more prompts than this share tells nothing about them."""
LOOKS = 32
"""Most similar kept rows whose differences are looked at for one row; a duplicate is among the nearest."""


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
    rows: pl.DataFrame, sides: Sides, threshold: float, shape: Shape
) -> tuple[dict[str, Twin], dict[str, float | int]]:
    """Falling id -> its twin, and facts for the report. `rows` are best first and hold no exact duplicates.

    Those of them that are `old` were there before; they come first, and none of them falls.
    """
    bands, per_band, recall = banding(threshold, shape.num_perm)
    notes: dict[str, float | int] = {
        "threshold": threshold,
        "bands": bands,
        "rows_per_band": per_band,
        "retrieval_recall_at_threshold": recall,
    }
    groups = _with_new(_groups(rows, bands, per_band), rows["old"].to_numpy())
    grouped = np.flatnonzero((groups >= 0).any(axis=1))
    if not len(grouped):
        return {}, notes
    names = rows["id"].gather(grouped)
    texts = pl.DataFrame({"id": names}).join(sides(names.to_list()), on="id", how="left", maintain_order="left")
    neighbours = Neighbours(shingle_sets(texts.select(talk()).to_series(), shape), groups[grouped], threshold)
    found = _greedy(texts, neighbours, int(rows["old"].gather(grouped).sum()))
    notes |= {
        "rows_in_bands": len(grouped),
        "pairs_compared": neighbours.compared,
        "pairs_not_compared_in_crowds": neighbours.skipped,
        "similar_pairs_not_read": neighbours.unread,
    }
    return found, notes


def talk() -> pl.Expr:
    """Both sides as one text."""
    return pl.concat_str("prompt", "answer", separator="\n")


def _groups(rows: pl.DataFrame, bands: int, per_band: int) -> npt.NDArray[np.int32]:
    """Numbers of the groups in which each row may meet its twins: the bands of three kinds side by side."""
    keys = keys_of(rows["signature"].to_numpy(), bands, per_band)
    words = {side: rows[f"{side}_words"].to_numpy() for side in ("prompt", "answer")}
    long, wordy = words["prompt"] >= LONG_PROMPT, words["answer"] >= SHORT_ANSWER
    sharing = rows.select(pl.len().over("answer_key")).to_series().to_numpy()
    telling = (words["answer"] >= TELLING_ANSWER) & (sharing <= BOILERPLATE)
    kinds: list[tuple[Chosen, tuple[str, ...]]] = [
        (wordy, ("prompt_key", "tools_key")),
        (telling | long, ("answer_key", "tools_key")),
        (long & wordy, ("tools_key",)),
    ]
    parts, used = [], 0
    for chosen, block in kinds:
        part, count = _of_kind(rows, keys, chosen, block)
        parts.append(np.where(part >= 0, part + used, -1).astype(np.int32))
        used += count
    return np.concatenate(parts, axis=1)


def _with_new(groups: npt.NDArray[np.int32], old: Chosen) -> npt.NDArray[np.int32]:
    """Without the groups that hold old rows alone: nobody there can fall."""
    if not old.any():
        return groups
    meets = np.zeros(int(groups.max(initial=-1)) + 2, dtype=bool)
    meets[groups[~old]] = True
    meets[-1] = False  # where the -1 of a row that is alone points to
    return np.where(meets[groups], groups, -1).astype(np.int32)


def _of_kind(
    rows: pl.DataFrame, keys: npt.NDArray[np.uint64], chosen: Chosen, block: Sequence[str]
) -> tuple[npt.NDArray[np.int32], int]:
    """Groups of chosen rows that agree in all columns of `block` and in a band."""
    codes = rows.select(pl.struct(block).rank("dense").cast(pl.UInt64())).to_series()
    places = np.flatnonzero(chosen & codes.is_duplicated().to_numpy())
    mixed = keys[places] ^ (codes.to_numpy()[places] * np.uint64(0x9E3779B97F4A7C15))[:, None]
    found, count = groups_of(mixed)
    groups = np.full(keys.shape, -1, dtype=np.int32)
    groups[places] = found
    return groups, count


def _greedy(texts: pl.DataFrame, neighbours: Neighbours, old: int) -> dict[str, Twin]:
    """The first `old` stay; then, in order, a row falls to the most similar kept row that is the same exchange."""
    exchanges = [
        Exchange(prompt.split(), answer.split(), bool(refuses))
        for prompt, answer, refuses in texts.select("prompt", "answer", "refuses").iter_rows()
    ]
    names = texts["id"].to_list()
    fallen: dict[str, Twin] = {}
    for row in range(old):
        neighbours.keep(row)
    for row in range(old, len(names)):
        for other, score in neighbours.of(row, LOOKS):
            if same_exchange(exchanges[other], exchanges[row]):
                fallen[names[row]] = Twin(names[row], names[other], score)
                break
        else:
            neighbours.keep(row)
    return fallen
