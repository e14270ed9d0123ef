"""Formats whose tools and calls stand inside texts, against rows laid out as the public sets lay them out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from buckets import FORMATS, Draft, Message, Record, RowError, sniff_format
from buckets.formats.literals import literal, loose
from buckets.formats.python_types import object_schema, type_schema
from buckets.formats.pythonic import read_calls

ROOT = Path(__file__).parents[2]


def pairs(draft: Draft) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in draft.messages]


def calls(message: Message) -> list[tuple[str, str, Any]]:
    made = orjson.loads(message.tool_calls or "[]")
    return [(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in made]


def names(draft: Draft) -> list[str]:
    return [tool["function"]["name"] for tool in json.loads(draft.tools or "[]")]


def reason_of(name: str, row: dict[str, Any]) -> str:
    with pytest.raises(RowError) as caught:
        FORMATS[name].read(row)
    return caught.value.reason


# --- Hermes -----------------------------------------------------------------------------------

NOUS = (
    "You are a function calling AI model. You are provided with function signatures within <tools> </tools> XML tags. "
    "You may call one or more functions to assist with the user query. Don't make assumptions about what values to "
    "plug into functions.\n<tools>\n[{'type': 'function', 'function': {'name': 'get_camera', 'description': "
    "'It\\'s live', 'parameters': {'type': 'object', 'properties': {'id': {'type': 'string'}}, 'required': ['id']}}}]\n"
    "</tools>\n"
    "For each function call return a json object with function name and arguments within <tool_call> </tool_call> tags "
    "with the following schema:\n<tool_call>\n{'arguments': <args-dict>, 'name': <function-name>}\n</tool_call>\n"
)
QWEN = (
    "Be brief.\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided "
    'with function signatures within <tools></tools> XML tags:\n<tools>\n{"type": "function", "function": '
    '{"name": "a"}}\n{"type": "function", "function": {"name": "b"}}\n</tools>\n\n'
    "For each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)


def hermes(*turns: tuple[str, str]) -> dict[str, Any]:
    return {"conversations": [{"from": who, "value": text} for who, text in turns]}


def answer(text: str) -> Message:
    return FORMATS["hermes"].read(hermes(("human", "q"), ("gpt", text))).messages[-1]


def test_hermes_as_nous_writes_it() -> None:
    row = hermes(
        ("system", NOUS),
        ("human", "Show me both doors."),
        (
            "gpt",
            "<tool_call>\n{'arguments': {'id': 'front', 'hd': True}, 'name': 'get_camera'}\n</tool_call>\n<tool_call>\n"
            "{'arguments': {'id': 'back'}, 'name': 'get_camera'}\n</tool_call>\n",
        ),
        ("tool", '<tool_response>\n{"url": 1}\n</tool_response>\n<tool_response>\n{"url": 2}\n</tool_response>\n'),
        ("gpt", "Here they are."),
    )
    form, reason = sniff_format([{**row, "category": "IoT"}], "x")
    assert (form.name, reason) == ("hermes", "1 of 1 rows: the system text lists tools in <tools>")
    draft = form.read({**row, "category": "IoT"})
    assert pairs(draft) == [
        ("user", "Show me both doors."),
        ("assistant", ""),
        ("tool", '{"url": 1}'),
        ("tool", '{"url": 2}'),
        ("assistant", "Here they are."),
    ]
    both = [("call_0", "get_camera", {"id": "front", "hd": True}), ("call_1", "get_camera", {"id": "back"})]
    assert calls(draft.messages[1]) == both
    assert [message.tool_call_id for message in draft.messages] == [None, None, "call_0", "call_1", None]
    assert json.loads(draft.tools or "")[0]["function"]["description"] == "It's live"
    assert draft.meta == {"category": "IoT", "tool_prompt": NOUS}


def test_hermes_as_qwen_writes_it_in_openai_rows() -> None:
    turns = [
        ("system", QWEN),
        ("user", "q"),
        (
            "assistant",
            '<think>\nWhich?\n</think>\n\nI look.\n<tool_call>\n{"name": "a", "arguments": {}}\n</tool_call>',
        ),
        ("user", "<tool_response>\n1\n</tool_response>"),
        ("assistant", "done"),
    ]
    row = {"messages": [{"role": role, "content": text} for role, text in turns]}
    draft = sniff_format([row], "x")[0].read(row)
    rest = [("user", "q"), ("assistant", "I look."), ("tool", "1"), ("assistant", "done")]
    assert pairs(draft) == [("system", "Be brief."), *rest]
    assert draft.messages[2].reasoning == "Which?"
    assert names(draft) == ["a", "b"]
    assert draft.messages[3].tool_call_id == "call_0"


START = NOUS[: NOUS.index("\n<tools>")].replace("<tools> <", "<tools><")
CARD = (
    START
    + ' Here are the available tools:\n<tools>\n{"name": "get_camera"}\n</tools>\nUse the following pydantic model '
    'json schema for each tool call you will make:\n{"properties": {"arguments": {"title": "Arguments", "type": '
    '"object"}, "name": {"title": "Name", "type": "string"}}, "required": ["arguments", "name"], "title": '
    '"FunctionCall", "type": "object"}\nFor each function call return a json object with function name and arguments '
    "within <tool_call></tool_call> XML tags as follows:\n<tool_call>\n"
    '{"arguments": <args-dict>, "name": <function-name>}\n</tool_call>'
)
UNFILLED = (
    START
    + "Here are the available tools:<tools> [{'type': 'function', 'function': {'name': 'get_camera'}}] </tools>Use "
    "the following pydantic model json schema for each tool call you will make: {'title': 'FunctionCall', 'type': "
    "'object', 'properties': {'arguments': {'title': 'Arguments', 'type': 'object'}, 'name': {'title': 'Name', "
    "'type': 'string'}}, 'required': ['arguments', 'name']}For each function call return a json object with function "
    "name and arguments within <tool_call></tool_call> XML tags as follows:\n<tool_call>\n{tool_call}\n</tool_call>"
)


@pytest.mark.parametrize("text", [NOUS, CARD, UNFILLED], ids=["set", "model card", "template left unfilled"])
def test_known_words_around_tools_are_taken_out(text: str) -> None:
    for told in (text, f"You are Ann.\n\n{text}", f"{text}\n\nToday is Monday."):
        draft = FORMATS["hermes"].read(hermes(("system", told), ("human", "q")))
        rest = told.replace(text, "").strip()
        assert [message.content for message in draft.messages[:-1]] == ([rest] if rest else [])
        assert names(draft) == ["get_camera"]
        assert draft.meta == {"tool_prompt": told}


def test_a_prompt_in_other_words_stays_whole_and_says_so() -> None:
    text = 'Our tools: <tools>[{"name": "a"}]</tools> Use them well.'
    draft = FORMATS["hermes"].read(hermes(("system", text), ("human", "q")))
    assert (draft.messages[0].content, names(draft)) == (text, ["a"])
    assert "tools_in_system" in draft.meta
    for broken in ("<tools>[{]</tools>", "<tools>[{}]</tools>", '<tools>[{"name": "a"}]', "<tools></tools>"):
        draft = FORMATS["hermes"].read(hermes(("system", broken), ("human", "q")))
        assert (draft.messages[0].content, draft.tools) == (broken, None)
    row = {**hermes(("system", QWEN), ("human", "q")), "tools": [{"name": "other"}]}
    draft = FORMATS["hermes"].read(row)
    assert (draft.messages[0].content, names(draft)) == (QWEN, ["other"])
    own = [{"function": {"name": name}, "type": "function"} for name in "ab"]
    assert FORMATS["hermes"].read({**row, "tools": own}).messages[0].content == "Be brief."


def test_text_around_calls() -> None:
    call = '<tool_call>{"name": "f", "arguments": {"x": "</tool_call>"}}</tool_call>'
    assert answer(f"I look.\n{call}").content == "I look."
    assert answer(f"\n\n{call}\n").content == ""
    assert calls(answer(call)) == [("call_0", "f", {"x": "</tool_call>"})]
    draft = FORMATS["hermes"].read(hermes(("human", "q"), ("gpt", f"Before. {call} After.")))
    assert draft.messages[1].content == "Before.\n\nAfter."
    assert draft.meta == {"turns": {"1": {"text": f"Before. {call} After."}}}
    pad = "<scratch_pad>Plan.</scratch_pad>"
    assert answer(f"{pad}\n{call}").content == pad
    kept = (
        "<think>open",
        "<think>a</think><think>b</think>c",
        "Use <tool_call> tags.",
        "<tool_call>",
        "<tool_call>f(1)</tool_call>",
    )
    for text in kept:
        assert (answer(text).content, answer(text).tool_calls, answer(text).reasoning) == (text, None, None)


@pytest.mark.parametrize(
    "block",
    [
        '{"name": "f", "arguments": {"a": 1}</tool_call>',
        '{"name": "f", "arguments": {}}',
        '{"arguments": {}}</tool_call>',
        '{"name": "f", "arguments": {"a": NaN}}</tool_call>',
        '{"name": "f", "arguments": {"a": 1, "a": 2}}</tool_call>',
        "{'name': 'f', 'arguments': {'a': open('x')}}</tool_call>",
        "{'name': 'f', 'arguments': {'a': 1e999}}</tool_call>",
        '[{"name": "f"}, 3]</tool_call>',
        '{"name": "f"} and more</tool_call>',
        "[" * 100_000 + "</tool_call>",
    ],
)
def test_a_call_that_does_not_parse_quarantines_the_row(block: str) -> None:
    assert reason_of("hermes", hermes(("human", "q"), ("gpt", f"<tool_call>\n{block}"))) == "bad_tool_call"


def test_results_are_paired_by_name_and_told_apart_from_talk() -> None:
    made = '<tool_call>[{"name": "a"}, {"name": "b"}]</tool_call>'
    b = '<tool_response>{"name": "b", "content": {"n": 2}}</tool_response>'
    a = '<tool_response>{"name": "a", "content": "1"}</tool_response>'

    def read(who: str, text: str) -> list[tuple[str, str, str | None, str | None]]:
        messages = FORMATS["hermes"].read(hermes(("gpt", made), (who, text))).messages[1:]
        return [(m.role, m.content, m.tool_call_id, m.name) for m in messages]

    assert read("tool", f"{b}\n{a}") == [("tool", '{"n":2}', "call_1", "b"), ("tool", "1", "call_0", "a")]
    assert read("human", f"{b} And now? {a}") == [
        ("tool", '{"n":2}', "call_1", "b"),
        ("user", " And now? ", None, None),
        ("tool", "1", "call_0", "a"),
    ]
    assert read("tool", f"note {b}") == [("tool", f"note {b}", "call_0", None)]
    assert read("tool", "<tool_response>open") == [("tool", "<tool_response>open", "call_0", None)]


def test_plain_rows_are_not_hermes_and_mostly_plain_files_with_calls_are() -> None:
    plain = hermes(
        ("system", "Use <tools></tools>."), ("human", "What is <tool_call>{}</tool_call>?"), ("gpt", "A tag.")
    )
    marked = hermes(("human", "q"), ("gpt", '<tool_call>{"name": "f"}</tool_call>'))
    assert FORMATS["hermes"].sniff(plain) is None
    assert sniff_format([plain] * 20, "x")[0].name == "sharegpt"
    assert sniff_format([plain] * 19 + [marked], "x")[0].name == "sharegpt"
    assert sniff_format([plain] * 9 + [marked], "x")[0].name == "hermes"
    assert FORMATS["hermes"].read(plain) == FORMATS["sharegpt"].read(plain)


def test_what_turns_held_beside_their_text_keeps_to_its_turn() -> None:
    row = hermes(("human", "<tool_response>1</tool_response>b<tool_response>2</tool_response>"), ("gpt", "a"))
    row["conversations"][1]["weight"] = 0
    assert FORMATS["hermes"].read({**row, "system": "s"}).meta == {"turns": {"4": {"weight": 0}}}
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]
    assert FORMATS["openai_messages"].read({"messages": turns, "system": "s"}).meta == {"turns": {"2": {"weight": 0}}}


# --- xLAM -------------------------------------------------------------------------------------


def test_xlam_as_salesforce_writes_it() -> None:
    parameters = {
        "type": {"description": "The type of giveaway.", "type": "str", "default": "game"},
        "ids": {"description": "Ids.", "type": "List[int]"},
        "tag": {"description": "Tag.", "type": "str, optional"},
    }
    tools = json.dumps([{"name": "giveaways", "description": "Live giveaways.", "parameters": parameters}])
    answers = [{"name": "giveaways", "arguments": {"type": kind, "ids": [1]}} for kind in ("beta", "game")]
    row = {"id": 0, "query": "Beta access and games?", "tools": tools, "answers": json.dumps(answers)}
    form, reason = sniff_format([row], "x")
    assert (form.name, reason) == ("xlam", "1 of 1 rows: has query, tools and answers that are calls")
    draft = form.read(row)
    assert pairs(draft) == [("user", "Beta access and games?"), ("assistant", "")]
    assert [call[2]["type"] for call in calls(draft.messages[1])] == ["beta", "game"]
    schema = json.loads(draft.tools or "")[0]["function"]["parameters"]
    assert schema == {
        "type": "object",
        "properties": {
            "type": {"type": "string", "description": "The type of giveaway.", "default": "game"},
            "ids": {"type": "array", "items": {"type": "integer"}, "description": "Ids."},
            "tag": {"type": "string", "description": "Tag."},
        },
        "required": ["ids"],
    }
    assert draft.meta == {"id": 0, "tools": tools}


def test_xlam_edges() -> None:
    read = FORMATS["xlam"].read
    schema = [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}]
    row = {"query": "q", "tools": schema, "answers": "[]"}
    assert json.loads(read(row).tools or "")[0]["function"] == schema[0]
    assert (read(row).messages[1], read(row).meta) == (Message("assistant"), {})
    assert reason_of("xlam", {**row, "answers": "f()"}) == "bad_tool_call"
    assert reason_of("xlam", {**row, "answers": '[{"arguments": {}}]'}) == "bad_tool_call"
    assert reason_of("xlam", {**row, "tools": "f"}) == "bad_tools"
    assert FORMATS["xlam"].sniff({"query": "q", "answers": ["a", "b"], "tools": "[]"}) is None


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("str", {"type": "string"}),
        ("Dict[str, float]", {"type": "object", "additionalProperties": {"type": "number"}}),
        ("List[List[bool]]", {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}}),
        ("Tuple[int, str]", {"type": "array"}),
        ("Union[int, str]", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ("Optional[int]", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("int | None", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("Union[int, Any]", {}),
        ("Callable[[float], float]", {}),
        ("List[", {}),
        ("[[", {}),
        ("List[" * 500 + "]" * 500, None),
    ],
)
def test_python_types(text: str, schema: dict[str, Any] | None) -> None:
    assert schema is None or type_schema(text) == schema
    made = object_schema({"p": {"type": f"{text}, optional"}, "q": {"type": "int", "required": True, "default": 1}})
    assert made["required"] == ["q"]


# --- ToolACE ----------------------------------------------------------------------------------

ACE = (
    "You are an expert in composing functions. You are given a question and a set of possible functions. Based on the "
    "question, you will need to make one or more function/tool calls to achieve the purpose.\nIf none of the function "
    "can be used, point it out. If the given question lacks the parameters required by the function,\nalso point it "
    "out. You should only return the function call in tools call sections.\nHere is a list of functions in JSON format "
    'that you can invoke:\n[{"name": "Market Trends API", "description": "d", "parameters": {"type": "dict", '
    '"properties": {"trend_type": {"type": "string"}}, "required": ["trend_type"]}, "required": null}, '
    '{"name": "User (Video) V2"}]. \n'
    "Should you decide to return the function call(s). \nPut it in the format of [func1(params_name=params_value, "
    "params_name2=params_value2...), func2(params)]\n\nNO other text MUST be included. \n"
)


def test_toolace_as_it_is_published() -> None:
    turns = [
        ("user", "How are the markets?"),
        ("assistant", '[Market Trends API(trend_type="MARKET_INDEXES", n=[1, {"a": True}]), User (Video) V2()]'),
        (
            "tool",
            '[{"name": "User (Video) V2", "results": "none"}, {"name": "Market Trends API", "results": {"up": 1}}]',
        ),
        ("assistant", "Up."),
    ]
    row = {"system": ACE, "conversations": [{"from": who, "value": text} for who, text in turns]}
    form, reason = sniff_format([row], "x")
    assert (form.name, "asks for calls as [func(param=value)]" in reason) == ("toolace", True)
    draft = form.read(row)
    assert names(draft) == ["Market Trends API", "User (Video) V2"]
    arguments = {"trend_type": "MARKET_INDEXES", "n": [1, {"a": True}]}
    assert calls(draft.messages[1]) == [("call_0", "Market Trends API", arguments), ("call_1", "User (Video) V2", {})]
    assert [(m.role, m.content, m.tool_call_id) for m in draft.messages[2:]] == [
        ("tool", "none", "call_1"),
        ("tool", '{"up":1}', "call_0"),
        ("assistant", "Up.", None),
    ]
    assert draft.messages[0].role == "user"
    assert draft.meta == {"tool_prompt": ACE}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("[f(a=1)]", [("f", {"a": 1})]),
        (" [f(a=1), g.h/i-j(b='it\\'s', c=\"x, y)\")] \n", [("f", {"a": 1}), ("g.h/i-j", {"b": "it's", "c": "x, y)"})]),
        ("[f(from='x', sort-by=None, ok=true, no=False, n=null)]", [("f", dict.fromkeys(["from"], "x"))]),
        (
            "[f(a=-1.5, b=(1, 2), c={'k': [\"v\"]}, d='a' 'b')]",
            [("f", {"a": -1.5, "b": [1, 2], "c": {"k": ["v"]}, "d": "ab"})],
        ),
        ("[known()]", [("known", {})]),
        ("[known (a=1)]", [("known", {"a": 1})]),
        ("[f(a=[1, 'it]'],)]", [("f", {"a": [1, "it]"]})]),
    ],
)
def test_pythonic_calls(text: str, made: list[tuple[str, dict[str, Any]]]) -> None:
    found = read_calls(text, ["known"])
    assert found is not None
    assert [call["name"] for call in found] == [name for name, _ in made]
    for call, (_, arguments) in zip(found, made, strict=True):
        assert arguments.items() <= call["arguments"].items()


def test_words_of_json_and_python_for_nothing_and_truth() -> None:
    (call,) = read_calls("[f(sort-by=None, ok=true, no=False, n=null)]") or []
    assert call["arguments"] == {"sort-by": None, "ok": True, "no": False, "n": None}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[f]",
        "[f(1)]",
        "[f(a=1) and more]",
        "So: [f(a=1)]",
        "[f(a=1)].",
        "[f(a=b)]",
        "[f(a=g())]",
        "[f(a=__import__('os').system('x'))]",
        "[f(a=f'{x}')]",
        "[f(a=1, a=2)]",
        "[f(a={1, 2})]",
        "[f(a={1: 2})]",
        "[f(a=1e999)]",
        "[f(a=99999999999999999999999)]",
        "[f(a='\ud800')]",
        "[f(a=b'x')]",
        "[f(a=...)]",
        "[f(a==1)]",
        "[f(*a)]",
        "[f(a=1), ]",
        "[f(a=1) (b=2)]",
        "[f(a='open)]",
        "[unknown()]",
        "[f(a=" + "(" * 10_000 + ")]",
        "[f(a=" + "[" * 10_000 + "]" * 10_000 + ")]",
        "[f(a=" + "-" * 10_000 + "1)]",
    ],
)
def test_text_that_is_not_wholly_calls_is_text(text: str) -> None:
    assert read_calls(text, ["known"]) is None
    row = {"conversations": [{"from": "user", "value": "q"}, {"from": "assistant", "value": text}], "system": ACE}
    if "\ud800" not in text:
        assert pairs(FORMATS["toolace"].read(row))[-1] == ("assistant", text)


def test_calls_that_stay_text_are_noted() -> None:
    row = {"conversations": [{"from": "user", "value": "q"}, {"from": "assistant", "value": "[f(1)]"}]}
    assert list(FORMATS["toolace"].read(row).meta["turns"]["1"]) == ["unread_calls"]


def test_literals_are_read_and_never_run() -> None:
    assert literal("{'a': (1, -2.5, None), \"b\": 'it\\'s'}") == {"a": [1, -2.5, None], "b": "it's"}
    assert loose('{"a": "\\/"}') == {"a": "/"}
    for text in (
        "x",
        "f()",
        "1+1",
        "[*a]",
        "{**a}",
        "lambda: 1",
        "1j",
        "",
        "'" + "a" * 300_000 + "'",
        "{'a': 1, 'a': 2}",
    ):
        with pytest.raises(ValueError, match=r"\w"):
            loose(text)


# --- Glaive -----------------------------------------------------------------------------------


def test_glaive_as_it_is_published() -> None:
    system = (
        "SYSTEM: You are a helpful assistant with access to the following functions. Use them if required -\n"
        '{\n    "name": "get_rate",\n    "description": "d",\n    "parameters": {\n        "type": "object"\n    }\n}'
        "\n\n"
        '{\n    "name": "note"\n}\n'
    )
    chat = (
        'USER: Rate of USD?\n\n\nASSISTANT: <functioncall> {"name": "get_rate", "arguments": \'{"from": "USD"}\'} '
        '<|endoftext|>\n\n\nFUNCTION RESPONSE: {"rate": 0.85}\n\n\nASSISTANT: It is 0.85.\n'
        "Anything else? <|endoftext|>"
        '\n\n\nUSER: Note it\'s fine\n\n\nASSISTANT: I note. <functioncall> {"name": "note", "arguments": '
        '\'{"text": "it\\\'s  fine"}\'} <|endoftext|>'
    )
    row = {"system": system, "chat": chat}
    form, reason = sniff_format([row], "x")
    assert (form.name, reason) == ("glaive", "1 of 1 rows: chat is a text of USER: and ASSISTANT: turns")
    draft = form.read(row)
    assert pairs(draft) == [
        ("user", "Rate of USD?"),
        ("assistant", ""),
        ("tool", '{"rate": 0.85}'),
        ("assistant", "It is 0.85.\nAnything else?"),
        ("user", "Note it's fine"),
        ("assistant", "I note."),
    ]
    assert calls(draft.messages[1]) == [("call_0", "get_rate", {"from": "USD"})]
    assert calls(draft.messages[5]) == [("call_1", "note", {"text": "it's  fine"})]
    assert draft.messages[2].tool_call_id == "call_0"
    assert names(draft) == ["get_rate", "note"]
    assert draft.meta == {"tool_prompt": system}


def test_glaive_edges() -> None:
    def read(chat: str, system: str | None = None) -> Draft:
        return FORMATS["glaive"].read({"system": system, "chat": chat})

    none = "SYSTEM: You are a helpful assistant, with no access to external functions.\n"
    draft = read("USER: a\n\n\nASSISTANT: b <|endoftext|>", none)
    assert pairs(draft)[0] == ("system", "You are a helpful assistant, with no access to external functions.")
    assert draft.meta == {}
    assert pairs(read("USER: a\nA: b")) == [("user", "a"), ("assistant", "b")]
    flat = "USER: a   ASSISTANT: b <|endoftext|>   FUNCTION RESPONSE: 1   ASSISTANT: c USER: d <|endoftext|>   "
    assert pairs(read(flat)) == [("user", "a"), ("assistant", "b"), ("tool", "1"), ("assistant", "c USER: d")]
    assert pairs(read("USER: a\n\n\nASSISTANT: Q: x\nA: y")) == [("user", "a"), ("assistant", "Q: x\nA: y")]
    shapes = ('{"name": "f", "arguments": {"x": 1}}', '{"name": "f", "arguments": "{\\"x\\": 1}"}')
    for shape in (*shapes, "{'name': 'f', 'arguments': {'x': 1}} </functioncall>"):
        assert calls(read(f"ASSISTANT: <functioncall> {shape} <|endoftext|>").messages[0]) == [
            ("call_0", "f", {"x": 1})
        ]
    reasons = {
        "hello": "bad_chat",
        "": "bad_chat",
        "x\nUSER: a": "bad_chat",
        "ASSISTANT: a <|endoftext|> b": "bad_chat",
        'ASSISTANT: <functioncall> {"name": "f", "arguments": {"city": }': "bad_tool_call",
        "ASSISTANT: <functioncall> {\"arguments\": '{}'}": "bad_tool_call",
        "ASSISTANT: <functioncall>": "bad_tool_call",
    }
    for chat, reason in reasons.items():
        assert reason_of("glaive", {"system": "", "chat": chat}) == reason
    assert FORMATS["glaive"].sniff({"chat": "hello", "system": ""}) is None
    assert FORMATS["glaive"].sniff({"chat": [{"role": "user", "content": "USER: a"}]}) is None


# --- what a writer must refuse ------------------------------------------------------------------


def record(*messages: Message, tools: str | None = None) -> Record:
    return Record("i", "s", Draft(messages, tools))


def call(*functions: tuple[str, str]) -> str:
    made = [
        {"id": f"call_{n}", "type": "function", "function": {"name": f, "arguments": a}}
        for n, (f, a) in enumerate(functions)
    ]
    return json.dumps(made, separators=(",", ":"))


def test_arguments_that_an_object_would_change_stay_the_text_that_the_model_wrote() -> None:
    for text in ('{"a": 1, "a": 2}', '{"a": 1e999}', '{"a": 123456789012345678901}', "not json", "[1]"):
        messages = (Message("user", "q"), Message("assistant", "", None, call(("f", text))))
        for name in ("hermes", "sharegpt", "xlam", "glaive"):
            form = FORMATS[name]
            assert form.write is not None
            assert form.read(form.write(record(*messages))).messages == messages, (name, text)


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("hermes", (Message("developer", "d"), Message("user", "q"))),
        ("hermes", (Message("user", "q", name="Ann"),)),
        ("hermes", (Message("user", "<tool_response>x</tool_response>"),)),
        ("hermes", (Message("assistant", '<tool_call>{"name": "f"}</tool_call>'),)),
        ("hermes", (Message("assistant", "a", reasoning="r </think>"),)),
        ("toolace", (Message("assistant", "text", None, call(("f", "{}"))),)),
        ("toolace", (Message("assistant", "", None, call(("f", "not json"))),)),
        ("toolace", (Message("assistant", "[f(a=1)]"),)),
        ("toolace", (Message("assistant", "", None, call(("f(", '{"a":1}'))),)),
        ("toolace", (Message("assistant", "", None, call(("f", '{"a=b":1}'))),)),
        ("glaive", (Message("user", "a\nUSER: b"),)),
        ("glaive", (Message("assistant", "", None, call(("f", "{}"), ("g", "{}"))),)),
        ("glaive", (Message("user", "q"), Message("system", "late"))),
        ("xlam", (Message("user", "q"), Message("assistant", "text"))),
        ("xlam", (Message("system", "s"), Message("user", "q"), Message("assistant"))),
    ],
)
def test_writers_refuse_what_they_cannot_hold(name: str, messages: tuple[Message, ...]) -> None:
    write = FORMATS[name].write
    assert write is not None
    with pytest.raises(RowError) as caught:
        write(record(*messages))
    assert caught.value.reason == "cannot_write"
    assert len(caught.value.detail) > 20


# --- the docs -----------------------------------------------------------------------------------


def test_the_worked_examples_of_the_docs() -> None:
    text = (ROOT / "docs" / "formats.md").read_text()
    section = text[text.index("## Tools and calls inside texts") :]
    section = section[: section.index("\n## ", 3)]
    examples = re.findall(r"### `(\w+)`.*?```json\n(.*?)```.*?```json\n(.*?)```", section, re.DOTALL)
    assert [name for name, _, _ in examples] == ["hermes", "xlam", "toolace", "glaive"]
    for name, raw, wanted in examples:
        row = json.loads(raw)
        form, _ = sniff_format([row], name)
        assert form.name == name
        draft = form.read(row)
        told = json.loads(wanted)
        turns = FORMATS["openai_messages"].read({"messages": told["messages"], "tools": told["tools"]})
        assert draft.messages == turns.messages, name
        assert draft.tools == turns.tools, name
        assert sorted(draft.meta) == told["meta"], name


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "user", "content": "<think>a</think>b"},
        {"role": "assistant", "content": " \n<think>a</think>\n\nb"},
        {"role": "assistant", "content": "b", "tool_call_id": ""},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "x", "function": {"name": "f", "weight": 2}}]},
        {"role": "user", "tool_calls": [{"name": "f", "parameters": {"a": 1}}, {"name": "g"}]},
        {"role": "Assistant", "tool_calls": [], "tool_call_id": "z"},
        {"role": "tool", "content": "4"},
        {"role": "tool", "content": "4", "tool_call_id": ""},
        {"role": "tool", "content": "4", "tool_call_id": "two"},
        {"role": "tool", "content": None, "tool_call_id": None},
    ],
    ids=str,
)
def test_the_quick_way_reads_what_the_slow_one_does(turn: dict[str, Any]) -> None:
    calls = [{"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}} for name in ("one", "two")]
    before = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "", "tool_calls": calls}]
    read = FORMATS["openai_messages"].read
    quick = read({"messages": [*before, turn]})
    slow = read({"messages": [*before, {**turn, "weight": 7}]})  # one key more than the quick way takes
    assert slow.messages == quick.messages
    held = slow.meta["turns"]["2"]
    assert held.pop("weight") == 7
    assert quick.meta.get("turns", {}).get("2", {}) == held
