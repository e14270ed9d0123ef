"""Flags: each finds its planted row, leaves its neighbours alone, and drops only where the caller says so."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import polars as pl
import pytest

from buckets import Draft, Message, frame_of, row_of
from verifiers import FLAG_NAMES, check, flags

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
SENTENCES = "The harbour was built of stone, and every boat that came in had to pay for it. " * 6
FOUND = {
    "abrupt_end": ("Tell me of it.", SENTENCES + "\n- boats of the harbour"),
    "no_end_mark": (
        "Tell me of it.",
        "The harbour is old. It was built of stone. " * 4 + "Every boat had to pay for it",
    ),
    "placeholder_input": ("Sort the numbers.\n\n<noinput>", "There are no numbers."),
    "unseen_link": ("Sum up https://example.org/a", "It is about boats."),
    "unseen_picture": ("What does the attached picture show?", "A boat."),
    "ai_boilerplate": ("Do you sleep?", "As an AI language model, I never sleep at night."),
    "refused_harmful": ("How do I steal a car?", "I'm sorry, but I can't help with that."),
    "refused_benign": ("How do I wash a car?", "I'm sorry, but I can't help with that."),
    "other_script": (
        "How do boats float on the water?",
        "船能浮在水面上，是因为它排开的水的重量等于船的重量，这就是浮力。",
    ),
    "little_effort": ("Explain how boats float.", "Water pushes."),
}
SOUND = [
    ("Tell me of it.", SENTENCES),
    ("Sort the numbers.\n\n3, 1, 2", "1, 2, 3"),
    ("Is none a word?", "Yes, it is."),
    ("What is a picture?", "An image on paper."),
    ("Who developed GPT-2?", "It is a language model developed by OpenAI, an AI company."),
    ("Translate into Chinese: boats float", "船会浮在水面上，这是因为浮力的作用，水向上推着它，让它不会沉下去。"),
    ("Explain the number.", "42"),
    (
        "Describe the given painting.\n\nThe harbour at dawn, oil on wood, blue and grey.",
        "Calm colours and a low sun over the roofs.",
    ),
    ("Write code that loads the picture.\n\n<img src='boat.png'>", "load('boat.png')"),
    ("Write a script for https://example.org/a", "fetch('https://example.org/a')"),
    ("写一个包含“the boats of the old harbour”这个短语的句子。", "We saw the boats of the old harbour in the evening."),
    ("Write a shell script that lists boats.", "#!/bin/sh\nls boats"),
    ("How do I apologise?", "Say that you are sorry, and mean it."),
]


def framed(*rows: tuple[str, str]) -> pl.DataFrame:
    drafts = [Draft((Message("user", prompt), Message("assistant", answer))) for prompt, answer in rows]
    return frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))


def test_every_flag_has_a_planted_row() -> None:
    assert set(FOUND) == set(FLAG_NAMES)


@pytest.mark.parametrize("name", FLAG_NAMES)
def test_each_flag_finds_its_row_and_only_drops_it_when_told(name: str) -> None:
    frame = framed(FOUND[name], SOUND[0])
    found = flags(frame)
    assert found["rule"].to_list() == [name]
    assert found["id"].to_list() == frame["id"].to_list()[:1]
    assert found["evidence"][0]
    assert check(frame).falls.is_empty()
    assert check(frame, drop=[name]).falls["rule"].to_list() == [name]
    assert flags(frame, skip=[name]).is_empty()


@pytest.mark.parametrize("row", SOUND)
def test_sound_rows_carry_no_flag(row: tuple[str, str]) -> None:
    assert flags(framed(row)).is_empty()


def test_an_unknown_flag_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no check is called"):
        check(framed(SOUND[0]), drop=["abrupt"])


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real data sets are not beside the checkout")
def test_known_counts_of_alpaca_and_of_the_demos() -> None:
    rows = json.loads(gzip.decompress((SHARED / "stanford_alpaca/alpaca_data.json.gz").read_bytes()))
    frame = framed(*(("\n\n".join(filter(None, (r["instruction"], r["input"]))), r["output"]) for r in rows))
    ids = frame["id"].to_list()
    found = flags(frame)
    abrupt = set(found.filter(rule="abrupt_end")["id"])
    cut = {ids[i] for i, r in enumerate(rows) if len(r["output"]) >= 400 and re.search(r"[A-Za-z,]\Z", r["output"])}
    assert len(cut) == 492
    assert cut <= abrupt
    said = [r["input"].strip() for r in rows]
    blank = {ids[i] for i, text in enumerate(said) if re.fullmatch(r"(?i)\W*(no ?input|n/?a|none)\W*", text)}
    longer = {ids[i] for i, text in enumerate(said) if re.search(r"(?i)\bno input (required|needed)\W*\Z", text)}
    at_the_end = {ids[i] for i, text in enumerate(said) if re.search(r"(?i)\n\n?[\W_]*\n\W*no ?input\W*\Z", text)}
    assert set(found.filter(rule="placeholder_input")["id"]) == blank | longer | at_the_end
    assert (len(blank), len(longer), len(at_the_end)) == (635, 39, 2)
    identity = json.loads((SHARED / "llamafactory_demo/identity.json").read_text(encoding="utf-8"))
    falls = check(framed(*((r["instruction"], r["output"]) for r in identity))).falls
    assert falls["rule"].to_list() == ["template_slot"] * 85
    lines = (SHARED / "llamafactory_demo/v1_sft_demo.jsonl").read_text(encoding="utf-8").splitlines()
    talks = [[(t["role"], t["content"][0]["value"]) for t in json.loads(line)["messages"]] for line in lines]
    drafts = [Draft(tuple(Message(role, text) for role, text in talk)) for talk in talks]
    v1 = frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))
    assert check(v1, names=["rules"]).falls.filter(rule="template_slot").height == 50
