"""The command as a user meets it: exit codes, sentences instead of tracebacks, JSON for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml

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
    raw = yaml.safe_load(world.read_text()) | {"dedupe": None}
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
    row = json.loads((out / "export/data/curated.messages.jsonl").read_text().splitlines()[0])
    shown = curate("show", str(out), row["id"])
    assert shown.returncode == 0
    assert "balance        kept" in shown.stdout
    assert json.loads(curate("show", str(out), row["id"], "--json").stdout)["fell"] is None
    missing = curate("show", str(out), "nobody")
    assert missing.returncode == 2
    assert "no record 'nobody'" in missing.stderr
    assert curate("report", str(out)).returncode == 0
    assert curate("export", str(out), "--set", "export.name=again").returncode == 0
    assert (out / "export/data/again.parquet").exists()
    refused = curate("ablate", str(out))
    assert refused.returncode == 2
    assert "no `ablate:` table" in refused.stderr


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
        raw = {key: {} if value is None else value for key, value in yaml.safe_load(path.read_text()).items()}
        assert list(validator.iter_errors(raw)) == [], path
        assert list(validator.iter_errors(raw | {"dedupe": {}}))
