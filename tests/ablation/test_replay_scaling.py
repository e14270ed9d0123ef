"""The scaling replay from the command line: published figures of the baseline, odd tables, plain JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ablation.replay.__main__ import main

SHARED = Path(__file__).parents[2] / "../shared/replay"
PUBLISHED = {
    ("flan", 6400): 0.105,
    ("flan", 25600): 0.094,
    ("flan", 102400): 0.063,
    ("gigaword", 6400): 0.035,
    ("gigaword", 102400): 0.008,
}
"""Median log-RMSE of a line through the last four points, as published beside the tables."""


@pytest.mark.parametrize(("table", "cut"), [*PUBLISHED, ("gigaword", 25600)])
def test_the_line_is_the_published_one_and_the_forecast_is_no_worse(
    table: str, cut: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = SHARED / f"finetune_scaling_{table}.csv"
    if not path.exists():
        pytest.skip(f"no {path.name} beside this checkout")
    assert main(["scaling", "--json", str(path), "--fit-max", str(cut)]) == 0
    found = json.loads(capsys.readouterr().out)
    if (table, cut) in PUBLISHED:
        assert found["median_log_rmse"]["line"] == pytest.approx(PUBLISHED[table, cut], abs=0.0006)
    assert found["median_log_rmse"]["forecast"] <= found["median_log_rmse"]["line"]
    assert found["series"] == 30


def _table(path: Path, rows: list[str], head: str = "config name,0,100,200,400,800,1600,3200,size,family") -> str:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_the_size_zero_and_the_model_size_are_no_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    losses = ",".join(f"{3 * 0.9**k:.12f}" for k in range(6))
    path = _table(tmp_path / "t.csv", [f"m{k},9.9,{losses},123,f" for k in range(3)])
    assert main(["scaling", "--json", path, "--fit-max", "800"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["median_log_rmse"]["forecast"] == pytest.approx(0.0, abs=1e-9)
    assert [point["size"] for point in found["predictions"][0]["ahead"]] == [1600, 3200]
    assert found["predictions"][0]["ahead"][1]["predicted"] == pytest.approx(3 * 0.9**5)


def test_missing_cells_and_short_series_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    rows = [
        f"m{k},4," + ",".join(f"{3 * 0.9**j * np.exp(rng.normal(0, 0.01)):.4f}" for j in range(6)) + ",1,f"
        for k in range(4)
    ]
    rows.append("short,4,3.0,,,,2.0,1.9,1,f")
    rows.append("gap,4,3.0,,2.4,2.2,2.0,,1,f")
    path = _table(tmp_path / "t.csv", rows)
    assert main(["scaling", path, "--fit-max", "800"]) == 0
    said = capsys.readouterr().out
    assert "left out, too few points: short" in said
    assert "5 series" in said
    assert "of 9 measured points" in said


@pytest.mark.parametrize(
    ("rows", "cut", "words"),
    [
        (["m,1,2,2,2,2,2,oops,1,f"], "400", "row 2, column 3200: 'oops' is no loss above 0"),
        (["m,1,2,2,2,2,2,-1,1,f"], "400", "row 2, column 3200: '-1' is no loss above 0"),
        (["m,1,2"], "400", "row 2: 3 cells under 10 column names"),
        (["m,1,2,2,2,2,2,2,1,f"], "3200", "must leave two sizes to fit and one to predict"),
        (["m,1,2,2,2,2,2,2,1,f"], "100", "must leave two sizes to fit and one to predict"),
        ([], "400", "no series under the column names"),
    ],
)
def test_a_bad_table_is_one_sentence(
    rows: list[str], cut: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _table(tmp_path / "t.csv", rows)
    assert main(["scaling", path, "--fit-max", cut]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_spaces_round_cells_do_not_matter_and_sizes_are_printed_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(" config name , 100 , 400 , 1638400 \n m , 3 , 2.5 , 2 \n")
    assert main(["scaling", str(path), "--fit-max", "400"]) == 0
    assert "1 series, fitted up to 400, predicted at 1638400\n" in capsys.readouterr().out
