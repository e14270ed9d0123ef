"""A very small base model and a world of two tasks, made once."""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ablation.settings import TinyModel
from ablation.tiny import build, tokenizer_of
from buckets import Draft, EvalItem, Message, frame_of, row_of

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads: threads only get in each other's way here

WORDS = ["red", "blue", "green", "dog", "cat", "sun", "moon", "tree", "fish", "bird", "milk", "salt"]
TASKS = {"code": "first", "math_reasoning": "last"}


@dataclass(frozen=True)
class World:
    """Two buckets: answer the first word, answer the last word."""

    model: TinyModel
    base: Path
    pool: pl.DataFrame
    items: list[EvalItem]


def example(bucket: str, rng: random.Random) -> tuple[Message, Message]:
    words = [rng.choice(WORDS) for _ in range(rng.randint(2, 4))]
    answer = words[0] if bucket == "code" else words[-1]
    return Message("user", f"{TASKS[bucket]}: {' '.join(words)}"), Message("assistant", answer)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    rng = random.Random(0)
    rows, items = [], []
    for bucket in TASKS:
        for number in range(40):
            draft = Draft(example(bucket, rng))
            rows.append(row_of(draft, source="toy", path="t", file=bucket, row=number, format="x") | {"bucket": bucket})
        for number in range(6):
            question, answer = example(bucket, rng)
            draft = Draft((question,), reference=answer.content)
            items.append(EvalItem(f"{bucket}-{number}", bucket, "dev", f"{bucket}-{number}", draft))
    corpus = folder / "corpus.jsonl"
    talks = [example(rng.choice(list(TASKS)), rng) for _ in range(200)]
    corpus.write_text(
        "\n".join(json.dumps({"messages": [{"role": m.role, "content": m.content} for m in t]}) for t in talks)
    )
    model = TinyModel(hidden=32, layers=1, heads=2, vocab=330, context=64, corpus=(str(corpus),), base_tokens=4000)
    return World(model, build(model, [corpus], folder / "models"), frame_of(rows), items)


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return tokenizer_of(["the cat sat on the mat", "weather in Paris is 21 degrees"] * 20, 340, 256)
