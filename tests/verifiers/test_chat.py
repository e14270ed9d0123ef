"""Role order: the frame and the record agree on every short conversation, and on what is well formed."""

from __future__ import annotations

import re
from itertools import product

import polars as pl

from buckets import Draft, Message, Record, frame_of, row_of
from verifiers.chat import judge_chat, malformed
from verifiers.verdict import Outcome

TURNS = {
    "s": Message("system", "Be kind."),
    "u": Message("user", "Hi"),
    "a": Message("assistant", "Hello"),
    "c": Message("assistant", tool_calls='[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]'),
    "t": Message("tool", "4"),
    "e": Message("assistant", " "),
}
GRAMMAR = re.compile(r"(?=.*[ace])s*(u(ct+)*a)*(u(ct+)*[ace]?)?")
"""Written apart from the laws: what a template can render and a model can learn from (e only at the very end).

A talk may stop on a user or tool turn: what follows the last assistant turn is never trained.
"""


def test_all_conversations_of_up_to_five_turns() -> None:
    texts = ["".join(letters) for n in range(6) for letters in product("sucat" if n == 5 else "sucate", repeat=n)]
    drafts = [Draft(tuple(TURNS[letter] for letter in text)) for text in texts]
    rows = (row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))
    frame = frame_of(rows)
    found = dict(malformed(frame).select("id", "rule").iter_rows())
    for text, draft, id in zip(texts, drafts, frame["id"], strict=True):
        verdict = judge_chat(Record(id, "s", draft))
        assert (verdict.outcome is Outcome.PASS) == bool(GRAMMAR.fullmatch(text)), (text, verdict)
        assert found.get(id) == (verdict.rule if verdict.outcome is Outcome.FAIL else None), text


def test_empty_frame() -> None:
    assert malformed(frame_of([])).schema == dict.fromkeys(("id", "rule", "reason", "evidence"), pl.String())
