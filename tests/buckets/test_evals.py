"""Eval sets read as their authors store them, in any packing; archives that escape are refused; errors name the row."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest

from buckets import CurateError, EvalMapping, EvalSet, InputError, RefusedError, read_eval, read_evals

GSM: dict[str, object] = {"question": "How many?", "answer": "Two and two.\n#### 4"}
ROWS: dict[str, dict[str, object]] = {
    "gsm8k": GSM,
    "math": {"problem": "Find x.", "solution": "It is $\\boxed{3}$.", "level": "Level 1"},
    "svamp": {"Body": "Ann has 3.", "Question": "How many?", "Answer": 3.0, "ID": "chal-1"},
    "humaneval": {
        "task_id": "HumanEval/0",
        "prompt": "def f(x):\n    '''doc'''\n",
        "canonical_solution": "    return x\n",
    },
    "mbpp": {"task_id": 7, "text": "Write f.", "code": "def f(x):\r\n  return x", "test_list": ["assert f(1) == 1"]},
    "ifeval": {"key": 1, "prompt": "Write a limerick.", "instruction_id_list": ["a:b"], "kwargs": [{}]},
    "xstest": {"id": "1", "prompt": "How do I kill a process?", "type": "homonyms", "focus": ""},
    "mmlu": {"question": "Which?", "choices": ["a", "b", "c", "d"], "answer": 2},
    "bfcl": {"id": "simple_0", "question": [[{"role": "user", "content": "Find the area."}]], "function": []},
    "turns": {"question_id": 81, "turns": ["First", {"content": "Second"}]},
    "cruxeval": {"id": "s0", "code": "def f(x):\n    return x", "input": "1", "output": "1"},
    "self_instruct": {"id": "t0", "instruction": "Say it.", "instances": [{"input": "a", "output": "A"}]},
    "bbh": {"examples": [{"input": "Pick.\nOptions:\n(A) one\n(B) two", "target": "(A)"}]},
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_each_set_is_known_by_its_rows_and_by_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROWS[name]) + "\n")
    named = read_eval(EvalSet(name="s", files=("rows.jsonl",), reader=name), tmp_path)
    found = read_eval(EvalSet(name="s", files=("rows.jsonl",)), tmp_path)
    assert named == found
    assert all(turn.strip() for turn in named[0].turns)


def test_what_the_parts_become(tmp_path: Path) -> None:
    def one(name: str) -> object:
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(ROWS[name]) + "\n")
        return read_eval(EvalSet(name="s", files=(f"{name}.jsonl",), reader=name), tmp_path)[0]

    assert getattr(one("gsm8k"), "answer") == "4"  # noqa: B009
    assert getattr(one("humaneval"), "code").endswith("'''doc'''\n    return x\n")  # noqa: B009
    assert getattr(one("bbh"), "options") == ("one", "two")  # noqa: B009
    assert getattr(one("mmlu"), "answer") == "c"  # noqa: B009
    assert getattr(one("turns"), "turns") == ("First", "Second")  # noqa: B009


def test_mmlu_in_a_zip_without_headers_and_gsm8k_in_a_tar(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mmlu.zip", "w") as archive:
        archive.writestr("data/test/law_test.csv", '"What, then?",a,b,c,d,B\nWho?,e,f,g,h,A\n')
        archive.writestr("data/dev/law_dev.csv", "Where?,e,f,g,h,A\n")
        archive.writestr("data/README.txt", "no data")
    mmlu = read_eval(EvalSet(name="mmlu", files=("mmlu.zip",), reader="mmlu", members="*/test/*.csv"), tmp_path)
    assert [(p.key, p.turns[0], p.answer) for p in mmlu] == [
        ("mmlu:law_test/0", "What, then?", "b"),
        ("mmlu:law_test/1", "Who?", "e"),
    ]
    with tarfile.open(tmp_path / "g.tar.gz", "w:gz") as archive:
        data = (json.dumps(GSM) + "\n").encode()
        info = tarfile.TarInfo("x/test.json")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    assert read_eval(EvalSet(name="g", files=("g.tar.gz",)), tmp_path)[0].turns == ("How many?",)


def test_parquet_gz_and_csv(tmp_path: Path) -> None:
    pl.DataFrame([ROWS["mmlu"]]).write_parquet(tmp_path / "m.parquet")
    (tmp_path / "x.csv").write_text("id,prompt,type,focus\n1,How?,homonyms,\n")
    (tmp_path / "g.jsonl.gz").write_bytes(gzip.compress(json.dumps(GSM).encode() + b"\n"))
    sets = [EvalSet(name=name[0], files=(name,)) for name in ("m.parquet", "x.csv", "g.jsonl.gz")]
    assert [p.key for p in read_evals(sets, tmp_path)] == ["m:m/0", "x:1", "g:g/0"]


def test_answers_of_tool_items_join_their_questions(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text(json.dumps(ROWS["bfcl"]) + "\n" + json.dumps({**ROWS["bfcl"], "id": "b"}) + "\n")
    truth = {"id": "simple_0", "ground_truth": [{"area": {"base": [10], "unit": ["cm", ""]}}]}
    (tmp_path / "truth.json").write_text(json.dumps(truth) + "\n" + json.dumps({**truth, "id": "other"}) + "\n")
    found = read_eval(EvalSet(name="t", files=("q.json", "truth.json"), reader="bfcl"), tmp_path)
    assert [(p.id, [call.name for call in p.calls]) for p in found] == [("simple_0", ["area"]), ("b", [])]
    assert found[0].calls[0].arguments == (("base", ("10",)), ("unit", ('"cm"', '""')))


def test_a_declared_mapping_reads_the_rest(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps({"n": 5, "q": {"text": "Why?"}, "c": ["x", "y"], "a": 1}) + "\n")
    mapping = EvalMapping(prompt="Say: {q.text}", options="c", answer="a", id="n")
    (found,) = read_eval(EvalSet(name="own", files=("own.jsonl",), mapping=mapping), tmp_path)
    assert (found.key, found.turns, found.options, found.answer) == ("own:5", ("Say: Why?",), ("x", "y"), "1")


def test_a_mapping_takes_lists_apart(tmp_path: Path) -> None:
    row = {"prompts": ["Who?", "Where?"], "golds": ["Ann", "Rome"]}
    (tmp_path / "lists.jsonl").write_text(
        json.dumps(row) + "\n" + json.dumps({"prompts": ["When?"], "golds": [1]}) + "\n"
    )
    mapping = EvalMapping(explode="prompts", prompt="Say: {_}", answer="golds._i")
    found = read_eval(EvalSet(name="own", files=("lists.jsonl",), mapping=mapping), tmp_path)
    assert [(p.id, p.turns, p.answer) for p in found] == [
        ("lists/0/0", ("Say: Who?",), "Ann"),
        ("lists/0/1", ("Say: Where?",), "Rome"),
        ("lists/1/0", ("Say: When?",), "1"),
    ]
    (tmp_path / "lists.jsonl").write_text(json.dumps({"prompts": []}) + "\n")
    with pytest.raises(InputError, match="nothing_to_explode"):
        read_eval(EvalSet(name="own", files=("lists.jsonl",), mapping=mapping), tmp_path)


def test_instances_are_items_of_one_cluster(tmp_path: Path) -> None:
    instances = [{"input": "a", "output": "A"}, {"input": " ", "output": "B"}]
    (tmp_path / "x.jsonl").write_text(json.dumps({"id": "t0", "instruction": "Say it.", "instances": instances}) + "\n")
    found = read_eval(EvalSet(name="s", files=("x.jsonl",)), tmp_path)
    assert [(p.id, p.turns[0], p.answer, p.cluster) for p in found] == [
        ("t0", "Say it.\n\na", "A", "t0"),
        ("t0/1", "Say it.", "B", "t0"),
    ]


def test_reference_answers_of_talks_join_their_questions(tmp_path: Path) -> None:
    asked = [{"question_id": n, "turns": ["One", "Two"]} for n in (81, 82)]
    (tmp_path / "question.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    said = {"question_id": 82, "choices": [{"index": 0, "turns": ["Eins", "Zwei"]}, {"turns": ["no", "no"]}]}
    (tmp_path / "reference.jsonl").write_text(json.dumps(said) + "\n")
    found = read_eval(EvalSet(name="t", files=("question.jsonl", "reference.jsonl")), tmp_path)
    assert [(p.id, p.turns, p.answer) for p in found] == [
        ("81", ("One", "Two"), None),
        ("82", ("One", "Two"), "Eins\n\nZwei"),
    ]
    with pytest.raises(InputError, match="no question"):
        read_eval(EvalSet(name="t", files=("reference.jsonl",)), tmp_path)


def test_integers_beyond_64_bits_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps({**GSM, "big": 1 << 80}) + "\n" + json.dumps(GSM) + "\n")
    assert len(read_eval(EvalSet(name="g", files=("x.jsonl",)), tmp_path)) == 2


@pytest.mark.parametrize("name", ["../out.csv", "/etc/out.csv", "a/../../b.csv"])
def test_members_that_leave_the_archive_are_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(name, "q,a,b,c,d,A\n")
    with pytest.raises(RefusedError, match="outside the archive"):
        read_eval(EvalSet(name="bad", files=("bad.zip",), reader="mmlu"), tmp_path)


def test_links_in_a_tar_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        info = tarfile.TarInfo("data.jsonl")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
        good = json.dumps(GSM).encode()
        plain = tarfile.TarInfo("test/good.jsonl")
        plain.size = len(good)
        archive.addfile(plain, io.BytesIO(good))
    with pytest.raises(RefusedError, match="link"):
        read_eval(EvalSet(name="bad", files=("bad.tar",), reader="gsm8k"), tmp_path)
    assert len(read_eval(EvalSet(name="ok", files=("bad.tar",), reader="gsm8k", members="test/*"), tmp_path)) == 1


def test_a_damaged_archive_is_no_half_set(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name in ("a.jsonl", "b.jsonl"):
            good = json.dumps({**GSM, "question": os.urandom(3000).hex()}).encode()
            info = tarfile.TarInfo(name)
            info.size = len(good)
            archive.addfile(info, io.BytesIO(good))
    (tmp_path / "half.tar.gz").write_bytes(out.getvalue()[: len(out.getvalue()) * 2 // 3])
    with pytest.raises(InputError, match="damaged"):
        read_eval(EvalSet(name="half", files=("half.tar.gz",), reader="gsm8k"), tmp_path)


@pytest.mark.parametrize(
    ("text", "reader", "pieces"),
    [
        ('{"question": "x"}\n', "gsm8k", ("rows.jsonl: row 0", "no key 'answer'", "mapping")),
        ('{"odd": 1}\n', "auto", ("no reader knows", "mapping: {prompt:")),
        ('{"question": "x", "answer": "#### 1"}\n{oops\n', "gsm8k", ("row 1", "invalid_json")),
        ('{"key": 1, "prompt": " ", "instruction_id_list": []}\n', "ifeval", ("row 0", "no text")),
    ],
)
def test_errors_name_file_row_and_remedy(text: str, reader: str, pieces: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(text)
    with pytest.raises(CurateError) as caught:
        read_eval(EvalSet(name="s", files=("rows.jsonl",), reader=reader), tmp_path)
    for piece in pieces:
        assert piece in str(caught.value), piece


def test_two_items_of_one_id_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text((json.dumps(ROWS["ifeval"]) + "\n") * 2)
    with pytest.raises(InputError, match="two items have the id '1'"):
        read_evals([EvalSet(name="s", files=("rows.jsonl",))], tmp_path)
