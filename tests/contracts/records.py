"""Records as hostile as a frame can hold, and some that it cannot: what every verifier is asked about.

Huge numbers, deep and invalid JSON in every JSON column, bombs for regexes, for algebra and for the interpreter, nested
boxes, control characters, right-to-left marks, digits of other scripts, duplicated keys, a megabyte of one letter.
"""

from __future__ import annotations

from hypothesis import strategies as st

from buckets import REFUSE, ROLES, Draft, Message, Record

JSON_TEXTS = (
    "", "{}", "[]", "null", "[null]", "{", '{"a":1,"a":2}', "[NaN]", "[-Infinity]", "1e999", "[1e-999]", '"\\ud800"',
    "[[[[1]]]]", "true", "[" * 3000, "[" * 40_000 + "]" * 40_000, '{"a":' * 20_000 + "1" + "}" * 20_000, "9" * 6000,
    "[" + "9" * 6000 + "]", "-0", "[1,]", "{'a': 1}", '{"a": 1} {"b": 2}', "\ufeff{}", '{"\\u0000": "\\u0000"}',
    '{"name": "f", "arguments": {"a": ' + "[" * 900 + "]" * 900 + "}}",
    "[" + ",".join(["[]"] * 20_000) + "]", '{"k": "' + "\\u202e" * 2000 + '"}',
)  # fmt: skip
CALLS = (
    '[{"name": 1}]', '[{"function": null}]', '[{"function": {"name": "f", "arguments": "{"}}]',
    '[{"function": {"name": "f", "arguments": "{}"}, "id": [1]}]', '[{"name": "f", "arguments": {"x": 1}}]',
    '[{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\\"x\\": 1, \\"x\\": 2}"}}]',
    '[{"id": "c", "function": {"name": "f", "arguments": "[[[[[[[[1]]]]]]]]"}}]',
    '[{"id": "c", "function": {"name": "f", "arguments": {"x": 1e400}}}]',
    '[{"id": "c", "function": {"name": "f", "arguments": {"x": ' + "7" * 5000 + "}}}]",
    '[{"id": "c", "function": {"name": "", "arguments": null}}]', '[{"name": "f\\u0000", "arguments": {}}]',
    "[" + ",".join(['{"name": "f", "arguments": {}}'] * 3000) + "]", '{"name": "f"}', '["f"]',
    '[{"name": "f", "arguments": "{\\"x\\": \\"' + "{[" * 500 + '\\"}"}]',
)  # fmt: skip
TOOLS = (
    '[{"name": "f", "parameters": {"type": "dict", "properties": {"x": {"type": "any"}}}}]',
    '[{"name": "f", "parameters": {"x": {"type": "integer"}}}]', '[{"name": "f", "parameters": "nonsense"}]',
    '[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"x": '
    '{"type": "string", "pattern": "^(a+)+$"}}, "required": ["x"]}}}]',
    '[{"name": "f"}, {"name": "f", "parameters": {"required": ["y"], "additionalProperties": false}}]',
    '[{"name": "f", "parameters": {"$ref": "#"}}]', '[{"name": "f", "parameters": {"$ref": "http://127.0.0.1:9/x"}}]',
    '[{"name": "f", "parameters": {"type": "object", "properties": ' + '{"p": {"properties": ' * 60 + "{}" + "}}" * 60
    + "}}]",
)  # fmt: skip
_FAN = (
    '{"$defs": {'
    + ",".join(
        f'"d{n}": {{"allOf": [{{"$ref": "#/$defs/d{n + 1}"}}, {{"$ref": "#/$defs/d{n + 1}"}}]}}' for n in range(30)
    )
    + ', "d30": {}}, "$ref": "#/$defs/d0"}'
)
SCHEMAS = (
    '{"type": "object", "required": 3}', '{"$ref": "#"}', '{"$ref": "https://example.org/x.json"}', '{"pattern": "("}',
    '{"type": ["integer", 4]}', '{"$schema": "https://example.org/none"}', '{"$schema": 4}', '{"multipleOf": 0}',
    '{"properties": {"a": 4}}', '{"pattern": "(a+)+$"}', '{"pattern": "(?=a)b\\\\1"}', '{"uniqueItems": true}',
    '{"type": "object", "properties": {"a": {"type": "integer", "multipleOf": 1e-300}}}', _FAN,
    '{"not": {"not": {"not": {}}}}', '{"enum": [' + ",".join(map(str, range(5000))) + "]}",
    '{"patternProperties": {"^(x+x+)+y$": false}, "unevaluatedProperties": false}', '{"maxLength": 1e308}',
    '{"$schema": "http://json-schema.org/draft-07/schema#", "if": {"type": "string"}, "then": false}',
    '{"$dynamicRef": "#x", "$dynamicAnchor": "x"}', '{"minimum": ' + "9" * 5000 + "}",
)  # fmt: skip
WORDS = (
    "####", "\\boxed{", "}", "the answer is", "1/0", "3/0", "2 + 2 = 5", "5 / 0 = 0", "```python", "```", "not 5",
    "def f(x):", "<refuse>", "assert f(1) == 1", "((((", "I'm sorry, I can't help", "1,,2", "-.5", "9" * 80,
    "\\frac{1}{0}", "\x00", "\ud800", "é½²", "\u202e", "\u200b", "٣٤", "５", "१२", "Ⅻ", "½", "5 km", "5%", "x = 3 or 4",
    "9**9**9", "9^{9^{9^{9}}}", "(" * 200 + ")" * 200, "\\sqrt{" * 60 + "}" * 60, "\\boxed{" * 300 + "5" + "}" * 300,
    "1e999999999", "10^{10^{10}}", "x^{99999}", "\\binom{999999}{333333}", "5!!!!", "\\int_0^\\infty x dx", "2" * 3000,
    "(x+1)^{5000}", "\\begin{pmatrix}" + "1&" * 2000 + "\\end{pmatrix}", "{" * 500, "03/05/2021", "99:99", "(A) or (B)",
    "<|im_end|>", "<think>", "</think>", "{{name}}", "http://x.y/z", "a" * 5000, "ab " * 3000, "\n" * 3000, " " * 5000,
    "<answer>", "</answer>", "\\text{", "$", "=" * 2000, "1=" * 2000, "1 + " * 1500, ", 1" * 1500, "-" * 3000,
)  # fmt: skip
PROGRAMS = (
    "def f(x): return x", "def f(x): return 9**9**9", "def f(x): return f(x)", "while True: pass", "f = lambda x: x",
    "def f(x): return 'a' * 10**10", "def f(x): return [x] * 10**10", "import os", "f = print", "def f(x): return f",
    "def f(x):\n x.append(x)\n return x", "def f(x): return -" * 50 + "1", "x = " + "(" * 300 + "1" + ")" * 300,
    "def f(x): return {x: f}", "class A: pass", "async def f(): pass", "def f(x): return sorted(x, key=f)", "return 1",
    "def f(x): return int('9' * 5000)", "def f(x): return float('inf') == x", "f = f", "def f(x): return x % 0",
    "def f(*a, **k): return a", "lambda: (yield)", "def f(x): return str(x) * 99999", "\x00",
    "def f(x): return '\ud800'",
    "def f(x):\n" + "".join(f"{' ' * n}if x:\n" for n in range(1, 90)) + " " * 90 + "return x", "x" * 30_000,
    "def f(x): return sum(x for x in range(10**9))", "def f(x): return 1 << 10**9", "def f(x): return x.__class__",
)  # fmt: skip
ASSERTS = (
    "assert f(1) == 1", "assert f([1]) == [1]", "assert f(f)(1) == 1", "assert True", "assert (f(1), 2)", "f(1)", "",
    "assert f(1) == f(1)", "a = [1]\nassert f(a) == a", "assert len([1]) == 1", "assert f('x') == 'x', 9**9**9",
    "def check(c):\n    assert c(1) == 1\ncheck(f)", "assert all(f(x) == x for x in range(10**9))", "(" * 300, "\x00",
    "import unittest", "assert f(1) == 1\n" * 900,
)  # fmt: skip
HUGE = (
    "a" * 1_000_000, "9" * 1_000_000, "ab. " * 250_000, "\u202e" * 300_000, "{" * 1_000_000, "1+" * 500_000,
    "<|im_end|>" * 100_000, "the answer is " * 70_000, "\\boxed{" * 140_000, '{"a":[' * 160_000,
    "def f(x):\n" * 100_000,
)  # fmt: skip


_BIG = 4000
"""Characters."""


def _from(*pools: tuple[str, ...]) -> st.SearchStrategy[str]:
    """A text of the pools; the big ones one time in 25, or most of the hours would go into a few of them."""
    small = [text for pool in pools for text in pool if len(text) < _BIG]
    big = [text for pool in pools for text in pool if len(text) >= _BIG]
    if not small or not big:
        return st.sampled_from(small or big)
    return st.integers(0, 24).flatmap(lambda at: st.sampled_from(big if at == 13 else small))


_PHRASE = st.lists(st.one_of(_from(WORDS), st.text(max_size=12)), max_size=5).map(" ".join)
TEXT = st.one_of(st.text(max_size=60), _from(JSON_TEXTS), _PHRASE)
RARELY_HUGE = st.integers(0, 1999).flatmap(lambda at: _from(HUGE) if at == 1237 else TEXT)
JSONS = st.one_of(_from(JSON_TEXTS, CALLS, TOOLS, SCHEMAS), TEXT)
TURN = st.builds(
    Message,
    role=st.sampled_from([*ROLES, "robot", ""]),
    content=RARELY_HUGE,
    reasoning=st.none() | TEXT,
    tool_calls=st.none() | JSONS,
    tool_call_id=st.none() | TEXT,
    name=st.none() | TEXT,
)
ANY = st.builds(
    Draft,
    messages=st.lists(TURN, max_size=5).map(tuple),
    tools=st.none() | JSONS,
    reference=st.none() | TEXT,
    tests=st.none() | TEXT,
    schema=st.none() | JSONS,
)


def _asked(answer: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Message, ...]]:
    """A question and an answer: what most verifiers are made for."""
    user = st.builds(Message, role=st.just("user"), content=st.one_of(st.just("Which? (A) 5 (B) 6"), TEXT))
    return st.tuples(user, st.builds(Message, role=st.just("assistant"), content=answer))


ANSWERED = st.builds(Draft, messages=_asked(RARELY_HUGE), reference=st.one_of(_from(WORDS, (REFUSE, "5", "B")), TEXT))
CODED = st.builds(Draft, messages=_asked(st.one_of(_from(PROGRAMS), RARELY_HUGE)), tests=_from(ASSERTS))
FILLED = st.builds(Draft, messages=_asked(_from(JSON_TEXTS)), schema=_from(SCHEMAS), reference=st.none() | JSONS)
_CALL = st.builds(Message, role=st.just("assistant"), tool_calls=_from(CALLS), content=TEXT)
_RESULT = st.builds(Message, role=st.just("tool"), content=TEXT, tool_call_id=st.sampled_from([None, "c", ""]))
_ASK = st.builds(Message, role=st.just("user"), content=TEXT)
CALLED = st.builds(
    Draft, messages=st.tuples(_ASK, _CALL, _RESULT, _CALL), tools=_from(TOOLS), reference=st.none() | _from(CALLS)
)
DRAFT = st.one_of(ANY, ANSWERED, CODED, FILLED, CALLED)
RECORD = st.builds(
    Record, id=st.just("r"), source=st.just("s"), draft=DRAFT, bucket=st.sampled_from([None, "math_reasoning"])
)
