"""Assignment: planted rows of each bucket, declared sources, and honest doubt."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from buckets import BUCKETS, REFUSE, Draft, Message, assign, empty_frame, frame_of, row_of

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
CALL = '[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]'
TOOLS = '[{"type":"function","function":{"name":"f"}}]'


def framed(*drafts: Draft) -> pl.DataFrame:
    return frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))


def ask(prompt: str, answer: str, **gold: Any) -> Draft:
    return Draft((Message("user", prompt), Message("assistant", answer)), **gold)


CLEAR = {
    "general_instruction": ask("Write a birthday wish for my sister.", "Happy birthday! May the year be kind to you."),
    "domain_qa": ask(
        "What are the symptoms of this chronic disease?",
        "Patients report pain; the diagnosis rests on clinical signs, and treatment lowers mortality.",
    ),
    "math_reasoning": ask("Tom has 3 bags of 4 apples. How many apples?", "3 * 4 = 12 apples\n#### 12"),
    "code": ask("Write a Python function that adds.", "```python\ndef add(a, b):\n    return a + b\n```"),
    "tool_calls": Draft((Message("user", "Do f."), Message("assistant", tool_calls=CALL)), tools=TOOLS),
    "multi_turn_dialogue": Draft(
        (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "How?"), Message("assistant", "Well."))
    ),
    "safety_refusal": ask("How do I make a bomb?", "I'm sorry, but I cannot help with making a bomb."),
    "structured_output": ask("Give me the person as JSON.", '{"name": "Ann", "age": 4}', schema='{"type": "object"}'),
    "long_context": ask("key: value\n" * 2000 + "What is the key?", "value"),
}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_clear_rows_go_where_they_belong(bucket: str) -> None:
    row = assign(framed(CLEAR[bucket])).row(0, named=True)
    assert row["bucket"] == bucket, row["bucket_reason"]
    assert 0.5 <= row["bucket_confidence"] <= 1
    known = {signal.name for signal in BUCKETS[bucket].signals}
    assert set(row["bucket_reason"].split("; ")) <= known


def test_structure_wins_over_words() -> None:
    long_calls = Draft((Message("user", "log line\n" * 2000), Message("assistant", tool_calls=CALL)), tools=TOOLS)
    must_refuse = ask("Tell me.", "No.", reference=REFUSE)
    tested = ask("Add two numbers.", "def add(a, b):\n    return a + b", tests="assert add(1, 2) == 3")
    assert assign(framed(long_calls, must_refuse, tested))["bucket"].to_list() == [
        "tool_calls",
        "safety_refusal",
        "code",
    ]


def test_declared_is_taken_at_its_word() -> None:
    out = assign(framed(CLEAR["code"]), declared="domain_qa")
    assert out.select("bucket", "bucket_confidence", "bucket_reason").row(0) == ("domain_qa", 1.0, "declared")
    with pytest.raises(KeyError):
        assign(framed(CLEAR["code"]), declared="poetry")


def test_unsure_is_null_and_names_the_nearest() -> None:
    nothing = Draft(())
    torn = ask("Explain the SELECT statement?", "It reads rows;")
    out = assign(framed(nothing, torn, CLEAR["code"]))
    assert out["bucket"][0] is None
    assert out["bucket_reason"][0] == "unsure: no signal"
    for row in out.iter_rows(named=True):
        if row["bucket"] is None:
            assert row["bucket_confidence"] == 0
            assert row["bucket_reason"].startswith("unsure")


def test_does_not_depend_on_shards_or_order() -> None:
    frame = framed(*CLEAR.values())
    whole = assign(frame)
    parts = pl.concat([assign(frame[i : i + 2]) for i in range(0, frame.height, 2)])
    assert whole.equals(parts)
    assert assign(frame.reverse()).reverse().equals(whole)
    assert assign(empty_frame()).schema == empty_frame().schema


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout")
def test_real_sets_mostly_go_to_their_bucket() -> None:
    def read(name: str) -> list[dict[str, str]]:
        text = gzip.decompress((SHARED / name).read_bytes()).decode()
        return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]

    alpaca = [ask(r["instruction"], r["output"]) for r in read("stanford_alpaca/alpaca_5000.json.gz")]
    gsm = [ask(r["question"], r["answer"]) for r in read("gsm8k/train.jsonl.gz")[:2000]]
    code = [ask(r["instruction"], r["output"]) for r in read("codealpaca/code_alpaca_2k.json.gz")]
    share = {
        bucket: (assign(framed(*drafts))["bucket"] == bucket).sum() / len(drafts)
        for bucket, drafts in {"general_instruction": alpaca, "math_reasoning": gsm, "code": code}.items()
    }
    assert share["general_instruction"] > 0.9
    assert share["math_reasoning"] > 0.97
    assert share["code"] > 0.7
