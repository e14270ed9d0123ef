"""Duplicates: a row falls only against a kept, verified witness that says the same to the same question.

Four cases are told apart. Same prompt and same answer: one falls. Same prompt and another answer: both stay, or
only the best, as the recipe says. The same template around another question: both stay. The same answer to
another question (refusals): both stay, up to a cap if the recipe sets one. Retrieval is wide (bands chosen for
recall), every pair is verified by exact Jaccard at the same shingles and by what differs (see `agree`), and no
row falls for being near a row that fell.

Not covered here: paraphrases and translations; see the `semantic` stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import Field

from buckets import REFUSAL_PATTERN, digest, fallen_frame
from curate.agree import ARTICLES
from curate.earlier import Earlier, named, rows_behind
from curate.near import Shape, sketch
from curate.pairs import Twin, near_twins, talk
from curate.stage import FALL, Decided, Fetch, Table
from curate.survivor import PREFERENCES, Preference, by_preference, facts
from curate.versions import code_digest
from curate.views import views


class Near(Table):
    """MinHash near duplicates."""

    threshold: float = Field(0.7, ge=0.5, le=1.0)
    """Exact Jaccard of both sides together, over word shingles, at or above which a pair is looked at closely."""
    shingle: int = Field(3, ge=1, le=16)
    """Words in a shingle."""
    num_perm: int = Field(128, ge=16, le=512)
    """Permutations in a signature."""

    def shape(self) -> Shape:
        return Shape("split", self.shingle, self.num_perm)


class Dedup(Table):
    """Drops rows that repeat another row."""

    near: Near | None = Near()
    """Near duplicates too; null for exact only."""
    same_prompt: Literal["keep", "best"] = "keep"
    """Rows with one prompt and several answers: keep them all, or only the best by `survivor`."""
    answer_cap: int | None = Field(None, ge=1)
    """Most rows that give one and the same answer of eight words or more to different prompts; null: no cap."""
    reasoning: bool = True
    """Whether reasoning traces count as part of the answer; false: another trace to the same answer is a duplicate."""
    survivor: tuple[Preference, ...] = PREFERENCES
    """Which copy stays: `verified` before not, higher `judge` score, `complete` answers before cut ones, `source` in
    the order of `prefer`; at last the smaller id."""
    prefer: tuple[str, ...] = ()
    """Sources whose copy survives, best first."""
    against: tuple[str, ...] = ()
    """Earlier run folders, or files of a corpus in any known format: a new row that repeats a row there falls, and
    none of theirs ever does. Paths are relative to the recipe."""

    def index(self) -> str:
        """Names the way sketches are made: those made under the same key can stand side by side.

        Keys of sides are hashes of polars, which are stable within one version only.
        """
        shape = str(self.near.shape()) if self.near else "exact"
        return digest([shape, str(self.reasoning), pl.__version__, code_digest("buckets", "curate")])

    def sketch(self, frame: pl.DataFrame) -> pl.DataFrame:
        """id, preferences, 128-bit keys of both sides and the signature: about 700 bytes a row."""
        sides = views(frame, reasoning=self.reasoning)
        base = pl.concat([facts(frame), sides.select(**_keys())], how="horizontal")
        if self.near is None or frame.is_empty():
            return base
        matrix = sketch(sides.select(talk()).to_series(), self.near.shape()).signatures
        return base.with_columns(pl.Series("signature", matrix, dtype=pl.Array(pl.UInt32(), self.near.num_perm)))

    def decide(self, sketches: Sequence[pl.DataFrame], fetch: Fetch, before: Sequence[Earlier] = ()) -> Decided:
        """One fall for each duplicate, with the id of the row that stays; rows of `before` all stay."""
        rows = by_preference(_rows(sketches, self._old(before)), self.survivor, self.prefer)
        rows = rows.sort("old", descending=True, maintain_order=True)
        exact = _first_of(rows, "prompt_key", "answer_key", "tools_key")
        unique = rows.filter(~pl.col("id").is_in(list(exact)))
        near, notes = self._near(unique, lambda ids: pl.concat([fetch(ids), *rows_behind(before, ids)]))
        falls = [_exact_fall(row, keeper, near) for row, keeper in exact.items()]
        falls += [twin.fall() for twin in near.values()]
        falls, stay = _new(falls, rows, unique)
        falls, stay = _new(falls + self._same_prompt(stay), rows, stay)
        falls, stay = _new(falls + self._over_cap(stay), rows, stay)
        rules = pl.DataFrame([fall["rule"] for fall in falls], schema={"rule": pl.String()})["rule"].value_counts()
        counts = dict(sorted(rules.iter_rows()))
        new = rows.filter(~pl.col("old")).height
        notes |= {"rows": new, "earlier_rows": rows.height - new, "index": self.index(), **_cases(stay), **counts}
        return Decided(_kept_witnesses(falls), notes=notes)

    def _old(self, before: Sequence[Earlier]) -> list[pl.DataFrame]:
        """Sketches of the earlier rows, under the ids that this run knows them by."""
        return [
            part.with_columns(id=named(some.name, pl.col("id")))
            for some in before
            for part in some.sketches(self.sketch, self.index())
        ]

    def _near(self, rows: pl.DataFrame, fetch: Fetch) -> tuple[dict[str, Twin], dict[str, Any]]:
        """Falling ids of `rows` (best first), each with its kept witness."""
        if self.near is None or "signature" not in rows.columns:
            return {}, {}

        def sides(ids: Sequence[str]) -> pl.DataFrame:
            full = fetch(ids)
            return views(full, reasoning=self.reasoning).with_columns(full.select(refuses=_refuses()).to_series())

        return near_twins(rows, sides, self.near.threshold, self.near.shape())

    def _same_prompt(self, rows: pl.DataFrame) -> list[dict[str, Any]]:
        if self.same_prompt == "keep":
            return []
        better = _first_of(rows, "prompt_key", "tools_key")
        reason = "another answer to the same prompt is preferred"
        return [_fall(row, "same_prompt", reason, "same_prompt: best", keeper) for row, keeper in better.items()]

    def _over_cap(self, rows: pl.DataFrame) -> list[dict[str, Any]]:
        """The rows after the first `answer_cap` of each repeated answer; the best one is the witness."""
        if self.answer_cap is None:
            return []
        numbered = rows.filter(pl.col("answer_words") >= 8).with_columns(
            place=pl.int_range(pl.len()).over("answer_key"), witness=pl.col("id").first().over("answer_key")
        )
        over = numbered.filter(pl.col("place") >= self.answer_cap)
        reason = "the same answer stands in enough other rows"
        why = f"more than {self.answer_cap} rows with this answer"
        return [_fall(row, "same_answer", reason, why, witness) for row, witness in over.select("id", "witness").rows()]


@dataclass(frozen=True)
class Beside:
    """Dedup as a stage of a run, with the rows that stood before it."""

    dedup: Dedup
    before: Sequence[Earlier] = ()

    def sketch(self, frame: pl.DataFrame) -> pl.DataFrame:
        return self.dedup.sketch(frame)

    def decide(self, sketches: Sequence[pl.DataFrame], fetch: Fetch) -> Decided:
        return self.dedup.decide(sketches, fetch, self.before)


def _keys() -> dict[str, pl.Expr]:
    """128-bit keys of the sides without articles, and their words. Wordings hold one blank between tokens."""
    articles = [f" {word} " for word in sorted(ARTICLES)]

    def key(name: str) -> pl.Expr:
        said = pl.col(name).fill_null("").str.replace_all("\n", " \n ", literal=True)
        apart = pl.concat_str(pl.lit(" "), said, pl.lit(" "))
        bare = apart.str.replace_many(articles, [" "] * len(articles))
        bare = pl.when(bare.str.strip_chars() == "").then(apart).otherwise(bare)
        return pl.concat_str(bare.hash(11), bare.hash(12), separator="-")

    def words(name: str) -> pl.Expr:
        return pl.col(name).str.count_matches("[ \n]").cast(pl.Int32()) + (pl.col(name) != "").cast(pl.Int32())

    sides = ("prompt", "answer")
    return {**{f"{side}_key": key(side) for side in (*sides, "tools")}, **{f"{s}_words": words(s) for s in sides}}


def _refuses() -> pl.Expr:
    said = pl.col("messages").list.eval(pl.element().struct.field("content")).list.last()
    return said.fill_null("").str.contains(REFUSAL_PATTERN)


def _rows(new: Sequence[pl.DataFrame], old: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All sketches in one, `old` telling which are there to stay."""
    marked = [part.with_columns(old=pl.lit(is_old)) for parts, is_old in ((new, False), (old, True)) for part in parts]
    return pl.concat([part for part in marked if not part.is_empty()] or marked[:1])


def _new(
    falls: Sequence[dict[str, Any]], rows: pl.DataFrame, standing: pl.DataFrame
) -> tuple[list[dict[str, Any]], pl.DataFrame]:
    """The falls of new rows only, and what of `standing` is left then."""
    old = set(rows.filter("old")["id"])
    falls = [fall for fall in falls if fall["id"] not in old]
    return falls, standing.filter(~pl.col("id").is_in([fall["id"] for fall in falls]))


def _first_of(rows: pl.DataFrame, *keys: str) -> dict[str, str]:
    """Each row that is not the first of its group -> the first one. `rows` are best first."""
    firsts = rows.select("id", first=pl.col("id").first().over(keys))
    return dict(firsts.filter(pl.col("id") != pl.col("first")).iter_rows())


def _fall(row: str, rule: str, reason: str, evidence: str, witness: str) -> dict[str, Any]:
    return {"id": row, "stage": "dedup", "rule": rule, "reason": reason, "evidence": evidence, "witness": witness}


def _exact_fall(row: str, keeper: str, near: dict[str, Twin]) -> dict[str, Any]:
    """The witness must be a kept row: when the keeper fell as a near duplicate, its witness stands in."""
    if keeper in near:
        return {**near[keeper].fall(), "id": row}
    reason = "the same question and answer as a row that is kept"
    evidence = "same wording: only case, layout, articles or courtesies differ, if anything"
    return _fall(row, "exact_duplicate", reason, evidence, keeper)


def _kept_witnesses(falls: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """A witness that fell to a later policy (same_prompt, answer_cap) is replaced by its own witness."""
    falls = list(falls)
    witness = {fall["id"]: fall["witness"] for fall in falls}
    for fall in falls:
        while fall["witness"] in witness:
            fall["witness"] = witness[fall["witness"]]
    return fallen_frame(falls).select(FALL)


def _cases(rows: pl.DataFrame) -> dict[str, int]:
    """Of the rows that stay: those that share their prompt, and those that share an answer of eight words or more."""
    shared = rows.select(
        same_prompt_other_answer=pl.len().over("prompt_key", "tools_key") > 1,
        same_answer_other_prompt=(pl.len().over("answer_key") > 1) & (pl.col("answer_words") >= 8),
    )
    return {name: int(shared[name].sum()) for name in shared.columns}
