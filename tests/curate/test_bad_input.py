"""Bad input as it comes: each kind through the command line or the road, named by file, row and reason, none lost."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import resource
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
import zstandard

from curate.cli import main

ROOT = Path(__file__).parents[2]


def row(n: int) -> dict[str, Any]:
    return {"prompt": f"What is number {n}?", "response": f"It is number {n}."}


ROWS = [row(n) for n in range(12)]
LINES = [json.dumps(one).encode() for one in ROWS]


def lines(*rows: bytes) -> bytes:
    return b"\n".join(rows) + b"\n"


def amid(bad: bytes) -> bytes:
    """The bad line behind six good ones and before six."""
    return lines(*LINES[:6], bad, *LINES[6:])


def curate(*args: str) -> tuple[int, str]:
    """Exit code and all that was said, of the command's own entry point; what would be a traceback fails the test."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr(sys, "argv", ["curate", *args])
        patch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0), said.getvalue()


def process(*args: str, limit: int | None = None) -> tuple[int, str]:
    """The same in a process of its own, whose files may not have more than `limit` bytes."""

    def bound() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "curate.cli", *args],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=bound,
    )
    return done.returncode, done.stdout + done.stderr


def recipe(folder: Path, *files: str, **more: Any) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({"read": {"sources": [{"name": "s", "files": list(files), **more}]}}))
    return path


def road(folder: Path, *files: str, **more: Any) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Any]]:
    """Kept rows, the ledger and the journal's word on the first file, of a run until read through the command's code.

    The counts of the journal, the shards and the ledger must add up.
    """
    out = folder / "out"
    path = recipe(folder, *files, **more)
    code, said = curate("run", str(path), "--until", "read", "--out", str(out), "--workers", "1")
    assert code == 0, said
    kept = pl.concat([pl.read_parquet(shard) for shard in sorted(out.glob("stages/read-*/*.kept.parquet"))])
    ledger = pl.read_parquet(out / "ledger.parquet")
    journal = json.loads((out / "run.json").read_text(encoding="utf-8"))
    notes = journal["stages"][0]["notes"]
    assert notes["raw_rows"] == kept.height + ledger.height == sum(file["rows"] for file in notes["files"])
    assert ledger["id"].n_unique() == ledger.height
    assert ledger["reason"].str.len_chars().min() or ledger.height == 0
    return kept, ledger, notes["files"][0]


def fell(ledger: pl.DataFrame) -> list[tuple[str, int, str]]:
    """(file, row, rule) of each quarantined row."""
    origin = pl.col("origin").struct
    return ledger.select(origin.field("file"), origin.field("row"), "rule").rows()


BAD_LINES: dict[str, tuple[bytes, str]] = {
    "an invalid line": (b'{"prompt": "What", "response": ', "invalid_json"),
    "a value without quotes": (b'{"prompt": What is it?, "response": "It"}', "invalid_json"),
    "10,000 levels": (b'{"prompt": "x", "response": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep"),
    "NaN": (b'{"prompt": "x", "response": "y", "score": NaN}', "not_finite"),
    "Infinity": (b'{"prompt": "x", "response": "y", "score": -Infinity}', "not_finite"),
    "a key twice": (b'{"prompt": "x", "response": "y", "response": "z"}', "duplicate_key"),
    "a lone surrogate": (b'{"prompt": "x", "response": "\\ud83d"}', "lone_surrogate"),
    "NUL bytes": (b"\0" * 50, "invalid_json"),
    "a NUL inside a text": (b'{"prompt": "x", "response": "a\0b"}', "invalid_json"),
    "a byte of Latin-1": (b'{"prompt": "x", "response": "caf\xe9"}', "not_utf8"),
    "other keys": (b'{"colour": "red", "shape": "round"}', "unexpected_keys"),
    "another type": (b'{"prompt": "x", "response": {"a": 17}}', "not_text"),
    "a list": (b'["What?", "That."]', "not_an_object"),
}


@pytest.mark.parametrize("what", BAD_LINES)
@pytest.mark.parametrize("shape", ["lines", "array"])
def test_one_bad_row_is_quarantined_and_all_others_are_kept(tmp_path: Path, what: str, shape: str) -> None:
    bad, rule = BAD_LINES[what]
    name = {"lines": "raw.jsonl", "array": "raw.json"}[shape]
    rows = [*LINES[:6], bad, *LINES[6:]]
    (tmp_path / name).write_bytes(lines(*rows) if shape == "lines" else b"[" + b",\n".join(rows) + b"]")
    kept, ledger, file = road(tmp_path, name)
    assert fell(ledger) == [(name, 6, rule)]
    assert kept.height == file["records"] - file["quarantined"] == 12
    assert ledger["evidence"][0]


def test_the_command_names_file_row_and_reason_without_a_traceback(tmp_path: Path) -> None:
    for number, (bad, _) in enumerate(BAD_LINES.values()):
        (tmp_path / f"{number:02d}.jsonl").write_bytes(amid(bad))
    code, said = process("read", str(tmp_path))
    assert code == 0, said
    assert "Traceback" not in said
    for number, (_, rule) in enumerate(BAD_LINES.values()):
        part = said.split(f"{number:02d}.jsonl: ")[1].split(".jsonl: ")[0]
        assert "12 records from 13 rows" in part
        assert f"quarantined 1: {rule} (first at row 6)" in part


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
    "bz2": lambda data: bz2.compress(data, 1),
}


@pytest.mark.parametrize("packing", PACKERS)
def test_a_truncated_packed_file_keeps_what_is_whole(tmp_path: Path, packing: str) -> None:
    rows = [row(n * 7919**5 % 2**61) for n in range(6000)]
    whole = PACKERS[packing](lines(*(json.dumps(one).encode() for one in rows)))
    (tmp_path / f"raw.jsonl.{packing}").write_bytes(whole[: len(whole) * 4 // 5])
    kept, ledger, _ = road(tmp_path, f"raw.jsonl.{packing}")
    assert kept.height > 3000
    assert fell(ledger) == [(f"raw.jsonl.{packing}", kept.height, "truncated_file")]
    asked = [turns[0]["content"] for turns in kept["messages"].to_list()]
    assert asked == [one["prompt"] for one in rows[: kept.height]]


def test_mixed_keys_and_types_in_one_file_lose_no_row(tmp_path: Path) -> None:
    extras: list[dict[str, Any]] = [{}, {"n": 1}, {"n": "1"}, {"n": [1]}, {"n": {"a": None}}, {"n": None}, {"m": 2.5}]
    mixed = [one | extra for one, extra in zip(ROWS, extras * 2, strict=False)]
    (tmp_path / "raw.jsonl").write_bytes(lines(*(json.dumps(one).encode() for one in mixed)))
    kept, ledger, _ = road(tmp_path, "raw.jsonl")
    assert ledger.height == 0
    assert [json.loads(meta or "{}") for meta in kept["meta"]] == (extras * 2)[: len(ROWS)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_with_quoted_line_ends(tmp_path: Path, end: str) -> None:
    text = end.join(["prompt,response", f'"one{end}two","a ""b"""', '"open,x', "What?,That.", "too,many,cells", ""])
    (tmp_path / "raw.csv").write_bytes(text.encode())
    kept, ledger, _ = road(tmp_path, "raw.csv")
    assert [[turn["content"] for turn in turns] for turns in kept["messages"].to_list()] == [
        [f"one{end}two", 'a "b"'],
        ["What?", "That."],
    ]
    assert fell(ledger) == [("raw.csv", 1, "invalid_csv"), ("raw.csv", 3, "wrong_cell_count")]


def test_jsonl_with_crlf_and_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "raw.jsonl").write_bytes(b"\r\n".join([LINES[0], b"", b"  ", LINES[1], b"{bad", LINES[2]]))
    kept, ledger, file = road(tmp_path, "raw.jsonl")
    assert kept["origin"].struct.field("row").to_list() == [0, 3, 5]
    assert fell(ledger) == [("raw.jsonl", 4, "invalid_json")]
    assert file["rows"] == 4


WRONG_NAMES: dict[str, bytes] = {
    "lines.json": lines(*LINES),
    "array.jsonl": json.dumps(ROWS, indent=1).encode(),
    "lines.csv": lines(*LINES),
    "array.txt": json.dumps(ROWS).encode(),
    "table.json": b"",
    "packed.jsonl": gzip.compress(lines(*LINES)),
    "plain.jsonl.gz": lines(*LINES),
}


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_a_wrong_extension_misleads_nobody(tmp_path: Path, name: str) -> None:
    data = WRONG_NAMES[name]
    if name == "table.json":
        pl.DataFrame(ROWS).write_parquet(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(data)
    kept, ledger, _ = road(tmp_path, name)
    assert (kept.height, ledger.height) == (12, 0)


def test_a_long_line_costs_one_row_and_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    import buckets.jsonl

    (tmp_path / "before.jsonl").write_bytes(lines(*LINES))
    road(tmp_path, "before.jsonl")  # what is imported on the way is none of the line's memory
    monkeypatch.setattr(buckets.jsonl, "MAX_ROW_BYTES", 2 << 20)
    with (tmp_path / "raw.jsonl").open("wb") as file:
        file.write(lines(*LINES[:6]) + b'{"prompt": "x", "response": "')
        for _ in range(40):
            file.write(b"y" * (1 << 20))
        file.write(b'"}\n' + lines(*LINES[6:]))
    tracemalloc.start()
    kept, ledger, _ = road(tmp_path, "raw.jsonl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fell(ledger) == [("raw.jsonl", 6, "row_too_long")]
    assert kept.height == 12
    assert peak < 24 << 20  # the line has 40 MiB


# --- files that are refused by name, all at once ------------------------------------------------

HOPELESS: dict[str, tuple[bytes, str]] = {
    "page.json": (b"<!DOCTYPE html>\n<html><body>404: not found</body></html>", "is a web page"),
    "empty.jsonl": (b"", "is empty"),
    "blank.json": (b"  \n\n", "is empty"),
    "pointer.parquet": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
    "broken.parquet": (b"PAR1" + b"\5" * 100, "cannot be read as parquet"),
    "bad.jsonl": (b"{broken\n{too\n", "row 0 is invalid_json"),
    "feed.xml": (b"<?xml version='1.0'?><a><b/></a>", "declare `kind: xml`"),
    "odd.csv": (b"colour,shape\nred,round\n", "no known format"),
}


def test_hopeless_files_are_named_all_at_once(tmp_path: Path) -> None:
    for name, (data, _) in HOPELESS.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "good.jsonl").write_bytes(lines(*LINES))
    (tmp_path / "gone.jsonl").symlink_to("nowhere")
    for verb in ("check", "run"):
        extra = ["--out", str(tmp_path / "out")] if verb == "run" else []
        code, said = curate(verb, str(recipe(tmp_path, *HOPELESS, "good.jsonl", "gone*.jsonl")), *extra)
        assert code == 2
        assert "Traceback" not in said
        assert f"{len(HOPELESS) + 1} files cannot be read" in said
        assert "gone.jsonl: cannot be read (No such file or directory)" in said
        for name, (_, why) in HOPELESS.items():
            assert any(name in line and why in line for line in said.splitlines()), name
    code, said = curate("check", str(recipe(tmp_path, "good.jsonl", "none.jsonl", "no*.csv")))
    assert code == 2
    assert "Traceback" not in said
    for name in ("none.jsonl", "no*.csv"):
        assert f"{name!r} matches no file" in said


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A superuser may read everything, so the refusal of the system is put in its place: it comes from `open`."""
    (tmp_path / "mine.jsonl").write_bytes(lines(*LINES))
    (tmp_path / "locked.jsonl").write_bytes(lines(*LINES))
    (tmp_path / "locked.jsonl").chmod(0)
    honest = Path.open

    def locked(self: Path, *args: Any, **more: Any) -> Any:
        if self.name == "locked.jsonl":
            raise PermissionError(13, "Permission denied", str(self))
        return honest(self, *args, **more)

    monkeypatch.setattr(Path, "open", locked)
    path = recipe(tmp_path, "mine.jsonl", "locked.jsonl")
    for verb in ("check", "run"):
        code, said = curate(verb, str(path), *(["--out", str(tmp_path / "out")] if verb == "run" else []))
        assert code == 2
        assert "locked.jsonl: cannot be read (Permission denied); check the path and its permissions" in said


def test_a_full_disk_is_exit_3_and_the_same_command_resumes(tmp_path: Path) -> None:
    """A file may not grow past a limit, which a write sees as it sees a full disk: an error of the system."""
    many = [{"prompt": f"{n * 7919**7 % 2**89:x}", "response": f"{n * 104729**6 % 2**97:x}" * 9} for n in range(9000)]
    (tmp_path / "raw.jsonl").write_bytes(lines(*(json.dumps(one).encode() for one in many)))
    path = recipe(tmp_path, "raw.jsonl")
    args = ["run", str(path), "--until", "read", "--workers", "1", "--set", "read.shard_rows=3000", "--out"]
    code, said = process(*args, str(tmp_path / "out"), limit=60_000)
    assert code == 3, said
    assert "Traceback" not in said
    assert "make room and run again to resume" in said
    assert not list((tmp_path / "out").glob("stages/*/.*")), "half a file was left"
    for out in ("out", "whole"):
        code, said = curate(*args, str(tmp_path / out))
        assert code == 0, said
    shards = [sorted((tmp_path / out).glob("stages/read-*/*.parquet")) for out in ("out", "whole")]
    assert [one.name for one in shards[0]] == [one.name for one in shards[1]]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(*shards, strict=True))
    assert (tmp_path / "out/ledger.parquet").read_bytes() == (tmp_path / "whole/ledger.parquet").read_bytes()


# --- archives ---------------------------------------------------------------------------------


def archive(path: Path, members: dict[str, bytes], link: str | None = None) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, data in members.items():
                zipped.writestr(name, data)
        return
    with tarfile.open(path, "w:gz") as tarred:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tarred.addfile(info, io.BytesIO(data))
        if link is not None:
            info = tarfile.TarInfo("link.jsonl")
            info.type, info.linkname = tarfile.SYMTYPE, link
            tarred.addfile(info)


@pytest.mark.parametrize("name", ["raw.zip", "raw.tar.gz"])
def test_members_are_rows_with_their_own_names_and_faults(tmp_path: Path, name: str) -> None:
    chat = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}
    members = {
        "d/one.jsonl": amid(b"{bad"),
        "d/two.json.gz": gzip.compress(json.dumps(ROWS).encode()),
        "d/chat.jsonl": lines(*[json.dumps(chat).encode()] * 3),
        "README.md": b"no data",
    }
    archive(tmp_path / name, members)
    kept, ledger, _ = road(tmp_path, name)
    counts = dict(kept.group_by(pl.col("origin").struct.field("file")).len().rows())
    expected = {f"{name}::d/one.jsonl": 12, f"{name}::d/two.json.gz": 12, f"{name}::d/chat.jsonl": 3}
    assert counts == expected
    assert fell(ledger) == [(f"{name}::d/one.jsonl", 6, "invalid_json")]
    assert kept["id"].n_unique() == 27
    assert kept.filter(pl.col("id").str.starts_with(f"s/{name}::d/two.json.gz:11:")).height == 1
    assert dict(kept.group_by("format").len().rows()) == {"prompt_response": 24, "openai_messages": 3}
    code, said = curate("check", str(recipe(tmp_path, f"{name}::d/*.gz")))
    assert code == 0, said
    assert "member d/two.json.gz; 3 other members are left out" in said
    code, said = curate("check", str(recipe(tmp_path, f"{name}::*.parquet")))
    assert code == 2
    assert "no member matches '*.parquet'" in said


def test_paths_that_escape_an_archive_are_refused(tmp_path: Path) -> None:
    archive(tmp_path / "dots.zip", {"ok.jsonl": lines(*LINES), "../../evil.jsonl": lines(*LINES)})
    archive(tmp_path / "link.tar.gz", {"ok.jsonl": lines(*LINES)}, link="/etc/passwd")
    for verb in (["read"], ["check"]):
        for name, why in ("dots.zip", "points outside the archive"), ("link.tar.gz", "is a link or a device"):
            target = str(tmp_path / name) if verb == ["read"] else str(recipe(tmp_path, name))
            code, said = curate(*verb, target)
            assert code == 4, said
            assert name in said
            assert why in said
            assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["dots.zip", "link.tar.gz", "recipe.yaml"]


# --- encodings, YAML, XML and headerless CSV through a recipe -----------------------------------


def test_a_found_encoding_is_told_by_check_read_and_the_journal(tmp_path: Path) -> None:
    text = "".join(
        json.dumps({"prompt": f"第{n}个问题是什么？", "response": "我们不知道，这是一个大题。"}, ensure_ascii=False)
        + "\n"
        for n in range(20)
    )
    (tmp_path / "raw.jsonl").write_bytes(text.encode("gb18030"))
    kept, ledger, file = road(tmp_path, "raw.jsonl")
    assert (kept.height, ledger.height) == (20, 0)
    assert kept["messages"][0][0]["content"] == "第0个问题是什么？"
    assert "encoding gb18030: not UTF-8; all decodes" in file["why"]
    for args in (["read", str(tmp_path / "raw.jsonl")], ["check", str(recipe(tmp_path, "raw.jsonl"))]):
        assert "encoding gb18030: not UTF-8" in curate(*args)[1]
    assert "declared latin-1" in road(tmp_path, "raw.jsonl", encoding="latin-1")[2]["why"]
    code, said = curate("check", str(recipe(tmp_path, "raw.jsonl", encoding="klingon")))
    assert code == 2
    assert "encoding: no such encoding" in said


def test_yaml_xml_and_headerless_csv_in_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "raw.yaml").write_text(yaml.safe_dump(ROWS) + "- {prompt: a, prompt: b}\n", encoding="utf-8")
    kept, ledger, _ = road(tmp_path, "raw.yaml")
    assert kept.height == 12
    assert fell(ledger) == [("raw.yaml", 12, "duplicate_key")]
    (tmp_path / "raw.xml").write_text("<r><p><q>Who?</q><a>Me.</a></p><p><q>Why?</q></p></r>", encoding="utf-8")
    mapping = {"user": "{q}", "assistant": "{a}"}
    kept, ledger, _ = road(tmp_path, "raw.xml", kind="xml", member="p", mapping=mapping)
    assert kept.height == 1
    assert fell(ledger) == [("raw.xml", 1, "missing_field")]
    (tmp_path / "raw.csv").write_text('"Who, then?",Me.\nWhy?,So.\n', encoding="utf-8")
    kept, ledger, _ = road(tmp_path, "raw.csv", columns=["prompt", "response"])
    assert [turns[0]["content"] for turns in kept["messages"].to_list()] == ["Who, then?", "Why?"]
    assert ledger.height == 0
