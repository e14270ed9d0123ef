"""Which training rows hold a held-out evaluation item: verbatim, or most of its rare word 8-grams.

Does not cover: translations, paraphrases, changed numbers and shuffled options. `EvalIndex.exact_only` names the items
that only a verbatim match can find (short ones, and those made of common phrases), so that nobody takes silence for
cleanness. Only the user turns of an item are looked for, anywhere in a row. The last turn of a talk is looked for by
itself when it has eight words or more: "What is my name?" ends many talks that share nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from buckets import WORD_PATTERN, EvalItem

STAGE = "decontaminate"
N = 8
SHARE = 0.8
"""Least share of an item's counted 8-grams that a row must hold."""
FEW_GRAMS = 8
"""An item with fewer counted grams must be held whole: one changed word makes it another item."""
COMMON_CLUSTERS = 3
COMMON_SHARE = 0.05
"""A gram of more than max(3, 5% of the clusters) is a template phrase and does not count."""
EVIDENCE_CHARS = 300
OPENINGS = 4
"""Longest opening of a talk, in user turns, that is compared with whole items; the whole talk always is."""
_FILTER_BITS = 22
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
Hashes = npt.NDArray[np.uint64]


class EvalIndex:
    """Normalised prompts and 8-gram hashes of the items: compact, and all that a pass over the rows needs."""

    def __init__(self, items: Sequence[EvalItem]) -> None:
        turns = [[m.content for m in item.draft.messages if m.role == "user"] for item in items]
        table = (
            pl.DataFrame(
                {
                    "item": [i.id for i in items],
                    "cluster": [i.cluster for i in items],
                    "prompt": ["\n".join(t) for t in turns],
                    "last": [t[-1] if len(t) > 1 else None for t in turns],
                },
                schema={"item": pl.String, "cluster": pl.String, "prompt": pl.String, "last": pl.String},
            )
            .with_columns(words=words(pl.col("prompt")))
            .with_columns(text=pl.col("words").list.join(" "))
            .filter(pl.col("text") != "")
            .sort("item")
        )
        lasts = (
            table.drop_nulls("last").with_columns(words=words(pl.col("last"))).filter(pl.col("words").list.len() >= N)
        )
        exact = pl.concat(
            [table.select("text", "item"), lasts.select(text=pl.col("words").list.join(" "), item="item")]
        )
        self.exact = exact.unique("text", keep="first", maintain_order=True)
        self.grams = _rare(table)
        """item (number in `items`), gram (hash): the counted grams."""
        self.items: list[str] = table["item"].to_list()
        sizes = self.grams.group_by("item").len("grams").sort("item")
        self.sizes = np.zeros(table.height, dtype=np.int64)
        self.sizes[sizes["item"].to_numpy()] = sizes["grams"].to_numpy()
        self.exact_only: list[str] = [name for name, size in zip(self.items, self.sizes, strict=True) if size == 0]
        self._known: Hashes = np.unique(self.grams["gram"].to_numpy())
        self._filter = np.zeros(1 << _FILTER_BITS, dtype=bool)
        self._filter[_slot(self._known)] = True

    def hits(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Falls for the rows that hold an item: id, fate, stage, rule (verbatim | near), reason, evidence, witness."""
        verbatim = self._verbatim(frame)
        rest = frame.filter(~pl.col("id").is_in(verbatim["id"].implode()))
        near = self._near(rest)
        return pl.concat([verbatim, near]).select(
            "id",
            fate=pl.lit("dropped"),
            stage=pl.lit(STAGE),
            rule="rule",
            reason=pl.when(pl.col("rule") == "verbatim")
            .then(pl.lit("A prompt of the row is a held-out eval prompt, word for word."))
            .otherwise(pl.lit("The row holds most of the rare phrases of a held-out eval prompt.")),
            evidence=pl.col("evidence").str.slice(0, EVIDENCE_CHARS),
            witness="witness",
        )

    def _verbatim(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows one of whose user turns, or the first few or all of them together, equals an item's prompt."""
        part = pl.element().struct.field
        user = pl.col("messages").list.eval(pl.when(part("role") == "user").then(part("content")).drop_nulls())
        turns = frame.select("id", user=user)
        texts = pl.concat([turns.select("id", text="user").explode("text"), *_openings(turns)])
        normal = texts.with_columns(text=words(pl.col("text").fill_null("")).list.join(" "))
        found = normal.join(self.exact, on="text", how="inner", maintain_order="left")
        return found.unique("id", keep="first", maintain_order=True).select(
            "id", rule=pl.lit("verbatim"), evidence="text", witness="item"
        )

    def _near(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows that hold at least SHARE of an item's counted grams; the best item is the witness."""
        content = pl.element().struct.field("content").fill_null("")
        text = pl.col("messages").list.eval(content).list.join("\n").fill_null("")
        listed = frame.select("id", words=words(text))
        grams, rows, starts = gram_hashes(listed["words"])
        maybe = np.flatnonzero(self._filter[_slot(grams)])
        sure = maybe[np.isin(grams[maybe], self._known)]
        seen = pl.DataFrame({"row": rows[sure], "gram": grams[sure], "start": starts[sure]})
        held = (
            seen.join(self.grams, on="gram", how="inner")
            .group_by("row", "item")
            .agg(n=pl.col("gram").n_unique(), first=pl.col("start").min(), last=pl.col("start").max())
        )
        sizes = self.sizes[held["item"].to_numpy()]
        share = held["n"].to_numpy() / np.maximum(sizes, 1)
        least = np.where(sizes < FEW_GRAMS, 1.0, SHARE)
        best = (
            held.with_columns(share=pl.Series(share, dtype=pl.Float64))
            .filter(pl.Series(share >= least))
            .sort(["row", "share", "item"], descending=[False, True, False])
            .unique("row", keep="first", maintain_order=True)
        )
        out = [
            (listed["id"][row], "near", f"{share:.0%} of its 8-grams: {_span(listed['words'][row], first, last)}", item)
            for row, item, first, last, share in best.select("row", "item", "first", "last", "share").iter_rows()
        ]
        named = [(id, rule, evidence, self.items[item]) for id, rule, evidence, item in out]
        columns = {"id": pl.String, "rule": pl.String, "evidence": pl.String, "witness": pl.String}
        return pl.DataFrame(named, schema=columns, orient="row")


def _openings(turns: pl.DataFrame) -> list[pl.DataFrame]:
    """The first 2, 3, ... user turns of each row together: id, text."""
    lengths = turns["user"].list.len().to_list()
    longest = max(lengths, default=0)
    found = []
    for count in range(2, min(longest, OPENINGS) + 1):
        some = turns.filter(pl.col("user").list.len() >= count)
        found.append(some.select("id", text=pl.col("user").list.head(count).list.join("\n")))
    more = turns.filter(pl.col("user").list.len() > OPENINGS)
    return [*found, more.select("id", text=pl.col("user").list.join("\n"))]


def words(text: pl.Expr) -> pl.Expr:
    """Lower-case words; one CJK character is a word."""
    return text.str.to_lowercase().str.extract_all(WORD_PATTERN)


def gram_hashes(lists: pl.Series) -> tuple[Hashes, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All word 8-grams of a column of word lists: hash, row, position in the row. Never across two rows."""
    lengths = lists.list.len().to_numpy().astype(np.int64)
    flat = lists.explode(empty_as_null=False, keep_nulls=False)
    count = len(flat) - N + 1
    if count < 1:
        nothing = np.zeros(0, dtype=np.int64)
        return np.zeros(0, dtype=np.uint64), nothing, nothing
    tokens = flat.hash(seed=1).to_numpy()
    grams = np.zeros(count, dtype=np.uint64)
    for at in range(N):
        grams *= _FACTOR  # polynomial in the word hashes, modulo 2^64
        grams += tokens[at : at + count]
    rows = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    inside = rows[:count] == rows[N - 1 :]
    return grams[inside], rows[:count][inside], starts[:count][inside]


def _rare(table: pl.DataFrame) -> pl.DataFrame:
    """Distinct (item, gram) without the grams of too many clusters."""
    grams, rows, _ = gram_hashes(table["words"])
    pairs = pl.DataFrame({"item": rows, "gram": grams}).unique(maintain_order=True)
    clusters = table["cluster"]
    limit = max(COMMON_CLUSTERS, COMMON_SHARE * clusters.n_unique())
    spread = pairs.with_columns(cluster=clusters.gather(pairs["item"])).group_by("gram")
    common = spread.agg(n=pl.col("cluster").n_unique()).filter(pl.col("n") > limit)
    return pairs.join(common, on="gram", how="anti", maintain_order="left")


def _slot(grams: Hashes) -> npt.NDArray[np.int64]:
    return (grams >> np.uint64(64 - _FILTER_BITS)).astype(np.int64)


def _span(row: pl.Series, first: int, last: int) -> str:
    return " ".join(row.slice(first, last - first + N).to_list())
