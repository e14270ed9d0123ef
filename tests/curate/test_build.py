"""The report as it is built from a run: what its numbers and sentences mean on rows with known answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from curate.closing import closing
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from curate.report import render
from curate.report.ablated import ablation_part
from curate.report.build import build
from curate.report.rules import RULE_TEXT

ROOT = Path(__file__).parents[2]


def walked(folder: Path, rows: list[object], source: dict[str, object], **tables: object) -> Path:
    """A run over one file of rows; a text stands in the file as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "mine.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    recipe = {"read": {"shard_rows": 4, "sources": [{"name": "mine", "files": ["mine.jsonl"], **source}]}, **tables}
    (folder / "my.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    run(Run(load(folder / "my.yaml"), folder, folder / "run", 1, command="curate run my.yaml"))
    return folder / "run"


def test_exploded_rows_are_told_apart_from_records(tmp_path: Path) -> None:
    rows: list[object] = [{"q": ["a?", "b?", "c?"], "a": ["1", "2", "3"]}, {"q": ["d?", "e?"], "a": ["4", "5"]}, "{"]
    mapping = {"explode": "q", "user": "{_}", "assistant": "{a._i}"}
    out = walked(tmp_path, rows, {"mapping": mapping}, check={"skip": ["rules"]})
    journal = json.loads((out / "run.json").read_text(encoding="utf-8"))
    read = journal["stages"][0]
    assert read["notes"]["raw_rows"] == 3
    assert read["counts"] == {"rows_in": 6, "kept": 5, "dropped": 0, "quarantined": 1}
    assert "(3 raw rows gave 6 records)" in closing(journal, out)
    report = build(out)
    assert (report.raw_rows, report.rows_in, report.rows_kept) == (3, 6, 5)
    assert "5 of 6 records (from 3 raw rows) stay" in report.headline
    html = render(report)
    assert "<dt>Rows read</dt><dd>3 <small>6 records</small></dd>" in html
    assert [drop.share_of_source for drop in report.drops] == [{"mine": 1 / 6}]


def test_a_drop_says_what_the_rule_is_and_its_examples_what_they_are(tmp_path: Path) -> None:
    good: list[object] = [{"prompt": f"What is {n}?", "response": f"It is {n}."} for n in range(5)]
    out = walked(tmp_path, ["{", '{"a"', "[1", *good], {})
    (drop,) = build(out).drops
    assert drop.reason == "The row is not JSON."
    assert len({example.detail for example in drop.examples}) == 3
    assert "at character 1 of the row" in drop.examples[0].detail
    assert drop.examples[0].detail in render(build(out))


def test_every_reason_for_quarantine_has_its_sentence() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "buckets").rglob("*.py"))
    raised = set(re.findall(r'(?:RowError|fault_of)\(\s*"([a-z_]+)"', text))
    assert len(raised) > 15
    assert raised - set(RULE_TEXT) == {"cannot_write"}


def test_low_confidence_is_read_against_what_the_bucket_can_reach(tmp_path: Path) -> None:
    rows: list[object] = [{"prompt": f"Describe town {n}.", "response": f"Town {n} lies on a hill."} for n in range(9)]
    report = build(walked(tmp_path, rows, {}, bucket=None))
    (bucket,) = report.buckets
    assert (bucket.id, bucket.rows, bucket.unsure_rows) == ("general_instruction", 9, 0)


def test_quotas_are_spoken_of_only_where_there_are_some(tmp_path: Path) -> None:
    rows: list[object] = [{"prompt": f"Describe town {n}.", "response": f"Town {n} lies on a hill."} for n in range(9)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    none = walked(tmp_path / "a", rows, {}, bucket=None, balance=None)
    some = walked(tmp_path / "b", rows, {}, bucket=None, balance={"max_rows": 100})
    assert "Every quota" not in render(build(none))
    assert "Every quota" in render(build(some))


def test_a_loss_has_no_parts_to_take_apart() -> None:
    plan = {"trials": 2, "seeds": [1], "tokens": 10, "flops": 1.0, "parameters": 5, "buckets": {}, "skipped": {}}
    part = {"arm": "full", "bucket": "code", "split": "dev", "terminates": None, "parses": None, "correct": None}
    analysis = {"curves": [], "gains": [], "decomposition": [part | {"score": None}, part | {"score": 0.5}]}
    found = ablation_part({"notes": {"plan": plan, "status": {"ok": 2}}}, analysis)
    assert [score.score for score in found.scores] == [0.5]
