"""YAML by its events, XML by a declared element, CSV without a header, and keys that stand twice."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets import InputError, Raw, RefusedError, read_rows
from buckets.doubled import lost_key


def read(folder: Path, data: bytes | str, name: str = "data.yaml", **more: Any) -> list[Raw]:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    raws = list(read_rows(folder / name, **more))
    assert [raw.row for raw in raws] == list(range(len(raws)))
    return raws


def seen(raws: list[Raw]) -> list[Any]:
    """Values, and the reasons of faults."""
    return [raw.value if raw.fault is None else raw.fault.reason for raw in raws]


# --- YAML -------------------------------------------------------------------------------------


def test_list_keyed_documents_and_member_are_rows(tmp_path: Path) -> None:
    rows = [{"q": "a: b", "n": 1}, {"q": "two\nlines\n", "n": 2.5}]
    assert seen(read(tmp_path, yaml.safe_dump(rows))) == rows
    assert seen(read(tmp_path, yaml.safe_dump_all(rows))) == rows
    assert seen(read(tmp_path, "--- \n" + yaml.safe_dump(rows[0]))) == rows[:1]
    keyed = yaml.safe_dump({"x": rows[0], "y": rows[1]})
    assert seen(read(tmp_path, keyed)) == [{"_key": "x", **rows[0]}, {"_key": "y", **rows[1]}]
    inside = yaml.safe_dump({"version": 1, "data": rows, "more": {"data": []}})
    assert seen(read(tmp_path, inside, member="data")) == rows
    assert seen(read(tmp_path, json.dumps(rows), "data.yml")) == rows
    with pytest.raises(InputError, match="no key 'rows'"):
        read(tmp_path, inside, member="rows")


def test_words_mean_what_both_versions_of_yaml_say(tmp_path: Path) -> None:
    text = "- {a: no, b: 2024-01-02, c: 007, d: 1:30, e: True, f: ~, g: , h: '5', i: 5, j: -1.5e+3, k: 0x1F, 1: on}"
    assert seen(read(tmp_path, text)) == [
        {"a": "no", "b": "2024-01-02", "c": "007", "d": "1:30", "e": True, "f": None, "g": None, "h": "5"}
        | {"i": 5, "j": -1500.0, "k": "0x1F", "1": "on"}
    ]
    assert seen(read(tmp_path, "- {a: 1e5, b: -.5, c: .5}")) == [{"a": "1e5", "b": "-.5", "c": 0.5}]
    assert seen(read(tmp_path, "- {a: !!str 5, b: !!int 5, c: !!timestamp 2024-01-02}")) == [
        {"a": "5", "b": 5, "c": "2024-01-02"}
    ]


# PyYAML writes these three as ends of lines, as YAML 1.1 did, and does not read them back itself.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=8).filter(
    lambda text: text != "<<"
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            TEXT,
            st.recursive(
                st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT,
                lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXT, part, max_size=3),
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_pyyaml_writes_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    folder = tmp_path_factory.getbasetemp()
    for style in (None, False, True):
        assert seen(read(folder, yaml.safe_dump(rows, default_flow_style=style, allow_unicode=True))) == rows


def test_line_separators_inside_text_stay_what_they_are(tmp_path: Path) -> None:
    text = "a\u2028b\x85c\u2029d"
    assert seen(read(tmp_path, f'- t: {text}\n- t: "{text}"\n')) == [{"t": text}] * 2


BOMB = "- &a {x: lol, y: lol}\n" + "".join(
    f"- &{chr(98 + n)} {{x: [{', '.join(['*' + chr(97 + n)] * 9)}]}}\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("{a: 1, a: 2}", "duplicate_key"),
        ("{a: {b: 1, b: 1}}", "duplicate_key"),
        ("!!python/object/apply:os.system ['echo hi']", "unknown_tag"),
        ("{a: !secret x}", "unknown_tag"),
        ("{a: .nan}", "not_finite"),
        ("{a: 1.0e+999}", "not_finite"),
        ("{a: 123456789012345678901234567890}", "huge_integer"),
        ("{[1, 2]: x}", "key_not_text"),
        ("{a: *nowhere}", "invalid_yaml"),
        ("&self {a: *self}", "invalid_yaml"),
        ("{a: 1", "invalid_yaml"),
        ("a: b: c", "invalid_yaml"),
        ("'open", "invalid_yaml"),
        ("\tx: 1", "invalid_yaml"),
        ("{a: " + "[" * 300 + "]" * 300 + "}", "too_deep"),
        ("{a: " + "[" * 10_000 + "]" * 10_000 + "}", "too_deep"),
        ("{a: \x00}", "invalid_yaml"),
        ("[1]", "not_an_object"),
        ("text", "not_an_object"),
    ],
)
def test_one_bad_item_costs_no_other(tmp_path: Path, item: str, reason: str) -> None:
    raws = read(tmp_path, f"- n: 0\n- n: 1\n- {item}\n- n: 3\n- n: 4\n")
    assert seen(raws) == [{"n": 0}, {"n": 1}, reason, {"n": 3}, {"n": 4}]
    fault = raws[2].fault
    assert fault
    assert fault.detail
    assert fault.excerpt


def test_bytes_that_are_not_utf8_cost_their_row(tmp_path: Path) -> None:
    assert seen(read(tmp_path, b"- {a: x}\n- {a: \xff}\n- {a: z}\n")) == [{"a": "x"}, "not_utf8", {"a": "z"}]


def test_a_bomb_is_refused_in_no_time_and_aliases_are_read(tmp_path: Path) -> None:
    started = time.perf_counter()
    found = seen(read(tmp_path, BOMB + "- n: 1\n"))
    assert time.perf_counter() - started < 2
    assert found[-1] == {"n": 1}
    assert "too_many_aliases" in found
    shared = "- &s {role: system}\n- {turns: [*s, *s]}\n- {<<: *s, role: user, n: 1}\n- {<<: *s, n: 2}\n"
    assert seen(read(tmp_path, shared)) == [
        {"role": "system"},
        {"turns": [{"role": "system"}, {"role": "system"}]},
        {"role": "user", "n": 1},
        {"n": 2, "role": "system"},
    ]


def test_equal_ids_are_two_rows_and_a_damaged_document_costs_itself(tmp_path: Path) -> None:
    assert seen(read(tmp_path, "k: {a: 1}\nk: {a: 2}\n")) == [{"_key": "k", "a": 1}, {"_key": "k", "a": 2}]
    assert seen(read(tmp_path, "---\na: 1\n---\na: [\n---\na: 3\n")) == [{"a": 1}, "invalid_yaml", {"a": 3}]


# --- XML --------------------------------------------------------------------------------------

DOCUMENT = """<?xml version="1.0" encoding="{encoding}"?>
<doc id="7" lang="de"><!-- a note --><head><title>T</title></head>
<pair n="1"><q kind="x">Was ist 1 &lt; 2?</q><a>Ja,
 &quot;wahr&quot; für älle</a></pair>
<pair n="2"><q>Zwei?</q><a></a><a>b</a></pair>
</doc>"""
PAIRS = [
    {
        "_in": {"doc": {"@id": "7", "@lang": "de"}},
        "@n": "1",
        "q": {"@kind": "x", "#text": "Was ist 1 < 2?"},
        "a": 'Ja,\n "wahr" für älle',
    },
    {"_in": {"doc": {"@id": "7", "@lang": "de"}}, "@n": "2", "q": "Zwei?", "a": ["", "b"]},
]


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16"])
def test_elements_are_rows_in_the_encoding_that_the_file_names(tmp_path: Path, encoding: str) -> None:
    data = DOCUMENT.format(encoding=encoding).encode(encoding)
    assert seen(read(tmp_path, data, "a.xml", kind="xml", member="pair")) == PAIRS


def test_xml_faults(tmp_path: Path) -> None:
    text = DOCUMENT.format(encoding="UTF-8")
    raws = read(tmp_path, text.replace("<q>Zwei?", "<q>Zwei?</b>"), "a.xml", kind="xml", member="pair")
    assert seen(raws) == [PAIRS[0], "invalid_xml"]
    assert raws[1].fault
    assert "line 5" in raws[1].fault.detail
    assert seen(read(tmp_path, text[:-30], "a.xml", kind="xml", member="pair")) == [PAIRS[0], "invalid_xml"]
    (other,) = read(tmp_path, text, "a.xml", kind="xml", member="row")
    assert other.fault
    assert other.fault.reason == "no_such_element"
    assert other.fault.detail.startswith("no element is called 'row', but ")
    assert "pair" in other.fault.detail
    deep = "<r><pair>" + "<x>" * 10_000 + "</x>" * 10_000 + "</pair><pair><a>1</a></pair></r>"
    assert seen(read(tmp_path, deep, "a.xml", kind="xml", member="pair")) == ["too_deep", {"a": "1"}]
    with pytest.raises(InputError, match="needs `member`"):
        read(tmp_path, text, "a.xml", kind="xml")


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE d [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">',
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, dtd: str) -> None:
    with pytest.raises(RefusedError, match="document type"):
        read(tmp_path, f"<?xml version='1.0'?>{dtd}<d><pair>&b;</pair></d>", "a.xml", kind="xml", member="pair")


# --- CSV without a header ---------------------------------------------------------------------


def test_csv_without_a_header(tmp_path: Path) -> None:
    text = '"What, then?",a,B\nWho?,"two\nlines",A\nshort,x\n'
    named = [{"q": "What, then?", "o": "a", "key": "B"}, {"q": "Who?", "o": "two\nlines", "key": "A"}]
    more = ["wrong_cell_count"]
    assert seen(read(tmp_path, text, "a.csv", columns=["q", "o", "key"], header=False)) == [*named, *more]
    numbered = [{f"column_{n}": cell for n, cell in enumerate(row.values())} for row in named]
    assert seen(read(tmp_path, text, "a.csv", header=False)) == [*numbered, *more]
    assert seen(read(tmp_path, "x,x,x\n" + text, "a.csv", columns=["q", "o", "key"])) == [*named, *more]
    assert seen(read(tmp_path, b"caf\xe9,1\nb,2\n", "a.csv", header=False)) == [
        "not_utf8",
        {"column_0": "b", "column_1": "2"},
    ]


# --- keys that stand twice --------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        '{"a": 1, "a": 2}',
        '{"a": "x:y", "b": {"c" : [], "c": [1]}}',
        '{"a" : "1" , "a"\t:\t2}',
        '{"a": [{"b": "q"}, {"b": "\\":", "b": ""}]}',
        '{"\\u0061": 1, "a": 2}',
        '{"k": "\\u003a", "k": "\\u003a\\u003a"}',
        '{"k": "::", "a": {"x": ":"}, "a": 5}',
    ],
)
@pytest.mark.parametrize("shape", ["lines", "array", "keyed"])
def test_a_key_that_stands_twice_costs_its_row(tmp_path: Path, row: str, shape: str) -> None:
    items = ['{"n": 0, "url": "http://x"}', row, '{"n": 2, "n": 2}', '{"n": 3}']
    if shape == "lines":
        raws = read(tmp_path, "\n".join(items), "a.jsonl")
    elif shape == "array":
        raws = read(tmp_path, "[" + ",".join(items) + "]", "a.json")
    else:
        raws = read(tmp_path, "{" + ",".join(f'"k{n}": {item}' for n, item in enumerate(items)) + "}", "a.json")
    found = [value if isinstance(value, str) else value["n"] for value in seen(raws)]
    assert found == [0, "duplicate_key", 2, 3]  # the same value twice loses nothing
    assert raws[1].fault
    assert "stands twice" in raws[1].fault.detail


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.sampled_from(["1", '""', '":"', '"\\":"', '"\\u003a"', "null"]),
        lambda part: (
            st.lists(part, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
            | st.lists(st.tuples(st.sampled_from(['"a"', '"b"', '"\\u0061"', '"c:" ']), part), max_size=4).map(
                lambda pairs: "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
            )
        ),
        max_leaves=12,
    )
)
def test_the_quick_test_agrees_with_looking_at_all_pairs(value: str) -> None:
    text = '{"z": ' + value + "}"
    lost: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, item in items:
            if key in kept and kept[key] != item:
                lost.append(key)
            kept[key] = item
        return kept

    parsed = json.loads(text, object_pairs_hook=pairs)
    assert (lost_key(text.encode(), parsed) is not None) == bool(lost)
