"""`curate show DIR ID`, printed."""

from __future__ import annotations

from pathlib import Path

from curate.life import life
from curate.life_text import life_text
from curate.terminal import print_json, say


def show_life(folder: str, id: str, *, raw: bool, as_json: bool) -> None:
    """Prints the life of a row; InputError when the run does not know it."""
    found = life(Path(folder), id, raw)
    if as_json:
        print_json(found)
    else:
        say(life_text(found))
