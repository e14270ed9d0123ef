"""The sandbox against hostile programs: no false pass, nothing outside touched, honest programs judged right."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import verifiers.sandbox.kernel as kernel
from buckets import Draft, Message, Record, frame_of, row_of
from verifiers import Outcome, check
from verifiers.isolated import judge_isolated
from verifiers.sandbox import Checked, Limits, Program, Worker
from verifiers.sandbox.battery import main
from verifiers.sandbox.pool import Pool
from verifiers.sandbox.process import TIERS, RefusedError, Sandbox
from verifiers.sandbox.replay import Replayed, replay
from verifiers.sandbox.sql import compare_queries
from verifiers.sandbox.tiers import refusal, sentence, usable_tier
from verifiers.sandbox.wire import GoneError, Packer, Unpacker

ADD = "assert add(2, 3) == 5\nassert add(-1, 1) == 0"
WHY = {tier: refusal(tier) for tier in TIERS}


@pytest.fixture(scope="module", params=TIERS)
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    if WHY[request.param]:
        pytest.skip(f"{request.param}: {WHY[request.param]}")
    made = Worker(request.param, Limits(cpu_seconds=1, wall_seconds=2))
    yield made
    made.close()


HOSTILE = {
    "exit at import": "import sys\nsys.exit(0)",
    "exit in the call": "import os\ndef add(a, b): os._exit(0)",
    "always equal": "class A:\n    def __eq__(s, o): return True\ndef add(a, b): return A()",
    "a float that is near everything": (
        "class A(float):\n    def __sub__(s, o): return 0.0\n    __abs__ = __sub__\ndef add(a, b): return A(9)"
    ),
    "an int that lies": (
        "class A(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef add(a, b): return A(9)"
    ),
    "a class in the function's place": "class add:\n    def __init__(s, a, b): pass\n    def __eq__(s, o): return True",
    "metaclass equality": (
        "class M(type):\n    def __eq__(s, o): return True\n    __hash__ = type.__hash__\n"
        "class K(metaclass=M): pass\ndef add(a, b): return K"
    ),
    "forged report": (
        "import os, struct, json\ndef add(a, b):\n"
        "    m = json.dumps({'end': True, 'verdict': 'pass', 'asserts': 9, 'nonce': ''}).encode()\n"
        "    for fd in range(3, 64):\n        try: os.write(fd, struct.pack('>I', len(m)) + m)\n"
        "        except OSError: pass\n    os._exit(0)"
    ),
    "leaves after the last answer": (
        "import os\nn = 0\ndef add(a, b):\n    global n\n    n += 1\n    if n > 1: os._exit(0)\n    return 5"
    ),
    "raises what ends interpreters": "def add(a, b): raise KeyboardInterrupt",
    "patches the server": (
        "import sys\nfor m in list(sys.modules.values()):\n    if 'sandbox' in getattr(m, '__name__', ''):\n"
        "        for k in list(vars(m)):\n            if callable(getattr(m, k)):\n"
        "                setattr(m, k, lambda *a, **k: True)\ndef add(a, b): return 0"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_false_pass(worker: Worker, name: str) -> None:
    assert worker.check(Program(HOSTILE[name], ADD)).verdict in ("fail", "killed", "timeout")
    assert worker.check(Program("def add(a, b): return a + b", ADD)).verdict == "pass"


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ("class A:\n    def __sub__(s, o): return 0.0\ndef add(a, b): return A()", "assert abs(add(2, 3) - 5) < 1e-6"),
        ("class A:\n    def __sub__(s, o): return s\n    def __abs__(s): return 0.0\ndef add(a, b): return A()",
         "assert abs(add(2, 3) - 5) < 1e-6"),
        ("class A:\n    def __lt__(s, o): return True\n    __gt__ = __lt__\ndef add(a, b): return A()",
         "assert 4.9 < add(2, 3) < 5.1"),
        ("class A:\n    def __contains__(s, o): return True\ndef add(a, b): return A()", "assert 5 in add(2, 3)"),
        ("class A:\n    def __eq__(s, o): return True\ndef add(a, b): return A()", "assert add(2, 3) == add(3, 2)"),
        ("def abs(x): return 0\ndef add(a, b): return 0", "assert abs(add(2, 3) - 5) < 1"),
        ("def apply(f, x): return f.__globals__['want']", "want = 8\nassert apply(lambda v: 2 * v, 4) == want"),
        ("def first(t): return t.want()", "class T:\n    def _want(self): return 8\nassert first(T()) == 8"),
    ],
)  # fmt: skip
def test_operators_and_callbacks_give_nothing_away(worker: Worker, code: str, tests: str) -> None:
    assert worker.check(Program(code, tests)).verdict == "fail"


@pytest.mark.parametrize(
    ("code", "tests", "trust"),
    [
        ("def f(a):\n    a.sort()", "a = [2, 1]\nassert f(a) is None\nassert a == [1, 2]", "strong"),
        ("def f(a):\n    a.append(a)\n    return a", "a = []\nassert f(a) is a and a[0] is a", "strong"),
        ("from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(): return P(1, 2)",
         "assert f() == (1, 2) and f().y == 2", "strong"),
        ("class V:\n    def __init__(s, x): s.x = x\n    def __mul__(s, k): return V(s.x * k)",
         "assert (V(2) * 3).x == 6", "strong"),
        ("class V:\n    def __init__(s, x): s.x = x\n    def __eq__(s, o): return s.x == o.x",
         "assert V(2) == V(2)\nassert V(1) != V(2)", "delegated"),
        ("class E(KeyError): pass\ndef f(): raise E('a')",
         "try:\n    f()\n    assert False\nexcept KeyError as e:\n    assert e.args == ('a',)", "strong"),
        ("import enum\nclass C(enum.Enum):\n    A = 1\ndef f(): return C.A", "assert f() is C.A and f().value == 1",
         "strong"),
    ],
)  # fmt: skip
def test_honest_programs_pass(worker: Worker, code: str, tests: str, trust: str) -> None:
    done = worker.check(Program(code, tests))
    assert (done.verdict, done.trust) == ("pass", trust), done.reason


def test_limits_and_vacuous_tests(worker: Worker) -> None:
    def verdict(code: str, tests: str = ADD) -> str:
        return worker.check(Program(code, tests)).verdict

    assert verdict("while True: pass") == "timeout"
    assert verdict("def add(a, b):\n    x = bytearray(64 << 30)") in ("memory", "fail")
    assert verdict("def add(a, b): return 5", "add(2, 3)") == "vacuous"
    assert verdict("def add(a, b): return 5", "assert add(2, 3) == 5\nraise SystemExit(0)") == "fail"
    assert verdict("def add(a, b): return 5", "class T(add): pass\nassert T") in ("fail", "unverified")


def test_stdin_to_stdout(worker: Worker) -> None:
    def done(code: str) -> Checked:
        return worker.check(Program(code, stdin="3\n", expected_stdout="6\n"))

    assert done("print(2 * int(input()))").verdict == "pass"
    assert done("print(7)").verdict == "fail"
    assert done("print(6)\nraise ValueError").verdict == "fail"
    assert done("while True: print('x' * 9999)").verdict in ("output", "timeout")


VALUES: list[Any] = [
    None, True, -0.0, 10**60, "a\ud800", b"\x00", (1, ["i", 5], ("i", 5)), {1: {2}, (3,): frozenset({4})}, 1 + 2j,
    range(3), Decimal("1.50"), bytearray(b"x"), ["@", 0], ["l", 0, []], slice(1, None),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_data_crosses_unchanged(value: Any) -> None:
    packed = json.loads(json.dumps(Packer(lambda _: ["?"]).pack(value)))
    back = Unpacker(lambda _: "adopted").unpack(packed)
    assert back == value
    assert repr(back) == repr(value)


@pytest.mark.parametrize("bad", [["@", 7], ["l"], ["d", 0, 3], {}, ["i", "x"], ["F", 1, 0], ["l", [], []], ["y", 4]])
def test_forged_messages_are_no_values(bad: Any) -> None:
    with pytest.raises(GoneError):
        Unpacker(lambda _: None).unpack(bad)


def test_refusal_says_what_was_tried_and_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="no tier"):
        usable_tier("none")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RefusedError, match="not installed"):
        Sandbox("bubblewrap", Limits())
    told = sentence((("namespaces", "new namespaces: Operation not permitted"), ("bubblewrap", "not installed")))
    assert "No program is run" in told
    assert "Operation not permitted" in told
    assert "install bubblewrap" in told


def test_nothing_is_run_where_nothing_isolates(tmp_path: Path) -> None:
    """A process that may make no namespaces: the battery refuses in one sentence, with exit code 4."""
    if not kernel.SUPPORTED:
        pytest.skip("needs the seccomp filter to take namespaces away")
    file = tmp_path / "rows.jsonl"
    file.write_text("", encoding="utf-8")
    code = (
        "import sys\nimport verifiers.sandbox.kernel as kernel\nfrom verifiers.sandbox.battery import main\n"
        f"kernel.drop_privileges()\nkernel.filter_calls()\nsys.exit(main([{str(file)!r}]))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert "No program is run, because nothing isolates it on this machine. Tried namespaces: " in done.stderr
    assert "bubblewrap: " in done.stderr
    assert "What helps: " in done.stderr
    assert done.stdout == ""


def test_battery_counts_a_false_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if all(WHY.values()):
        pytest.skip("nothing isolates here")
    row = {"mode": "function", "code": "def add(a, b): return 5", "tests": "assert add(2, 3) == 5", "accept": []}
    probe = "import os\ndef add(a, b): return 0 if os.path.exists('{{HOME_CANARY}}') else 5"
    rows = [{**row, "id": "good", "expected": "pass"}, {**row, "id": "seen", "code": probe, "expected": "pass"}]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main([str(file)]) == 0
    file.write_text(json.dumps({**row, "id": "bad", "expected": "fail"}), encoding="utf-8")
    assert main([str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["false_passes"] == 1
    assert "SBX_CANARY" not in os.environ


def _record(answer: str, tests: str) -> Record:
    turns = (Message("user", "Write add."), Message("assistant", answer))
    return Record("r", "s", Draft(turns, None, None, tests, None), None)


def test_the_verifier_uses_it_only_where_the_interpreter_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    if all(WHY.values()):
        pytest.skip("nothing isolates here")
    right = _record("import math\ndef add(a, b):\n    return int(math.fsum([a, b]))", ADD)
    wrong = _record("import math\ndef add(a, b):\n    return 0", ADD)
    absent = _record("import no_such_module\ndef add(a, b):\n    return 0", ADD)
    assert judge_isolated(right).outcome is Outcome.PASS
    assert judge_isolated(wrong).outcome is Outcome.FAIL
    assert judge_isolated(absent).outcome is Outcome.ABSTAIN
    row = row_of(wrong.draft, source="s", path="", file="", row=0, format="")
    frame = frame_of([{**row, "id": "one"}])
    assert check(frame, ["execution"]).abstained["execution"] == 1
    assert check(frame, ["execution"], sandbox="auto").failed["execution"] == 1


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    if all(WHY.values()):
        pytest.skip("nothing isolates here")
    with Pool(workers=2) as made:
        yield made


def test_many_checks_come_back_in_order(pool: Pool) -> None:
    programs = [Program(f"def f(): return {at % 3}", "assert f() == 1") for at in range(12)]
    assert [done.verdict == "pass" for done in pool.check_all(programs)] == [at % 3 == 1 for at in range(12)]


SHOP = "create table t(a integer, b text); insert into t values (1, 'x'), (2, 'y'), (2, 'y'), (3, null);"


@pytest.mark.parametrize(
    ("query", "gold", "outcome"),
    [
        ("select b, a from t where a > 1", "select b, a from t where a >= 2", "same"),
        ("select distinct a from t where a = 2", "select a from t where a = 2", "different"),
        ("select a from t order by a desc", "select a from t", "same"),
        ("select a from t order by a desc", "select a from t order by a", "different"),
        ("select a from (select a from t order by a)", "select a from (select a from t order by a desc)", "same"),
        ("select nothing from t", "select a from t", "wrong"),
        ("delete from t", "select a from t", "wrong"),
        ("attach '/tmp/x' as x", "select a from t", "wrong"),
        (
            "with recursive r(n) as (select 1 union all select n + 1 from r) select max(n) from r",
            "select 1",
            "undecided",
        ),
        ("select a from t", "select nothing from t", "undecided"),
    ],
)
def test_queries_are_compared_by_their_rows(pool: Pool, query: str, gold: str, outcome: str) -> None:
    assert compare_queries(pool, query, gold, SHOP).outcome == outcome


def test_a_database_file_is_read(pool: Pool) -> None:
    made = sqlite3.connect(":memory:")
    made.executescript(SHOP)
    assert compare_queries(pool, "select count(*) from t", "select 4", made.serialize()).outcome == "same"
    assert compare_queries(pool, "select 1", "select 1", b"no database").outcome in ("undecided", "same")


def test_tool_calls_are_replayed(pool: Pool) -> None:
    shop = "stock = {'pen': 2}\ndef buy(item):\n    stock[item] -= 1\n    return {'left': stock[item]}"
    calls = [Replayed("buy", {"item": "pen"}, {"left": 1}), Replayed("buy", {"item": "pen"}, {"left": 0})]
    assert replay(pool, shop, calls).verdict == "pass"
    assert replay(pool, shop, calls[::-1]).verdict == "fail"
    nothing = replay(pool, shop, [Replayed("buy()", {}, 1)])
    assert (nothing.verdict, "there is no tool buy()" in nothing.reason) == ("fail", True)


@pytest.mark.parametrize("name", ["_reset", "setitem", "__builtins__"])
def test_a_call_may_name_only_what_the_implementation_offers(pool: Pool, name: str) -> None:
    """A private helper and an imported function would write the due state without a tool."""
    shop = (
        "from operator import setitem\ndef _reset(state, k, v): state[k] = v\n"
        "def put(state, k, v):\n    state[k] = v\n    return v"
    )
    given = {"k": "a", "v": 1} if name != "setitem" else {}
    done = replay(pool, shop, [Replayed(name, given, None, has_result=False)], initial={}, expected={"a": 1})
    assert (done.verdict, "there is no tool" in done.reason) == ("fail", True)
    put = replay(pool, shop, [Replayed("put", {"k": "a", "v": 1}, 1)], initial={}, expected={"a": 1})
    assert put.verdict == "pass"
