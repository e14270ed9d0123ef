"""What each rule takes out, in one sentence that is the same for every row; a row's own detail is its example's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from curate.report.model import Drop, Example

EXAMPLES = 3
"""Rows that the page shows of each rule."""

RULE_TEXT: dict[str, str] = {
    # read: the file
    "invalid_json": "The row is not JSON.",
    "not_utf8": "The row holds bytes that are not UTF-8.",
    "not_an_object": "The row is not a JSON object.",
    "not_finite": "The row holds NaN, Infinity or a number beyond a double.",
    "huge_integer": "The row holds an integer beyond 64 bits.",
    "lone_surrogate": "The row holds half of a surrogate pair.",
    "too_deep": "The row nests too many lists or objects.",
    "row_too_long": "The line is too long to be a row.",
    "truncated_file": "The file ends in the middle of a row.",
    "invalid_csv": "A quote is open or misplaced.",
    "wrong_cell_count": "The row has more or fewer cells than the header.",
    "not_decodable": "The row holds a byte that the file's encoding does not have.",
    "duplicate_key": "A key stands twice in one object, with two values.",
    "invalid_yaml": "The item or document is not YAML.",
    "unknown_tag": "The YAML has a tag that stands for no JSON value.",
    "key_not_text": "The YAML has a key that is no text.",
    "too_many_aliases": "The YAML stands for more than it may, by aliases of aliases.",
    "invalid_xml": "The XML is not well formed from here on.",
    "no_such_element": "The XML file does not have the element that is declared as a row.",
    # read: the format or the mapping
    "unexpected_keys": "The row does not have the keys of its format.",
    "bad_history": "The earlier turns are no list of pairs.",
    "bad_messages": "The messages are no list of turns.",
    "bad_chat": "The text of the dialogue does not read as turns.",
    "bad_preference": "The chosen and the rejected side do not have a form that is known.",
    "bad_tests": "What stands where the tests should be is none, or its parts do not pair.",
    "bad_schema": "What the mapping gives as schema is none.",
    "bad_tool_call": "A tool call is not JSON, or names no function.",
    "bad_tools": "The declared tools are not JSON, or no tools.",
    "missing_field": "A path of the mapping is not in the row.",
    "no_split": "The pattern of the mapping does not match the text.",
    "nothing_to_explode": "The list that the mapping takes apart is empty or no list.",
    "not_text": "A value that should be text is none.",
    "rejected_answer": "The answer is labelled as the rejected one.",
    "too_long_to_split": "The text is too long for the pattern of the mapping.",
    "unknown_role": "A turn has a role that is not known.",
    "ambiguous_turns": "A text may hold a marker of a turn inside a turn, so its turns cannot be told without doubt.",
    "lost_turn": "A printed dialogue has the word None where a tool call was.",
    "tool_calls_in_text": "A rendered text holds tool calls, which the format of their dialect reads.",
    "unknown_channel": "A message is on a channel that Harmony does not have.",
    "harmony_channels": "A turn is on a channel, but the file is not read as Harmony.",
    "two_reasonings": "The answer starts with another reasoning than its own key holds.",
    "no_answer": "The row has a prompt and no answer to train.",
    "bad_variables": "A variable of a query template has no name.",
    "many_examples": "The row holds many examples, and one was asked for.",
    "too_many_examples": "The mapping gives too many records from one row.",
    "constant_exists": "The row has a key of the name of a declared constant.",
    "not_wanted": "The mapping's `only` leaves the row out.",
    # check
    "bad_calls": "The tool calls are not JSON, or no list of named calls.",
    "bad_arguments": "The arguments of a call are not JSON, or no object.",
    "unknown_argument": "A call gives an argument that its tool does not declare.",
    "missing_argument": "A call leaves out an argument that its tool requires.",
    "wrong_argument": "An argument does not have the declared type or value.",
    "syntax_error": "The answer is no Python program.",
    "program_error": "The program raises an error.",
    "test_failed": "A test of the row fails, or the program prints something else than is due.",
    "contradictory_schema": "A schema, or a declared tool, asks for what no value can be.",
    "not_json": "The answer, or a value of the row, is not JSON.",
    # balance
    "over_quota": "The bucket has more rows of this kind than its quota.",
}
"""Only rules whose reasons differ from row to row; the others say the same sentence in the ledger."""


def rule_text(rule: str, reasons: pl.Series) -> str:
    """The sentence of a rule, given the reasons of the rows that fell to it."""
    known = RULE_TEXT.get(rule)
    if known is not None:
        return known
    if reasons.n_unique() == 1:
        return str(reasons[0])
    return f"Fell to the rule {rule.replace('_', ' ')}; each example says why."


def as_fallen(noted: pl.DataFrame) -> pl.DataFrame:
    """Flags on rows that stay, in the columns of falls: they are counted and shown the same way."""
    return noted.with_columns(stage=pl.lit("check"), witness=pl.lit(None, dtype=pl.String))


def drops(fallen: pl.DataFrame, texts: Mapping[str, str], sizes: Mapping[str, int]) -> tuple[Drop, ...]:
    """All falls by stage and rule; `texts` are the examples' by id, `sizes` the records of each source."""
    found = []
    for (stage, rule), rows in fallen.group_by("stage", "rule", maintain_order=True):
        shares = rows.group_by("source").len().sort("source").iter_rows()
        reason = rule_text(str(rule), rows["reason"])
        found.append(
            Drop(
                stage=str(stage),
                rule=str(rule),
                reason=reason,
                count=rows.height,
                share_of_source={source: count / sizes[source] for source, count in shares},
                examples=tuple(_example(row, reason, texts) for row in rows.head(EXAMPLES).iter_rows(named=True)),
            )
        )
    return tuple(found)


def _example(row: dict[str, Any], reason: str, texts: Mapping[str, str]) -> Example:
    return Example(
        id=row["id"],
        source=row["source"],
        excerpt=texts.get(row["id"], ""),
        detail=row["reason"] if row["reason"] not in (reason, row["evidence"]) else "",
        evidence=row["evidence"] or "",
        witness=row["witness"],
    )
