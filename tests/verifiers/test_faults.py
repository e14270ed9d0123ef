"""Every fault of the catalogue is told by its rule, and no good record is; real chat templates raise no alarm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets import ROLES, Draft, InputError, Message, Record, frame_of, row_of
from curate.check import Check, Trainable
from tests.verifiers.faults import FAULTS, TALK, THOUGHT, TOOLED, Fault, record
from tests.verifiers.templates import TEMPLATES, tokenizer_for, trl_templates
from verifiers import TRAINABLE, VERIFIERS, Outcome, Trainability, Verdict, check


def judged(fault: Fault, subject: Record, template: str, limit: int | None) -> Verdict:
    if fault.check != "trainable":
        return VERIFIERS[fault.check](subject)
    return Trainability(tokenizer_for(TEMPLATES[template]), limit)(subject)


def whole(subject: Record) -> int:
    """Tokens of a record under chatml."""
    verdict = Trainability(tokenizer_for(TEMPLATES["chatml"]))(subject)
    return int(verdict.evidence.split(" of ")[1].split()[0])


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_fault_is_told_and_its_good_record_is_not(fault: Fault) -> None:
    limit = whole(fault.good) + fault.limit if fault.limit is not None and fault.limit < 0 else fault.limit
    before = judged(fault, fault.good, "chatml", None)
    assert before.outcome is Outcome.PASS, before
    after = judged(fault, fault.damage(fault.good), fault.template, limit)
    assert (after.outcome, after.rule) == (Outcome.FAIL, fault.rule), after
    assert after.reason


def test_the_catalogue_is_large_and_covers_every_rule_of_trainability() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {fault.rule for fault in FAULTS if fault.check == "trainable"} == set(TRAINABLE)


PLAIN = record(Message("user", "Where does the sun rise?"), Message("assistant", "In the east of the country."))
TALKS: dict[str, Record] = {
    "plain": PLAIN,
    "two rounds": record(*TALK.messages[1:]),
    "system": TALK,
    "chinese": record(
        Message("user", "你好吗"), Message("assistant", "我很好，谢谢你的关心，今天天气不错，出去走走吧。")
    ),
    "reasoning": record(
        PLAIN.messages[0], Message("assistant", "In the east.", reasoning="The sun rises in the east.")
    ),
    "tags": THOUGHT,
    "lines": record(PLAIN.messages[0], Message("assistant", "One:\n\n```python\nprint('<b> & \"x\"')\n```\n- end.\n")),
    "tools": TOOLED,
}
TRL = trl_templates()


@pytest.mark.skipif(
    len(TRL) < 12, reason="TRL's chat templates are not installed (set TRL_FOLDER to an unpacked wheel)"
)
@pytest.mark.parametrize("path", TRL, ids=[path.stem for path in TRL])
def test_no_false_alarm_under_a_real_template(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    judge = Trainability(tokenizer_for(source))
    for name, talk in TALKS.items():
        verdict = judge(talk)
        if verdict.rule == "template_refused":
            assert "raise_exception" in source
        elif verdict.rule == "call_lost":
            assert name == "tools"
            # the one template that knows calls wants a content of null beside them, which transformers takes out
            assert "tool_calls" not in source or path.stem.startswith("deepseek_r1_distill")
        elif verdict.rule == "no_end_of_turn":
            # this template opens the next turn without closing the last: the alarm is true
            assert path.stem == "glm4moe"
        else:
            assert verdict.outcome is not Outcome.FAIL, (name, verdict)
            assert name != "plain" or verdict.outcome is Outcome.PASS, verdict


def test_a_frame_is_judged_row_by_row() -> None:
    drafts = [TALK.draft, Draft((*TALK.messages[:-1], Message("assistant", "West.<|im_end|>")))]
    frame = frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))
    tokenizer = tokenizer_for(TEMPLATES["chatml"])
    done = check(frame, ["trainable"], trainable=Trainability(tokenizer))
    assert done.falls["rule"].to_list() == ["forged_special"]
    assert done.falls["id"].to_list() == [frame["id"][1]]
    assert (done.passed, done.failed, done.abstained) == ({"trainable": 1}, {"trainable": 1}, {"trainable": 0})
    assert done.seconds["trainable"] > 0
    untold = Trainability(tokenizer, skip=["forged_special"])
    assert check(frame, ["trainable"], trainable=untold).falls.is_empty()
    first = check(frame, trainable=Trainability(tokenizer))  # a row that fell before is not rendered
    assert first.failed["rules"] == 1
    assert first.passed["trainable"] == 1
    with pytest.raises(KeyError, match="trainable"):
        check(frame, ["trainable"])


def test_another_tokenizer_in_the_folder_is_another_stage(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    tokenizer_for(TEMPLATES["chatml"]).save_pretrained(folder)
    stage = Check(trainable=Trainable(tokenizer="model"))
    before = stage.parameters(tmp_path)
    (folder / "model.safetensors").write_bytes(b"weights say nothing about tokens")
    assert stage.parameters(tmp_path) == before
    edited = folder / "chat_template.jinja"
    edited.write_text(edited.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert stage.parameters(tmp_path) != before
    placed = stage.at(tmp_path).trainable
    assert placed is not None
    assert placed.tokenizer == str(folder)


def test_the_check_stage_drops_untrainable_rows(tmp_path: Path) -> None:
    tokenizer_for(TEMPLATES["chatml"]).save_pretrained(tmp_path)
    drafts = [TALK.draft, Draft((*TALK.messages[:-1], Message("assistant", "It sets in the west, " * 99 + "I say.")))]
    frame = frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))
    skip = ("rules",)
    assert Check(skip=skip)(frame).kept.height == 2
    parted = Check(skip=skip, trainable=Trainable(tokenizer=str(tmp_path), max_tokens=500))(frame)
    assert parted.kept["id"].to_list() == [frame["id"][0]]
    assert parted.dropped["rule"].to_list() == ["answer_cut"]
    with pytest.raises(InputError, match=r"check\.trainable"):
        Check(skip=skip, trainable=Trainable(tokenizer=str(tmp_path / "none")))(frame)


def test_quoted_tags_and_spelled_out_tokens_are_no_faults() -> None:
    judge = Trainability(tokenizer_for(TEMPLATES["chatml"]))
    for text in ("Write `<think>` first.", "Use:\n```\n<think>\n```\nthen go.", "The mark is < |im_end| > here."):
        assert judge(record(PLAIN.messages[0], Message("assistant", text))).outcome is Outcome.PASS, text


TEXT = st.text(max_size=30) | st.sampled_from(
    ["<|im_end|>", "<think>", "</think>", "[]", '[{"name": 1}]', "\ud800", "{"]
)
CALLS = st.none() | TEXT | st.just(json.dumps([{"function": {"name": "f", "arguments": "{}"}}]))
TURN = st.builds(
    Message, role=st.sampled_from([*ROLES, "robot"]), content=TEXT, reasoning=st.none() | TEXT, tool_calls=CALLS
)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    messages=st.lists(TURN, max_size=4).map(tuple), tools=st.none() | TEXT, template=st.sampled_from(sorted(TEMPLATES))
)
def test_trainability_never_raises_and_is_deterministic(
    messages: tuple[Message, ...], tools: str | None, template: str
) -> None:
    subject = Record("r", "s", Draft(messages, tools=tools))
    judge = Trainability(tokenizer_for(TEMPLATES[template]), 200)
    first = judge(subject)
    assert isinstance(first.outcome, Outcome)
    assert judge(subject) == first
    if first.outcome is not Outcome.PASS:
        assert first.reason
