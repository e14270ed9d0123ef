"""Archives, Hugging Face folders and hub names as sources: members streamed, unsafe ones refused, none lost."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from buckets import CurateError, InputError, Layout, RefusedError, archive_members, located, read_rows

A, B, C = (
    [{"q": f"{name}{n}", "a": f"to {n}"} for n in range(count)] for name, count in (("a", 3), ("b", 2), ("c", 4))
)


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows).write_parquet(out)
    return out.getvalue()


MEMBERS = {
    "d/a.jsonl": lines(A),
    "d/b.json.gz": gzip.compress(json.dumps(B).encode()),
    "d/deep/c.parquet": parquet(C),
    "README.md": b"# no data",
    "__MACOSX/d/._a.jsonl": b"\0\5",
    "d/.hidden.jsonl": b"{}",
}
ROWS = [("d/a.jsonl", A), ("d/b.json.gz", B), ("d/deep/c.parquet", C)]


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return out.getvalue()


ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "x.zip": zipped,
    "x.tar": tarred,
    "x.tar.gz": lambda members: gzip.compress(tarred(members)),
    "x.tgz": lambda members: gzip.compress(tarred(members)),
    "x.tar.bz2": lambda members: bz2.compress(tarred(members)),
    "x.tar.xz": lambda members: lzma.compress(tarred(members)),
    "x.tar.zst": lambda members: zstandard.compress(tarred(members)),
}


def placed(path: Path, **more: Any) -> list[tuple[str, int, Any]]:
    return [(raw.part, raw.row, raw.value or (raw.fault and raw.fault.reason)) for raw in read_rows(path, **more)]


def write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("name", ARCHIVES)
def test_members_of_every_archive_are_read(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, ARCHIVES[name](MEMBERS))
    expected = [(part, n, row) for part, rows in ROWS for n, row in enumerate(rows)]
    assert placed(path) == expected
    assert placed(path, inside=lambda part: part.startswith("d/b")) == expected[3:5]


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../out.jsonl", "/etc/out.jsonl", "d/../../out.jsonl", "..\\out.jsonl", "C:/out.jsonl"]
)
def test_names_that_leave_the_archive_are_refused(tmp_path: Path, make: Any, name: str) -> None:
    path = write(tmp_path, "x.bin", make({"ok.jsonl": lines(A), name: lines(B)}))
    with pytest.raises(RefusedError, match="outside the archive") as caught:
        placed(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_link_that_nobody_asks_for_is_passed_over(tmp_path: Path, kind: bytes) -> None:
    """JSON-Schema-Test-Suite's own archive: tests/latest is a link to the newest draft beside it."""
    info = tarfile.TarInfo("tests/latest")
    info.type, info.linkname = kind, "draft7"
    path = write(tmp_path, "x.tar", tarred({"tests/draft7/a.jsonl": lines(A)}, info))
    rows = [(n, row) for n, row in enumerate(A)]
    assert placed(path) == [("tests/draft7/a.jsonl", *each) for each in rows]
    names = [(name, rows is not None) for name, rows in archive_members(path, Layout(), ["tests/*.jsonl"])]
    assert names == [("tests/draft7/a.jsonl", True), ("tests/latest", False)]
    with pytest.raises(RefusedError, match=r"tests/latest.*name a pattern that leaves it out"):
        list(archive_members(path, Layout(), ["tests/*"]))
    link = zipfile.ZipInfo("latest")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "a.jsonl")
        archive.writestr("a.jsonl", lines(A))
    assert placed(write(tmp_path, "x.zip", out.getvalue())) == [("a.jsonl", *each) for each in rows]


def test_links_devices_and_encrypted_members_are_refused(tmp_path: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        info = tarfile.TarInfo("link.jsonl")
        info.type, info.linkname = kind, "/etc/passwd"
        with pytest.raises(RefusedError, match="link or a device"):
            placed(write(tmp_path, "x.tar", tarred({"ok.jsonl": lines(A)}, info)))
    link = zipfile.ZipInfo("link.jsonl")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(RefusedError, match="link or a device"):
        placed(write(tmp_path, "x.zip", out.getvalue()))
    data = bytearray(zipped({"a.jsonl": lines(A)}))
    data[data.index(b"PK\1\2") + 8] |= 1  # the flag of encryption, in the directory at the end
    with pytest.raises(RefusedError, match="encrypted"):
        placed(write(tmp_path, "y.zip", bytes(data)))


def test_bombs_are_refused_before_they_fill_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import buckets.members
    import buckets.unpack

    monkeypatch.setattr(buckets.members, "_FREE", 1 << 20)
    monkeypatch.setattr(buckets.members, "_MOST_TIMES", 100)
    monkeypatch.setattr(buckets.unpack, "_FREE", 1 << 20)
    monkeypatch.setattr(buckets.unpack, "_MOST_TIMES", 100)
    zeros = bytes(8 << 20)
    with pytest.raises(RefusedError, match="as bombs do"):
        placed(write(tmp_path, "x.zip", zipped({"a.jsonl": zeros})))
    for pack in (gzip.compress, bz2.compress, lzma.compress, zstandard.compress):
        with pytest.raises(RefusedError, match="as bombs do"):
            placed(write(tmp_path, "a.jsonl", pack(zeros)))
        with pytest.raises(RefusedError, match="as bombs do"):
            placed(write(tmp_path, "x.tar", tarred({"a.json": pack(zeros)})))


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
def test_an_archive_that_ends_early_says_so_and_keeps_its_rows(tmp_path: Path, name: str) -> None:
    whole = ARCHIVES[name]({"a.jsonl": lines(A), "b.jsonl": lines(B * 400), "c.jsonl": lines(C)})
    for share in (0.3, 0.6) if name == "x.tar" else (0.5, 0.9):
        found = placed(write(tmp_path, name, whole[: int(len(whole) * share)]))
        assert found[:3] == [("a.jsonl", n, row) for n, row in enumerate(A)]
        assert "truncated_file" in [value for _, _, value in found]
    data = bytearray(tarred({"a.jsonl": lines(A), "b.jsonl": lines(B)}))
    data[1024 + 100] ^= 0xFF  # the header of the second member: tarfile takes it for the end
    found = placed(write(tmp_path, "x.tar", bytes(data)))
    assert found[3:] == [("", 0, "truncated_file")]


def test_a_zip_with_a_damaged_member_keeps_the_others(tmp_path: Path) -> None:
    rows = [{"n": n, "h": n * 7919**3 % 2**40} for n in range(3000)]
    data = bytearray(zipped({"a.jsonl": lines(A), "b.jsonl": lines(rows), "c.jsonl": lines(C)}))
    middle = data.index(b"b.jsonl") + len(lines(rows)) // 5
    data[middle] ^= 0xFF
    found = placed(write(tmp_path, "x.zip", bytes(data)))
    assert [place[:2] for place in found if place[0] != "b.jsonl"] == [("a.jsonl", n) for n in range(3)] + [
        ("c.jsonl", n) for n in range(4)
    ]
    assert [value for part, _, value in found if part == "b.jsonl" and isinstance(value, str)]
    with pytest.raises(InputError, match="archive is damaged"):
        placed(write(tmp_path, "y.zip", zipped(MEMBERS)[:-40]))


def test_patterns_with_members(tmp_path: Path) -> None:
    write(tmp_path, "x.zip", zipped(MEMBERS))
    write(tmp_path, "y.tar", tarred(MEMBERS))

    def found(*patterns: str, **more: Any) -> list[tuple[str, tuple[str, ...]]]:
        return [(named.path.name, named.members) for named in located(patterns, tmp_path, **more)]

    assert found("x.zip") == [("x.zip", ())]
    assert found("x.zip::d/*.jsonl", "x.zip::*.parquet") == [("x.zip", ("d/*.jsonl", "*.parquet"))]
    assert found("zip://d/*.jsonl::x.zip", "tar://*::y.tar") == [("x.zip", ("d/*.jsonl",)), ("y.tar", ("*",))]
    assert found("*.zip", "y.tar::b*", members="*.jsonl") == [("x.zip", ("*.jsonl",)), ("y.tar", ("b*",))]
    with pytest.raises(InputError, match=r"'no\.zip' matches no file.*'gone\.jsonl' matches no file"):
        found("no.zip::a*", "gone.jsonl")


# --- Hugging Face folders ---------------------------------------------------------------------


def names(folder: Path, **more: Any) -> list[str]:
    return [named.path.relative_to(folder).as_posix() for named in located(["."], folder, **more)]


def test_a_repository_with_a_card(tmp_path: Path) -> None:
    card = {
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]},
            {"config_name": "hard", "data_files": [{"split": "train", "path": ["hard/*.jsonl"]}]},
        ]
    }
    card["configs"][0]["data_files"].append({"split": "test", "path": "data/test-*"})  # type: ignore[attr-defined]
    (tmp_path / "README.md").write_text(f"---\n{json.dumps(card)}\n---\n# Card\n", encoding="utf-8")
    for name in ("data/train-0.parquet", "data/train-1.parquet", "data/test-0.parquet", "hard/x.jsonl", "stray.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    train = ["data/train-0.parquet", "data/train-1.parquet"]
    assert names(tmp_path) == ["data/test-0.parquet", *train]
    assert names(tmp_path, split="train") == train
    assert names(tmp_path, config="hard") == ["hard/x.jsonl"]
    for more, said in ({"split": "dev"}, "it has 'train', 'test'"), ({"config": "easy"}, "no config 'easy'"):
        with pytest.raises(InputError, match=said):
            names(tmp_path, **more)
    for outside in ("../x.jsonl", "/etc/passwd", "https://127.0.0.1/x.jsonl"):
        (tmp_path / "README.md").write_text(f"---\nconfigs: [{{data_files: '{outside}'}}]\n---\n", encoding="utf-8")
        with pytest.raises(InputError, match="lies outside"):
            names(tmp_path)
    (tmp_path / "README.md").write_text("# No card\n", encoding="utf-8")
    assert len(names(tmp_path)) == 5
    assert names(tmp_path, split="train") == train
    with pytest.raises(InputError, match="named after a split"):
        names(tmp_path, split="validation")


def test_a_saved_data_set_reads_as_the_datasets_library_reads_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = [
        {"messages": [{"role": "user", "content": f"{n} ä"}], "score": n / 4, "tags": None if n % 3 else ["x"]}
        for n in range(50)
    ]
    made = datasets.Dataset.from_list(rows)
    made.select(range(20)).save_to_disk(tmp_path / "one", num_shards=3)
    (tmp_path / "one/cache-123.arrow").write_bytes(b"left over")
    datasets.DatasetDict({"train": made, "test": made.select([1, 5, 2])}).save_to_disk(tmp_path / "both")
    for folder, split, wanted in (
        ("one", None, made.select(range(20))),
        ("both", "train", made),
        ("both", "test", made.select([1, 5, 2])),
    ):
        files = located([folder], tmp_path, split=split)
        assert [raw.value for file in files for raw in read_rows(file.path)] == wanted.to_list()
    assert names(tmp_path / "both") == ["test/data-00000-of-00001.arrow", "train/data-00000-of-00001.arrow"]
    assert len(names(tmp_path)) == 5  # two data sets below a plain folder
    (tmp_path / "one/data-00001-of-00003.arrow").unlink()
    with pytest.raises(InputError, match="which is not there"):
        names(tmp_path / "one")
    state = json.loads((tmp_path / "one/state.json").read_text(encoding="utf-8"))
    state["_data_files"][0]["filename"] = "../both/train/data-00000-of-00001.arrow"
    (tmp_path / "one/state.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(InputError, match="lies outside"):
        names(tmp_path / "one")


def test_what_the_datasets_library_loads_is_read_from_its_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets")
    from buckets.hub import loaded

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set/data").mkdir(parents=True)
    (tmp_path / "set/data/train.jsonl").write_bytes(lines(A))
    (tmp_path / "set/data/test.jsonl").write_bytes(lines(B))
    every = loaded(str(tmp_path / "set"))
    found = [raw.value for path, _ in every for raw in read_rows(path)]
    assert sorted(found, key=str) == sorted([*A, *B], key=str)
    (path, shown), *more = loaded(str(tmp_path / "set"), split="test", revision="v1")
    assert not more
    assert [raw.value for raw in read_rows(path)] == B
    assert shown.startswith("hf://")
    assert "@v1/" in shown
    for split, said in ("gone", "cannot be loaded"), ("train[:5]", "no plain name"):
        with pytest.raises(InputError, match=said):
            loaded(str(tmp_path / "set"), split=split)


def test_hub_names_are_checked_and_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(CurateError, match=r"hf://owner/name: needs the extra: pip install 'sft-curate\[hub\]'"):
        located(["hf://datasets/owner/name@main"], Path())
    for name in ("hf://", "hf://a/b/c/d", "hf://../x"):
        with pytest.raises(InputError, match=r"write hf://owner/name|needs the extra"):
            located([name], Path())
