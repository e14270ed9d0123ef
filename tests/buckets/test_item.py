"""Eval items: what is wrong is said with file and row, before anything is trained on or graded by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from buckets import InputError, read_items

GOOD: dict[str, Any] = {
    "id": "a",
    "bucket": "math_reasoning",
    "split": "dev",
    "messages": [{"role": "user", "content": "What is two and two?"}],
    "reference": "4",
}
CALL: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": "[]"}


def written(folder: Path, row: object) -> Path:
    path = folder / "items.jsonl"
    path.write_text(json.dumps(GOOD) + "\n\n" + (row if isinstance(row, str) else json.dumps(row)) + "\n")
    return path


def test_a_good_item_is_read_as_it_stands(tmp_path: Path) -> None:
    asked = [*GOOD["messages"], CALL, {"role": "tool", "content": "4", "tool_call_id": "1"}]
    first, second = read_items(written(tmp_path, GOOD | {"id": "b", "messages": asked, "tools": [{"x": 1}]}))
    assert (first.id, first.bucket, first.split, first.cluster) == ("a", "math_reasoning", "dev", "a")
    assert first.draft.reference == "4"
    assert [m.content for m in second.draft.messages] == ["What is two and two?", "", "4"]
    assert second.draft.tools == '[{"x":1}]'


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"messages": [{"role": "user", "content": None}]}, "messages.0.content is missing or null, not text"),
        ({"messages": [{"role": "user"}]}, "messages.0.content is missing or null"),
        ({"messages": [{"role": "user", "content": 4}]}, "messages.0.content is 4, not text"),
        ({"messages": [CALL | {"tool_calls": None}]}, "messages.0.content is missing or null"),
        ({"messages": [CALL | {"tool_calls": [{}]}]}, "messages.0.tool_calls is [{}], not text"),
        ({"messages": [{"role": "human", "content": "x"}]}, 'messages.0.role is "human", not one of system,'),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages.0.role is"),
        ({"messages": [{"role": "user", "content": "x", "from": "y"}]}, "messages.0.from is not known"),
        ({"messages": ["hello"]}, 'messages.0 is "hello", not an object'),
        ({"messages": []}, "messages is [], not a list of turns"),
        ({"messages": None}, "messages is missing or null"),
        ({"bucket": "maths"}, 'bucket is "maths", not one of general_instruction,'),
        ({"split": "train"}, 'split is "train", not one of dev, ood, hard'),
        ({"split": []}, "split is [], not one of"),
        ({"id": 7}, "id is 7, not text"),
        ({"cluster": 7}, "cluster is 7, not text"),
        ({"reference": 4}, "reference is 4, not text"),
    ],
)
def test_a_wrong_item_is_named_with_file_and_row(tmp_path: Path, change: dict[str, Any], wanted: str) -> None:
    path = written(tmp_path, GOOD | change)
    with pytest.raises(InputError) as caught:
        read_items(path)
    assert str(caught.value).startswith(f"{path}: row 2 is not an eval item: {wanted}")


@pytest.mark.parametrize(("line", "wanted"), [("{", "row 2 is not JSON"), ("[1]", "an item is a JSON object, not [1]")])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        read_items(written(tmp_path, line))
    assert wanted in str(caught.value)
