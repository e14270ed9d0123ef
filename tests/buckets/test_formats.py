"""What each format makes of its rows, against rows with known answers and against the real sets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from pydantic import ValidationError

from buckets import (
    FORMATS,
    Draft,
    InputError,
    Mapping,
    Message,
    RowError,
    frame_of,
    gold_in,
    last_boxed,
    read_rows,
    records,
    row_of,
    sniff_format,
)
from buckets.formats.template import lookup, template

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"


def pairs(draft: Draft) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in draft.messages]


def calls(message: Message) -> list[tuple[str, str, str]]:
    made = orjson.loads(message.tool_calls or "[]")
    return [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in made]


def reason_of(name: str, row: dict[str, Any]) -> str:
    with pytest.raises(RowError) as caught:
        FORMATS[name].read(row)
    return caught.value.reason


# --- alpaca -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "prompt"),
    [
        ({"instruction": "Add.", "input": "1, 2"}, "Add.\n\n1, 2"),
        ({"instruction": "Add.", "input": " \n"}, "Add."),
        ({"instruction": "Add.", "input": None}, "Add."),
        ({"instruction": "Add."}, "Add."),
        ({"instruction": "Add.", "input": "<noinput>"}, "Add.\n\n<noinput>"),
        ({"instruction": "Add.", "input": "N/A"}, "Add.\n\nN/A"),
        ({"instruction": "", "input": "Add."}, "Add."),
        ({"instruction": " keep \n", "input": " me "}, " keep \n\n\n me "),
    ],
)
def test_alpaca_prompt(given: dict[str, Any], prompt: str) -> None:
    draft = FORMATS["alpaca"].read({**given, "output": " 3\n"})
    assert pairs(draft) == [("user", prompt), ("assistant", " 3\n")]
    assert draft.meta == {}


def test_alpaca_answers_and_history() -> None:
    read = FORMATS["alpaca"].read
    both = {"instruction": "q", "response": "a", "output": "a"}
    assert read(both).meta == {}
    assert read({**both, "response": "b"}).meta == {"response": "b"}
    assert pairs(read({"instruction": "q", "output": ""})) == [("user", "q"), ("assistant", "")]
    assert pairs(read({"instruction": "q", "output": 42}))[-1] == ("assistant", "42")
    told = read({"instruction": "q", "output": "a", "system": "s", "history": [["h1", "h2"], ["h3", None]]})
    texts = ["s", "h1", "h2", "h3", "", "q", "a"]
    assert [message.content for message in told.messages] == texts
    assert reason_of("alpaca", {"instruction": "q", "output": "a", "history": ["h"]}) == "bad_history"
    assert reason_of("alpaca", {"instruction": ["q"], "output": "a"}) == "not_text"
    assert reason_of("alpaca", {"question": "q"}) == "unexpected_keys"


def test_columns_beside_the_turns() -> None:
    row = {"instruction": "q", "output": "a", "test_list": ["assert f(1)", "assert f(2)"], "gold": 7}
    draft = FORMATS["alpaca"].read({**row, "schema": {"type": "object"}, "id": 3})
    assert draft.tests == "assert f(1)\nassert f(2)"
    assert draft.reference == "7"
    assert draft.schema == '{"type":"object"}'
    assert draft.meta == {"id": 3}
    odd = FORMATS["alpaca"].read({"instruction": "q", "output": "a", "tests": {"x": 1}, "schema": "CREATE TABLE"})
    assert (odd.tests, odd.schema) == (None, None)
    assert odd.meta == {"tests": {"x": 1}, "schema": "CREATE TABLE"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": ["string", "null"]},
        {"properties": {"a": {"type": "string"}}},
        {"$ref": "#/$defs/a"},
        {"anyOf": [{"type": "string"}]},
        {"items": {"const": 3}},
        {"enum": ["a", "b"]},
        '{"type": "array"}',
    ],
)
def test_a_json_schema_is_told_by_its_words(schema: object) -> None:
    draft = FORMATS["alpaca"].read({"instruction": "q", "output": "a", "schema": schema})
    assert draft.schema is not None
    assert draft.meta == {}


@pytest.mark.parametrize(
    "schema",
    [
        {"singers": ["id", "name"], "concerts": ["id", "year"]},
        {"items": ["id", "price"], "properties": {"id": "INT", "street": "TEXT"}},
        {"type": "mysql", "tables": {"a": {"id": "int"}}},
        '{"singer": {"id": "number"}}',
        {},
    ],
)
def test_the_schema_of_a_database_stays_in_meta(schema: object) -> None:
    """Text-to-SQL rows name their tables under `schema`; as a JSON Schema it would fail every answer."""
    draft = FORMATS["alpaca"].read({"instruction": "q", "output": "SELECT name FROM singers", "schema": schema})
    assert draft.schema is None
    assert draft.meta == {"schema": schema}


def test_loss_weights_are_written_back() -> None:
    turns = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "draft", "weight": 0},
        {"role": "user", "content": "again"},
        {"role": "assistant", "content": "a", "weight": 1, "score": 0.5},
    ]
    form = FORMATS["openai_messages"]
    for more in ({}, {"turns": {"1": {"weight": 7}}}):
        draft = form.read({"messages": turns, **more})
        frame = frame_of([row_of(draft, source="s", path="f", file="f", row=0, format=form.name)])
        (record,) = records(frame)
        assert record.draft == draft
        assert form.write is not None
        written = form.write(record)
        assert [turn.get("weight") for turn in written["messages"]] == [None, 0, None, 1]
        assert form.read(written).meta["turns"] == {"1": {"weight": 0}, "3": {"weight": 1}}


# --- turns ------------------------------------------------------------------------------------


def test_a_call_turn_keeps_the_text_and_the_reasoning_that_stand_in_it() -> None:
    said = '<think>\nfirst\n</think>\n\nLet me look.\n<tool_call>\n{"name": "a", "arguments": {}}\n</tool_call>'
    thought = '<think>\nsecond\n</think>\n\n{"name": "b", "arguments": {}}'
    for values, wanted in (
        ((said,), ("Let me look.", "first", ["a"])),
        ((thought,), ("", "second", ["b"])),
        ((said, thought), ("Let me look.", "first\n\nsecond", ["a", "b"])),
    ):
        turns = [{"from": "human", "value": "q"}, *({"from": "function_call", "value": value} for value in values)]
        message = FORMATS["sharegpt"].read({"conversations": turns}).messages[-1]
        names = [call["function"]["name"] for call in orjson.loads(message.tool_calls or "[]")]
        assert (message.content, message.reasoning, names) == wanted
    with pytest.raises(RowError):
        FORMATS["sharegpt"].read({"conversations": [{"from": "function_call", "value": "<think>x</think> no JSON"}]})


def test_sharegpt_calls_in_a_row_are_one_turn_and_results_pair_in_order() -> None:
    turns = [
        ("human", "q"),
        ("gpt", "Let me look."),
        ("function_call", '{"name": "a", "arguments": {"z": 1, "b": "ä"}}'),
        ("function_call", '[{"name": "b", "arguments": "{\\"x\\":  1}"}, {"name": "c"}]'),
        ("observation", "ra"),
        ("observation", "rb"),
        ("function_call", '{"name": "d", "arguments": null}'),
        ("tool", "rc"),
        ("gpt", "done"),
    ]
    row = {"conversations": [{"from": who, "value": text} for who, text in turns]}
    draft = FORMATS["sharegpt"].read(row)
    assert [message.role for message in draft.messages] == [
        *("user", "assistant", "tool", "tool", "assistant", "tool", "assistant")
    ]
    assert draft.messages[1].content == "Let me look."
    assert calls(draft.messages[1]) == [
        ("call_0", "a", '{"z":1,"b":"ä"}'),
        ("call_1", "b", '{"x":  1}'),
        ("call_2", "c", "{}"),
    ]
    assert calls(draft.messages[4]) == [("call_3", "d", "{}")]
    ids = [message.tool_call_id for message in draft.messages if message.role == "tool"]
    assert ids == ["call_0", "call_1", "call_2"]


def test_results_of_all_open_calls_in_one_turn_are_taken_apart() -> None:
    made = '[{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]'
    results = [{"name": "a", "content": "1", "tool_call_id": "x"}, {"name": "b", "content": {"n": 2}}]

    def read(results: object) -> Draft:
        value = [{"from": "function_call", "value": made}, {"from": "observation", "value": json.dumps(results)}]
        return FORMATS["sharegpt"].read({"conversations": value})

    draft = read(results)
    assert [(m.tool_call_id, m.content) for m in draft.messages[1:]] == [("call_0", "1"), ("call_1", '{"n":2}')]
    assert draft.meta == {"turns": {"1": {"result_tool_call_id": "x"}}}
    for other in (results[:1], results[::-1], ["1", "2"], [{"name": "a"}, {"name": "b"}]):
        assert len(read(other).messages) == 2


@pytest.mark.parametrize(
    "value", ["not json", "", "[]", "{}", '{"arguments": {}}', "[1]", '"name"', None, '{"name": 1}']
)
def test_function_call_without_a_readable_call_is_an_error(value: str | None) -> None:
    row = {"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": value}]}
    assert reason_of("sharegpt", row) == "bad_tool_call"


def test_integers_of_arguments_are_never_rounded() -> None:
    def row(number: str) -> dict[str, Any]:
        value = '{"name": "a", "arguments": {"n": ' + number + "}}"
        return {"conversations": [{"from": "function_call", "value": value}]}

    exact = "1844674407370955161"
    assert calls(FORMATS["sharegpt"].read(row(exact)).messages[0])[0][2] == '{"n":' + exact + "}"
    assert reason_of("sharegpt", row(exact + "99")) == "not_json"


def test_tools_in_all_their_shapes() -> None:
    function = {"name": "f", "parameters": {"b": 1, "a": 2}}
    wanted = '[{"type":"function","function":{"name":"f","parameters":{"b":1,"a":2}}}]'
    full = {"type": "function", "function": function}
    shapes = ([function], [full], json.dumps([function]), json.dumps(json.dumps([full])), function, [json.dumps(full)])
    turns = [{"role": "user", "content": "q"}]
    for tools in shapes:
        assert FORMATS["openai_messages"].read({"messages": turns, "tools": tools}).tools == wanted
    nothing: tuple[object, ...] = (None, [], "", "[]", " ")
    for none in nothing:
        assert FORMATS["openai_messages"].read({"messages": turns, "tools": none}).tools is None
    broken: tuple[object, ...] = ("f", [1], [{"parameters": {}}], 3, "[f")
    for bad in broken:
        assert reason_of("openai_messages", {"messages": turns, "tools": bad}) == "bad_tools"


def test_openai_turns() -> None:
    turns = [
        {"role": "developer", "content": "d"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, "b", {"type": "text", "value": "c"}], "weight": 0},
        {
            "role": "assistant",
            "content": None,
            "thinking": "hm",
            "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": {"k": 1}}}],
            "audio": None,
        },
        {"role": "tool", "tool_call_id": "x", "name": "f", "content": {"r": 1}},
        {"role": "assistant", "content": "", "function_call": {"name": "g", "arguments": "not json"}},
        {"role": "function", "name": "g", "content": "r"},
    ]
    for value in (turns, json.dumps(turns)):
        draft = FORMATS["openai_messages"].read({"messages": value})
        assert pairs(draft) == [
            ("developer", "d"),
            ("user", "abc"),
            ("assistant", ""),
            ("tool", '{"r":1}'),
            ("assistant", ""),
            ("tool", "r"),
        ]
        assert draft.messages[2].reasoning == "hm"
        assert calls(draft.messages[2]) == [("x", "f", '{"k":1}')]
        assert calls(draft.messages[4]) == [("call_1", "g", "not json")]
        assert [draft.messages[n].tool_call_id for n in (3, 5)] == ["x", "call_1"]
        assert draft.messages[3].name == "f"
        assert draft.meta == {"turns": {"1": {"weight": 0}}}


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        ({"role": "critic", "content": "x"}, "unknown_role"),
        ({"content": "x"}, "unknown_role"),
        ({"role": "user", "content": {"a": 1}}, "not_text"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, "not_text"),
        ({"role": "assistant", "tool_calls": "[{"}, "bad_tool_call"),
        ({"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]}, "bad_tool_call"),
        ("text", "bad_messages"),
    ],
)
def test_turns_that_cannot_be_read(turn: object, reason: str) -> None:
    assert reason_of("openai_messages", {"messages": [{"role": "user", "content": "q"}, turn]}) == reason


def test_empty_answers_and_odd_orders_are_records() -> None:
    turns = [{"role": "assistant", "content": ""}, {"role": "assistant", "content": "x"}, {"role": "system"}]
    roles = [message.role for message in FORMATS["openai_messages"].read({"messages": turns}).messages]
    assert roles == ["assistant", "assistant", "system"]


# --- questions, prompts, preferences ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("So 1+1 = <<1+1=2>>2.\n#### 2", "2"),
        ("#### 1\nno, wait\n#### $1,234.50 ", "$1,234.50"),
        ("a #### b", None),
        ("first \\boxed{1}, then \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("\\fbox{\\{1, 2\\}}", "\\{1, 2\\}"),
        ("set \\boxed{\\left\\{ x \\right.}", "\\left\\{ x \\right."),
        ("\\boxed{1} and \\boxed{open", "1"),
        ("\\boxed 7$.", "7"),
        ("\\boxed{}", None),
        ("nothing", None),
        ("\\boxed{3}\n#### 4", "4"),
    ],
)
def test_gold(text: str, gold: str | None) -> None:
    assert gold_in(text) == gold
    assert FORMATS["question_answer"].read({"question": "q", "answer": text}).reference == gold


def test_gold_is_read_before_the_annotations_are_taken_out() -> None:
    draft = FORMATS["question_answer"].read({"question": "q", "answer": "48/2 = <<48/2=24>>24\n#### <<a=b>>24"})
    assert draft.messages[-1].content == "48/2 = 24\n#### 24"
    assert draft.reference == "<<a=b>>24"
    assert draft.meta == {"calculator_annotations_removed": 2}
    code = FORMATS["question_answer"].read({"question": "q", "answer": "cout<<a=b>>c;"})
    assert code.messages[-1].content == "cout<<a=b>>c;"
    assert code.meta == {}


def test_answer_beside_a_solution_is_the_gold() -> None:
    draft = FORMATS["question_answer"].read({"problem": "p", "solution": "so \\boxed{1}", "answer": "2"})
    assert (draft.reference, draft.messages[-1].content, draft.meta) == ("2", "so \\boxed{1}", {})


def test_prompt_response() -> None:
    read = FORMATS["prompt_response"].read
    assert pairs(read({"prompt": "q", "completion": "a"})) == [("user", "q"), ("assistant", "a")]
    turns = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
    wanted = [("system", "s"), ("user", "q"), ("assistant", "a")]
    assert pairs(read({"prompt": turns, "response": "a"})) == wanted
    assert pairs(read({"prompt": turns, "completion": [{"role": "assistant", "content": "a"}]})) == wanted
    assert pairs(read({"query": "q", "response": "a", "history": [["x", "y"]], "system": "s"})) == [
        ("system", "s"),
        ("user", "x"),
        ("assistant", "y"),
        ("user", "q"),
        ("assistant", "a"),
    ]
    assert FORMATS["prompt_response"].sniff({"input": "2", "output": "4", "code": "def f(x): ..."}) is None


def test_preference_sides() -> None:
    read = FORMATS["preference"].read
    talk = "\n\nHuman: one\n\nAssistant: two\n\nHuman: three\n\nAssistant:"
    wanted = [("user", "one"), ("assistant", "two"), ("user", "three"), ("assistant", "good\n\nvery")]
    rejected = [{"role": "assistant", "content": "bad"}]
    turns = [{"role": role, "content": text} for role, text in wanted]
    rows: list[dict[str, Any]] = [
        {"chosen": f"{talk} good\n\nvery", "rejected": f"{talk} bad"},
        {"prompt": talk, "chosen": "good\n\nvery", "rejected": "bad"},
        {"chosen": turns, "rejected": [*turns[:3], *rejected]},
        {"prompt": turns[:3], "chosen": turns[3:], "rejected": rejected},
        {"prompt": "one", "chosen": turns, "rejected": [*turns[:3], *rejected]},
        {"conversations": turns[:3], "chosen": turns[3], "rejected": rejected[0]},
        {"chosen_messages": turns, "rejected_messages": [*turns[:3], *rejected]},
    ]
    for row in rows:
        draft = read(row)
        assert pairs(draft) == wanted, row
        assert draft.meta == {"rejected": rejected}, row
    assert reason_of("preference", {"chosen": "a", "rejected": "b"}) == "unexpected_keys"
    assert reason_of("preference", {"messages": turns, "label": False}) == "rejected_answer"
    assert pairs(read({"messages": turns, "label": True})) == wanted


# --- which format -----------------------------------------------------------------------------


def test_most_rows_decide_and_the_first_format_wins_a_tie() -> None:
    alpaca, chat = {"instruction": "q", "output": "a"}, {"messages": [{"role": "user", "content": "q"}]}
    form, reason = sniff_format([chat, alpaca, alpaca], "x")
    assert form.name == "alpaca"
    assert reason.startswith("2 of 3 rows: has instruction and output")
    assert sniff_format([alpaca, chat], "x")[0].name == "openai_messages"
    assert sniff_format([alpaca] * 100 + [chat] * 500, "x")[0].name == "alpaca"
    pair = {"conversations": [{"from": "human", "value": "q"}], "chosen": {}, "rejected": {}}
    assert sniff_format([pair], "x")[0].name == "preference"


def test_unknown_rows_are_an_error_that_shows_keys_and_ways_out() -> None:
    with pytest.raises(InputError) as caught:
        sniff_format([{"foo": 1, "bar": 2}, {"baz": 3}], "raw/x.jsonl")
    for word in ("raw/x.jsonl", "foo, bar, baz", "`format:`", "mapping:", "docs/mapping.md", "docs/formats.md"):
        assert word in str(caught.value)
    assert "member" not in str(caught.value)
    with pytest.raises(InputError, match="If each item of 'data' is a row, declare `member: data`"):
        sniff_format([{"version": "1.1", "data": [{"title": "Bonn"}]}], "raw/one.json")
    with pytest.raises(InputError, match=r"mapping: \{messages: log\} for a list of turns, or explode: log"):
        sniff_format([{"no": 1, "log": [{"who": "A", "says": "Hi"}]}] * 2, "raw/log.jsonl")


@pytest.mark.parametrize(
    "tests",
    [
        {"kind": "stdio", "cases": [{"input": "1 2", "output": "3"}]},
        {"kind": "sql", "database": "create table t(a); insert into t values (1)", "gold": "select a from t"},
        {"inputs": ["1 2"], "outputs": ["3"]},
        [{"input": "1 2", "output": "3"}],
    ],
)
def test_tests_that_are_no_asserts_stand_in_a_row_as_objects_or_as_their_text(tests: Any) -> None:
    turns = [{"role": "user", "content": "Add."}, {"role": "assistant", "content": "print(3)"}]
    for value in (tests, json.dumps(tests)):
        (draft,) = FORMATS["openai_messages"].drafts({"messages": turns, "tests": value})
        assert json.loads(draft.tests or "") == tests
        assert "tests" not in draft.meta
        (mapped,) = Mapping(messages="messages", tests="t").read({"messages": turns, "t": value})
        assert json.loads(mapped.tests or "") == tests
    for other in ({"passed": 3}, [{"id": 1}], [1, "assert f(1)"]):
        (draft,) = FORMATS["openai_messages"].drafts({"messages": turns, "tests": other})
        assert draft.tests is None
        assert draft.meta["tests"] == other
    with pytest.raises(InputError, match="no row could be read"):
        sniff_format([], "x")


# --- mapping ----------------------------------------------------------------------------------


def test_templates() -> None:
    row = {"a": {"b": [{"c": "x"}, {"c": None}, {"c": 3}], "d": {"z": 1, "k": "ä"}}, "a.e": "dotted", "two words": True}
    cases = {
        "{a.b.0.c}": "x",
        "{{{a.b.0.c}}}": "{x}",
        "{a.b.1.c}|": "|",
        "{a.d}": '{"z":1,"k":"ä"}',
        "{a.b.*.c}": "x\n\n\n\n3",
        "{a.e} { two words }": "dotted true",
        "{{}}": "{}",
    }
    for text, wanted in cases.items():
        assert template(text).fill(row, lookup) == wanted
    for path in ("a.x", "a.b.9.c", "a.b.-1", "a.b.c", "a.b.²", "x"):
        with pytest.raises(RowError, match="missing_field"):
            lookup(row, path)
    for text in ("{a", "a}", "{}", "{ }", "{a{b}}"):
        with pytest.raises(ValueError, match="stray"):
            template(text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"assistant": "{a}"}, "needs messages, user or split"),
        ({"user": "question", "assistant": "{a}"}, "no placeholder"),
        ({"user": "{a"}, "stray"),
        ({"user": "{a}", "asistant": "{b}"}, "asistant"),
        ({"user": "{a}", "reference": ""}, "is empty"),
        ({"split": {"key": "t", "pattern": "(?P<user>.*)"}}, "must be user, assistant"),
        ({"split": {"key": "t", "pattern": "("}}, "not a regular expression"),
    ],
)
def test_mapping_mistakes_are_found_before_any_row_is_read(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Mapping.model_validate(fields)


def test_mapping_is_frozen_and_says_what_its_fields_are() -> None:
    mapping = Mapping.model_validate({"user": "{q}", "schema": "s"})
    assert mapping.schema_ == "s"
    with pytest.raises(ValidationError, match="frozen"):
        mapping.user = "{x}"  # type: ignore[misc]  # the test is that it cannot be set
    properties = Mapping.model_json_schema()["properties"]
    assert "schema" in properties
    assert all("description" in field for field in properties.values())


def test_mapping_takes_every_field() -> None:
    mapping = Mapping.model_validate(
        {
            "system": "You know {topic}.",
            "messages": "{turns}",
            "user": "{q}",
            "assistant": "{a}",
            "tools": "tools",
            "reference": "= {gold}",
            "tests": "checks",
            "schema": "shape.json",
        }
    )
    row = {
        "topic": "maths",
        "turns": [{"from": "human", "value": "hi", "w": 1}],
        "q": "q",
        "a": "a",
        "tools": '[{"name": "f"}]',
        "gold": 3,
        "checks": ["assert 1", "assert 2"],
        "shape": {"json": {"type": "object"}, "more": 1},
        "left": [1],
    }
    [draft] = mapping.read(row)
    assert pairs(draft) == [("system", "You know maths."), ("user", "hi"), ("user", "q"), ("assistant", "a")]
    assert draft.tools == '[{"type":"function","function":{"name":"f"}}]'
    assert (draft.reference, draft.tests, draft.schema) == ("= 3", "assert 1\nassert 2", '{"type":"object"}')
    assert draft.meta == {"shape": row["shape"], "left": [1], "turns": {"0": {"w": 1}}}


def test_explode_gives_a_draft_an_item() -> None:
    mapping = Mapping(explode="qa", user="{doc} {_.q}", assistant="{answers._i}", reference="{_i}")
    row = {"doc": "D", "qa": [{"q": "q0", "k": 1}, {"q": "q1"}], "answers": ["a0", "a1"], "id": 5}
    drafts = mapping.read(row)
    assert [pairs(draft) for draft in drafts] == [
        [("user", "D q0"), ("assistant", "a0")],
        [("user", "D q1"), ("assistant", "a1")],
    ]
    assert [draft.reference for draft in drafts] == ["0", "1"]
    assert drafts[0].meta == {"id": 5, "_i": 0, "_": {"q": "q0", "k": 1}}
    for broken, reason in (({"qa": []}, "nothing_to_explode"), ({"answers": ["a0"]}, "missing_field")):
        with pytest.raises(RowError) as caught:
            mapping.read({**row, **broken})
        assert caught.value.reason == reason


def test_split_refuses_what_it_cannot_cut() -> None:
    mapping = Mapping.model_validate(
        {"split": {"key": "t", "pattern": r"(?:S: (?P<system>.*?)\n)?(?P<user>.*)\nA: (?P<assistant>.*)"}}
    )
    assert pairs(mapping.read({"t": "S: s\nQ\nA: x\nA: y"})[0]) == [
        ("system", "s"),
        ("user", "Q\nA: x"),
        ("assistant", "y"),
    ]
    assert pairs(mapping.read({"t": "Q\nA: "})[0]) == [("user", "Q"), ("assistant", "")]
    for text, reason in (("no answer", "no_split"), ("x" * 200_001, "too_long_to_split"), (["Q"], "not_text")):
        with pytest.raises(RowError) as caught:
            mapping.read({"t": text})
        assert caught.value.reason == reason


def test_examples_of_the_docs_work() -> None:
    text = (ROOT / "docs" / "mapping.md").read_text()
    examples = re.findall(r"```json\n(.*?)```\s*```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 11
    counts = []
    for row, mapping in examples:
        drafts = Mapping.model_validate(yaml.safe_load(mapping)).read(json.loads(row))
        counts.append(len(drafts))
        assert all(draft.messages[-1].role == "assistant" and draft.messages[-1].content for draft in drafts)
    assert counts == [1, 1, 1, 1, 2, 2, 2, 1, 2, 1, 2]


# --- the real sets ----------------------------------------------------------------------------

KV = {"user": "{ordered_kv_records}\n\nKey: {key}", "assistant": "{value}", "reference": "value"}
LEVAL = {"explode": "instructions", "user": "{input}\n\n{_}", "assistant": "{outputs._i}"}
WIKISQL = {"split": {"key": "text", "pattern": r"(?P<user>.*)\nA: (?P<assistant>.*)"}}
MATH = {"user": "{extra_info.question}", "assistant": "{extra_info.answer}", "reference": "reward_model.ground_truth"}
PUBMED = {"user": "{CONTEXTS.*}\n\n{QUESTION}", "assistant": "{LONG_ANSWER}", "reference": "final_decision"}
REAL: dict[str, tuple[str | dict[str, Any], int]] = {  # format or mapping, and the number of drafts
    "stanford_alpaca/alpaca_5000.json.gz": ("alpaca", 5000),
    "stanford_alpaca/alpaca_data.json.gz": ("alpaca", 52002),
    "alpaca_cleaned_head5k/alpaca_data_cleaned_first5000.json.gz": ("alpaca", 5000),
    "alpagasus/claude_t45.json.gz": ("alpaca", 5305),
    "alpagasus/dolly_3k.json.gz": ("alpaca", 2996),
    "codealpaca/code_alpaca_2k.json.gz": ("alpaca", 2017),
    "codealpaca/new_codealpaca.json.gz": ("alpaca", 4535),
    "gpteacher/codegen-instruct.json.gz": ("alpaca", 4535),
    "gsm8k/train.jsonl.gz": ("question_answer", 7473),
    "math_train_parquet/math_train.parquet": (MATH, 7500),
    "llamafactory_demo/glaive_toolcall_en_demo.json": ("sharegpt", 300),
    "llamafactory_demo/glaive_toolcall_zh_demo.json": ("sharegpt", 300),
    "llamafactory_demo/v1_sft_demo.jsonl": ("openai_messages", 500),
    "llamafactory_demo/reason_tool_use_demo_50.jsonl": ("openai_messages", 50),
    "llamafactory_demo/dpo_en_demo.json.gz": ("preference", 300),
    "llamafactory_demo/v1_dpo_demo.jsonl": ("preference", 10),
    "llamafactory_demo/kto_en_demo.json": ("preference", 150),
    "dsl_debug_parquet/sft_train.parquet": ("hermes", 1593),
    "medicalgpt_zh/sharegpt_zh_1K_format.jsonl.gz": ("sharegpt", 1000),
    "medicalgpt_zh/medical_sft_1K_format.jsonl": ("sharegpt", 1000),
    "hh_rlhf/harmless-base_test.jsonl.gz": ("preference", 2312),
    "safety_tuned_llamas/safety_only_data_Instructions.json": ("alpaca", 2483),
    "tau_bench/gpt-4o-airline.json.gz": ({"messages": "traj"}, 200),
    "mtbench/dummy_conversation.json": ("sharegpt", 500),
    "lost_in_the_middle/kv-retrieval-75_keys.jsonl.gz": (KV, 500),
    "leval/quality.jsonl": (LEVAL, 202),
    "leval/topic_retrieval_longchat.jsonl.gz": (LEVAL, 150),
    "mlx_wikisql/train.jsonl": (WIKISQL, 1000),
    "pubmedqa/ori_pqal.json.gz": (PUBMED, 1000),
    "xstest/xstest_prompts.csv": ({"user": "{prompt}"}, 450),
}


def _real(name: str) -> list[dict[str, Any]]:
    if not SHARED.is_dir():
        pytest.skip("the real data sets are not beside the checkout")
    raws = list(read_rows(SHARED / name))
    assert not [raw for raw in raws if raw.fault]
    return [raw.value for raw in raws if raw.value is not None]


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_real_sets_give_the_rows_of_their_manifest(name: str) -> None:
    rows = _real(name)
    manifest = json.loads((SHARED / "MANIFEST.json").read_bytes())
    [entry] = [entry for entry in manifest if f"{entry['folder']}/{entry['file']}" == name]
    assert len(rows) == entry["rows"]
    wanted, count = REAL[name]
    drafts: list[Draft] = []
    if isinstance(wanted, dict):
        mapping = Mapping.model_validate(wanted)
        drafts = [draft for row in rows for draft in mapping.read(row)]
    else:
        form, _ = sniff_format(rows, name)
        assert form.name == wanted
        drafts = [form.read(row) for row in rows if row.get("label") is not False]
    assert len(drafts) == count


def _gsm8k(row: dict[str, Any], draft: Draft) -> bool:
    gold: str = row["answer"].split("#### ")[1].strip()
    return draft.reference == gold and "<<" not in draft.messages[-1].content


def _hh(row: dict[str, Any], draft: Draft) -> bool:
    names = {"user": "Human", "assistant": "Assistant"}
    chosen: str = row["chosen"]
    return "".join(f"\n\n{names[m.role]}: {m.content}" for m in draft.messages) == chosen


def _math(row: dict[str, Any], draft: Draft) -> bool:
    gold: str = row["answer"]
    return draft.reference == gold == last_boxed(row["solution"])


def _glaive(row: dict[str, Any], draft: Draft) -> bool:
    made = [call for message in draft.messages for call in calls(message)]
    raw = [json.loads(turn["value"]) for turn in row["conversations"] if turn["from"] == "function_call"]
    return [(call["name"], call["arguments"]) for call in raw] == [(call[1], json.loads(call[2])) for call in made]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "form", "agrees"),
    [
        ("gsm8k/train.jsonl.gz", "question_answer", _gsm8k),
        ("hh_rlhf/harmless-base_test.jsonl.gz", "preference", _hh),
        ("math_eval/math500_test.jsonl", "question_answer", _math),
        ("llamafactory_demo/glaive_toolcall_en_demo.json", "sharegpt", _glaive),
    ],
)
def test_real_rows_mean_what_they_say(name: str, form: str, agrees: Callable[[dict[str, Any], Draft], bool]) -> None:
    rows = _real(name)
    assert [n for n, row in enumerate(rows) if not agrees(row, FORMATS[form].read(row))] == []
