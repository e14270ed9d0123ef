"""ratios.csv and metrics.csv: joined by run, checked, in one sentence when they cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ablation import propose_mixture, read_runs
from buckets import InputError

RATIOS = "run,name,code,math\n1,a,0.5,0.5\n2,b,0.2,0.8\n3,c,1.0,0.0\n"
METRICS = "run,loss/code,loss/math\n3,1.0,\n1,2.0,3.0\n9,1.0,1.0\n"


def tables(folder: Path, ratios: str = RATIOS, metrics: str = METRICS) -> tuple[Path, Path]:
    (folder / "ratios.csv").write_text(ratios)
    (folder / "metrics.csv").write_text(metrics)
    return folder / "ratios.csv", folder / "metrics.csv"


def test_rows_are_joined_by_run_and_gaps_stay_gaps(tmp_path: Path) -> None:
    runs = read_runs(*tables(tmp_path))
    assert runs.names == ("1", "3")
    assert runs.buckets == ("code", "math")
    assert runs.points.tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert runs.metrics["loss/code"].tolist() == [2.0, 1.0]
    assert np.isnan(runs.metrics["loss/math"][1])
    assert "2 runs stand in only one" in runs.notes[0]
    assert runs.matched(["math", "code"]).tolist() == [[0.5, 0.5], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("ratios", "metrics", "match"),
    [
        (RATIOS.replace("0.2", "-0.2"), METRICS, "run 2: code is -0.2"),
        (RATIOS.replace("0.2,0.8", "0,0"), METRICS, "run 2: all buckets are zero"),
        (RATIOS.replace("0.2", ""), METRICS, "run 2: code is nan"),
        (RATIOS + "1,a,0.4,0.6\n", METRICS, "line 5: run 1 stands twice"),
        (RATIOS.replace("run", "who"), METRICS, "share no column"),
        (RATIOS, METRICS.replace("\n3,", "\n7,").replace("\n1,", "\n8,"), "no run in common"),
        ("run,code\n", METRICS, "holds no row"),
        ("run,name\n1,x\n", METRICS, "no column of numbers"),
        (RATIOS.replace("0.2", "o.2"), METRICS, "line 3: column 'code' holds 'o.2' among numbers"),
        ("run,code, code\n1,1,0\n", METRICS, "cannot be read as CSV"),
    ],
)
def test_bad_tables_are_one_sentence(tmp_path: Path, ratios: str, metrics: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_runs(*tables(tmp_path, ratios, metrics))


def test_blanks_round_numbers_and_remarks_without_any_do_not_matter(tmp_path: Path) -> None:
    spaced = RATIOS.replace(",", " , ").replace("\n", ", \n").replace("math,", "math, remark")
    runs = read_runs(*tables(tmp_path, spaced))
    assert runs.buckets == ("code", "math")
    assert runs.points.tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_the_same_run_twice_counts_once(tmp_path: Path) -> None:
    assert read_runs(*tables(tmp_path, RATIOS + "1,a,0.5,0.5\n")).names == ("1", "3")


def planted(folder: Path, runs: int = 40) -> tuple[Path, Path]:
    """Each metric wants its own bucket; junk only does harm."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), runs)
    losses = 1.0 + np.exp(-3.0 * shares[:, :2]) + shares[:, 2:] + rng.normal(0, 0.01, (runs, 2))
    ratios = ["run,code,math,junk", *(f"{i},{a},{b},{c}" for i, (a, b, c) in enumerate(shares))]
    metrics = ["run,code,math", *(f"{i},{a},{b}" for i, (a, b) in enumerate(losses))]
    return tables(folder, "\n".join(ratios), "\n".join(metrics))


def test_the_front_door_finds_the_planted_optimum_and_leaves_the_junk(tmp_path: Path) -> None:
    runs = read_runs(*planted(tmp_path))
    found = propose_mixture(runs, draws=40)
    assert found.shares["junk"] < 0.03
    assert found.shares["code"] == pytest.approx(0.5, abs=0.1)
    assert sum(found.shares.values()) == pytest.approx(1.0)
    names = [f.name for f in found.forecasts]
    assert names == ["proposal", "current", "uniform", "best run"]
    assert found.forecasts[0].score > found.forecasts[2].score
    assert found.safe
    for name, share in found.shares.items():
        assert found.low[name] <= share <= found.high[name]
    tilted = propose_mixture(runs, weights={"code": 1.0}, floors={"junk": 0.1}, draws=40)
    assert tilted.shares["code"] > 0.6
    assert tilted.shares["junk"] >= 0.1 - 1e-6


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    runs = read_runs(*planted(tmp_path))
    with pytest.raises(InputError, match="no metric is called 'cod'"):
        propose_mixture(runs, weights={"cod": 1.0})
    with pytest.raises(InputError, match="floors and caps leave no mixture"):
        propose_mixture(runs, floors={"code": 0.7, "math": 0.7})
