"""Structured output: the answer must be data in a stated form."""

from __future__ import annotations

import polars as pl

from buckets.bucket import Bucket, Signal, long_prompt, matches, tool_row

JSON_ANSWER = r"(?s)\A\s*(```(json)?\s*)?(\{\s*\".*\}|\[\s*[\[{\"].*\])\s*(```)?\s*\z"
ASKS = (
    r"(?i)\b(json|yaml|xml|csv|key[- ]value pairs?|markdown table|schema)\b|\bas a table\b|"
    r"\btable:|\bcolumns?:"
)
SQL_ANSWER = r"(?is)\A\s*(```sql\s*)?select\b.{1,400}\bfrom\b"
free = ~tool_row & ~long_prompt

STRUCTURED_OUTPUT = Bucket(
    id="structured_output",
    title="Structured output",
    is_in="Answers that a parser reads: JSON under a schema, a filled form, a query over a given table.",
    is_out="Tool calls, free prose with a list in it, and programs in a general language.",
    signals=(
        Signal("schema is given", 0.97, pl.col("schema") & ~tool_row),
        Signal("answer is JSON", 0.8, free & matches("answer", JSON_ANSWER)),
        Signal("asks for a data format", 0.4, free & matches("prompt", ASKS)),
        Signal(
            "query over a given table",
            0.9,
            free & matches("prompt", r"(?i)\btable:|\bcolumns?:") & matches("answer", SQL_ANSWER),
        ),
    ),
    verifiers=("rules", "chat", "schema"),
    tasks=("structured_output",),
)
