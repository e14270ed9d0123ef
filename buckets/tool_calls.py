"""Tool calls: choose a declared tool and call it with arguments that fit."""

from __future__ import annotations

import polars as pl

from buckets.bucket import Bucket, Signal

TOOL_CALLS = Bucket(
    id="tool_calls",
    title="Tool calls",
    is_in="Rows that declare tools or call them, including those where the right move is to call nothing.",
    is_out="Programs that call functions, and talk about APIs.",
    signals=(
        Signal("calls a tool", 0.97, pl.col("calls")),
        Signal("declares tools", 0.95, pl.col("tools")),
    ),
    verifiers=("rules", "chat", "tools"),
    tasks=("tool_calls",),
)
