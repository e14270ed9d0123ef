"""`curate agreement` over labelled records: counts against a hand count, bad labels, and what may not drop rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from buckets import InputError
from curate.agreed import measure_verifiers, read_verifiers, verifiers_text
from curate.check import Check
from curate.job import Run
from curate.pipeline import run
from curate.recipe import load
from tests.curate.test_cli import curate
from verifiers import VERIFIERS, Agreement, wilson


def label(verifier: str, good: bool, answer: str, **columns: Any) -> dict[str, Any]:
    turns = [{"role": "user", "content": "2 + 3?"}, {"role": "assistant", "content": answer}]
    return {"verifier": verifier, "label": "good" if good else "bad", "record": {"messages": turns, **columns}}


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


ROWS = [
    *[label("answers", True, f"#### {n}", reference=str(n)) for n in range(20)],
    *[label("answers", False, f"#### {n}", reference=str(n + 1)) for n in range(6)],
    label("answers", True, "#### 5", reference="6"),  # people call it good: a false drop
    label("answers", False, "#### 5", reference="5"),  # a false pass
    label("answers", False, "about 5", reference="5"),  # an abstention
    label("schema", True, '{"a": 1}', schema={"type": "object"}),
    label("schema", False, "no", schema='{"type": "object"}'),
    label("execution", False, "def f(x): return 2", tests="assert f(1) == 1"),
]


def test_counts_by_hand(tmp_path: Path) -> None:
    found = measure_verifiers(written(tmp_path / "l.jsonl", ROWS))
    counts = {name: Agreement(**one["counts"]) for name, one in found["verifiers"].items()}
    assert counts == {
        "answers": Agreement(true_fail=6, false_fail=1, false_pass=1, true_pass=20, abstained=1),
        "schema": Agreement(true_fail=1, true_pass=1),
        "execution": Agreement(true_fail=1),
    }
    figures = found["verifiers"]["answers"]["figures"]
    assert figures["false_drop"] == 1 / 21
    assert figures["false_drop_interval"] == wilson(1, 21)
    assert figures["false_pass"] == 1 / 7
    assert figures["abstained"] == 1 / 29
    assert found["verifiers"]["execution"]["figures"]["false_drop"] is None
    assert "execution: 1 rows, bad ones passed 0.0000" in verifiers_text(found)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (label("grammar", True, "x"), "no verifier 'grammar'"),
        ({"verifier": "answers", "label": "good"}, "a label is"),
        ({**label("answers", True, "x"), "label": 1}, '"good" or "bad"'), ([], "a label is"),
        ({"verifier": "answers", "label": "good", "record": {"messages": "x"}}, "a list of turns"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_read(tmp_path: Path, row: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        measure_verifiers(written(tmp_path / "l.jsonl", [ROWS[0], row]))
    assert "row 1" in str(caught.value) or "row 2" in str(caught.value)
    with pytest.raises(InputError, match="is empty"):
        measure_verifiers(written(tmp_path / "none.jsonl", []))


def test_a_verifier_that_drops_good_rows_may_not(tmp_path: Path) -> None:
    out = tmp_path / "agreed.json"
    done = curate("agreement", str(written(tmp_path / "l.jsonl", ROWS)), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert set(read_verifiers(out)) == {"answers", "schema", "execution"}
    said = list(Check(agreement="agreed.json").mistakes(tmp_path))
    assert [text.split()[1] for text in said] == ["answers", "execution", "schema"]
    assert "0.048, up to 0.227" in said[0]
    assert "no good row was labelled" in said[1]
    assert list(Check(agreement="agreed.json", skip=("answers", "schema", "execution")).mistakes(tmp_path)) == []
    assert list(Check(agreement="agreed.json", most_false_drop=0.9, skip=("execution",)).mistakes(tmp_path)) == []
    assert list(Check().mistakes(tmp_path)) == []
    (said_once,) = Check(agreement="none.json").mistakes(tmp_path)
    assert "no such file" in said_once
    out.write_text('{"verifiers": {"answers": {"counts": {"true_fail": -1}}}}', encoding="utf-8")
    (said_once,) = Check(agreement="agreed.json").mistakes(tmp_path)
    assert "not written by" in said_once


def test_records_are_looked_up_in_a_run_also_those_that_fell(world: Path, tmp_path: Path) -> None:
    """Whether a row fell before or after a stage, the record is the one that its last stage handed on."""
    out = tmp_path / "run"
    run(Run(load(world), world.parent.resolve(), out, 1), until="dedup")
    ledger = pl.read_parquet(out / "ledger.parquet")
    (empty,) = ledger.filter(pl.col("rule") == "empty_answer")["id"]
    twin = ledger.filter(pl.col("rule") == "exact_duplicate")["id"][0]
    stayed = pl.concat([pl.read_parquet(path) for path in sorted((out / "stages").glob("dedup-*/*.kept.parquet"))])
    sums = stayed.filter(pl.col("source") == "math")["id"]
    rows = [
        {"verifier": "rules", "label": "bad", "id": empty},
        {"verifier": "rules", "label": "good", "id": twin},
        *({"verifier": "answers", "label": "good", "id": id} for id in sums[:5]),
        label("answers", False, "#### 5", reference="6"),
    ]
    path = written(tmp_path / "l.jsonl", rows)
    found = measure_verifiers(path, run=out)["verifiers"]
    assert Agreement(**found["rules"]["counts"]) == Agreement(true_fail=1, true_pass=1)
    assert Agreement(**found["answers"]["counts"]) == Agreement(true_fail=1, true_pass=5)
    done = curate("agreement", str(path), "--run", str(out))
    assert done.returncode == 0, done.stderr
    assert "8 labels" in done.stdout
    with pytest.raises(InputError, match=r"row 0: has an id and no record; name the run .* with --run DIR"):
        measure_verifiers(path)
    for id in ("nobody", ["x"], None):
        other = written(tmp_path / "o.jsonl", [rows[0], {"verifier": "rules", "label": "bad", "id": id}])
        with pytest.raises(InputError, match=r"row 1: no row .* in .*run"):
            measure_verifiers(other, run=out)
    done = curate("agreement", str(path), "--run", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "not a run folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_verifier_can_be_measured(tmp_path: Path) -> None:
    """Its own gold and damaged gold as labels: no error of either kind."""
    rows = [
        {"verifier": name, "label": "good" if good else "bad", "record": _written(record)}
        for name, check in VERIFIERS.items()
        for good, subjects in ((True, check.gold), (False, check.damaged))
        for record in subjects
    ]
    found = measure_verifiers(written(tmp_path / "l.jsonl", rows))["verifiers"]
    assert set(found) == set(VERIFIERS)
    for one in found.values():
        assert one["counts"]["false_fail"] == one["counts"]["false_pass"] == one["counts"]["abstained"] == 0


def _written(record: Any) -> dict[str, Any]:
    turns = [
        {"role": m.role, "content": m.content, "tool_calls": m.tool_calls, "tool_call_id": m.tool_call_id}
        for m in record.messages
    ]
    columns = {name: getattr(record.draft, name) for name in ("tools", "reference", "tests", "schema")}
    return {"messages": turns, "bucket": record.bucket, **columns}
