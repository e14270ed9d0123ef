"""The demo's planted truth is true: the committed files are what the seed makes, and every label holds."""

from __future__ import annotations

import ast
import bz2
import csv
import gzip
import io
import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from buckets import read_items
from examples.demo.world import build, copies, functions, guilds, safety
from examples.demo.world.planted import Planted
from examples.demo.world.row import Row, said

DEMO = Path(__file__).parents[2] / "examples" / "demo"
SEED = 7
NINE = {
    "general_instruction",
    "domain_qa",
    "math_reasoning",
    "code",
    "tool_calls",
    "multi_turn_dialogue",
    "safety_refusal",
    "structured_output",
    "long_context",
}
COUNTS = {
    "exact_duplicate": 60,
    "near_duplicate": 40,
    "template_twin": 40,
    "contaminated": 40,
    "wrong_answer": 45,
    "wrong_tool_arguments": 30,
    "invalid_json": 20,
    "broken_roles": 30,
    "empty_answer": 25,
    "truncated_answer": 25,
    "not_utf8": 8,
}
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.decompress,
    "bz2": bz2.decompress,
    "zst": zstandard.decompress,
}


def plain(name: str, data: bytes) -> bytes:
    """Content without its container: compressors of other versions may pack the same text differently."""
    if name.endswith(".parquet"):
        return pl.read_parquet(io.BytesIO(data)).write_csv().encode()
    return UNPACK.get(name.rsplit(".", 1)[1], bytes)(data)


def rows_of(name: str, data: bytes) -> list[Any]:
    """Raw rows by position; a line of JSON that cannot be read stays bytes."""
    if name.endswith(".parquet"):
        return pl.read_parquet(io.BytesIO(data)).to_dicts()
    text = plain(name, data)
    if name.endswith(".csv"):
        return list(csv.DictReader(io.StringIO(text.decode())))
    return list(json.loads(text)) if name.endswith(".json") else [loaded(line) for line in text.split(b"\n")[:-1]]


def loaded(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (UnicodeDecodeError, json.JSONDecodeError):
        return line


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return build.files(SEED)


@pytest.fixture(scope="module")
def world() -> build.World:
    return build.build(SEED)


@pytest.fixture(scope="module")
def truth(made: dict[str, bytes]) -> list[dict[str, Any]]:
    return rows_of("truth.jsonl.gz", made["truth.jsonl.gz"])


@pytest.fixture(scope="module")
def raw(made: dict[str, bytes]) -> dict[tuple[str, int], Any]:
    return {
        (name, at): row for name in made if name.startswith("raw/") for at, row in enumerate(rows_of(name, made[name]))
    }


def of_fault(world: build.World, fault: str) -> Iterator[Planted]:
    found = [each for each in world.faults if each.fault == fault]
    assert found
    return iter(found)


def last(planted: Planted) -> str:
    return str(planted.row.turns[-1]["content"])


def test_the_seed_makes_the_committed_files(made: dict[str, bytes]) -> None:
    assert build.files(SEED) == made
    for name, content in made.items():
        assert plain(name, (DEMO / name).read_bytes()) == plain(name, content), name
    committed = {str(path.relative_to(DEMO)) for path in (DEMO / "raw").iterdir()}
    assert committed == {name for name in made if name.startswith("raw/")}


def test_another_seed_makes_another_world(made: dict[str, bytes]) -> None:
    other = build.files(SEED + 1)
    assert other.keys() == made.keys()
    assert all(plain(name, other[name]) != plain(name, made[name]) for name in made)


def test_truth_covers_every_raw_row_once(truth: list[dict[str, Any]], raw: dict[tuple[str, int], Any]) -> None:
    places = [(entry["file"], entry["row"]) for entry in truth]
    assert len(places) == len(set(places))
    assert set(places) == set(raw)
    assert {entry["bucket"] for entry in truth} == NINE


def test_planted_counts(truth: list[dict[str, Any]]) -> None:
    counts = Counter(entry["fault"] for entry in truth)
    clean = Counter(entry["bucket"] for entry in truth if entry["fault"] is None)
    assert counts.pop(None) == sum(clean.values())
    assert counts == COUNTS
    assert all(230 <= clean[bucket] <= 350 for bucket in NINE), clean
    assert Counter(e["kind"] for e in truth if e["fault"] == "invalid_json") == {"file": 8, "answer": 12}


def test_file_faults_break_their_line_and_no_other(
    truth: list[dict[str, Any]], raw: dict[tuple[str, int], Any]
) -> None:
    broken = {
        (e["file"], e["row"]) for e in truth if e["fault"] == "not_utf8" or (e.get("kind") == "file" and e["fault"])
    }
    assert {place for place, row in raw.items() if isinstance(row, bytes)} == broken
    for entry in truth:
        if entry["fault"] == "not_utf8":
            with pytest.raises(UnicodeDecodeError):
                raw[entry["file"], entry["row"]].decode()


def test_clean_rows_and_eval_items_are_disjoint(world: build.World) -> None:
    asked = {row.key for row in world.evals.values()}
    assert len(asked) == len(world.evals)
    sound = [each.row.key for each in world.clean]
    assert len(sound) == len(set(sound))
    assert not asked & set(sound)
    unleaked = [each for each in world.faults if each.fault != "contaminated"]
    assert not asked & {each.row.key for each in unleaked}


def test_leaked_rows_hold_the_eval_prompt(world: build.World) -> None:
    wrapped = 0
    for each in of_fault(world, "contaminated"):
        item = world.evals[str(each.item)]
        prompt = str(item.prompt[-1]["content"])
        asked = str(each.row.prompt[-1]["content"])
        assert prompt in asked
        wrapped += asked == f"Please help. {prompt} Thank you."
    assert 8 <= wrapped <= 30


def test_duplicates(world: build.World, truth: list[dict[str, Any]]) -> None:
    crossing = [e for e in truth if e["fault"] == "exact_duplicate" and e["of"]["file"] != e["file"]]
    assert len(crossing) >= 30
    for each in of_fault(world, "exact_duplicate"):
        assert each.of is not None
        assert each.of.row == each.row
    for each in of_fault(world, "near_duplicate"):
        assert each.of is not None
        assert 0.8 <= copies.jaccard(copies.text_of(each.row), copies.text_of(each.of.row)) < 1


def test_no_two_sound_long_rows_are_near_duplicates(world: build.World) -> None:
    kept = [each for each in world.clean if len(copies.shingles(copies.text_of(each.row))) > 20]
    sets = [copies.shingles(copies.text_of(each.row)) for each in kept]
    worst = max(len(a & b) / len(a | b) for i, a in enumerate(sets) for b in sets[:i])
    assert worst < 0.7


def test_twins_are_new_right_rows_of_the_template(world: build.World) -> None:
    clean = {each.row.key for each in world.clean}
    for each in of_fault(world, "template_twin"):
        assert each.of is not None
        assert each.row.template == each.of.row.template
        assert each.row.key not in clean
        if each.row.bucket == "math_reasoning":
            assert sums_hold(last(each))


EQUATION = re.compile(r"^(\d+) ([+-]) (\d+) = (\d+)$", re.MULTILINE)


def sums_hold(text: str) -> bool:
    signs = {"+": operator.add, "-": operator.sub}
    steps = EQUATION.findall(text)
    gold = text.rsplit("#### ", 1)[1]
    return bool(steps) and steps[-1][3] == gold and all(signs[s](int(a), int(b)) == int(c) for a, s, b, c in steps)


def value(node: ast.expr, x: int) -> int:
    """The one-line functions of the world, computed apart from the generator."""
    match node:
        case ast.BinOp(left, op, right):
            a, b = value(left, x), value(right, x)
            return a + b if isinstance(op, ast.Add) else a - b if isinstance(op, ast.Sub) else a * b
        case ast.IfExp(ast.Compare(left, [ast.Gt()], [limit]), yes, no):
            return value(yes if value(left, x) > value(limit, x) else no, x)
        case ast.Name("x"):
            return x
        case ast.Constant(int(number)):
            return number
    raise AssertionError(ast.dump(node))


def passes(planted: Planted) -> bool:
    function = ast.parse(last(planted)).body[0]
    assert isinstance(function, ast.FunctionDef)
    result = function.body[0]
    assert isinstance(result, ast.Return)
    assert result.value is not None
    pairs = [re.fullmatch(r"assert f\((\d+)\) == (-?\d+)", test) for test in planted.row.tests]
    assert len(pairs) == 3
    return all(pair and value(result.value, int(pair[1])) == int(pair[2]) for pair in pairs)


def test_wrong_answers_are_wrong_and_clean_ones_right(world: build.World) -> None:
    judged = {"math_reasoning": lambda each: sums_hold(last(each)), functions.BUCKET: passes}
    for each in world.clean:
        assert judged.get(each.row.bucket, bool)(each), each.row
    for each in of_fault(world, "wrong_answer"):
        assert not judged[each.row.bucket](each), each.row


def fits(planted: Planted) -> bool:
    """Whether the call names a declared tool and gives exactly its arguments in their types."""
    function = planted.row.turns[len(planted.row.prompt)]["tool_calls"][0]["function"]
    declared = {tool["function"]["name"]: tool["function"]["parameters"]["properties"] for tool in planted.row.tools}
    given = json.loads(function["arguments"])
    wanted = declared.get(function["name"])
    kinds = {"string": str, "integer": int}
    return wanted is not None and {k: kinds[v["type"]] for k, v in wanted.items()} == {
        k: type(v) for k, v in given.items()
    }


def test_tool_arguments(world: build.World) -> None:
    assert all(fits(each) for each in world.clean if each.row.bucket == "tool_calls")
    assert not any(fits(each) for each in of_fault(world, "wrong_tool_arguments"))


def test_structured_answers(world: build.World) -> None:
    for each in world.clean:
        if each.row.bucket == "structured_output":
            assert each.row.schema is not None
            assert list(json.loads(last(each))) == each.row.schema["required"]
    for each in of_fault(world, "invalid_json"):
        if each.kind == "answer":
            with pytest.raises(json.JSONDecodeError):
                json.loads(last(each))


def roles_hold(planted: Planted) -> bool:
    roles = [turn["role"] for turn in planted.row.turns]
    called = [bool(turn.get("tool_calls")) for turn in planted.row.turns]
    after = {"user": {"assistant"}, "assistant": {"user", "tool"}, "tool": {"assistant"}}
    pairs = zip(roles, roles[1:], called, strict=False)
    return roles[0] == "user" and all(b in after[a] and (b != "tool" or call) for a, b, call in pairs)


def test_broken_roles_empty_and_cut_answers(world: build.World) -> None:
    assert all((roles_hold(each) and last(each).strip()) or each.row.bucket == "tool_calls" for each in world.clean)
    assert not any(roles_hold(each) for each in of_fault(world, "broken_roles"))
    assert not any(last(each).strip() for each in of_fault(world, "empty_answer"))
    for each in of_fault(world, "truncated_answer"):
        assert len(last(each).split()) >= 30
        assert not last(each).endswith(".")


def test_eval_items_are_read_and_graded_by_splits() -> None:
    items = read_items(DEMO / "eval" / "items.jsonl")
    counts = Counter((item.bucket, item.split) for item in items)
    assert {bucket for bucket, _ in counts} == NINE
    assert all(count in (24, 48, 96) for count in counts.values())
    assert all(item.draft.messages[-1].role == "user" for item in items)
    for bucket in NINE:
        assert len({item.cluster for item in items if item.bucket == bucket and item.split == "dev"}) >= 4


def test_every_fact_is_taught_once_and_asked_in_another_phrasing(world: build.World) -> None:
    taught = {form_and_fact(each.row) for each in world.clean if each.row.bucket == guilds.BUCKET}
    facts = {fact for _, fact in taught}
    assert len(facts) == len(taught) == 240
    asked = {form_and_fact(row) for item, row in world.evals.items() if item.startswith("domain_qa/dev")}
    assert {fact for _, fact in asked} <= facts
    assert not asked & taught
    assert {form for form, _ in asked} == {form for form, _ in taught}


def form_and_fact(row: Row) -> tuple[int, tuple[str, str]]:
    text = str(row.turns[0]["content"])
    for form, pattern in enumerate(guilds.KNOWN):
        shape = re.escape(pattern).replace(r"\{what\}", r"(?P<what>\w+)").replace(r"\{who\}", r"(?P<who>\w+)")
        found = re.fullmatch(shape, text)
        if found:
            return form, (found["who"], found["what"])
    raise AssertionError(text)


def test_the_base_corpus_gives_nothing_away(world: build.World, made: dict[str, bytes]) -> None:
    assert len(made["base.jsonl.gz"]) <= 300_000
    asked = {row.key for row in world.evals.values()}
    rows = rows_of("base.jsonl.gz", made["base.jsonl.gz"])
    text = "\n".join(turn["content"] for row in rows for turn in row["messages"])
    assert not any("\n".join(map(said, row["messages"][:-1])) in asked for row in rows)
    for secret in (safety.REFUSAL, "####", "def f", "assert", '{"name"'):
        assert secret not in text
    assert not any(turn.get("tool_calls") for row in rows for turn in row["messages"])
    known = {v for values in guilds.VALUES.values() for v in values}
    for line in text.split("\n"):
        assert not ("guild " in line and known & set(re.findall(r"\w+", line))), line
