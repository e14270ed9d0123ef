"""Published ladders by any header, the bars of the shared tables, and one sentence for a table that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablation.ladder import Yardstick
from ablation.replay.__main__ import main
from ablation.replay.tables import read_table
from buckets import InputError

SHARED = Path(__file__).parents[2].parent / "shared" / "replay"
published = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared tables of published outcomes"),
]


def answer(capsys: pytest.CaptureFixture[str], kind: str, path: Path, *more: str) -> dict[str, Any]:
    assert main([kind, str(path), "--json", *more]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def shared(name: str) -> Path:
    return SHARED / name


class TestPublished:
    pytestmark = published

    def test_sft_to_rl_meets_its_bars(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = answer(capsys, "sft_to_rl", shared("sft_to_rl_curves.csv"))
        means = found["mean_regret"]
        assert means["last"] == pytest.approx(2.90, abs=0.006)
        assert means["highest score"] == pytest.approx(1.27, abs=0.006)
        assert means["highest probe"] == pytest.approx(1.15, abs=0.006)
        rules = {rule: mean for rule, mean in means.items() if not rule.startswith("chosen")}
        assert means["chosen with_rl"] <= min(rules.values())
        assert means["chosen without_rl"] <= min(mean for rule, mean in rules.items() if "probe" not in rule)
        sets = {one["set"]: one for one in found["sets"]}
        for tag in ("verdict", "verdict_without_rl"):
            verdicts = {c["checkpoint"]: c[tag] for c in sets["general"]["checkpoints"]}
            done = [int(step) for step, verdict in verdicts.items() if verdict == "DONE"]
            assert 3600 <= min(done) <= 7200
            assert sets["general"][tag] == "DONE"
            assert sets["easy102K"][tag] == "OVER"
        assert sets["s1K"]["limit"] == "data"
        for one in found["sets"]:
            for choice in one["choice"].values():
                assert choice["checkpoint"] not in (*one["collapsed"], "0")
                assert choice["checkpoint"] in choice["ties"]

    def test_no_outcome_is_read_for_a_verdict_or_a_choice(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = shared("sft_to_rl_curves.csv").read_text().splitlines()
        later = lines[0].split(",").index("rlbest")
        cut = [",".join(line.split(",")[:later]) for line in lines]
        path = tmp_path / "cut.csv"
        path.write_text("\n".join(cut))
        full, blind = (answer(capsys, "sft_to_rl", p) for p in (shared("sft_to_rl_curves.csv"), path))
        for a, b in zip(full["sets"], blind["sets"], strict=True):
            assert a["checkpoints"] == b["checkpoints"]
            assert [c["checkpoint"] for c in a["choice"].values()] == [c["checkpoint"] for c in b["choice"].values()]
        assert set(blind["mean_regret"].values()) == {None}

    def test_later_rows_do_not_change_an_earlier_verdict(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = shared("sft_to_rl_curves.csv").read_text().splitlines()
        path = tmp_path / "early.csv"
        path.write_text("\n".join(lines[:9]))
        full, early = (answer(capsys, "sft_to_rl", p) for p in (shared("sft_to_rl_curves.csv"), path))
        assert full["sets"][0]["checkpoints"][:8] == early["sets"][0]["checkpoints"]

    @pytest.mark.parametrize("kind", ["sft_to_rl", "epochs"])
    def test_entropy_ladder_stays_at_its_first_epochs(self, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
        one = answer(capsys, kind, shared("entropy_collapse_qwen25_coder_3b.csv"))["sets"][0]
        assert {choice["checkpoint"] for choice in one["choice"].values()} <= {"1.0", "1.9"}
        assert (one["verdict"], one["verdict_without_rl"]) == ("OVER", "UNDECIDED")
        assert all(c["verdict_without_rl"] != "CONTINUE" for c in one["checkpoints"])

    @pytest.mark.parametrize("kind", ["sft_to_rl", "epochs"])
    def test_epochs_go_on_while_accuracy_climbs(self, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
        one = answer(capsys, kind, shared("epochs_vs_data_olmo3_7b.csv"))["sets"][0]
        verdicts = {c["checkpoint"]: c["verdict"] for c in one["checkpoints"]}
        assert [verdicts[e] for e in ("2", "4", "8")] == ["CONTINUE"] * 3
        assert one["verdict"] == "DONE"
        assert one["plateau"] == "16"
        assert one["limit"] == "data"

    def test_olmo_is_undecided_as_its_authors_say(self, capsys: pytest.CaptureFixture[str]) -> None:
        one = answer(capsys, "epochs", shared("olmo3_7b_sft_epoch_gsm8k.csv"))["sets"][0]
        assert {c["verdict"] for c in one["checkpoints"]} == {"UNDECIDED"}


ROWS = (
    "data,step,psft,hard_sft,macro_best\nA,1,50,20,60\nA,2,55,25,65\nA,4,58,28,66\nA,8,58.1,28.2,66.5\nB,5,40,10,50\n"
)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


def test_rates_points_order_and_extra_columns_do_not_matter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = answer(capsys, "sft_to_rl", write(tmp_path, ROWS))
    head, *rows = ROWS.split()
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    rates = []
    for row in shuffled:
        cells = row.split(",")
        rates.append(",".join([*cells[:2], *(f"{float(c) / 100:.6f}" for c in cells[2:]), "seen"]))
    other = answer(capsys, "epochs", write(tmp_path, "\n".join([f"{head},remark", *rates])))
    assert other["ignored_columns"] == ["remark"]
    assert other["scale"].startswith("rates")
    by_name = {one["set"]: one for one in other["sets"]}
    for one in points["sets"]:
        twin = by_name[one["set"]]
        assert twin["checkpoints"] == one["checkpoints"]
        assert twin["choice"]["without_rl"]["regret"] == pytest.approx(one["choice"]["without_rl"]["regret"])
    assert by_name["B"]["verdict"] == "UNDECIDED"


def test_the_regret_is_brute_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "sft_to_rl", write(tmp_path, ROWS))
    one = found["sets"][0]
    outcome = {"1": 60.0, "2": 65.0, "4": 66.0, "8": 66.5}
    for line in one["choice"]["without_rl"]["candidates"]:
        assert line["regret"] == pytest.approx(66.5 - outcome[line["checkpoint"]])
    assert one["rules"]["last"]["regret"] == 0.0


def test_n_and_error_columns_become_errors(tmp_path: Path) -> None:
    text = "step,score,n,hard,hard_se\n1,.5,400,.2,.03\n2,.6,400,.3,.02\n"
    rungs = read_table(write(tmp_path, text), Yardstick()).sets[0].ladder.rungs
    assert rungs[0].errors == {"score": pytest.approx(2.5, rel=0.02), "hard": pytest.approx(3.0)}


def test_missing_cells_are_absent_and_models_are_apart(tmp_path: Path) -> None:
    text = "model,data,step,score,probe\nm,a,1,50,\nm,a,2,52,70\nn,a,1,60,NA\n"
    table = read_table(write(tmp_path, text), Yardstick())
    assert [one.name for one in table.sets] == ["m / a", "n / a"]
    assert [("level" in rung.values) for rung in table.sets[0].ladder.rungs] == [False, True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("step,score\n", "no rows"),
        ("step,loss\n1,2\n", "row 1: no column of scores"),
        ("name,score\na,2\n", "row 1: no column of doses"),
        ("step,score\n1,abc\n", "row 2: column score holds 'abc'"),
        ("step,score\n1,\n", "row 2: column score is empty"),
        ("step,score\n,5\n", "row 2: column step is empty"),
        ("step,score\n1,5\n2,-3\n", "row 3: column score holds -3"),
        ("step,score\n1,5\n2,inf\n", "row 3: column score holds inf"),
        ("step,score\n1,5\n2,140\n", "row 3: column score holds 140"),
        ("step,score\n1,5\n1,6\n", "row 3: column step holds 1 as row 2"),
        ("step,score\n1,5\n1,6\n", "keep one row a checkpoint, or name the sets in a column `data`"),
        ("\nstep,score\n\n1,5\n2,-3\n", "row 5: column score holds -3"),
        ("step,score\n1,5,6\n", "row 2: 3 cells under 2 columns"),
        ("step,score,score\n1,5,6\n", "row 1: column score is there twice"),
        ("step,score,probe\n1,55,.6\n2,56,.7\n", "in points and probe in rates"),
    ],
)
def test_an_unusable_table_is_one_sentence_and_exit_2(
    text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, text)
    assert main(["sft_to_rl", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path}")
    assert says in error
    assert error.count("\n") == 1


def test_bad_options_and_missing_files_are_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["epochs", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    path = write(tmp_path, ROWS)
    assert main(["epochs", str(path), "--noise", "0"]) == 2
    assert "--noise 0" in capsys.readouterr().err
    assert main(["sft_to_rl", str(path), "--outcome", "rlbest"]) == 2
    assert "no outcome column rlbest" in capsys.readouterr().err
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_table(binary, Yardstick())


def test_text_names_verdict_choice_ties_and_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sft_to_rl", str(write(tmp_path, ROWS))]) == 0
    said = capsys.readouterr().out
    for part in ("A: ", "keep ", "chosen without_rl: ", "rule last: 8, regret 0.00 in macro_best", "mean regret"):
        assert part in said
