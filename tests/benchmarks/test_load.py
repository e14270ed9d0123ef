"""The samples that other tools are given, and the comparison with what they make of them: a planted fault is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from transformers import AutoTokenizer

from benchmarks.load.changes import CHANGES
from benchmarks.load.model import write_model
from benchmarks.load.samples import SHAPES, samples
from benchmarks.load.ways import EXPORTS, PEERS, Way
from benchmarks.load_check import Sample, failed, judged, word
from buckets import FORMATS

HELD, _ = samples("openai_messages", 40, 1)
Row = dict[str, Any]


def faithful(given: list[Sample]) -> dict[str, Any]:
    """A peer that hands on what it read, with calls and tools as objects."""
    rows = [
        {"messages": copy.deepcopy(row["messages"]), "tools": json.loads(row.get("tools", "null"))} for _, row in given
    ]
    for row in rows:
        for turn in row["messages"]:
            for call in turn.get("tool_calls", ()):
                call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return {"rows": rows}


def test_each_format_with_a_writer_has_samples_and_every_peer_says_how_it_reads_them() -> None:
    writers = {name for name, form in FORMATS.items() if form.write}
    assert set(SHAPES) == writers
    for ways in PEERS.values():
        assert set(ways) == writers
    assert set(EXPORTS) == set(PEERS)
    for form in SHAPES:
        held, _ = samples(form, 20, 3)
        assert [row for _, row in held] == [row for _, row in samples(form, 20, 3)[0]]
        assert [row for _, row in held] != [row for _, row in samples(form, 20, 4)[0]]
        read = FORMATS[form].read
        assert [read(row).messages for _, row in held] == [record.messages for record, _ in held]


def test_samples_have_what_readers_differ_in() -> None:
    drafts = [record.draft for record, _ in HELD]
    turns = [message for draft in drafts for message in draft.messages]
    calls = [json.loads(message.tool_calls) for message in turns if message.tool_calls]
    assert {message.role for message in turns} == {"system", "developer", "user", "assistant", "tool"}
    assert any(len(made) > 1 for made in calls)
    assert any(message.tool_calls and message.content for message in turns)
    assert any(message.reasoning for message in turns)
    assert any(not message.content and not message.tool_calls for message in turns)
    assert any(not message.content.isascii() for message in turns)
    assert any(draft.tools for draft in drafts)
    assert any(not draft.tools for draft in drafts)
    keys = {frozenset(tool["function"]) for draft in drafts if draft.tools for tool in json.loads(draft.tools)}
    assert len(keys) > 1


def test_what_is_handed_on_whole_is_equal() -> None:
    cell = judged(Way(), HELD, faithful(HELD))
    assert (cell["equal"], cell["changed"], cell["skipped"], cell["different"]) == (40, 0, [], 0)
    assert not failed(cell)
    assert word(cell) == "40 of 40 equal"


def _row(rows: list[Row], wanted: Callable[[Row], bool]) -> Row:
    return next(row for row in rows if wanted(row))


def _calls(row: Row) -> list[Row]:
    return [turn for turn in row["messages"] if len(turn.get("tool_calls", ())) > 1]


def _text(rows: list[Row]) -> None:
    rows[5]["messages"][-1]["content"] += " "


def _argument(rows: list[Row]) -> None:
    (turn, *_) = _calls(_row(rows, lambda row: bool(_calls(row))))
    turn["tool_calls"][0]["function"]["arguments"]["more"] = None


def _order(rows: list[Row]) -> None:
    (turn, *_) = _calls(_row(rows, lambda row: bool(_calls(row))))
    turn["tool_calls"].reverse()


def _reasoning(rows: list[Row]) -> None:
    row = _row(rows, lambda row: any("reasoning_content" in turn for turn in row["messages"]))
    for turn in row["messages"]:
        turn.pop("reasoning_content", None)


def _role(rows: list[Row]) -> None:
    rows[7]["messages"][0]["role"] = "developer" if rows[7]["messages"][0]["role"] != "developer" else "system"


def _turn(rows: list[Row]) -> None:
    del rows[9]["messages"][-1]


def _tools(rows: list[Row]) -> None:
    row = _row(rows, lambda row: bool(row["tools"]))
    row["tools"][0]["function"]["strict"] = None


@pytest.mark.parametrize("plant", [_text, _argument, _order, _reasoning, _role, _turn, _tools])
def test_a_planted_difference_is_found(plant: Callable[[list[Row]], None]) -> None:
    told = faithful(HELD)
    plant(told["rows"])
    cell = judged(Way(), HELD, told)
    assert (cell["equal"], cell["different"], cell["skipped"]) == (39, 1, [])
    assert failed(cell)


def test_a_skipped_an_emptied_and_a_doubled_row_are_found_in_any_order() -> None:
    told = faithful(HELD)
    told["rows"][3] = {"messages": [], "tools": None}
    del told["rows"][11]
    told["rows"].append(copy.deepcopy(told["rows"][20]))
    told["rows"].reverse()
    cell = judged(Way(), HELD, told)
    assert cell["skipped"] == [3, 11, 21]
    assert cell["equal"] == 37
    assert failed(cell)
    assert failed(judged(Way(), HELD, {**faithful(HELD), "trained": 39}))
    assert failed(judged(Way(), HELD, {"failed": "KeyError: 'tools'"}))


def test_only_a_declared_change_is_excused_and_only_where_it_explains_the_row() -> None:
    told = faithful(HELD)
    _reasoning(told["rows"])
    declared = judged(Way(changes=("thinking_off", "no_reasoning")), HELD, told)
    assert not failed(declared)
    assert declared["changed"] == 1
    assert declared["changes"] == {CHANGES["no_reasoning"].reason: 1}
    assert failed(judged(Way(changes=("thinking_off",)), HELD, told))
    _text(told["rows"])
    assert judged(Way(changes=("thinking_off", "no_reasoning")), HELD, told)["different"] == 1


def test_texts_of_turns_are_compared_letter_by_letter() -> None:
    held, _ = samples("hermes", 10, 1)
    turns = [[{"role": turn["from"], "content": turn["value"]} for turn in row["conversations"]] for _, row in held]
    told = {"rows": [{"messages": messages, "tools": None} for messages in turns]}
    way = Way(compared="turns", changes=("roles_not_mapped",))
    assert judged(way, held, told)["changed"] == 10
    assert failed(judged(Way(compared="turns"), held, told))
    turns[4][-1]["content"] += "\n"
    assert judged(way, held, told)["different"] == 1


def test_the_template_of_the_model_prints_whole_messages(tmp_path: Any) -> None:
    write_model(tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    messages = HELD[0][1]["messages"]
    ids = tokenizer.apply_chat_template(messages, tools=[{"name": "ü"}], return_dict=False)
    first, *lines = [json.loads(line) for line in tokenizer.decode(ids).split("\n") if line]
    assert first == {"tools": [{"name": "ü"}]}
    assert [{key: value for key, value in line.items() if value is not None} for line in lines] == messages
