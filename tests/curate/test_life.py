"""One row's life: the light parquet reader against polars, raw text against the file, the index against a scan."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets import InputError, read_frame, write_frame
from curate.difference import differences
from curate.ids import NAME, Ids, row_at
from curate.indexing import made
from curate.job import Run
from curate.levels import index_at, levels
from curate.life import life
from curate.life_text import life_text
from curate.onerow import Unread, one_row
from curate.pipeline import run
from curate.rawlines import EVERY, row_offsets
from curate.recipe import load
from curate.stored import journal

ROOT = Path(__file__).parents[2]


def test_every_row_is_what_polars_reads(tmp_path: Path) -> None:
    rng = random.Random(5)
    turn = pl.Struct({"role": pl.String(), "content": pl.String(), "score": pl.Float32()})
    frame = pl.DataFrame(
        [
            {
                "id": f"row {n}",
                "kind": rng.choice([None, "code", "math"]),
                "origin": {"file": "a", "row": n},
                "count": rng.choice([None, n, -n]),
                "long": "x" * 20_000 if n % 900 == 0 else "é中",
                "sure": rng.choice([None, 0.5, 0.25]),
                "yes": rng.choice([None, True, False]),
                "votes": rng.choice([None, [], ["a"], ["b", None, ""]]),
                "turns": [
                    {
                        "role": rng.choice(["user", "tool"]),
                        "content": rng.choice([None, "", "text " * n]),
                        "score": None,
                    }
                    for _ in range(rng.randint(0, 3))
                ],
            }
            for n in range(2_100)
        ],
        schema_overrides={"turns": pl.List(turn), "votes": pl.List(pl.String()), "count": pl.Int32()},
    )
    path = tmp_path / "some.parquet"
    write_frame(path, frame)
    for n in (*range(0, 2_100, 37), 2_047, 2_048, 2_099):
        assert one_row(path, n) == frame.row(n, named=True), n
    with pytest.raises(IndexError):
        one_row(path, 2_100)
    frame.write_parquet(path, compression="snappy")
    with pytest.raises(Unread):
        one_row(path, 5)
    assert row_at(path, 5) == frame.row(5, named=True)


@given(st.lists(st.integers(0, 7), min_size=8, max_size=64), st.integers(1, 40))
def test_levels_read_runs_and_packed_groups(values: list[int], repeat: int) -> None:
    values = values[: len(values) // 8 * 8]
    packed = sum(value << (3 * place) for place, value in enumerate(values)).to_bytes(3 * len(values) // 8, "little")
    data = bytes([len(values) // 8 << 1 | 1]) + packed + bytes([repeat << 1, 5])
    want = [*values, *[5] * repeat]
    assert list(levels(data, 0, len(data), 3, len(want))) == want
    assert [index_at(data, 0, 3, place) for place in range(len(want))] == want


tricky = st.recursive(
    st.none() | st.integers() | st.text(alphabet='a"\\[]{},: é\n', max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a"\\,]', max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(tricky, min_size=1, max_size=12), st.sampled_from([None, 1]), st.integers(5, 60))
def test_elements_of_an_array_are_found_across_blocks(rows: list[Any], indent: int | None, block: int) -> None:
    import io

    from curate import rawlines

    data = json.dumps(rows, indent=indent, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rawlines, "_BLOCK", block)
        patch.setattr(rawlines, "EVERY", 1)
        starts = rawlines._elements(io.BytesIO(data))[0].tolist()
    found = [json.JSONDecoder().raw_decode(data[start:].decode().lstrip())[0] for start in starts]
    assert found == rows


def test_lines_are_counted_as_the_reader_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [b'{"n": %d}' % n if n % 5 else b"" for n in range(1, 400)]
    path.write_bytes(b"\n".join(lines))
    found = row_offsets(path)
    assert found is not None
    assert found[0] == "lines"
    for block, start in enumerate(found[1].tolist()):
        assert path.read_bytes()[start:].split(b"\n")[0] == lines[block * EVERY]
    path.write_bytes(b"question,answer\n1,2\n")
    assert row_offsets(path) is None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over lines, an array and a table, with a copy, a broken line and an empty answer."""
    folder = tmp_path_factory.mktemp("life")
    rows = [
        {"prompt": f"Tell me of place {n} in the {n % 7}th valley.", "response": f"Place {n} is {n * 7} feet high."}
        for n in range(200)
    ]
    rows[150] = dict(rows[3], response=rows[3]["response"].upper())
    rows[9] = dict(rows[9], response="")
    lines = [json.dumps(row) for row in rows]
    lines[20] = '{"prompt": "half a'
    (folder / "lines.jsonl").write_text("\n".join(lines), encoding="utf-8")
    talk = [
        {"instruction": f"Name hill {n}, please.", "input": "", "output": f'Hill [{n}], "high"'} for n in range(150)
    ]
    (folder / "array.json").write_text(json.dumps(talk, indent=1), encoding="utf-8")
    (folder / "table.csv").write_text("prompt,response\nWho goes there?,A friend of the house.\n", encoding="utf-8")
    sources = [{"name": n.split(".")[0], "files": [n]} for n in ("lines.jsonl", "array.json", "table.csv")]
    recipe = {"read": {"sources": sources, "shard_rows": 64}, "bucket": {}, "check": {}, "dedup": {}}
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    run(Run(load(folder / "recipe.yaml"), folder, folder / "out", 1), until="dedup")
    return folder


def test_any_row_is_found_with_its_text_its_fate_and_its_raw_line(world: Path) -> None:
    out = world / "out"
    raw = (world / "lines.jsonl").read_text(encoding="utf-8").split("\n")
    talk = json.loads((world / "array.json").read_text(encoding="utf-8"))
    fell = {row["id"]: row for row in read_frame(out / "ledger.parquet").to_dicts()}
    kept = {row["id"]: row for path in out.glob("stages/dedup-*/*.kept.parquet") for row in read_frame(path).to_dicts()}
    assert len(fell) + len(kept) == 351
    for id in [*list(kept)[::9], *fell]:
        found = life(out, id)
        origin = found["origin"]
        assert found["fell"] == fell.get(id)
        assert (found["record"] is None) == (found["fate"] == "quarantined")
        assert id not in kept or found["record"] == kept[id]
        if origin["file"] == "lines.jsonl":
            assert found["raw"]["text"] == raw[origin["row"]]
        elif origin["file"] == "array.json":
            assert json.loads(found["raw"]["text"]) == talk[origin["row"]]
        else:
            assert "--raw" in found["raw"]["note"]
            assert "Who goes there?" in life(out, id, raw=True)["raw"]["text"]


def test_a_copy_is_shown_beside_its_witness_with_what_differs(world: Path) -> None:
    ledger = read_frame(world / "out" / "ledger.parquet")
    (copy,) = ledger.filter(pl.col("rule") == "exact_duplicate").to_dicts()
    found = life(world / "out", copy["id"])
    assert found["witness"]["id"] == copy["witness"]
    assert life(world / "out", copy["witness"])["witness_for"]["rows"] == 1
    text = life_text(found, 80)
    assert "[-" in text
    assert "-]{+" in text
    assert max(map(len, text.splitlines()[1:])) <= 80
    stages = [(stage["stage"], stage["verdict"]) for stage in found["stages"]]
    assert stages == [("read", "kept"), ("bucket", "kept"), ("check", "kept"), ("dedup", "dropped")]
    assert differences("a b c", "a x c") == ["... a [-b-]{+x+}"]
    assert differences("same", "same") == []


def test_a_file_that_changed_or_went_is_said_not_shown(world: Path, tmp_path: Path) -> None:
    id = next(iter(read_frame(world / "out" / "ledger.parquet")["id"]))
    path = world / "lines.jsonl"
    before, stamp = path.read_bytes(), path.stat()
    try:
        path.write_bytes(before + b"\n")
        assert "has changed since the run" in life(world / "out", id)["raw"]["note"]
        path.unlink()
        told = life(world / "out", id)
        assert "cannot be read any more" in told["raw"]["note"]
        assert "half a" in life_text(told)  # the ledger still holds what could not be read
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def test_an_index_that_is_missing_or_of_another_state_is_made_again(world: Path) -> None:
    out = world / "out"
    stages = journal(out)["stages"]
    stored = (out / NAME).read_bytes()
    assert made(out, stages) == stored
    id = read_frame(out / "ledger.parquet")["id"][0]
    for damaged in (None, b"", b"something else", stored.replace(b'"of": ["read-', b'"of": ["raed-')):
        (out / NAME).unlink(missing_ok=True) if damaged is None else (out / NAME).write_bytes(damaged)
        assert Ids.stored(out, stages) is None
        assert life(out, id)["fell"]["id"] == id
        assert (out / NAME).read_bytes() == stored
    with pytest.raises(InputError, match="no record 'nobody'"):
        life(out, "nobody")


def test_show_loads_nothing_heavy(world: Path) -> None:
    id = read_frame(world / "out" / "ledger.parquet")["id"][-1]
    code = (
        "import sys\n"
        f"sys.argv = ['curate', 'show', {str(world / 'out')!r}, {id!r}]\n"
        "from curate.cli import main\n"
        "main()\n"
        "print([name for name in ('polars', 'numpy', 'pydantic', 'typer', 'rich', 'orjson') if name in sys.modules])\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(id)
    assert done.stdout.splitlines()[-1] == "[]"
