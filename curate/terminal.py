"""The terminal's side of the commands: progress, lines without control characters, JSON, Ctrl-C, error sentences."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.shards import Notify

STOPPED = "stopped; the same command resumes from the last whole shard or trial"
_HIDDEN = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069]")
"""What a terminal or an eye may take for something else, and JSON does not escape by itself."""


@contextmanager
def progress() -> Iterator[Notify]:
    """A bar for each stage on a terminal; silence elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from curate.shards import silent

    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}

        def notify(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield notify


def print_json(value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    print(_HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def say(text: str, err: bool = False) -> None:
    """Lines for a terminal: control characters out of hostile rows are shown, never sent."""
    from curate.visible import visible

    print(visible(text), file=sys.stderr if err else sys.stdout)


def sentence(error: Exception) -> str:
    """An error of ours for a person; a recipe's mistakes one a line."""
    from buckets import RecipeError

    if not isinstance(error, RecipeError):
        return str(error)
    lines = "\n".join(f"  - {mistake}" for mistake in error.mistakes)
    count = len(error.mistakes)
    return f"{count} mistake{'s' if count != 1 else ''} in the recipe:\n{lines}"
