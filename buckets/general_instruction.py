"""General instruction following: one request, one answer, no special capability."""

from __future__ import annotations

from buckets.bucket import Bucket, Signal, plain_row, single_turn

GENERAL_INSTRUCTION = Bucket(
    id="general_instruction",
    title="General instruction following",
    is_in="Writing, rewriting, summarising, classifying, brainstorming and everyday questions, asked in one turn.",
    is_out="A row that clearly exercises one of the other eight capabilities; this bucket is what remains.",
    signals=(Signal("plain single turn", 0.55, plain_row & single_turn),),
    verifiers=("rules", "chat"),
    tasks=("general_instruction",),
)
