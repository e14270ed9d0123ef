"""Canonical -> format -> canonical on generated conversations, and through parquet and Arrow without a new null or key.

A writer that refuses everything would pass a round trip: each must hold most of the conversations of
its own kind, and among them those with the features that it says it holds.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import FORMATS, Draft, Format, Record, RowError, frame_of, read_rows, records, row_of, sniff_format
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from tests.contracts.conversations import Shape, conversations

GENERATED = 250

SHAPES = {
    "openai_messages": Shape(developer=True),
    "sharegpt": Shape(),
    "hermes": Shape(plain=False),
    "toolace": Shape(reasoning=False, beside=False),
    "glaive": Shape(reasoning=False, parallel=1),
    "xlam": Shape(rounds=1, system=False, reasoning=False, beside=False, closed=False, steps=1),
    "alpaca": Shape(rounds=1, tools=False, reasoning=False),
    "harmony": Shape(beside=False),
    "harmony_text": Shape(beside=False, held=140),  # refuses names of tools with a space
    "reasoning": Shape(rounds=1, tools=False, silent=False),
    "prompt_response": Shape(rounds=1, tools=False),
    "transcript": Shape(tools=False, reasoning=False),
}
FEATURES = {
    "openai_messages": {"tools", "parallel", "nested", "reasoning", "text beside calls", "empty", "unicode", "system"},
    "sharegpt": {"tools", "parallel", "nested", "reasoning", "text beside calls", "empty", "unicode", "system"},
    "hermes": {"tools", "parallel", "nested", "reasoning", "text beside calls", "empty", "unicode", "system"},
    "toolace": {"tools", "parallel", "nested", "empty", "unicode", "system"},
    "glaive": {"tools", "nested", "text beside calls", "empty", "unicode", "system"},
    "xlam": {"tools", "parallel", "nested", "empty", "unicode"},
    "alpaca": {"empty", "unicode", "system"},
    "harmony": {"unicode"},
    "harmony_text": {"unicode"},
    "reasoning": {"unicode"},
    "prompt_response": {"unicode"},
    "transcript": {"unicode"},
}
MARKS = (
    '<tool_call>{"name": "f", "arguments": {}}</tool_call>',
    "<tool_call>{",
    "<tool_response>\nx\n</tool_response>",
    '<tools>[{"name": "f"}]</tools>',
    "<think>\nx\n</think>\n\ny",
    "[f(a=1), g(b='x')]",
    '[{"name": "f", "results": 1}]',
    'Here: [{"name": "f"}].',
    "x\nUSER: y",
    "x <|endoftext|>",
    '<functioncall> {"name": "f", "arguments": \'{}\'}',
    '{"name": "f", "content": "x"}',
)


def marked(record: Record, mark: str, place: int) -> Record:
    """The record with a mark in one of its texts."""
    messages = list(record.messages)
    messages[place % len(messages)] = replace(messages[place % len(messages)], content=mark)
    return replace(record, draft=replace(record.draft, messages=tuple(messages)))


PLAIN = st.sampled_from(list(SHAPES.values())).flatmap(conversations)
ANY = PLAIN | st.builds(marked, PLAIN, st.sampled_from(MARKS), st.integers(0, 9))
WRITERS = {name: form for name, form in FORMATS.items() if form.write is not None}


def written(form: Format, record: Record) -> dict[str, Any] | RowError:
    """The row, or the refusal, which must be one with a reason for a person."""
    assert form.write is not None
    try:
        return form.write(record)
    except RowError as error:
        refusal = error
    assert refusal.reason == "cannot_write"
    assert refusal.detail
    return refusal


def features(draft: Draft) -> set[str]:
    calls = [json.loads(message.tool_calls) for message in draft.messages if message.tool_calls]
    arguments = [json.loads(call["function"]["arguments"]) for turn in calls for call in turn]
    return {
        *(["tools"] if draft.tools else []),
        *(["parallel"] if any(len(turn) > 1 for turn in calls) else []),
        *(["nested"] if any(isinstance(item, dict | list) and item for a in arguments for item in a.values()) else []),
        *(["reasoning"] if any(message.reasoning for message in draft.messages) else []),
        *(["text beside calls"] if any(message.tool_calls and message.content for message in draft.messages) else []),
        *(["empty"] if any(not message.content and not message.tool_calls for message in draft.messages) else []),
        *(["unicode"] if any(not message.content.isascii() for message in draft.messages) else []),
        *(["system"] if draft.messages[0].role == "system" else []),
    }


def test_every_writer_has_a_shape() -> None:
    assert set(SHAPES) == set(FEATURES) == set(WRITERS)


@pytest.mark.parametrize("form", [WRITERS[name] for name in SHAPES], ids=SHAPES)
def test_what_a_format_is_for_comes_back_equal(form: Format) -> None:
    """Deterministic: the same conversations in each run, so that the floors are no chance."""
    seen: Counter[str] = Counter()
    refused: list[str] = []

    @settings(
        max_examples=GENERATED, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(record=conversations(SHAPES[form.name]))
    def each(record: Record) -> None:
        seen["generated"] += 1
        row = written(form, record)
        if isinstance(row, RowError):
            refused.append(f"{row}: {record.draft}")
            return
        assert form.read(orjson.loads(orjson.dumps(row))) == record.draft
        seen["held"] += 1
        seen.update(features(record.draft))

    each()
    assert seen["generated"] >= GENERATED
    assert seen["held"] >= SHAPES[form.name].held, "\n".join(refused[:5])
    rare = {feature for feature in FEATURES[form.name] if seen[feature] < 10}
    assert not rare, seen


@pytest.mark.parametrize("form", WRITERS.values(), ids=WRITERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
@given(record=ANY)
def test_what_a_format_cannot_hold_is_refused_and_the_rest_is_equal(form: Format, record: Record) -> None:
    """Most of these are of another format's kind, and one text in some is full of marks."""
    row = written(form, record)
    assert isinstance(row, RowError) or form.read(orjson.loads(orjson.dumps(row))) == record.draft


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
@given(many=st.lists(ANY, min_size=2, max_size=5))
def test_frames_go_through_parquet_and_arrow_unchanged(many: list[Record]) -> None:
    """Rows whose tools and arguments have other keys sit side by side in one column here."""
    drafts = [replace(record.draft, meta={"turns": {str(n): {"k": None}}}) for n, record in enumerate(many)]
    frame = frame_of(row_of(draft, source="s", path="f", file="f", row=n, format="x") for n, draft in enumerate(drafts))
    for write, read in ((frame.write_parquet, pl.read_parquet), (frame.write_ipc, pl.read_ipc)):
        stream = io.BytesIO()
        write(stream)
        back = read(io.BytesIO(stream.getvalue()))
        assert back.equals(frame)
        assert [record.draft for record in records(back)] == drafts


# --- rows of others, and what we export ---------------------------------------------------------


def talk(name: str, arguments: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """An OpenAI row whose arguments and tools are objects, no strings."""
    call = {"id": f"id_{name}", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {
        "messages": [
            {"role": "user", "content": f"Please {name}, and tell me how it went in a few words."},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"id_{name}", "content": f"{name} is done"},
            {"role": "assistant", "content": f"I have done what you asked for: {name} went well."},
        ],
        "tools": [{"type": "function", "function": {"name": name, "parameters": parameters}}],
    }


ROWS = [
    talk(
        "look", {"city": "Köln", "deep": {"x": [1, 2]}}, {"type": "object", "properties": {"city": {"type": "string"}}}
    ),
    talk("add", {"a": 1, "b": 2.5}, {"type": "object", "properties": {"a": {"type": "number"}, "b": {"enum": [1]}}}),
    talk("stop", {"deep": {"y": [{"z": "q"}]}}, {"type": "object", "required": []}),
    talk("wait", {}, {}),
]


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_nulls_and_keys_that_arrow_invents_in_structs_are_not_read(tmp_path: Path, suffix: str) -> None:
    """A struct column has the keys of all rows; a row that lacks one shows it as null."""
    path = tmp_path / f"rows.{suffix}"
    frame = pl.DataFrame(ROWS, infer_schema_length=None)
    assert "deep" in str(frame.schema)
    assert '"b": None' in str(frame.to_dicts()).replace("'", '"')
    frame.write_parquet(path) if suffix == "parquet" else frame.write_ipc(path)
    values = [raw.value for raw in read_rows(path) if raw.value is not None]
    form, _ = sniff_format(values, "x")
    assert form.name == "openai_messages"
    for value, row in zip(values, ROWS, strict=True):
        draft, wanted = form.read(value), form.read(row)
        assert json.loads(draft.tools or "") == json.loads(wanted.tools or "")
        calls = [
            json.loads(m.tool_calls)[0]["function"] for m in (draft.messages[1], wanted.messages[1]) if m.tool_calls
        ]
        assert json.loads(calls[0]["arguments"]) == json.loads(calls[1]["arguments"])
        assert draft.meta == {}


def test_exports_hold_the_tools_and_arguments_of_the_raw_rows_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    recipe = {
        "read": {"sources": [{"name": "s", "files": ["rows.jsonl"]}]},
        "export": {"formats": ["messages", "sharegpt", "parquet"]},
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    out = tmp_path / "out"
    run(Run(load(tmp_path / "recipe.yaml"), tmp_path, out, 1))
    data = out / "export" / "data"
    wanted = {row["messages"][0]["content"]: FORMATS["openai_messages"].read(row) for row in ROWS}
    found = {record.messages[0].content: record.draft for record in records(pl.read_parquet(data / "curated.parquet"))}
    assert found == wanted
    lines = [json.loads(line) for line in (data / "curated.messages.jsonl").read_text().splitlines()]
    assert len(lines) == len(ROWS)
    by_question = {row["messages"][0]["content"]: row for row in ROWS}
    for line in lines:
        raw = by_question[line["messages"][0]["content"]]
        assert json.loads(line["tools"]) == raw["tools"]
        (call,) = line["messages"][1]["tool_calls"]
        assert json.loads(call["function"]["arguments"]) == raw["messages"][1]["tool_calls"][0]["function"]["arguments"]
        assert all(value is not None for turn in line["messages"] for value in turn.values())
    assert len((data / "curated.sharegpt.jsonl").read_text().splitlines()) == len(ROWS)
