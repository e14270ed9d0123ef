"""The auditor against planted faults of every kind, and against masks that are right."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.audit import FAULTS, Auditor, audit_packing
from ablation.audit_packed import audit_layout
from ablation.mask import Encoded, Encoder
from ablation.mask_policy import MaskPolicy
from benchmarks.masks.talks import talks
from benchmarks.masks.tokenizers import tokenizer_for
from buckets import Message
from tests.ablation.mask_templates import CLEAN, ENDLESS, GLUED, HEADER_IN_MARKS, REWRITES

ROLES = tuple(f"<|{role}|>" for role in ("system", "user", "tool", "SYSTEM_TOKEN", "USER_TOKEN", "TOOL_TOKEN"))
TALK = (
    Message("system", "be brief"),
    Message("user", "what is one"),
    Message("assistant", "a number"),
    Message("user", "and two"),
    Message("assistant", "another number"),
)
THOUGHT = (*TALK[:2], Message("assistant", "a number", reasoning="so I think"), *TALK[3:])


def encoder_for(template: str, policy: MaskPolicy | None = None) -> Encoder:
    return Encoder(tokenizer_for(template, "<s>", "</s>", ("[gMASK]", *ROLES)), policy)


@pytest.mark.parametrize("family", CLEAN)
def test_no_alarm_on_masks_that_are_right(family: str) -> None:
    encoder = encoder_for(CLEAN[family])
    auditor, rows = Auditor(encoder), []
    for talk in talks(200):
        row = encoder.encode(talk.messages, talk.tools)
        found = auditor.row(talk.messages, talk.tools, row.ids, row.weights)
        assert (found.faults, found.notes) == ({}, {}), talk
        assert row.untrained_turns == 0
        assert "".join(token.text for token in found.tokens) == row.text
        rows.append((row.ids, row.weights))
    assert audit_layout(rows[:20]) == {}


def planted(kind: str, row: Encoded) -> tuple[list[int], list[float]]:
    """(ids, weights) of a right row with one fault in it."""
    ids, weights = list(row.ids), list(row.weights)
    first, last = row.parts[0], row.parts[-1]
    if kind == "none_trained":
        weights = [0.0] * len(ids)
    elif kind == "all_trained":
        weights = [1.0] * len(ids)
    elif kind == "observation_leak":
        at = next(i for i, (a, _) in enumerate(row.offsets) if row.text[a:].startswith("what"))
        weights[at] = 1.0
    elif kind == "header_leak":
        weights[first.begin - 1] = 1.0
    elif kind == "turn_not_trained":
        weights[first.begin : first.end] = [0.0] * (first.end - first.begin)
    elif kind == "partly_trained":
        weights[last.begin + 1] = 0.0
    elif kind == "wrong_weight":
        weights[last.begin : last.end] = [2.0] * (last.end - last.begin)
    elif kind == "end_not_trained":
        weights[last.end - 1] = 0.0
    elif kind == "truncated_final":
        ids, weights = ids[: last.end - 1], weights[: last.end - 1]
    elif kind == "double_bos":
        ids, weights = [ids[0], *ids], [0.0, *weights]
    elif kind == "ids_differ":
        ids[first.begin] += 1
    return ids, weights


PLANTED = (
    "none_trained", "all_trained", "observation_leak", "header_leak", "turn_not_trained", "partly_trained",
    "wrong_weight", "end_not_trained", "truncated_final", "ids_differ",
)  # fmt: skip


@pytest.mark.parametrize("family", CLEAN)
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found_in_every_family(kind: str, family: str) -> None:
    encoder = encoder_for(CLEAN[family])
    row = encoder.encode(TALK, None)
    assert not Auditor(encoder).row(TALK, None, row.ids, row.weights).faults
    assert kind in Auditor(encoder).row(TALK, None, *planted(kind, row)).faults


@pytest.mark.parametrize("family", [name for name, source in CLEAN.items() if source.startswith("{{ bos_token }}")])
def test_a_second_begin_of_sequence_is_found(family: str) -> None:
    encoder = encoder_for(CLEAN[family])
    row = encoder.encode(TALK, None)
    assert set(Auditor(encoder).row(TALK, None, *planted("double_bos", row)).faults) == {"double_bos"}
    twice = encoder_for("{{ bos_token }}" + CLEAN[family])
    row = twice.encode(TALK, None)
    assert "double_bos" in Auditor(twice).row(TALK, None, row.ids, row.weights).faults


def after(encoder: Encoder, text: str, begin: str, end: str) -> tuple[list[int], list[float]]:
    """A mask made by looking for words, as many trainers do."""
    encoding = encoder.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    low = text.rindex(begin)
    high = text.index(end, low) + len(end)
    return encoding["input_ids"], [float(a < high and b > low) for a, b in encoding["offset_mapping"]]


def test_faults_of_templates_are_found() -> None:
    last = TALK[:1] + TALK[3:]
    endless = encoder_for(ENDLESS)
    text = endless.tokenizer.apply_chat_template([{"role": m.role, "content": m.content} for m in last], tokenize=False)
    found = Auditor(endless).row(last, None, *after(endless, text, "another", "number"))
    assert "no_end_of_turn" in found.faults
    glued = encoder_for(GLUED)
    talk = (TALK[0], TALK[1], Message("assistant", "e mat"))
    text = glued.tokenizer.apply_chat_template([{"role": m.role, "content": m.content} for m in talk], tokenize=False)
    found = Auditor(glued).row(talk, None, *after(glued, text, "e mat", "<|im_end|>"))
    assert "straddle" in found.faults
    marked = encoder_for(HEADER_IN_MARKS)
    made = marked.tokenizer.apply_chat_template(
        [{"role": m.role, "content": m.content} for m in TALK], return_dict=True, return_assistant_tokens_mask=True
    )
    found = Auditor(marked).row(TALK, None, made["input_ids"], made["assistant_masks"])
    assert set(found.faults) == {"header_leak"}


def test_a_template_that_rewrites_history_is_told() -> None:
    encoder = encoder_for(REWRITES)
    row = encoder.encode(THOUGHT, None)
    assert row.untrained_turns == 1
    assert set(Auditor(encoder).row(THOUGHT, None, row.ids, row.weights).notes) == {"rewritten_turn"}
    other = encoder_for(REWRITES, MaskPolicy(rewritten="trained")).encode(THOUGHT, None)
    assert set(Auditor(encoder).row(THOUGHT, None, other.ids, other.weights).faults) == {"rewritten_trained"}


def test_a_turn_that_the_policy_keeps_out_is_found() -> None:
    row = encoder_for(CLEAN["chatml"]).encode(TALK, None)
    final = encoder_for(CLEAN["chatml"], MaskPolicy(turns="final"))
    assert set(Auditor(final).row(TALK, None, row.ids, row.weights).faults) == {"unwanted_trained"}


def test_faults_of_packing_are_found() -> None:
    starts, right = [0, 3, 5], [[0], [0, 1], [0, 1, 2], [3], [3, 4]]
    weights = [0.0, 1.0, 1.0, 0.0, 1.0]
    assert audit_packing(starts, [0, 1, 2, 0, 1], right, weights) == {}
    crossing = [*right[:4], [0, 1, 2, 3, 4]]
    assert set(audit_packing(starts, [0, 1, 2, 0, 1], crossing, weights)) == {"attention_crosses"}
    assert set(audit_packing(starts, [0, 1, 2, 3, 4], right, weights)) == {"positions_run_on"}
    assert set(audit_packing(starts, [0, 1, 2, 0, 1], right, [0.0, 1.0, 1.0, 1.0, 1.0])) == {"first_token_trained"}


def test_every_kind_of_fault_has_a_planted_one() -> None:
    elsewhere = {
        "double_bos", "no_end_of_turn", "straddle", "rewritten_trained", "unwanted_trained",
        "positions_run_on", "attention_crosses", "first_token_trained",
    }  # fmt: skip
    assert set(FAULTS) == {*PLANTED, *elsewhere}


def test_html_of_a_hostile_row_is_escaped() -> None:
    from curate.audit_mask import Report, report_html

    encoder = encoder_for(CLEAN["chatml"])
    talk = (Message("user", "<script>alert(1)</script>"), Message("assistant", "\u202e<b>x</b>"))
    row = encoder.encode(talk, None)
    report: Any = Report("t", None, {}, samples=[("<i>", Auditor(encoder).row(talk, None, row.ids, row.weights))])
    page = report_html(report)
    assert "<script" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "\u202e" not in page
