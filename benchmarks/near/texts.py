"""One text a row from the real data sets: prompt and answer, as people feed them to a text dedup.

Reads only the files named below, by the keys they are known to have; a file that is absent or has other keys is an
InputError, not a smaller benchmark. Data set text is read as data: never evaluated, and XML without entities.
"""

from __future__ import annotations

import bz2
import gzip
import json
import tarfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from re import DOTALL, findall
from typing import Any

import polars as pl

from buckets import InputError

_KEYS: dict[str, tuple[str, ...]] = {
    "stanford_alpaca/alpaca_data.json.gz": ("instruction", "input", "output"),
    "alpagasus/dolly_3k.json.gz": ("instruction", "input", "output"),
    "codealpaca/code_alpaca_2k.json.gz": ("instruction", "input", "output"),
    "codealpaca/new_codealpaca.json.gz": ("instruction", "input", "output"),
    "gpteacher/codegen-instruct.json.gz": ("instruction", "input", "response"),
    "gpteacher/toolformer-dedupe-only-dataset.json.gz": ("instruction", "input", "response"),
    "gsm8k/train.jsonl.gz": ("question", "answer"),
    "hh_rlhf/harmless-base_test.jsonl.gz": ("chosen",),
    "llamafactory_demo/alpaca_en_demo.json": ("instruction", "input", "output"),
    "llamafactory_demo/alpaca_zh_demo.json": ("instruction", "input", "output"),
    "mlx_wikisql/train.jsonl": ("text",),
    "safety_tuned_llamas/safety_only_data_Instructions.json": ("instruction", "input", "output"),
}


def real_texts(folder: Path) -> list[str]:
    """All texts of the known files under `folder`, in a fixed order. Raises InputError naming a missing file."""
    texts = [text for name, keys in _KEYS.items() for text in _keyed(folder / name, keys)]
    return [
        text
        for text in (*texts, *_math(folder), *_medquad(folder), *_wikisql(folder), *_medical(folder))
        if text.strip()
    ]


def _found(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"{path}: no such file; give --data the folder that holds the data sets of near/texts.py")
    return path


def _rows(path: Path) -> list[dict[str, Any]]:
    data = _found(path).read_bytes()
    unpack = {".gz": gzip.decompress, ".bz2": bz2.decompress}.get(path.suffix, bytes)
    text = unpack(data).decode()
    return (
        json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line]
    )


def _keyed(path: Path, keys: tuple[str, ...]) -> Iterator[str]:
    for row in _rows(path):
        yield "\n".join(str(row[key]) for key in keys if row.get(key))


def _math(folder: Path) -> Iterator[str]:
    frame = pl.read_parquet(_found(folder / "math_train_parquet" / "math_train.parquet"))
    for column in ("prompt", "reward_model"):
        if column not in frame.columns:
            raise InputError(f"math_train.parquet has no column {column!r}, only {frame.columns}; is it another file?")
    for prompt, gold in frame.select("prompt", "reward_model").iter_rows():
        yield f"{prompt[0]['content']}\n{gold['ground_truth']}"


def _medquad(folder: Path) -> Iterator[str]:
    with tarfile.open(_found(folder / "medquad" / "medquad_xml.tar.gz")) as archive:
        for member in archive:
            file = archive.extractfile(member)
            page = file.read().decode() if file else ""
            for question, answer in findall(r"<Question[^>]*>(.*?)</Question>\s*<Answer>(.*?)</Answer>", page, DOTALL):
                yield unescape(f"{question}\n{answer}") if answer.strip() else ""


def _wikisql(folder: Path) -> Iterator[str]:
    for row in _rows(folder / "text2sql" / "wikisql.json.bz2"):
        yield f"{row['sentences'][0]['original']}\n{row['sql'][0]}"


def _medical(folder: Path) -> Iterator[str]:
    for name in ("sharegpt_zh_1K_format.jsonl.gz", "medical_sft_1K_format.jsonl"):
        for row in _rows(folder / "medicalgpt_zh" / name):
            yield "\n".join(turn["value"] for turn in row["conversations"])
