"""The command as a user meets it: exit codes, sentences instead of tracebacks, JSON for programs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml

from curate.cli import main
from curate.verbs import commands

ROOT = Path(__file__).parents[2]


def curate(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "curate.cli", *args], env=env, cwd=cwd, capture_output=True, text=True, check=False
    )


def test_help_names_every_verb_and_is_quick() -> None:
    best = 9.0
    for _ in range(3):
        started = time.perf_counter()
        done = curate("--help")
        best = min(best, time.perf_counter() - started)
    assert done.returncode == 0
    for verb in ("check", "read", "run", "show", "ablate", "decide", "report", "export", "schema"):
        assert f"\n  {verb} " in done.stdout, verb
    assert best < 1.5  # the bar is 0.4 s on a quiet machine; a loaded one still shows a heavy import


def test_a_bad_recipe_is_exit_2_with_all_mistakes_and_no_traceback(world: Path) -> None:
    raw = yaml.safe_load(world.read_text(encoding="utf-8")) | {"dedupe": None}
    raw["read"]["sources"][0]["bucket"] = "maths"
    world.write_text(yaml.safe_dump(raw))
    done = curate("check", str(world))
    assert done.returncode == 2
    assert "dedupe: unknown key; did you mean 'dedup'?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "args", [["check", "none.yaml"], ["read", "none.jsonl"], ["show", "none", "id"], ["decide", "none"]]
)
def test_a_missing_file_is_a_sentence(args: list[str], tmp_path: Path) -> None:
    done = curate(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert "none" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_show_report_export_round(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = curate("run", str(world), "--out", str(out), "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert f"Report: {out / 'report.html'}" in done.stdout
    assert done.stderr == ""  # no progress bars where nobody looks
    row = json.loads((out / "export/data/curated.messages.jsonl").read_text(encoding="utf-8").splitlines()[0])
    shown = curate("show", str(out), row["id"])
    assert shown.returncode == 0
    assert re.search("balance +kept", shown.stdout)
    assert json.loads(curate("show", str(out), row["id"], "--json").stdout)["fell"] is None
    missing = curate("show", str(out), "nobody")
    assert missing.returncode == 2
    assert "no record 'nobody'" in missing.stderr
    assert curate("report", str(out)).returncode == 0
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["command"].startswith("curate run ")  # what made the data, not what drew the page
    assert curate("export", str(out), "--set", "export.name=again").returncode == 0
    assert (out / "export/data/again.parquet").exists()
    refused = curate("ablate", str(out))
    assert refused.returncode == 2
    assert "no `ablate:` table" in refused.stderr


def test_the_page_shows_what_made_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.json").write_text('{"command": "curate run my.yaml"}', encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["curate", "again", "DIR"])
    for verb in ("report", "export"):
        assert commands(tmp_path, verb) == "curate run my.yaml"
    for verb in ("ablate", "decide"):
        assert commands(tmp_path, verb) == "curate run my.yaml\ncurate again DIR"
    assert commands(tmp_path / "nothing", "report") == "curate again DIR"


def test_read_looks_at_raw_files(world: Path) -> None:
    done = curate("read", str(world.parent / "raw/chat.jsonl.gz"), "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert found["format"] == "openai_messages"
    assert found["quarantined"] == {"invalid_json": 1, "not_utf8": 1}
    assert found["first"]["invalid_json"] == 7
    assert found["rows"] == found["records"] + 2


def test_check_lists_formats_with_their_reasons(world: Path) -> None:
    done = curate("check", str(world), "--json")
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)["files"]
    assert [file["format"] for file in files] == ["alpaca", "openai_messages", "prompt_response", "question_answer"]
    assert all(file["why"] for file in files)


def test_the_schema_accepts_the_shipped_recipes_and_refuses_a_typo(world: Path) -> None:
    schema = json.loads(curate("schema").stdout)
    validator = jsonschema.Draft202012Validator(schema)
    for path in (world, ROOT / "examples/demo/recipe.yaml", ROOT / "examples/real.yaml"):
        raw = {
            key: {} if value is None else value
            for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items()
        }
        assert list(validator.iter_errors(raw)) == [], path
        assert list(validator.iter_errors(raw | {"dedupe": {}}))


def test_version_and_usage_errors_keep_their_exit_codes(world: Path) -> None:
    done = curate("--version")
    assert (done.returncode, done.stdout) == (0, "sft-curate 0.1.0\n")
    for args in (
        ["nosuch"],
        ["run"],
        ["run", str(world), "--workers", "0"],
        ["run", str(world), "--only", "read", "--until", "check"],
        ["show", str(world.parent)],
    ):
        done = curate(*args)
        assert done.returncode == 2, args
        assert "Usage:" in done.stderr, args


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_is_a_sentence_and_exit_3(tmp_path: Path, workers: str) -> None:
    rows = ({"prompt": f"What is number {n}?", "response": f"Number {n} it is, and no other."} for n in range(60_000))
    (tmp_path / "many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = tmp_path / "my.yaml"
    recipe.write_text("read: {shard_rows: 500, sources: [{name: many, files: [many.jsonl]}]}\n", encoding="utf-8")
    command = [sys.executable, "-m", "curate.cli", "run", str(recipe), "--out", str(tmp_path / "run")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = subprocess.Popen(
        [*command, "--workers", workers], env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while started.poll() is None and not list((tmp_path / "run").glob("stages/*/*.kept.parquet")):
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: workers too
    _, said = started.communicate(timeout=120)
    assert started.returncode == 3, said
    assert said == "curate: stopped; the same command resumes from the last whole shard or trial\n"


def test_read_takes_every_file_of_a_folder_and_links(tmp_path: Path) -> None:
    row = json.dumps({"prompt": "What is it?", "response": "It is this."}) + "\n"
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.jsonl").write_text(row * 7, encoding="utf-8")
    (tmp_path / "raw/b.jsonl").write_text(row * 6, encoding="utf-8")
    (tmp_path / "link.jsonl").symlink_to("raw/b.jsonl")
    done = curate("read", "raw", "link.jsonl", str(tmp_path / "raw/a.jsonl"), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = [(line["path"], line["rows"]) for line in json.loads(done.stdout)]
    whole = str(tmp_path / "raw/a.jsonl")
    assert found == [("raw/a.jsonl", 7), ("raw/b.jsonl", 6), ("link.jsonl", 6), ("raw/a.jsonl", 7)], whole


def sources(folder: Path, **tables: object) -> Path:
    """A recipe of one source with these keys."""
    path = folder / "my.yaml"
    path.write_text(yaml.safe_dump({"read": {"sources": [{"name": "mine"} | tables]}}), encoding="utf-8")
    return path


def test_check_names_every_file_that_cannot_be_read_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("colour,shape\nred,round\n", encoding="utf-8")
    (tmp_path / "page.jsonl").write_text("<!doctype html><p>not found", encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text("{broken\n{too\n", encoding="utf-8")
    done = curate("check", str(sources(tmp_path, files=["odd.csv", "page.jsonl", "bad.jsonl"])))
    assert done.returncode == 2
    assert "3 files cannot be read" in done.stderr
    for piece in ("odd.csv: no known format", "page.jsonl: is a web page", "row 0 is invalid_json: Expecting property"):
        assert piece in done.stderr, piece


def test_a_declared_format_that_fits_no_row_is_said_by_check_and_loudly_by_the_run(tmp_path: Path) -> None:
    rows = [{"prompt": f"What is {n}?", "response": f"It is {n}."} for n in range(30)]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = sources(tmp_path, files=["mine.jsonl"], format="sharegpt")
    done = curate("check", str(recipe))
    assert done.returncode == 2
    assert "none of the first 30 rows can be read as sharegpt" in done.stderr
    assert "row 0 is unexpected_keys" in done.stderr
    done = curate("run", str(recipe), "--out", str(tmp_path / "run"), "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "WARNING: source 'mine': not one of its 30 rows could be read as sharegpt" in done.stdout
    assert "not one of its 30 rows could be read" in (tmp_path / "run/report.html").read_text(encoding="utf-8")
    half = [*rows[:10], *({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},) * 5]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in half), encoding="utf-8")
    done = curate("check", str(recipe))
    assert done.returncode == 0
    assert "5 of the first 15 rows can be read" in done.stdout


def test_out_below_a_file_is_a_sentence(world: Path) -> None:
    done = curate("run", str(world), "--out", str(world / "below"))
    assert done.returncode == 2
    assert "cannot write there" in done.stderr
    assert "Traceback" not in done.stderr


def test_show_lists_what_a_rule_took_and_never_sends_control_characters(world: Path, tmp_path: Path) -> None:
    hostile = "wash \x1b[31mred\x1b[0m \x9b2J\u202e cars"
    with (world.parent / "raw/extra.jsonl").open("w", encoding="utf-8") as file:
        for answer in (hostile, " "):
            file.write(json.dumps({"prompt": f"Please {hostile}", "response": answer}) + "\n")
        file.write("{\x1b[31m broken\n")
    recipe = sources(world.parent, files=["raw/extra.jsonl"])
    recipe.write_text(recipe.read_text(encoding="utf-8") + "check:\nexport:\n", encoding="utf-8")
    out = tmp_path / "run"
    done = curate("run", str(recipe), "--out", str(out), "--workers", "1")
    assert f"Dataset: {out / 'export'}" in done.stdout
    assert f"Rows that fell: {out / 'ledger.parquet'}" in done.stdout
    listed = curate("show", str(out), "--rule", "empty_answer")
    assert "1 of the 3 rows that fell match" in listed.stdout
    id = next(line.strip() for line in listed.stdout.splitlines() if line.startswith("  mine/"))
    broken = curate("show", str(out), "--rule", "invalid_json")
    for done in (curate("show", str(out), id), curate("show", str(out), id, "--json"), broken):
        assert done.returncode == 0
        assert not set("\x1b\x9b\u202e") & set(done.stdout)
    assert "\u27e8U+009B\u27e9" in curate("show", str(out), id).stdout
    assert re.search('assistant +" "', curate("show", str(out), id).stdout)
    wrong = curate("show", str(out), "--rule", "empty")
    assert wrong.returncode == 2
    assert "did you mean 'empty_answer'?" in wrong.stderr


@pytest.mark.parametrize("verb", ["ablate", "decide", "confirm", "gains", "report", "export"])
def test_what_is_no_run_folder_is_named_and_nothing_is_to_be_deleted(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "my.yaml"
    table.write_text("read:\n")
    for given in (table, tmp_path / "nowhere"):
        monkeypatch.setattr("sys.argv", ["curate", verb, str(given)])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 2
        assert f"{given}: not a run folder" in capsys.readouterr().err
