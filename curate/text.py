"""The text views of a frame that deduplication compares: what was asked, what was answered, all of it."""

from __future__ import annotations

import polars as pl

_TURN = pl.element().struct


def _joined(keep: pl.Expr) -> pl.Expr:
    """All turns for which `keep` holds, tool calls included, one a line."""
    content = pl.element().filter(keep).struct.field("content").fill_null("")
    calls = pl.element().filter(keep).struct.field("tool_calls").fill_null("")
    return pl.col("messages").list.eval(pl.concat_str([content, calls], separator=" ")).list.join("\n")


def talk_text() -> pl.Expr:
    """User, assistant and tool turns. System prompt and tool list are left out: rows share them."""
    return _joined(~_TURN.field("role").is_in(["system", "developer"]))


def prompt_text() -> pl.Expr:
    """User and tool turns only."""
    return _joined(_TURN.field("role").is_in(["user", "tool"]))


def answer_text() -> pl.Expr:
    """Assistant turns only."""
    return _joined(_TURN.field("role") == "assistant")


def exact_key() -> pl.Expr:
    """Role-tagged, case-folded, space-squeezed text of the whole row, system prompt and tools included.

    Two rows with the same key are the same example in two formats.
    """
    turns = pl.col("messages").list.eval(
        pl.concat_str(
            [
                _TURN.field(name).fill_null("").str.strip_chars()
                for name in ("role", "content", "reasoning", "tool_calls")
            ],
            separator="\x1f",
        )
    )
    whole = pl.concat_str([turns.list.join("\x1e"), pl.col("tools").fill_null("")], separator="\x1d")
    return whole.str.to_lowercase().str.replace_all(r"[ \t\r\n]+", " ")
