"""The greedy pass over near rows: who repeats whom, on what grounds, and what is only near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from buckets import REFUSAL_PATTERN
from curate.second import Judged, Side, Signal, judge
from curate.stage import Fetch
from curate.views import views

FLAG = pl.Schema(
    {
        "id": pl.String(),
        "other": pl.String(),  # a row that stays, preferred to it
        "cosine": pl.Float32(),
        "near": pl.Int64(),  # preferred rows at or above the cosine
        "signal": pl.String(),  # answer | lexical | copy: what confirms the pair; null: near only
        "veto": pl.String(),  # what speaks against it
        "lexical": pl.Float32(),  # content words in common, 0..1
    }
)

_WHY = {
    "answer": "a paraphrase of a kept row's question, with the same answer",
    "lexical": "nearly the same question and answer as a kept row, in meaning and in words",
    "copy": "the same question and answer as a kept row",
}


class Greedy:
    """`rows` are best first. `run`, then `flags`."""

    def __init__(self, rows: pl.DataFrame, near: Any, cosine: float, lexical: float, signals: Sequence[Signal]) -> None:
        self._ids = rows["id"].to_list()
        self._prompts = rows["prompt_key"].to_list()
        self._vectors = rows["vector"].to_numpy()
        self._near = near
        self._cosine, self._lexical, self._signals = cosine, lexical, signals
        self._witness: dict[int, int] = {}
        self._lines: dict[int, dict[str, Any]] = {}

    def run(self, sides: dict[str, Side]) -> None:
        for row in np.flatnonzero(self._near.counts).tolist():
            mine = sides[self._ids[row]]
            first: tuple[int, float, Judged] | None = None
            for other, cosine in self._kept(row):
                judged = judge(sides[self._ids[other]], mine, self._lexical, self._signals)
                if judged.signal is not None:
                    self._witness[row] = other
                    self._note(row, other, cosine, judged)
                    break
                if first is None and self._prompts[other] != self._prompts[row]:
                    first = (other, cosine, judged)
            else:
                if first is not None:  # the same prompt with another answer is no finding: see dedup.same_prompt
                    self._note(row, *first)

    def _kept(self, row: int) -> list[tuple[int, float]]:
        """Kept rows at or above the cosine, nearest first: one that fell is stood in for by its witness, if near."""
        found: dict[int, float] = {}
        for other, cosine in self._near.of(row):
            kept = self._witness.get(other, other)
            if kept == other:
                found[kept] = cosine
            elif kept not in found:
                direct = float(self._vectors[row] @ self._vectors[kept])
                if direct >= self._cosine:
                    found[kept] = direct
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def _note(self, row: int, other: int, cosine: float, judged: Judged) -> None:
        self._lines[row] = {
            "id": self._ids[row],
            "other": self._ids[other],
            "cosine": cosine,
            "near": int(self._near.counts[row]),
            "signal": judged.signal,
            "veto": judged.veto,
            "lexical": judged.lexical,
        }

    def flags(self, copies: pl.DataFrame) -> pl.DataFrame:
        """One line (see FLAG) for each row that repeats or is near a kept row that is preferred to it.

        copies: id and keeper of rows that are the same as another one word for word; they go where the keeper goes.
        """
        lines = list(self._lines.values())
        place = {name: row for row, name in enumerate(self._ids)}
        for name, keeper in copies.select("id", "keeper").iter_rows():
            witness = self._ids[self._witness.get(place[keeper], place[keeper])]
            like = self._lines[place[keeper]] if witness != keeper else {"cosine": 1.0, "near": 1, "lexical": 1.0}
            lines.append({**like, "id": name, "other": witness, "signal": like.get("signal") or "copy", "veto": None})
        return pl.DataFrame(lines, schema=FLAG).sort("id")


def sides_of(rows: pl.DataFrame, near: Any, fetch: Fetch) -> dict[str, Side]:
    """Both sides of every row that is in a pair; the others are not read again."""
    paired = np.union1d(np.flatnonzero(near.counts), near.other)
    if not len(paired):
        return {}
    some = rows.select(
        "id",
        shared=pl.col("prompt_key").n_unique().over("answer_key"),
        gold_shared=pl.col("prompt_key").n_unique().over("gold_key"),
    ).gather(paired.tolist())
    frame = fetch(some["id"].to_list())
    last = pl.col("messages").list.last().struct.field("content").fill_null("")
    texts = views(frame).with_columns(
        gold=frame["reference"].str.strip_chars().str.to_lowercase(),
        refuses=frame.select(last.str.contains(REFUSAL_PATTERN)).to_series().fill_null(False),
    )
    joined = texts.join(some, on="id", how="inner")
    wanted = ("id", "prompt", "answer", "tools", "gold", "refuses", "shared", "gold_shared")
    return {
        name: Side(prompt.split(), answer.split(), tools, gold, refuses, shared, gold_shared)
        for name, prompt, answer, tools, gold, refuses, shared, gold_shared in joined.select(wanted).iter_rows()
    }


def said(flags: pl.DataFrame) -> list[dict[str, Any]]:
    """Confirmed flags as falls for the ledger."""
    return [
        {
            "id": line["id"],
            "stage": "semantic",
            "rule": "semantic_duplicate",
            "reason": _WHY[line["signal"]],
            "evidence": f"cosine {line['cosine']:.3f}, {line['signal']}, words in common {line['lexical']:.3f}",
            "witness": line["other"],
        }
        for line in flags.iter_rows(named=True)
    ]
