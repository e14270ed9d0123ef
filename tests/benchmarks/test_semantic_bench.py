"""The semantic benchmark runs on a tiny model and says what it measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("sentence_transformers")
pytest.importorskip("faiss")

from tests.curate.semantic_world import tiny_model

ROOT = Path(__file__).parents[2]


def test_it_finds_every_row_and_compares_with_plain_encode(tmp_path: Path) -> None:
    texts = [f"{word} number {n}" for n in range(120) for word in ("river", "rivers", "market")]
    pl.DataFrame({"text": texts}).write_parquet(tmp_path / "t.parquet")
    command = [sys.executable, "-m", "benchmarks.semantic", "--texts", str(tmp_path / "t.parquet"), "--json"]
    command += ["--model", str(tiny_model(tmp_path)), "--vectors", "300", "--encode", "50", "--repeats", "1"]
    done = subprocess.run([*command, "--out", str(tmp_path / "r.json")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert json.loads((tmp_path / "r.json").read_text()) == found
    assert found["pairs"]["row_recall"] == 1.0
    assert found["throughput"]["ways"]["torch_float32"]["cosine_min"] > 0.9999
