"""The small interpreter: the same results as Python on generated programs, and nothing that hangs or escapes."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifiers.execution import code_of, judge_program
from verifiers.verdict import Outcome

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

ATOM = st.sampled_from(["a", "b", "c", "0", "1", "2", "7", "-3", "2.5", "True"])
INFIX = "({0[0]} {0[1]} {0[2]})".format
EXPRESSION = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%", "/"]), inner).map(INFIX),
        st.tuples(inner, st.sampled_from(["<", "<=", "==", "!="]), inner).map(INFIX),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        inner.map(lambda t: f"abs({t})"),
        st.tuples(inner, inner).map(lambda t: f"sum([{t[0]}, {t[1]}])"),
        inner.map(lambda t: f"(not {t})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(INFIX),
    ),
    max_leaves=8,
)
LINE = st.one_of(
    st.tuples(st.sampled_from("abc"), EXPRESSION).map(lambda t: [f"{t[0]} = {t[1]}"]),
    st.tuples(st.sampled_from("abc"), st.sampled_from("+-*"), EXPRESSION).map(lambda t: [f"{t[0]} {t[1]}= {t[2]}"]),
    st.tuples(EXPRESSION, EXPRESSION).map(lambda t: [f"if {t[0]}:", f"    a = {t[1]}", "else:", "    b = a"]),
    st.tuples(st.sampled_from("abc"), EXPRESSION).map(lambda t: ["for i in range(3):", f"    {t[0]} = {t[1]} + i"]),
    st.tuples(EXPRESSION).map(lambda t: [f"c = [x * 2 for x in [a, b] if x != {t[0]}]", "c = len(c)"]),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(LINE, max_size=4), EXPRESSION, st.integers(-5, 5), st.integers(-5, 5))
def test_same_as_python_on_generated_functions(lines: list[list[str]], result: str, x: int, y: int) -> None:
    body = "\n".join(f"    {line}" for block in lines for line in block)
    source = f"def f(a, b):\n    c = 1\n{body}\n    return {result}"
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102  # text made by this test from a fixed list of words
    try:
        value = scope["f"](x, y)
    except (ArithmeticError, TypeError):
        value = None
    if value is None:
        assert judge_program(source, f"assert f({x}, {y}) == 0").outcome is Outcome.FAIL, source
        return
    assert judge_program(source, f"assert f({x}, {y}) == {value!r}").outcome is Outcome.PASS, source
    assert judge_program(source, f"assert f({x}, {y}) != {value!r}").outcome is Outcome.FAIL


SNIPPETS = [
    "sorted([3, 1, 2], key=lambda x: -x)", "'a-b'.split('-')", "{'k': [1, 2]}['k'][-1]", "'hello'[::-1]",
    "[1, 2, 3][1:]",
    "''.join(sorted(set('banana')))", "list(zip([1, 2], 'ab'))", "list(enumerate('ab', 1))",
    "sum(i * i for i in range(5))",
    "any(x > 2 for x in [1, 2, 3])", "all(x for x in [])", "{x: x * x for x in range(3)}", "f'{1 + 1} {\"x\"}'",
    "max('banana', key=lambda x: -ord(x))", "divmod(-7, 2)", "-7 // 2", "-7 % 3", "round(2.5)",
    "int('12') + int(3.9)", "(1, 2) < (1, 3)",
    "'b' in {'a': 1, 'b': 2}", "1 < 2 < 3 != 4", "[] or 'x'", "not ''", "2 ** 10", "7 & 3 | 8",
    "list(map(lambda x: x + 1, [1, 2]))", "list(filter(None, [0, 1]))", "list(reversed([1, 2]))",
    "'x'.upper() + 'Y'.lower()",
    "[i for i in range(10) if i % 2 if i > 3]", "[[i, j] for i in range(2) for j in range(i)]",
    "'aXbX'.replace('X', '')",
    "len({1, 1, 2})", "{1, 2} & {2, 3}", "isinstance(3, (int, str))", "str([1, 'a', None])",
    "min([3, 1], default=0)", "' a '.strip()",
]  # fmt: skip


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_same_as_python_on_snippets(snippet: str) -> None:
    value = eval(snippet)  # noqa: S307  # literals of this file
    assert judge_program(f"def f():\n    return {snippet}", f"assert f() == {value!r}").outcome is Outcome.PASS


PRELUDE = "def f(x):\n"
HOSTILE = {
    "tower": "    return 9**9**9", "shift": "    return 1 << 10**9", "string": "    return 'a' * 10**9",
    "factorial": "    r = 1\n    for i in range(1, 10**5): r *= i\n    return r",
    "loop": "    while True: pass", "recursion": "    return f(x) + 1",
    "append": "    a = [1]\n    for i in a: a.append(i)",
    "shared nest": "    a = []\n    for i in range(99): a = [a, a]\n    return a == a",
    "deep tuple": "    t = ()\n    for i in range(10**5): t = (t,)\n    return {t: 1}",
    "cycle": "    a = []\n    a.append(a)\n    return a == [a] or str(a)",
    "round": "    return round(5, -10**10)", "sum": "    return sum(range(10**12))",
    "in range": "    return 0.5 in range(10**12)",
    "replace": "    s = 'a'\n    for i in range(99): s = s.replace('a', 'aa')\n    return s",
    "center": "    return 'a'.center(10**9)",
    "rows": "    return [[0] * 10**5 for i in range(10**5)]", "format": "    return '%1000000000d' % 1",
    "f-string": "    return f'{x:>1000000000}'", "modpow": "    return pow(3, 2**8000, 2**8000 - 1)",

    "collisions": "    P = 2**61 - 1\n    d = {}\n    for k in range(9000): d[k * P] = k\n    while True: d.get(P)",
    "streams": "    z = [1]\n    while True: z = zip(z)", "sum of lists": "    return sum([[0] * 999] * 9999, [])",
    "slice growth": "    a = [1]\n    while True: a[0:0] = a", "in place": "    a = [1]\n    while True: a += a",
    "parens": "    return " + "(" * 10**6, "minus": "    return " + "-" * 9000 + "1",

    "plus": "    return " + "1+" * 9000 + "1",
    "lambdas": "    return " + "lambda:" * 2000 + "1", "subscripts": "    return x" + "[0]" * 5000,
    "class": "    return ().__class__.__bases__[0].__subclasses__()", "import": "    return __import__('os').getcwd()",
    "builtins": "    return __builtins__", "open": "    return open('/etc/passwd').read()",
    "getattr": "    return getattr(x, 'a')",
    "format walk": "    return '{0.__class__}'.format(x)", "globals": "    return f.__globals__",
    "eval": "    return eval('1')",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs_end_soon_and_never_pass(name: str) -> None:
    start = time.perf_counter()
    verdict = judge_program(PRELUDE + HOSTILE[name], "assert f(1) is not None")
    assert time.perf_counter() - start < 5
    assert verdict.outcome is Outcome.ABSTAIN, verdict
    assert verdict == judge_program(PRELUDE + HOSTILE[name], "assert f(1) is not None")


def test_verdicts() -> None:
    good = "def f(x):\n    return x + 1"
    assert judge_program(good, "assert f(1) == 2\nassert f(2) == 3").evidence == "2 asserts hold"
    assert judge_program(good, "assert f(1) == 3").rule == "test_failed"
    assert judge_program(good, "assert g(1) == 3").rule == "program_error"
    assert judge_program(good, "f(1)").rule == "vacuous"
    assert judge_program(good, "assert f(").rule == "bad_tests"
    assert judge_program("def f(x):\n    y = z\n    z = 1", "assert f(1)").rule == "program_error"
    assert (
        judge_program("x = 1\ndef f():\n    y = x\n    x = 2\n    return y", "assert f() == 1").outcome is Outcome.FAIL
    )
    assert "Import" in judge_program("import os\n" + good, "assert f(1) == 2").reason


def test_a_program_cannot_bend_the_tests() -> None:
    cheat = "def len(x):\n    return 2\ndef f(x):\n    return [1]"
    assert judge_program(cheat, "assert len(f(1)) == 2").outcome is Outcome.ABSTAIN
    assert judge_program("assert True\ndef f(x): return 1", "pass").rule == "vacuous"
    assert (
        judge_program("want = 5\ndef f(x):\n    return want", "want = 3\nassert f(1) == want").outcome is Outcome.FAIL
    )
    assert judge_program("def f(x): return map(abs, [1])", "assert f(1) == [1]").outcome is Outcome.FAIL


def test_code_is_found_in_fences() -> None:
    assert code_of("Sure:\n```python\nx = 1\n```\nand\n```bash\nls\n```") == "x = 1"
    assert code_of("```\nx = 1\n```") == "x = 1"
    assert code_of("x = 1") == "x = 1"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout")
def test_reference_solutions_never_fail() -> None:
    rows = [json.loads(line) for line in (SHARED / "mbpp/mbpp.jsonl").read_text().splitlines()[:400]]
    outcomes = [judge_program(r["code"], "\n".join([r["test_setup_code"], *r["test_list"]])).outcome for r in rows]
    assert Outcome.FAIL not in outcomes
    assert outcomes.count(Outcome.PASS) > 0.7 * len(rows)
    swapped = [judge_program(a["code"], "\n".join(b["test_list"])).outcome for a, b in pairwise(rows)]
    assert Outcome.PASS not in swapped
