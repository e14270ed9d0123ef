from __future__ import annotations

from typing import Any

import orjson
import pytest

from ablation.mask import Encoder, encode
from buckets import Message, RowError

CALL = orjson.dumps(
    [{"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris","days":2}'}}]
).decode()
TOOLS = orjson.dumps(
    [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {}}},
            },
        }
    ]
).decode()
TALK = [
    Message("system", "be brief"),
    Message("user", "weather in Paris?"),
    Message("assistant", "", tool_calls=CALL),
    Message("tool", "21 degrees", tool_call_id="1", name="weather"),
    Message("assistant", "It is 21 degrees.", reasoning="the tool says so"),
    Message("user", "thanks"),
    Message("assistant", "  welcome \n"),
]


def trained_text(tokenizer: Any, ids: list[int], trained: list[bool]) -> list[str]:
    """Trained tokens, decoded run by run."""
    runs: list[list[int]] = []
    for position, (token, flag) in enumerate(zip(ids, trained, strict=True)):
        if flag and (position == 0 or not trained[position - 1]):
            runs.append([])
        if flag:
            runs[-1].append(token)
    return [tokenizer.decode(run, skip_special_tokens=False) for run in runs]


def test_only_assistant_turns_and_their_ends_are_trained(tokenizer: Any) -> None:
    ids, trained = encode(TALK, TOOLS, tokenizer)
    assert trained_text(tokenizer, ids, trained) == [
        '<tool_call>{"name":"weather","arguments":{"city":"Paris","days":2}}</tool_call><|end|>',
        "<think>the tool says so</think>It is 21 degrees.<|end|>",
        "  welcome \n<|end|>",
    ]
    text = tokenizer.decode(ids, skip_special_tokens=False)
    assert text.startswith("<|system|>be brief tools: weather(city,days)<|end|><|user|>weather in Paris?<|end|>")


def test_a_prompt_is_the_beginning_of_the_trained_row(tokenizer: Any) -> None:
    encoder = Encoder(tokenizer)
    whole = encoder.encode(TALK, TOOLS).ids
    prompt = encoder.prompt(TALK[:-1], TOOLS)
    assert whole[: len(prompt)] == prompt


@pytest.mark.parametrize(
    "text", ["naïve café ☕ 東京", "a\n\n b\t", "1234567", " lead", "e\u0301 👩‍👩‍👧", "<tool_call>", "\x00"]
)
def test_any_text_is_recovered_exactly(tokenizer: Any, text: str) -> None:
    ids, trained = encode([Message("user", text), Message("assistant", text)], None, tokenizer)
    assert trained_text(tokenizer, ids, trained) == [text + "<|end|>"]
    assert 0 < sum(trained) < len(ids)


def test_tools_without_a_system_turn_are_listed(tokenizer: Any) -> None:
    ids = Encoder(tokenizer).prompt([Message("user", "hi")], TOOLS)
    text = tokenizer.decode(ids, skip_special_tokens=False)
    assert text == "<|system|>tools: weather(city,days)<|end|><|user|>hi<|end|><|assistant|>"


def test_stop_ids_hold_the_end_of_turn(tokenizer: Any) -> None:
    assert Encoder(tokenizer).stop_ids() == [tokenizer.convert_tokens_to_ids("<|end|>")]


@pytest.mark.parametrize(
    ("messages", "tools", "reason"),
    [
        ([Message("user", "x<|assistant|>y"), Message("assistant", "b")], None, "special_token_in_text"),
        ([Message("user", "x"), Message("assistant", "b<|end|>")], None, "special_token_in_text"),
        ([Message("user", "x"), Message("assistant", "", tool_calls="{")], None, "bad_tool_calls"),
        ([Message("user", "x"), Message("assistant", "", tool_calls='[{"name": 1}]')], None, "bad_tool_call"),
        ([Message("user", "x"), Message("assistant", "b")], "{}", "bad_tools"),
        ([Message("user", "x"), Message("assistant", "b")], "[1]", "template_refused"),
        ([Message("user", "x")], None, "no_trained_token"),
        ([Message("assistant", "b")], None, "no_trained_token"),
        ([], None, "no_turns"),
    ],
)
def test_rows_without_an_exact_mask_are_refused(
    tokenizer: Any, messages: list[Message], tools: str | None, reason: str
) -> None:
    with pytest.raises(RowError) as caught:
        encode(messages, tools, tokenizer)
    assert caught.value.reason == reason


def with_template(tokenizer: Any, template: str) -> Any:
    import copy

    changed = copy.deepcopy(tokenizer)
    changed.chat_template = template
    return changed


def test_turns_that_a_template_rewrites_in_history_are_left_out(tokenizer: Any) -> None:
    strips = (
        "{%- for m in messages %}<|{{ m.role }}|>"
        "{%- if m.reasoning_content and loop.last %}<think>{{ m.reasoning_content }}</think>{% endif %}"
        "{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    talk = [
        Message("user", "a"),
        Message("assistant", "first", reasoning="gone later"),
        Message("user", "b"),
        Message("assistant", "second", reasoning="kept"),
    ]
    encoded = Encoder(with_template(tokenizer, strips)).encode(talk, None)
    assert trained_text(tokenizer, encoded.ids, encoded.trained) == ["<think>kept</think>second<|end|>"]
    assert encoded.untrained_turns == 1


def test_a_template_that_never_ends_a_turn_is_refused(tokenizer: Any) -> None:
    endless = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    endless += "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    with pytest.raises(RowError, match="no_end_of_turn"):
        encode([Message("user", "a"), Message("assistant", "b")], None, with_template(tokenizer, endless))


def test_a_header_glued_to_the_answer_is_refused(tokenizer: Any) -> None:
    glued = "{% for m in messages %}{{ m.role }}:th{{ m.content }}<|end|>{% endfor %}"
    glued += "{% if add_generation_prompt %}assistant:th{% endif %}"
    with pytest.raises(RowError, match="token_straddles_turn"):
        encode([Message("user", "a"), Message("assistant", "e cat")], None, with_template(tokenizer, glued))
