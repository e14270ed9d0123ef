"""Recall and precision against planted faults, on a table small enough to count by hand."""

from __future__ import annotations

import json
from pathlib import Path

from buckets import Draft, Message, fallen_frame, frame_of, row_of
from curate.report.truth import CATCHERS, truth_table
from verifiers import check


def fallen(row: int, stage: str, rule: str) -> dict[str, object]:
    return {
        "id": f"s/f:{row}", "source": "s", "bucket": None, "origin": {"file": "f", "row": row}, "fate": "dropped",
        "stage": stage, "rule": rule, "reason": "", "evidence": "", "witness": None,
    }  # fmt: skip


def test_recall_precision_pairs_and_controls(tmp_path: Path) -> None:
    planted = [
        {"file": "f", "row": 0, "fault": "empty_answer"},
        {"file": "f", "row": 1, "fault": "empty_answer"},
        {"file": "f", "row": 2, "fault": None},
        {"file": "f", "row": 3, "fault": "exact_duplicate", "of": {"file": "f", "row": 4}},
        {"file": "f", "row": 4, "fault": None},
        {"file": "f", "row": 5, "fault": "template_twin", "of": {"file": "f", "row": 4}},
        {"file": "f", "row": 6, "fault": None},
    ]
    (tmp_path / "truth.jsonl").write_text("\n".join(json.dumps(row) for row in planted))
    table = fallen_frame(
        [
            fallen(0, "check", "empty_answer"),  # found
            fallen(2, "check", "empty_answer"),  # a false alarm
            fallen(4, "dedup", "exact_duplicate"),  # the original fell: the pair is resolved
            fallen(6, "balance", "over_quota"),  # a quota is no verdict
        ]
    )
    lines = {line.fault: line for line in truth_table(tmp_path, "truth.jsonl", table)}
    assert set(lines) == {"empty_answer", "exact_duplicate", "template_twin", "none (clean rows)"}
    assert (lines["empty_answer"].planted, lines["empty_answer"].found, lines["empty_answer"].precision) == (2, 1, 0.5)
    assert (lines["exact_duplicate"].found, lines["exact_duplicate"].precision) == (1, 1.0)
    assert (lines["template_twin"].wanted, lines["template_twin"].found) == ("kept", 1)
    clean = lines["none (clean rows)"]
    assert (clean.planted, clean.found) == (3, 2)
    assert truth_table(tmp_path, None, table) == ()


def test_an_answer_that_contradicts_itself_counts_as_a_wrong_answer() -> None:
    draft = Draft((Message("user", "2 + 3?"), Message("assistant", "2 + 3 = 5, so \\boxed{5}.\n#### 6")))
    row = row_of(draft, source="s", path="p", file="f", row=0, format="t") | {"bucket": "math_reasoning"}
    found = check(frame_of([row]), names=["answers"]).falls["rule"].to_list()
    assert found == ["contradicts_itself"]
    assert set(found) <= CATCHERS["wrong_answer"].rules
