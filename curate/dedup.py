"""Duplicates: exact ones collapse across formats, near ones fall only against a kept, verified witness.

Retrieval is wide (bands chosen for recall), every candidate pair is checked by exact Jaccard at the
same shingles, and no row falls for being near a row that fell. Template twins are kept: a pair whose
numbers differ, or whose answers differ, is not a duplicate however similar its wording.

Not covered here: paraphrases with other words, translations, reordered sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from buckets import fallen_frame
from curate.minhash import banding, jaccard, shingles, signatures
from curate.stage import Decided, Fetch, Table
from curate.text import answer_text, exact_key, prompt_text, talk_text

_NUMBER = r"\d+(?:[.,]\d+)*"
_FIELDS = ["id", "stage", "rule", "reason", "evidence", "witness"]
_CROWD = 128
"""Rows of one band compared all with all; in a larger band each row meets this many, and the rest is counted."""


class Near(Table):
    """MinHash near duplicates."""

    threshold: float = Field(0.8, ge=0.5, le=1.0)
    """Exact Jaccard over word shingles at or above which a row falls: of the whole talk, and of the prompt
    and the answer each for itself."""
    shingle: int = Field(5, ge=1, le=16)
    """Words in a shingle."""
    num_perm: int = Field(128, ge=16, le=512)
    """Permutations in a signature."""


class Dedup(Table):
    """Drops rows that repeat another row."""

    near: Near | None = Near()
    """Near duplicates too; null for exact only."""
    prefer: tuple[str, ...] = ()
    """Sources whose copy survives, best first; then rows with a gold answer or tests, then input order by name."""

    def sketch(self, frame: pl.DataFrame) -> pl.DataFrame:
        """id, priority columns, 128-bit exact key and signature: about 600 bytes a row."""
        base = frame.select(
            "id",
            "source",
            pl.col("origin").struct.field("file").alias("file"),
            pl.col("origin").struct.field("row").alias("row"),
            (pl.col("reference").is_null() & pl.col("tests").is_null()).alias("unproven"),
            pl.concat_str(exact_key().hash(11), exact_key().hash(12), separator="-").alias("key"),
        )
        if self.near is None or frame.is_empty():
            return base
        sets = shingles(frame.select(talk_text()).to_series(), self.near.shingle)
        matrix = signatures(sets, self.near.num_perm)
        return base.with_columns(
            pl.Series("signature", matrix, dtype=pl.Array(pl.UInt32(), self.near.num_perm)),
            pl.Series("blank", np.diff(sets.offsets) == 0),
        )

    def decide(self, sketches: Sequence[pl.DataFrame], fetch: Fetch) -> Decided:
        """One fall for each duplicate, with the id of the row that stays."""
        rows = self._by_priority(pl.concat([s for s in sketches if not s.is_empty()] or list(sketches[:1])))
        first = rows.select(pl.col("id").first().over("key")).to_series()
        exact = dict(zip(rows["id"], first, strict=True))
        unique = rows.filter(pl.col("id") == first)
        near, notes = self._near(unique, fetch)
        falls = [_exact_fall(row, keeper, near) for row, keeper in exact.items() if row != keeper]
        falls += [twin.fall() for twin in near.values()]
        notes |= {"exact": len(falls) - len(near), "near": len(near), "rows": rows.height}
        return Decided(fallen_frame(falls).select(_FIELDS), notes=notes)

    def _by_priority(self, rows: pl.DataFrame) -> pl.DataFrame:
        order = {source: rank for rank, source in enumerate(self.prefer)}
        rank = pl.col("source").replace_strict(order, default=len(order), return_dtype=pl.Int32())
        return rows.sort(rank, "unproven", "source", "file", "row")

    def _near(self, rows: pl.DataFrame, fetch: Fetch) -> tuple[dict[str, Twin], dict[str, float | int]]:
        """Falling ids of `rows` (in priority order), each with its kept witness."""
        if self.near is None or "signature" not in rows.columns:
            return {}, {}
        rows = rows.filter(~pl.col("blank"))
        bands, width, recall = banding(self.near.threshold, self.near.num_perm)
        matrix = rows["signature"].to_numpy() if rows.height else np.zeros((0, self.near.num_perm), np.uint32)
        pairs, skipped = candidates(matrix, bands, width)
        likely = _agreement(matrix, pairs) >= self.near.threshold - 4 * (0.25 / self.near.num_perm) ** 0.5
        pairs = pairs[likely]
        ids = rows["id"]
        found = _survivors(list(_verified(pairs, ids, fetch, self.near)))
        notes: dict[str, float | int] = {
            "threshold": self.near.threshold,
            "bands": bands,
            "rows_per_band": width,
            "retrieval_recall_at_threshold": recall,
            "pairs_verified": len(pairs),
            "pairs_skipped_in_crowded_bands": skipped,
        }
        return found, notes


@dataclass(frozen=True)
class Twin:
    """A verified near-duplicate pair: `row` falls, `witness` stays."""

    row: str
    witness: str
    talk: float
    prompt: float
    answer: float

    def fall(self) -> dict[str, str]:
        return {
            "id": self.row,
            "stage": "dedup",
            "rule": "near_duplicate",
            "reason": "almost the same question and answer as a row that is kept",
            "evidence": f"jaccard {self.talk:.3f} (prompt {self.prompt:.3f}, answer {self.answer:.3f})",
            "witness": self.witness,
        }


def _exact_fall(row: str, keeper: str, near: dict[str, Twin]) -> dict[str, str]:
    """The witness must be a kept row: when the keeper fell as a near duplicate, its witness stands in."""
    if keeper in near:
        return {**near[keeper].fall(), "id": row}
    return {
        "id": row,
        "stage": "dedup",
        "rule": "exact_duplicate",
        "reason": "the same messages and tools as a row that is kept (case and spacing aside)",
        "evidence": "jaccard 1.000",
        "witness": keeper,
    }


def candidates(
    matrix: npt.NDArray[np.uint32], bands: int, width: int, crowd: int = _CROWD
) -> tuple[npt.NDArray[np.int64], int]:
    """Row pairs (i < j), shape (pairs, 2), that share a band, from sorted band keys; and how many were skipped.

    Bands with more than `crowd` rows are not squared: each row meets the first crowd/2 rows of the band
    (the ones most likely to survive) and its crowd/2 predecessors.
    """
    found = [np.zeros((0, 2), dtype=np.int64)]
    skipped = 0
    for band in range(bands):
        part = np.ascontiguousarray(matrix[:, band * width : (band + 1) * width])
        keys = part.view(np.dtype((np.void, part.dtype.itemsize * width))).ravel()
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        for start, stop in _runs(same):
            members = np.sort(order[start:stop])
            pairs = _pairs(members, crowd)
            skipped += len(members) * (len(members) - 1) // 2 - len(pairs)
            found.append(pairs)
    return np.unique(np.concatenate(found), axis=0), skipped


def _runs(same: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """[start, stop) of each run of equal neighbours in a sorted array of len(same) + 1 keys."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield int(start), int(stop) + 1


def _pairs(members: npt.NDArray[np.int64], crowd: int) -> npt.NDArray[np.int64]:
    size = len(members)
    if size <= crowd:
        left, right = np.triu_indices(size, k=1)
        return np.stack([members[left], members[right]], axis=1)
    half = crowd // 2
    pairs = [np.stack([np.broadcast_to(members[k], size - k - 1), members[k + 1 :]], axis=1) for k in range(half)]
    pairs += [np.stack([members[half:-k], members[half + k :]], axis=1) for k in range(1, half + 1)]
    return np.unique(np.concatenate(pairs), axis=0)


def _agreement(matrix: npt.NDArray[np.uint32], pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Share of equal signature entries of each pair: the MinHash estimate of its Jaccard."""
    out = np.empty(len(pairs))
    for start in range(0, len(pairs), 65_536):
        block = pairs[start : start + 65_536]
        out[start : start + len(block)] = (matrix[block[:, 0]] == matrix[block[:, 1]]).mean(axis=1)
    return out


def _verified(pairs: npt.NDArray[np.int64], ids: pl.Series, fetch: Fetch, near: Near) -> Iterator[Twin]:
    """Pairs that really are duplicates, in priority order of the falling row."""
    if not len(pairs):
        return
    needed = np.unique(pairs)
    views = {"talk": talk_text(), "prompt": prompt_text(), "answer": answer_text()}
    texts = fetch(ids.gather(needed).to_list()).select("id", **views)
    texts = pl.DataFrame({"id": ids.gather(needed)}).join(texts, on="id", how="left", maintain_order="left")
    place = {int(row): k for k, row in enumerate(needed)}
    sets = [shingles(texts[name], near.shingle) for name in views]
    numbers = texts.select(
        pl.concat_str(
            [pl.col(name).str.extract_all(_NUMBER).list.sort().list.join(" ") for name in ("prompt", "answer")],
            separator="|",
        )
    ).to_series()
    for left, right in pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]:
        a, b = place[int(left)], place[int(right)]
        if numbers[a] == numbers[b]:
            talk, prompt, answer = (jaccard(view[a], view[b]) for view in sets)
            if min(talk, prompt, answer) >= near.threshold:
                yield Twin(ids[int(right)], ids[int(left)], talk, prompt, answer)


def _survivors(twins: Sequence[Twin]) -> dict[str, Twin]:
    """Greedy in priority order: a row falls to the most similar of its witnesses that is itself kept."""
    fallen: dict[str, Twin] = {}
    for twin in twins:  # sorted by falling row, so each witness's own fate is already known
        if twin.witness not in fallen and (twin.row not in fallen or twin.talk > fallen[twin.row].talk):
            fallen[twin.row] = twin
    return fallen
