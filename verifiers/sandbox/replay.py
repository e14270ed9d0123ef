"""Replay tool calls against a Python implementation of the tools, in a sandbox: are results and state as due?

Does NOT judge whether the calls were wise. The implementation is the program under test; it runs as untrusted as any.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from verifiers.sandbox.limits import Checked, Program
from verifiers.sandbox.pool import Pool


@dataclass(frozen=True)
class Replayed:
    """One call with JSON arguments, and the JSON result that the conversation recorded."""

    name: str
    arguments: dict[str, Any]
    result: Any = None
    has_result: bool = True
    """Whether the result is compared."""


_TOOLS = """
def _sft_tool(name):
    import types
    found = globals().get(name)
    borrowed = isinstance(found, (types.FunctionType, types.BuiltinFunctionType, type)) and found.__module__ != __name__
    return None if name.startswith("_") or borrowed else found
"""
"""What a call may name: what the implementation defines in public, and not what it imported (`setitem`, `deepcopy`)."""
_TESTS = """
import copy, json, math
_job = json.loads({job!r})
def _same(got, due):
    if isinstance(got, bool) or isinstance(due, bool):
        return got is due
    if isinstance(got, (int, float)) and isinstance(due, (int, float)):
        return got == due or math.isclose(got, due, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(got, dict) and isinstance(due, dict):
        return got.keys() == due.keys() and all(_same(value, due[key]) for key, value in got.items())
    if isinstance(got, (list, tuple)) and isinstance(due, list):
        return len(got) == len(due) and all(_same(one, other) for one, other in zip(got, due))
    return type(got) is type(due) and got == due
def _written(got):
    try:
        return json.loads(got)
    except (TypeError, ValueError):
        return got
def _run(calls, state):
    for at, (name, arguments, has_result, due) in enumerate(calls, 1):
        assert sft_tools[name] is not None, f"call {{at}}: there is no tool {{name}}"
        given = copy.deepcopy(arguments)
        try:
            got = sft_tools[name](**given) if state is None else sft_tools[name](state, **given)
        except Exception as error:
            recorded = isinstance(due, str) and due.lower().startswith("error")
            assert has_result and recorded, f"call {{at}}: {{name}} raises {{type(error).__name__}}"
            continue
        if has_result:
            assert _same(got, due) or _same(_written(got), _written(due)), f"call {{at}}: {{name}} gives another result"
_due = _job["expected"]
if _job["actions"] is not None:
    _due = copy.deepcopy(_job["initial"])
    try:
        _run([(name, arguments, False, None) for name, arguments in _job["actions"]], _due)
    except AssertionError as error:
        raise AssertionError(f"gold {{error}}")
_state = _job["initial"]
_run(_job["calls"], _state)
if _due is not None:
    assert _same(_state, _due), "the final state is another"
"""


def replay(
    pool: Pool,
    implementation: str,
    calls: Sequence[Replayed],
    *,
    initial: dict[str, Any] | None = None,
    expected: dict[str, Any] | None = None,
    actions: Sequence[tuple[str, dict[str, Any]]] | None = None,
) -> Checked:
    """The calls in order, against one fresh copy of the implementation: `f(**arguments)`, or `f(state, **arguments)`
    where there is an `initial` state. A pass when every result is as recorded and the final state is `expected`, or the
    one that `actions` lead to. Nothing compared is "vacuous"; a reason that begins with "gold" blames the actions.

    Raises ValueError for arguments that are no JSON.
    """
    names = sorted({call.name for call in calls} | {name for name, _ in actions or ()})
    job = {
        "calls": [[call.name, call.arguments, call.has_result, call.result] for call in calls],
        "initial": initial, "expected": expected, "actions": None if actions is None else [list(a) for a in actions],
    }  # fmt: skip
    compared = expected is not None or actions is not None or any(call.has_result for call in calls)
    if not compared:
        return Checked("vacuous", reason="no result and no final state is compared")
    code = f"{implementation}\n{_TOOLS}\nsft_tools = {{name: _sft_tool(name) for name in {names!r}}}\n"
    return pool.check(Program(code, _TESTS.format(job=json.dumps(job, sort_keys=True))))
