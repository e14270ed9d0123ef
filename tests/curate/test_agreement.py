"""Agreement with people: the figures against libraries and brute force, labels, and what licenses a judge to drop."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from buckets import InputError
from curate.agreement import read_labels
from verifiers import Agreement, Outcome, agreement_of, wilson

COUNTS = st.integers(0, 200)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_kappa_is_that_of_scikit_learn(a: int, b: int, c: int, d: int) -> None:
    found = Agreement(a, b, c, d)
    said = [1] * (a + b) + [0] * (c + d)
    people = [1] * a + [0] * b + [1] * c + [0] * d
    if len(set(said) | set(people)) < 2:
        assert found.kappa() is None
        assert found.kappa_interval() == (-1.0, 1.0)
    else:
        assert found.kappa() == pytest.approx(cohen_kappa_score(said, people))
        low, high = found.kappa_interval()
        assert -1 <= low <= (found.kappa() or 0) + 1e-9 <= high + 2e-9


@pytest.mark.parametrize("cells", [(40, 5, 10, 45), (8, 3, 2, 87), (30, 20, 20, 30), (200, 1, 3, 500)])
def test_its_interval_is_the_delta_method(cells: tuple[int, int, int, int]) -> None:
    """The gradient of kappa over multinomial cells, taken by differences."""

    def kappa(p: np.ndarray) -> float:
        seen = p[0] + p[3]
        chance = (p[0] + p[1]) * (p[0] + p[2]) + (p[2] + p[3]) * (p[1] + p[3])
        return float((seen - chance) / (1 - chance))

    n = sum(cells)
    p = np.array(cells) / n
    steps = np.eye(4) * 1e-6
    gradient = np.array([(kappa(p + step) - kappa(p - step)) / 2e-6 for step in steps])
    variance = float(gradient**2 @ p - (gradient @ p) ** 2) / n
    low, high = Agreement(*cells).kappa_interval()
    assert (high - low) / 2 == pytest.approx(1.959964 * math.sqrt(variance), rel=1e-5)


@given(st.integers(0, 300), st.integers(1, 300))
def test_wilson_is_that_of_scipy(hits: int, n: int) -> None:
    hits = min(hits, n)
    known = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert wilson(hits, n) == pytest.approx((known.low, known.high), abs=1e-6)


def test_abstentions_enter_no_rate() -> None:
    said = (
        [(Outcome.FAIL, False)] * 9 + [(Outcome.FAIL, True)] + [(Outcome.PASS, True)] * 8 + [(Outcome.PASS, False)] * 2
    )
    found = agreement_of([*said, (Outcome.ABSTAIN, True), (Outcome.ABSTAIN, False)])
    assert found == Agreement(9, 1, 2, 8, 2)
    assert found.precision() == 0.9
    assert found.precision_interval() == wilson(9, 10)
    assert found.false_drop_interval() == wilson(1, 9)
    assert found.false_pass_interval() == wilson(2, 11)


@pytest.mark.parametrize(
    ("found", "pieces"),
    [
        (Agreement(), ["failed no labelled row", "not defined"]),
        (Agreement(0, 0, 0, 500), ["failed no labelled row", "not defined"]),
        (Agreement(10, 0, 0, 90), ["lower bound 0.722", "labelled FAILs would show it"]),
        (Agreement(90, 30, 5, 300), ["0.750 with 95% lower bound"]),
        (Agreement(97, 3, 80, 100), ["kappa"]),
        (Agreement(1, 0, 0, 1), ["on 1 FAILs", "kappa must be shown"]),  # two rows that agree prove nothing
        (Agreement(97, 3, 4, 300), []),
    ],
)
def test_what_is_short_of_the_level(found: Agreement, pieces: list[str]) -> None:
    said = found.shortfalls(0.9, 0.6)
    assert bool(said) == bool(pieces)
    for piece in pieces:
        assert piece in "\n".join(said)


def test_the_number_of_labels_asked_for_would_do() -> None:
    (said, *_) = Agreement(10, 0, 3, 90).shortfalls(0.9, 0.0)
    need = int(said.split("about ")[1].split()[0])
    assert wilson(need, need)[0] >= 0.9 > wilson(need - 2, need - 2)[0]


def test_labels(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id": "a", "label": "good"}\n{"id": "b", "label": "bad", "by": "x"}\n', encoding="utf-8")
    assert read_labels(path) == {"a": True, "b": False}
    for text, said in (
        ('{"id": "a", "label": "good"}\n{"id": "a", "label": "bad"}', "twice"),
        ('{"id": "a", "label": 1}', '"good" or "bad"'), ('{"label": "bad"}', "a label is"), ("", "label"),
    ):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            read_labels(path)
