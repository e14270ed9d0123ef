"""What every format must keep: one error type, no value lost, and a way back that changes nothing."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import FORMATS, ROLES, Draft, Format, Mapping, Message, Record, RowError, content_hash, dumps, sniff_format
from buckets.formats.sharegpt import renumbered

LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
ODD = [
    "",
    "[]",
    "{}",
    "[{}]",
    '[{"role":"user","content":"x"}]',
    '{"name":"f","arguments":{}}',
    "\n\nHuman: a",
    "#### 1",
    "<think>a</think>b",
    "\n\nHuman: a\n\nAssistant: b",
    "<|im_start|>user\na<|im_end|>",
    "[INST] a [/INST] b",
    "<|start|>user<|message|>a<|end|>",
    '{"inputs": [1], "outputs": [2], "fn_name": "f"}',
    "Q: a\nA: b",
]
MARKS = ["USER: a\n\n\nASSISTANT: <functioncall> {", "<tool_call>{}</tool_call>", "[f(a=1)]", "<tools>[{}]</tools>"]
TEXTS = st.text(max_size=12) | st.sampled_from([*ODD, *MARKS])
JSON = st.recursive(
    LEAVES | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ROLE_WORDS = st.sampled_from([*ROLES, "human", "gpt", "function_call", "observation", "critic", ""])
PART = st.fixed_dictionaries({"type": st.sampled_from(["text", "tool_call", "reasoning", "image_url"])}) | JSON
TURN_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "role": ROLE_WORDS | JSON,
    "from": ROLE_WORDS | JSON,
    "content": st.lists(PART, max_size=3) | JSON,
    "value": JSON,
    "tool_calls": st.lists(st.fixed_dictionaries({"function": JSON}), max_size=2) | JSON,
    "function_call": JSON,
    "tool_call_id": JSON,
    "name": JSON,
    "reasoning_content": JSON,
}
TURNS = st.lists(st.fixed_dictionaries({}, optional=TURN_FIELDS), max_size=4)
KEYS = [
    "instruction",
    "input",
    "output",
    "response",
    "system",
    "history",
    "conversations",
    "messages",
    "tools",
    "functions",
    "prompt",
    "query",
    "question",
    "problem",
    "answer",
    "solution",
    "completion",
    "chosen",
    "rejected",
    "chosen_messages",
    "rejected_messages",
    "label",
    "tests",
    "test_list",
    "reference",
    "gold",
    "schema",
    "context",
    "conversation",
    "turns",
    "answers",
    "chat",
    "other",
]
HOSTILE = st.dictionaries(st.sampled_from(KEYS), JSON | TURNS | TEXTS, max_size=6)

# Rows in which every text is different, so that a lost one is seen.
ROWS: dict[str, list[dict[str, Any]]] = {
    "alpaca": [
        {"instruction": "t1", "input": "t2", "output": "t3", "system": "t4", "history": [["t5", "t6"]], "id": "t7"},
        {"instruction": "t1", "context": "t2", "response": "t3", "output": "t4", "tests": ["t5", "t6"], "gold": "t7"},
        {"instruction": "t1", "output": "t2", "tests": {"a": "t3"}, "schema": "t4", "reference": ["t5"]},
        {"instruction": "t1", "output": "t2", "system": ["t3"]},
    ],
    "sharegpt": [
        {
            "conversations": [
                {"from": "human", "value": "t1", "score": "t2"},
                {"from": "gpt", "value": "t3"},
                {"from": "function_call", "value": '{"name": "t4", "arguments": {"t5": "t6"}, "why": "t7"}'},
                {"from": "function_call", "value": '[{"name": "t8", "arguments": "t9"}]'},
                {"from": "observation", "value": "t10"},
                {"from": "observation", "value": {"t11": "t12"}},
            ],
            "tools": '[{"name": "t13", "strict": "t14"}]',
            "system": "t15",
            "id": "t16",
        }
    ],
    "openai_messages": [
        {
            "messages": [
                {"role": "developer", "content": [{"type": "text", "text": "t1"}, {"type": "text", "text": "t2"}]},
                {"role": "user", "content": "t3", "name": "t4"},
                {
                    "role": "assistant",
                    "content": None,
                    "reasoning_content": "t5",
                    "tool_calls": [
                        {"id": "t6", "type": "function", "function": {"name": "t7", "arguments": {"t8": 1}}, "k": "t9"}
                    ],
                },
                {"role": "tool", "tool_call_id": "t6", "content": "t10", "name": "t11"},
            ],
            "tools": [{"type": "function", "function": {"name": "t12"}, "x": "t13"}],
            "schema": {"t14": "t15"},
            "label": "t16",
        },
        {"dialogue": '[{"role": "user", "content": "t1"}]', "messages": None, "functions": [{"name": "t2"}]},
    ],
    "hermes": [
        {
            "conversations": [
                {"from": "system", "value": "t1 <tools> [{'name': 't2', 'parameters': {'t3': true}}] </tools> t4"},
                {"from": "human", "value": "t5", "score": "t6"},
                {
                    "from": "gpt",
                    "value": "<think>t7</think>t8 <tool_call>\n{'arguments': {'t9': 't10'}, 'name': 't11', 'k': 't12'}"
                    '\n</tool_call> t13 <tool_call>[{"name": "t14", "arguments": "t15"}]</tool_call> t16',
                },
                {"from": "tool", "value": '<tool_response>{"name": "t14", "content": {"t17": 1}}</tool_response>'},
                {"from": "human", "value": "t18<tool_response>t19</tool_response>t20", "w": "t21"},
            ],
            "tools": "[]",
            "task": "t22",
        },
        {"messages": [{"role": "assistant", "content": 't1<tool_call>{"name": "t2"}</tool_call>', "x": "t3"}]},
    ],
    "toolace": [
        {
            "system": 't1 [{"name": "t2 x", "description": "t3"}] [func(params)] t4',
            "conversations": [
                {"from": "user", "value": "t5"},
                {"from": "assistant", "value": "[t2 x(t6='t7', t8=[{'t9': 'it\\'s'}]), t2 x()]", "s": "t10"},
                {
                    "from": "tool",
                    "value": '[{"name": "t2 x", "results": {"t11": "t12"}}, {"name": "t2 x", "results": "t13"}]',
                },
                {"from": "assistant", "value": "[t14(t15)]"},
            ],
            "id": "t16",
        }
    ],
    "xlam": [
        {
            "query": "t1",
            "tools": '[{"name": "t2", "parameters": {"t3": {"description": "t4", "type": "int", "default": "t5"}}}]',
            "answers": '[{"name": "t2", "arguments": {"t6": "t7"}, "x": "t8"}]',
            "id": "t9",
        },
        {"query": "t1", "tools": [{"name": "t2"}], "answers": [], "gold": "t3"},
    ],
    "glaive": [
        {
            "system": 'SYSTEM: t1 functions -\n{"name": "t2", "description": "t3"}\n{"name": "t4"}\n t5',
            "chat": 'USER: t6\n\n\nASSISTANT: t7 <functioncall> {"name": "t2", "arguments": \'{"t8": "it\\\'s"}\', '
            '"k": "t9"} <|endoftext|>\n\n\nFUNCTION RESPONSE: t10\n\n\nASSISTANT: t11 <|endoftext|>',
            "tag": "t12",
        },
        {"system": None, "chat": "USER: t1 A: t2\n\nA: t3"},
    ],
    "question_answer": [
        {"question": "t1", "answer": "t2 <<1+1=2>>2\n#### t3", "id": "t4"},
        {"problem": "t1", "solution": "t2 \\boxed{t3}", "answer": "t4", "level": "t5"},
        {"problem": "t1", "solution": "t2", "answer": ["t3"], "system": "t4"},
    ],
    "prompt_response": [
        {"prompt": "t1", "response": "t2", "history": [["t3", "t4"]], "system": "t5", "x": {"y": "t6"}},
        {"prompt": [{"role": "user", "content": "t1"}], "completion": [{"role": "assistant", "content": "t2"}]},
        {"query": "t1", "response": "t2", "tools": [{"name": "t3"}], "test_list": ["t4"]},
    ],
    "preference": [
        {"chosen": "\n\nHuman: t1\n\nAssistant: t2", "rejected": "\n\nHuman: t1\n\nAssistant: t3", "id": "t4"},
        {"prompt": "t1", "chosen": "t2", "rejected": "t3", "system": "t4"},
        {"instruction": "t1", "input": "t2", "chosen": "t3", "rejected": "t4"},
        {
            "prompt": "t1",
            "chosen": [{"role": "user", "content": "t1"}, {"role": "assistant", "content": "t2"}],
            "rejected": [{"role": "user", "content": "t1"}, {"role": "assistant", "content": "t3"}],
            "score_chosen": "t4",
        },
        {
            "conversations": [{"from": "human", "value": "t1"}],
            "chosen": {"from": "gpt", "value": "t2", "w": "t3"},
            "rejected": {"from": "gpt", "value": "t4"},
        },
        {
            "chosen_messages": [{"role": "user", "content": [{"type": "text", "value": "t1"}]}],
            "rejected_messages": [{"role": "user", "content": [{"type": "text", "value": "t2"}]}],
        },
        {"prompt": "t1", "chosen": "t2", "rejected": {"odd": "t3"}},
        {"prompt": "t1", "completion": "t2", "label": True, "who": "t3"},
        {"messages": [{"role": "user", "content": "t1"}], "label": True, "who": "t2"},
    ],
}

ROWS |= {
    "harmony": [
        {
            "messages": [
                {"role": "developer", "content": "t1"},
                {"role": "user", "content": [{"type": "text", "text": "t2"}]},
                {"role": "assistant", "channel": "analysis", "content": "t3", "id": "t4"},
                {"role": "assistant", "channel": "commentary", "content": "t5"},
                {
                    "role": "assistant",
                    "channel": "commentary",
                    "recipient": "functions.t6",
                    "content_type": "<|constrain|>json",
                    "content": '{"t7": "t8"}',
                },
                {"role": "tool", "name": "functions.t6", "channel": "commentary", "content": "t9", "took": "t10"},
                {"role": "assistant", "channel": "final", "content": "t11", "score": "t12"},
            ],
            "tools": [{"name": "t13"}],
            "gold": "t14",
            "id": "t15",
        }
    ],
    "harmony_text": [
        {
            "text": "<|start|>system<|message|>t1<|end|><|start|>user<|message|>t2<|end|>"
            "<|start|>assistant<|channel|>analysis<|message|>t3<|end|>"
            "<|start|>assistant to=functions.t4<|channel|>commentary json<|message|>{}<|call|>"
            "<|start|>functions.t4 to=assistant<|channel|>commentary<|message|>t5<|end|>"
            "<|start|>assistant<|channel|>final<|message|>t6<|return|>",
            "tools": '[{"name": "t7"}]',
            "id": "t8",
        }
    ],
    "transcript": [
        {"text": "t1\n\nHuman: t2\n\nAssistant: t3\n\nHuman: t4\n\nAssistant: t5", "id": "t6", "gold": "t7"},
        {"text": "### Instruction:\nt1\n\n### Input:\nt2\n\n### Response:\nt3</s>", "source": "t4"},
        {"printed": "<|im_start|>system\nt1<|im_end|>\n<|im_start|>user\nt2<|im_end|>\n<|im_start|>assistant\nt3"},
        {"text": "<s>[INST] <<SYS>>\nt1\n<</SYS>>\n\nt2 [/INST] t3 </s><s>[INST] t4 [/INST] t5 </s>"},
    ],
    "code_tests": [
        {
            "text": "t1",
            "code": "t2",
            "test_list": ["assert t3"],
            "test_setup_code": "t4",
            "challenge_test_list": ["t5"],
        },
        {
            "prompt": "def t1():\n",
            "canonical_solution": "    t2",
            "test": "def check(t3): pass",
            "entry_point": "t1",
            "id": "t4",
        },
        {
            "question": "t1",
            "solutions": '["t2", "t3"]',
            "input_output": '{"inputs": ["t4"], "outputs": ["t5"]}',
            "url": "t6",
        },
        {
            "question": "t1",
            "solution": "t2",
            "test": "from solution import f\ndef test_t3():\n    assert f('t4')",
            "style": "t5",
        },
        {
            "description": "t1",
            "solutions": {"language": [2, 3], "solution": ["t2", "t3"]},
            "public_tests": {"input": ["t4"], "output": ["t5"]},
            "private_tests": {"input": [], "output": []},
            "name": "t6",
        },
    ],
    "verl": [
        {
            "prompt": [{"role": "user", "content": "t1", "w": "t2"}],
            "reward_model": {"ground_truth": "t3", "style": "t4"},
            "extra_info": {"answer": "t5", "split": "t6"},
            "data_source": "t7",
        }
    ],
    "nested": [
        {"instruction": "t1", "instances": [{"input": "t2", "output": "t3", "x": "t4"}, {"output": "t5"}], "id": "t6"},
        {
            "title": "t1",
            "paragraphs": [
                {
                    "context": "t2",
                    "qas": [
                        {"question": "t3", "answers": [{"text": "t4", "answer_start": 1}, {"text": "t5"}], "id": "t6"}
                    ],
                    "other": "t7",
                }
            ],
        },
        {"input": "t1", "instructions": ["t2", "t3"], "outputs": ["t4", "t5"], "source": "t6"},
        {
            "table": {"uid": "t1", "table": [["t2", "t3"]]},
            "paragraphs": [{"uid": "t4", "order": 1, "text": "t5"}],
            "questions": [{"question": "t6", "answer": ["t7", "t8"], "scale": "t9", "derivation": "t10"}],
        },
    ],
    "text2sql": [
        {
            "sentences": [{"text": "t1 number0", "variables": {"number0": "t2"}, "question-split": "t3"}],
            "sql": ["t4 number0", "t5"],
            "variables": [{"name": "number0", "example": "t6"}],
            "query-split": "t7",
        }
    ],
    "toolalpaca": [
        {
            "Name": "t1",
            "Function_Description": {
                "t2": 't3\nParameters: {"t4": "Required. string. t5"}\nOutput: t6',
                "components": "t7",
            },
            "Instances": [
                {
                    "input": "t8",
                    "output": "t9",
                    "Final Thought": "t10",
                    "intermediate_steps": [[["t2", '{"t4": "t11"}', " t12\nAction: t2\nAction Input: {}"], "t13"]],
                }
            ],
        },
        {
            "Function_Description": {"t1": "t2"},
            "Instructions": ["t3"],
            "Golden_Answers": [[{"Action": "t1", "Action_Input": "t4", "why": "t5"}]],
        },
    ],
    "reasoning": [
        {
            "question": "t1",
            "gemini_thinking_trajectory": "t2",
            "gemini_attempt": "t3",
            "solution": "t4",
            "answer": "t5",
        },
        {"instruction": "t1", "input": "t2", "cot": "t3", "output": "t4", "id": "t5"},
        {"Question": "t1", "Complex_CoT": "t2", "Response": "t3"},
        {"problem": "t1", "solution": "t2", "answer": "t3", "reasoning": "t4"},
    ],
    "passages": [
        {"question": "t1", "answers": ["t2", "t3"], "ctxs": [{"title": "t4", "text": "t5", "id": "t6"}], "x": "t7"},
        {"question": "t1", "context": "t2", "answers": {"text": ["t3"], "answer_start": [0]}, "title": "t4"},
        {"question": "t1", "context": {"title": ["t2"], "sentences": [["t3", "t4"]]}, "answer": "t5"},
        {"question": "t1", "contexts": ["t2", "t3"], "answer": "t4", "ground_truth": "t5"},
    ],
    "speakers": [
        {
            "turns": [
                {"speaker": "USER", "utterance": "t1", "frames": ["t2"]},
                {"speaker": "SYSTEM", "utterance": "t3"},
            ],
            "id": "t4",
        },
        {
            "conversation": [{"human": "t1", "assistant": "t2"}, {"human": "t3", "assistant": "t4", "x": "t5"}],
            "system": "t6",
        },
        {"traj": [{"role": "user", "content": "t1"}, {"role": "assistant", "content": "t2"}], "reward": "t3"},
    ],
}

formats = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
writers = pytest.mark.parametrize("form", [form for form in FORMATS.values() if form.write], ids=lambda form: form.name)


@formats
def test_formats_say_who_they_are(form: Format) -> None:
    assert FORMATS[form.name] is form
    assert form.doc
    assert form.sniff({}) is None
    with pytest.raises(RowError) as caught:
        form.read({"nothing": "of ours"})
    assert caught.value.reason == "unexpected_keys"


@formats
def test_own_rows_are_known_and_no_text_of_them_is_lost(form: Format) -> None:
    for row in ROWS[form.name]:
        before = dumps(row)
        assert form.sniff(row), row
        drafts = form.drafts(row)
        assert dumps(row) == before, "the reader changed the raw row"
        assert form.drafts(row) == drafts
        assert all(len(content_hash(draft)) == 32 for draft in drafts)
        kept = {text for draft in drafts for text in re.findall(r"t\d+", dumps(asdict(draft)))}
        assert kept == set(re.findall(r"t\d+", before)), row


@formats
def test_records_of_own_rows_are_canonical(form: Format) -> None:
    for draft in (draft for row in ROWS[form.name] for draft in form.drafts(row)):
        assert all(message.role in ROLES for message in draft.messages)
        for message in draft.messages:
            for call in orjson.loads(message.tool_calls or "[]"):
                assert set(call) == {"id", "type", "function"}
                assert {type(value) for value in call["function"].values()} == {str}
        for tool in orjson.loads(draft.tools or "[]"):
            assert tool["type"] == "function"
            assert tool["function"]["name"]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(row=HOSTILE)
def test_any_json_row_gives_a_draft_or_a_row_error(row: dict[str, Any]) -> None:
    for form in FORMATS.values():
        reads_or_refuses(form, row)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A row of a format's own in which one value, at any depth, is another one or is gone."""
    name = draw(st.sampled_from(list(FORMATS)))
    row = orjson.loads(orjson.dumps(draw(st.sampled_from(ROWS[name]))))
    place: Any = row
    while True:
        key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            break
        place = place[key]
    if draw(st.integers(0, 3)):
        place[key] = draw(JSON | TURNS | TEXTS)
    else:
        del place[key]
    return name, row


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=damaged())
def test_a_damaged_row_gives_a_draft_or_a_row_error(case: tuple[str, dict[str, Any]]) -> None:
    name, row = case
    reads_or_refuses(FORMATS[name], row)


def reads_or_refuses(form: Format, row: dict[str, Any]) -> None:
    reason = form.sniff(row)
    assert reason is None or reason
    try:
        drafts = form.drafts(row)
    except RowError as error:
        check(error)
        return
    assert drafts
    for draft in drafts:
        assert isinstance(draft, Draft)
        assert all(isinstance(message.content, str) for message in draft.messages)
        held = (draft.tools, draft.reference, draft.tests, draft.schema)
        assert all(value is None or isinstance(value, str) for value in held)


def check(error: RowError, reason: str | None = None) -> None:
    assert re.fullmatch(r"[a-z_]+", error.reason)
    assert error.detail
    assert reason in (None, error.reason)


# --- the way back -----------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8"), max_size=10)
NAMES = st.text("abcdef_", min_size=1, max_size=5)
ARGUMENTS = st.dictionaries(NAMES, st.integers(-9, 9) | WORDS, max_size=2).map(lambda a: orjson.dumps(a).decode())


@st.composite
def canonical_turns(draw: st.DrawFn) -> tuple[Message, ...]:
    """Turns in any order of roles; ids are given to calls in order, results follow their calls in order."""
    messages: list[Message] = []
    pending: list[str] = []
    count = 0
    for _ in range(draw(st.integers(1, 5))):
        role = draw(st.sampled_from(ROLES))
        if role == "tool" and not pending:
            role = "user"
        if role == "tool":
            messages.append(Message("tool", draw(WORDS), tool_call_id=pending.pop(0)))
            continue
        calls = []
        for _ in range(draw(st.integers(0, 2)) if role == "assistant" else 0):
            function = {"name": draw(NAMES), "arguments": draw(ARGUMENTS)}
            calls.append({"id": f"call_{count}", "type": "function", "function": function})
            pending.append(f"call_{count}")
            count += 1
        thought = draw(st.none() | WORDS.filter(bool)) if role == "assistant" else None
        made = orjson.dumps(calls).decode() if calls else None
        messages.append(Message(role, draw(WORDS), thought, made, name=draw(st.none() | st.none() | NAMES)))
    return tuple(messages)


@st.composite
def canonical_records(draw: st.DrawFn) -> Record:
    tools = [{"type": "function", "function": {"name": draw(NAMES), "parameters": {"z": 1, "a": 2}}}]
    draft = Draft(
        messages=draw(canonical_turns()),
        tools=draw(st.sampled_from([None, orjson.dumps(tools).decode()])),
        reference=draw(st.none() | WORDS),
        tests=draw(st.none() | st.just("assert 1\nassert 2")),
        schema=draw(st.none() | st.just('{"type":"object","a":1}')),
    )
    return Record("s/f:0:00000000", "s", draft)


@writers
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(record=canonical_records())
def test_what_a_writer_takes_comes_back_equal(form: Format, record: Record) -> None:
    assert form.write
    try:
        row = form.write(record)
    except RowError as error:
        check(error, "cannot_write")
        return
    again = orjson.loads(orjson.dumps(row))
    assert form.read(again) == replace(record.draft, meta={})
    if form.sniff(again) is None:  # a talk without tools, in a format that marks nothing else
        assert sniff_format([again], "x")[0].read(again) == replace(record.draft, meta={})


@settings(max_examples=100, deadline=None)
@given(record=canonical_records())
def test_openai_messages_hold_every_canonical_record(record: Record) -> None:
    write = FORMATS["openai_messages"].write
    assert write
    assert FORMATS["openai_messages"].read(write(record)) == record.draft


@writers
@settings(max_examples=100, deadline=None)
@given(calls=JSON.map(lambda value: value if isinstance(value, str) else "[1]") | TEXTS, tools=TEXTS, call_id=TEXTS)
def test_writers_refuse_damaged_records_with_a_reason(form: Format, calls: str, tools: str, call_id: str) -> None:
    assert form.write
    turns = (Message("user", "a"), Message("assistant", "", None, calls), Message("tool", "r", tool_call_id=call_id))
    for messages in (turns, turns[:2], ()):
        try:
            form.write(Record("i", "s", Draft(messages, tools=tools)))
        except RowError as error:
            check(error)


def test_sharegpt_forgets_ids_and_spacing_and_nothing_else() -> None:
    function = {"name": "look", "arguments": '{"where": "here",  "n": 1}'}
    calls = orjson.dumps([{"id": "abc", "type": "function", "function": function}]).decode()
    messages = (
        Message("user", "q"),
        Message("assistant", "", None, calls),
        Message("tool", "r", tool_call_id="abc", name="look"),
        Message("assistant", "a"),
    )
    form = FORMATS["sharegpt"]
    assert form.write
    row = form.write(Record("i", "s", Draft(messages)))
    assert [turn["from"] for turn in row["conversations"]] == ["human", "function_call", "observation", "gpt"]
    back = form.read(row).messages
    assert back == renumbered(messages)
    assert [message.content for message in back] == [message.content for message in messages]


# --- mapping ----------------------------------------------------------------------------------

MAPPINGS = (
    {"user": "{question}", "assistant": "{answer}", "reference": "answer", "tests": "tests", "schema": "schema"},
    {"messages": "messages", "tools": "tools", "system": "{system}", "assistant": "{output.0.*}"},
    {"explode": "messages", "user": "{_}{_.content}", "assistant": "{turns._i}{_i}"},
    {"split": {"key": "prompt", "pattern": "(?P<user>.*?)a(?P<assistant>.*)"}, "reference": "{gold} {other}"},
)


@pytest.mark.parametrize("fields", MAPPINGS, ids=[" ".join(fields) for fields in MAPPINGS])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(row=HOSTILE)
def test_a_mapping_reads_any_json_row_or_raises_a_row_error(fields: dict[str, Any], row: dict[str, Any]) -> None:
    mapping = Mapping.model_validate(fields)
    try:
        drafts = mapping.read(row)
    except RowError as error:
        check(error)
        return
    assert drafts
    assert all(isinstance(message.content, str) for draft in drafts for message in draft.messages)
