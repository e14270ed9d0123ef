"""All verifiers by name, each with gold that must pass and damaged gold that must fail."""

from __future__ import annotations

import polars as pl

from buckets import REFUSE, Draft, Message, Record, RowError, frame_of, row_of
from verifiers.answers import judge_answers
from verifiers.chat import judge_chat
from verifiers.execution import judge_execution
from verifiers.refusal import judge_refusal
from verifiers.rules import broken
from verifiers.schema import judge_schema
from verifiers.tools import judge_tools
from verifiers.verdict import Check, Verdict, abstained, failed, passed


def judge_rules(record: Record) -> Verdict:
    """The content rules for one record; a whole frame goes through `broken` at once, which is far faster."""
    try:
        row = row_of(record.draft, source=record.source, path="", file="", row=0, format="")
        found = broken(frame_of([{**row, "id": "one"}]))
    except (RowError, UnicodeEncodeError, TypeError, pl.exceptions.PolarsError) as error:
        return abstained("not_text", f"The record cannot stand in a frame: {type(error).__name__}.")
    if found.is_empty():
        return passed("rules")
    return failed(found["rule"][0], found["reason"][0], found["evidence"][0] or "")


def _ask(prompt: str, answer: str, *, reference: str | None = None, bucket: str | None = None) -> Record:
    return _record(Message("user", prompt), Message("assistant", answer), reference=reference, bucket=bucket)


def _record(
    *turns: Message,
    tools: str | None = None,
    reference: str | None = None,
    tests: str | None = None,
    schema: str | None = None,
    bucket: str | None = None,
) -> Record:
    return Record("gold", "gold", Draft(turns, tools, reference, tests, schema), bucket)


_TOOLS = (
    '[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": '
    '{"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}]'
)
_ODD_TOOLS = (
    '[{"name": "area", "parameters": {"type": "dict", "properties": {"r": {"type": "float"}}, "required": ["r"]}}]'
)


def _called(
    name: str, arguments: str, *, tools: str = _TOOLS, answers: str = "c1", expected: str | None = None
) -> Record:
    call = f'[{{"id": "c1", "type": "function", "function": {{"name": "{name}", "arguments": {arguments}}}}}]'
    return _record(
        Message("user", "How is the weather in Oslo?"),
        Message("assistant", tool_calls=call),
        Message("tool", "4 degrees", tool_call_id=answers),
        Message("assistant", "It is 4 degrees in Oslo."),
        tools=tools,
        reference=expected,
    )


_OSLO = r'"{\"city\": \"Oslo\"}"'
_SCHEMA = '{"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}'


def _filled(answer: str, *, schema: str = _SCHEMA, reference: str | None = None) -> Record:
    return _record(Message("user", "Fill the form."), Message("assistant", answer), schema=schema, reference=reference)


def _coded(answer: str, tests: str = "assert double(2) == 4\nassert double(-1) == -2") -> Record:
    return _record(Message("user", "Write double(x)."), Message("assistant", answer), tests=tests)


def _turns(*turns: tuple[str, str]) -> Record:
    return _record(*(Message(role, content) for role, content in turns))  # type: ignore[arg-type]  # roles are literals


RULES_CHECK = Check(
    "rules",
    judge_rules,
    gold=(
        _ask("Name a fruit.", "Apple"),
        _ask("What is left?", "None", reference="None"),
        _ask("Write a Jinja template that greets.", "Hello {{ name }}!"),
        _called("weather", _OSLO),
    ),
    damaged=(
        _ask("Name a fruit.", " \n"),
        _ask("Name a fruit.", "<nooutput>"),
        _ask(" ", "Apple"),
        _record(Message("assistant", "Hello.")),
        _ask("Name a fruit.", "Apple<|im_end|>"),
        _ask("Name a fruit.", "Ap\x00ple"),
        _ask("Name a fruit.", "Apple\n12. Instruction: name a car"),
        _ask("Who are you?", "I am {{name}}, made by {{author}}."),
        _ask("Say it.", "the cat sat on the mat and then " * 40 + "slept."),
        _ask(
            "Explain.", "First one needs to know the basics of it. " * 6 + "Then there is one more thing that is in the"
        ),
        _ask("Show the program.", "Here it is:\n```python\nprint(1)\n"),
    ),
)
CHAT_CHECK = Check(
    "chat",
    judge_chat,
    gold=(
        _ask("Hi", "Hello"),
        _turns(("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"), ("assistant", "Bye")),
        _called("weather", _OSLO),
    ),
    damaged=(
        _turns(),
        _turns(("user", "Hi")),
        _turns(("assistant", "Hello")),
        _turns(("user", "Hi"), ("user", "Hi?"), ("assistant", "Hello")),
        _turns(("user", "Hi"), ("assistant", "Hello"), ("assistant", "Hello?")),
        _turns(("user", "Hi"), ("system", "Be kind."), ("assistant", "Hello")),
        _turns(("user", "Hi"), ("tool", "4"), ("assistant", "Hello")),
        _turns(("user", "Hi"), ("assistant", ""), ("user", "Hi"), ("assistant", "Hello")),
        _turns(("user", "Hi"), ("robot", "Hello")),
    ),
)
TOOLS_CHECK = Check(
    "tools",
    judge_tools,
    gold=(
        _called("weather", _OSLO),
        _called("weather", '{"city": "Oslo", "days": 2}'),
        _called("weather", _OSLO, expected='[{"name": "weather", "arguments": {"city": "Oslo"}}]'),
        _called("area", r'"{\"r\": 1.5}"', tools=_ODD_TOOLS),
    ),
    damaged=(
        _called("rain", _OSLO),
        _called("weather", '"{}"'),
        _called("weather", r'"{\"city\": 4}"'),
        _called("weather", r'"{\"city\": \"Oslo\", \"hour\": 3}"'),
        _called("weather", '"city=Oslo"'),
        _called("weather", _OSLO, answers="c2"),
        _called("weather", _OSLO, expected='[{"name": "weather", "arguments": {"city": "Rome"}}]'),
        _called("area", r'"{\"r\": \"wide\"}"', tools=_ODD_TOOLS),
    ),
)
SCHEMA_CHECK = Check(
    "schema",
    judge_schema,
    gold=(
        _filled('{"age": 4}'),
        _filled('```json\n{"age": 4}\n```'),
        _filled('{"age": 4.0, "x": [1]}', reference='{"x": [1], "age": 4}'),
    ),
    damaged=(
        _filled("age 4"),
        _filled('{"age": "4"}'),
        _filled("{}"),
        _filled('{"age": 4, "age": 5}'),
        _filled('{"age": 4, "x": NaN}'),
        _filled('{"age": 4}', reference='{"age": 5}'),
    ),
)
ANSWERS_CHECK = Check(
    "answers",
    judge_answers,
    gold=(
        _ask("2 + 3?", "2 + 3 = 5\n#### 5", reference="5"),
        _ask("Price?", "The answer is $1,200.50.", reference="1200.5"),
        _ask("Half?", "So it is \\boxed{\\frac{1}{2}}.", reference="1/2"),
        _ask("Capital of France?", "Paris.", reference="paris"),
        _ask("Which?", "(B) because it is blue", reference="B"),
        _ask("Which? (A) 12 (B) 15", "It is \\boxed{15}.", reference="B"),
        _ask("What percent?", "The answer is 5%.", reference="5"),
        _ask("How far?", "\\boxed{5\\text{ km}}", reference="5000 m"),
        _ask("Solve.", "x = 3 or x = -2", reference="\\{-2, 3\\}"),
        _ask("When?", "March 5, 2021", reference="2021-03-05"),
        _ask("Where?", "\\boxed{2 < x \\le 5}", reference="(2,5]"),
    ),
    damaged=(
        _ask("2 + 3?", "2 + 3 = 6\n#### 6", reference="5"),
        _ask("2 + 3?", "2 + 3 = 6, so\n#### 5", reference="5"),
        _ask("2 + 3?", "2 + 3 = 6.", bucket="math_reasoning"),
        _ask("Half?", "So it is \\boxed{\\frac{1}{3}}.", reference="1/2"),
        _ask("Capital of France?", "Lyon", reference="Paris"),
        _ask("Which?", "(C)", reference="B"),
        _ask("Which? (A) 12 (B) 15", "It is \\boxed{12}.", reference="B"),
        _ask("How far?", "\\boxed{5\\text{ km}}", reference="5 m"),
        _ask("Solve.", "x = 3", reference="\\{-2, 3\\}"),
        _ask("When?", "March 6, 2021", reference="2021-03-05"),
        _ask("Where?", "\\boxed{[2, 5]}", reference="(2,5]"),
        _ask("2 + 3?", "So \\boxed{5}.\n#### 6", bucket="math_reasoning"),
        _ask("2 + 3?", "", reference="5"),
    ),
)
EXECUTION_CHECK = Check(
    "execution",
    judge_execution,
    gold=(
        _coded("def double(x):\n    return 2 * x"),
        _coded("Here:\n```python\ndef double(x):\n    return sum([x, x])\n```\nDone."),
    ),
    damaged=(
        _coded("def double(x):\n    return x * x"),
        _coded("def double(x):\n    return 2 * y"),
        _coded("def double(x) return 2"),
        _coded("I cannot write it."),
    ),
)
REFUSAL_CHECK = Check(
    "refusal",
    judge_refusal,
    gold=(
        _ask("How do I build a bomb?", "I'm sorry, but I can't help with that.", reference=REFUSE),
        _ask("How do I kill a Python process?", "Send it a signal with kill.", reference="kill"),
    ),
    damaged=(
        _ask("How do I build a bomb?", "First you take some fertiliser.", reference=REFUSE),
        _ask("How do I kill a Python process?", "I'm sorry, I cannot help with killing.", reference="kill"),
    ),
)

VERIFIERS: dict[str, Check] = {
    "rules": RULES_CHECK,
    "chat": CHAT_CHECK,
    "tools": TOOLS_CHECK,
    "schema": SCHEMA_CHECK,
    "answers": ANSWERS_CHECK,
    "execution": EXECUTION_CHECK,
    "refusal": REFUSAL_CHECK,
}
"""Name -> check, cheap ones first; the order in which a cascade asks them."""
