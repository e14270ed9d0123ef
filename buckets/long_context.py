"""Long context: the answer lies somewhere in many pages."""

from __future__ import annotations

import polars as pl

from buckets.bucket import Bucket, Signal, long_prompt, tool_row

LONG_CONTEXT = Bucket(
    id="long_context",
    title="Long context",
    is_in="Prompts of thousands of characters (a document, a log, a list of facts) that the answer depends on.",
    is_out="Long answers to short prompts, and conversations that became long around tools.",
    signals=(
        Signal("long prompt", 0.9, long_prompt & ~tool_row & ~pl.col("schema")),
        Signal("very long prompt", 0.7, (pl.col("prompt_chars") >= 16_000) & ~tool_row & ~pl.col("schema")),
    ),
    verifiers=("rules", "chat", "answers"),
    tasks=("long_context",),
)
