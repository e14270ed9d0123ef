"""Multi-turn dialogue: later turns lean on earlier ones."""

from __future__ import annotations

import polars as pl

from buckets.bucket import Bucket, Signal, plain_row

MULTI_TURN_DIALOGUE = Bucket(
    id="multi_turn_dialogue",
    title="Multi-turn dialogue",
    is_in="Conversations with at least two user turns, where an answer must keep track of what was said.",
    is_out="Conversations around tools, and one question after another about one long document.",
    signals=(
        Signal("two user turns", 0.75, plain_row & (pl.col("n_user") >= 2)),
        Signal("four user turns", 0.5, plain_row & (pl.col("n_user") >= 4)),
    ),
    verifiers=("rules", "chat"),
    tasks=("multi_turn_dialogue",),
)
