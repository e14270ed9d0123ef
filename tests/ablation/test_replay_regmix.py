"""The RegMix replay: on made-up tables of another domain set, and on the published ones where they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ablation.replay.__main__ import main
from ablation.replay.regmix import rank, read_tables, subsets
from ablation.surface import fit_surface

SHARED = Path(__file__).parents[2].parent / "shared" / "replay" / "regmix"


def made_up(folder: Path) -> None:
    """Two domains and junk; the 2b tables have another floor and another gap, and columns in another order."""
    rng = np.random.default_rng(0)
    for part, scale, count in (("train", "5m", 40), ("test", "5m", 30), ("test", "2b", 30)):
        shares = rng.dirichlet(np.ones(3), count)
        loss = np.exp(1.0 - shares @ np.array([2.0, 0.5, 0.0])) + rng.normal(0, 0.005, count)
        loss = loss if scale == "5m" else 0.5 + 0.3 * loss
        order = [0, 1, 2] if scale == "5m" else [2, 0, 1]
        names = np.array(["web", "books", "junk"])[order]
        rows = [",".join(["index", *names])]
        rows += [",".join([str(i), *(f"{x:.4f}" for x in row[order])]) for i, row in enumerate(shares)]
        (folder / f"{part}_mixture_{scale}.csv").write_text("\n".join(rows))
        rows = ["index,metric/web_loss", *(f"{i},{x:.6f}" for i, x in reversed(list(enumerate(loss))))]
        (folder / f"{part}_val_loss_{scale}.csv").write_text("\n".join(rows))


def test_another_domain_set_is_ranked_at_both_scales(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_up(tmp_path)
    assert main(["regmix", str(tmp_path), "--runs", "24", "--draws", "2", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    for scale in ("5m", "2b"):
        line = values["spearman"][scale]["metric/web_loss"]["surface"]
        assert line["median"] > 0.97
        assert line["low"] <= line["median"] <= line["high"]
        assert len(line["all"]) == 3
    shares = values["proposal"]["shares"]
    assert shares["web"] > 0.6  # the most that a run had is the cap
    assert main(["regmix", str(tmp_path), "--runs", "24", "--draws", "1", "--target", "web"]) == 0
    assert "Proposed mixture" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--runs", "500"], "allows 8 to 40"),
        (["--runs", "20", "--target", "nope"], "no metric with 'nope'"),
        (["--runs", "20", "--draws", "0"], "at least one subset"),
    ],
)
def test_wrong_words_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    made_up(tmp_path)
    assert main(["regmix", str(tmp_path), *words]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1


def test_an_empty_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regmix", str(tmp_path)]) == 2
    assert "holds neither" in capsys.readouterr().err


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the published tables are not beside the checkout")
def test_sixty_four_published_runs_rank_the_largest_models() -> None:
    tables = read_tables(SHARED)
    metric = next(name for name in tables.train.metrics if "pile_cc" in name)
    test = tables.tests["1B"]
    found = []
    for pick in subsets(len(tables.train.names), 64, 4):
        train = tables.train.take(pick)
        surface = fit_surface(train.points, train.metrics[metric], transfer=True)
        found.append(rank(surface.predict(test.matched(train.buckets)), test.metrics[metric]))
    assert min(value or 0.0 for value in found) >= 0.95


def test_constant_and_unmeasured_metrics_are_said_without_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    made_up(tmp_path)
    table = tmp_path / "test_val_loss_5m.csv"
    table.write_text("index,metric/web_loss\n" + "".join(f"{i},1.5\n" for i in range(30)))
    (tmp_path / "test_val_loss_2b.csv").unlink()
    assert main(["regmix", str(tmp_path), "--runs", "10", "--draws", "1"]) == 0
    assert "mean of medians: not defined | not defined | not defined" in capsys.readouterr().out
    table.write_text("index,other\n" + "".join(f"{i},1.5\n" for i in range(30)))
    assert main(["regmix", str(tmp_path), "--runs", "10", "--draws", "1"]) == 0
    assert "no test mixture was measured on metric/web_loss: not ranked" in capsys.readouterr().out
    assert not [warning for warning in recwarn if warning.category is RuntimeWarning]


def test_too_few_runs_and_a_file_for_a_folder_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ratios.csv").write_text("run,a,b\n1,0.5,0.5\n2,0.4,0.6\n")
    (tmp_path / "metrics.csv").write_text("run,loss\n1,1\n2,2\n")
    assert main(["regmix", str(tmp_path)]) == 2
    assert "has 2 runs; at least 8 are needed" in capsys.readouterr().err
    assert main(["regmix", str(tmp_path / "ratios.csv")]) == 2
    assert "is a file; give its folder" in capsys.readouterr().err
