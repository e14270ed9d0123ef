"""Encodings: found with evidence or declared, never guessed; a byte that does not decode costs one row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from buckets import InputError, Raw, Rows, read_rows
from buckets.encodings import encoding_of

CHINESE = [
    {"prompt": f"第{n}个问题：中国的首都是哪里？", "response": f"我们的首都是北京，这是一个很大的城市。({n})"}
    for n in range(40)
]
FRENCH = [
    {"prompt": f"Où est né le poète n° {n} ?", "response": "Il est né à Orléans, près du fleuve."} for n in range(40)
]
GERMAN = [{"prompt": f"Größe {n}?", "response": "Die Straße ist schön, aber zu kurz für Räder."} for n in range(40)]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read(folder: Path, data: bytes, name: str = "data.jsonl", **more: Any) -> tuple[Rows, list[Raw]]:
    (folder / name).write_bytes(data)
    rows = read_rows(folder / name, **more)
    return rows, list(rows)


def good(raws: list[Raw]) -> list[dict[str, Any]]:
    return [raw.value for raw in raws if raw.value is not None]


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
        ("utf-32-be", "utf-32-be"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
@pytest.mark.parametrize("shape", ["lines", "array", "csv"])
def test_chinese_is_found_in_each_encoding(tmp_path: Path, codec: str, found: str, shape: str) -> None:
    text = lines(CHINESE) if shape == "lines" else json.dumps(CHINESE, ensure_ascii=False, indent=1)
    if shape == "csv":
        text = "prompt,response\r\n" + "".join(f"{row['prompt']},{row['response']}\r\n" for row in CHINESE)
    name = {"lines": "a.jsonl", "array": "a.json", "csv": "a.csv"}[shape]
    rows, raws = read(tmp_path, text.encode(codec), name)
    assert rows.encoding.name == found
    assert good(raws) == CHINESE
    assert len(raws) == len(CHINESE)
    assert bool(rows.encoding.evidence) == (found != "utf-8")


@pytest.mark.parametrize("table", [FRENCH, GERMAN])
@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
def test_a_western_language_is_found_by_its_letters(tmp_path: Path, table: list[dict[str, Any]], codec: str) -> None:
    rows, raws = read(tmp_path, lines(table).encode(codec))
    assert rows.encoding.name == "cp1252"
    assert "letters of" in rows.encoding.evidence
    assert good(raws) == table


NOT_WESTERN = {
    "cp1250": "Proč je můj příklad žlutý? Ať žije řeka, ďábel a úděl.",
    "iso8859-2": "Zażółć gęślą jaźń, proszę pana, święto jest również dziś.",
    "cp1254": "Bugün hava çok güzel, değil mi? Işık şimdi yanıyor, ağaç yeşil.",
    "cp1251": "Почему небо синее и трава зелёная, скажи мне.",
    "mac-roman": "Où est né le poète français, près du château où l'été finit ?",
    "cp850": "Où est né le poète français, près du château où l'été finit ?",
    "big5": "我們的首都是哪裡？這是一個很大的城市，有許多的人。",
    "shift-jis": "私たちの首都は東京です。とても大きな都市で、人が多い。",
    "euc-kr": "우리의 수도는 서울입니다. 이 도시는 매우 크고 사람이 많다.",
    "euc-jp": "私たちの首都は東京です。とても大きな都市で、人が多い。",
}


@pytest.mark.parametrize("codec", NOT_WESTERN)
def test_other_encodings_are_not_guessed_but_read_when_declared(tmp_path: Path, codec: str) -> None:
    table = [{"prompt": f"{n}?", "response": NOT_WESTERN[codec]} for n in range(30)]
    data = lines(table).encode(codec)
    rows, raws = read(tmp_path, data)
    assert rows.encoding.name == "utf-8"
    assert {raw.fault.reason for raw in raws if raw.fault} == {"not_utf8"}
    assert len(raws) == 30
    assert good(read(tmp_path, data, encoding=codec)[1]) == table


def test_too_few_signs_show_nothing(tmp_path: Path) -> None:
    rows, raws = read(tmp_path, lines([{"a": "caf\xe9"}, {"a": "plain"}]).encode("latin-1"))
    assert rows.encoding.is_utf8
    assert [raw.fault.reason if raw.fault else None for raw in raws] == ["not_utf8", None]


def test_a_mixed_file_keeps_its_utf8_rows(tmp_path: Path) -> None:
    data = lines(FRENCH[:20]).encode() + lines(FRENCH[20:]).encode("latin-1")
    rows, raws = read(tmp_path, data)
    assert rows.encoding.is_utf8
    assert good(raws) == FRENCH[:20]
    assert [raw.row for raw in raws if raw.fault and raw.fault.reason == "not_utf8"] == list(range(20, 40))


def test_one_bad_byte_in_a_long_utf8_line_changes_no_encoding(tmp_path: Path) -> None:
    data = json.dumps(FRENCH, ensure_ascii=False).encode()
    rows, raws = read(tmp_path, data.replace("né".encode(), b"n\xe9", 1), "a.json")
    assert rows.encoding.is_utf8
    assert good(raws) == FRENCH[1:]


def test_a_byte_that_does_not_decode_costs_its_row_and_is_shown(tmp_path: Path) -> None:
    data = lines(CHINESE).encode("gb18030").splitlines(keepends=True)
    data[5] = data[5].replace("北京".encode("gb18030"), b"\x81\x20")
    raws = read(tmp_path, b"".join(data), encoding="gb18030")[1]
    assert good(raws) == CHINESE[:5] + CHINESE[6:]
    fault = raws[5].fault
    assert fault
    assert (fault.reason, fault.detail) == ("not_decodable", "the row holds a byte that is not gb18030")
    assert "\\x81" in fault.excerpt


def test_a_lone_surrogate_of_utf16_costs_its_row(tmp_path: Path) -> None:
    text = '{"a": "x"}\n{"a": "?"}\n{"a": "z"}\n'
    data = text.encode("utf-16-le").replace("?".encode("utf-16-le"), b"\x00\xd8")
    raws = read(tmp_path, b"\xff\xfe" + data)[1]
    assert [raw.fault.reason if raw.fault else None for raw in raws] == [None, "not_decodable", None]


def test_declared_encodings_are_checked(tmp_path: Path) -> None:
    for name in ("klingon", "rot13", "base64", "utf-7", "unicode_escape"):
        with pytest.raises(InputError, match=r"encoding '.*': "):
            read(tmp_path, b"{}", encoding=name)
    assert good(read(tmp_path, '{"a": "Ω"}'.encode("utf-16"), encoding="utf-16")[1]) == [{"a": "Ω"}]
    assert good(read(tmp_path, '{"a": "Ω"}'.encode("utf-16-be"), encoding="utf-16-be")[1]) == [{"a": "Ω"}]


def test_recoding_does_not_depend_on_how_the_bytes_are_cut(tmp_path: Path) -> None:
    table = [{"n": n, "text": "的一是不了在人有我他" * (n % 700)} for n in range(400)]
    for codec in ("gb18030", "utf-16"):
        rows, raws = read(tmp_path, lines(table).encode(codec))
        assert not rows.encoding.is_utf8
        assert good(raws) == table


def test_the_start_of_a_binary_or_ascii_file_is_utf8() -> None:
    for head in (b"", b"plain", b"\0\0\0\0", b"\0\0\0\0\0\0\0\0", bytes(range(256))):
        assert encoding_of(head, whole=True).is_utf8
