"""Is the conversation well formed? Role order as one string of letters against regular expressions.

One letter a turn: s system or developer, u user, a assistant, c assistant that calls tools, t tool result,
e assistant that says and calls nothing, v user that says nothing, x anything else.
The same patterns judge a record and a whole frame.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from buckets import Record
from verifiers.verdict import Verdict, failed, passed

LAWS: dict[str, tuple[str, str]] = {
    "no_turns": (r"^$", "The row has no turns."),
    "unknown_role": (r"x", "A turn has a role that is not system, developer, user, assistant or tool."),
    "late_system": (r"[^s]s", "A system turn stands after the start."),
    "starts_without_user": (r"^s*(?:[ace]|$)", "The first turn after the system prompt is not the user's."),
    "orphan_tool": (r"(?:^|[suvae])t", "A tool result follows no tool call."),
    "unanswered_call": (r"c[^t]", "A tool call is followed by something else than its result."),
    "user_twice": (r"[uv][uv]", "Two user turns stand in a row."),
    "call_after_answer": (r"[ae]c", "A tool is called after the answer, with no user turn between."),
    "assistant_twice": (r"[ae][ace]", "Two assistant turns stand in a row."),
    "tool_then_user": (r"t[uv]", "The assistant never speaks after a tool result."),
    "no_assistant_turn": (r"^[^ace]+$", "No assistant turn: there is nothing to learn."),
    "empty_turn": (r"e.", "An assistant turn in the middle is empty."),
    "empty_user_turn": (r"v.", "A user turn that is answered is empty."),
}
"""Rule -> (pattern of a broken conversation, reason), in the order they are told.

A talk may stop on a user or tool turn: what follows the last assistant turn is never trained.
"""

_LETTERS = {"system": "s", "developer": "s", "user": "u", "assistant": "a", "tool": "t"}
_BLANK = {"a": "e", "u": "v"}
_TEXT = re.compile(r"\S")
_CALLS = re.compile(r"[^\s\[\]]")
_COMPILED = {rule: re.compile(pattern) for rule, (pattern, _) in LAWS.items()}


def judge_chat(record: Record) -> Verdict:
    """PASS when roles follow each other as a chat template expects, FAIL with the first broken law."""
    letters = roles(record)
    for rule, pattern in _COMPILED.items():
        if pattern.search(letters):
            return failed(rule, LAWS[rule][1], f"turns: {letters}")
    return passed("chat", letters[:80])


def roles(record: Record) -> str:
    """One letter a turn."""
    return "".join(_letter(m.role, m.content or "", m.tool_calls or "") for m in record.messages)


def _letter(role: str, content: str, calls: str) -> str:
    letter = _LETTERS.get(role, "x")
    if letter == "a" and _CALLS.search(calls):
        return "c"
    blank = not _TEXT.search(content)
    return _BLANK.get(letter, letter) if blank else letter


def malformed(frame: pl.DataFrame, skip: Collection[str] = ()) -> pl.DataFrame:
    """The rows that break a law, with the first one broken: id, rule, reason, evidence. Order of the frame."""
    part = pl.element().struct.field
    called = part("tool_calls").fill_null("").str.contains(_CALLS.pattern)
    blank = ~part("content").fill_null("").str.contains(r"\S")
    letter = (
        pl.when((part("role") == "assistant") & called)
        .then(pl.lit("c"))
        .when((part("role") == "assistant") & blank)
        .then(pl.lit("e"))
        .when((part("role") == "user") & blank)
        .then(pl.lit("v"))
        .otherwise(part("role").replace_strict(_LETTERS, default="x", return_dtype=pl.String).fill_null("x"))
    )
    letters = frame.select("id", letters=pl.col("messages").list.eval(letter).list.join("").fill_null(""))
    broken = (
        pl.when(pl.col("letters").str.contains(pattern)).then(pl.lit(name))
        for name, (pattern, _) in LAWS.items()
        if name not in skip
    )
    rule = pl.coalesce(*broken, pl.lit(None, dtype=pl.String))
    bad = letters.with_columns(rule=rule).filter(pl.col("rule").is_not_null())
    reasons = {name: reason for name, (_, reason) in LAWS.items()}
    return bad.select(
        "id",
        "rule",
        reason=pl.col("rule").replace_strict(reasons, return_dtype=pl.String),
        evidence=pl.format("turns: {}", pl.col("letters").str.slice(0, 140)),
    )
