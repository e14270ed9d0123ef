"""Code: write, complete, explain or repair a program."""

from __future__ import annotations

import polars as pl

from buckets.bucket import Bucket, Signal, long_prompt, matches, over_table, tool_row

FENCE = r"(?m)^\s*```"
BODY = (
    r"(?m)^\s*(def \w+\(.*:|class \w+.*[:{]\s*$|import [\w.]+;?\s*$|from [\w.]+ import |#include\s*<|"
    r"(public|private|static)\s+[\w<>\[\]]+ \w+|function \w*\(|(const|let|var) \w+\s*=|using namespace |"
    r"for \(|while \(|if \(.*\)\s*\{|System\.out|print\(|console\.log|<\?php|<!DOCTYPE|<html|fn \w+\()"
)
LINES = r"(?m)[;{}]\s*$|^\s*[\w.]+\(.*\)\s*;?\s*$|^\s*[\w.\[\]]+ = \S|</\w+>|\bSELECT\b|=>|\[a-z|\\[dws][+*{]"
SQL = r"(?m)^\s*(SELECT\b.+\bFROM\b|INSERT INTO\b|UPDATE \w+ SET\b|CREATE TABLE\b|DELETE FROM\b)"
ASKS = (
    r"(?i)\b(code|function|program|script|algorithm|regex|regular expression|class|method|query|api|sql|html|css|"
    r"python|java(script)?|typescript|c\+\+|c#|php|ruby|golang|rust|bash|debug|compile|refactor)\b"
)
program = ~tool_row & ~long_prompt

CODE = Bucket(
    id="code",
    title="Code",
    is_in="Rows whose point is a program: writing, completing, explaining, translating or repairing one.",
    is_out="Answers that must be data in a given format (structured output) and programs that are only quoted.",
    signals=(
        Signal("tests are given", 0.97, program & pl.col("tests")),
        Signal("program text in the answer", 0.6, program & matches("answer", BODY)),
        Signal("fenced block in the answer", 0.5, program & matches("answer", FENCE)),
        Signal("lines of code in the answer", 0.45, program & ~over_table & matches("answer", LINES)),
        Signal("query in the answer", 0.6, program & ~over_table & matches("answer", SQL)),
        Signal("program text in the prompt", 0.5, program & matches("prompt", BODY)),
        Signal("asks for a program", 0.45, program & matches("prompt", ASKS)),
    ),
    verifiers=("rules", "chat", "execution"),
    tasks=("code",),
)
