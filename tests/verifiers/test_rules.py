"""Content rules: planted damage, sound neighbours, and the known counts of a real set."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from buckets import Draft, Message, frame_of, row_of
from verifiers.rules import RULES, broken

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
CALL = '[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]'


def ask(prompt: str, answer: str, **gold: Any) -> Draft:
    return Draft((Message("user", prompt), Message("assistant", answer)), **gold)


def framed(*drafts: Draft) -> pl.DataFrame:
    return frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))


PROSE = "The first reason is the cost of it. The second one is that nobody asked. " * 4
BROKEN = {
    "no_user_turn": Draft((Message("assistant", "Hello."),)),
    "empty_user_turn": ask(" \n", "Hello."),
    "empty_answer": ask("Hi", "\t"),
    "placeholder_answer": ask("Hi", "N/A"),
    "control_characters": ask("Hi", "bro\x00ken"),
    "template_leak": ask("Hi", "Hello [/INST] there"),
    "merged_instruction": ask("Hi", "Hello\n31. Instruction: say bye"),
    "template_slot": ask("Who are you?", "I am {{name}}."),
    "repetition_loop": ask("Why?", "because of the thing and " * 60),
    "truncated_answer": ask("Why?", PROSE + "The third reason is that it would have been too late to go to"),
}
SOUND = [
    ask("Hi", "Hello."),
    ask("How many are left?", "None", reference="None"),
    ask("Do f.", ""),
    ask("List fruit.", "1. Apple\n2. Pear\n" * 2 + "3. " + "Long name of a fruit that has no end point " * 6),
    ask("Write a post.", PROSE + "Come and see it! #fruit #Autumn"),
    ask("Write a letter.", PROSE + "\n\nSincerely,"),
    ask("Fill this template: Dear {{name}}", "Dear {{name}}, come."),
    ask("Draw a table.", "| a | b |\n" * 60),
    ask("Show code.", "```python\nx = 1\n```"),
    ask("Tabs?", "a\tb\r\nc"),
    ask("Why?", PROSE + "The third reason is that it would have been too late for everybody in the harbour"),
    ask("Which is no JSON type: 'undefined'?", "undefined"),
    ask("Explain it.", "So it is:\n```\nx = 1\n```\n```\nThat is all there is to it."),
]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_finds_its_damage(rule: str) -> None:
    found = broken(framed(BROKEN[rule]))
    assert found["rule"].to_list() == [rule]
    assert found["reason"][0] == RULES[rule].reason
    assert found["evidence"][0]


@pytest.mark.parametrize("end", ["which of them might", "a boat th", "every boat zu", "the price of"])
def test_a_sentence_that_stops_on_a_word_of_grammar_or_a_piece_of_one_was_cut(end: str) -> None:
    assert broken(framed(ask("Why?", PROSE + "The third reason is about " + end)))["rule"].to_list() == [
        "truncated_answer"
    ]


@pytest.mark.parametrize("at", range(len(SOUND)))
def test_sound_rows_pass(at: int) -> None:
    draft = SOUND[at]
    if draft.messages[-1].content == "":
        draft = Draft((draft.messages[0], Message("assistant", tool_calls=CALL)))
    assert broken(framed(draft)).is_empty()


def test_a_whole_frame_keeps_order_and_names_one_rule_a_row() -> None:
    frame = framed(*BROKEN.values(), *SOUND[:2])
    assert broken(frame)["rule"].to_list() == list(BROKEN)
    assert broken(frame)["id"].to_list() == frame["id"].to_list()[: len(BROKEN)]


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout")
def test_known_counts_of_alpaca() -> None:
    rows = json.loads(gzip.decompress((SHARED / "stanford_alpaca/alpaca_data.json.gz").read_bytes()))
    frame = framed(*(ask(r["instruction"] + ("\n" + r["input"] if r["input"] else ""), r["output"]) for r in rows))
    found = dict(broken(frame)["rule"].value_counts().iter_rows())
    assert found["empty_answer"] == 28
    assert found["merged_instruction"] == 37
    assert found["control_characters"] == 2
    assert 53 <= found["placeholder_answer"] <= 70
    assert found.get("truncated_answer", 0) <= 5
    assert found.get("repetition_loop", 0) <= 5
