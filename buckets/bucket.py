"""What a capability bucket is, and the text columns its signals look at."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

TEXT_CALL = r"<tool_call>|<function_?call>|<\|tool|(?m)^\s*Action Input:\s*\S"
"""A tool call that the source left in the text."""
REFUSE = "<refuse>"
"""The gold answer that stands for: this must be declined."""
HEAD = 4000
"""Characters of each text that signals read: what a row is about shows early, and long rows stay cheap."""


@dataclass(frozen=True)
class Signal:
    """One piece of evidence: `expr` is a boolean over the columns of `prepare`.

    `weight` (0..1) is the confidence that this signal alone gives; several add up as a noisy-or.
    """

    name: str
    weight: float
    expr: pl.Expr


@dataclass(frozen=True)
class Bucket:
    """One of the nine capabilities: what belongs, what does not, how it shows, who checks it, what measures it."""

    id: str
    title: str
    is_in: str
    is_out: str
    signals: tuple[Signal, ...]
    verifiers: tuple[str, ...]
    """Names in `verifiers.VERIFIERS`."""
    tasks: tuple[str, ...]
    """Names of eval tasks in `ablation`."""


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns that signals read, one row a record.

    system, prompt (all user turns), last_user, answer (last assistant turn), replies (all assistant turns): text,
    at most HEAD characters each. n_user: user turns. prompt_chars: characters before the last assistant turn, uncut.
    tools, calls (also written as text), schema, tests (they are given), must_refuse (gold is REFUSE): booleans.
    """
    role = pl.element().struct.field("role")
    content = pl.element().struct.field("content").fill_null("")

    def turns(*roles: str) -> pl.Expr:
        return pl.col("messages").list.eval(pl.when(role.is_in(roles)).then(content).drop_nulls())

    def has(column: str) -> pl.Expr:
        return pl.col(column).fill_null("").str.contains(r"[^\s\[\]{}]")

    parts = frame.select(
        "tools",
        "reference",
        "tests",
        "schema",
        system=turns("system", "developer").list.join("\n"),
        user=turns("user"),
        assistant=turns("assistant"),
        size=pl.col("messages").list.eval(content.str.len_chars()).list.sum(),
        calls=pl.col("messages")
        .list.eval(pl.element().struct.field("tool_calls").fill_null("").str.contains(r"[^\s\[\]]"))
        .list.any()
        .fill_null(False),
    )
    return parts.select(
        system=_head(pl.col("system")),
        prompt=_head(pl.col("user").list.join("\n")),
        last_user=_head(pl.col("user").list.last()),
        answer=_head(pl.col("assistant").list.last()),
        replies=_head(pl.col("assistant").list.join("\n")),
        n_user=pl.col("user").list.len().fill_null(0),
        prompt_chars=(pl.col("size") - pl.col("assistant").list.last().fill_null("").str.len_chars()).fill_null(0),
        tools=has("tools"),
        calls=pl.col("calls") | pl.col("assistant").list.join("\n").str.contains(TEXT_CALL).fill_null(False),
        schema=has("schema"),
        tests=has("tests"),
        must_refuse=pl.col("reference").fill_null("") == REFUSE,
    )


_EDGE = re.compile(r"(?<!\\)\\b")


def _head(text: pl.Expr) -> pl.Expr:
    return text.fill_null("").str.slice(0, HEAD)


def matches(column: str, pattern: str) -> pl.Expr:
    """Does the text column hold the pattern (Rust regex syntax)?"""
    return pl.col(column).str.contains(ascii_edges(pattern))


def ascii_edges(pattern: str) -> str:
    r"""The pattern with `\b` as an ASCII word edge: the Unicode one takes the engine off its fast path, 10x slower."""
    return _EDGE.sub(r"(?-u:\\b)", pattern)


def occurrences(column: str, pattern: str) -> pl.Expr:
    """How often the text column holds the pattern."""
    return pl.col(column).str.count_matches(ascii_edges(pattern)).cast(pl.Int32)


single_turn = pl.col("n_user") == 1
tool_row = pl.col("tools") | pl.col("calls")
LONG_CHARS = 6000
"""About 1500 tokens before the answer: an order of magnitude above an ordinary instruction."""
long_prompt = pl.col("prompt_chars") >= LONG_CHARS
plain_row = ~tool_row & ~long_prompt & ~pl.col("schema") & ~pl.col("tests")
"""No structure that decides the bucket by itself."""
over_table = matches("prompt", r"(?i)\btable:|\bcolumns?:")
"""The prompt gives a table to query."""
