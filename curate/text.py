"""A row's talk as one text, for people to read."""

from __future__ import annotations

import polars as pl

_TURN = pl.element().struct


def talk_text() -> pl.Expr:
    """User, assistant and tool turns with their calls, one a line. System prompt and tool list are left out."""
    said = ~_TURN.field("role").is_in(["system", "developer"])
    content = pl.element().filter(said).struct.field("content").fill_null("")
    calls = pl.element().filter(said).struct.field("tool_calls").fill_null("")
    return pl.col("messages").list.eval(pl.concat_str([content, calls], separator=" ")).list.join("\n")
