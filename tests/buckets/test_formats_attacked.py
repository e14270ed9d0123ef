"""Rows that were read without a word as something else: a lost text, a lost system, a result at the wrong call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from buckets import FORMATS, Record, RowError, sniff_format
from tests.contracts.conversations import conversations
from tests.contracts.test_formats_roundtrip import SHAPES

ASK, SAY = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
TALK = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]


def turns(row: dict[str, Any]) -> list[tuple[str, str]]:
    form, _ = sniff_format([row], "here")
    return [(message.role, message.content) for message in form.read(row).messages]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"instruction": "q", "input": "", "context": "c", "output": "a"}, [("user", "q\n\nc"), ("assistant", "a")]),
        ({"instruction": "q", "output": "", "response": "a"}, [("user", "q"), ("assistant", "a")]),
        ({"conversations": TALK, "system_prompt": "s"}, [("system", "s"), ("user", "q"), ("assistant", "a")]),
        ({"messages": [{"role": "system", "content": "s"}, ASK, SAY], "system": "s"},
         [("system", "s"), ("user", "q"), ("assistant", "a")]),
        ({"messages": [{"role": "user", "text": "q"}, {"role": "model", "text": "a"}]},
         [("user", "q"), ("assistant", "a")]),
        ({"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}]},
         [("user", "q"), ("assistant", "a")]),
    ],
)  # fmt: skip
def test_texts_under_other_names_are_not_lost(row: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert turns(row) == found


@pytest.mark.parametrize("turn", [{"utterance": "q"}, {"message": "q"}, {"parts": [{"functionCall": {"name": "f"}}]}])
def test_a_turn_whose_text_is_not_known_is_no_empty_turn(turn: dict[str, Any]) -> None:
    with pytest.raises(RowError, match="is not known"):
        FORMATS["openai_messages"].read({"messages": [{"role": "user", **turn}, SAY]})


@pytest.mark.parametrize("label", [False, 0, "false", "False"])
def test_an_answer_that_is_labelled_bad_is_not_read_whatever_the_file_calls_false(label: object) -> None:
    row = {"prompt": "q", "completion": "a", "label": label}
    form, _ = sniff_format([row], "here")
    assert form.name == "preference"
    with pytest.raises(RowError, match="bad one"):
        form.read(row)


def test_a_call_without_an_id_does_not_take_the_id_of_another() -> None:
    calls = [{"id": "call_1", "function": {"name": "f"}}, {"function": {"name": "g"}}]
    results = [{"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}]
    draft = FORMATS["openai_messages"].read({"messages": [ASK, {"role": "assistant", "tool_calls": calls}, *results]})
    made = [call["id"] for call in json.loads(draft.messages[1].tool_calls or "")]
    assert len(set(made)) == 2
    assert [message.tool_call_id for message in draft.messages[2:]] == made


@pytest.mark.parametrize("name", SHAPES)
def test_each_format_is_found_in_its_own_hundred_rows(name: str) -> None:
    rows: list[dict[str, Any]] = []

    @settings(max_examples=130, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(record=conversations(SHAPES[name]))
    def each(record: Record) -> None:
        write = FORMATS[name].write
        assert write is not None
        try:
            rows.append(json.loads(json.dumps(write(record))))
        except RowError:
            return

    each()
    assert len(rows) >= 60
    assert sniff_format(rows, "here")[0].name == name
