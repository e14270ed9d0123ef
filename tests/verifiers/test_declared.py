"""Declared tests: what is read from them, and what the sandbox says of right and damaged answers."""

# ruff: noqa: E501  # tables of cases
from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buckets import Draft, EvalItem, Message, Record, frame_of, row_of
from verifiers import Outcome, Verdict, check, grade
from verifiers.declared import DeclaredError, Sql, Stdio, Tools, declared
from verifiers.execution import judge_execution
from verifiers.isolated import isolation, judge_isolated
from verifiers.outputs import compare_output
from verifiers.queries import query_of
from verifiers.sandbox import Limits
from verifiers.sandbox.pool import Pool
from verifiers.sandbox.sql import compare_queries

ISOLATES = isolation("auto") in ("namespaces", "bubblewrap")
isolated = pytest.mark.skipif(not ISOLATES, reason="nothing isolates here")


def record(tests: Any, *turns: Message, reference: str | None = None, meta: dict[str, Any] | None = None) -> Record:
    text = tests if isinstance(tests, str) or tests is None else json.dumps(tests)
    return Record("r", "s", Draft((Message("user", "Do it."), *turns), None, reference, text, None, meta or {}), None)


def said(tests: Any, answer: str, **more: Any) -> Verdict:
    return judge_isolated(record(tests, Message("assistant", answer), **more))


@pytest.mark.parametrize(
    ("tests", "kind"),
    [
        ({"kind": "stdio", "cases": [{"input": "1", "output": "2"}]}, Stdio),
        ({"inputs": ["1\n", ["1", "2"]], "outputs": ["2\n", "3"]}, Stdio),
        ({"input": ["1"], "output": ["2"], "is_generated": [False]}, Stdio),
        ([{"input": "1", "output": "2", "testtype": "stdin"}], Stdio),
        ({"kind": "sql", "database": "create table t(a)", "gold": "select a from t"}, Sql),
        ({"kind": "sql", "database": "shop/shop.sqlite", "rows": [[1]]}, Sql),
        ({"kind": "tools", "code": "def f(): return 1"}, Tools),
        ("assert f(1) == 2", type(None)),
        ("{x for x in f(1)}", type(None)),
        (None, type(None)),
    ],
)
def test_what_is_declared(tests: Any, kind: type) -> None:
    assert type(declared(record(tests).draft)) is kind


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ({}, "no kind"), ({"kind": "prolog"}, "prolog"), ([], "no case"), ({"inputs": ["1"], "outputs": []}, "pair"),
        ({"inputs": [[1]], "outputs": [[1]], "fn_name": "f"}, "fn_name"), ({"kind": "sql", "gold": "x"}, "database"),
        ({"kind": "sql", "database": "create table t(a)"}, "gold"), ({"kind": "tools"}, "code"), ([{"input": 3}], "text"),
        ({"kind": "sql", "database": "x.db", "gold": "x", "dialect": "mysql"}, "mysql"),
        ({"kind": "tools", "code": "x", "expected": {}}, "initial"), ({"kind": "stdio", "cases": [], "compare": "x"}, "x"),
        ({"kind": "stdio", "cases": [{"input": "", "output": "1"}], "tolerance": True}, "tolerance"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_abstains_and_says_why(tests: Any, told: str) -> None:
    with pytest.raises(DeclaredError, match=told):
        declared(record(tests).draft)
    verdict = judge_isolated(record(tests, Message("assistant", "print(1)")))
    assert (verdict.outcome, verdict.rule) == (Outcome.ABSTAIN, "bad_tests")


@pytest.mark.parametrize(
    ("got", "due", "how", "tolerance", "found"),
    [
        ("1 2\n", "1 2", "", None, "same"), ("1 2 \r\n3\n\n", "1 2\n3", "", None, "same"), ("1\n2", "1 2", "", None, "layout"),
        ("1\n2", "1 2", "tokens", None, "same"), ("1\n2", "1 2", "lines", None, "different"), ("12", "1 2", "", None, "different"),
        ("0.33333333", "0.33333334", "", None, "rounded"), ("0.33333333", "0.33333334", "lines", 1e-6, "same"),
        ("0.3333", "0.33333334", "lines", 1e-6, "different"), ("1000001", "1000002", "", 1e-3, "different"),
        ("1.5\n2", "1.50 2", "", 1e-9, "layout"), ("1", "1\n", "exact", None, "different"), ("nan", "1.0", "", 1e-6, "different"),
        ("yes", "YES", "", None, "different"), ("", "0", "", None, "different"),
    ],
)  # fmt: skip
def test_outputs(got: str, due: str, how: str, tolerance: float | None, found: str) -> None:
    assert compare_output(got, due, how, tolerance) == found


SUM = {"inputs": ["1 2\n", "5 5\n"], "outputs": ["3\n", "10\n"]}


@isolated
@pytest.mark.parametrize(
    ("answer", "outcome", "rule"),
    [
        ("```python\nprint(sum(map(int, input().split())))\n```", "pass", "tests"),
        ("import sys\nprint(sum(map(int, sys.stdin.read().split())))", "pass", "tests"),
        ("print(3)", "fail", "test_failed"), ("print(sum(map(int, input().split())) + 1)", "fail", "test_failed"),
        ("raise ValueError", "fail", "program_error"), ("print(input(", "fail", "program_error"),
        ("input()\ninput()", "fail", "program_error"), ("import numpy\nprint(3)", "abstain", "undecided"),
        ("print(*input().split(), sep='\\n')", "fail", "test_failed"),
        ("```cpp\nint main() { return 0; }\n```", "abstain", "other_language"),
        ("#include <iostream>\nint main() {}", "abstain", "other_language"),
    ],
)  # fmt: skip
def test_programs_that_read_and_print(answer: str, outcome: str, rule: str) -> None:
    verdict = said(SUM, answer)
    assert (verdict.outcome, verdict.rule) == (outcome, rule), verdict


@isolated
def test_cases_in_the_meta_and_cases_that_want_nothing() -> None:
    cases = [{"input": "4", "output": "8"}]
    assert said(None, "print(2 * int(input()))", meta={"io_tests": cases}).outcome is Outcome.PASS
    assert said(None, "print(3 * int(input()))", meta={"io_tests": cases}).outcome is Outcome.FAIL
    assert said([{"input": "4", "output": " \n"}], "pass").rule == "vacuous"
    assert said([{"input": "4", "output": "1 2"}], "print(1)\nprint(2)").rule == "layout"
    assert said([{"input": "", "output": "0.3333333"}], "print(1 / 3)").rule == "rounded"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    if not ISOLATES:
        pytest.skip("nothing isolates here")
    with Pool(limits=Limits(cpu_seconds=1, wall_seconds=2), workers=1) as made:
        yield made


SHOP = """
create table shop(id integer primary key, name text, city text, rating real);
insert into shop values (1, 'Ada', 'Oslo', 4.5), (2, 'Bo', 'Rome', 3.1), (3, 'Cy', 'Oslo', null), (4, 'Di', null, 3.1);
create table sale(shop integer references shop(id), item text, price real);
insert into sale values (1, 'pen', 0.1), (1, 'pen', 0.2), (2, 'ink', 3.0), (3, 'pen', 0.3), (3, 'cap', 7);
"""


@isolated
@pytest.mark.parametrize(
    ("query", "gold", "outcome"),
    [
        ("select name from shop where city = 'Oslo'", "select name from shop where id in (1, 3)", "same"),
        ("select s.name, sum(price) from sale join shop s on s.id = shop group by 1",
         "select name, (select total(price) from sale where shop = shop.id) from shop where id < 4", "same"),
        ("select 0.1 + 0.2", "select sum(price) from sale where item = 'pen' and shop = 1", "same"),
        ("select city from shop", "select city from shop where city is not null", "different"),
        ("select item from sale", "select distinct item from sale", "different"),
        ("select name, city from shop", "select city, name from shop", "undecided"),
        ("select count(*) from shop", "select '4'", "different"),
        ("select name from shop", "select name from shop order by id", "different"),
        ("select name from shop order by rating desc, name desc", "select name from shop order by rating desc", "undecided"),
        ("select name from shop order by rating", "select name from shop order by rating desc, name", "different"),
        ("select name from shop where id < 3 union select city from shop where id = 2 order by 1 desc",
         "select name from shop where id < 3 union select city from shop where id = 2 order by 1", "undecided"),
        ("select name from shop limit 1", "select name from shop order by id limit 1", "different"),
        ("select name from shop order by id limit 1", "select name from shop limit 1", "undecided"),
        ("select 1 where 0", "select 1 where 0", "undecided"),
        ("select 1; select 2", "select 1", "wrong"), ("", "select 1", "different"), ("I cannot.", "select 1", "wrong"),
    ],
)  # fmt: skip
def test_rows_are_compared(pool: Pool, query: str, gold: str, outcome: str) -> None:
    found = compare_queries(pool, query, gold, SHOP)
    assert found.outcome == outcome, found


@isolated
@pytest.mark.parametrize(
    "query",
    [
        "attach database '/tmp/x.db' as x", "attach ':memory:' as x", "detach main", "pragma writable_schema = on",
        "pragma query_only = off", "select * from pragma_database_list", "select load_extension('/tmp/x.so')",
        "insert into shop values (9, 'x', 'x', 1)", "update shop set city = 'x'", "drop table shop", "vacuum into '/tmp/x'",
        "create temp table x(a)", "create view x as select 1", "begin", "savepoint a", "reindex", "analyze",
        "select randomblob(1000000000)", "select fts3_tokenizer('simple')", "replace into shop values (1, 'x', 'x', 1)",
        "explain select 1", "select zeroblob(2000000000)", "select length(hex(zeroblob(900000000)))",
        "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n",
        "select count(*) from sale a, sale b, sale c, sale d, sale e, sale f, sale g, sale h, sale i, sale j, sale k, sale l",
        "select group_concat(x) from (with recursive n(x) as (select hex(zeroblob(4000000)) union all select x from n) select x from n)",
        "select replace(hex(zeroblob(4000000)), '0', hex(zeroblob(4000000)))",
        "select printf('%.*c', 2000000000, 'x')",
        "select 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' like '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b' from sale, sale, sale",
    ],
)  # fmt: skip
def test_hostile_queries_change_nothing_and_never_pass(pool: Pool, query: str) -> None:
    assert compare_queries(pool, query, "select name from shop", SHOP).outcome in ("wrong", "undecided", "different")
    assert compare_queries(pool, "select count(*) from shop", "select 4", SHOP).outcome == "same"


@isolated
def test_a_database_file_of_the_recipes_folder(tmp_path: Path, pool: Pool) -> None:
    made = sqlite3.connect(tmp_path / "shop.sqlite")
    made.execute("pragma journal_mode = wal")
    made.executescript(SHOP)
    made.close()
    (tmp_path / "tools.py").write_text("def double(x): return 2 * x", encoding="utf-8")
    before = (tmp_path / "shop.sqlite").read_bytes()
    tests = {"kind": "sql", "database": "shop.sqlite", "gold": "select max(id) from shop"}
    right, wrong = (
        record(tests, Message("assistant", f"```sql\nselect {x} from shop\n```")) for x in ("count(*)", "min(id)")
    )
    assert judge_isolated(right, files=str(tmp_path)).outcome is Outcome.PASS
    assert judge_isolated(wrong, files=str(tmp_path)).outcome is Outcome.FAIL
    assert judge_isolated(right).rule == "bad_tests"
    for path in ("../shop.sqlite", "/etc/passwd", "none.sqlite", "."):
        (tmp_path / "in").mkdir(exist_ok=True)
        outside = record({**tests, "database": path}, Message("assistant", "select 1"))
        assert judge_isolated(outside, files=str(tmp_path / "in")).rule == "bad_tests"
    assert (tmp_path / "shop.sqlite").read_bytes() == before


@isolated
def test_rows_that_are_given_and_a_gold_in_the_reference() -> None:
    rows = {"kind": "sql", "database": SHOP, "rows": [["Oslo", 2], [None, 1], ["Rome", 1]]}
    assert said(rows, "select city, count(*) from shop group by city").outcome is Outcome.PASS
    assert (
        said({**rows, "ordered": True}, "select city, count(*) from shop group by city order by 1").outcome
        is Outcome.FAIL
    )
    swapped = "select count(*), city from shop group by city"
    assert said(rows, swapped).outcome is Outcome.ABSTAIN
    assert said({**rows, "columns": "any"}, swapped).outcome is Outcome.PASS
    gold = {"kind": "sql", "database": SHOP}
    assert said(gold, "SELECT name FROM shop WHERE id = 1;", reference="select 'Ada'").outcome is Outcome.PASS
    empty = {"kind": "sql", "database": "create table t(a int);"}
    assert (
        said(empty, "select count(*) from t", reference="select count(*) from t where a > 1").outcome is Outcome.ABSTAIN
    )


@pytest.mark.parametrize(
    ("answer", "query"),
    [
        ("select 1", "select 1"), ("```sql\nselect 1;\n```\nIt counts.", "select 1;"), ("Use `SELECT 2` here.", "SELECT 2"),
        ("Here it is:\n\nwith a as (select 1)\nselect * from a\n\nDone.", "with a as (select 1)\nselect * from a"),
        ("SQLQuery: SELECT 3", "SELECT 3"), ("I cannot.", "I cannot."),
    ],
)  # fmt: skip
def test_the_query_in_an_answer(answer: str, query: str) -> None:
    assert query_of(answer) == query


AIRLINE = """
def find(state, user):
    if user not in state['users']:
        return 'Error: user not found'
    return state['users'][user]
def book(state, user, flight, seats=1):
    if state['flights'][flight] < seats:
        raise ValueError('no seats')
    state['flights'][flight] -= seats
    state['users'][user]['trips'].append(flight)
    return {'booked': flight, 'paid': 99.5 * seats}
"""
STATE = {"users": {"ann": {"trips": []}}, "flights": {"HAT1": 2}}
AFTER = {"users": {"ann": {"trips": ["HAT1"]}}, "flights": {"HAT1": 1}}


def talk(*steps: tuple[str, dict[str, Any], Any]) -> list[Message]:
    turns = []
    for at, (name, arguments, result) in enumerate(steps):
        call = {"id": f"c{at}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        content = result if isinstance(result, str) else json.dumps(result)
        turns += [Message("assistant", tool_calls=json.dumps([call])), Message("tool", content, tool_call_id=f"c{at}")]
    return [*turns, Message("assistant", "Done.")]


FOUND: Any = ("find", {"user": "ann"}, {"trips": []})
BOOKED = ("book", {"user": "ann", "flight": "HAT1"}, {"paid": 99.5, "booked": "HAT1"})


@isolated
@pytest.mark.parametrize(
    ("more", "steps", "outcome", "told"),
    [
        ({}, [FOUND, BOOKED], "pass", ""), ({"expected": AFTER}, [FOUND, BOOKED], "pass", ""),
        ({"actions": [{"name": "book", "kwargs": BOOKED[1]}]}, [BOOKED], "pass", ""),
        ({"expected": AFTER, "results": False}, [("book", BOOKED[1], "lost")], "pass", ""),
        ({}, [("find", {"user": "bob"}, "Error: user not found")], "pass", ""),
        ({}, [("book", {**BOOKED[1], "seats": 3}, "Error: no seats")], "pass", ""),
        ({}, [("find", {"user": "ann"}, {"trips": ["HAT1"]})], "fail", "another result"),
        ({"expected": AFTER}, [FOUND], "fail", "final state"), ({}, [("cancel", {}, 1)], "fail", "no tool cancel"),
        ({"expected": AFTER}, [BOOKED, ("book", BOOKED[1], {"booked": "HAT1", "paid": 99.5})], "fail", "final state"),
        ({}, [("book", {**BOOKED[1], "seats": 3}, {"booked": "HAT1"})], "fail", "raises"),
        ({}, [("book", {"who": "ann"}, 1)], "fail", "raises"),
        ({"actions": [{"name": "book", "arguments": {}}]}, [BOOKED], "abstain", ""),
        ({"code": "import nothing_here"}, [FOUND], "abstain", ""), ({}, [], "abstain", ""),
    ],
)  # fmt: skip
def test_tool_calls_against_an_implementation(more: dict[str, Any], steps: list[Any], outcome: str, told: str) -> None:
    tests = {"kind": "tools", "code": AIRLINE, "initial": STATE, **more}
    verdict = judge_isolated(record(tests, *talk(*steps)))
    assert verdict.outcome == outcome, verdict
    assert told in verdict.evidence


@isolated
def test_the_cascade_and_the_interpreter_alone() -> None:
    drafts = [record(SUM, Message("assistant", f"print(sum(map(int, input().split())) + {x})")).draft for x in (0, 1)]
    meta = {"io_tests": [{"input": "4", "output": "8"}]}
    drafts.append(record(None, Message("assistant", "print(9)"), meta=meta).draft)
    rows = [row_of(draft, source="s", path="", file="", row=at, format="") for at, draft in enumerate(drafts)]
    frame = frame_of(rows)
    assert check(frame, ["execution"]).abstained["execution"] == 3
    assert check(frame, ["execution"], sandbox="auto").failed["execution"] == 2
    assert judge_execution(record(SUM, Message("assistant", "print(1)"))).rule == "needs_sandbox"


@isolated
def test_sampled_replies_are_graded_in_the_sandbox() -> None:
    def graded(tests: Any, reply: str, **more: Any) -> tuple[str, str, bool]:
        item = EvalItem("i", "code", "dev", "c", record(tests).draft)
        found = grade(item, reply, **more)
        return found.verdict.outcome, found.verdict.rule, found.parsed

    classy = "class Add:\n    def __call__(s, a, b): return a + b\nadd = Add()"
    assert graded("assert add(2, 3) == 5", classy) == ("abstain", "outside_subset", True)
    assert graded("assert add(2, 3) == 5", classy, sandbox="auto") == ("pass", "tests", True)
    assert graded("assert add(2, 3) == 6", classy, sandbox="auto") == ("fail", "test_failed", True)
    assert graded(SUM, "print(sum(map(int, input().split())))", sandbox="auto") == ("pass", "tests", True)
    assert graded(SUM, "I cannot.", sandbox="auto") == ("fail", "syntax_error", False)
    sql = {"kind": "sql", "database": SHOP, "gold": "select count(*) from shop"}
    assert graded(sql, "select max(id) from shop", sandbox="auto") == ("pass", "rows", True)
    assert graded(sql, "select max(id) from shop") == ("abstain", "needs_sandbox", True)
    tools = {"kind": "tools", "code": AIRLINE, "initial": STATE, "actions": [{"name": "book", "arguments": BOOKED[1]}]}
    call = {"name": "book", "arguments": BOOKED[1]}
    assert graded(tools, f"<tool_call>{json.dumps(call)}</tool_call>", sandbox="auto") == ("pass", "replay", True)
    assert graded(tools, "Booked.", sandbox="auto")[0] == "fail"


def test_nothing_is_run_where_nothing_isolates() -> None:
    told = isolation("no such tier")
    assert "no tier" in told
    answer = Message("assistant", "print(3)")
    verdict = judge_isolated(record(SUM, answer), "no such tier")
    assert (verdict.outcome, verdict.rule, verdict.reason) == (Outcome.ABSTAIN, "no_isolation", told)
