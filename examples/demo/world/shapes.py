"""One row in the shape of each file format, with the keys that the format's users expect."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from examples.demo.world.files import Shape
from examples.demo.world.row import Row, Turn

Raw = dict[str, Any]


def extras(row: Row) -> Raw:
    """What graders need, under extra keys; absent where there is nothing."""
    raw: Raw = {}
    if row.reference is not None:
        raw["reference"] = row.reference
    if row.tests:
        raw["tests"] = list(row.tests)
    if row.schema is not None:
        raw["schema"] = row.schema
    return raw


def alpaca(row: Row) -> Raw:
    return {"instruction": row.turns[0]["content"], "input": "", "output": row.turns[-1]["content"], **extras(row)}


def prompt_response(row: Row) -> Raw:
    return {"prompt": row.turns[0]["content"], "response": row.turns[-1]["content"], **extras(row)}


def question_answer(row: Row) -> Raw:
    """The gold is in the answer, after ####."""
    return {"question": row.turns[0]["content"], "answer": row.turns[-1]["content"]}


def openai(row: Row) -> Raw:
    raw: Raw = {"messages": list(row.turns)}
    if row.tools:
        raw["tools"] = list(row.tools)
    return raw | extras(row)


def sharegpt(row: Row) -> Raw:
    raw: Raw = {"conversations": [said(turn) for turn in row.turns]}
    if row.tools:
        raw["tools"] = json.dumps([tool["function"] for tool in row.tools])
    return raw | extras(row)


def said(turn: Turn) -> Raw:
    if turn.get("tool_calls"):
        function = turn["tool_calls"][0]["function"]
        value = json.dumps({"name": function["name"], "arguments": json.loads(function["arguments"])})
        return {"from": "function_call", "value": value}
    speaker = {"user": "human", "assistant": "gpt", "tool": "observation"}[turn["role"]]
    return {"from": speaker, "value": turn["content"]}


def preference(row: Row) -> Raw:
    """Two transcripts that part at the last answer."""
    prompt = "".join(spoken(turn) for turn in row.turns[:-1])
    return {
        "chosen": prompt + spoken(row.turns[-1]),
        "rejected": prompt + spoken({"role": "assistant", "content": "I do not know."}),
    }


def spoken(turn: Turn) -> str:
    return f"\n\n{'Human' if turn['role'] == 'user' else 'Assistant'}: {turn['content']}"


SHAPES: dict[Shape, Callable[[Row], Raw]] = {
    "alpaca": alpaca,
    "sharegpt": sharegpt,
    "openai": openai,
    "prompt_response": prompt_response,
    "question_answer": question_answer,
    "preference": preference,
}
