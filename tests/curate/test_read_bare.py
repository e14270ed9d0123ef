"""Rows that are no objects: quarantined without a word about them, read whole by a declared mapping, never guessed."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from buckets import InputError, Mapping
from curate.inputs import every_file, found_files
from curate.read import chunks, read_chunk
from curate.source import Source

SCORED = [[{"answer": "Rome", "score": 9}, {"answer": "Bonn", "score": 1}], [{"answer": "Lima", "score": 7}]]
RATE = {"explode": "_value", "user": "Rate: {_.answer}", "assistant": "{_.score}"}


def outcome(folder: Path, name: str, text: str, **declared: Any) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Texts of the records, and (row, rule) of what fell."""
    (folder / name).write_text(text, encoding="utf-8")
    source = Source.model_validate({"name": "s", "files": (name,), **declared})
    kept: list[list[str]] = []
    fallen: list[tuple[int, str]] = []
    for file in every_file((source,), folder):
        for chunk in chunks(file, 2):
            out = read_chunk(chunk)
            kept += [[turn["content"] for turn in talk] for talk in out.kept["messages"].to_list()]
            fallen += [(origin["row"], rule) for origin, rule in out.dropped.select("origin", "rule").iter_rows()]
            assert out.kept["origin"].n_unique() + out.dropped["origin"].n_unique() == chunk.count()
    return kept, fallen


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.json", json.dumps(SCORED)),
        ("rows.json", json.dumps(SCORED, indent=4)),
        ("rows.jsonl", "".join(json.dumps(row) + "\n" for row in SCORED)),
        ("rows.yaml", "".join(f"- {json.dumps(row)}\n" for row in SCORED)),
    ],
)
def test_lists_are_read_by_a_mapping(tmp_path: Path, name: str, text: str) -> None:
    kept, fallen = outcome(tmp_path, name, text, mapping=RATE)
    assert kept == [["Rate: Rome", "9"], ["Rate: Bonn", "1"], ["Rate: Lima", "7"]]
    assert not fallen


@pytest.mark.parametrize(("name", "text"), [("d.json", '{"a": "yes", "b": "no"}'), ("d.yaml", "a: 'yes'\nb: 'no'\n")])
def test_values_keyed_by_id_keep_their_key(tmp_path: Path, name: str, text: str) -> None:
    mapping = {"user": "Is it {_key}?", "assistant": "{_value}"}
    declared = {"kind": "json_object"} if name.endswith("json") else {}
    if name.endswith("yaml"):
        text = f"rows: {{{', '.join(text.splitlines())}}}\n"
        declared = {"member": "rows"}
    kept, fallen = outcome(tmp_path, name, text, mapping=mapping, **declared)
    assert kept == [["Is it a?", "yes"], ["Is it b?", "no"]]
    assert not fallen


def test_texts_and_numbers_are_read_and_null_and_objects_are_told(tmp_path: Path) -> None:
    text = '"Who?"\n17\nnull\n{"q": "Where?"}\n{"_value": "Mine?"}\n'
    kept, fallen = outcome(tmp_path, "rows.jsonl", text, mapping={"user": "{_value}"})
    assert kept == [["Who?"], ["17"], [""], ["Mine?"]]
    assert fallen == [(3, "missing_field")]


def test_a_row_that_is_not_what_it_says_stays_in_quarantine(tmp_path: Path) -> None:
    rows = ['[{"a": 1, "a": 2}]', "[123456789012345678901234567890]", "[" * 300 + "]" * 300, '["Good?"]', "[1e999]"]
    kept, fallen = outcome(tmp_path, "rows.jsonl", "\n".join(rows), mapping={"user": "{_value.0}"})
    assert kept == [["Good?"]]
    assert [row for row, _ in fallen] == [0, 1, 2, 4]
    assert {rule for row, rule in fallen if row < 2} == {"not_an_object"}


def test_without_a_mapping_they_are_quarantined_and_the_message_says_what_can_read_them(tmp_path: Path) -> None:
    good = '{"question": "Who?", "answer": "Ann"}\n'
    kept, fallen = outcome(tmp_path, "rows.jsonl", good + '["Who?", "Ann"]\n')
    assert kept == [["Who?", "Ann"]]
    assert fallen == [(1, "not_an_object")]
    with pytest.raises(InputError, match="only a declared mapping can read it, as _value"):
        outcome(tmp_path, "rows.jsonl", '["Who?", "Ann"]\n')
    assert Mapping.model_validate({"user": "{_value.0}"}).read({"_value": ["Who?"]})[0].messages[0].content == "Who?"


def test_an_archive_of_strange_members_is_told_of_in_few_words(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('[{"strange": 1}]')
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for number in range(40):
            archive.add(tmp_path / "m.json", f"m{number}.json")
    found, faults = found_files([Source(name="s", files=("x.tar",))], tmp_path)
    assert not found
    assert len(faults) == 4
    assert "m0.json" in faults[0]
    assert "37 other members" in faults[3]
