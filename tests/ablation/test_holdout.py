"""What is held out stays out: continuations, other system prompts, other buckets; and what of it is scored."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ablation.holdout import hold_out, opening_hash
from ablation.mask import Encoder
from ablation.pack import Rows
from ablation.trials import encode_pool, write_items
from buckets import Draft, Message, frame_of, row_of

FIRST = "general_instruction"
LONGER = "multi_turn_dialogue"


def talk(number: int, *more: Message, system: str | None = None) -> tuple[Message, ...]:
    """Question and answer `number`, and what follows."""
    head = (Message("system", system),) if system else ()
    return (*head, Message("user", f"question {number}?"), Message("assistant", f"answer {number}"), *more)


def pool(*talks: tuple[str, tuple[Message, ...]]) -> pl.DataFrame:
    made = [
        row_of(Draft(messages), source="s", path="p", file="f", row=row, format="x") | {"bucket": bucket}
        for row, (bucket, messages) in enumerate(talks)
    ]
    return frame_of(made)


def openings(frame: pl.DataFrame) -> set[str]:
    return {next(m["content"] for m in messages if m["role"] == "user") for messages in frame["messages"].to_list()}


def continued(count: int) -> pl.DataFrame:
    """Every talk four times: alone, with a continuation in another bucket, under a system prompt, in other case."""
    rows: list[tuple[str, tuple[Message, ...]]] = []
    for n in range(count):
        shouted = (Message("user", f"QUESTION  {n}? "), Message("assistant", f"answer {n}, again"))
        more = (Message("user", f"and {n}?"), Message("assistant", f"more of {n}"))
        rows += [(FIRST, talk(n)), (LONGER, talk(n, *more)), (FIRST, talk(n, system="be brief")), (FIRST, shouted)]
    return pool(*rows)


@pytest.mark.parametrize("most", [3, 1000])
def test_rows_that_open_alike_leave_the_training_together(most: int) -> None:
    frame = continued(60)
    left, held = hold_out(frame, 0.2, most)
    out = {item.draft.messages[-2].content.split("?")[0].split()[-1] for item in held}
    assert len(out) >= 3
    assert left.height == frame.height - 4 * len(out)
    trained = {m["content"] for messages in left["messages"].to_list() for m in messages if m["role"] == "assistant"}
    for item in held:
        assert not {m.content for m in item.draft.messages if m.role == "assistant"} & trained
    assert {item.bucket for item in held} == {FIRST, LONGER}


def test_a_held_out_talk_ends_with_its_last_answer() -> None:
    _, held = hold_out(pool(*((LONGER, talk(n, Message("user", "thanks"))) for n in range(60))), 0.3, 100)
    assert len(held) > 5
    assert {item.draft.messages[-1].role for item in held} == {"assistant"}


def test_a_form_letter_is_not_held_out() -> None:
    """When the system prompt holds the task, all rows may open alike: without them the bucket would be gone."""
    letter = next(text for text in map("Do it, {}.".format, range(99)) if opening_hash([Message("user", text)]) < 2**60)
    rows = [(FIRST, (Message("system", str(n)), Message("user", letter), Message("assistant", "x"))) for n in range(90)]
    assert hold_out(pool(*rows[:9]), 0.5, 100)[0].height == 0
    assert hold_out(pool(*rows), 0.1, 100)[0].height == 90


def test_only_the_last_answer_is_scored(tokenizer: Any, tmp_path: Path) -> None:
    _, held = hold_out(continued(60), 0.2, 3)
    used, skipped, _ = write_items(held, Encoder(tokenizer), 256, tmp_path / "eval.npz")
    assert not skipped
    with np.load(tmp_path / "eval.npz") as arrays:
        rows = Rows.from_arrays(arrays, "reference")
        assert len(arrays["prompt_ids"]) == 0
    scored = [tokenizer.decode(ids[flags].tolist()) for ids, flags in map(rows.row, range(len(rows)))]
    assert scored == [item.draft.messages[-1].content + "<|end|>" for item in used]


def test_rows_beyond_the_context_are_not_trained_on_but_are_there(tokenizer: Any) -> None:
    frame = pool((FIRST, talk(1)), (FIRST, talk(2, Message("user", "word " * 400), Message("assistant", "yes"))))
    encodings = encode_pool(frame, Encoder(tokenizer), 256)
    assert encodings.skipped == {"longer_than_context": 1}
    assert encodings.available[FIRST] > encodings.supply()[FIRST].trained


def test_a_row_that_will_be_left_out_gives_no_warning(tokenizer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """ "Will result in indexing errors", says the tokenizer; it will not, for the row is never run."""
    logger = logging.getLogger("transformers")
    logger.addHandler(caplog.handler)
    try:
        encoder = Encoder(tokenizer)
        long = talk(1, Message("user", "word " * 400), Message("assistant", "yes"))
        assert len(encoder.encode(long, None).ids) > tokenizer.model_max_length
        assert len(encoder.prompt(long[:-1], None)) > tokenizer.model_max_length
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.text == ""
