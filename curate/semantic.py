"""Semantic duplicates: rows whose prompts an embedding model finds near, flagged; dropped only on a second signal.

Copies (same prompt, answer and tools, dress aside) collapse first. Then every pair of rows at or above the cosine is
found, and in order of preference a row is confirmed as a duplicate of the nearest kept row with which a second signal
agrees (`second`). `action: flag` keeps all rows and writes the pairs to flags.parquet; `action: drop` takes out the
confirmed ones, each for a witness that stays. Rows that are only near are flagged either way.

Not covered: duplicates further away than the cosine, and what a prompt says after the model's last token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import Field

from buckets import digest, fallen_frame, read_frame, rows_of
from curate.flags import FLAG, Greedy, said, sides_of
from curate.model_folder import Backend, Precision, Trust, found, identity, missing, resolved
from curate.second import SIGNALS, Signal
from curate.stage import FALL, Decided, Fetch, Table, canonical
from curate.survivor import PREFERENCES, Preference, by_preference, facts
from curate.vectors import Vectors, key_of
from curate.views import views

if TYPE_CHECKING:
    from curate.embed import Encoder

LOOKS = 64
"""Nearest preferred rows that are looked at for one row; a row that fell is stood in for by its witness."""
_PIECE = 8192
"""Texts embedded between two writes to the cache."""

Tell = Callable[[int, int], None]
"""Called with (done, in all)."""


def _untold(done: int, total: int) -> None:
    """A Tell for where nobody looks."""


class Semantic(Table):
    """Flags rows whose prompts mean nearly the same; drops them only where a second signal agrees."""

    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A sentence-transformers model: a folder relative to the recipe, or a name on the Hugging Face hub."""
    backend: Backend = "torch"
    """What computes: `onnx` and `openvino` compile the transformer on the spot and need the extra of that name."""
    precision: Precision = "auto"
    """`auto`: bfloat16 where the processor computes in it, else float32."""
    embed: Literal["prompt", "exchange"] = "prompt"
    """What is embedded: user and tool turns, or the assistant's turns too."""
    cosine: float = Field(0.9, ge=0.3, le=1.0)
    """Cosine at or above which two rows are a pair."""
    action: Literal["flag", "drop"] = "flag"
    """`flag` keeps every row; `drop` takes out the rows that a second signal confirms."""
    second: tuple[Signal, ...] = SIGNALS
    """Signals of which one must hold before a row falls: `answer` (the same answer or gold answer), `lexical`."""
    lexical: float = Field(0.6, gt=0.0, le=1.0)
    """Least share of words in common, in prompts and in answers, for the lexical signal."""
    max_tokens: int | None = Field(None, ge=8)
    """Tokens of a text that are read; null: as many as the model was made for."""
    batch_tokens: int = Field(1024, ge=64)
    """Tokens of one batch."""
    cache: str | None = None
    """Folder of embeddings, relative to the recipe, for several runs to share; null: in the run's own folder."""
    exact_up_to: int = Field(200_000, ge=0)
    """Up to so many rows all pairs are compared exactly; above, by faiss lists whose recall is measured."""
    recall: float = Field(0.999, gt=0.5, le=1.0)
    """Least recall of the lists on a sample; they are searched wider until it holds."""
    trust_remote_code: bool = False
    """Whether code that comes with the model may run."""
    survivor: tuple[Preference, ...] = PREFERENCES
    """Which copy stays, as in `dedup`."""
    prefer: tuple[str, ...] = ()
    """Sources whose copy survives, best first."""

    def parameters(self, base: Path) -> str:
        """What the outcome depends on: the table without speed and place, and the bytes of the model."""
        plain = self.model_copy(update={"batch_tokens": 1024, "cache": None})
        return canonical(plain) + identity(found(self.model, base, Trust(self.trust_remote_code)))

    def at(self, base: Path, out: Path | None) -> Placed:
        """The stage with its model found; embeddings are kept under `out` unless the recipe names a folder."""
        installed()
        folder = found(self.model, base, Trust(self.trust_remote_code))
        cache = base / self.cache if self.cache is not None else out / "embeddings" if out is not None else None
        space = digest([identity(folder), resolved(self.precision, self.backend), str(self.max_tokens)])
        return Placed(self, folder, cache, space)

    def sketch(self, frame: pl.DataFrame) -> pl.DataFrame:
        """As a stage in memory: the model is found from the working folder, and embeddings are not kept."""
        return self.at(Path(), None).sketch(frame)

    def decide(self, sketches: Sequence[pl.DataFrame], fetch: Fetch) -> Decided:
        return self.at(Path(), None).decide(sketches, fetch)


@dataclass(frozen=True)
class Placed:
    """The stage on this machine."""

    table: Semantic
    folder: Path
    cache: Path | None
    space: str = ""
    """Everything besides the text that a vector depends on; backends of one precision share their vectors."""

    def prepare(self, paths: Sequence[Path], tell: Tell) -> None:
        """Embed what the cache does not have, shard by shard, in this process: it uses every core.

        `tell` counts rows; a shard whose texts are known counts as a whole.
        """
        sizes = [rows_of(path) for path in paths]
        for place, path in enumerate(paths):
            before = sum(sizes[:place])

            def count(done: int, wanted: int, before: int = before, size: int = sizes[place]) -> None:
                tell(before + size * done // wanted, sum(sizes))

            self._embedded(read_frame(path), count)
            tell(before + sizes[place], sum(sizes))

    def sketch(self, frame: pl.DataFrame) -> pl.DataFrame:
        """id, preferences, keys, and the vector: 4 bytes a dimension and about 200 more a row."""
        texts = self._texts(frame)
        keys = [key_of(text) for text in texts.to_list()]
        base = pl.concat([facts(frame), _keys(frame)], how="horizontal").with_columns(blank=texts == "")
        if frame.is_empty():
            return base.clear()
        made = self._embedded(frame, _untold).get(keys)
        vector = pl.Series(made.vectors, dtype=pl.Array(pl.Float32(), made.vectors.shape[1]))
        return base.with_columns(cut=made.cut, vector=vector)

    def decide(self, sketches: Sequence[pl.DataFrame], fetch: Fetch) -> Decided:
        filled = [sketch for sketch in sketches if not sketch.is_empty()]
        if not filled:
            return Decided(fallen_frame([]).select(FALL), tables={"flags": pl.DataFrame(schema=FLAG)})
        every = pl.concat(filled).filter(~pl.col("blank"))
        rows = by_preference(every, self.table.survivor, self.table.prefer)
        copies = rows.select(
            "id", "prompt_key", keeper=pl.col("id").first().over("prompt_key", "answer_key", "tools_key")
        )
        unique = rows.filter(copies["id"] == copies["keeper"])
        near = self._near(unique)
        greedy = Greedy(unique, near, self.table.cosine, self.table.lexical, self.table.second)
        greedy.run(sides_of(unique, near, fetch))
        flags = greedy.flags(copies.filter(pl.col("id") != pl.col("keeper")))
        falls = flags.filter(pl.col("signal").is_not_null()) if self.table.action == "drop" else flags.clear()
        notes = {
            "action": self.table.action,
            "model": self.table.model,
            "backend": self.table.backend,
            "cosine": self.table.cosine,
            "rows": sum(map(len, filled)),
            "rows_without_text": sum(map(len, filled)) - rows.height,
            "rows_longer_than_the_model_reads": int(rows["cut"].sum()),
            **near.notes,
            "pairs_not_looked_at": int((near.counts - near.counts.clip(max=LOOKS)).sum()),
            "flagged": flags.height,
            "confirmed": {
                str(k): int(v)
                for k, v in flags.drop_nulls("signal")["signal"].value_counts().sort("signal").iter_rows()
            },
            "dropped": falls.height,
        }
        return Decided(fallen_frame(said(falls)).select(FALL), notes=notes, tables={"flags": flags})

    def _near(self, rows: pl.DataFrame) -> Any:
        from curate.cosine import exact_pairs
        from curate.lists import listed_pairs

        vectors = rows["vector"].to_numpy()
        if rows.height <= self.table.exact_up_to:
            return exact_pairs(vectors, self.table.cosine, LOOKS)
        return listed_pairs(vectors, self.table.cosine, self.table.recall, LOOKS)

    def _texts(self, frame: pl.DataFrame) -> pl.Series:
        roles = ["user", "tool"] if self.table.embed == "prompt" else ["user", "tool", "assistant"]
        turn = pl.element().filter(pl.element().struct.field("role").is_in(roles)).struct.field("content")
        text = pl.col("messages").list.eval(turn.fill_null("")).list.join("\n").str.strip_chars()
        return frame.select(text.fill_null("")).to_series()

    def _embedded(self, frame: pl.DataFrame, tell: Tell) -> Vectors:
        """The store, with a vector for every text of the frame; `tell` gets how many of those that were missing."""
        texts = {key_of(text): text for text in self._texts(frame).to_list()}
        store = Vectors(self.cache, self.space)
        # By length, so that every batch is full and little is padded; by key, so that the order of the rows is nothing.
        wanted = sorted(store.missing(list(texts)), key=lambda key: (len(texts[key]), key))
        for first in range(0, len(wanted), _PIECE):
            keys = wanted[first : first + _PIECE]

            def count(done: int, _: int, first: int = first) -> None:
                tell(first + done, len(wanted))

            store.add(keys, self._encoder().encode([texts[key] for key in keys], count))
        return store

    def _encoder(self) -> Encoder:
        t = self.table
        return _encoder(self.folder, t.backend, t.precision, t.max_tokens, t.batch_tokens, t.trust_remote_code)


@lru_cache(maxsize=1)
def _encoder(
    folder: Path, backend: Any, precision: Any, max_tokens: int | None, batch_tokens: int, trust: bool
) -> Encoder:
    """One model in memory, however many shards ask for it."""
    from curate.embed import Encoder

    return Encoder(folder, backend, precision, max_tokens, batch_tokens, trust)


def installed() -> None:
    """InputError with what to install, before a shard is read."""
    from importlib.util import find_spec

    for name in ("sentence_transformers", "faiss", "torch", "threadpoolctl"):
        try:
            there = find_spec(name) is not None
        except ValueError:
            there = False
        if not there:
            raise missing(ImportError(name=name))


def _keys(frame: pl.DataFrame) -> pl.DataFrame:
    """Keys of the wordings of prompt, answer and tools, and of the gold answer (null when there is none)."""
    sides = views(frame).with_columns(gold=frame["reference"].str.strip_chars().str.to_lowercase())

    def key(name: str) -> pl.Expr:
        return pl.concat_str(pl.col(name).hash(21), pl.col(name).hash(22), separator="-")

    filled = sides.with_columns(pl.col("prompt", "answer", "tools").fill_null(""))
    keys = {f"{name}_key": key(name) for name in ("prompt", "answer", "tools")}
    return filled.select(**keys, gold_key=pl.when(pl.col("gold").is_not_null()).then(key("gold")))
