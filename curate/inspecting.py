"""The verbs that look at finished runs: one row's life, the ledger, two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.arguments import AsJson, RunDir
from curate.terminal import print_json, say

_SHOWN = 5
"""Rows that `show --rule` and `diff` print."""

Limit = Annotated[int, typer.Option("--limit", min=0, metavar="N", help="Rows to print.")]


def show(
    folder: RunDir,
    id: Annotated[str | None, typer.Argument(metavar="ID", help="A row's id.", show_default=False)] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="RULE", help="Instead of an id: the first rows that fell to a rule.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Read the raw text also from packed files and tables: takes seconds.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """One row's life: raw text, origin, measures, each stage and verdict, why it fell, its witness."""
    if (id is None) == (rule is None):
        raise typer.BadParameter("give an ID, or --rule RULE to find some")
    if id is None:
        _ledger(folder, as_json, _SHOWN, [], rule=rule)
        return
    from curate.showing import show_life

    show_life(str(folder), id, raw=raw, as_json=as_json)


def ledger(
    folder: RunDir,
    stage: Annotated[str | None, typer.Option("--stage", help="Only rows that fell at this stage.")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Only rows that fell to this rule.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only rows of this source.")] = None,
    bucket: Annotated[str | None, typer.Option("--bucket", help="Only rows of this bucket; unsure: of none.")] = None,
    fate: Annotated[str | None, typer.Option("--fate", help="dropped or quarantined.")] = None,
    contains: Annotated[
        str | None, typer.Option("--contains", metavar="TEXT", help="Only rows with TEXT in id, reason or evidence.")
    ] = None,
    by: Annotated[
        list[str], typer.Option("--by", help="Count by rule, source, bucket, stage or fate; may be repeated.")
    ] = [],  # noqa: B006 - typer copies it
    limit: Limit = _SHOWN,
    as_json: AsJson = False,
) -> None:
    """All rows that fell: counted, filtered, listed with ids. The file is ledger.parquet; any tool reads it."""
    _ledger(folder, as_json, limit, by or ["rule"], stage, rule, source, bucket, fate, contains)


def diff(
    first: RunDir,
    second: RunDir,
    limit: Limit = 3,
    as_json: AsJson = False,
) -> None:
    """Two runs side by side: rows that entered, left, fell or came back, other rules and buckets, recipe changes."""
    from curate.compare import compare
    from curate.compare_text import compare_text

    found = compare(first, second, limit)
    if as_json:
        print_json(found)
    else:
        say(compare_text(found))


def _ledger(
    folder: Path,
    as_json: bool,
    limit: int,
    by: list[str],
    stage: str | None = None,
    rule: str | None = None,
    source: str | None = None,
    bucket: str | None = None,
    fate: str | None = None,
    contains: str | None = None,
) -> None:
    from curate.ledger import BY, Wanted, ledger_text, looked_up

    if wrong := [name for name in by if name not in BY]:
        raise typer.BadParameter(f"--by {wrong[0]}: count by {', '.join(BY)}")
    found = looked_up(folder, Wanted(stage, rule, source, bucket, fate, contains), by, limit)
    if as_json:
        print_json(found)
    else:
        say(ledger_text(found))
