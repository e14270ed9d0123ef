"""The verb that looks at loss masks before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.arguments import AsJson, Changes, RecipePath
from curate.terminal import print_json, progress, say


def audit_mask(
    recipe: RecipePath,
    rows: Annotated[int, typer.Option("--rows", min=0, metavar="N", help="Sample rows to show, token by token.")] = 3,
    tokenizer: Annotated[
        str | None,
        typer.Option("--tokenizer", metavar="FOLDER", help="Instead of the recipe's own.", show_default=False),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write a page.", show_default=False)
    ] = None,
    changes: Changes = [],  # noqa: B006 - typer copies it
    as_json: AsJson = False,
) -> None:
    """Which tokens would be trained: faults of the loss mask counted over all rows, sample rows in colour."""
    from buckets import write_bytes
    from curate.audit_mask import audit, report_html, report_text, show_samples
    from curate.recipe import load

    with progress() as notify:
        report = audit(load(recipe, changes), recipe.parent.resolve(), tokenizer, rows, notify)
    if html is not None:
        write_bytes(html, report_html(report).encode())
    if as_json:
        print_json(report.to_json())
        return
    say(report_text(report))
    show_samples(report)
