"""The raw files: which format each has, how it is packed, and which buckets it draws from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from examples.demo.world.row import Row

Shape = Literal["alpaca", "sharegpt", "openai", "prompt_response", "question_answer", "preference"]


@dataclass(frozen=True, slots=True)
class File:
    """`share`: the part of each bucket's clean rows that this file holds."""

    shape: Shape
    share: dict[str, float]


FILES: dict[str, File] = {
    # Mixed: row by row, signals must find the bucket.
    "instructions.json": File("alpaca", {"general_instruction": 0.5, "structured_output": 0.5, "math_reasoning": 0.15}),
    "chat_tools.jsonl.gz": File("sharegpt", {"tool_calls": 0.55, "multi_turn_dialogue": 0.5}),
    "messages.jsonl.zst": File(
        "openai", {"tool_calls": 0.45, "multi_turn_dialogue": 0.5, "structured_output": 0.5, "code": 0.15}
    ),
    # One bucket each, which a recipe declares.
    "prompts.csv": File("prompt_response", {"general_instruction": 0.5}),
    "math.parquet": File("question_answer", {"math_reasoning": 0.85}),
    "code.jsonl": File("prompt_response", {"code": 0.85}),
    "preferences.jsonl.bz2": File("preference", {"safety_refusal": 0.6}),
    "requests.csv": File("prompt_response", {"safety_refusal": 0.4}),
    "guilds.csv": File("prompt_response", {"domain_qa": 0.6}),
    "guilds.json": File("alpaca", {"domain_qa": 0.4}),
    "notes.jsonl": File("prompt_response", {"long_context": 1.0}),
}
"""No word of a guild question, a list of notes or a harmless near miss tells its bucket: those files are declared."""


def homes(bucket: str) -> list[str]:
    """The files that hold this bucket."""
    return [name for name, file in FILES.items() if bucket in file.share]


def fitting(row: Row) -> list[str]:
    """The files of the row's bucket whose format can say it: the flat ones hold one turn each way."""
    flat = ("alpaca", "prompt_response", "question_answer")
    return [name for name in homes(row.bucket) if len(row.turns) == 2 or FILES[name].shape not in flat]
