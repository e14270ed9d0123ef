"""How big a row is: tokens, answer tokens, turns, tool calls and characters, without a tokenizer.

Tokens are an estimate: words (in pieces of at most eight characters), single CJK characters and single
punctuation marks are counted with one regular expression, so 100k rows take about a second and no model
is loaded. It is made for balancing and plots; a token budget for training has to come from the real tokenizer.
`docs/buckets.md` says how far it is from one.
"""

from __future__ import annotations

import polars as pl

CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
WORD_PATTERN = rf"[{CJK}]|[\w--[{CJK}]]+"
"""A word, or one CJK character: these scripts write no spaces. Rust regex syntax, as polars reads it."""
TOKEN_PATTERN = rf"[{CJK}]|[\w--[{CJK}]]{{1,8}}|[^\w\s]"
CALL_PATTERN = r'"function"\s*:\s*\{'
"""One match a call in an OpenAI list; a quote inside the arguments is escaped and cannot match."""


def measure(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with tokens, answer_tokens, turns, n_tool_calls and chars filled; other columns untouched.

    Content, reasoning and tool calls of every turn count; the declared tools do not.
    """
    turns = frame.select(
        pl.col("messages").list.eval(
            pl.struct(  # each text is matched once; the sums below only add up
                tokens=_tokens(),
                answer=pl.element().struct.field("role") == "assistant",
                calls=_text("tool_calls").str.count_matches(CALL_PATTERN),
                chars=sum((_text(part).str.len_chars() for part in _PARTS[1:]), _text(_PARTS[0]).str.len_chars()),
            )
        )
    )
    tokens = pl.element().struct.field("tokens")
    sizes = turns.select(
        tokens=_sum(tokens),
        answer_tokens=_sum(pl.when(pl.element().struct.field("answer")).then(tokens).otherwise(0)),
        turns=pl.col("messages").list.len().fill_null(0),
        n_tool_calls=_sum(pl.element().struct.field("calls")),
        chars=_sum(pl.element().struct.field("chars")),
    )
    return frame.with_columns(sizes.cast(pl.Int32))


_PARTS = ("content", "reasoning", "tool_calls")


def _text(part: str) -> pl.Expr:
    return pl.element().struct.field(part).fill_null("")


def _tokens() -> pl.Expr:
    parts = [_text(part).str.count_matches(TOKEN_PATTERN) for part in _PARTS]
    return parts[0] + parts[1] + parts[2]


def _sum(per_turn: pl.Expr) -> pl.Expr:
    return pl.col("messages").list.eval(per_turn).list.sum().fill_null(0)
