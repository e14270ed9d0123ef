"""Labels of hits: whole, known, without text; and rates from planted labels."""

from __future__ import annotations

import json
from collections import Counter

import polars as pl
import pytest

from benchmarks.alarms.draw import drawn
from benchmarks.alarms.hits import LABELS
from benchmarks.alarms.score import SAID, read_labels, score
from verifiers import CHECK_NAMES, FLAG_NAMES


def test_labels_are_ids_and_words_only() -> None:
    lines = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    assert all(set(line) == {"rule", "id", "label"} for line in lines)
    assert {line["label"] for line in lines} <= set(SAID)
    assert {line["rule"] for line in lines} <= {*CHECK_NAMES, *FLAG_NAMES}
    assert max(Counter((line["rule"], line["id"]) for line in lines).values()) == 1
    assert all(len(line["id"]) < 100 and "\n" not in line["id"] for line in lines)
    assert set(read_labels()["rule"]) >= set(FLAG_NAMES)


def test_rates_count_only_what_is_still_hit() -> None:
    hits = pl.DataFrame({"id": ["a", "b", "c", "d"], "rule": ["unseen_link"] * 4, "source": ["s"] * 4})
    said = {"a": "right", "b": "false", "c": "unclear", "gone": "false"}
    labels = pl.DataFrame([{"rule": "unseen_link", "id": name, "label": label} for name, label in said.items()])
    line = score(hits, labels)["unseen_link"]
    assert line["labels"] == {"right": 1, "false": 1, "unclear": 1}
    assert line["precision"]["of"] == 2
    assert line["precision"]["share"] == pytest.approx(0.5)
    assert line["false_alarms"]["interval"] == pytest.approx([0.0945, 0.9055], abs=1e-4)
    assert line["labelled_but_no_longer_hit"] == 1
    assert not line["drops"]


def test_a_draw_is_the_same_whatever_the_order_of_the_hits() -> None:
    hits = pl.DataFrame({"id": [str(k) for k in range(50)], "rule": ["unseen_link"] * 50})
    assert drawn(hits, "unseen_link", 10) == drawn(hits.reverse(), "unseen_link", 10)
    assert len(drawn(hits, "unseen_link", 200)) == 50
