"""Harmony, transcripts, code with tests, reasoning, nested sets and mappings, against known answers and round trips."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import FORMATS, Draft, InputError, Mapping, Message, Record, RowError, read_rows, sniff_format
from buckets.formats.channels import numbered
from buckets.formats.thought import lifted, wrapped

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"


def pairs(draft: Draft) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in draft.messages]


def reason_of(name: str, row: dict[str, Any]) -> str:
    with pytest.raises(RowError) as caught:
        FORMATS[name].drafts(row)
    return caught.value.reason


def sniffed(row: dict[str, Any]) -> str:
    return sniff_format([row], "x.jsonl")[0].name


# --- reasoning --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer", "thought"),
    [
        ("<think>\nTwo.\n</think>\n\nFour.", "Four.", "Two."),
        ("<think>Two.</think>Four.", "Four.", "Two."),
        ("\n<think>\n\nTwo.\n\n</think>\nFour.", "Four.", "\nTwo.\n"),
        ("<think>\n\n</think>\n\nFour.", "Four.", None),  # a model told not to think
        ("<thinking>a</thinking>b", "b", "a"),
        ("<|begin_of_thought|>\n\na\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\nb\n<|end_of_solution|>", "b", "a"),
    ],
)
def test_a_reasoning_block_is_lifted(text: str, answer: str, thought: str | None) -> None:
    assert lifted(text) == (answer, thought)
    for row in (
        {"instruction": "q", "output": text},
        {"question": "q", "answer": text},
        {"prompt": "q", "response": text},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": text}]},
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": text}]},
        {"text": f"\n\nHuman: q\n\nAssistant: {text}"},
    ):
        [draft] = FORMATS[sniffed(row)].drafts(row)
        assert draft.messages == (Message("user", "q"), Message("assistant", answer, thought))


@pytest.mark.parametrize(
    "text",
    [
        "<think>never closed",
        "<think>a</think>b<think>c</think>d",
        "Write <think>a</think> first.",
        "a</think>b",
        "<think>a</thinking>b",
    ],
)
def test_doubtful_blocks_stay_in_the_text(text: str) -> None:
    assert lifted(text) == (text, None)


def test_a_users_tags_are_not_touched() -> None:
    row = {"messages": [{"role": "user", "content": "<think>a</think>b"}, {"role": "assistant", "content": "c"}]}
    assert pairs(FORMATS["openai_messages"].read(row))[0] == ("user", "<think>a</think>b")


def test_reasoning_keys() -> None:
    read = FORMATS["reasoning"].read
    answer = read({"question": "q", "reasoning": "r", "answer": "a"}).messages[-1]
    assert (answer.content, answer.reasoning) == ("a", "r")
    medical = read({"Question": "q", "Complex_CoT": "r", "Response": "a"})
    assert medical.messages == (Message("user", "q"), Message("assistant", "a", "r"))
    worked = read({"problem": "q", "cot": "r", "solution": "so \\boxed{4}", "answer": "4"})
    assert (worked.messages[-1].content, worked.reference) == ("so \\boxed{4}", "4")
    s1 = {"question": "q", "solution": "128", "cot_type": "math"}
    s1 |= {"deepseek_thinking_trajectory": "", "deepseek_attempt": "x"}
    s1 |= {"gemini_thinking_trajectory": "r", "gemini_attempt": "a"}
    draft = read(s1)
    assert draft.messages == (Message("user", "q"), Message("assistant", "a", "r"))
    assert draft.reference == "128"
    kept = ("solution", "cot_type", "deepseek_thinking_trajectory", "deepseek_attempt")
    assert draft.meta == {key: s1[key] for key in kept}
    assert read({"prompt": "q", "reasoning": "", "response": "a"}).messages[-1].reasoning is None
    twice = {"prompt": "q", "reasoning": "r", "response": "<think>s</think>a"}
    assert reason_of("reasoning", twice) == "two_reasonings"
    assert read({"prompt": "q", "reasoning": "<think>r</think>", "response": "a"}).messages[-1].reasoning == "r"


# --- Harmony ----------------------------------------------------------------------------------

# The example of OpenAI's own guide to the format, shortened.
HARMONY = (
    "<|start|>system<|message|>You are ChatGPT.\nReasoning: high<|end|>"
    "<|start|>developer<|message|># Instructions\n\nBe kind.<|end|>"
    "<|start|>user<|message|>What is the weather in SF?<|end|>"
    "<|start|>assistant<|channel|>analysis<|message|>Need to use function get_weather.<|end|>"
    "<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json"
    '<|message|>{"location":"SF"}<|call|>'
    '<|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>{"sunny": true}<|end|>'
    "<|start|>assistant<|channel|>final<|message|>It is sunny.<|return|>"
)


def test_harmony_text_of_the_guide() -> None:
    assert sniffed({"text": HARMONY}) == "harmony_text"
    draft = FORMATS["harmony_text"].read({"text": HARMONY})
    function = '{"name":"get_weather","arguments":"{\\"location\\":\\"SF\\"}"}'
    call = f'[{{"id":"call_0","type":"function","function":{function}}}]'
    assert draft.messages == (
        Message("system", "You are ChatGPT.\nReasoning: high"),
        Message("developer", "# Instructions\n\nBe kind."),
        Message("user", "What is the weather in SF?"),
        Message("assistant", "", "Need to use function get_weather.", call),
        Message("tool", '{"sunny": true}', tool_call_id="call_0"),
        Message("assistant", "It is sunny."),
    )
    other = "assistant to=functions.get_weather<|channel|>commentary json<|message|>"
    header = "assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>"
    assert FORMATS["harmony_text"].read({"text": HARMONY.replace(header, other)}) == draft


@pytest.mark.parametrize(
    "text",
    [
        HARMONY.replace("Be kind.", "Write <|end|> last."),
        HARMONY.replace("Be kind.", "Write <|start|> first."),
        HARMONY.removesuffix("<|return|>"),
        HARMONY + "and more",
    ],
)
def test_harmony_tokens_inside_a_message_are_refused(text: str) -> None:
    assert reason_of("harmony_text", {"text": text}) == "ambiguous_turns"


def test_harmony_results_find_their_call_by_name() -> None:
    calls = [
        {"role": "assistant", "channel": "commentary", "recipient": f"functions.{name}", "content": "{}"}
        for name in ("a", "b")
    ]
    results = [{"role": "tool", "name": f"functions.{name}", "content": name} for name in ("b", "a")]
    row = {"messages": [{"role": "user", "content": "q"}, *calls, *results]}
    assert sniffed(row) == "harmony"
    draft = FORMATS["harmony"].read(row)
    assert [(m.role, m.tool_call_id) for m in draft.messages[2:]] == [("tool", "call_1"), ("tool", "call_0")]
    assert reason_of("openai_messages", row) == "harmony_channels"  # a chat file with a few such rows
    loud = {"messages": [{"role": "assistant", "channel": "loud", "content": "x"}]}
    assert reason_of("harmony", loud) == "unknown_channel"


# --- transcripts ------------------------------------------------------------------------------

ASKED = [("user", "hi"), ("assistant", "ho"), ("user", "more"), ("assistant", "yes")]


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("\n\nHuman: hi\n\nAssistant: ho\n\nHuman: more\n\nAssistant: yes", ASKED),
        ("### Human: hi### Assistant: ho### Human: more### Assistant: yes", ASKED),
        ("Below is a task.\n\n### Instruction:\nhi\n\n### Input:\nmore\n\n### Response:\nho</s>",
         [("system", "Below is a task."), ("user", "hi\n\nmore"), ("assistant", "ho")]),
        ("user: hi\nassistant: ho\nuser: more\nassistant: yes", ASKED),
        ("USER: hi\nASSISTANT: ho\nUSER: more\nASSISTANT: yes", ASKED),
        ("table: a\nQ: hi\nA: ho", [("user", "table: a\nQ: hi"), ("assistant", "ho")]),
        ("<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nhi [/INST] ho </s><s>[INST] more [/INST] yes </s>",
         [("system", "Be kind."), *ASKED]),
        ("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nho<|im_end|>\n<|im_start|>user\nmore<|im_end|>\n"
         "<|im_start|>assistant\nyes<|im_end|>\n", ASKED),
        ("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
         "<|start_header_id|>assistant<|end_header_id|>\n\nho<|eot_id|>", ASKED[:2]),
        ("<bos><start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\nho<end_of_turn>\n", ASKED[:2]),
        ("<|system|>\nBe kind.</s>\n<|user|>\nhi</s>\n<|assistant|>\nho</s>\n", [("system", "Be kind."), *ASKED[:2]]),
    ],
)  # fmt: skip
def test_transcripts(text: str, turns: list[tuple[str, str]]) -> None:
    row = {"text": text, "id": 7}
    assert sniffed(row) == "transcript"
    draft = FORMATS["transcript"].read(row)
    assert pairs(draft) == turns
    assert draft.meta == {"id": 7}


@pytest.mark.parametrize(
    "text",
    [
        "\n\nHuman: hi\n\nHuman: again\n\nAssistant: ho",
        "\n\nHuman: hi\n\nAssistant: ho\n\nAssistant: again",
        "\n\nHuman: what does\nAssistant: mean?\n\nAssistant: ho",
        "\n\nAssistant: ho\n\nHuman: hi",
        "### Instruction:\nhi\n\n### Response:\nUse\n### Response:\nfor it",
        "### Human: hi### Assistant: Use ## Human or ### Assistant headings",
        "user: hi\nassistant: ho\nassistant: again",
        "user: hi\nassistant: write\n User: as the first word",
        "<|im_start|>user\nhi <|im_start|>assistant\nho<|im_end|>",
        "<|im_start|>user\nhi<|im_end|>stray<|im_start|>assistant\nho<|im_end|>",
        "[INST] hi [INST] again [/INST] ho",
        "[INST] hi [/INST] ho [/INST] again",
    ],
)
def test_ambiguous_markers_are_never_guessed(text: str) -> None:
    assert reason_of("transcript", {"text": text}) == "ambiguous_turns"


def test_turns_that_a_print_lost_and_tools_as_text() -> None:
    assert reason_of("transcript", {"text": "user: hi\nassistant: None\ntool: found\nassistant: ho"}) == "lost_turn"
    text = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<tool_call>{}</tool_call><|im_end|>"
    assert reason_of("transcript", {"text": text}) == "tool_calls_in_text"


HOSTILE = (
    "[INST] a [/INST]" * 20_000,
    "[INST]" * 50_000,
    "<|im_start|>user\na<|im_end|>" * 20_000,
    " " * 300_000,
    "### Human: a### Assistant: b" + " " * 300_000 + "#" * 300_000,
    "\n" * 300_000 + "Q: " * 1000,
    "<|start|>" * 50_000,
    "<think>" * 50_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:16]) for text in HOSTILE])
def test_hostile_texts_are_cut_in_linear_time(text: str) -> None:
    started = time.process_time()
    for name in ("transcript", "harmony_text", "alpaca"):
        row = {"text": text, "instruction": "a", "output": text}
        FORMATS[name].sniff(row)
        with contextlib.suppress(RowError):
            FORMATS[name].drafts(row)
    assert time.process_time() - started < 5  # seconds; one pass is under 0.5, a quadratic walk takes minutes


# --- preference -------------------------------------------------------------------------------


def test_ultrafeedback_repeats_the_chosen_side_and_scores() -> None:
    chosen = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}]
    rejected = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bad"}]
    row = {"prompt": "q", "messages": chosen, "chosen": chosen, "rejected": rejected, "score_chosen": 8.0}
    draft = FORMATS["preference"].read(row)
    assert pairs(draft) == [("user", "q"), ("assistant", "good")]
    assert draft.meta == {"score_chosen": 8.0, "rejected": [{"role": "assistant", "content": "bad"}]}


def test_dpo_with_history_and_a_rejected_response() -> None:
    row = {"query": "q", "response": "good", "rejected_response": "bad", "history": [["q0", "a0"]], "system": "s"}
    assert sniffed(row) == "preference"
    draft = FORMATS["preference"].read(row)
    assert pairs(draft) == [("system", "s"), ("user", "q0"), ("assistant", "a0"), ("user", "q"), ("assistant", "good")]
    assert draft.meta == {"rejected": [{"role": "assistant", "content": "bad"}]}


@pytest.mark.shared
def test_what_is_known_of_hh_rlhf() -> None:
    """4 empty chosen answers, 8 that do not alternate, 5 pairs that differ before the last turn; nothing is lost."""
    if not SHARED.is_dir():
        pytest.skip("the real data sets are not beside the checkout")
    rows = [raw.value or {} for raw in read_rows(SHARED / "hh_rlhf/harmless-base_test.jsonl.gz")]
    empty = odd = early = 0
    for row in rows:
        draft = FORMATS["preference"].read(row)
        roles = [message.role for message in draft.messages]
        empty += not draft.messages[-1].content.strip()
        odd += any(one == two for one, two in pairwise(roles))
        other = row["rejected"].count("\n\nHuman:") + row["rejected"].count("\n\nAssistant:")
        early += other - len(draft.meta["rejected"]) < max(other, len(roles)) - 1
    assert (len(rows), empty, odd, early) == (2312, 4, 8, 5)


# --- code with tests --------------------------------------------------------------------------


def test_mbpp_and_humaneval() -> None:
    row = {"text": "Add.", "code": "def f(a):\r\n    return a", "test_list": ["assert f(1) == 1"], "task_id": 2}
    row |= {"test_setup_code": "import math", "challenge_test_list": ["assert f(2) == 2"]}
    draft = FORMATS[sniffed(row)].read(row)
    assert draft.tests == "import math\nassert f(1) == 1\nassert f(2) == 2"
    assert pairs(draft)[1] == ("assistant", "def f(a):\r\n    return a")
    assert draft.meta == {"task_id": 2}
    row = {"prompt": "def f(a):\n", "canonical_solution": "    return a\n", "entry_point": "f"}
    row |= {"test": "def check(candidate):\n    assert candidate(1) == 1\n"}
    draft = FORMATS[sniffed(row)].read(row)
    assert pairs(draft)[1] == ("assistant", "def f(a):\n    return a\n")
    assert draft.tests == "def check(candidate):\n    assert candidate(1) == 1\n\ncheck(f)"
    whole = FORMATS["code_tests"].read({**row, "canonical_solution": "def f(a):\n    return a\n"})
    assert pairs(whole)[1] == ("assistant", "def f(a):\n    return a\n")
    assert reason_of("code_tests", {**row, "canonical_solution": " "}) == "no_answer"
    assert reason_of("code_tests", {**row, "entry_point": "f(__import__('os'))"}) == "bad_tests"


def test_apps_calls_become_asserts_and_programs_keep_their_cases() -> None:
    cases = {"fn_name": "f", "inputs": [[1, "a"], [2, "b"]], "outputs": [[3], 4]}
    row = {"question": "Add.", "solutions": json.dumps(["def f(a, b): ...", "other"])}
    row["input_output"] = json.dumps(cases)
    draft = FORMATS[sniffed(row)].read(row)
    assert draft.tests == "assert f(1, 'a') in ([3], 3)\nassert f(2, 'b') == 4"
    assert draft.meta == {"other_solutions": ["other"]}
    method = {**row, "solutions": json.dumps(["class Solution:\n    def f(self, a, b): ..."])}
    assert str(FORMATS["code_tests"].read(method).tests).startswith("assert Solution().f(1, 'a')")
    stdio = {**row, "input_output": json.dumps({"inputs": ["1\n", ["2", "3"]], "outputs": ["1\n", "5"]})}
    draft = FORMATS["code_tests"].read(stdio)
    assert draft.tests is None
    assert draft.meta["io_tests"] == [{"input": "1\n", "output": "1\n"}, {"input": "2\n3", "output": "5"}]
    uneven = {**row, "input_output": json.dumps({"inputs": ["1"], "outputs": []})}
    assert reason_of("code_tests", uneven) == "bad_tests"
    contest = {"description": "Add.", "public_tests": {"input": ["1"], "output": ["1"]}, "name": "x"}
    contest |= {"solutions": {"language": [2, 3], "solution": ["int main", "print(input())"]}}
    draft = FORMATS[sniffed(contest)].read(contest)
    assert pairs(draft)[1] == ("assistant", "print(input())")
    assert draft.meta["io_tests"] == [{"input": "1", "output": "1"}]


def test_pytest_functions_are_called() -> None:
    test = "from solution import f\n\ndef test_one():\n    assert f(1) == 1\n"
    row = {"question": "Add.", "solution": "def f(a):\n    return a", "test": test}
    draft = FORMATS[sniffed(row)].read(row)
    assert draft.tests == "def test_one():\n    assert f(1) == 1\n\ntest_one()"


# --- nested -----------------------------------------------------------------------------------


def test_nested_rows_give_one_record_an_example() -> None:
    read = FORMATS["nested"].drafts
    seed: dict[str, Any] = {"instruction": "Add.", "id": "s"}
    seed["instances"] = [{"input": "1", "output": "2"}, {"input": "", "output": "3"}]
    assert [pairs(draft) for draft in read(seed)] == [
        [("user", "Add.\n\n1"), ("assistant", "2")],
        [("user", "Add."), ("assistant", "3")],
    ]
    assert [draft.meta for draft in read(seed)] == [{"id": "s", "example": 0}, {"id": "s", "example": 1}]
    squad = {"title": "T", "paragraphs": [{"context": "C", "qas": [
        {"id": 1, "question": "Q", "answers": [{"text": "A", "answer_start": 3}, {"text": "B", "answer_start": 5}]},
        {"id": 2, "question": "R", "answers": [], "is_impossible": True}]}]}  # fmt: skip
    one, two = read(squad)
    assert (pairs(one), one.reference) == ([("user", "C\n\nQ"), ("assistant", "A")], "A")
    assert (pairs(two)[1], two.reference) == (("assistant", ""), None)
    assert two.meta["item"]["is_impossible"] is True
    table: dict[str, Any] = {"table": {"table": [["", "2019"], ["Sales", "5"]]}}
    table["paragraphs"] = [{"order": 2, "text": "b"}, {"order": 1, "text": "a"}]
    table["questions"] = [{"question": "Q", "answer": ["5"], "scale": "million"}]
    table["questions"] += [{"question": "R", "answer": 7, "scale": ""}]
    drafts = read(table)
    assert [draft.reference for draft in drafts] == ["5 million", "7"]
    assert pairs(drafts[0])[0][1] == "a\n\nb\n\n | 2019\nSales | 5\n\nQ"
    with pytest.raises(RowError) as caught:
        FORMATS["nested"].read(seed)
    assert caught.value.reason == "many_examples"


def test_text2sql_variables_are_filled_once() -> None:
    row = {"sentences": [{"text": "Is var0 in var10 ?", "variables": {"var0": "var10", "var10": ""}}],
           "sql": ["SELECT 'var0' , xvar0 , 'var10'"],
           "variables": [{"name": "var0", "example": "x"}, {"name": "var10", "example": "Bonn"}]}  # fmt: skip
    [draft] = FORMATS[sniffed(row)].drafts(row)
    assert pairs(draft) == [("user", "Is var10 in Bonn ?"), ("assistant", "SELECT 'var10' , xvar0 , 'Bonn'")]


def test_toolalpaca_dialogues() -> None:
    parameters = '{"word": "Required. string. The word.", "n": "int. How many."}'
    described = {"look": f"Look up.\nParameters: {parameters}\nOutput: text"}
    steps = [[["look", '{"word": "a"}', " I must look.\nAction: look\nAction Input: {}"], "found"]]
    instance = {"input": "q", "output": "a", "Final Thought": "done", "intermediate_steps": steps}
    row = {"Name": "D", "Function_Description": described, "Instances": [instance]}
    [draft] = FORMATS[sniffed(row)].drafts(row)
    assert [(m.role, m.content, m.reasoning) for m in draft.messages] == [
        ("user", "q", None), ("assistant", "", "I must look."), ("tool", "found", None), ("assistant", "a", "done")
    ]  # fmt: skip
    assert draft.messages[2].tool_call_id == "call_0"
    [tool] = orjson.loads(draft.tools or "[]")
    assert tool["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "word": {"type": "string", "description": "The word."},
            "n": {"type": "integer", "description": "How many."},
        },
        "required": ["word"],
    }


def test_passages_are_part_of_the_prompt() -> None:
    rag = {"question": "Q", "context": "C", "answer": "A"}
    assert sniffed(rag) == "passages"
    assert pairs(FORMATS["passages"].read(rag)) == [("user", "C\n\nQ"), ("assistant", "A")]
    dpr = {"question": "Q", "answers": ["A", "B"], "ctxs": [{"title": "T", "text": "C", "score": 1}]}
    draft = FORMATS["passages"].read(dpr)
    assert (pairs(draft)[0][1], draft.reference) == ("T\nC\n\nQ", "A")
    assert draft.meta == {"ctxs": [{"score": 1}], "answers": ["A", "B"]}


def test_speakers() -> None:
    row = {"turns": [{"speaker": "USER", "utterance": "hi", "frames": []}, {"speaker": "SYSTEM", "utterance": "ho"}]}
    assert pairs(FORMATS[sniffed(row)].read(row)) == [("user", "hi"), ("assistant", "ho")]
    firefly = {"conversation": [{"human": "hi", "assistant": "ho"}, {"human": "more", "assistant": "yes"}]}
    assert pairs(FORMATS[sniffed(firefly)].read(firefly)) == ASKED
    named = {"turns": [{"speaker": "Ann", "utterance": "hi"}, {"speaker": "Bob", "utterance": "ho"}]}
    assert FORMATS["speakers"].sniff(named) is None


SAMPLES: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [  # rows as well-known sets store them
    ("prompt_response", {"id": "flan.1", "system_prompt": "s", "question": "q", "response": "a"},
     [("system", "s"), ("user", "q"), ("assistant", "a")]),
    ("question_answer", {"problem": "q", "generated_solution": "so \\boxed{4}", "expected_answer": "4"},
     [("user", "q"), ("assistant", "so \\boxed{4}")]),
    ("preference", {"instruction": "q", "chosen_response": "a", "rejected_response": "b"},
     [("user", "q"), ("assistant", "a")]),
    ("prompt_response", {"inputs": "q", "targets": "a", "language": "eng", "template_id": 1},
     [("user", "q"), ("assistant", "a")]),
    ("prompt_response", {"task_name": "t", "definition": "d", "inputs": "q", "targets": "a"},
     [("user", "d\n\nq"), ("assistant", "a")]),
    ("prompt_response", {"kind": "k", "input": "q", "target": "a"}, [("user", "q"), ("assistant", "a")]),
    ("speakers", {"source": "s", "conversation": [{"input": "q", "output": "a"}]}, [("user", "q"), ("assistant", "a")]),
    ("speakers", {"conversations": ["hi", "ho", "more", "yes"], "source": "s"}, ASKED),
    ("speakers", {"id": "0", "data": ["hi", "ho", "more", "yes"]}, ASKED),
    ("alpaca", {"instruction": "q", "input": "", "output": "a", "text": "### Instruction:\nq\n\n### Response:\na"},
     [("user", "q"), ("assistant", "a")]),
    ("openai_messages", {"prompt": "q", "prompt_id": "1", "messages": [{"role": "user", "content": "q"},
     {"role": "assistant", "content": "a"}]}, [("user", "q"), ("assistant", "a")]),
    ("passages", {"title": "t", "context": "C", "question": "Q", "answers": {"text": [], "answer_start": []}},
     [("user", "C\n\nQ"), ("assistant", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "turns"), SAMPLES, ids=[" ".join(sample[1]) for sample in SAMPLES])
def test_rows_of_well_known_sets(name: str, row: dict[str, Any], turns: list[tuple[str, str]]) -> None:
    assert sniffed(row) == name
    [draft] = FORMATS[name].drafts(row)
    assert pairs(draft) == turns


def test_prompts_alone_and_choices_are_no_dialogue() -> None:
    for row in (
        {"question": "Which?", "choices": ["a", "b"], "answer": 1},
        {"question_id": 1, "turns": ["first prompt", "second prompt"]},
        {"text": "A plain page."},
    ):
        with pytest.raises(InputError):
            sniff_format([row], "x.jsonl")
    assert reason_of("speakers", {"conversations": ["hi", "ho", "more"]}) == "ambiguous_turns"


# --- mapping ----------------------------------------------------------------------------------


def drafts_of(mapping: dict[str, Any], row: dict[str, Any]) -> list[Draft]:
    return Mapping.model_validate(mapping).read(row)


def test_two_levels_of_explode() -> None:
    full = {"text": "C", "qs": [{"q": "1", "a": "x"}, {"q": "2", "a": "y"}], "n": 1}
    row = {"title": "T", "parts": [full, {"text": "D", "qs": [], "n": 2}]}
    mapping = {"explode": ["parts", "_.qs"], "user": "{title} {_0.text} {_.q} {_i0}.{_i}", "assistant": "{_.a}"}
    drafts = drafts_of(mapping, row)
    assert [pairs(draft) for draft in drafts] == [
        [("user", "T C 1 0.0"), ("assistant", "x")],
        [("user", "T C 2 0.1"), ("assistant", "y")],
    ]
    assert drafts[1].meta == {"_i0": 0, "_0": {"text": "C", "n": 1}, "_i": 1, "_": {"q": "2", "a": "y"}}


def test_explode_of_objects_and_of_the_row_itself() -> None:
    row = {"_key": "Illegal", "Drug": ["a", "b"], "Weapon": ["c"]}
    drafts = drafts_of({"explode": ["*", "_"], "user": "{_}"}, row)
    assert [draft.messages[0].content for draft in drafts] == ["a", "b", "c"]
    assert drafts[2].meta == {"_key": "Illegal", "_i0": 1, "_k0": "Weapon", "_i": 0}
    with pytest.raises(RowError, match="nothing_to_explode"):
        drafts_of({"explode": "Drug.0", "user": "{_}"}, row)


def test_roles_keys_constants_and_defaults() -> None:
    row = {"talk": [{"who": "Patient", "says": "hi", "mood": "sad"}, {"who": "Doctor", "says": "ho"}], "note": None}
    mapping: dict[str, Any] = {"messages": "talk", "role_key": "who", "content_key": "says"}
    mapping |= {"roles": {"Patient": "user", "Doctor": "assistant"}, "system": "{language}: {note}"}
    mapping |= {"constants": {"language": "en", "set": "x"}, "defaults": {"note": "none"}}
    [draft] = drafts_of(mapping, row)
    assert pairs(draft) == [("system", "en: none"), ("user", "hi"), ("assistant", "ho")]
    assert draft.meta == {"set": "x", "turns": {"0": {"mood": "sad"}}}
    with pytest.raises(RowError, match="constant_exists"):
        drafts_of(mapping, {**row, "set": "y"})
    with pytest.raises(RowError, match="unknown_role"):
        drafts_of(mapping, {"talk": [{"who": "Nurse", "says": "hm"}]})


def test_only_drops_with_the_value_that_was_there() -> None:
    mapping = {"messages": "traj", "only": {"reward": 1.0, "info.kind": ["a", "b"]}}
    row = {"traj": [{"role": "user", "content": "q"}], "reward": 1, "info": {"kind": "b"}}
    assert len(drafts_of(mapping, row)) == 1
    for odd in ({**row, "reward": 0.0}, {**row, "reward": True}, {**row, "info": {}}):
        with pytest.raises(RowError) as caught:
            drafts_of(mapping, odd)
        assert caught.value.reason == "not_wanted"
    with pytest.raises(ValueError, match="exploded item"):
        Mapping.model_validate({"explode": "a", "user": "{_}", "only": {"_.x": 1}})


# --- the way back -----------------------------------------------------------------------------

LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="<>#[]"), max_size=12)
FILLED = LETTERS.filter(lambda text: bool(text.strip()))
NAMES = st.text("abcdef_.", min_size=1, max_size=6).filter(lambda name: not name.startswith("functions."))
VALUES = (
    st.none()
    | st.integers(-9, 9)
    | LETTERS
    | st.lists(LETTERS, max_size=2)
    | st.dictionaries(NAMES, LETTERS, max_size=2)
)
EXTRAS = st.fixed_dictionaries({"reference": st.none() | LETTERS, "schema": st.none() | st.just('{"type":"object"}')})


@st.composite
def spoken(draw: st.DrawFn, thoughts: bool = True) -> tuple[Message, ...]:
    """[system], then questions and answers by turns; any answer may have reasoning, any text may be empty."""
    start = [Message("system", draw(FILLED))] if draw(st.booleans()) else []
    turns: list[Message] = []
    for _ in range(draw(st.integers(1, 3))):
        thought = draw(st.none() | FILLED) if thoughts else None
        turns += [Message("user", draw(LETTERS)), Message("assistant", draw(LETTERS), thought)]
    return (*start, *turns)


@st.composite
def with_tools(draw: st.DrawFn) -> tuple[Message, ...]:
    """System and developer, thoughts, words before calls, parallel calls, nested arguments, results in any order."""
    messages = [Message(role, draw(LETTERS)) for role in ("system", "developer") if draw(st.booleans())]
    count = 0
    for _ in range(draw(st.integers(1, 3))):
        messages.append(Message("user", draw(LETTERS)))
        for _ in range(draw(st.integers(0, 2))):
            names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
            arguments = [orjson.dumps(draw(st.dictionaries(NAMES, VALUES, max_size=2))).decode() for _ in names]
            ids = [f"call_{count + number}" for number in range(len(names))]
            count += len(names)
            calls = [
                {"id": one, "type": "function", "function": {"name": name, "arguments": given}}
                for one, name, given in zip(ids, names, arguments, strict=True)
            ]
            made = orjson.dumps(calls).decode()
            messages.append(Message("assistant", draw(LETTERS), draw(st.none() | FILLED), made))
            messages += [Message("tool", draw(LETTERS), tool_call_id=one) for one in draw(st.permutations(ids))]
        messages.append(Message("assistant", draw(LETTERS), draw(st.none() | FILLED)))
    return tuple(messages)


def comes_back(name: str, draft: Draft) -> None:
    """Written, through JSON, sniffed as itself, and read equal."""
    form = FORMATS[name]
    assert form.write
    row = orjson.loads(orjson.dumps(form.write(Record("i", "s", draft))))
    assert form.sniff(row)
    back = form.read(row)
    assert replace(back, meta={}) == replace(draft, meta={})
    assert back.meta == {}


@pytest.mark.parametrize("name", ["alpaca", "prompt_response", "transcript"])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(messages=spoken(), extras=EXTRAS)
def test_spoken_conversations_come_back(name: str, messages: tuple[Message, ...], extras: dict[str, Any]) -> None:
    comes_back(name, Draft(messages, **extras))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(messages=spoken(), thought=FILLED, extras=EXTRAS)
def test_reasoning_comes_back(messages: tuple[Message, ...], thought: str, extras: dict[str, Any]) -> None:
    last = replace(messages[-1], reasoning=thought)
    comes_back("reasoning", Draft((*messages[:-1], last), **extras))


@pytest.mark.parametrize("name", ["harmony", "harmony_text"])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(messages=with_tools(), extras=EXTRAS, tooled=st.booleans())
def test_harmony_comes_back(name: str, messages: tuple[Message, ...], extras: dict[str, Any], tooled: bool) -> None:
    tools = '[{"type":"function","function":{"name":"f","parameters":{"z":1,"a":{"b":null}}}}]' if tooled else None
    comes_back(name, Draft(messages, tools=tools, **extras))


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("alpaca", (Message("user", "q"), Message("user", "r"), Message("assistant", "a"))),
        ("alpaca", (Message("user", "q"), Message("assistant", "<think>a</think>b"))),
        ("alpaca", (Message("user", "q"), Message("assistant", "b", "one </think> two"))),
        ("transcript", (Message("user", "q\n\nAssistant: a"), Message("assistant", "b"))),
        ("transcript", (Message("user", "q"), Message("assistant", "a\nHuman: q"))),
        ("transcript", (Message("user", "q"), Message("tool", "r"))),
        ("reasoning", (Message("user", "q"), Message("assistant", "a"))),
        ("harmony", (Message("user", "q"),)),
        ("harmony", (Message("user", "q"), Message("tool", "r"))),
        ("harmony_text", (Message("user", "say <|end|>"), Message("assistant", "a"))),
    ],
)
def test_writers_refuse_what_would_not_come_back(name: str, messages: tuple[Message, ...]) -> None:
    write = FORMATS[name].write
    assert write
    with pytest.raises(RowError) as caught:
        write(Record("i", "s", Draft(messages)))
    assert caught.value.reason == "cannot_write"


def test_a_sharegpt_answer_takes_its_reasoning_along() -> None:
    messages = (Message("user", "q"), Message("assistant", "a", "r"))
    write = FORMATS["sharegpt"].write
    assert write
    row = write(Record("i", "s", Draft(messages)))
    assert row["conversations"][1]["value"] == "<think>\nr\n</think>\n\na" == wrapped(messages[1])
    assert FORMATS["sharegpt"].read(row).messages == messages


@pytest.mark.parametrize(("truth", "gold"), [(" 96", "96"), ("", None), (" \n", None), (7, "7"), (None, None)])
def test_the_ground_truth_of_a_reward_is_the_gold_without_space_around_it(truth: object, gold: str | None) -> None:
    row = {
        "prompt": [{"role": "user", "content": "q"}],
        "reward_model": {"ground_truth": truth},
        "extra_info": {"answer": "It is 96."},
    }
    assert FORMATS["verl"].read(row).reference == gold


def test_ids_are_numbered_in_order() -> None:
    call = '[{"id":"xyz","type":"function","function":{"name":"f","arguments":"{}"}}]'
    one = (Message("assistant", "", None, call), Message("tool", "r", tool_call_id="xyz", name="f"))
    two = (Message("assistant", "", None, call.replace("xyz", "call_0")), Message("tool", "r", tool_call_id="call_0"))
    assert numbered(one) == two


# --- the real sets ----------------------------------------------------------------------------

REAL: dict[str, tuple[str, int, int]] = {  # format, rows, records
    "humaneval/HumanEval.jsonl.gz": ("code_tests", 164, 164),
    "mbpp/mbpp.jsonl": ("code_tests", 974, 974),
    "leval/quality.jsonl": ("nested", 15, 202),
    "leval/topic_retrieval_longchat.jsonl.gz": ("nested", 50, 150),
    "stanford_alpaca/seed_tasks.jsonl": ("nested", 175, 175),
    "tatqa/tatqa_dataset_dev.json.gz": ("nested", 278, 1668),
    "toolalpaca/eval_simulated.json": ("toolalpaca", 10, 100),
    "toolalpaca/eval_real.json": ("toolalpaca", 11, 114),
    "text2sql/advising.json.gz": ("text2sql", 205, 4387),
    "sgd/dev_dialogues_001.json.gz": ("speakers", 128, 128),
    "tau_bench/gpt-4o-airline.json.gz": ("speakers", 200, 200),
    "mlx_wikisql/train.jsonl": ("transcript", 1000, 1000),
    "parquet_reasoning/reasoning_dataset.parquet": ("reasoning", 5, 5),
    "lost_in_the_middle/nq-open-oracle.jsonl.gz": ("passages", 2655, 2655),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_real_sets_are_told_and_read_whole(name: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("the real data sets are not beside the checkout")
    form, rows, records = REAL[name]
    values = [raw.value or {} for raw in read_rows(SHARED / name)]
    assert sniff_format(values, name)[0].name == form
    assert len(values) == rows
    assert sum(len(FORMATS[form].drafts(value)) for value in values) == records


@pytest.mark.shared
def test_printed_dialogues_that_lost_their_calls_are_quarantined() -> None:
    if not SHARED.is_dir():
        pytest.skip("the real data sets are not beside the checkout")
    values = [raw.value or {} for raw in read_rows(SHARED / "tau_bench/MockRetailDomainEnv-few_shot.jsonl.gz")]
    assert {reason_of("transcript", value) for value in values} == {"lost_turn"}
