"""The execution check with the sandbox behind it: gold that must pass, damaged gold that must fail.

Not among VERIFIERS: where nothing isolates, all of it abstains.
"""

from __future__ import annotations

import json
from typing import Any

from buckets import Draft, Message, Record
from verifiers.isolated import judge_isolated
from verifiers.verdict import Check

_ADD = "assert add(2, 3) == 5\nassert add(-1, 1) == 0"
_SUM = {"kind": "stdio", "cases": [{"input": "1 2\n", "output": "3\n"}, {"input": "5 5\n", "output": "10\n"}]}
_APPS = {"inputs": ["4\n", "9\n"], "outputs": ["2.000000\n", "3.000000\n"], "tolerance": 1e-6}
_SHOP = (
    "create table sale(item text, price real);"
    "insert into sale values ('pen', 1.5), ('pen', 2), ('ink', null), ('cap', 7);"
)
_SQL = {"kind": "sql", "database": _SHOP, "gold": "select item, sum(price) from sale group by item order by item"}
_BANK = {
    "kind": "tools",
    "code": "def pay(state, to, amount):\n    state[to] = state.get(to, 0) + amount\n    return {'paid': amount}",
    "initial": {"ann": 1},
    "expected": {"ann": 4},
}


def _record(tests: Any, *turns: Message) -> Record:
    text = tests if isinstance(tests, str) else json.dumps(tests)
    return Record("gold", "gold", Draft((Message("user", "Do it."), *turns), None, None, text, None), None)


def _said(tests: Any, answer: str) -> Record:
    return _record(tests, Message("assistant", answer))


def _paid(amount: int, result: int) -> Record:
    function = {"name": "pay", "arguments": json.dumps({"to": "ann", "amount": amount})}
    calls = json.dumps([{"id": "c1", "type": "function", "function": function}])
    told = Message("tool", json.dumps({"paid": result}), tool_call_id="c1")
    return _record(_BANK, Message("assistant", tool_calls=calls), told, Message("assistant", "Paid."))


ISOLATED_CHECK = Check(
    "execution",
    judge_isolated,
    gold=(
        _said(_ADD, "class Sum:\n    def __call__(self, a, b):\n        return a + b\nadd = Sum()"),
        _said(_ADD, "```python\nfrom operator import add\n```"),
        _said(_SUM, "print(sum(map(int, input().split())))"),
        _said(_APPS, "print(float(input()) ** 0.5)"),
        _said(
            _SQL, "```sql\nSELECT item, TOTAL(price) * iif(COUNT(price), 1, NULL) FROM sale GROUP BY 1 ORDER BY 1;\n```"
        ),
        _paid(3, 3),
    ),
    damaged=(
        _said(_ADD, "class Sum:\n    def __call__(self, a, b):\n        return a - b\nadd = Sum()"),
        _said(_ADD, "import os\ndef add(a, b):\n    os._exit(0)"),
        _said(_SUM, "print(max(map(int, input().split())))"),
        _said(_SUM, "print(3)"),
        _said(_APPS, "print(float(input()) ** 0.51)"),
        _said(_SQL, "select item, sum(price) from sale group by item order by item desc"),
        _said(_SQL, "select distinct item, price from sale order by item"),
        _said(_SQL, "drop table sale"),
        _paid(2, 2),
        _paid(3, 4),
    ),
)
