"""The first steps of somebody with a messy folder: what is told of it, and what a recipe is told before it runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import curate.ahead as ahead
import curate.cleaning as cleaning
from buckets import InputError, passed_over, read_rows
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from tests.curate.test_bad_input import LINES, curate, lines

ROOT = Path(__file__).parents[2]
TALK = {"lang": "en", "talk": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello there."}]}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good file, three that cannot be read, and three that are no data by their names."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw"
    (folder / "sub").mkdir(parents=True)
    (folder / "good.jsonl").write_bytes(lines(*LINES))
    (folder / "empty.jsonl").touch()
    (folder / "page.json").write_text("<!DOCTYPE html>\n<html></html>")
    (folder / "squad.json").write_text(json.dumps({"version": "1", "data": [{"title": "Bonn"}]}))
    (folder / "README.md").write_text("# Notes")
    (folder / ".hidden.txt").write_text("no word of this")
    (folder / "sub" / "part-00000").write_bytes(lines(*LINES))
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("more.jsonl", lines(*LINES))
    return folder


def written(folder: Path, recipe: dict[str, object]) -> Path:
    path = folder / "my.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def test_read_tells_of_the_good_files_beside_the_bad(raw: Path) -> None:
    code, said = curate("read", "raw")
    assert code == 2
    assert "raw/good.jsonl: prompt_response" in said
    assert "12 records from 12 rows" in said
    assert "3 files cannot be read:\n" in said
    for name in ("empty.jsonl: is empty", "page.json: is a web page", "squad.json: no known format fits"):
        assert f"\n  - raw/{name}" in said  # the path as it was given, not the machine's
    assert "passed over, no data by its name: raw/README.md, raw/more.zip, raw/sub/part-00000; to read one" in said


def test_read_as_json_stays_json(raw: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "curate", "read", "raw", "--json"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert [file["path"] for file in json.loads(done.stdout)] == ["raw/good.jsonl"]
    assert "3 files cannot be read" in done.stderr


def test_python_m_curate_is_the_command(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "curate", "chek"], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Usage: curate [OPTIONS] COMMAND" in done.stderr
    assert "Did you mean 'check'" in done.stderr


def test_what_is_passed_over(raw: Path) -> None:
    def names(*patterns: str) -> list[str]:
        return [path.relative_to(raw).as_posix() for path in passed_over(patterns, raw.parent)]

    assert names("raw") == ["README.md", "more.zip", "sub/part-00000"]
    assert names("raw", "raw/more.zip") == ["README.md", "sub/part-00000"]
    assert names("raw/*.jsonl") == names("raw/more.zip::*.jsonl") == names("hf://owner/name") == []
    (raw / "dataset_dict.json").write_text('{"splits": []}')
    assert names("raw") == []  # a data set says itself what its data is


def test_files_passed_over_are_told_by_check_run_and_report(raw: Path, tmp_path: Path) -> None:
    for name in ("empty.jsonl", "page.json", "squad.json"):
        (raw / name).unlink()
    path = written(tmp_path, {"read": {"sources": [{"name": "mine", "files": ["raw"]}]}})
    code, said = curate("check", str(path))
    assert code == 0, said
    assert "  mine: passed over, no data by its name: raw/README.md, raw/more.zip, raw/sub/part-00000" in said
    code, said = curate("run", str(path), "--out", "out")
    assert code == 0, said
    assert "WARNING: source 'mine': passed over, no data by its name: raw/README.md, raw/more.zip" in said
    assert "passed over, no data by its name: raw/README.md" in (tmp_path / "out/report.html").read_text("utf-8")


def test_rows_on_one_line_under_a_member(tmp_path: Path) -> None:
    """SQuAD's own files are one line: without the member one row, with it the rows that the member holds."""
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"version": "1.1", "data": [{"n": 1}, {"n": 2}]}))
    assert [raw.value for raw in read_rows(path, member="data")] == [{"n": 1}, {"n": 2}]
    assert [raw.value for raw in read_rows(path)] == [{"version": "1.1", "data": [{"n": 1}, {"n": 2}]}]
    path.write_text('{"data": [{"n": 1}]}\n{"data": [{"n": 2}]}\n')
    assert [raw.value for raw in read_rows(path, member="data")] == [{"n": 1}, {"n": 2}]
    path.write_text('{"data": 1}\n{"data": 2}\n')
    with pytest.raises(InputError, match="no key 'data' at its top that holds a list"):
        list(read_rows(path, member="data"))


def test_a_source_of_which_nothing_is_wanted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text("\n".join([json.dumps(TALK)] * 5))
    source = {"name": "mine", "files": ["a.jsonl"], "mapping": {"messages": "talk", "only": {"lang": "EN"}}}
    path = written(tmp_path, {"read": {"sources": [source]}})
    code, said = curate("check", str(path))
    assert code == 0
    assert "5 of the first 5 rows can be read, 5 of them not wanted by `only`" in said
    code, said = curate("run", str(path), "--until", "read", "--out", "out")
    assert code == 0
    assert "WARNING: source 'mine': none of its 5 rows is kept: 5 are not wanted by `only`" in said


@pytest.mark.parametrize(
    ("table", "module", "wanted"),
    [
        ({"semantic": {}}, "faiss", r"pip install 'sft-curate\[semantic\]'"),
        ({"executor": "ray"}, "ray", r"pip install 'sft-curate\[ray\]'"),
    ],
)
def test_an_extra_that_a_stage_needs_is_named_by_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: dict[str, object], module: str, wanted: str
) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(*LINES))
    read = {"read": {"sources": [{"name": "mine", "files": ["a.jsonl"]}]}}
    path = written(tmp_path, read | {"bucket": None, "dedup": None} | table)

    def without(name: str) -> object:
        return None if name == module else find_spec(name)

    monkeypatch.setattr("importlib.util.find_spec", without)
    monkeypatch.setattr(ahead, "find_spec", without)
    code, said = curate("check", str(path))
    assert code == 2
    assert re.search(wanted, said), said


def test_a_tokenizer_on_disk_that_cannot_be_used_is_named_by_check(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(*LINES))
    (tmp_path / "tok").mkdir()
    path = written(tmp_path, {"read": {"sources": [{"name": "mine", "files": ["a.jsonl"]}], "tokenizer": "tok"}})
    code, said = curate("check", str(path))
    assert code == 2
    assert "tok holds no tokenizer.json" in said
    (tmp_path / "tok" / "tokenizer.json").write_text("{")
    code, said = curate("check", str(path))
    assert code == 2
    assert "save the tokenizer again with save_pretrained" in said


def test_the_judge_that_the_cap_cannot_pay_is_told_by_check(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(*LINES))
    endpoint = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "input_usd": 1.0, "output_usd": 1.0}
    read = {"sources": [{"name": "mine", "files": ["a.jsonl"]}]}
    for cap, told in ((0.0001, True), (100.0, False)):
        judge = {"rubric": "answer_quality", "pass_at": 4, "endpoint": endpoint | {"cap_usd": cap}}
        code, said = curate("check", str(written(tmp_path, {"read": read, "judge": judge})))
        assert code == 0, said
        assert ("not enough; raise judge.endpoint.cap_usd" in said) == told


def test_little_input_is_cleaned_by_one_process_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(*LINES))
    read = {"sources": [{"name": "mine", "files": ["a.jsonl"]}]}
    sandboxed = {"execution": {"sandbox": "auto"}}
    asked: list[int] = []

    def seen(name: str, workers: int) -> object:
        asked.append(workers)
        raise InputError("far enough")

    monkeypatch.setattr(cleaning, "executor", seen)
    for check, chosen, little in (
        (None, True, 1 << 20),
        (None, False, 1 << 20),
        (sandboxed, False, 1 << 20),
        (None, False, 1),
    ):
        monkeypatch.setattr(cleaning, "LITTLE", little)
        path = written(tmp_path, {"read": read} | ({"check": check} if check else {}))
        with pytest.raises(InputError, match="far enough"):
            run(Run(load(path), tmp_path, tmp_path / "out", 3, chosen=chosen))
    assert asked == [3, 1, 3, 3]
