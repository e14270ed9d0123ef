"""The process that does algebra: inside the sandbox where one works, with the same answers as without."""

# ruff: noqa: E501  # tables of cases
from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

import verifiers.mathproc as mathproc
from verifiers.confined import Confined
from verifiers.isolated import isolation
from verifiers.mathproc import MathProcess

if isolation("auto") not in ("namespaces", "bubblewrap"):
    pytest.skip("nothing isolates here", allow_module_level=True)
_MATH = importlib.util.find_spec("math_verify")
has_math = pytest.mark.skipif(_MATH is None, reason="math_verify is not installed")
# The sandbox has a /tmp of its own over the machine's: an environment that lies there cannot be seen from inside, and
# algebra then runs as a plain process.
seen_inside = pytest.mark.skipif(
    _MATH is not None and Path(_MATH.origin or "").resolve().is_relative_to("/tmp"),
    reason="the environment lies below /tmp, which the sandbox covers with its own",
)

PAIRS = [
    ("expression", "x+1", "1+x"), ("expression", "\\frac{1}{2}", "0.5"), ("expression", "\\sqrt{8}", "2\\sqrt{2}"),
    ("expression", "x^2", "x^3"), ("equation", "y=2x", "2y=4x"), ("equation", "y=2x", "y=3x"), ("expression", "\\foo{", "1"),
]  # fmt: skip


@pytest.fixture(scope="module")
def inside() -> Iterator[MathProcess]:
    made = MathProcess()
    yield made
    made.close()


@has_math
@seen_inside
def test_the_same_answers_inside_and_outside(inside: MathProcess) -> None:
    plain = MathProcess("off")
    try:
        for kind, gold, reply in PAIRS:
            request = {"kind": kind, "gold": gold, "reply": reply}
            assert inside.ask(request) == plain.ask(request), request
        assert (inside.isolated, plain.isolated) == (True, False)
    finally:
        plain.close()


@has_math
@seen_inside
def test_a_hostile_expression_costs_its_own_answer(inside: MathProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    assert inside.ask({"kind": "expression", "gold": "x", "reply": "x"}) == {"verdict": "same"}
    with monkeypatch.context() as hurried:
        hurried.setattr(mathproc, "DEADLINE", 0.3)
        assert inside.ask({"kind": "expression", "gold": "9^{9^{9^9}}", "reply": "1"}) is None
    assert inside.ask({"kind": "expression", "gold": "x+1", "reply": "1+x"}) == {"verdict": "same"}
    assert inside.isolated


@has_math
def test_where_no_tier_works_it_runs_as_a_plain_process() -> None:
    made = MathProcess("no such tier")
    try:
        assert made.ask({"kind": "expression", "gold": "x+1", "reply": "1+x"}) == {"verdict": "same"}
        assert not made.isolated
    finally:
        made.close()


def test_a_confined_helper_sees_nothing_of_the_host() -> None:
    source = (
        "import os, socket, sys\nfor line in sys.stdin:\n    try:\n        eval(line)\n        print('did it', flush=True)\n"
        "    except Exception as error:\n        print(type(error).__name__, flush=True)\n"
    )
    helper = Confined(source, ())
    try:
        for line in (
            f"open({__file__!r})",
            "socket.socket()",
            "open('/usr/x', 'w')",
            "os.setuid(0)",
            "os.listdir('/proc/1')",
        ):
            helper.stdin.write(line.encode() + b"\n")
            helper.stdin.flush()
            assert helper.stdout.readline() in (b"FileNotFoundError\n", b"PermissionError\n", b"OSError\n"), line
    finally:
        helper.close()
